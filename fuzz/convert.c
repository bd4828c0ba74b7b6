/* SPDX-License-Identifier: MIT */
/* A successful conversion gives a stream that the parser accepts, and that converts to itself.
 *
 * byte 0   flags: force, version 2, keep going, no emulator, with a configuration
 * byte 1   container, see enum xst_container
 * the rest  the stream */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pour.h"

#define HEAD 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void broken(const char *what, const struct poured *p)
{
	fprintf(stderr, "%s: %d %s %s\n", what, p->code, p->error.rule ? p->error.rule : "",
		p->error.text);
	abort();
}

static void again(const struct poured *first, const struct xst_parser_options *parser,
		  const struct xst_converter_options *converter)
{
	struct poured second;

	if (pour(first->out.data, first->out.size, parser, converter, &second))
		broken("the output is not accepted", &second);
	if (second.end != first->out.size)
		broken("bytes after the end of the output", &second);
	if (second.out.size != first->out.size ||
	    memcmp(second.out.data, first->out.data, first->out.size) != 0)
		broken("the output does not convert to itself", &second);
	poured_free(&second);
}

/* Short, and in no known language: to the library it is just bytes. */
static int some_config(void *userdata, const struct xst_config *stored, struct xst_config *ret,
		       char *why, size_t size)
{
	(void)userdata;
	(void)stored;
	(void)why;
	(void)size;
	ret->data = (const uint8_t *)"given";
	ret->size = 5;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xst_parser_options parser = XST_PARSER_OPTIONS_INIT;
	struct xst_converter_options o = { .size = sizeof(o) };
	struct poured first;

	if (size < HEAD)
		return 0;
	o.flags = data[0] & 1 ? XST_CONVERT_FORCE : 0;
	o.image_version = data[0] & 2 ? 2 : 3;
	o.to = (enum xst_container)(data[1] % 7);
	o.config = data[0] & 16 ? some_config : NULL;
	parser.flags = data[0] & 4 ? XST_PARSER_KEEP_GOING : 0;
	parser.flags |= data[0] & 8 ? XST_PARSER_NO_EMULATOR : 0;
	if (pour(data + HEAD, size - HEAD, &parser, &o, &first) == 0) {
		/* an input with faults may give any output, but no crash */
		if (!(parser.flags & XST_PARSER_KEEP_GOING))
			again(&first, &parser, &o);
	} else if (!first.error.code || !first.error.text[0]) {
		broken("a failure without a message", &first);
	} else if (first.code == XST_E_STATE && !(parser.flags & XST_PARSER_KEEP_GOING)) {
		broken("a record of a valid stream can't be written", &first);
	}
	poured_free(&first);
	return 0;
}
