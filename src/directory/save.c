/* SPDX-License-Identifier: MIT */
/* A thread composes a stream from the directory, and the converter reads it like any other: it
 * parses and checks it, and writes it in the wanted container and version.  Page contents cross the
 * pipe between the two inside the kernel. */
#include "directory/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "finding/finding.h"
#include "job/job.h"
#include "wire/options.h"

#define STACK (256 << 10)

struct save {
	struct composer *composer;
	int out; /* the end of the pipe that the thread writes and closes */
	int code;
	pthread_t thread;
};

static void *directory_save_run(void *userdata)
{
	struct save *s = userdata;

	s->code = xst_directory_composer_write(s->composer, s->out);
	close(s->out);
	return NULL;
}

static int directory_save_convert(const struct xst_save_options *o, int in,
				  struct xst_output *output, struct xst_finding *reterr)
{
	struct xst_parser_options parser;
	struct xst_job_options job;
	struct xst_convert_options how = { .size = sizeof(how),
					   .job = &job,
					   .converter = o->converter };

	if (xst_job_options(&job, o->job, &parser) < 0)
		return XST_E_ARG;
	job.size = sizeof(job);
	job.parser = NULL;
	return xst_convert_fd(in, output, &how, reterr);
}

/* The thread's error explains what the converter saw of it. */
static int directory_save_files(struct save *s, const struct xst_save_options *o,
				struct xst_output *output, struct xst_finding *reterr)
{
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return xst_io_error(reterr, RULE_INPUT_IO, errno, "creating a pipe");
	s->out = p[1];
	r = xst_io_start_thread(&s->thread, STACK, directory_save_run, s);
	if (r < 0) {
		close(p[0]);
		close(p[1]);
		return xst_io_error(reterr, RULE_INPUT_IO, -r, "starting a thread");
	}
	r = directory_save_convert(o, p[0], output, reterr);
	close(p[0]);
	pthread_join(s->thread, NULL);
	if (!s->code || !xst_directory_composer_error(s->composer)->code)
		return r;
	*reterr = *xst_directory_composer_error(s->composer);
	return s->code;
}

int xst_save_directory(const char *path, struct xst_output *o,
		       const struct xst_save_options *options, struct xst_finding *reterr)
{
	struct xst_save_options opts = { .size = sizeof(opts) };
	struct xst_converter_options to = { .size = sizeof(to) };
	struct xst_finding error = { 0 };
	struct save s = { 0 };
	int r;

	if (!path || !o ||
	    (options && xst_options_copy(&opts, sizeof(opts), options, options->size) < 0))
		return XST_E_ARG;
	if (opts.converter &&
	    xst_options_copy(&to, sizeof(to), opts.converter, opts.converter->size) < 0)
		return XST_E_ARG;
	to.size = sizeof(to);
	opts.converter = &to;
	r = xst_directory_composer_open(path, &s.composer, &error);
	if (r == 0) {
		if (!to.image_version)
			to.image_version = xst_directory_composer_version(s.composer);
		r = directory_save_files(&s, &opts, o, &error);
		xst_directory_composer_free(s.composer);
	}
	if (r && reterr)
		*reterr = error;
	return r;
}
