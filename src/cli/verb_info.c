/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <sys/stat.h>

static struct {
	int json;
} opt;

static const struct poptOption table[] = {
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0, "one JSON document", NULL },
	POPT_TABLEEND
};

static int info(int argc, const char **argv);

const struct verb verb_info = {
	.name = "info",
	.arguments = "FILE",
	.summary = "one screen: what a file is, who wrote it, what guest is in it",
	.example = "  xenstream info old.save",
	.run = info,
};

static uint64_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static bool nothing_to_show(const struct xst_info *i)
{
	return !i->xl && !i->container && !i->libxl && !i->libxc && !i->legacy;
}

static void print_json(json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static int info_fd(const char *file, int fd)
{
	const char *name = input_name(file);
	struct xst_job_options o = { .size = sizeof(o), .progress = progress_tell,
				     .tmpdir = common.tmpdir };
	struct xst_finding error = { 0 };
	struct xst_info *i = NULL;
	int r;

	progress_start(name);
	r = xst_info_fd(fd, &o, &i, &error);
	progress_end();
	if (r) {
		print_finding(stderr, name, &error);
		return exit_for(r);
	}
	if (nothing_to_show(i))
		print_finding(stderr, name, &i->damage);
	if (opt.json)
		print_json(info_json(name, size_of(fd), i));
	else if (!nothing_to_show(i))
		info_print(name, size_of(fd), i);
	r = i->verdict.errors ? EXIT_INVALID : EXIT_FINE;
	xst_info_free(i);
	return r;
}

static int info(int argc, const char **argv)
{
	int code = EXIT_FINE, fd;
	poptContext ctx = options_parse(&verb_info, argc, argv, table, &code);
	const char *file;

	if (!ctx)
		return code;
	file = options_argument(ctx);
	if (!file || options_argument(ctx)) {
		code = usage_error(&verb_info, "which file?  One name is wanted");
	} else {
		fd = open_input(file);
		code = fd < 0 ? EXIT_IO : info_fd(file, fd);
		close_input(fd);
	}
	poptFreeContext(ctx);
	return code;
}
