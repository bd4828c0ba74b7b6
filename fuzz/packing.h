/* SPDX-License-Identifier: MIT */
/* The folder of image directories for fuzz targets, and what packing one must give. */
#ifndef FUZZ_PACKING_H
#define FUZZ_PACKING_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenstream/directory.h>
#include <xenstream/emit.h>
#include <xenstream/io.h>
#include <xenstream/job.h>

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* --- packing ---------------------------------------------------------------------------------- */

static void expect_stream(int fd)
{
	struct xst_finding error = { 0 };
	struct xst_output *o;

	must(lseek(fd, 0, SEEK_SET) == 0);
	must(xst_output_file("/dev/null", 0600, 0, &o, &error) == 0);
	if (xst_convert_fd(fd, o, NULL, &error) != 0) {
		fprintf(stderr, "the packed stream is refused: %s\n", error.text);
		abort();
	}
	xst_output_free(o);
}

/* Returns a file with the stream, or -1. */
static int pack(const char *path, bool force)
{
	struct xst_converter_options to = { .size = sizeof(to),
					    .flags = force ? XST_CONVERT_FORCE : 0 };
	struct xst_save_options options = { .size = sizeof(options), .converter = &to };
	int fd = memfd_create("packed", MFD_CLOEXEC), r;
	struct xst_finding error = { 0 };
	struct xst_output *o;

	must(fd >= 0);
	must(xst_output_fd(fd, &o) == 0);
	r = xst_save_directory(path, o, &options, &error);
	must(r == 0 || (error.code == r && error.text[0]));
	if (r == 0)
		must(xst_output_flush(o) == 0);
	xst_output_free(o);
	if (r == 0 && !force)
		expect_stream(fd);
	if (r == 0)
		return fd;
	close(fd);
	return -1;
}

/* --- its place -------------------------------------------------------------------------------- */

static char folder[64];

static void remove_folder(void)
{
	(void)rmdir(folder);
}

static int open_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	if (!*folder) {
		snprintf(folder, sizeof(folder), "%.40s/xst-fuzz-XXXXXX", tmp ? tmp : "/tmp");
		must(mkdtemp(folder) != NULL);
		atexit(remove_folder);
	}
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

#endif
