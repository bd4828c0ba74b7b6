/* SPDX-License-Identifier: MIT */
/* Editing a configuration in the user's editor. */
#include "cli/config_verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct draft {
	char *path;
	char *before; /* the text the editor was given */
	size_t n;
};

/* --- the file -------------------------------------------------------------------------------- */

/* Writes a file that only its owner may read, since configurations hold passwords. */
static int write_draft(struct draft *d, enum config_language language)
{
	const char *suffix = language == CONFIG_JSON ? ".json" : ".cfg";
	const char *dir = common.tmpdir ? common.tmpdir : getenv("TMPDIR");
	ssize_t k;
	int fd;

	if (asprintf(&d->path, "%s/xenstream-XXXXXX%s", dir && *dir ? dir : "/var/tmp", suffix) <
	    0) {
		d->path = NULL;
		xst_cli_say("out of memory");
		return EXIT_TROUBLE;
	}
	fd = mkostemps(d->path, (int)strlen(suffix), O_CLOEXEC);
	k = fd < 0 ? -1 : write(fd, d->before, d->n);
	if (k != (ssize_t)d->n ||
	    (d->n && d->before[d->n - 1] != '\n' && write(fd, "\n", 1) != 1)) {
		xst_cli_say("%s: %s", d->path, xst_cli_system_words(errno));
		if (fd >= 0)
			close(fd);
		return EXIT_IO;
	}
	return close(fd) == 0 ? EXIT_FINE : EXIT_IO;
}

void xst_cli_edit_forget(char *path)
{
	if (path)
		unlink(path);
	free(path);
}

void xst_cli_edit_keep(char *path)
{
	if (path)
		xst_cli_say("your text is kept in %s", path);
	free(path);
}

/* --- the editor ------------------------------------------------------------------------------ */

static const char *editor(void)
{
	const char *const names[] = { getenv("VISUAL"), getenv("EDITOR") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] && *names[i])
			return names[i];
	return "vi";
}

/* The variable may contain options, so a shell has to read it. */
static pid_t edit_start(const char *path)
{
	char *command;
	pid_t child = -1;

	if (asprintf(&command, "%s \"$1\"", editor()) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/sh", "sh", "-c", command, "sh", path, (char *)NULL);
		_exit(127);
	}
	free(command);
	return child;
}

/* Ignores SIGINT and SIGQUIT meanwhile: keys typed in the editor are not meant for us. */
static int run_editor(const char *path)
{
	void (*interrupt)(int) = signal(SIGINT, SIG_IGN), (*quit)(int) = signal(SIGQUIT, SIG_IGN);
	pid_t child = edit_start(path);
	int status = 0, r = child < 0 ? -1 : 0;

	while (r == 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			r = -1;
	signal(SIGINT, interrupt);
	signal(SIGQUIT, quit);
	if (r < 0)
		xst_cli_say("the editor could not be started: %s", xst_cli_system_words(errno));
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		xst_cli_say("the editor (%s) failed", editor());
	else
		return EXIT_FINE;
	return EXIT_IO;
}

static bool wants_again(void)
{
	char answer[16] = "n";

	fputs("Edit it again? [Y/n] ", stderr);
	fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] != 'n' && answer[0] != 'N';
}

/* --- rounds ---------------------------------------------------------------------------------- */

static bool is_unchanged(const struct draft *d, const char *text, size_t n)
{
	bool line = n == d->n + 1 && text[n - 1] == '\n';

	return (n == d->n || line) && memcmp(text, d->before, d->n) == 0;
}

/* An editor may write the file and then be killed. */
static bool has_been_written(const struct draft *d)
{
	char *text = NULL;
	size_t n;
	bool yes = access(d->path, F_OK) == 0 &&
		   xst_cli_text_read_file(d->path, &text, &n) == EXIT_FINE &&
		   !is_unchanged(d, text, n);

	free(text);
	return yes;
}

/* *ret is untouched if nothing was changed; *ret_wrong: the changed text was refused. */
static int round_once(const struct draft *d, const struct config *c, struct config **ret,
		      bool *ret_wrong)
{
	struct config *now = NULL;
	char *text = NULL;
	size_t n;
	int code = run_editor(d->path);

	*ret_wrong = false;
	if (!code)
		code = xst_cli_text_read_file(d->path, &text, &n);
	if (!code && !is_unchanged(d, text, n)) {
		code = xst_cli_text_parse_new(d->path, text, n, &now);
		if (!code)
			code = xst_cli_text_judge(d->path, c, now);
		*ret_wrong = code;
	}
	free(text);
	if (code)
		xst_config_free(now);
	else
		*ret = now;
	return code;
}

int xst_cli_edit_document(const struct config *c, struct config **ret, char **ret_draft)
{
	struct draft d = { .path = NULL };
	bool wrong = false;
	int code = xst_cli_exit_for(xst_config_print(c, &d.before, &d.n));

	while (!code && d.n && d.before[d.n - 1] == '\0')
		d.n--;
	if (!code)
		code = write_draft(&d, xst_config_language(c));
	if (!code) {
		do
			code = round_once(&d, c, ret, &wrong);
		while (wrong && wants_again());
		wrong |= code && has_been_written(&d);
	}
	if (wrong)
		xst_cli_edit_keep(d.path);
	else
		*ret_draft = d.path;
	free(d.before);
	return code;
}
