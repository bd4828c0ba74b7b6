/* SPDX-License-Identifier: MIT */
/* The keys of xl.cfg, and where in JSON of libxl_domain_config they stand: one table. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <json-c/json.h>

#include "config/value.h"
#include "config/view.h"

/* Types of guests that have a key; 0: all. */
#define FOR_PV	(1u << CONFIG_TYPE_PV)
#define FOR_HVM (1u << CONFIG_TYPE_HVM)
#define FOR_PVH (1u << CONFIG_TYPE_PVH)

/* How a value stands in JSON. */
enum key_kind {
	KEY_STRING,
	KEY_NUMBER,
	KEY_MIB,       /* MiB in xl.cfg, KiB in JSON */
	KEY_BOOL,      /* 1 and 0, "True" and "False" */
	KEY_PLAIN_BOOL, /* 1 and 0, true and false */
	KEY_WORD,      /* a word of `words`; or in both the same, if there are none */
	KEY_STRINGS,   /* a list of strings */
	KEY_ARGUMENTS, /* the same; one string in xl.cfg is parted at its blanks */
	KEY_NUMBERS,   /* a list of numbers */
	KEY_STRING_OR_LIST, /* one string at `path`, several at `older` */
	KEY_UUID,
	KEY_TYPE,
	KEY_BUILDER,
	KEY_MEMORY,
	KEY_VCPUS,
	KEY_MAXVCPUS,
	KEY_FIRMWARE,
	KEY_GFX_PASSTHRU,
	KEY_STDVGA,
	KEY_VIRIDIAN,
	KEY_AFFINITY,
	KEY_CPUID,
	KEY_IOPORTS,
	KEY_IOMEM,
	KEY_PCI,
	KEY_PCI_FLAG,  /* a flag for all of them */
	KEY_DISKS,
	KEY_VIFS,
	KEY_DEVICES,   /* a list of "name=value,..." by the rows of `parts` */
	KEY_INDEX,     /* in `parts`: the number of the device, which xl.cfg doesn't say */
	KEY_VARIANT,   /* in `parts`: a word that is part of the member's name */
	KEY_CMDLINE,   /* part of the kernel's command line */
	KEY_UNMAPPED,  /* known, but without a way into JSON here */
	KEY_OTHER_LIST /* the same, a list */
};

struct key_word {
	const char *cfg, *json;
};

struct config_key {
	const char *name;
	enum key_kind kind;
	const char *path;
	unsigned guests;
	const struct key_word *words; /* up to one without names */
	bool any_case;                /* of the words: xl takes capitals, too */
	const char *older;            /* path where earlier Xens have it */
	const char *absent; /* in words of xl.cfg: what it means if JSON has nothing there ... */
	const char *initial;          /* ... and what xl makes of xl.cfg without the key */
	uint64_t min, max;            /* of numbers; both 0: anything from 0 */
	bool wraps;                   /* numbers below 0 are stored as 32 bits without a sign */
	bool needed;                  /* in `parts`: xl wants it to be said */
	bool also;                    /* another name of something that has one: not written */
	const struct config_key *parts;
};

extern const struct config_key xst_config_keys[];
extern const size_t xst_config_keys_count;

/* The row of a key, or NULL. */
const struct config_key *xst_config_key_find(const char *name);

/* What xl expects it to be, as far as only one thing will do. */
bool xst_config_key_is_list(const struct config_key *k);
bool xst_config_key_is_number(const struct config_key *k);

/* The type of guest that JSON describes. */
enum config_type xst_config_json_type(json_object *root);

/* Between JSON and values of xl.cfg.
 *
 * key_read: XST_E_UNKNOWN if there is nothing (*err is left alone), XST_E_UNSUPPORTED if what is
 * there can't be said in xl.cfg, XST_E_NOMEM.
 * key_write: XST_E_MALFORMED (no value of this kind), XST_E_UNSUPPORTED (JSON has no place for it),
 * XST_E_NOMEM. key_remove: XST_E_UNKNOWN, XST_E_UNSUPPORTED. */
int xst_key_read(json_object *root, const struct config_key *k, struct config_value *ret,
		 struct config_error *err);
