/* SPDX-License-Identifier: MIT */
/* Events of any format in, today's formats out. */
#include "emit/convert.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check/finding.h"
#include "wire/options.h"
#include "wire/wire.h"

/* --- what is said --------------------------------------------------------------------------- */

static struct xst_finding place(const struct xst_converter *c)
{
	return (struct xst_finding){ .layer = c->layer,
				     .offset = c->record_offset,
				     .record_offset = c->record_offset,
				     .record_name = c->name,
				     .record_index = c->record_index,
				     .record_type = c->record_type };
}

int converter_fail(struct xst_converter *c, int code, enum xst_rule rule, const char *format, ...)
{
	struct xst_finding where = place(c);
	va_list ap;

	if (c->error.code)
		return c->error.code;
	va_start(ap, format);
	finding_fill(&c->error, &where, code, rule, NULL, format, ap);
	va_end(ap);
	return code;
}

void converter_remark(struct xst_converter *c, enum xst_rule rule, const char *format, ...)
{
	struct xst_finding where = place(c);
	va_list ap;

	if (c->remarks_n == MAX_REMARKS)
		return;
	va_start(ap, format);
	finding_fill(&c->remarks[c->remarks_n++], &where, 0, rule, NULL, format, ap);
	va_end(ap);
}

int converter_lose(struct xst_converter *c, const char *what)
{
	static const char *const into[] = {
		[XST_CONTAINER_AUTO] = "the output",
		[XST_CONTAINER_XL] = "an xl save image",
		[XST_CONTAINER_LIBXL] = "a libxl stream",
		[XST_CONTAINER_LIBXC] = "a libxc image",
		[XST_CONTAINER_XL_LIBXC] = "a libxc image",
	};
	bool by_version = c->layer == XST_LAYER_LIBXC && c->version == 2;
	const char *place = by_version ? "a libxc image of version 2" : into[c->to];

	if (!(c->flags & XST_CONVERT_FORCE))
		return converter_fail(c, XST_E_REFUSED, RULE_CONVERT_LOSS,
				      "%s has no place for %s, which would be lost; --force leaves it out",
				      place, what);
	converter_remark(c, RULE_CONVERT_DROPPED, "%s left out: %s has no place for it", what, place);
	return 0;
}

/* --- the frame ------------------------------------------------------------------------------ */

bool to_libxl(const struct xst_converter *c)
{
	return c->to == XST_CONTAINER_XL || c->to == XST_CONTAINER_LIBXL;
}

static bool to_xl(const struct xst_converter *c)
{
	return c->to == XST_CONTAINER_XL || c->to == XST_CONTAINER_XL_LIBXC;
}

uint64_t converter_field(const struct xst_converter *c, enum xst_field id)
{
	return wire_value(c->fields, c->nfields, id, 0);
}

static int header(struct xst_converter *c, enum xst_kind kind, const struct xst_field_value *v,
		  size_t n, uint64_t length)
{
	int r = xst_emit_begin(c->out, kind, length);

	if (r == 0)
		r = xst_emit_fields(c->out, v, n);
	return r ? r : xst_emit_end(c->out);
}

/* An xl header for an input that has none: without a configuration, as `xl` itself writes it. */
static int bare_xl_header(struct xst_converter *c)
{
	static const uint8_t no_config[4];
	struct xst_field_value v[] = {
		{ XST_FIELD_BYTE_ORDER, XL_BYTE_ORDER },
		{ XST_FIELD_MANDATORY_FLAGS, to_libxl(c) ? XL_FLAG_STREAM_V2 : 0 },
		{ XST_FIELD_OPTIONAL_FLAGS, 0 },
		{ XST_FIELD_OPTIONAL_LENGTH, sizeof(no_config) },
	};
	int r = header(c, XST_KIND_XL_HEADER, v, 4, 48);

	converter_remark(c, RULE_CONVERT_NO_CONFIG,
			 "the %s holds no configuration: give one to xl (xl restore CONFIG FILE)",
			 c->had_config ? "output" : "input");
	if (r == 0)
		r = header(c, XST_KIND_CONFIG, NULL, 0, sizeof(no_config));
	return r;
}

