/* SPDX-License-Identifier: MIT */
/* Finds values that no Xen accepts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/document.h"
#include "config/keys/kind.h"
#include "config/view.h"
#include "limits/limits.h"

struct check {
	const struct config *c;
	config_complaint_fn fn;
	void *userdata;
	struct key_check found;
};

void xst_config_place_of(const struct config *c, const char *key, unsigned *ret_line,
			 unsigned *ret_column)
{
	const struct cfg_entry *e = c->cfg ? xst_cfg_find(c->cfg, key) : NULL;

	*ret_line = *ret_column = 0;
	if (e)
		xst_config_place(c->cfg->text, c->cfg->settings[e->last].value.begin, ret_line,
				 ret_column);
}

/* Adds the place of its setting to a complaint. */
static void tell_with_place(void *userdata, const char *key, const char *text)
{
	const struct check *check = userdata;
	struct config_complaint c = { 0 };

	snprintf(c.key, sizeof(c.key), "%s", key);
	snprintf(c.text, sizeof(c.text), "%s", text);
	xst_config_place_of(check->c, key, &c.line, &c.column);
	check->fn(check->userdata, &c);
}

/* --- each value ----------------------------------------------------------------------------- */

/* A value that passes its kind's check must also fit into libxl's JSON. */
static void check_meaning(struct check *c, const struct config_key *k, const struct config_value *v)
{
	struct config_value type = { 0 };
	struct config_error err = { 0 };
	json_object *root = json_object_new_object();
	int r = root ? xst_config_value_of(c->c, "type", &type, &err) : XST_E_NOMEM;

	if (r == 0)
		r = xst_key_write(root, xst_key_find("type"), &type,
				  &err); /* checked separately */
	if (r != XST_E_NOMEM)
		r = xst_key_write(root, k, v, &err);
	if (r == XST_E_MALFORMED || (r == XST_E_UNSUPPORTED && k->kind->strict))
		xst_key_complain(&c->found, k->name, "%s", xst_key_after_name(k->name, err.text));
	if (r == 0 && k->kind->check_json)
		k->kind->check_json(&c->found, k, root);
	c->found.no_memory |= r == XST_E_NOMEM;
	xst_config_value_clear(&type);
	json_object_put(root);
}

static void check_value(struct check *c, const struct config_key *k, const struct config_value *v)
{
	int before = c->found.complaints;

	xst_key_check(&c->found, k, v);
	if (c->c->cfg && c->found.complaints == before)
		check_meaning(c, k, v);
}

/* --- values together ------------------------------------------------------------------------ */

/* Two disks that the guest would see as one.  Longer lists are none of people's. */
static void check_twice(struct check *c, const char *key)
{
	struct config_view v;

	if (xst_config_view_read(c->c, &v) != 0) {
		c->found.no_memory = true;
		return;
	}
	for (size_t i = 1; i < v.ndisks && v.ndisks <= LIMIT_COMPARED_DISKS; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(v.disks[i].vdev, v.disks[k].vdev) == 0) {
				xst_key_complain(&c->found, key, "two disks have the name '%.60s'",
						 v.disks[i].vdev);
				break;
			}
	xst_config_view_clear(&v);
}

static uint64_t config_check_number(struct check *c, const char *key)
{
	struct config_value v = { 0 };
	int64_t n = 0;
	int r = xst_config_value_of(c->c, key, &v, NULL);

	if (r == 0)
		(void)xst_key_number(xst_key_find(key), &v, &n, NULL);
	c->found.no_memory |= r == XST_E_NOMEM;
	xst_config_value_clear(&v);
	return n > 0 ? (uint64_t)n : 0;
}

/* builder preceded type; xl accepts both if they agree. */
static void check_builder(struct check *c)
{
	const char *type, *builder;

	if (!c->c->cfg || xst_cfg_get_string(c->c->cfg, "type", &type, NULL) ||
	    xst_cfg_get_string(c->c->cfg, "builder", &builder, NULL) || !*builder)
		return;
	if (strcmp(type, strcmp(builder, "hvm") == 0 ? "hvm" : "pv") != 0)
		xst_key_complain(&c->found, "builder", "'%.60s' contradicts type '%.60s'", builder,
				 type);
}

/* Checks a value against its maximum. */
static void config_check_pair(struct check *c, const char *key, const char *max_key)
{
	uint64_t v = config_check_number(c, key), max = config_check_number(c, max_key);

	if (max && v > max)
		xst_key_complain(&c->found, key, "%" PRIu64 " is above %s (%" PRIu64 ")", v,
				 max_key, max);
}

/* The most that Xen 4.17 gives an HVM guest. */
#define HVM_VCPUS_MAX 128

static void check_hvm_vcpus(struct check *c)
{
	enum config_type type = xst_config_guest_type(c->c);
	static const char *const keys[] = { "vcpus", "maxvcpus" };

	if (type != CONFIG_TYPE_HVM && type != CONFIG_TYPE_PVH)
		return;
	for (int i = 0; i < 2; i++)
		if (config_check_number(c, keys[i]) > HVM_VCPUS_MAX)
			xst_key_complain(&c->found, keys[i],
					 "%" PRIu64
					 " are too many for a guest of type %s: it has at most %d",
					 config_check_number(c, keys[i]),
					 xst_config_type_name(type), HVM_VCPUS_MAX);
}

int xst_config_check(const struct config *c, config_complaint_fn fn, void *userdata)
{
	struct check check = { .c = c, .fn = fn, .userdata = userdata };

	check.found = (struct key_check){ .tell = tell_with_place, .userdata = &check };

	for (size_t i = 0; i < xst_config_keys_count; i++) {
		const struct config_key *k = &xst_config_keys[i];
		struct config_value v = { 0 };
		struct config_error err = { 0 };
		int r;

		if (k->also && !c->cfg)
			continue;
		r = xst_config_value_of(c, k->name, &v, &err);
		if (r == 0)
			check_value(&check, k, &v);
		xst_config_value_clear(&v);
		if (r == XST_E_NOMEM)
			return r;
	}
	config_check_pair(&check, "memory", "maxmem");
	config_check_pair(&check, "vcpus", "maxvcpus");
	check_hvm_vcpus(&check);
	check_builder(&check);
	check_twice(&check, "disk");
	return check.found.no_memory ? XST_E_NOMEM : check.found.complaints;
}
