/* SPDX-License-Identifier: MIT */
/* The kinds of keys, and what their functions share.  A kind is a row: a struct key_kind next to
 * its functions. */
#ifndef CONFIG_KIND_H
#define CONFIG_KIND_H

#include "config/json/json_values.h"
#include "config/keys/key.h"

/* A row of a table of keys: KEY_ROW("hap", bool, "c_info.hap") is the key "hap" of kind
 * xst_kind_bool.  Members of struct config_key may follow. */
#define KEY_ROW(name_, kind_, path_, ...) \
	{ .name = (name_), .kind = &xst_kind_##kind_, .path = (path_), __VA_ARGS__ }

/* kind_scalar.c */
extern const struct key_kind xst_kind_string, xst_kind_name, xst_kind_boot, xst_kind_uuid;
extern const struct key_kind xst_kind_cmdline; /* a part of the kernel's command line */
extern const struct key_kind xst_kind_number;
extern const struct key_kind xst_kind_mib; /* MiB in xl.cfg, KiB in JSON */
extern const struct key_kind xst_kind_bool; /* 1 and 0, "True" and "False" */
extern const struct key_kind xst_kind_plain_bool; /* 1 and 0, true and false */
/* a word of `words`; without `words`, the same string in both languages */
extern const struct key_kind xst_kind_word;
/* kind_list.c */
extern const struct key_kind xst_kind_strings, xst_kind_numbers;
/* a list of strings; one string in xl.cfg is split at its blanks */
extern const struct key_kind xst_kind_arguments;
/* one string at `path`, several at `older` */
extern const struct key_kind xst_kind_string_or_list;
/* kind_unmapped.c: known, but without a conversion to JSON; the same, a list; a flag for all
 * passed-through devices */
extern const struct key_kind xst_kind_unmapped, xst_kind_other_list, xst_kind_pci_flag;
/* kind_guest.c */
extern const struct key_kind xst_kind_type, xst_kind_builder, xst_kind_memory, xst_kind_maxmem,
	xst_kind_vcpus, xst_kind_maxvcpus;
/* kind_machine.c */
extern const struct key_kind xst_kind_firmware, xst_kind_gfx_passthru, xst_kind_stdvga;
/* kind_affinity.c, kind_ioranges.c, kind_viridian.c, kind_cpuid.c */
extern const struct key_kind xst_kind_affinity, xst_kind_ioports, xst_kind_iomem,
	xst_kind_viridian, xst_kind_cpuid;

/* --- for their functions --------------------------------------------------------------------- */

/* Finds the value at a key's path, or its older one; XST_E_UNKNOWN. */
int xst_key_at(json_object *root, const struct config_key *k, json_object **ret);
/* As xst_key_at(), for a list: XST_E_UNKNOWN, XST_E_UNSUPPORTED. */
int xst_key_list_at(json_object *root, const struct config_key *k, json_object **ret,
		    struct config_error *err);
/* The path to write to: the older one if only that exists. */
const char *xst_key_place(json_object *root, const struct config_key *k);
int xst_key_wrong(const struct config_key *k, const char *what, struct config_error *err);

/* A value that is one string. */
int xst_key_string(const struct config_key *k, const struct config_value *v, const char **ret,
		   struct config_error *err);
/* A number in a string value: XST_E_MALFORMED, described. */
int xst_key_number(const struct config_key *k, const struct config_value *v, int64_t *ret,
		   struct config_error *err);
/* The row of one of the key's words, or NULL. */
const struct key_word *xst_key_word_find(const struct config_key *k, const char *word);

int xst_key_return_string(struct config_value *ret, const char *s);
/* Moves the list to *ret if r is 0, or else frees it.  Returns r. */
int xst_key_return_list(struct config_value *ret, struct config_value *list, int r);

/* Functions that kinds in several files use. */
key_read_fn xst_key_read_scalar, xst_key_read_mib;
key_write_fn xst_key_write_string, xst_key_write_number, xst_key_write_mib;
key_check_fn xst_key_check_number; /* within the key's min and max */
key_check_fn xst_key_check_word;   /* one of the key's words, if it has some */

#endif