int converter_libxl_header(struct xst_converter *c, uint64_t options)
{
	struct xst_field_value v[] = {
		{ XST_FIELD_IDENT, LIBXL_IDENT },
		{ XST_FIELD_VERSION, LIBXL_VERSION },
		{ XST_FIELD_OPTIONS, options },
	};
	int r = 0;

	if (to_xl(c) && !c->had_xl)
		r = bare_xl_header(c);
	c->had_xl = true;
	if (r == 0)
		r = header(c, XST_KIND_LIBXL_HEADER, v, 3, 16);
	return r;
}

/* The image's byte order is the input's: its contents are passed on as they are. */
static int image_headers(struct xst_converter *c, const struct xst_field_value *domain, size_t n)
{
	uint64_t options = wire_value(c->image, c->nimage, XST_FIELD_OPTIONS, 0);
	struct xst_field_value v[] = {
		{ XST_FIELD_MARKER, LIBXC_MARKER },
		{ XST_FIELD_IDENT, LIBXC_IDENT },
		{ XST_FIELD_VERSION, c->version },
		{ XST_FIELD_OPTIONS, options & LIBXC_OPTION_BIG_ENDIAN },
	};
	int r = header(c, XST_KIND_IMAGE_HEADER, v, 4, 24);

	xst_emitter_big_endian(c->out, XST_LAYER_LIBXC, options & LIBXC_OPTION_BIG_ENDIAN);
	return r ? r : header(c, XST_KIND_DOMAIN_HEADER, domain, n, 16);
}

int converter_start(struct xst_converter *c, const struct xst_field_value *domain, size_t n)
{
	bool converted = wire_value(domain, n, XST_FIELD_XEN_MAJOR, 0) == 0;
	int r = 0;

	c->guest = wire_value(domain, n, XST_FIELD_GUEST_TYPE, 0) == LIBXC_GUEST_PV ? XST_GUEST_PV
									      : XST_GUEST_HVM;
	if (to_libxl(c) && !c->had_libxl) {
		r = converter_libxl_header(c, converted ? LIBXL_OPTION_LEGACY : 0);
		if (r == 0)
			r = xst_emit_empty(c->out, XST_KIND_LIBXC_CONTEXT);
	} else if (to_xl(c) && !c->had_xl) {
		r = bare_xl_header(c);
	}
	return r ? r : image_headers(c, domain, n);
}

int converter_end(struct xst_converter *c)
{
	if (c->wrapped) /* its records go on */
		return 0;
	return to_libxl(c) ? xst_emit_empty(c->out, XST_KIND_LIBXL_END) : 0;
}

int converter_static_data_end(struct xst_converter *c)
{
	if (c->static_data_end)
		return 0;
	c->static_data_end = true;
	return c->version >= 3 ? xst_emit_empty(c->out, XST_KIND_STATIC_DATA_END) : 0;
}

int converter_array(struct xst_converter *c, enum xst_kind kind, const uint64_t *numbers,
		    size_t n, size_t item_size)
{
	struct xst_field_value count = { XST_FIELD_COUNT, n };
	int r = xst_emit_begin(c->out, kind, 8 + n * item_size);

	if (r == 0)
		r = xst_emit_fields(c->out, &count, 1);
	if (r == 0)
		r = xst_emit_items(c->out, numbers, n);
	return r ? r : xst_emit_end(c->out);
}

/* Behind a bare libxc image the record stands as in a legacy stream: there under the signature that
 * it had, else under the only one that today's readers of such images know. */