int xst_key_write(json_object *root, const struct config_key *k, const struct config_value *v,
		  struct config_error *err);
int xst_key_remove(json_object *root, const struct config_key *k, struct config_error *err);

/* --- inside --------------------------------------------------------------------------------- */

/* The functions of a kind. */
typedef int key_read_fn(json_object *root, const struct config_key *k, struct config_value *ret,
			struct config_error *err);
typedef int key_write_fn(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err);

/* What is at a key's path, or its older one; XST_E_UNKNOWN. */
int xst_key_at(json_object *root, const struct config_key *k, json_object **ret);
/* Stores and takes over v; NULL: XST_E_NOMEM. */
int xst_key_put(json_object *root, const char *path, json_object *v, struct config_error *err);
int xst_key_wrong(const struct config_key *k, const char *what, struct config_error *err);
/* A number in a string value: XST_E_MALFORMED, described. */
int xst_key_number(const struct config_key *k, const struct config_value *v, int64_t *ret,
		   struct config_error *err);
/* The row of one of the key's words, or NULL. */
const struct key_word *xst_key_word_find(const struct config_key *k, const char *word);
/* A value that is one string. */
int xst_key_string(const struct config_key *k, const struct config_value *v, const char **ret,
		   struct config_error *err);
/* true, "True", 1: 1; false: 0; else, as "<default>": -1. */
int xst_key_truth(json_object *o);
const char *xst_key_json_text(json_object *o); /* of a string; else NULL */
int xst_key_return_string(struct config_value *ret, const char *s);
/* Gives a list away if r is 0, or else drops it.  Returns r. */
int xst_key_return_list(struct config_value *ret, struct config_value *list, int r);
/* Adds to a JSON list and takes o over; NULL: XST_E_NOMEM. */
int xst_key_append(json_object *a, json_object *o);
/* What is at a key's path must be a list: XST_E_UNKNOWN, XST_E_UNSUPPORTED. */
int xst_key_list_at(json_object *root, const struct config_key *k, json_object **ret,
		    struct config_error *err);

/* One device: from a specification into an empty object, and a specification malloc'ed from one. */
typedef int device_to_json(const struct config_key *k, const char *spec, size_t index,
			   json_object *o, struct config_error *err);
typedef int device_from_json(const struct config_key *k, json_object *o, size_t index,
			     char **ret_spec, struct config_error *err);
int xst_key_write_list(json_object *root, const struct config_key *k, const struct config_value *v,
		       device_to_json *one, struct config_error *err);
int xst_key_read_list(json_object *root, const struct config_key *k, struct config_value *ret,
		      device_from_json *one, struct config_error *err);

/* key_special.c */
key_read_fn xst_key_read_type, xst_key_read_builder, xst_key_read_vcpus, xst_key_read_firmware,
	xst_key_read_gfx, xst_key_read_stdvga, xst_key_read_variant;
key_write_fn xst_key_write_type, xst_key_write_builder, xst_key_write_memory, xst_key_write_vcpus,
	xst_key_write_firmware, xst_key_write_gfx, xst_key_write_stdvga, xst_key_write_variant;
/* key_ranges.c */
key_read_fn xst_key_read_affinity, xst_key_read_ioports, xst_key_read_iomem, xst_key_read_viridian;
key_write_fn xst_key_write_affinity, xst_key_write_ioports, xst_key_write_iomem,
	xst_key_write_viridian;
/* key_cpuid.c, key_pci.c */
key_read_fn xst_key_read_cpuid, xst_key_read_pci;
key_write_fn xst_key_write_cpuid, xst_key_write_pci;
/* Flags for all devices that don't say otherwise: keys of xl.cfg and members, up to NULL. */
extern const struct key_word xst_key_pci_flags[];
/* key_devices.c */
key_read_fn xst_key_read_disks, xst_key_read_vifs, xst_key_read_devices;
key_write_fn xst_key_write_disks, xst_key_write_vifs, xst_key_write_devices;
/* Members of one device that a specification tells, up to NULL. */
extern const char *const xst_key_disk_members[], *const xst_key_vif_members[];

#endif
