/* SPDX-License-Identifier: MIT */
/* Turns the domain's events into files: one for each record's body; page frames have their own. */
#include "directory/directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "emit/converter.h"

/* --- slots ------------------------------------------------------------------------------------ */

/* Of two such records in one state the last one counts. */
static bool replaces_its_own(enum xst_kind kind)
{
	return kind == XST_KIND_EMULATOR_CONTEXT;
}

/* A record of an earlier state that the current one replaces, or NULL.  States have records in the
 * same order, so the first guess is usually right. */
static struct slot *find_slot(struct directory *d, enum xst_kind kind, uint32_t id)
{
	for (size_t i = 0; i < d->nslots; i++) {
		size_t at = (d->next + i) % d->nslots;
		struct slot *s = &d->slots[at];

		if (s->kind == kind && s->id == id &&
		    (s->state < d->state || replaces_its_own(kind))) {
			d->next = at + 1;
			return s;
		}
	}
	return NULL;
}

static struct slot *add_slot(struct directory *d, enum xst_kind kind, uint32_t id)
{
	struct slot *slots = array_room(d->slots, d->nslots + 1, &d->capacity, sizeof(*slots));

	if (!slots)
		return NULL;
	d->slots = slots;
	d->slots[d->nslots] = (struct slot){ .kind = kind, .id = id };
	return &d->slots[d->nslots++];
}

int xst_directory_state_open(struct directory *d, enum xst_kind kind, uint32_t id)
{
	struct slot *s = d->nslots ? find_slot(d, kind, id) : NULL;
	char name[RECORD_NAME_MAX];
	int fd;

	if (!s && d->nslots == LIMIT_DIRECTORY_RECORDS)
		return xst_directory_fail(d, XST_E_LIMIT, RULE_LIMIT, "more than %d records",
					  LIMIT_DIRECTORY_RECORDS);
	if (!s)
		s = add_slot(d, kind, id);
	if (!s)
		return xst_directory_io_error(d, ENOMEM, NULL);
	s->state = d->state;
	s->size = 0;
	d->slot = s;
	xst_directory_record_file_name(name, (unsigned)(s - d->slots), kind);
	fd = xst_directory_tree_create(d->records, name);
	return fd < 0 ? xst_directory_io_error(d, -fd, RECORDS_DIR) : fd;
}

int xst_directory_state_emitted(struct directory *d, int fd)
{
	const uint8_t *data;
	size_t n = xst_emitter_output(d->emitter, &data);
	int r = xst_io_write_all(fd, data, n);

	xst_emitter_written(d->emitter);
	d->slot->size += n;
	return xst_directory_result(d, r, RECORDS_DIR);
}

/* --- at the start ----------------------------------------------------------------------------- */

static int write_file(struct directory *d, const char *name, const void *data, size_t n)
{
	int fd = xst_directory_tree_create(d->dir, name),
	    r = fd < 0 ? fd : xst_io_write_all(fd, data, n);

	if (fd >= 0)
		close(fd);
	return xst_directory_result(d, r, name);
}

static int state_file_write_header(struct directory *d, enum xst_kind kind,
				   const struct xst_field_value *v, size_t n)
{
	int fd = xst_directory_state_open(d, kind, 0), r;

	if (fd < 0)
		return fd;
	r = xst_emit_begin(d->emitter, kind, xst_directory_record_row(kind)->fixed);
	if (r == 0)
		r = xst_emit_fields(d->emitter, v, n);
	if (r == 0)
		r = xst_emit_end(d->emitter);
	r = r ? xst_directory_io_error(d, ENOMEM, NULL) : xst_directory_state_emitted(d, fd);
	close(fd);
	return r;
}

/* Lengths and values that follow from other files are filled in when it is read again. */
static int write_xl_header(struct directory *d)
{
	const struct xst_restore_domain *domain = d->domain;
	uint32_t json = domain->config && domain->config_json ? XL_FLAG_JSON : 0;
	struct xst_field_value v[] = {
		{ XST_FIELD_BYTE_ORDER, XL_BYTE_ORDER },
		{ XST_FIELD_MANDATORY_FLAGS,
		  domain->config ? (domain->xl_flags & ~XL_FLAG_JSON) | json : domain->xl_flags },
		{ XST_FIELD_OPTIONAL_FLAGS, domain->xl_optional_flags },
	};

	xst_emitter_big_endian(d->emitter, XST_LAYER_XL, domain->xl_big_endian);
	return state_file_write_header(d, XST_KIND_XL_HEADER, v, 3);
}