static int bare_emulator(struct xst_converter *c, uint64_t length)
{
	const struct wire_signature *s =
		c->layer == XST_LAYER_LIBXC ? wire_signature_find(c->name) : NULL;
	uint8_t head[LEGACY_SIGNATURE_SIZE + 4];
	size_t n = LEGACY_SIGNATURE_SIZE;
	int r;

	if (!s)
		s = &wire_signatures[0];
	memcpy(head, s->text, LEGACY_SIGNATURE_SIZE);
	for (unsigned i = 0; i < 4 && s->has_length; i++)
		head[n++] = (uint8_t)(length >> 8 * i);
	r = xst_emit_begin(c->out, XST_KIND_OPTIONAL_DATA, n + length);
	return r ? r : xst_emit_bytes(c->out, head, n);
}

int converter_emulator(struct xst_converter *c, uint64_t length)
{
	int r;

	if (length > UINT32_MAX - 8)
		return converter_fail(c, XST_E_LIMIT, RULE_LIMIT,
				      "%llu octets of device model state do not fit a record",
				      (unsigned long long)length);
	c->open = true;
	if (!to_libxl(c))
		r = bare_emulator(c, length);
	else
		r = xst_emit_begin(c->out, XST_KIND_EMULATOR_CONTEXT, 8 + length);
	if (r == 0 && to_libxl(c))
		r = xst_emit_fields(c->out, NULL, 0);
	c->payload = length;
	return r ? r : xst_emit_payload(c->out, length);
}

/* --- the xl header -------------------------------------------------------------------------- */

static int xl_fields(struct xst_converter *c, const struct xst_event *ev)
{
	struct xst_field_value v[MAX_RECORD_FIELDS];
	size_t n = ev->u.fields.n;
	int r;

	memcpy(v, ev->u.fields.v, n * sizeof(*v));
	for (size_t i = 0; i < n && c->kind == XST_KIND_XL_HEADER; i++)
		if (v[i].id == XST_FIELD_MANDATORY_FLAGS)
			v[i].value = (v[i].value & ~(uint64_t)XL_FLAG_STREAM_V2) |
				     (to_libxl(c) ? XL_FLAG_STREAM_V2 : 0);
	xst_emitter_big_endian(c->out, XST_LAYER_XL, ev->big_endian);
	r = xst_emit_begin(c->out, c->kind, c->record_length);
	c->open = true;
	return r ? r : xst_emit_fields(c->out, v, n);
}

static int xl_run(struct xst_converter *c, const struct xst_event *ev)
{
	int r = 0;

	if (c->kind == XST_KIND_OPTIONAL_DATA) {
		r = xst_emit_begin(c->out, c->kind, c->record_length);
		c->open = true;
	}
	c->payload = ev->u.payload.length;
	return r ? r : xst_emit_payload(c->out, c->payload);
}

/* The header and the configuration are the container's, not the guest's: leaving them out is no
 * loss that would have to be refused. */
static int xl_left_out(struct xst_converter *c, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_RECORD_BEGIN && c->kind == XST_KIND_CONFIG &&
	    c->record_length > wire_xl_config.fixed)
		converter_remark(c, RULE_CONVERT_DROPPED,
				 "the configuration is left out: it belongs to the xl header");
	return 0;
}

static int xl_event(struct xst_converter *c, const struct xst_event *ev)
{
	int r;

	if (c->to == XST_CONTAINER_AUTO)
		c->to = XST_CONTAINER_XL;
	c->had_xl = true;
	if (!to_xl(c))
		return xl_left_out(c, ev);
	switch (ev->type) {
	case XST_EVENT_FIELDS:
		return xl_fields(c, ev);
	case XST_EVENT_PAYLOAD_BEGIN:
		return xl_run(c, ev);
	case XST_EVENT_RECORD_END:
		r = c->open ? xst_emit_end(c->out) : 0;
		c->open = false;
		return r;
	default:
		return 0;
	}
}

/* --- other containers ----------------------------------------------------------------------- */

/* What libxl asks for is the image first. */
static int container_emulator(struct xst_converter *c, uint64_t length)
{
	if (!c->had_image)
		return converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
				      "%s stands in front of the guest's image", c->name);
	return to_libxl(c) ? converter_emulator(c, length)
			   : converter_lose(c, "the device model's state");
}

