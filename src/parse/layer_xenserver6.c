/* SPDX-License-Identifier: MIT */
/* The suspend image of XenServer 6 and older: a magic and a legacy stream.  The device model's
 * record after it has a form of its own, see emulator_record.c. */
#include "parse/container.h"

int xst_parse_xenserver6(struct xst_parser *p, struct layer *l)
{
	static const struct container xenserver6 = {
		.header = &xst_wire_xenserver6_header,
		.magic = XENSERVER6_MAGIC,
		.magic_size = XENSERVER_MAGIC_SIZE,
		.rule = RULE_CONTAINER_MAGIC,
		.missing = "not the beginning of a XenServer 6 suspend image",
		.after = xst_parse_container_stream,
		.stream = XST_START_LEGACY,
	};

	return xst_parse_container(p, l, &xenserver6);
}
