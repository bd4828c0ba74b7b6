/* SPDX-License-Identifier: MIT */
/* The decoded guest as JSON. */
#include "cli/guest_view.h"

#include <stdlib.h>
#include <string.h>

static json_object *json_member(json_object *o, const char *name, json_object *(*make)(void))
{
	json_object *m;

	if (json_object_object_get_ex(o, name, &m))
		return m;
	m = make();
	json_object_object_add(o, name, m);
	return m;
}

/* The object at an index; elements come in order. */
static json_object *json_element(json_object *array, size_t index)
{
	if (!json_object_array_get_idx(array, index))
		json_object_array_put_idx(array, index, json_object_new_object());
	return json_object_array_get_idx(array, index);
}

/* "channel[1].count" stands in an object in an array. */
static void put_path(json_object *o, const char *name, json_object *value)
{
	char first[64];
	size_t n = strcspn(name, "[.");
	char *rest;
	json_object *array;
	size_t index;

	snprintf(first, sizeof(first), "%.*s", (int)n, name);
	if (!name[n]) {
		json_object_object_add(o, first, value);
		return;
	}
	if (name[n] == '.') {
		put_path(json_member(o, first, json_object_new_object), name + n + 1, value);
		return;
	}
	index = strtoul(name + n + 1, &rest, 10);
	array = json_member(o, first, json_object_new_array);
	if (strcmp(rest, "]") == 0)
		json_object_array_add(array, value);
	else
		put_path(json_element(array, index), rest + 2, value);
}

static json_object *hex_json(const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * n + 1);
	json_object *o;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[p[i] >> 4];
		text[2 * i + 1] = digits[p[i] & 15];
	}
	text[2 * n] = '\0';
	o = json_object_new_string(text);
	free(text);
	return o;
}

static void put_field(json_object *o, const struct xst_state_field *f)
{
	char name[64];

	if (f->kind == XST_VALUE_BYTES) {
		put_path(o, f->name, hex_json(f->data, f->n));
		return;
	}
	put_path(o, f->name,
		 f->kind == XST_VALUE_SIGNED ? json_object_new_int64((int64_t)f->value)
					     : xst_cli_json_u64(f->value));
	if (f->kind == XST_VALUE_MSR && xst_msr_name((uint32_t)f->value)) {
		snprintf(name, sizeof(name), "%.*sname", (int)(strrchr(f->name, '.') + 1 - f->name),
			 f->name);
		put_path(o, name, json_object_new_string(xst_msr_name((uint32_t)f->value)));
	}
}

static json_object *block_fields_json(const struct xst_block *b, struct guest_budget *budget)
{
	json_object *o = json_object_new_object();
	struct xst_state_field f = { .size = sizeof(f) };
	struct xst_field_cursor at = { 0 };

	while (xst_block_field(b, &at, &f) == 0) {
		uint64_t cost = 1 + f.n / 64;

		if (f.kind == XST_VALUE_RESERVED && !f.value)
			continue;
		if (cost > budget->left) {
			budget->omitted++;
			continue;
		}
		budget->left -= cost;
		put_field(o, &f);
	}
	return o;
}

json_object *xst_cli_block_json(const struct xst_block *b, struct guest_budget *budget)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(b->name));
	if (b->kind == XST_BLOCK_HVM)
		json_object_object_add(o, "type", xst_cli_json_u64(b->type));
	json_object_object_add(o, b->flags & XST_BLOCK_OF_VCPU ? "vcpu" : "instance",
			       xst_cli_json_u64(b->instance));
	json_object_object_add(o, "offset", xst_cli_json_u64(b->offset));
	json_object_object_add(o, "length", xst_cli_json_u64(b->length));
	if (b->flags & XST_BLOCK_CUT)
		json_object_object_add(o, "cut_off", json_object_new_boolean(true));
	if (b->flags & XST_BLOCK_TRUNCATED)
		json_object_object_add(o, "kept", xst_cli_json_u64(b->n));
	json_object_object_add(o, "fields", block_fields_json(b, budget));
	return o;
}