static int container_record(struct xst_converter *c)
{
	switch (c->kind) {
	case XST_KIND_CONFIG:
		c->had_config = true;
		converter_remark(c, RULE_CONVERT_DROPPED,
				 "the configuration is left out: xl does not read %s's (%s)",
				 xst_layer_name(c->layer), c->name);
		return 0;
	case XST_KIND_DEMU:
		return converter_lose(c, "a virtual GPU's state (DEMU)");
	case XST_KIND_VARSTORED:
		return converter_lose(c, "the UEFI variables (VARSTORED)");
	case XST_KIND_SWTPM0:
	case XST_KIND_SWTPM:
		return converter_lose(c, "a virtual TPM's state (SWTPM)");
	default:
		return 0;
	}
}

static int container_record_end(struct xst_converter *c)
{
	int r = 0;

	if (c->kind == XST_KIND_XENSERVER_IMAGE)
		c->had_image = true;
	if (c->kind == XST_KIND_EMULATOR_CONTEXT && !c->record_length)
		r = container_emulator(c, 0);
	if (r == 0 && c->open)
		r = xst_emit_end(c->out);
	c->open = false;
	return r;
}

static int container_end(struct xst_converter *c)
{
	bool was_wrapped = c->wrapped;

	c->wrapped = false;
	return was_wrapped ? converter_end(c) : 0;
}

static int container_event(struct xst_converter *c, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_STREAM_BEGIN:
		c->wrapped = ev->layer == XST_LAYER_XENSERVER;
		return 0;
	case XST_EVENT_RECORD_BEGIN:
		return container_record(c);
	case XST_EVENT_PAYLOAD_BEGIN:
		return c->kind == XST_KIND_EMULATOR_CONTEXT
			       ? container_emulator(c, ev->u.payload.length)
			       : 0;
	case XST_EVENT_RECORD_END:
		return container_record_end(c);
	case XST_EVENT_STREAM_END:
		return container_end(c);
	default:
		return 0;
	}
}

/* --- public --------------------------------------------------------------------------------- */

int xst_converter_new(const struct xst_converter_options *options, struct xst_converter **ret)
{
	struct xst_converter_options o = { .size = sizeof(o) };
	struct xst_converter *c;
	int r;

	if (!ret || (options && xst_options_copy(&o, sizeof(o), options, options->size) < 0))
		return XST_E_ARG;
	if ((o.image_version && o.image_version != 2 && o.image_version != 3) ||
	    (unsigned)o.to > XST_CONTAINER_XL_LIBXC || o.flags & ~(uint32_t)XST_CONVERT_FORCE)
		return XST_E_ARG;
	c = calloc(1, sizeof(*c));
	if (!c)
		return XST_E_NOMEM;
	r = xst_emitter_new(&c->out);
	if (r) {
		free(c);
		return r;
	}
	c->flags = o.flags;
	c->to = o.to;
	c->version = o.image_version ? o.image_version : LIBXC_VERSION_MAX;
	pfnmap_init(&c->legacy.populated, 1, 0);
	*ret = c;
	return 0;
}

struct xst_converter *xst_converter_free(struct xst_converter *c)
{
	if (c) {
		xst_emitter_free(c->out);
		pfnmap_free(&c->legacy.populated);
		buffer_free(&c->legacy.pairs);
	}
	free(c);
	return NULL;
}

/* A bare stream stays one; what has a container gets xl's. */
static void choose_container(struct xst_converter *c, enum xst_layer first)
{
	if (c->to != XST_CONTAINER_AUTO)
		return;
	c->to = first == XST_LAYER_LIBXC                                    ? XST_CONTAINER_LIBXC
		: first == XST_LAYER_LIBXL || first == XST_LAYER_LEGACY ? XST_CONTAINER_LIBXL
									: XST_CONTAINER_XL;
}

