/* SPDX-License-Identifier: MIT */
/* Passed-through devices: "[DDDD:]BB:DD.F[@VSLOT][,OPTION=VALUE...]", xl-pci-configuration(5). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/devices/devices.h"
#include "config/text.h"

const struct key_word xst_device_pci_flags[] = {
	{ "pci_msitranslate", "msitranslate" }, { "pci_power_mgmt", "power_mgmt" },
	{ "pci_permissive", "permissive" }, { "pci_seize", "seize" }, { NULL, NULL }
};

#define ALL_FUNCTIONS UINT32_MAX /* in the mask: F is '*' */

static const char *const members[] = { "domain", "bus", "dev", "func", "vdevfn", "vfunc_mask",
				       "rdm_policy" };

/* --- to JSON -------------------------------------------------------------------------------- */

/* Reads up to `digits` hexadecimal digits, at most max. */
static bool pci_hex(const char **s, size_t digits, unsigned max, unsigned *ret)
{
	size_t n = strspn(*s, "0123456789abcdefABCDEF");

	if (!n || n > digits)
		return false;
	*ret = (unsigned)strtoul(*s, NULL, 16);
	*s += n;
	return *ret <= max;
}

static int pci_add(json_object *o, const char *name, uint64_t v)
{
	return v ? xst_json_put(o, name, json_object_new_uint64(v), NULL) : 0;
}

/* Reads the address, and the slot on the guest's bus. */
static int write_address(const char **s, json_object *o)
{
	unsigned domain = 0, bus, dev, func = 0, slot = 0;
	bool all;
	int r;

	if (!pci_hex(s, 4, 0xffff, &bus) || *(*s)++ != ':' || !pci_hex(s, 4, 0xff, &dev))
		return XST_E_MALFORMED;
	if (**s == ':') {
		domain = bus;
		bus = dev;
		++*s;
		if (!pci_hex(s, 2, 0x1f, &dev))
			return XST_E_MALFORMED;
	}
	if (bus > 0xff || dev > 0x1f || *(*s)++ != '.')
		return XST_E_MALFORMED;
	all = **s == '*';
	if (all)
		++*s;
	else if (!pci_hex(s, 1, 7, &func))
		return XST_E_MALFORMED;
	if (**s == '@' && !(++*s, pci_hex(s, 2, 0x1f, &slot)))
		return XST_E_MALFORMED;
	r = pci_add(o, "func", func);
	r = r ? r : pci_add(o, "dev", dev);
	r = r ? r : pci_add(o, "bus", bus);
	r = r ? r : pci_add(o, "domain", domain);
	r = r ? r : pci_add(o, "vdevfn", slot << 3);
	return r ? r : pci_add(o, "vfunc_mask", all ? ALL_FUNCTIONS : 1);
}

static int write_option(const char *s, size_t n, json_object *o)
{
	const char *value = memchr(s, '=', n);
	size_t name = value ? (size_t)(value++ - s) : 0, length = value ? n - name - 1 : 0;

	for (const struct key_word *f = xst_device_pci_flags; value && f->cfg; f++)
		if (strlen(f->json) == name && strncmp(f->json, s, name) == 0)
			return xst_json_put(o, f->json,
					    json_object_new_boolean(strtol(value, NULL, 10) != 0),
					    NULL);
	if (name != 10 || strncmp(s, "rdm_policy", 10) != 0 ||
	    !((length == 6 && strncmp(value, "strict", 6) == 0) ||
	      (length == 7 && strncmp(value, "relaxed", 7) == 0)))
		return XST_E_MALFORMED;
	return xst_json_put(o, "rdm_policy", json_object_new_string_len(value, (int)length), NULL);
}

static int pci_to_json(const struct config_key *k, const char *spec, size_t index, json_object *o,
		       struct config_error *err)
{
	int r = write_address(&spec, o);

