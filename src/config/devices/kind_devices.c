/* SPDX-License-Identifier: MIT */
/* Lists of devices: a specification each in xl.cfg, an object each in JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/json/json.h"
#include "config/keys/key.h"

int xst_key_write_list(json_object *root, const struct config_key *k, const struct config_value *v,
		       device_to_json *one, struct config_error *err)
{
	json_object *a = json_object_new_array();
	int r = a ? 0 : XST_E_NOMEM;

	if (r == 0 && !v->is_list)
		r = xst_key_wrong(k, "one value, where a list in brackets should be", err);
	for (size_t i = 0; r == 0 && i < v->n; i++) {
		json_object *o = json_object_new_object();

		if (v->items[i].is_list)
			r = xst_key_wrong(k, "a list in the list", err);
		else
			r = o ? one(k, v->items[i].string, i, o, err) : XST_E_NOMEM;
		if (r == 0 && json_object_array_add(a, o) == 0)
			continue;
		json_object_put(o);
		r = r ? r : XST_E_NOMEM;
	}
	if (r == 0)
		return xst_key_put(root, k->path, a, err);
	json_object_put(a);
	return r;
}

int xst_key_read_list(json_object *root, const struct config_key *k, struct config_value *ret,
		      device_from_json *one, struct config_error *err)
{
	struct config_value list = { .is_list = true };
	json_object *a;
	int r = xst_key_list_at(root, k, &a, err);

	if (r)
		return r;
	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++) {
		char *spec = NULL;

		r = one(k, json_object_array_get_idx(a, i), i, &spec, err);
		if (r == 0 && !xst_config_value_add_string(&list, spec))
			r = XST_E_NOMEM;
		free(spec);
	}
	return xst_key_return_list(ret, &list, r);
}

static int devices_key_add(json_object *o, const char *name, json_object *v)
{
	if (v && json_object_object_add(o, name, v) == 0)
		return 0;
	json_object_put(v);
	return XST_E_NOMEM;
}

static int add_string(json_object *o, const char *name, const char *s)
{
	return s ? devices_key_add(o, name, json_object_new_string(s)) : 0;
}

static int add_truth(json_object *o, const char *name, int flag)
{
	return flag < 0 ? 0
			: devices_key_add(o, name, json_object_new_string(flag ? "True" : "False"));
}

static int copy_string(json_object *o, const char *name, char **to)
{
	json_object *v;
	const char *s;

	if (!json_object_object_get_ex(o, name, &v) || !v)
		return 0;
	s = json_object_get_string(v);
	*to = s ? strdup(s) : NULL;
	return *to ? 0 : XST_E_NOMEM;
}

static int flag_of(json_object *o, const char *name)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) ? xst_key_truth(v) : -1;
}

static int64_t devices_key_number_of(json_object *o, const char *name, int64_t absent)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_int64(v) : absent;
}

/* --- disks ---------------------------------------------------------------------------------- */

/* What a specification says.  "trusted" has a word in the manual, but libxlutil of Xen 4.17 refuses
 * that. */
const char *const xst_key_disk_members[] = {
	"pdev_path", "vdev", "format", "script", "backend_domname", "backend", "specification",
	"removable", "readwrite", "is_cdrom", "direct_io_safe", "discard_enable",
	"colo_enable", "colo_host", "colo_port", "colo_export", "active_disk", "hidden_disk",
	/* what libxl itself fills in */
	"backend_domid", "colo_restore_enable", NULL
};

/* What a disk without a word of it is: raw, unless it is an empty drive. */
static const char *disk_format(const struct config_disk *d)
{
	return !d->target ? "empty" : d->format ? d->format : "raw";
}

static int disk_strings(json_object *o, struct config_disk *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < xst_config_disk_strings_count; i++) {
		const struct config_disk_string *s = &xst_config_disk_strings[i];
		const char *v = *xst_config_disk_string_of(d, s);

		if (strcmp(s->member, "format") == 0)
			v = disk_format(d);
		if (strcmp(s->member, "colo_port") == 0 && v)
			r = devices_key_add(o, s->member,
					    json_object_new_int((int)strtol(v, NULL, 10)));
		else
			r = add_string(o, s->member, v);
	}
	return r;
}

