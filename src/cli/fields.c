/* SPDX-License-Identifier: MIT */
/* The decoded contents of a record, as text and as JSON. */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_ITEMS 16 /* of an array, in words, unless --all */
#define JSON_ITEMS 4096 /* the same in JSON; a record may hold millions, too many for memory */

void xst_cli_view_begin(struct record_view *v, bool json, bool all)
{
	memset(v, 0, sizeof(*v));
	v->json = json;
	v->all = all;
	v->first_pfn = UINT64_MAX;
	if (json)
		v->object = json_object_new_object();
	else
		v->stream = open_memstream(&v->text, &v->text_size);
}

void xst_cli_view_end(struct record_view *v)
{
	if (v->stream)
		fclose(v->stream);
	free(v->text);
	json_object_put(v->object);
	memset(v, 0, sizeof(*v));
}

static void fields_word(struct record_view *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void fields_word(struct record_view *v, const char *format, ...)
{
	va_list ap;

	if (ftell(v->stream) > 0)
		fputc(' ', v->stream);
	va_start(ap, format);
	vfprintf(v->stream, format, ap);
	va_end(ap);
}

/* Prints printable bytes as they are and others as %NN: a terminal must not obey them, and tables use the
 * backslash for themselves. */
static void fields_quoted(FILE *to, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] >= ' ' && s[i] <= '~' && s[i] != '%')
			fputc(s[i], to);
		else
			fprintf(to, "%%%02x", (unsigned char)s[i]);
}

static bool in_hex(enum xst_field id)
{
	return id == XST_FIELD_IDENT || id == XST_FIELD_MARKER || id == XST_FIELD_BYTE_ORDER ||
	       id == XST_FIELD_XFEATURE_MASK || id == XST_FIELD_MANDATORY_FLAGS ||
	       id == XST_FIELD_OPTIONAL_FLAGS || id == XST_FIELD_OPTIONS || id == XST_FIELD_FLAGS ||
	       id == XST_FIELD_FIRST_PFN || id == XST_FIELD_LAST_PFN || id == XST_FIELD_P2M_SIZE;
}

static void print_fields(struct record_view *v, const struct xst_event *ev)
{
	for (size_t i = 0; i < ev->u.fields.n; i++) {
		const struct xst_field_value *f = &ev->u.fields.v[i];

		if (f->id == XST_FIELD_RESERVED || f->id == XST_FIELD_MARKER)
			continue;
		if (v->json)
			json_object_object_add(v->object, xst_field_name(f->id),
					       xst_cli_json_u64(f->value));
		else if (f->id == XST_FIELD_EMULATOR_ID)
			fields_word(v, "%s=\"%s\"", xst_field_name(f->id), xst_emulator_name(f->value));
		else
			fields_word(v, in_hex(f->id) ? "%s=%#" PRIx64 : "%s=%" PRIu64,
				    xst_field_name(f->id), f->value);
	}
}

/* --- arrays --------------------------------------------------------------------------------- */

static const char *array_name(enum xst_items kind)
{
	switch (kind) {
	case XST_ITEMS_PAGES:         return "entries";
	case XST_ITEMS_P2M_FRAMES:    return "p2m_frames";
	case XST_ITEMS_UNMAPPED_PFNS: return "pfns";
	case XST_ITEMS_DIRTY_PFNS:    return "pfns";
	case XST_ITEMS_HVM_PARAMS:    return "params";
	case XST_ITEMS_CPUID:         return "leaves";
	case XST_ITEMS_MSRS:          return "msrs";
	case XST_ITEMS_VCPU_MAP:      return "online";
	}
	return "items";
}

static void to_array(struct record_view *v, const char *name, json_object *o)
{
	json_object *a;

	if (v->shown++ >= JSON_ITEMS && !v->all) {
		v->omitted++;
		json_object_put(o);
		return;
	}
	if (!json_object_object_get_ex(v->object, name, &a)) {
		a = json_object_new_array();
		json_object_object_add(v->object, name, a);
	}
	json_object_array_add(a, o);
}

