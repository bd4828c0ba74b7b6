/* SPDX-License-Identifier: MIT */
/* The header that `xl save` puts before the stream. */
#include "wire/wire.h"

#include <string.h>

const struct wire_record xst_wire_xl_header = {
	.kind = XST_KIND_XL_HEADER,
	.name = "XL_HEADER",
	.fixed = 48,
	.magic = XL_MAGIC,
	.magic_size = XL_MAGIC_SIZE,
	.nfields = 4,
	.field = {
		{ XST_FIELD_BYTE_ORDER, 0x20, 4 },
		{ XST_FIELD_MANDATORY_FLAGS, 0x24, 4 },
		{ XST_FIELD_OPTIONAL_FLAGS, 0x28, 4 },
		{ XST_FIELD_OPTIONAL_LENGTH, 0x2c, 4 },
	},
	.summary = "magic, byte order, flags, length of the optional data",
};

const struct wire_record xst_wire_xl_config = {
	.kind = XST_KIND_CONFIG,
	.name = "CONFIG",
	.fixed = 4,
	.nfields = 1,
	.field = { { XST_FIELD_CONFIG_LENGTH, 0, 4 } },
	.tail = WIRE_RUN,
	.summary = "the domain's configuration: JSON with a NUL, or xl.cfg text",
};

const struct wire_record xst_wire_xl_optional_data = {
	.kind = XST_KIND_OPTIONAL_DATA,
	.name = "OPTIONAL_DATA",
	.tail = WIRE_RUN,
	.summary = "the optional data after the configuration",
};

bool xst_wire_config_is_json(const void *config, size_t n)
{
	const char *text = config;

	while (n && strchr(" \t\r\n", *text) && *text) {
		text++;
		n--;
	}
	return n && *text == '{';
}