json_object *xst_cli_registers_json(const struct xst_state *s, uint32_t vcpu)
{
	json_object *o = json_object_new_object();
	uint64_t v;

	for (int reg = XST_REG_NONE + 1; reg < XST_REG_MAX; reg++)
		if (xst_state_register(s, vcpu, (enum xst_register)reg, &v) == 0)
			json_object_object_add(o, xst_register_name((enum xst_register)reg),
					       xst_cli_json_u64(v));
	return o;
}

/* --- a whole state -------------------------------------------------------------------------- */

static json_object *blocks_json(const struct xst_state *s, uint32_t vcpu,
				struct guest_budget *budget)
{
	json_object *a = json_object_new_array();
	struct xst_block b = { .size = sizeof(b) };

	for (size_t i = 0; xst_state_block(s, i, &b) == 0; i++)
		if (vcpu == UINT32_MAX || ((b.flags & XST_BLOCK_OF_VCPU) && b.instance == vcpu)) {
			if (budget->left)
				json_object_array_add(a, xst_cli_block_json(&b, budget));
			else
				budget->omitted++;
		}
	return a;
}

json_object *xst_cli_vcpus_json(const struct xst_state *s, uint32_t vcpu)
{
	json_object *a = json_object_new_array();
	uint32_t id;

	for (size_t i = 0; xst_state_vcpu(s, i, &id) == 0; i++) {
		json_object *o;

		if (vcpu != UINT32_MAX && vcpu != id)
			continue;
		o = json_object_new_object();
		json_object_object_add(o, "id", xst_cli_json_u64(id));
		json_object_object_add(o, "registers", xst_cli_registers_json(s, id));
		json_object_array_add(a, o);
	}
	return a;
}

static void tsc_json(json_object *o, const struct xst_state *s)
{
	struct xst_tsc_info tsc;
	json_object *t;

	if (xst_state_tsc(s, &tsc))
		return;
	t = json_object_new_object();
	json_object_object_add(t, "mode", xst_cli_json_u64(tsc.mode));
	json_object_object_add(t, "khz", xst_cli_json_u64(tsc.khz));
	json_object_object_add(t, "nsec", xst_cli_json_u64(tsc.nsec));
	json_object_object_add(t, "incarnation", xst_cli_json_u64(tsc.incarnation));
	json_object_object_add(o, "tsc", t);
}

static json_object *params_json(const struct xst_state *s)
{
	json_object *o = json_object_new_object();
	uint64_t v;

	for (uint32_t i = 0; i < XST_STATE_PARAMS; i++) {
		char number[16];
		const char *name = xst_hvm_param_name(i);

		if (xst_state_hvm_param(s, i, &v))
			continue;
		snprintf(number, sizeof(number), "%u", i);
		json_object_object_add(o, strcmp(name, "unknown") == 0 ? number : name,
				       xst_cli_json_u64(v));
	}
	return o;
}

json_object *xst_cli_guest_json(const char *file, const struct xst_state *s, uint32_t vcpu)
{
	struct guest_budget budget = { .left = GUEST_JSON_FIELDS };
	json_object *o = json_object_new_object();

	json_object_object_add(o, "schema", json_object_new_string("xenstream-cpu/1"));
	json_object_object_add(o, "file", xst_cli_json_text(file, strlen(file)));
	json_object_object_add(o, "guest", json_object_new_string(xst_cli_guest_name(s)));
	if (xst_state_guest_width(s)) {
		json_object_object_add(o, "guest_bits",
				       xst_cli_json_u64(xst_state_guest_width(s) * 8));
		json_object_object_add(o, "pt_levels", xst_cli_json_u64(xst_state_pt_levels(s)));
	}
	json_object_object_add(o, "complete", json_object_new_boolean(xst_state_is_complete(s)));
	json_object_object_add(o, "checkpoints", xst_cli_json_u64(xst_state_checkpoints(s)));
	json_object_object_add(o, "vcpus", xst_cli_vcpus_json(s, vcpu));
	tsc_json(o, s);
	if (xst_state_guest(s) == XST_GUEST_HVM)
		json_object_object_add(o, "hvm_params", params_json(s));
	json_object_object_add(o, "blocks", blocks_json(s, vcpu, &budget));
	if (budget.omitted + xst_state_dropped(s))
		json_object_object_add(o, "omitted",
				       xst_cli_json_u64(budget.omitted + xst_state_dropped(s)));
	return o;
}
