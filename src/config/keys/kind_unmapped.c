/* SPDX-License-Identifier: MIT */
/* Keys without a conversion to JSON. */
#include "config/keys/kind.h"

static int refuse_unmapped(const struct config_key *k, struct config_error *err)
{
	return xst_config_refuse(err, XST_E_UNSUPPORTED,
				 "JSON stores %s differently: use the path %s", k->name, k->path);
}

static int read_unmapped(json_object *root, const struct config_key *k, struct config_value *ret,
			 struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	(void)ret;
	if (r)
		return r;
	if ((json_object_is_type(o, json_type_object) && !json_object_object_length(o)) ||
	    (json_object_is_type(o, json_type_array) && !json_object_array_length(o)))
		return XST_E_UNKNOWN;
	return refuse_unmapped(k, err);
}

static int write_unmapped(json_object *root, const struct config_key *k,
			  const struct config_value *v, struct config_error *err)
{
	(void)root;
	(void)v;
	return refuse_unmapped(k, err);
}

const struct key_kind xst_kind_unmapped = {
	.name = "unmapped", .read = read_unmapped, .write = write_unmapped,
	.check = xst_key_check_word, .shape = KEY_EITHER
};
const struct key_kind xst_kind_other_list = {
	.name = "other list", .read = read_unmapped, .write = write_unmapped,
	.check = xst_key_check_word, .shape = KEY_NESTED
};
const struct key_kind xst_kind_pci_flag = {
	.name = "pci flag", .read = read_unmapped, .write = write_unmapped, .shape = KEY_EITHER
};
