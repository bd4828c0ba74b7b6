/* SPDX-License-Identifier: MIT */
/* Differential: the parser reports the same whether it sees an input at once or in pieces, with or
 * without claims, however damaged it is.
 *
 * byte 0     flags: keep going, no emulator, set lengths, small limits, early end, fresh windows,
 * COLO
 * byte 1     where to start, see enum xst_start
 * bytes 2-9  sizes of windows and claims, see struct cuts
 * the rest    the stream */
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "wire/formats.h"

#define SCRIPT 8
#define HEAD (2 + SCRIPT)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xst_parser_options parser_options(const uint8_t *head)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;

	if (head[0] & 1)
		o.flags |= XST_PARSER_KEEP_GOING;
	if (head[0] & 2)
		o.flags |= XST_PARSER_NO_EMULATOR;
	if (head[0] & 64)
		o.flags |= XST_PARSER_COLO;
	o.start = (enum xst_start)(head[1] % 16);
	if (!xst_wire_format_started(o.start))
		o.start = XST_START_AUTO;
	o.offset = head[0] & 8 ? 1000 : 0;
	if (head[0] & 8)
		o.limits = (struct xst_limits){ 5000, 60, 40, 6000, 600, 70, 500, 90, 300, 40, 3 };
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xst_parser_options o;
	struct cuts whole = { 0 }, pieces = { 0 };
	struct log a = { 0 }, b = { 0 };

	if (size < HEAD)
		return 0;
	o = parser_options(data);
	whole.set_length = pieces.set_length = !(data[0] & 8) && (data[0] & 4);
	pieces.early_eof = data[0] & 16;
	pieces.fresh = data[0] & 32;
	pieces.script = data + 2;
	pieces.script_size = SCRIPT;
	parse_logged(data + HEAD, size - HEAD, &o, &whole, &a);
	parse_logged(data + HEAD, size - HEAD, &o, &pieces, &b);
	if (!log_equal(&a, &b)) {
		log_print_difference(&a, &b);
		abort();
	}
	log_free(&a);
	log_free(&b);
	return 0;
}
