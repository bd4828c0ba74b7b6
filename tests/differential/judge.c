/* SPDX-License-Identifier: MIT */
/* Many verdicts in one process, for the comparison with Xen's own verifier.
 *
 *   judge             reads streams from standard input, each after its form (one byte, 0 libxc,
 *                     1 libxl, 2 xl) and its length (u32, little-endian); for each prints a line:
 *                     RULE|RECORD|FIELD|CODE for every error that Xen's verifier knows, too
 *   judge table       prints LAYER TYPE NAME FIELD OFFSET SIZE for every fixed field
 *   judge samples DIR writes a small stream of every kind of today */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenstream/xenstream.h>

#include "build.h"
#include "wire/bytes.h"
#include "wire/wire.h"

#define MAX_STREAM (256u << 20)

static const enum xst_start starts[] = { XST_START_LIBXC, XST_START_LIBXL, XST_START_XL };

static const char *or_none(const char *s)
{
	return s ? s : "-";
}

static void finding(void *unused, const struct xst_finding *f)
{
	(void)unused;
	printf("%s|%s|%s|%s\t", f->rule, or_none(f->record_name), or_none(f->field),
	       xst_errc_name(f->code));
}

/* Xen's verifier takes today's formats only. */
static void event(void *unused, const struct xst_event *ev)
{
	(void)unused;
	if (ev->type == XST_EVENT_STREAM_BEGIN && ev->layer == XST_LAYER_LEGACY)
		printf("legacy|-|-|-\t");
}

static int judge(int fd, enum xst_start start)
{
	struct xst_parser_options parser = { .size = sizeof(parser), .start = start,
					     .flags = XST_PARSER_NO_EMULATOR };
	struct xst_job_options job = { .size = sizeof(job), .parser = &parser, .finding = finding,
				       .event = event };
	struct xst_verify_options o = { .size = sizeof(o), .job = &job,
					.flags = XST_VERIFY_LIKE_XEN };
	struct xst_verdict v;
	int r = xst_verify_fd(fd, &o, &v, NULL);

	printf("\n");
	return r;
}

/* A stream as a file, so that windows and seeking are what they are for a user. */
static int judge_one(FILE *in, int fd)
{
	uint8_t head[5], *data;
	uint32_t n;
	int failed;

	if (fread(head, sizeof(head), 1, in) != 1)
		return 0;
	n = le32(head + 1);
	data = n <= MAX_STREAM && head[0] < 3 ? malloc(n + 1) : NULL;
	failed = !data || fread(data, 1, n, in) != n || ftruncate(fd, 0) < 0 ||
		 pwrite(fd, data, n, 0) != (ssize_t)n || lseek(fd, 0, SEEK_SET) < 0 ||
		 judge(fd, starts[head[0]]) != 0 || fflush(stdout) != 0;
	free(data);
	return failed ? -1 : 1;
}

static int judge_all(void)
{
	int fd = memfd_create("stream", MFD_CLOEXEC), r;

	do
		r = fd < 0 ? -1 : judge_one(stdin, fd);
	while (r > 0);
	return r < 0;
}

static void print_fields(const char *layer, const struct wire_record *row)
{
	for (unsigned i = 0; i < row->nfields; i++)
		printf("%s %u %s %s %u %u\n", layer, row->type, row->name,
		       xst_field_name(row->field[i].id), row->field[i].offset, row->field[i].size);
	if (!row->nfields)
		printf("%s %u %s - 0 0\n", layer, row->type, row->name);
}

static int print_table(void)
{
	print_fields("header", &xst_wire_xl_header);
	print_fields("header", &xst_wire_libxl_header);
	print_fields("header", &xst_wire_image_header);
	print_fields("header", &xst_wire_domain_header);
	for (size_t i = 0; i < xst_wire_libxl_count; i++)
		print_fields("libxl", &xst_wire_libxl_records[i]);
	for (size_t i = 0; i < xst_wire_libxc_count; i++)
		print_fields("libxc", &xst_wire_libxc_records[i]);
	return fflush(stdout) != 0;
}

static int write_sample(const char *dir, const struct sample *s)
{
	const char *form = s->modern.xl || s->modern.bare_xl ? "xl" : s->modern.libxl ? "libxl" : "libxc";
	struct build b = { 0 };
	char path[4096];
	FILE *f;
	int failed;

	snprintf(path, sizeof(path), "%s/%s.%s", dir, s->name, form);
	f = fopen(path, "wb");
	if (!f)
		return 1;
	build_sample(&b, s);
	failed = fwrite(b.data, 1, b.size, f) != b.size;
	build_free(&b);
	return (fclose(f) != 0) | failed;
}

static int write_samples(const char *dir)
{
	int failed = 0;

	for (size_t i = 0; i < samples_count; i++)
		if (!samples[i].is_legacy && samples[i].wrapping == BARE)
			failed |= write_sample(dir, &samples[i]);
	return failed;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "samples") == 0)
		return write_samples(argv[2]);
	if (argc == 2 && strcmp(argv[1], "table") == 0)
		return print_table();
	return argc == 1 ? judge_all() : 2;
}