/* A text configuration keeps its stored NUL; JSON gets a new one when packed. */
static int write_config(struct directory *d)
{
	const struct xst_restore_domain *domain = d->domain;
	size_t nul = domain->config && domain->config_nul && !domain->config_json;
	int r = 0;

	if (domain->config)
		r = write_file(d, CONFIG_FILE, domain->config, (size_t)domain->config_size + nul);
	if (r == 0 && domain->optional)
		r = write_file(d, OPTIONAL_FILE, domain->optional, (size_t)domain->optional_size);
	if (r == 0 && (domain->xl || domain->config))
		r = write_xl_header(d);
	return r;
}

static int write_libxl_header(struct directory *d)
{
	uint32_t options = d->domain->libxl_options & LIBXL_OPTIONS_KNOWN;
	struct xst_field_value v[] = {
		{ XST_FIELD_IDENT, LIBXL_IDENT },
		{ XST_FIELD_VERSION, LIBXL_VERSION },
		{ XST_FIELD_OPTIONS, options },
	};

	xst_emitter_big_endian(d->emitter, XST_LAYER_LIBXL, options & LIBXL_OPTION_BIG_ENDIAN);
	return state_file_write_header(d, XST_KIND_LIBXL_HEADER, v, 3);
}

int xst_directory_state_prepare(struct directory *d)
{
	int r;

	d->records = xst_directory_tree_enter(d->dir, RECORDS_DIR, true);
	if (d->records < 0)
		return xst_directory_result(d, d->records, RECORDS_DIR);
	r = write_file(d, FORMAT_FILE, FORMAT_TEXT, sizeof(FORMAT_TEXT) - 1);
	if (r == 0)
		r = write_config(d);
	if (r == 0 && d->domain->libxl)
		r = write_libxl_header(d);
	return r ? r
		 : xst_directory_result(d, xst_directory_memory_open(&d->memory, d->dir),
					MEMORY_FILE);
}

/* --- records ---------------------------------------------------------------------------------- */

/* A mark that the following pages were sent before says nothing about the domain. */
static bool has_no_file(enum xst_kind kind)
{
	return kind == XST_KIND_VERIFY;
}

static int state_file_emitted(struct directory *d, int r)
{
	if (r)
		return xst_directory_fail(d, r, RULE_OUTPUT_IO,
					  "%s: a record can't be written", d->path);
	return xst_directory_state_emitted(d, d->file);
}

static int state_file_open_file(struct directory *d, const struct xst_event *ev, uint32_t id)
{
	int fd = xst_directory_state_open(d, ev->kind, id), r;

	if (fd < 0)
		return fd;
	d->file = fd;
	r = xst_emit_begin(d->emitter, ev->kind, UINT32_MAX);
	xst_emitter_written(d->emitter); /* drops its framing: the file's size gives the length */
	return r ? state_file_emitted(d, r) : 0;
}

