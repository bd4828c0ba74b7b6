/* SPDX-License-Identifier: MIT */
/* The file of `xm save`, and what `xm migrate` sends. */
#include "wire/wire.h"

const struct wire_record xst_wire_xend_request = {
	.kind = XST_KIND_XEND_REQUEST,
	.name = "XEND_REQUEST",
	.summary = "xend: `receive` or `sslreceive` and a newline, before a captured migration",
};

const struct wire_record xst_wire_xend_header = {
	.kind = XST_KIND_XEND_HEADER,
	.name = "XEND_HEADER",
	.fixed = XEND_MAGIC_SIZE,
	.magic = XEND_MAGIC,
	.magic_size = XEND_MAGIC_SIZE,
	.summary = "xend: magic",
};

/* Always big-endian. */
const struct wire_record xst_wire_xend_config = {
	.kind = XST_KIND_CONFIG,
	.name = "SEXPR",
	.fixed = 4,
	.nfields = 1,
	.field = { { XST_FIELD_CONFIG_LENGTH, 0, 4 } },
	.tail = WIRE_RUN,
	.summary = "xend: the domain's configuration as an s-expression, without a NUL",
};
