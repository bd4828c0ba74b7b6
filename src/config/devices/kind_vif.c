/* SPDX-License-Identifier: MIT */
/* Converts network interfaces between specifications and objects. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/devices/devices.h"
#include "config/devices/vif.h"

static const char *const vif_members[] = { "backend_domname", "devid", "mtu", "model", "mac", "ip",
					   "bridge", "ifname", "script", "nictype",
					   "rate_bytes_per_interval", "rate_interval_usecs",
					   "gatewaydev", "trusted",
					   /* filled in by libxl itself */
					   "backend_domid", NULL };

/* Stores six groups of two lower-case digits, as libxl writes them. */
static int add_mac(json_object *o, const char *mac)
{
	unsigned b[6];
	char text[18];

	if (!mac || sscanf(mac, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
		return 0;
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", b[0] & 0xff, b[1] & 0xff,
		 b[2] & 0xff, b[3] & 0xff, b[4] & 0xff, b[5] & 0xff);
	return xst_device_add_string(o, "mac", text);
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
		r = xst_json_add(o, "rate_bytes_per_interval", json_object_new_uint64(bytes));
	return r ? r : xst_json_add(o, "rate_interval_usecs", json_object_new_int64(usecs));
}

static int vif_object(json_object *o, struct config_vif *v, size_t index)
{
	int r = xst_json_add(o, "devid",
			     json_object_new_int64(v->devid >= 0 ? v->devid : (int64_t)index));

	for (size_t i = 0; r == 0 && i < xst_config_vif_strings_count; i++) {
		const struct config_vif_string *s = &xst_config_vif_strings[i];

		if (s->member && strcmp(s->member, "mac") != 0)
			r = xst_device_add_string(o, s->member, *xst_config_vif_string_of(v, s));
	}
	if (r == 0)
		r = add_mac(o, v->mac);
	if (r == 0 && v->mtu >= 0)
		r = xst_json_add(o, "mtu", json_object_new_int64(v->mtu));
	if (r == 0 && v->type)
		r = xst_device_add_string(o, "nictype",
					  strcmp(v->type, "ioemu") == 0 ? "vif_ioemu" : "vif");
	if (r == 0)
		r = add_rate(o, v->rate);
	return r ? r : xst_device_add_truth(o, "trusted", v->trusted);
}

static int vif_to_json(const struct config_key *k, const char *spec, size_t index, json_object *o,
		       struct config_error *err)
{
	struct config_vif v;
	int r = xst_config_vif_parse(spec, &v, err);

	if (r)
		return r;
	r = v.rest ? xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: %.100s is not known",
				       k->name, v.rest)
		   : vif_object(o, &v, index);
	xst_config_vif_clear(&v);
	return r;
}

static int read_rate(const struct config_key *k, json_object *o, struct config_vif *v,
		     struct config_error *err)
{
	uint64_t bytes = (uint64_t)xst_device_number(o, "rate_bytes_per_interval", 0);
	int64_t usecs = xst_device_number(o, "rate_interval_usecs", 50000);
	char text[64];

	if (!bytes)
		return 0;
	if (usecs <= 0 || usecs > UINT32_MAX ||
	    !xst_config_rate_print(bytes, (uint32_t)usecs, text, sizeof(text)))
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: %" PRIu64 " bytes in %" PRId64 " us match no rate",
					 k->name, bytes, usecs);
	v->rate = strdup(text);
	return v->rate ? 0 : XST_E_NOMEM;
}

static int read_vif(const struct config_key *k, json_object *o, size_t index, struct config_vif *v,
		    struct config_error *err)
{
	char *type = NULL;
	int r = xst_device_copy_string(o, "nictype", &type);

	if (type && strncmp(type, "vif", 3) == 0) {
		v->type = strdup(strcmp(type, "vif") == 0 ? "vif" : "ioemu");
		r = v->type ? 0 : XST_E_NOMEM;
	}
	free(type);
	for (size_t i = 0; r == 0 && i < xst_config_vif_strings_count; i++)
		if (xst_config_vif_strings[i].member)
			r = xst_device_copy_string(
				o, xst_config_vif_strings[i].member,
				xst_config_vif_string_of(v, &xst_config_vif_strings[i]));
	v->devid = xst_device_number(o, "devid", -1);
	if (v->devid == (long)index)
		v->devid = -1;
	v->mtu = xst_device_number(o, "mtu", -1);
	v->trusted = xst_device_flag(o, "trusted");
	return r ? r : read_rate(k, o, v, err);
}

static int vif_from_json(const struct config_key *k, json_object *o, size_t index, char **ret_spec,
			 struct config_error *err)
{
	struct config_vif v;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: an interface is not an object", k->name);
	xst_config_vif_init(&v);
	r = read_vif(k, o, index, &v, err);
	if (r == 0) {
		*ret_spec = xst_config_vif_print(&v);
		r = *ret_spec ? 0 : XST_E_NOMEM;
	}
	xst_config_vif_clear(&v);
	return r;
}

static int write_vifs(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	return xst_device_write_list(root, k, v, vif_to_json, err);
}

static int read_vifs(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	return xst_device_read_list(root, k, ret, vif_from_json, err);
}

static void check_vif(struct key_check *c, const struct config_key *k, const struct config_value *v)
{
	struct config_error err = { 0 };
	struct config_vif vif;
	int r = xst_config_vif_parse(v->string, &vif, &err);

	if (r == XST_E_MALFORMED)
		xst_key_complain(c, k->name, "%s", xst_key_after_name(k->name, err.text));
	c->no_memory |= r == XST_E_NOMEM;
	if (r)
		return;
	/* only some builds of xl know COLO's parameters */
	if (vif.rest && strncmp(vif.rest, "colo", 4) != 0)
		xst_key_complain(c, k->name, "'%.60s' is not an interface parameter", vif.rest);
	xst_config_vif_clear(&vif);
}

const struct key_kind xst_kind_vifs = {
	.name = "vifs", .read = read_vifs, .write = write_vifs, .check = check_vif,
	.shape = KEY_LIST, .members = vif_members
};