static json_object *numbers(const uint64_t *n, unsigned width)
{
	json_object *a;

	if (width == 1)
		return xst_cli_json_u64(n[0]);
	a = json_object_new_array();
	for (unsigned i = 0; i < width; i++)
		json_object_array_add(a, xst_cli_json_u64(n[i]));
	return a;
}

static json_object *hvm_param(const uint64_t *n)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "index", xst_cli_json_u64(n[0]));
	json_object_object_add(o, "name", json_object_new_string(xst_hvm_param_name(n[0])));
	json_object_object_add(o, "value", xst_cli_json_u64(n[1]));
	return o;
}

static void item_json(struct record_view *v, enum xst_items kind, const uint64_t *n, unsigned width)
{
	to_array(v, array_name(kind), kind == XST_ITEMS_HVM_PARAMS ? hvm_param(n) : numbers(n, width));
}

static void item_words(struct record_view *v, enum xst_items kind, const uint64_t *n)
{
	if (v->shown++ == SHOWN_ITEMS && !v->all)
		fields_word(v, "...");
	if (v->shown > SHOWN_ITEMS && !v->all)
		return;
	switch (kind) {
	case XST_ITEMS_HVM_PARAMS:
		fields_word(v, "%s=%#" PRIx64, xst_hvm_param_name(n[0]), n[1]);
		break;
	case XST_ITEMS_CPUID:
		fields_word(v, "%" PRIx64 ":%" PRIx64, n[0], n[1] == UINT32_MAX ? 0 : n[1]);
		break;
	case XST_ITEMS_MSRS:
		fields_word(v, "%#" PRIx64 "=%#" PRIx64, n[0], n[2]);
		break;
	default:
		fields_word(v, "%#" PRIx64, n[0]);
	}
}

/* "0-3,7": a run that may continue is kept in v->run_first. */
static void close_run(struct record_view *v)
{
	if (!v->run_length)
		return;
	fprintf(v->stream, "%s%" PRIu64, v->shown++ ? "," : " online=", v->run_first);
	if (v->run_length > 1)
		fprintf(v->stream, "-%" PRIu64, v->run_first + v->run_length - 1);
	v->run_length = 0;
}

static void fields_vcpu(struct record_view *v, uint64_t id, bool is_online)
{
	if (v->json) {
		if (is_online)
			to_array(v, array_name(XST_ITEMS_VCPU_MAP), xst_cli_json_u64(id));
	} else if (!is_online) {
		close_run(v);
	} else {
		if (!v->run_length)
			v->run_first = id;
		v->run_length++;
	}
}

static void fields_online(struct record_view *v, const struct xst_event *ev)
{
	for (size_t i = 0; i < ev->u.items.n; i++)
		for (unsigned bit = 0; bit < 64; bit++)
			fields_vcpu(v, (ev->u.items.first + i) * 64 + bit,
				    ev->u.items.v[i] >> bit & 1);
	if (!v->json)
		close_run(v);
}

static void page_json(struct record_view *v, uint64_t entry)
{
	json_object *a = json_object_new_array();

	json_object_array_add(a, xst_cli_json_u64(XST_PAGE_PFN(entry)));
	json_object_array_add(a, json_object_new_string(xst_page_type_name(XST_PAGE_TYPE(entry))));
	to_array(v, array_name(XST_ITEMS_PAGES), a);
}

static void fields_pages(struct record_view *v, const struct xst_event *ev)
{
	for (size_t i = 0; i < ev->u.items.n; i++) {
		uint64_t entry = ev->u.items.v[i], pfn = XST_PAGE_PFN(entry);

		v->frames++;
		v->data_pages += XST_PAGE_HAS_DATA(XST_PAGE_TYPE(entry));
		v->types[XST_PAGE_TYPE(entry)]++;
		v->first_pfn = pfn < v->first_pfn ? pfn : v->first_pfn;
		v->last_pfn = pfn > v->last_pfn ? pfn : v->last_pfn;
		if (v->json && v->all)
			page_json(v, entry);
	}
}

