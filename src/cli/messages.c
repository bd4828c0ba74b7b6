/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/utf8.h"

static char said[sizeof(((struct xst_finding *)NULL)->text)];

void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(said, sizeof(said), format, ap);
	va_end(ap);
	progress_clear();
	fputs("xenstream: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

const char *last_said(void)
{
	return said;
}

void print_finding(FILE *to, const char *file, const struct xst_finding *f)
{
	char line[1024];

	progress_clear();
	xst_finding_format(f, NULL, line, sizeof(line));
	fprintf(to, "%s: %s: %s [%s]\n", file, xst_severity_name(f->severity), line, f->rule);
	(void)stdout_error();
}

int exit_for(int code)
{
	switch (code) {
	case 0:
		return EXIT_FINE;
	case XST_E_IO:
		return EXIT_IO;
	case XST_E_REFUSED:
		return EXIT_REFUSED;
	case XST_E_NOMEM:
	case XST_E_ARG:
	case XST_E_STATE:
		return EXIT_TROUBLE;
	default:
		return EXIT_INVALID;
	}
}

json_object *json_u64(uint64_t v)
{
	return json_object_new_uint64(v);
}

void print_text(FILE *to, const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n;) {
		const unsigned char *c = (const unsigned char *)s + i;
		size_t len = utf8_length(c, n - i);
		bool control = c[0] < ' ' || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0);

		if (!len || control)
			fputc('?', to);
		else
			fwrite(c, 1, len, to);
		i += len ? len : 1;
	}
}

json_object *json_text(const char *s, size_t n)
{
	char *clean = malloc(3 * n + 1);
	size_t k = 0;
	json_object *o;

	for (size_t i = 0; clean && i < n;) {
		size_t len = utf8_length((const unsigned char *)s + i, n - i);

		memcpy(clean + k, len ? s + i : "\xef\xbf\xbd", len ? len : 3);
		k += len ? len : 3;
		i += len ? len : 1;
	}
	o = json_object_new_string_len(clean ? clean : "", (int)k);
	free(clean);
	return o;
}

json_object *finding_json(const char *file, const struct xst_finding *f)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "file", json_text(file, strlen(file)));
	json_object_object_add(o, "rule", json_object_new_string(f->rule));
	json_object_object_add(o, "severity", json_object_new_string(xst_severity_name(f->severity)));
	if (f->code)
		json_object_object_add(o, "code", json_object_new_string(xst_errc_name(f->code)));
	json_object_object_add(o, "layer", json_object_new_string(xst_layer_name(f->layer)));
	json_object_object_add(o, "offset", json_u64(f->offset));
	if (f->record_name) {
		json_object_object_add(o, "record", json_object_new_string(f->record_name));
		json_object_object_add(o, "record_index", json_u64(f->record_index));
		json_object_object_add(o, "record_offset", json_u64(f->record_offset));
	}
	if (f->field)
		json_object_object_add(o, "field", json_object_new_string(f->field));
	json_object_object_add(o, "text", json_text(f->text, strlen(f->text)));
	return o;
}

int stdout_error(void)
{
	static int err;

	if (!err && ferror(stdout))
		err = errno ? errno : EIO;
	return err;
}

static const char *json_words(json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE);
}

void print_json_to(FILE *to, json_object *o)
{
	fprintf(to, "%s\n", json_words(o));
	(void)stdout_error();
	json_object_put(o);
}

char *json_line(json_object *o)
{
	char *line;

	if (asprintf(&line, "%s\n", json_words(o)) < 0)
		line = NULL;
	json_object_put(o);
	return line;
}

void print_json_line(json_object *o)
{
	print_json_to(stdout, o);
}

const char *human_size(uint64_t octets, char *buf, size_t size)
{
	static const char *const units[] = { "octets", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)octets;
	unsigned i = 0;

	while (v >= 1024 && i < 6) {
		v /= 1024;
		i++;
	}
	if (i == 0)
		snprintf(buf, size, "%llu octets", (unsigned long long)octets);
	else
		snprintf(buf, size, "%.1f %s", v, units[i]);
	return buf;
}

const char *system_words(int err)
{
	switch (err) {
	case EPIPE:  return "the reader at the other end is gone";
	case ENOSPC: return "no space left on the device";
	case EDQUOT: return "the disk quota is used up";
	case ECONNREFUSED: return "nobody listens there: start the other end first";
	default:     return strerror(err);
	}
}

void say_recovery(const char *file, const struct xst_recovery *r)
{
	if (r->outcome == XST_RECOVERY_NOTHING || common.quiet)
		return;
	say("%s: %s%s", file, r->outcome == XST_RECOVERY_IGNORED ? "remark: " : "", r->text);
}

int open_input(const char *file)
{
	struct xst_recovery recovery = { .outcome = XST_RECOVERY_NOTHING };
	struct xst_finding error = { .text = "out of memory" };
	int fd;

	if (strcmp(file, "-") == 0)
		return STDIN_FILENO;
	if (xst_open(file, &fd, &recovery, &error)) {
		say("%s", error.text);
		return -1;
	}
	say_recovery(file, &recovery);
	return fd;
}

void close_input(int fd)
{
	if (fd > STDERR_FILENO)
		close(fd);
}

const char *input_name(const char *file)
{
	return strcmp(file, "-") == 0 ? "(standard input)" : file;
}