/* One file holds all page frames. */
static int begin_batch(struct directory *d, const struct xst_event *ev)
{
	int fd;

	xst_directory_memory_begin_batch(&d->memory, ev->u.record.length);
	for (size_t i = 0; i < d->nslots; i++)
		if (d->slots[i].kind == XST_KIND_PAGE_DATA)
			return 0;
	fd = xst_directory_state_open(d, XST_KIND_PAGE_DATA, 0);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void state_file_take_note(struct directory *d, const struct xst_event *ev)
{
	if (ev->kind == XST_KIND_IMAGE_HEADER) {
		d->image_version = (uint32_t)xst_event_field(ev, XST_FIELD_VERSION, 0);
		d->big_endian = xst_event_field(ev, XST_FIELD_OPTIONS, 0) & LIBXC_OPTION_BIG_ENDIAN;
		xst_emitter_big_endian(d->emitter, XST_LAYER_LIBXC, d->big_endian);
	} else if (ev->kind == XST_KIND_DOMAIN_HEADER) {
		d->guest_type = (uint32_t)xst_event_field(ev, XST_FIELD_GUEST_TYPE, 0);
		d->xen_major = (uint32_t)xst_event_field(ev, XST_FIELD_XEN_MAJOR, 0);
		d->xen_minor = (uint32_t)xst_event_field(ev, XST_FIELD_XEN_MINOR, 0);
	}
}

/* Distinguishes records of one kind. */
static uint32_t identity(const struct xst_event *ev)
{
	return (uint32_t)xst_event_field(ev, XST_FIELD_VCPU_ID,
					 xst_event_field(ev, XST_FIELD_FIRST_PFN, 0));
}

static int state_file_fields(struct directory *d, const struct xst_event *ev)
{
	int r;

	state_file_take_note(d, ev);
	r = state_file_open_file(d, ev, identity(ev));
	return r ? r
		 : state_file_emitted(d,
				      xst_emit_fields(d->emitter, ev->u.fields.v, ev->u.fields.n));
}

static int without_fields(struct directory *d, const struct xst_event *ev)
{
	return d->file < 0 ? state_file_open_file(d, ev, 0) : 0;
}

static int state_file_record_end(struct directory *d, const struct xst_event *ev)
{
	int r = without_fields(d, ev);

	if (r)
		return r;
	xst_emitter_abandon(d->emitter);
	close(d->file);
	d->file = -1;
	return 0;
}

static int record_event(struct directory *d, const struct xst_event *ev)
{
	int r;

	switch (ev->type) {
	case XST_EVENT_FIELDS: return state_file_fields(d, ev);
	case XST_EVENT_ITEMS:
		r = without_fields(d, ev);
		return r ? r
			 : state_file_emitted(
				   d, xst_emit_items(d->emitter, ev->u.items.v, ev->u.items.n));
	case XST_EVENT_PAYLOAD_BEGIN: return without_fields(d, ev);
	case XST_EVENT_RECORD_END: return state_file_record_end(d, ev);
	default: return 0;
	}
}

static int types_result(struct directory *d, int r)
{
	if (r == -E2BIG)
		return xst_directory_fail(
			d, XST_E_LIMIT, RULE_LIMIT,
			"page frames in more than %d scattered places: the file of their "
			"types would be far larger than the stream",
			LIMIT_DIRECTORY_JUMPS);
	return xst_directory_result(d, r, PAGES_FILE);
}

static int page_event(struct directory *d, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_RECORD_BEGIN: return begin_batch(d, ev);
	case XST_EVENT_ITEMS:
		return types_result(
			d, xst_directory_memory_items(&d->memory, ev->u.items.v, ev->u.items.n));
	case XST_EVENT_PAYLOAD_BEGIN:
	case XST_EVENT_RECORD_END:
		return types_result(d, xst_directory_memory_end_items(&d->memory));
	default: return 0;
	}
}

int xst_directory_state_event(struct directory *d, const struct xst_event *ev)
{
	if (ev->type == XST_EVENT_STREAM_BEGIN || has_no_file(ev->kind))
		return 0;
	return ev->kind == XST_KIND_PAGE_DATA ? page_event(d, ev) : record_event(d, ev);
}

int xst_directory_state_write(struct directory *d, const void *data, size_t n, size_t *ret_done)
{
	int r;

	if (d->file < 0)
		return xst_directory_result(
			d, xst_directory_memory_write(&d->memory, data, n, ret_done), MEMORY_FILE);
	r = xst_io_write_all(d->file, data, n);
	d->slot->size += n;
	*ret_done = n;
	return xst_directory_result(d, r, RECORDS_DIR);
}

/* Only pages are moved: other records are small. */
int xst_directory_state_move(struct directory *d, int fd, const off_t *offset, uint64_t n,
			     uint64_t *ret_moved)
{
	*ret_moved = 0;
	if (d->file >= 0)
		return 0;
	return xst_directory_result(
		d, xst_directory_memory_move(&d->memory, fd, offset, n, ret_moved), MEMORY_FILE);
}

/* --- at the end ------------------------------------------------------------------------------- */

int xst_directory_state_finish(struct directory *d)
{
	uint64_t last = d->state > 1 ? d->state - 1 : 1;
	char name[RECORD_NAME_MAX];

	for (size_t i = 0; i < d->nslots; i++) {
		struct slot *s = &d->slots[i];

		if (s->state >= last || !(xst_directory_record_row(s->kind)->flags & WIRE_ANEW))
			continue;
		s->dropped = true;
		xst_directory_record_file_name(name, (unsigned)i, s->kind);
		if (unlinkat(d->records, name, 0) < 0)
			return xst_directory_io_error(d, errno, RECORDS_DIR);
	}
	return 0;
}
