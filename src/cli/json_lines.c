/* SPDX-License-Identifier: MIT */
/* JSON for programs, without control characters that a terminal would obey. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "config/utf8.h"

json_object *xst_cli_json_u64(uint64_t v)
{
	return json_object_new_uint64(v);
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
