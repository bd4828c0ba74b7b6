/* SPDX-License-Identifier: MIT */
/* The header of libvirt's Xen driver, the domain's XML, and the stream after it. */
#include "parse/container.h"

static int libvirt_xml(struct xst_parser *p, struct layer *l)
{
	return xst_parse_container_config(p, l, &xst_wire_libvirt_xml, xst_parse_container_stream);
}

static int libvirt_header_read(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row = &xst_wire_libvirt_header;
	uint64_t version = xst_parse_field(p, XST_FIELD_VERSION);
	int r;

	if (version > LIBVIRT_VERSION_LIBXL)
		return xst_parse_fail(p, XST_E_VERSION, RULE_LIBVIRT_VERSION,
				      row->fixed - row->field[0].offset, "version",
				      "%llu; only versions 1 and 2 are known",
				      (unsigned long long)version);
	l->u.container.config = xst_parse_field(p, XST_FIELD_CONFIG_LENGTH);
	l->u.container.announced = (uint32_t)version;
	r = xst_parse_container_check(p, l, row->fixed - row->field[1].offset);
	return r ? r : xst_parse_end_record(l, libvirt_xml);
}

/* libvirt goes by the version, we by the stream itself. */
static void libvirt_stream_begun(struct xst_parser *p, struct layer *l, enum xst_layer stream)
{
	uint32_t right = stream == XST_LAYER_LIBXL ? LIBVIRT_VERSION_LIBXL : LIBVIRT_VERSION_LEGACY;

	if (l->u.container.announced != right)
		xst_parse_warn(p, RULE_LIBVIRT_STREAM, 0, "version",
			       "the header has version %u, but a %s stream follows",
			       l->u.container.announced, xst_layer_name(stream));
}

int xst_parse_libvirt(struct xst_parser *p, struct layer *l)
{
	static const struct container libvirt = {
		.header = &xst_wire_libvirt_header,
		.magic = LIBVIRT_MAGIC,
		.magic_size = LIBVIRT_MAGIC_SIZE,
		.rule = RULE_CONTAINER_MAGIC,
		.missing = "not the beginning of a file of libvirt's Xen driver",
		.header_read = libvirt_header_read,
		.stream_begun = libvirt_stream_begun,
	};

	return xst_parse_container(p, l, &libvirt);
}
