/* SPDX-License-Identifier: MIT */
/* Values that no Xen takes. */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/devices/disk.h"
#include "config/document.h"
#include "config/json/json.h"
#include "config/devices/vif.h"

struct check {
	const struct config *c;
	config_complaint_fn fn;
	void *userdata;
	int complaints;
	bool no_memory;
};

static void config_check_complain(struct check *k, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void config_check_complain(struct check *k, const char *key, const char *format, ...)
{
	const struct cfg_entry *e = k->c->cfg ? xst_cfg_find(k->c->cfg, key) : NULL;
	struct config_complaint c = { 0 };
	va_list ap;

	snprintf(c.key, sizeof(c.key), "%s", key);
	if (e)
		xst_config_place(k->c->cfg->text, k->c->cfg->settings[e->last].value.begin, &c.line,
				 &c.column);
	va_start(ap, format);
	vsnprintf(c.text, sizeof(c.text), format, ap);
	va_end(ap);
	k->complaints++;
	k->fn(k->userdata, &c);
}

/* --- one value ------------------------------------------------------------------------------ */

static void check_number(struct check *c, const struct config_key *k, const struct config_value *v)
{
	struct config_error err;
	int64_t n;

	if (xst_key_number(k, v, &n, &err)) {
		config_check_complain(c, k->name, "'%.60s' is no number",
				      v->is_list ? "[...]" : v->string);
	} else if (k->wraps && n < 0 && n >= INT32_MIN) {
		return;
	} else if (n < 0 || (uint64_t)n < k->min || (k->max && (uint64_t)n > k->max)) {
		if (k->max)
			config_check_complain(c, k->name,
					      "%" PRId64 " is not between %" PRIu64 " and %" PRIu64,
					      n, k->min, k->max);
		else
			config_check_complain(c, k->name, "%" PRId64 " is below 0", n);
	}
}

static void check_word(struct check *c, const struct config_key *k, const struct config_value *v)
{
	struct text words = { 0 };

	if (!k->words || xst_key_word_find(k, v->string))
		return;
	for (const struct key_word *w = k->words; w->cfg; w++)
		if (!isdigit((unsigned char)*w->cfg))
			xst_text_printf(&words, "%s%s", words.n ? ", " : "", w->cfg);
	config_check_complain(c, k->name, "'%.60s' is none of %s", v->string,
			      words.s ? words.s : "them");
	c->no_memory |= words.failed;
	xst_text_drop(&words);
}

static bool uuid_valid(const char *s)
{
	for (int i = 0; i < 36; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return !s[36];
}

static void config_check_name(struct check *c, const char *key, const char *s)
{
	if (!*s)
		config_check_complain(c, key, "a guest needs a name");
	else if (strchr(s, '/'))
		config_check_complain(c, key, "'%.60s' has a slash in it: files are named after it",
				      s);
	else
		for (; *s; s++)
			if (iscntrl((unsigned char)*s)) {
				config_check_complain(c, key,
						      "a name with a control character in it");
				break;
			}
}

/* QEMU ends at anything else: floppies, disk, CD-ROM and network, of which it tries three. */
static void check_boot(struct check *c, const char *key, const char *s)
{
	static const char devices[] = "abcdn";
	size_t n = strspn(s, devices);
	bool twice = false;

	for (size_t i = 0; i < n; i++)
		twice |= strchr(s + i + 1, s[i]) != NULL;
	if (s[n] || n > 3 || twice)
		config_check_complain(
			c, key, "'%.60s' is not up to three of a, b, c, d and n, each once", s);
}

/* Names of features: xl says what is wrong with them, and goes on without. */
static void check_features(struct check *c, const char *key, const char *s)
{
	bool wrong = strncmp(s, "host", 4) != 0 || (s[4] && s[4] != ',');

	for (s = strchr(s, ','); !wrong && s; s = strchr(s, ',')) {
		size_t name = strcspn(++s, ",="), end = strcspn(s, ",");

		wrong = end && (!name || name + 1 >= end);
	}
	if (wrong)
		config_check_complain(
			c, key, "neither \"host\" and NAME=VALUE, parted by commas, nor a list");
}

static void check_string(struct check *c, const struct config_key *k, const struct config_value *v)
{
	int64_t n;

	switch (k->kind) {
	case KEY_UUID:
		if (!uuid_valid(v->string))
			config_check_complain(c, k->name,
					      "'%.60s' is no UUID: 8-4-4-4-12 hexadecimal digits",
					      v->string);
		break;
	case KEY_WORD:
	case KEY_UNMAPPED:
		check_word(c, k, v);
		break;
	case KEY_BUILDER:
		if (*v->string) /* xl: as if it weren't there */
			check_word(c, k, v);
		break;
	case KEY_CPUID:
		check_features(c, k->name, v->string);
		break;
	case KEY_GFX_PASSTHRU:
		if (xst_key_number(k, v, &n, NULL))
			check_word(c, k, v);
		break;
	case KEY_TYPE:
		if (strcmp(v->string, "pv") != 0 && strcmp(v->string, "hvm") != 0 &&
		    strcmp(v->string, "pvh") != 0)
			config_check_complain(c, k->name, "'%.60s' is none of pv, hvm, pvh",
					      v->string);
		break;
	default:
		if (strcmp(k->name, "name") == 0)
			config_check_name(c, k->name, v->string);
		else if (strcmp(k->name, "boot") == 0)
			check_boot(c, k->name, v->string);
	}
}

/* A complaint names its key already. */
static const char *behind_key(const char *key, const char *text)
{
	size_t n = strlen(key);

	return strncmp(text, key, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text;
}

/* --- devices -------------------------------------------------------------------------------- */

static void check_disk(struct check *c, const char *key, const char *spec)
{
	struct config_error err = { 0 };
	struct config_disk d;
	int r = xst_config_disk_parse(spec, &d, &err);

	if (r == XST_E_MALFORMED)
		config_check_complain(c, key, "%s", behind_key(key, err.text));
	c->no_memory |= r == XST_E_NOMEM;
	if (r)
		return;
	if (!xst_config_vdev_valid(d.vdev))
		config_check_complain(
			c, key,
			"'%.60s' is no virtual disk: there are xvda, sda, hda to hdd, d0p0 and "
			"their like",
			d.vdev);
	xst_config_disk_clear(&d);
}

/* Two disks that the guest would see as one.  Longer lists are none of people's. */
#define MANY_DISKS 256

static void check_twice(struct check *c, const char *key)
{
	struct config_view v;

	if (xst_config_view_read(c->c, &v) != 0) {
		c->no_memory = true;
		return;
	}
	for (size_t i = 1; i < v.ndisks && v.ndisks <= MANY_DISKS; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(v.disks[i].vdev, v.disks[k].vdev) == 0) {
				config_check_complain(c, key, "two disks are '%.60s'",
						      v.disks[i].vdev);
				break;
			}
	xst_config_view_clear(&v);
}

static void check_vif(struct check *c, const char *key, const char *spec)
{
	struct config_error err = { 0 };
	struct config_vif v;
	int r = xst_config_vif_parse(spec, &v, &err);

	if (r == XST_E_MALFORMED)
		config_check_complain(c, key, "%s", behind_key(key, err.text));
	c->no_memory |= r == XST_E_NOMEM;
	if (r)
		return;
	/* COLO's parameters are known to some builds of xl only */
	if (v.rest && strncmp(v.rest, "colo", 4) != 0)
		config_check_complain(c, key, "'%.60s' is no parameter of an interface", v.rest);
	xst_config_vif_clear(&v);
}

static void check_list(struct check *c, const struct config_key *k, const struct config_value *v)
{
	if (!v->is_list) {
		config_check_complain(c, k->name, "one value, where a list in brackets should be");
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i].is_list && k->kind != KEY_OTHER_LIST)
			config_check_complain(c, k->name, "a list in the list");
		else if (k->kind == KEY_DISKS)
			check_disk(c, k->name, v->items[i].string);
		else if (k->kind == KEY_VIFS)
			check_vif(c, k->name, v->items[i].string);
		else if (k->kind == KEY_NUMBERS)
			check_number(c, k, &v->items[i]);
		else if (!v->items[i].is_list)
			check_word(c, k, &v->items[i]);
	}
}

/* --- all ------------------------------------------------------------------------------------ */

/* Kinds that are a list or one value, as it pleases. */
static bool takes_both(const struct config_key *k)
{
	switch (k->kind) {
	case KEY_STRING_OR_LIST: case KEY_ARGUMENTS: case KEY_AFFINITY: case KEY_VIRIDIAN:
	case KEY_CPUID: case KEY_PCI_FLAG: case KEY_UNMAPPED:
		return true;
	default:
		return false;
	}
}

/* xl passes over what it doesn't know of a framebuffer, and ends at that of other devices. */
static bool is_refused(const struct config_key *k, int r)
{
	return r == XST_E_MALFORMED || (r == XST_E_UNSUPPORTED && k->kind == KEY_DEVICES &&
					strcmp(k->name, "vfb") != 0);
}

static void check_part(struct check *c, const struct config_key *k, size_t i, json_object *device,
		       const struct config_key *part)
{
	struct config_key said = *part;
	struct config_value v = { 0 };
	int r;

	said.absent = NULL; /* xl wants to be told what libxl would fill in */
	r = part->needed ? xst_key_read(device, &said, &v, NULL) : 0;

	if (r && r != XST_E_NOMEM)
		config_check_complain(c, k->name, "device %zu: no %s", i, part->name);
	c->no_memory |= r == XST_E_NOMEM;
	xst_config_value_clear(&v);
}

/* What is written of each device must say what xl wants to know. */
static void check_parts(struct check *c, const struct config_key *k, json_object *root)
{
	json_object *list;
	int r = xst_json_path_get(root, k->path, &list, NULL);

	c->no_memory |= r == XST_E_NOMEM;
	if (r)
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		for (const struct config_key *part = k->parts; part->name; part++)
			check_part(c, k, i, json_object_array_get_idx(list, i), part);
}

/* What has no check of its own means something if libxl's JSON has a place for it. */
static void check_meaning(struct check *c, const struct config_key *k, const struct config_value *v)
{
	const struct config_key *type = xst_config_key_find("type");
	struct config_value guest = { 0 };
	struct config_error err = { 0 };
	json_object *root = json_object_new_object();
	int r = root ? xst_config_value_of(c->c, type->name, &guest, &err) : XST_E_NOMEM;

	if (r == 0)
		r = xst_key_write(root, type, &guest, &err); /* judged by itself */
	if (r != XST_E_NOMEM)
		r = xst_key_write(root, k, v, &err);
	if (is_refused(k, r))
		config_check_complain(c, k->name, "%s", behind_key(k->name, err.text));
	if (r == 0 && k->kind == KEY_DEVICES)
		check_parts(c, k, root);
	c->no_memory |= r == XST_E_NOMEM;
	xst_config_value_clear(&guest);
	json_object_put(root);
}

static void check_value(struct check *c, const struct config_key *k, const struct config_value *v)
{
	int before = c->complaints;

	if (xst_config_key_is_list(k))
		check_list(c, k, v);
	else if (v->is_list && !takes_both(k))
		config_check_complain(c, k->name, "a list, where one value should be");
	else if (xst_config_key_is_number(k))
		check_number(c, k, v);
	else if (!v->is_list)
		check_string(c, k, v);
	if (c->c->cfg && c->complaints == before && k->kind != KEY_DISKS && k->kind != KEY_VIFS)
		check_meaning(c, k, v);
}

static uint64_t config_check_number(struct check *c, const char *key)
{
	struct config_value v = { 0 };
	int64_t n = 0;
	int r = xst_config_value_of(c->c, key, &v, NULL);

	if (r == 0)
		(void)xst_key_number(xst_config_key_find(key), &v, &n, NULL);
	c->no_memory |= r == XST_E_NOMEM;
	xst_config_value_clear(&v);
	return n > 0 ? (uint64_t)n : 0;
}

/* builder is what there was before type; xl takes both where they say the same. */
static void check_builder(struct check *c)
{
	const char *type, *builder;

	if (!c->c->cfg || xst_cfg_get_string(c->c->cfg, "type", &type, NULL) ||
	    xst_cfg_get_string(c->c->cfg, "builder", &builder, NULL) || !*builder)
		return;
	if (strcmp(type, strcmp(builder, "hvm") == 0 ? "hvm" : "pv") != 0)
		config_check_complain(c, "builder", "'%.60s' contradicts type, '%.60s'", builder,
				      type);
}

/* A value and its maximum. */
static void config_check_pair(struct check *c, const char *key, const char *max_key)
{
	uint64_t v = config_check_number(c, key), max = config_check_number(c, max_key);

	if (max && v > max)
		config_check_complain(c, key, "%" PRIu64 " is above %s, %" PRIu64, v, max_key, max);
}

/* An HVM guest has at most this many in Xen 4.17. */
#define HVM_VCPUS_MAX 128

static void check_hvm_vcpus(struct check *c)
{
	enum config_type type = xst_config_guest_type(c->c);
	static const char *const keys[] = { "vcpus", "maxvcpus" };

	if (type != CONFIG_TYPE_HVM && type != CONFIG_TYPE_PVH)
		return;
	for (int i = 0; i < 2; i++)
		if (config_check_number(c, keys[i]) > HVM_VCPUS_MAX)
			config_check_complain(
				c, keys[i],
				"%" PRIu64
				" are too many for a guest of type %s: it has at most %d",
				config_check_number(c, keys[i]), xst_config_type_name(type),
				HVM_VCPUS_MAX);
}

int xst_config_check(const struct config *c, config_complaint_fn fn, void *userdata)
{
	struct check check = { .c = c, .fn = fn, .userdata = userdata };

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
	return check.no_memory ? XST_E_NOMEM : check.complaints;
}