static void note_record(struct xst_converter *c, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_STREAM_BEGIN) {
		choose_container(c, ev->layer);
		c->layer = ev->layer;
		c->name = NULL;
	}
	if (ev->type != XST_EVENT_RECORD_BEGIN)
		return;
	c->layer = ev->layer;
	c->kind = ev->kind;
	c->name = ev->u.record.name;
	c->record_offset = ev->offset;
	c->record_index = ev->u.record.index;
	c->record_length = ev->u.record.length;
	c->record_type = ev->u.record.type;
	c->nfields = 0;
}

static int dispatch(struct xst_converter *c, const struct xst_event *ev)
{
	note_record(c, ev);
	if (ev->type == XST_EVENT_FIELDS) {
		c->nfields = ev->u.fields.n < MAX_RECORD_FIELDS ? ev->u.fields.n : MAX_RECORD_FIELDS;
		memcpy(c->fields, ev->u.fields.v, c->nfields * sizeof(c->fields[0]));
	}
	switch (ev->layer) {
	case XST_LAYER_XL:         return xl_event(c, ev);
	case XST_LAYER_LIBXL:
	case XST_LAYER_LIBXC:      return relay_event(c, ev);
	case XST_LAYER_LEGACY:     return translate_event(c, ev);
	case XST_LAYER_LIBVIRT:
	case XST_LAYER_XEND:
	case XST_LAYER_XENSERVER:
	case XST_LAYER_XENSERVER6: return container_event(c, ev);
	case XST_LAYER_COLO:
		return converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
				      "the channel back of COLO: there is no guest in it");
	case XST_LAYER_NONE:       break;
	}
	return 0;
}

int xst_converter_keep_checkpoints(struct xst_converter *c)
{
	if (!to_libxl(c))
		return converter_fail(c, XST_E_UNSUPPORTED, RULE_CONVERT_UNSUPPORTED,
				      "checkpoints can be kept in a libxl stream only");
	c->legacy.keep_checkpoints = true;
	return 0;
}

int xst_converter_event(struct xst_converter *c, const struct xst_event *ev)
{
	int r;

	if (c->error.code)
		return c->error.code;
	if (ev->type == XST_EVENT_NEED || ev->type == XST_EVENT_PAYLOAD ||
	    ev->type == XST_EVENT_WARNING)
		return 0;
	if (ev->type == XST_EVENT_PAYLOAD_BEGIN && ev->u.payload.length == XST_LENGTH_UNKNOWN)
		return XST_E_ARG;
	r = dispatch(c, ev);
	if (r && !c->error.code)
		converter_fail(c, r, RULE_CONVERT_UNSUPPORTED, "%s",
			       r == XST_E_NOMEM ? "out of memory" : "a record that can't be written");
	return r;
}

bool converter_at_record(const struct xst_converter *c)
{
	return !c->open && !c->payload;
}

void converter_abandon_record(struct xst_converter *c)
{
	emitter_abandon(c->out);
	c->open = false;
	c->payload = 0;
}

size_t xst_converter_output(const struct xst_converter *c, const uint8_t **ret)
{
	return xst_emitter_output(c->out, ret);
}

void xst_converter_written(struct xst_converter *c)
{
	xst_emitter_written(c->out);
}

uint64_t xst_converter_payload(const struct xst_converter *c)
{
	return c->payload;
}

int xst_converter_moved(struct xst_converter *c, uint64_t n)
{
	if (n > c->payload)
		return XST_E_ARG;
	c->payload -= n;
	if (!c->payload && c->layer == XST_LAYER_LEGACY && c->kind == XST_KIND_PAGE_DATA)
		return translate_segment(c);
	return 0;
}

const struct xst_finding *xst_converter_finding(struct xst_converter *c)
{
	const struct xst_finding *f;

	if (c->remarks_first == c->remarks_n) {
		c->remarks_first = c->remarks_n = 0;
		return NULL;
	}
	f = &c->remarks[c->remarks_first++];
	return f;
}

const struct xst_finding *xst_converter_error(const struct xst_converter *c)
{
	return &c->error;
}
