/* SPDX-License-Identifier: MIT */
/* A container that exists in tests only: magic, length of the configuration, a configuration of
 * xl's, a libxl stream. */
#include "wire/wire.h"

const struct wire_record xst_wire_toy_header = {
	.kind = XST_KIND_TOY_HEADER,
	.name = "TOY_HEADER",
	.fixed = 20,
	.magic = TOY_MAGIC,
	.magic_size = 16,
	.nfields = 1,
	.field = { { XST_FIELD_CONFIG_LENGTH, 16, 4 } },
	.summary = "toy: magic, length of the configuration",
};

const struct wire_record xst_wire_toy_config = {
	.kind = XST_KIND_CONFIG,
	.name = "TOY_CONFIG",
	.tail = WIRE_RUN,
	.summary = "toy: the domain's configuration in a language of xl's",
};