	(void)index;
	while (r == 0 && *spec == ',') {
		size_t n = strcspn(++spec, ",");

		r = write_option(spec, n, o);
		spec += n;
	}
	if (r == XST_E_MALFORMED || (r == 0 && *spec))
		return xst_key_wrong(
			k,
			"not [DDDD:]BB:DD.F[@VSLOT] with msitranslate, power_mgmt, permissive, "
			"seize, rdm_policy",
			err);
	return r;
}

/* Only HVM guests leave the policy open by default. */
static int add_policy(json_object *root, const struct config_key *k)
{
	json_object *a, *there;
	int r = xst_key_list_at(root, k, &a, NULL);

	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++) {
		json_object *o = json_object_array_get_idx(a, i);

		if (!json_object_object_get_ex(o, "rdm_policy", &there))
			r = xst_json_put(o, "rdm_policy", json_object_new_string("strict"), NULL);
	}
	return r;
}

static int write_pci(json_object *root, const struct config_key *k, const struct config_value *v,
		     struct config_error *err)
{
	int r = xst_device_write_list(root, k, v, pci_to_json, err);

	return r == 0 && xst_json_guest_type(root) != CONFIG_TYPE_HVM ? add_policy(root, k) : r;
}

/* --- from JSON ------------------------------------------------------------------------------ */

static bool is_known(const char *name)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i], name) == 0)
			return true;
	for (const struct key_word *f = xst_device_pci_flags; f->cfg; f++)
		if (strcmp(f->json, name) == 0)
			return true;
	return false;
}

static int check_members(const struct config_key *k, json_object *o, struct config_error *err)
{
	uint64_t mask = xst_json_unsigned(o, "vfunc_mask", 0);

	json_object_object_foreach(o, name, v)
	{
		(void)v;
		if (!is_known(name))
			return xst_config_refuse(err, XST_E_UNSUPPORTED,
						 "%s: xl.cfg can't express member %.60s", k->name,
						 name);
	}
	if (mask != 1 && mask != ALL_FUNCTIONS)
		return xst_config_refuse(err, XST_E_UNSUPPORTED, "%s: some functions of a device",
					 k->name);
	return 0;
}

static int pci_from_json(const struct config_key *k, json_object *o, size_t index, char **ret_spec,
			 struct config_error *err)
{
	struct text t = { 0 };
	json_object *v;
	int r = json_object_is_type(o, json_type_object) ? check_members(k, o, err)
							 : XST_E_UNSUPPORTED;

	(void)index;
	if (r)
		return r;
	xst_text_printf(&t, "%04" PRIx64 ":%02" PRIx64 ":%02" PRIx64 ".",
			xst_json_unsigned(o, "domain", 0), xst_json_unsigned(o, "bus", 0),
			xst_json_unsigned(o, "dev", 0));
	if (xst_json_unsigned(o, "vfunc_mask", 0) == ALL_FUNCTIONS)
		xst_text_puts(&t, "*");
	else
		xst_text_printf(&t, "%" PRIx64, xst_json_unsigned(o, "func", 0));
	if (xst_json_unsigned(o, "vdevfn", 0))
		xst_text_printf(&t, "@%02" PRIx64, xst_json_unsigned(o, "vdevfn", 0) >> 3);
	for (const struct key_word *f = xst_device_pci_flags; f->cfg; f++)
		if (json_object_object_get_ex(o, f->json, &v))
			xst_text_printf(&t, ",%s=%d", f->json, xst_json_truth(v) == 1);
	if (json_object_object_get_ex(o, "rdm_policy", &v) && xst_json_string(v))
		xst_text_printf(&t, ",rdm_policy=%s", xst_json_string(v));
	*ret_spec = xst_text_take(&t, NULL);
	return *ret_spec ? 0 : XST_E_NOMEM;
}

static int read_pci(json_object *root, const struct config_key *k, struct config_value *ret,
		    struct config_error *err)
{
	return xst_device_read_list(root, k, ret, pci_from_json, err);
}

const struct key_kind xst_kind_pci = {
	.name = "pci", .read = read_pci, .write = write_pci, .shape = KEY_LIST
};