static int disk_object(json_object *o, struct config_disk *d)
{
	int r = disk_strings(o, d);

	if (r == 0 && d->cdrom)
		r = devices_key_add(o, "removable", json_object_new_int(1));
	if (r == 0 && !d->readonly)
		r = devices_key_add(o, "readwrite", json_object_new_int(1));
	if (r == 0 && d->cdrom)
		r = devices_key_add(o, "is_cdrom", json_object_new_int(1));
	if (r == 0 && d->direct_io_safe)
		r = devices_key_add(o, "direct_io_safe", json_object_new_boolean(true));
	if (r == 0 && d->colo)
		r = add_truth(o, "colo_enable", 1);
	for (size_t i = 0; r == 0 && i < xst_config_disk_flags_count; i++)
		r = add_truth(o, xst_config_disk_flags[i].member,
			      *xst_config_disk_flag_of(d, &xst_config_disk_flags[i]));
	return r;
}

static int disk_to_json(const struct config_key *k, const char *spec, size_t index, json_object *o,
			struct config_error *err)
{
	struct config_disk d;
	int r = xst_config_disk_parse(spec, &d, err);

	(void)k;
	(void)index;
	if (r)
		return r;
	r = disk_object(o, &d);
	xst_config_disk_clear(&d);
	return r;
}

static int read_disk(json_object *o, struct config_disk *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < xst_config_disk_strings_count; i++)
		r = copy_string(o, xst_config_disk_strings[i].member,
				xst_config_disk_string_of(d, &xst_config_disk_strings[i]));
	if (d->format && strcmp(d->format, "empty") == 0) {
		free(d->format);
		d->format = NULL;
	}
	d->readonly = devices_key_number_of(o, "readwrite", 0) == 0;
	d->cdrom = devices_key_number_of(o, "is_cdrom", 0) != 0;
	d->direct_io_safe = flag_of(o, "direct_io_safe") == 1;
	d->colo = flag_of(o, "colo_enable") == 1;
	for (size_t i = 0; i < xst_config_disk_flags_count; i++)
		*xst_config_disk_flag_of(d, &xst_config_disk_flags[i]) = flag_of(
			o, xst_config_disk_flags[i].member);
	return r;
}

static int disk_from_json(const struct config_key *k, json_object *o, size_t index, char **ret_spec,
			  struct config_error *err)
{
	struct config_disk d;
	int r;

	(void)index;
	if (!json_object_is_type(o, json_type_object))
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: a disk that is no object",
					 k->name);
	xst_config_disk_init(&d);
	r = read_disk(o, &d);
	d.trusted = -1;
	if (r == 0) {
		*ret_spec = xst_config_disk_print(&d);
		r = *ret_spec ? 0 : XST_E_NOMEM;
	}
	xst_config_disk_clear(&d);
	return r;
}

int xst_key_write_disks(json_object *root, const struct config_key *k, const struct config_value *v,
			struct config_error *err)
{
	return xst_key_write_list(root, k, v, disk_to_json, err);
}

int xst_key_read_disks(json_object *root, const struct config_key *k, struct config_value *ret,
		       struct config_error *err)
{
	return xst_key_read_list(root, k, ret, disk_from_json, err);
}

/* --- network interfaces --------------------------------------------------------------------- */

const char *const xst_key_vif_members[] = { "backend_domname", "devid", "mtu", "model", "mac", "ip",
					"bridge", "ifname", "script", "nictype",
					"rate_bytes_per_interval", "rate_interval_usecs",
					"gatewaydev", "trusted",
					/* what libxl itself fills in */
					"backend_domid", NULL };

