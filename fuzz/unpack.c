/* SPDX-License-Identifier: MIT */
/* A stream restored to an image directory: file and pipe give the same directory, packing it gives
 * a stream again, and a failed restore leaves nothing.
 *
 * byte 0   flags: force
 * the rest  the stream */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/directory.h"
#include "packing.h"
#include "probe.h"

#define HEAD	  1
#define PIPE_SIZE (1 << 20)

enum { FORCE = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int pipe_of(const uint8_t *data, size_t size)
{
	int fds[2];

	must(pipe2(fds, O_CLOEXEC) == 0 && fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE) >= 0);
	must(write(fds[1], data, size) == (ssize_t)size);
	close(fds[1]);
	return fds[0];
}

static int restore(int fd, const char *path, bool force)
{
	struct xst_directory_options to = { .size = sizeof(to), .path = path };
	struct xst_parser_options parser = XST_PARSER_OPTIONS_INIT;
	struct xst_restore_options o = { .size = sizeof(o),
					 .flags = XST_RESTORE_NO_CONFIG |
						  (force ? XST_RESTORE_FORCE : 0u),
					 .fd = fd,
					 .domid = 5,
					 .parser = &parser };
	struct xst_restore_result result;
	struct xst_directory_sinks s;
	int r;

	parser.limits.max_emulator = 1 << 20;
	must(xst_directory_sinks(&to, &s) == 0);
	o.domain = s.domain;
	o.xenstore = s.xenstore;
	o.emulator = s.emulator;
	r = xst_restore_run(&o, -1, &result);
	must(r == 0 || (result.error.code && result.error.text[0]));
	close(fd);
	return r;
}

/* Returns the result of restore(); *ret: the directory, packed again, or -1. */
static int restore_and_pack(int root, int fd, bool force, int *ret)
{
	char path[80];
	int r;

	snprintf(path, sizeof(path), "%s/d", folder);
	r = restore(fd, path, force);
	*ret = r == 0 ? pack(path, false) : -1;
	must(force || r != 0 || *ret >= 0);
	must(xst_directory_tree_remove(root, "d") == 0 && xst_directory_tree_is_empty(root) == 0);
	return r;
}

static void compare(int a, int b)
{
	char x[4096], y[4096];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(a, x, sizeof(x), at)) > 0) {
		must(pread(b, y, sizeof(y), at) == n && memcmp(x, y, (size_t)n) == 0);
		at += n;
	}
	must(pread(b, y, sizeof(y), at) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int root = open_folder(), from_file, from_pipe, r;
	unsigned before = open_descriptors();

	if (size >= HEAD && size <= PIPE_SIZE / 2) {
		bool force = data[0] & FORCE;

		r = restore_and_pack(root, file_of(data + HEAD, size - HEAD), force, &from_file);
		must(restore_and_pack(root, pipe_of(data + HEAD, size - HEAD), force, &from_pipe) ==
		     r);
		must((from_file >= 0) == (from_pipe >= 0));
		if (from_file >= 0) {
			compare(from_file, from_pipe);
			close(from_file);
			close(from_pipe);
		}
	}
	must(open_descriptors() == before);
	close(root);
	return 0;
}
