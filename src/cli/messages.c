/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/utf8.h"

static char said[sizeof(((struct xst_finding *)NULL)->text)];

void xst_cli_say(const char *format, ...)
{
	char *text;
	va_list ap;

	xst_cli_progress_clear();
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		xst_cli_tame(text);
	(void)snprintf(said, sizeof(said), "%s", text ? text : "out of memory");
	fprintf(stderr, "xenstream: %s\n", text ? text : "out of memory");
	free(text);
}

const char *xst_cli_last_said(void)
{
	return said;
}

void xst_cli_print_finding(FILE *to, const char *file, const struct xst_finding *f)
{
	char line[1024], *text;

	xst_cli_progress_clear();
	xst_finding_format(f, NULL, line, sizeof(line));
	if (asprintf(&text, "%s: %s: %s [%s]", file, xst_severity_name(f->severity), line, f->rule) < 0)
		text = NULL;
	if (text)
		xst_cli_tame(text);
	fprintf(to, "%s\n", text ? text : "out of memory");
	free(text);
	(void)xst_cli_stdout_error();
}

int xst_cli_exit_for(int code)
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

json_object *xst_cli_json_u64(uint64_t v)
{
	return json_object_new_uint64(v);
}

void xst_cli_tame(char *s)
{
	size_t n = strlen(s), k = 0;

	for (size_t i = 0; i < n;) {
		const unsigned char *c = (const unsigned char *)s + i;
		size_t len = xst_utf8_length(c, n - i);
		bool control = c[0] < ' ' || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0);

		i += len ? len : 1;
		if (!len || control) {
			s[k++] = '?';
		} else {
			memmove(s + k, c, len);
			k += len;
		}
	}
	s[k] = '\0';
}

void xst_cli_print_text(FILE *to, const char *s)
{
	char *copy = strdup(s);

	if (copy)
		xst_cli_tame(copy);
	fputs(copy ? copy : "out of memory", to);
	free(copy);
}

json_object *xst_cli_json_text(const char *s, size_t n)
{
	char *clean = malloc(3 * n + 1);
	size_t k = 0;
	json_object *o;

	for (size_t i = 0; clean && i < n;) {
		size_t len = xst_utf8_length((const unsigned char *)s + i, n - i);

		memcpy(clean + k, len ? s + i : "\xef\xbf\xbd", len ? len : 3);
		k += len ? len : 3;
		i += len ? len : 1;
	}
	o = json_object_new_string_len(clean ? clean : "", (int)k);
	free(clean);
	return o;
}

json_object *xst_cli_finding_json(const char *file, const struct xst_finding *f)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "file", xst_cli_json_text(file, strlen(file)));
	json_object_object_add(o, "rule", json_object_new_string(f->rule));
	json_object_object_add(o, "severity", json_object_new_string(xst_severity_name(f->severity)));
	if (f->code)
		json_object_object_add(o, "code", json_object_new_string(xst_errc_name(f->code)));
	json_object_object_add(o, "layer", json_object_new_string(xst_layer_name(f->layer)));
	json_object_object_add(o, "offset", xst_cli_json_u64(f->offset));
	if (f->record_name) {
		json_object_object_add(o, "record", json_object_new_string(f->record_name));
		json_object_object_add(o, "record_index", xst_cli_json_u64(f->record_index));
		json_object_object_add(o, "record_offset", xst_cli_json_u64(f->record_offset));
	}
	if (f->field)
		json_object_object_add(o, "field", json_object_new_string(f->field));
	json_object_object_add(o, "text", xst_cli_json_text(f->text, strlen(f->text)));
	return o;
}

int xst_cli_stdout_error(void)
{
	static int err;

	if (!err && ferror(stdout))
		err = errno ? errno : EIO;
	return err;
}

void xst_cli_print_json(FILE *to, json_object *o, int layout)
{
	const char *s = json_object_to_json_string_ext(o, layout | JSON_C_TO_STRING_NOSLASHESCAPE);

	while (s && *s) {
		size_t n = strcspn(s, "\x7f\xc2");
		unsigned char c = (unsigned char)s[n], next = c ? (unsigned char)s[n + 1] : 0;

		fwrite(s, 1, n, to);
		if (c == 0x7f)
			fputs("\\u007f", to);
		else if (c && next >= 0x80 && next < 0xa0)
			fprintf(to, "\\u%04x", next);
		else if (c)
			fwrite(s + n, 1, 2, to);
		s += n + (c != 0) + (c == 0xc2);
	}
	fputc('\n', to);
	json_object_put(o);
}

void xst_cli_print_json_to(FILE *to, json_object *o)
{
	xst_cli_print_json(to, o, JSON_C_TO_STRING_PLAIN);
	(void)xst_cli_stdout_error();
}

char *xst_cli_json_line(json_object *o)
{
	char *line = NULL;
	size_t n;
	FILE *f = open_memstream(&line, &n);

	if (!f) {
		json_object_put(o);
		return NULL;
	}
	xst_cli_print_json(f, o, JSON_C_TO_STRING_PLAIN);
	fclose(f);
	return line;
}

void xst_cli_print_json_line(json_object *o)
{
	xst_cli_print_json_to(stdout, o);
}

const char *xst_cli_human_size(uint64_t octets, char *buf, size_t size)
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

const char *xst_cli_system_words(int err)
{
	switch (err) {
	case EPIPE:  return "the reader at the other end is gone";
	case ENOSPC: return "no space left on the device";
	case EDQUOT: return "the disk quota is used up";
	case ECONNREFUSED: return "nobody listens there: start the other end first";
	default:     return strerror(err);
	}
}

void xst_cli_say_recovery(const char *file, const struct xst_recovery *r)
{
	if (r->outcome == XST_RECOVERY_NOTHING || common.quiet)
		return;
	xst_cli_say("%s: %s%s", file, r->outcome == XST_RECOVERY_IGNORED ? "remark: " : "",
		    r->text);
}

int xst_cli_open_input(const char *file)
{
	struct xst_recovery recovery = { .outcome = XST_RECOVERY_NOTHING };
	struct xst_finding error = { .text = "out of memory" };
	int fd;

	if (strcmp(file, "-") == 0)
		return STDIN_FILENO;
	if (xst_open(file, &fd, &recovery, &error)) {
		xst_cli_say("%s", error.text);
		return -1;
	}
	xst_cli_say_recovery(file, &recovery);
	return fd;
}

void xst_cli_close_input(int fd)
{
	if (fd > STDERR_FILENO)
		close(fd);
}

const char *xst_cli_input_name(const char *file)
{
	return strcmp(file, "-") == 0 ? "(standard input)" : file;
}
