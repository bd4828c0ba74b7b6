/* SPDX-License-Identifier: MIT */
/* One field of a file that is mended where it is. */
#include "job/job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check/finding.h"
#include "io/io.h"
#include "wire/bytes.h"
#include "wire/wire.h"

struct fix {
	uint64_t header;  /* its offset */
	bool found;
	uint64_t version; /* as it stands there */
	enum xst_layer inner;
};

static void look(struct fix *f, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_RECORD_BEGIN && ev->kind == XST_KIND_LIBVIRT_HEADER) {
		f->found = true;
		f->header = ev->offset;
	}
	if (ev->type == XST_EVENT_FIELDS && ev->kind == XST_KIND_LIBVIRT_HEADER)
		f->version = xst_event_field(ev, XST_FIELD_VERSION, 0);
	if (ev->type == XST_EVENT_STREAM_BEGIN && ev->layer != XST_LAYER_LIBVIRT)
		f->inner = ev->layer;
}

/* As far as the stream's beginning. */
static int find(struct fix *f, struct xst_reader *r, struct xst_finding *reterr)
{
	const struct xst_event *ev;
	int e = 0;

	while (e == 0 && f->inner == XST_LAYER_NONE && (e = xst_reader_next(r, &ev)) == 0) {
		look(f, ev);
		if (ev->type == XST_EVENT_PAYLOAD_BEGIN)
			e = xst_reader_skip(r);
	}
	if (e && reterr)
		*reterr = *xst_reader_error(r);
	return e;
}

static int not_libvirt(struct xst_finding *reterr)
{
	struct xst_finding f = { .code = XST_E_MAGIC, .severity = XST_ERROR,
				 .rule = rules[RULE_CONTAINER_MAGIC].id, .field = "magic",
				 .text = "no file of libvirt's Xen driver begins here" };

	if (reterr)
		*reterr = f;
	return f.code;
}

static int write_version(int fd, const struct fix *f, uint64_t version, struct xst_finding *reterr)
{
	const struct wire_field *field = &wire_libvirt_header.field[0];
	uint8_t octets[8];
	ssize_t n;

	put_number(octets, field->size, false, version);
	n = pwrite(fd, octets, field->size, (off_t)(f->header + field->offset));
	if (n == field->size && fdatasync(fd) == 0)
		return 0;
	return io_error(reterr, RULE_OUTPUT_IO, n < 0 || n == field->size ? errno : ENOSPC,
			"writing the version");
}

int xst_fix_libvirt_fd(int fd, const struct xst_job_options *options, uint32_t *ret_was,
		       uint32_t *ret_is, struct xst_finding *reterr)
{
	struct xst_parser_options parser;
	struct xst_finding ignored;
	struct xst_job_options job;
	struct fix f = { .inner = XST_LAYER_NONE };
	struct xst_reader *r;
	uint32_t is;
	int e;

	if (!ret_was || !ret_is || job_options(&job, options, &parser) < 0)
		return XST_E_ARG;
	e = xst_reader_new(fd, &parser, 0, job.tmpdir, &r);
	if (e)
		return e;
	e = find(&f, r, reterr);
	xst_reader_free(r);
	if (e == 0 && !f.found)
		e = not_libvirt(reterr);
	if (e)
		return e;
	is = f.inner == XST_LAYER_LIBXL ? LIBVIRT_VERSION_LIBXL : LIBVIRT_VERSION_LEGACY;
	if (f.version != is)
		e = write_version(fd, &f, is, reterr ? reterr : &ignored);
	if (e == 0) {
		*ret_was = (uint32_t)f.version;
		*ret_is = is;
	}
	return e;
}
