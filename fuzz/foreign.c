/* SPDX-License-Identifier: MIT */
/* Configurations of other toolstacks: an accepted one prints as a document that xl accepts.
 *
 * byte 0   the language, see enum config_foreign_language
 * the rest  the text */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/foreign/foreign_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct config_foreign *f)
{
	struct config_error err = { .text = "" };
	struct config *doc;
	char *text;
	size_t n;

	if (xst_foreign_print(f, &text, &n))
		abort();
	if (xst_config_parse(text, n, 0, &doc, &err)) {
		fprintf(stderr, "%u:%u: %s\n%s\n", err.line, err.column, err.text, text);
		abort();
	}
	xst_config_free(doc);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_error err = { .text = "" };
	enum config_foreign_language language;
	struct config_foreign f;
	char *copy;
	int r;

	if (!size)
		return 0;
	language = (enum config_foreign_language)(data[0] % 3 + CONFIG_XEND);
	copy = malloc(size); /* so that sanitizers see reads past its end */
	if (!copy)
		abort();
	memcpy(copy, data + 1, size - 1);
	r = xst_foreign_read(language, copy, size - 1, &f, &err);
	if (r == 0) {
		check(&f);
		xst_foreign_clear(&f);
	} else if (!err.text[0]) {
		abort();
	}
	free(copy);
	return 0;
}
