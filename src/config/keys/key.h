/* SPDX-License-Identifier: MIT */
/* The keys of xl.cfg and their places in the JSON of libxl_domain_config: one table. */
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

/* Whether a key takes one value or a list. */
enum key_shape {
	KEY_ONE,
	KEY_LIST,
	KEY_NESTED, /* a list that may contain lists */
	KEY_EITHER  /* one value or a list */
};

struct config_key;
struct key_check;

typedef int key_read_fn(json_object *root, const struct config_key *k, struct config_value *ret,
			struct config_error *err);
typedef int key_write_fn(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err);
/* Checks a value that is a string, or each string of a list. */
typedef void key_check_fn(struct key_check *c, const struct config_key *k,
			  const struct config_value *v);
/* Checks the value after its conversion to JSON. */
typedef void key_check_json_fn(struct key_check *c, const struct config_key *k, json_object *root);
/* Whether xl derives this value from other keys when the key isn't set. */
typedef bool key_implied_fn(json_object *root, const struct config_key *k,
			    const struct config_value *v);

/* Everything about a kind: how JSON stores a value, and which values are allowed.  Each row stands
 * next to its functions, in kind_*.c here and in ../devices. */
struct key_kind {
	const char *name;
	key_read_fn *read;             /* see xst_key_read() ... */
	key_write_fn *write;           /* ... and xst_key_write() */
	key_check_fn *check;           /* NULL: any string will do */
	key_check_json_fn *check_json; /* NULL: nothing else to check */
	key_implied_fn *implied;       /* NULL: never implied */
	enum key_shape shape;
	bool is_number; /* written without quotes in xl.cfg */
	bool is_type;   /* sets the type of guest, so it can't be unset */
	bool together;  /* depends on other keys, and is translated with them */
	bool strict;    /* xl refuses unknown parameters */
	/* up to NULL: paths that belong to the key besides its own; of a list of objects, the
	 * members that a string covers (NULL: all) */
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
	const struct key_word *words; /* the last one has no names */
	bool any_case;                /* words may be written in capitals, too */
	const char *older;            /* its path in earlier Xens */
	const char *absent; /* xl.cfg's word for a missing member in JSON ... */
	const char *initial;          /* ... and for xl.cfg text without the key */
	uint64_t min, max;            /* of numbers; both 0: anything from 0 */
	bool wraps;                   /* negative numbers are stored as unsigned 32 bits */
	bool needed;                  /* in `parts`: xl requires it */
	bool also;                    /* a second name for a key: read, never written */
	const struct config_key *parts;
};

extern const struct config_key xst_config_keys[];
extern const size_t xst_config_keys_count;

/* The row of a key, or NULL. */
const struct config_key *xst_key_find(const char *name);

bool xst_key_is_list(const struct config_key *k); /* and takes nothing but a list */

/* Convert between JSON and values of xl.cfg.
 *
 * key_read: XST_E_UNKNOWN if there is nothing (*err is left alone), XST_E_UNSUPPORTED if xl.cfg
 * can't express what is there, XST_E_NOMEM.
 * key_write: XST_E_MALFORMED (not a value of this kind), XST_E_UNSUPPORTED (JSON has no place for
 * it), XST_E_NOMEM.  key_remove: XST_E_UNKNOWN, XST_E_UNSUPPORTED. */
int xst_key_read(json_object *root, const struct config_key *k, struct config_value *ret,
		 struct config_error *err);
int xst_key_write(json_object *root, const struct config_key *k, const struct config_value *v,
		  struct config_error *err);
int xst_key_remove(json_object *root, const struct config_key *k, struct config_error *err);

/* --- checking -------------------------------------------------------------------------------- */

/* Receives complaints: `tell` gets the key's name and one line without a full stop. */
struct key_check {
	void (*tell)(void *userdata, const char *key, const char *text);
	void *userdata;
	int complaints;
	bool no_memory;
};

void xst_key_complain(struct key_check *c, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* An error's text without the key at its start, which a complaint names already. */
const char *xst_key_after_name(const char *key, const char *text);

/* Checks a value of xl.cfg as its kind does. */
void xst_key_check(struct key_check *c, const struct config_key *k, const struct config_value *v);

#endif