static void fields_items(struct record_view *v, const struct xst_event *ev)
{
	if (ev->u.items.kind == XST_ITEMS_PAGES) {
		fields_pages(v, ev);
		return;
	}
	if (ev->u.items.kind == XST_ITEMS_VCPU_MAP) {
		fields_online(v, ev);
		return;
	}
	for (size_t i = 0; i < ev->u.items.n; i++)
		if (v->json)
			item_json(v, ev->u.items.kind, ev->u.items.v + i * ev->u.items.width,
				  ev->u.items.width);
		else
			item_words(v, ev->u.items.kind, ev->u.items.v + i * ev->u.items.width);
}

static void fields_pair(struct record_view *v, const struct xst_event *ev)
{
	json_object *o;

	if (!v->json) {
		fields_word(v, "%s", "");
		fields_quoted(v->stream, ev->u.pair.key, ev->u.pair.key_len);
		fputc('=', v->stream);
		fields_quoted(v->stream, ev->u.pair.value, ev->u.pair.value_len);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "key", xst_cli_json_text(ev->u.pair.key, ev->u.pair.key_len));
	json_object_object_add(o, "value",
			       xst_cli_json_text(ev->u.pair.value, ev->u.pair.value_len));
	to_array(v, "xenstore", o);
}

static void fields_physmap(struct record_view *v, const struct xst_event *ev)
{
	json_object *o;

	if (!v->json) {
		fields_word(v, "%#" PRIx64 "->%#" PRIx64 "+%#" PRIx64 "(",
			    ev->u.physmap.phys_offset, ev->u.physmap.start_addr,
			    ev->u.physmap.size);
		fields_quoted(v->stream, ev->u.physmap.name, ev->u.physmap.name_len);
		fputc(')', v->stream);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "phys_offset", xst_cli_json_u64(ev->u.physmap.phys_offset));
	json_object_object_add(o, "start_addr", xst_cli_json_u64(ev->u.physmap.start_addr));
	json_object_object_add(o, "size", xst_cli_json_u64(ev->u.physmap.size));
	if (ev->u.physmap.name_len)
		json_object_object_add(
			o, "name", xst_cli_json_text(ev->u.physmap.name, ev->u.physmap.name_len));
	to_array(v, "physmap", o);
}

void xst_cli_view_event(struct record_view *v, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_FIELDS:  print_fields(v, ev); break;
	case XST_EVENT_ITEMS:   fields_items(v, ev); break;
	case XST_EVENT_PAIR:    fields_pair(v, ev); break;
	case XST_EVENT_PHYSMAP: fields_physmap(v, ev); break;
	default: break;
	}
}

static void pages_json(struct record_view *v)
{
	json_object *types = json_object_new_object();

	json_object_object_add(v->object, "count", xst_cli_json_u64(v->frames));
	json_object_object_add(v->object, "pages", xst_cli_json_u64(v->data_pages));
	if (v->frames) {
		json_object_object_add(v->object, "first_pfn", xst_cli_json_u64(v->first_pfn));
		json_object_object_add(v->object, "last_pfn", xst_cli_json_u64(v->last_pfn));
	}
	for (unsigned t = 0; t < 16; t++)
		if (v->types[t])
			json_object_object_add(types, xst_page_type_name(t),
					       xst_cli_json_u64(v->types[t]));
	json_object_object_add(v->object, "types", types);
}

void xst_cli_view_pages(struct record_view *v)
{
	if (v->json) {
		pages_json(v);
		return;
	}
	rewind(v->stream);
	fields_word(v, "count=%" PRIu64, v->frames);
	if (v->frames)
		fields_word(v, "pfns=%#" PRIx64 "-%#" PRIx64, v->first_pfn, v->last_pfn);
	for (unsigned t = 0; t < 16; t++)
		if (v->types[t])
			fields_word(v, "%s=%" PRIu64, xst_page_type_name(t), v->types[t]);
}