/* Six groups of two small digits, as libxl writes them. */
static int add_mac(json_object *o, const char *mac)
{
	unsigned b[6];
	char text[18];

	if (!mac || sscanf(mac, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
		return 0;
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", b[0] & 0xff, b[1] & 0xff,
		 b[2] & 0xff, b[3] & 0xff, b[4] & 0xff, b[5] & 0xff);
	return add_string(o, "mac", text);
}

static int add_rate(json_object *o, const char *rate)
{
	uint64_t bytes;
	uint32_t usecs;
	int r;

	if (!rate)
		return 0;
	r = xst_config_rate_parse(rate, &bytes, &usecs);
	if (r == 0)
		r = devices_key_add(o, "rate_bytes_per_interval", json_object_new_uint64(bytes));
	return r ? r : devices_key_add(o, "rate_interval_usecs", json_object_new_int64(usecs));
}

static int vif_object(json_object *o, struct config_vif *v, size_t index)
{
	int r = devices_key_add(o, "devid",
				json_object_new_int64(v->devid >= 0 ? v->devid : (int64_t)index));

	for (size_t i = 0; r == 0 && i < xst_config_vif_strings_count; i++) {
		const struct config_vif_string *s = &xst_config_vif_strings[i];

		if (s->member && strcmp(s->member, "mac") != 0)
			r = add_string(o, s->member, *xst_config_vif_string_of(v, s));
	}
	if (r == 0)
		r = add_mac(o, v->mac);
	if (r == 0 && v->mtu >= 0)
		r = devices_key_add(o, "mtu", json_object_new_int64(v->mtu));
	if (r == 0 && v->type)
		r = add_string(o, "nictype", strcmp(v->type, "ioemu") == 0 ? "vif_ioemu" : "vif");
	if (r == 0)
		r = add_rate(o, v->rate);
	return r ? r : add_truth(o, "trusted", v->trusted);
}

static int vif_to_json(const struct config_key *k, const char *spec, size_t index, json_object *o,
		       struct config_error *err)
{
	struct config_vif v;
	int r = xst_config_vif_parse(spec, &v, err);

	if (r)
		return r;
	r = v.rest ? xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: %.100s isn't known here",
				       k->name, v.rest)
		   : vif_object(o, &v, index);
	xst_config_vif_clear(&v);
	return r;
}

static int read_rate(const struct config_key *k, json_object *o, struct config_vif *v,
		     struct config_error *err)
{
	uint64_t bytes = (uint64_t)devices_key_number_of(o, "rate_bytes_per_interval", 0);
	int64_t usecs = devices_key_number_of(o, "rate_interval_usecs", 50000);
	char text[64];

	if (!bytes)
		return 0;
	if (usecs <= 0 || usecs > UINT32_MAX ||
	    !xst_config_rate_print(bytes, (uint32_t)usecs, text, sizeof(text)))
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: %" PRIu64 " octets in %" PRId64 " us come of no rate",
					 k->name, bytes, usecs);
	v->rate = strdup(text);
	return v->rate ? 0 : XST_E_NOMEM;
}

static int read_vif(const struct config_key *k, json_object *o, size_t index, struct config_vif *v,
		    struct config_error *err)
{
	char *type = NULL;
	int r = copy_string(o, "nictype", &type);

	if (type && strncmp(type, "vif", 3) == 0) {
		v->type = strdup(strcmp(type, "vif") == 0 ? "vif" : "ioemu");
		r = v->type ? 0 : XST_E_NOMEM;
	}
	free(type);
	for (size_t i = 0; r == 0 && i < xst_config_vif_strings_count; i++)
		if (xst_config_vif_strings[i].member)
			r = copy_string(o, xst_config_vif_strings[i].member,
					xst_config_vif_string_of(v, &xst_config_vif_strings[i]));
	v->devid = devices_key_number_of(o, "devid", -1);
	if (v->devid == (long)index)
		v->devid = -1;
	v->mtu = devices_key_number_of(o, "mtu", -1);
	v->trusted = flag_of(o, "trusted");
	return r ? r : read_rate(k, o, v, err);
}

static int vif_from_json(const struct config_key *k, json_object *o, size_t index, char **ret_spec,
			 struct config_error *err)
{
	struct config_vif v;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: an interface that is no object", k->name);
	xst_config_vif_init(&v);
	r = read_vif(k, o, index, &v, err);
	if (r == 0) {
		*ret_spec = xst_config_vif_print(&v);
		r = *ret_spec ? 0 : XST_E_NOMEM;
	}
	xst_config_vif_clear(&v);
	return r;
}

int xst_key_write_vifs(json_object *root, const struct config_key *k, const struct config_value *v,
		       struct config_error *err)
{
	return xst_key_write_list(root, k, v, vif_to_json, err);
}

int xst_key_read_vifs(json_object *root, const struct config_key *k, struct config_value *ret,
		      struct config_error *err)
{
	return xst_key_read_list(root, k, ret, vif_from_json, err);
}

/* --- devices whose words are a table -------------------------------------------------------- */

/* "name=value", or a value alone where a device has one word without a name. */
static int write_part(const struct config_key *k, const char *s, size_t n, json_object *o,
		      struct config_error *err)
{
	const char *equals = memchr(s, '=', n), *value = equals ? equals + 1 : s;
	size_t name = equals ? (size_t)(equals - s) : 0;
	struct config_value v = { 0 };
	int r;

