/* SPDX-License-Identifier: MIT */
/* Corrects one field of a file in place. */
#include "job/job.h"

#include <errno.h>
#include <string.h>

#include "finding/rules.h"
#include "io/io.h"
#include "wire/bytes.h"
#include "wire/wire.h"

struct fix {
	bool found;              /* the header at the file's beginning */
	uint64_t version, right; /* the present one; the correct one */
	enum xst_layer inner;
	uint8_t bytes[LIBVIRT_HEADER_SIZE];
};

static void fix_look(struct fix *f, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_FIELDS && ev->kind == XST_KIND_LIBVIRT_HEADER) {
		f->found = true;
		f->version = xst_event_field(ev, XST_FIELD_VERSION, 0);
	}
	if (ev->type == XST_EVENT_STREAM_BEGIN && ev->layer != XST_LAYER_LIBVIRT)
		f->inner = ev->layer;
}

/* Reads up to the stream's beginning. */
static int fix_find(struct fix *f, struct xst_reader *r, struct xst_finding *reterr)
{
	const struct xst_event *ev;
	int e = 0;

	while (e == 0 && f->inner == XST_LAYER_NONE && (e = xst_reader_next(r, &ev)) == 0) {
		fix_look(f, ev);
		if (ev->type == XST_EVENT_PAYLOAD_BEGIN)
			e = xst_reader_skip(r);
	}
	if (e)
		*reterr = *xst_reader_error(r);
	return e;
}

static int not_libvirt(struct xst_finding *reterr)
{
	*reterr = (struct xst_finding){ .code = XST_E_MAGIC,
					.severity = XST_ERROR,
					.rule = xst_rule_table[RULE_CONTAINER_MAGIC].id,
					.field = "magic",
					.text = "not the beginning of a file of libvirt's Xen "
						"driver" };
	return XST_E_MAGIC;
}

/* Writes the header again, with the correct version. */
static int fix_write_header(void *fix, uint8_t *buf, uint64_t length)
{
	const struct wire_field *field = &xst_wire_libvirt_header.field[0];
	struct fix *f = fix;

	if (length != sizeof(f->bytes))
		return XST_E_STATE;
	memcpy(buf, f->bytes, sizeof(f->bytes));
	put_number(buf + field->offset, field->size, false, f->right);
	return 0;
}

static int fix_replace(struct xst_change *c, struct fix *f, struct xst_finding *reterr)
{
	struct xst_front front = { .size = sizeof(front),
				   .old = sizeof(f->bytes),
				   .min = sizeof(f->bytes),
				   .write = fix_write_header,
				   .userdata = f };
	enum xst_change_way way;
	ssize_t n = xst_io_pread_some(xst_change_get_fd(c), f->bytes, sizeof(f->bytes), 0);

	if (n != sizeof(f->bytes))
		return xst_io_error(reterr, RULE_INPUT_IO, n < 0 ? (int)-n : EIO,
				    "reading the header");
	return xst_change_front(c, &front, &way, reterr);
}

static int fix(struct xst_change *c, struct fix *f, struct xst_finding *reterr)
{
	struct xst_reader *r;
	int e = xst_reader_new(xst_change_get_fd(c), NULL, 0, NULL, &r);

	if (e)
		return e;
	e = fix_find(f, r, reterr);
	xst_reader_free(r);
	if (e == 0 && !f->found)
		e = not_libvirt(reterr);
	if (e)
		return e;
	f->right = f->inner == XST_LAYER_LIBXL ? LIBVIRT_VERSION_LIBXL : LIBVIRT_VERSION_LEGACY;
	return f->version == f->right ? 0 : fix_replace(c, f, reterr);
}

int xst_fix_libvirt(const char *path, uint32_t *ret_was, uint32_t *ret_is,
		    struct xst_recovery *ret_recovery, struct xst_finding *reterr)
{
	struct fix f = { .inner = XST_LAYER_NONE };
	struct xst_finding ignored;
	struct xst_change *c;
	int e;

	if (!path || !ret_was || !ret_is)
		return XST_E_ARG;
	reterr = reterr ? reterr : &ignored;
	e = xst_change_open(path, 0, &c, ret_recovery, reterr);
	if (e)
		return e;
	e = fix(c, &f, reterr);
	xst_change_free(c);
	if (e)
		return e;
	*ret_was = (uint32_t)f.version;
	*ret_is = (uint32_t)f.right;
	return 0;
}
