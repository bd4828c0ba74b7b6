/* SPDX-License-Identifier: MIT */
/* The file of libvirt's Xen driver: a header and the domain's XML in front of a libxl stream. */
#include "emit/converter.h"

#include "wire/wire.h"

static int libvirt_writer_header(struct xst_converter *c)
{
	struct xst_field_value v[] = {
		{ XST_FIELD_VERSION, LIBVIRT_VERSION_LIBXL },
		{ XST_FIELD_CONFIG_LENGTH, c->config.chosen.size },
	};
	int r = xst_emit_begin_in(c->out, XST_LAYER_LIBVIRT, XST_KIND_LIBVIRT_HEADER,
				  xst_wire_libvirt_header.fixed);

	if (r == 0)
		r = xst_emit_fields(c->out, v, 2);
	return r ? r : xst_emit_end(c->out);
}

static int libvirt_writer_begin(struct xst_converter *c)
{
	int r;

	if (!c->config.chosen.size) /* libvirt reads no file without it */
		return xst_converter_fail(c, XST_E_REFUSED, RULE_CONVERT_CONFIG,
					  "a file of libvirt's needs the domain's XML, and the "
					  "input has none: give it with --config");
	r = libvirt_writer_header(c);
	return r ? r : xst_converter_contained_config(c, XST_LAYER_LIBVIRT);
}

const struct container_writer xst_emit_libvirt_writer = {
	.container = XST_CONTAINER_LIBVIRT,
	.begin = libvirt_writer_begin,
	.emulator = xst_emit_libxl_emulator,
	.end = xst_emit_libxl_end,
};
