/* SPDX-License-Identifier: MIT */
/* src/config for tests in Python:
 *
 *   config-tool print FILE [as-xl]     the document again
 *   config-tool json FILE              as JSON; what has no place there on standard error
 *   config-tool cfg FILE               as xl.cfg text; the same
 *   config-tool check FILE             complaints; exit status 1 if there are any
 *   config-tool get FILE KEY
 *   config-tool set FILE KEY VALUE, append FILE KEY VALUE, unset FILE KEY
 *
 * Exit status 2 and FILE:LINE:COLUMN: text on standard error for what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

static const char *name;

static int refuse(const struct config_error *e)
{
	char line[512];

	xst_config_error_format(e, name, line, sizeof(line));
	fprintf(stderr, "%s\n", line);
	return 2;
}

static char *read_all(const char *path, size_t *ret_n)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	size_t n = 0, room = 1 << 16, k;
	char *s = malloc(room);

	while (f && s && (k = fread(s + n, 1, room - n, f)) > 0) {
		n += k;
		if (n == room)
			s = realloc(s, room *= 2);
	}
	if (!f || !s) {
		perror(path);
		exit(2);
	}
	if (f != stdin)
		fclose(f);
	*ret_n = n;
	return s;
}

static int print(const struct config *c)
{
	char *s;
	size_t n;

	if (xst_config_print(c, &s, &n) != 0)
		return 2;
	fwrite(s, 1, n, stdout);
	free(s);
	return 0;
}

static void loss(void *userdata, const char *key, const char *why)
{
	(void)userdata;
	fprintf(stderr, "left out: %s: %s\n", key, why);
}

static int translate(const struct config *c, enum config_language to)
{
	struct config_error err = { 0 };
	struct config *other;
	int r = xst_config_translate(c, to, loss, NULL, &other, &err);

	if (r)
		return refuse(&err);
	r = print(other);
	xst_config_free(other);
	return r;
}

static void complaint(void *userdata, const struct config_complaint *c)
{
	(void)userdata;
	printf("%u:%u: %s: %s\n", c->line, c->column, c->key, c->text);
}

static int get(const struct config *c, const char *key)
{
	struct config_error err = { 0 };
	char *s;

	if (xst_config_get(c, key, &s, &err) != 0)
		return refuse(&err);
	puts(s);
	free(s);
	return 0;
}

static int change(struct config *c, int argc, char **argv)
{
	struct config_error err = { 0 };
	int r = XST_E_ARG;

	if (strcmp(argv[1], "set") == 0 && argc == 5)
		r = xst_config_set(c, argv[3], argv[4], &err);
	else if (strcmp(argv[1], "append") == 0 && argc == 5)
		r = xst_config_append(c, argv[3], argv[4], &err);
	else if (strcmp(argv[1], "unset") == 0 && argc == 4)
		r = xst_config_unset(c, argv[3], &err);
	return r ? refuse(&err) : print(c);
}

static int run(struct config *c, int argc, char **argv)
{
	const char *what = argv[1];

	if (strcmp(what, "print") == 0)
		return print(c);
	if (strcmp(what, "json") == 0)
		return translate(c, CONFIG_JSON);
	if (strcmp(what, "cfg") == 0)
		return translate(c, CONFIG_CFG);
	if (strcmp(what, "check") == 0)
		return xst_config_check(c, complaint, NULL) != 0;
	if (strcmp(what, "get") == 0 && argc == 4)
		return get(c, argv[3]);
	return change(c, argc, argv);
}

int main(int argc, char **argv)
{
	struct config_error err = { 0 };
	struct config *c;
	size_t n;
	char *s;
	int r;

	if (argc < 3)
		return 2;
	name = argv[2];
	s = read_all(argv[2], &n);
	r = xst_config_parse(s, n, argc == 4 && strcmp(argv[3], "as-xl") == 0 ? CONFIG_AS_XL : 0,
			     &c, &err);
	free(s);
	if (r)
		return refuse(&err);
	r = run(c, argc, argv);
	xst_config_free(c);
	return r;
}
