/* SPDX-License-Identifier: MIT */
/* The keys of xl.cfg, and where in JSON of libxl_domain_config they stand: one table. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <json-c/json.h>

#include "config/error.h"
#include "config/guest_type.h"
#include "config/value.h"

/* Types of guests that have a key; 0: all. */
#define FOR_PV	(1u << CONFIG_TYPE_PV)
#define FOR_HVM (1u << CONFIG_TYPE_HVM)
#define FOR_PVH (1u << CONFIG_TYPE_PVH)

/* One value of a key, or a list of them? */
enum key_shape {
	KEY_ONE,
	KEY_LIST,
	KEY_NESTED, /* a list in which lists may stand */
	KEY_EITHER  /* one value or a list */
};

struct config_key;
struct key_check;

typedef int key_read_fn(json_object *root, const struct config_key *k, struct config_value *ret,
			struct config_error *err);
typedef int key_write_fn(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err);
/* Judges a value that is a string, or each string of a list. */
typedef void key_check_fn(struct key_check *c, const struct config_key *k,
			  const struct config_value *v);
/* Judges what became of a value in JSON. */
typedef void key_check_json_fn(struct key_check *c, const struct config_key *k, json_object *root);
/* Is the value what xl makes of other keys if nothing is said? */
typedef bool key_implied_fn(json_object *root, const struct config_key *k,
			    const struct config_value *v);

/* All that there is to know of a kind: how a value stands in JSON, and what it may be.  Each row
 * stands next to its functions, in kind_*.c here and in ../devices. */
struct key_kind {
	const char *name;
	key_read_fn *read;             /* see xst_key_read() ... */
	key_write_fn *write;           /* ... and xst_key_write() */
	key_check_fn *check;           /* NULL: any string will do */
	key_check_json_fn *check_json; /* NULL: there is nothing else to be judged */
	key_implied_fn *implied;       /* NULL: no value is */
	enum key_shape shape;
	bool is_number; /* xl.cfg has it without quotes */
	bool is_type;   /* says of which type the guest is, so it can't be unset */
	bool together;  /* means something with other keys only, and is translated with them */
	bool strict;    /* xl stops at a parameter that it doesn't know */
	/* up to NULL: paths that go with the key's own; of a list of objects, the members that a
	 * string tells (NULL: all) */
	const char *const *companions, *const *members;
};

struct key_word {
	const char *cfg, *json;
};

struct config_key {
	const char *name;
	const struct key_kind *kind;
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
const struct config_key *xst_key_find(const char *name);

bool xst_key_is_list(const struct config_key *k); /* and nothing but a list will do */

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

/* --- judging --------------------------------------------------------------------------------- */

/* Where complaints go: `tell` gets the key's name and a line without full stop. */
struct key_check {
	void (*tell)(void *userdata, const char *key, const char *text);
	void *userdata;
	int complaints;
	bool no_memory;
};

void xst_key_complain(struct key_check *c, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* An error's text without the key that it begins with, which a complaint names already. */
const char *xst_key_after_name(const char *key, const char *text);

/* What its kind says of a value of xl.cfg. */
void xst_key_check(struct key_check *c, const struct config_key *k, const struct config_value *v);

#endif
