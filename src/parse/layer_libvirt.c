/* SPDX-License-Identifier: MIT */
/* The header of libvirt's Xen driver, the domain's XML, and the stream behind it. */
#include "parse/parser.h"

#include <string.h>

enum state { HEADER, HEADER_READ, XML, XML_READ, XML_DONE, INNER, INNER_DONE };

static int libvirt_header(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	const uint8_t *b;
	int r = xst_parser_peek(p, in, xst_wire_libvirt_header.fixed, 0, &b);

	if (r)
		return r;
	if (memcmp(b, LIBVIRT_MAGIC, LIBVIRT_MAGIC_SIZE) != 0)
		return xst_parse_fail(p, XST_E_MAGIC, RULE_CONTAINER_MAGIC, 0, "magic",
				      "no file of libvirt's Xen driver begins here");
	l->state = HEADER_READ;
	return xst_parse_begin_record(p, l, &xst_wire_libvirt_header, 0, 0,
				      xst_wire_libvirt_header.fixed);
}

static int libvirt_header_read(struct xst_parser *p, struct layer *l)
{
	const struct wire_record *row = &xst_wire_libvirt_header;
	uint64_t version = xst_parse_field(p, XST_FIELD_VERSION);
	int r;

	if (version > LIBVIRT_VERSION_LIBXL)
		return xst_parse_fail(p, XST_E_VERSION, RULE_LIBVIRT_VERSION,
				      row->fixed - row->field[0].offset, "version",
				      "%llu; versions 1 and 2 exist today",
				      (unsigned long long)version);
	l->u.config.length = xst_parse_field(p, XST_FIELD_CONFIG_LENGTH);
	l->u.config.version = (uint32_t)version;
	r = xst_parse_check_config_length(p, l->u.config.length, row->fixed - row->field[1].offset);
	if (r)
		return r;
	l->state = XML;
	return xst_parse_end_record(p, l);
}

/* libvirt calls the stream by the version; we believe the stream. */
static void libvirt_check_inner(struct xst_parser *p, struct layer *l)
{
	enum xst_layer inner = p->stack[p->depth - 1].id;
	uint32_t right = inner == XST_LAYER_LIBXL ? LIBVIRT_VERSION_LIBXL : LIBVIRT_VERSION_LEGACY;

	if (l->u.config.version != right)
		xst_parse_warn(p, RULE_LIBVIRT_STREAM, 0, "version",
			       "%u stands in the header, but a %s stream follows",
			       l->u.config.version, xst_layer_name(inner));
}

static int libvirt_inner(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	int r = xst_parse_detect_inner(p, l, in, XST_START_AUTO, INNER_DONE);

	if (l->state == INNER_DONE)
		libvirt_check_inner(p, l);
	return r;
}

int xst_parse_libvirt_step(struct xst_parser *p, struct layer *l, struct xst_in *in)
{
	switch ((enum state)l->state) {
	case HEADER:      return libvirt_header(p, l, in);
	case HEADER_READ: return libvirt_header_read(p, l);
	case XML:
		l->state = XML_READ;
		return xst_parse_begin_record(p, l, &xst_wire_libvirt_xml, 0, 0,
					      l->u.config.length);
	case XML_READ:
		xst_parse_start_run(p, l->u.config.length, 1);
		l->state = XML_DONE;
		return 0;
	case XML_DONE:
		l->state = INNER;
		return xst_parse_end_record(p, l);
	case INNER:      return libvirt_inner(p, l, in);
	case INNER_DONE: return xst_parser_end_layer(p);
	}
	return XST_E_STATE;
}
