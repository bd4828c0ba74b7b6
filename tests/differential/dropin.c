/* SPDX-License-Identifier: MIT */
/* Many conversions in one process, for the comparison with Xen's own converter.
 *
 *   dropin             reads requests from standard input: options (one byte, enum request_option), length of
 *                      a stream (u32, little-endian), the stream.  The drop-in converts it, from a file or
 *                      a pipe; the answer is its exit code (one byte), the lengths of what it has said
 *                      and written (u32 each), then both
 *   dropin samples DIR writes a small legacy stream of every kind */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>

#include <getopt.h>

#include "build.h"
#include "cli/cli.h"
#include "wire/bytes.h"

#define MAX_STREAM (64u << 20)

enum request_option { WIDE = 1, HVM = 2, LIBXL = 4, XL = 8, SKIP_QEMU = 16, PIPE = 32 };

/* What goes to the log, in place of libc's functions: a line each, its priority in front. */
static FILE *said;

static void say(int priority, const char *format, va_list ap)
{
	fprintf(said, "%d ", priority & 7);
	vfprintf(said, format, ap);
	fputc('\n', said);
}

void syslog(int priority, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(priority, format, ap);
	va_end(ap);
}

void __syslog_chk(int priority, int flag, const char *format, ...);

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, format);
	say(priority, format, ap);
	va_end(ap);
}

struct request {
	unsigned options;
	uint8_t *data;
	size_t size;
	int to; /* the pipe's end */
};

static void *fill_pipe(void *request)
{
	struct request *q = request;

	for (size_t at = 0; at < q->size;) {
		ssize_t n = write(q->to, q->data + at, q->size - at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	close(q->to);
	return NULL;
}

static int call(const struct request *q, int in, int out)
{
	char from[16], to[16];
	char *words[] = { "dropin", "-i", from, "-o", to, "--syslog",
			  "-w", q->options & WIDE ? "64" : "32",
			  "-g", q->options & HVM ? "hvm" : "pv",
			  "-f", q->options & LIBXL ? "libxl" : "libxc", NULL, NULL, NULL };
	int n = 12;

	snprintf(from, sizeof(from), "%d", in);
	snprintf(to, sizeof(to), "%d", out);
	if (q->options & XL)
		words[n++] = "-x";
	if (q->options & SKIP_QEMU)
		words[n++] = "--skip-qemu";
	optind = 0;
	return xst_cli_dropin_convert(n, words);
}

static int from_file(const struct request *q, int out)
{
	int in = memfd_create("in", MFD_CLOEXEC), code = -1;

	if (in >= 0 && pwrite(in, q->data, q->size, 0) == (ssize_t)q->size)
		code = call(q, in, out);
	close(in);
	return code;
}

static int from_pipe(struct request *q, int out)
{
	pthread_t filler;
	int ends[2], code = -1;

	if (pipe(ends) < 0)
		return -1;
	q->to = ends[1];
	if (pthread_create(&filler, NULL, fill_pipe, q) == 0) {
		code = call(q, ends[0], out);
		close(ends[0]);
		pthread_join(filler, NULL);
	}
	return code;
}

static void put_size(size_t n)
{
	uint8_t b[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };

	fwrite(b, sizeof(b), 1, stdout);
}

static int answer(int code, const char *text, size_t length, int out)
{
	off_t size = lseek(out, 0, SEEK_END);
	void *data = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, out, 0) : NULL;

	putchar(code);
	put_size(length);
	put_size((size_t)size);
	fwrite(text, 1, length, stdout);
	if (data) {
		fwrite(data, 1, (size_t)size, stdout);
		munmap(data, (size_t)size);
	}
	return fflush(stdout) ? -1 : 1;
}

static int convert_one(struct request *q)
{
	int out = memfd_create("out", MFD_CLOEXEC), code = -1, r;
	char *text = NULL;
	size_t length = 0;

	said = open_memstream(&text, &length);
	if (said && out >= 0)
		code = q->options & PIPE ? from_pipe(q, out) : from_file(q, out);
	if (said)
		fclose(said);
	r = code < 0 ? -1 : answer(code, text, length, out);
	free(text);
	close(out);
	return r;
}

/* Returns 1, 0 where there are no more requests, or -1. */
static int dropin_request(FILE *in)
{
	struct request q = { 0 };
	uint8_t head[5];
	int r = -1;

	if (fread(head, sizeof(head), 1, in) != 1)
		return 0;
	q.options = head[0];
	q.size = le32(head + 1);
	q.data = q.size <= MAX_STREAM ? malloc(q.size + 1) : NULL;
	if (q.data && fread(q.data, 1, q.size, in) == q.size)
		r = convert_one(&q);
	free(q.data);
	return r;
}

static int write_sample(const char *dir, const struct sample *s)
{
	struct build b = { 0 };
	char path[4096];
	FILE *f;
	int failed;

	snprintf(path, sizeof(path), "%s/%s", dir, s->name);
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
		if (samples[i].is_legacy && samples[i].wrapping == BARE)
			failed |= write_sample(dir, &samples[i]);
	return failed;
}

int main(int argc, char **argv)
{
	int r;

	if (argc == 3 && strcmp(argv[1], "samples") == 0)
		return write_samples(argv[2]);
	signal(SIGPIPE, SIG_IGN);
	if (!freopen("/dev/null", "w", stderr)) /* it has all that is said once more */
		return 1;
	do
		r = dropin_request(stdin);
	while (r > 0);
	return r < 0;
}