	for (const struct config_key *part = k->parts; part->name; part++) {
		if (part->kind == KEY_INDEX || strlen(part->name) != name ||
		    strncmp(part->name, s, name) != 0)
			continue;
		if (!xst_config_value_set_string(&v, value, (size_t)(s + n - value)))
			return XST_E_NOMEM;
		r = part->words && part->kind == KEY_WORD && !xst_key_word_find(part, v.string)
			    ? xst_key_wrong(part, "not one of those that there are", err)
			    : xst_key_write(o, part, &v, err);
		xst_config_value_clear(&v);
		return r;
	}
	return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: '%.*s' isn't known here", k->name,
				 n > 60 ? 60 : (int)n, s);
}

static int write_implied(const struct config_key *k, size_t index, json_object *o,
			 struct config_error *err)
{
	int r = 0;

	for (const struct config_key *part = k->parts; r == 0 && part->name; part++) {
		if (part->kind == KEY_INDEX)
			r = devices_key_add(o, part->path, json_object_new_int64((int64_t)index));
		else if (part->initial) {
			struct config_value v = { 0 };

			r = xst_key_return_string(&v, part->initial);
			if (r == 0)
				r = xst_key_write(o, part, &v, err);
			xst_config_value_clear(&v);
		}
	}
	return r;
}

static int device_json(const struct config_key *k, const char *spec, size_t index, json_object *o,
		       struct config_error *err)
{
	int r = write_implied(k, index, o, err);

	while (r == 0 && *spec) {
		size_t n;

		spec += strspn(spec, " \t,");
		n = strcspn(spec, ",");
		if (n)
			r = write_part(k, spec, n, o, err);
		spec += n;
	}
	return r;
}

static int write_spec(const struct config_key *k, json_object *o, struct text *t,
		      struct config_error *err)
{
	for (const struct config_key *part = k->parts; part->name; part++) {
		struct config_value v = { 0 };
		int r = xst_key_read(o, part, &v, err);

		if (r == 0)
			xst_text_printf(t, "%s%s%s%s", t->n ? "," : "", part->name,
					*part->name ? "=" : "", v.string);
		xst_config_value_clear(&v);
		if (r && r != XST_E_UNKNOWN)
			return r;
	}
	return 0;
}

static size_t members_that_say_something(json_object *o)
{
	size_t n = 0;

	json_object_object_foreach(o, name, v) {
		(void)name;
		n += !json_object_is_type(v, json_type_object) || json_object_object_length(v);
	}
	return n;
}

/* Is all of a in b, with the same values?  Empty objects say nothing. */
static bool is_in(json_object *a, json_object *b)
{
	json_object_object_foreach(a, name, v) {
		json_object *w = NULL;
		bool object = json_object_is_type(v, json_type_object);

		(void)json_object_object_get_ex(b, name, &w);
		if (object && !members_that_say_something(v))
			continue;
		if (object ? !json_object_is_type(w, json_type_object) || !is_in(v, w)
			   : !json_object_equal(v, w))
			return false;
	}
	return true;
}

/* Does the specification say all that is in the object? */
static int says_all(const struct config_key *k, const char *spec, size_t index, json_object *o,
		    struct config_error *err)
{
	json_object *again = json_object_new_object();
	int r = again ? device_json(k, spec, index, again, err) : XST_E_NOMEM;

	if (r == 0 && !is_in(o, again))
		r = xst_config_refuse(err, XST_E_UNSUPPORTED,
				      "%s: '%.100s' is not all that is said of it", k->name, spec);
	json_object_put(again);
	return r;
}

static int device_spec(const struct config_key *k, json_object *o, size_t index, char **ret_spec,
		       struct config_error *err)
{
	struct text t = { 0 };
	char *spec;
	int r = write_spec(k, o, &t, err);

	spec = xst_text_take(&t, NULL);
	if (r == 0)
		r = spec ? says_all(k, spec, index, o, err) : XST_E_NOMEM;
	if (r)
		free(spec);
	else
		*ret_spec = spec;
	return r;
}

int xst_key_write_devices(json_object *root, const struct config_key *k,
			  const struct config_value *v, struct config_error *err)
{
	return xst_key_write_list(root, k, v, device_json, err);
}

int xst_key_read_devices(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	return xst_key_read_list(root, k, ret, device_spec, err);
}
