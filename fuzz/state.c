/* SPDX-License-Identifier: MIT */
/* Differential: a decoded guest says the same whether its stream comes at once or in windows, with
 * what it does not want passed over; every field lies within its block.
 *
 * byte 0    flags: by record, keep going, no emulator byte 1    bytes of a window, less one the
 * rest  the stream */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state_log.h"

#define HEAD 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *decode(const uint8_t *data, size_t size, uint8_t flags, size_t window)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct xst_state *s;
	char *text;
	int code;

	o.flags = (flags & 2 ? XST_PARSER_KEEP_GOING : 0u) | (flags & 4 ? XST_PARSER_NO_EMULATOR : 0u);
	s = state_of(data, size, window, &o, flags & 1 ? XST_STATE_BY_RECORD : 0, &code);
	text = state_text(s);
	xst_state_free(s);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *whole, *pieces;

	if (size < HEAD)
		return 0;
	whole = decode(data + HEAD, size - HEAD, data[0], 0);
	pieces = decode(data + HEAD, size - HEAD, data[0], (size_t)data[1] + 1);
	if (strcmp(whole, pieces) != 0) {
		fprintf(stderr, "at once:\n%s\nin pieces:\n%s\n", whole, pieces);
		abort();
	}
	free(whole);
	free(pieces);
	return 0;
}
