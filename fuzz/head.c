/* SPDX-License-Identifier: MIT */
/* An image's front that was read stays the same when it is written and read again, and the rest is
 * passed through; another configuration changes nothing else.
 *
 * byte 0   length of the other configuration
 * the rest  the image */
#include <xenstream/head.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAD 1

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("head", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no file");
	must(lseek(fd, 0, SEEK_SET) == 0, "no seeking");
	return fd;
}

static bool equal(const uint8_t *a, uint64_t na, const uint8_t *b, uint64_t nb)
{
	return na == nb && (!na || memcmp(a, b, (size_t)na) == 0);
}

static void compare(const struct xst_head *a, const struct xst_head *b)
{
	must(a->mandatory_flags == b->mandatory_flags && a->optional_flags == b->optional_flags &&
		     a->big_endian == b->big_endian,
	     "flags have changed");
	must(equal(a->config, a->config_size, b->config, b->config_size),
	     "the configuration has changed");
	must(equal(a->rest, a->rest_size, b->rest, b->rest_size), "unknown data has changed");
}

/* fd stands after the front that h was read from. */
static void write_and_read(const struct xst_head *h, int fd, const uint8_t *behind, size_t n)
{
	int out = memfd_create("out", MFD_CLOEXEC);
	struct xst_output *o = NULL;
	struct xst_head *again = NULL;
	uint8_t *rest = malloc(n + 1);

	must(rest && out >= 0 && xst_output_fd(out, &o) == 0, "no output");
	must(xst_head_copy(h, fd, o, NULL, NULL, NULL, NULL) == 0, "the front can't be written");
	must(xst_output_commit(o) == 0 && lseek(out, 0, SEEK_SET) == 0, "no commit");
	must(xst_head_read(out, NULL, &again, NULL) == 0, "the written front can't be read");
	compare(h, again);
	must(read(out, rest, n + 1) == (ssize_t)n && memcmp(rest, behind, n) == 0,
	     "the data after the front have changed");
	xst_head_free(again);
	xst_output_free(o);
	free(rest);
	close(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xst_head *h = NULL;
	uint64_t end;
	int fd;

	if (size < HEAD)
		return 0;
	fd = file_of(data + HEAD, size - HEAD);
	if (xst_head_read(fd, NULL, &h, NULL) == 0 && h->layer == XST_LAYER_XL) {
		end = h->end;
		must(end <= size - HEAD && lseek(fd, 0, SEEK_CUR) == (off_t)end,
		     "the end is wrong");
		write_and_read(h, fd, data + HEAD + end, size - HEAD - end);
		must(xst_head_set_config(h, "{\"c_info\": {\"name\": \"xxxxxxx", data[0] % 26,
					 true) == 0,
		     "the configuration can't be set");
		must(lseek(fd, (off_t)end, SEEK_SET) == (off_t)end, "seeking");
		write_and_read(h, fd, data + HEAD + end, size - HEAD - end);
	}
	xst_head_free(h);
	close(fd);
	return 0;
}
