/* SPDX-License-Identifier: MIT */
/* Kinds with one value: strings, numbers, words. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/json/json.h"
#include "config/keys/kind.h"

/* --- strings -------------------------------------------------------------------------------- */

/* Reads a scalar as it stands; numbers bare. */
int xst_key_read_scalar(json_object *root, const struct config_key *k, struct config_value *ret,
			struct config_error *err)
{
	const char *s;
	json_object *o;
	int r = xst_key_at(root, k, &o);

	if (r)
		return r;
	if (json_object_is_type(o, json_type_object) || json_object_is_type(o, json_type_array) ||
	    !o)
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: %s is neither a string nor a number", k->name,
					 k->path);
	s = json_object_get_string(o); /* also converts numbers */
	r = s ? xst_key_return_string(ret, s) : XST_E_NOMEM;
	ret->bare = r == 0 && json_object_is_type(o, json_type_int);
	return r;
}

int xst_key_write_string(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	return r ? r : xst_json_put(root, xst_key_place(root, k), json_object_new_string(s), err);
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

static void check_uuid(struct key_check *c, const struct config_key *k,
		       const struct config_value *v)
{
	if (!uuid_valid(v->string))
		xst_key_complain(c, k->name, "'%.60s' is not a UUID: 8-4-4-4-12 hexadecimal digits",
				 v->string);
}

static void check_name(struct key_check *c, const struct config_key *k,
		       const struct config_value *v)
{
	const char *s = v->string;

	if (!*s)
		xst_key_complain(c, k->name, "a guest needs a name");
	else if (strchr(s, '/'))
		xst_key_complain(c, k->name, "'%.60s' contains a slash: files are named after it",
				 s);
	else
		for (; *s; s++)
			if (iscntrl((unsigned char)*s)) {
				xst_key_complain(c, k->name,
						 "the name contains a control character");
				break;
			}
}

/* QEMU exits on anything else: floppy, disk, CD-ROM and network, of which it tries three. */
static void check_boot(struct key_check *c, const struct config_key *k,
		       const struct config_value *v)
{
	static const char devices[] = "abcdn";
	const char *s = v->string;
	size_t n = strspn(s, devices);
	bool twice = false;

	for (size_t i = 0; i < n; i++)
		twice |= strchr(s + i + 1, s[i]) != NULL;
	if (s[n] || n > 3 || twice)
		xst_key_complain(c, k->name,
				 "'%.60s': use at most three of a, b, c, d and n, each once", s);
}

const struct key_kind xst_kind_string = {
	.name = "string", .read = xst_key_read_scalar, .write = xst_key_write_string
};
const struct key_kind xst_kind_name = {
	.name = "name", .read = xst_key_read_scalar, .write = xst_key_write_string,
	.check = check_name
};
const struct key_kind xst_kind_boot = {
	.name = "boot", .read = xst_key_read_scalar, .write = xst_key_write_string,
	.check = check_boot
};
const struct key_kind xst_kind_uuid = {
	.name = "uuid", .read = xst_key_read_scalar, .write = xst_key_write_string,
	.check = check_uuid
};
const struct key_kind xst_kind_cmdline = {
	.name = "cmdline", .read = xst_key_read_scalar, .write = xst_key_write_string,
	.together = true
};

/* --- numbers -------------------------------------------------------------------------------- */

int xst_key_write_number(json_object *root, const struct config_key *k,
			 const struct config_value *v, struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	if (r)
		return r;
	if (k->wraps && n < 0 && n >= INT32_MIN)
		n = (uint32_t)n;
	return xst_json_put(root, xst_key_place(root, k), json_object_new_int64(n), err);
}

void xst_key_check_number(struct key_check *c, const struct config_key *k,
			  const struct config_value *v)
{
	struct config_error err;
	int64_t n;

	if (xst_key_number(k, v, &n, &err)) {
		xst_key_complain(c, k->name, "'%.60s' is not a number", v->string);
	} else if (k->wraps && n < 0 && n >= INT32_MIN) {
		return;
	} else if (n < 0 || (uint64_t)n < k->min || (k->max && (uint64_t)n > k->max)) {
		if (k->max)
			xst_key_complain(c, k->name,
					 "%" PRId64 " is not between %" PRIu64 " and %" PRIu64, n,
					 k->min, k->max);
		else
			xst_key_complain(c, k->name, "%" PRId64 " is below 0", n);
	}
}

int xst_key_read_mib(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	json_object *o;
	int64_t kib;
	int r = xst_key_at(root, k, &o);

	if (r)
		return r;
	if (!json_object_is_type(o, json_type_int))
		return xst_key_read_scalar(root, k, ret, err);
	kib = json_object_get_int64(o);
	if (kib % 1024)
		return xst_config_refuse(err, XST_E_UNSUPPORTED,
					 "%s: %" PRId64 " KiB is no multiple of 1 MiB", k->name,
					 kib);
	if (kib >= 0)
		return xst_config_value_set_number(ret, (uint64_t)kib / 1024) ? 0 : XST_E_NOMEM;
	return xst_key_read_scalar(root, k, ret, err);
}

int xst_key_write_mib(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	if (r)
		return r;
	if (n > INT64_MAX / 1024 || n < INT64_MIN / 1024)
		return xst_key_wrong(k, "the number is too large", err);
	return xst_json_put(root, xst_key_place(root, k), json_object_new_int64(n * 1024), err);
}

const struct key_kind xst_kind_number = {
	.name = "number", .read = xst_key_read_scalar, .write = xst_key_write_number,
	.check = xst_key_check_number, .is_number = true
};
const struct key_kind xst_kind_mib = {
	.name = "mib", .read = xst_key_read_mib, .write = xst_key_write_mib,
	.check = xst_key_check_number, .is_number = true
};

/* --- truth ---------------------------------------------------------------------------------- */

static int read_bool(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o), truth;

	if (r)
		return r;
	truth = xst_json_truth(o);
	if (truth >= 0)
		return xst_config_value_set_number(ret, (uint64_t)truth) ? 0 : XST_E_NOMEM;
	if (xst_json_string(o) && strcmp(xst_json_string(o), "<default>") == 0)
		return XST_E_UNKNOWN;
	return xst_key_read_scalar(root, k, ret, err);
}

static int write_bool(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	return r ? r
		 : xst_json_put(root, xst_key_place(root, k),
				json_object_new_string(n ? "True" : "False"), err);
}

static int write_plain_bool(json_object *root, const struct config_key *k,
			    const struct config_value *v, struct config_error *err)
{
	int64_t n;
	int r = xst_key_number(k, v, &n, err);

	return r ? r
		 : xst_json_put(root, xst_key_place(root, k), json_object_new_boolean(n != 0), err);
}

const struct key_kind xst_kind_bool = {
	.name = "bool", .read = read_bool, .write = write_bool, .check = xst_key_check_number,
	.is_number = true
};
const struct key_kind xst_kind_plain_bool = {
	.name = "plain bool", .read = read_bool, .write = write_plain_bool,
	.check = xst_key_check_number, .is_number = true
};

/* --- words ---------------------------------------------------------------------------------- */

static int read_word(json_object *root, const struct config_key *k, struct config_value *ret,
		     struct config_error *err)
{
	json_object *o;
	int r = xst_key_at(root, k, &o);

	if (r)
		return r;
	for (const struct key_word *w = k->words; w && w->cfg && xst_json_string(o); w++)
		if (strcmp(w->json, xst_json_string(o)) == 0)
			return xst_key_return_string(ret, w->cfg);
	return xst_key_read_scalar(root, k, ret, err);
}

static int write_word(json_object *root, const struct config_key *k, const struct config_value *v,
		      struct config_error *err)
{
	const struct key_word *w;
	const char *s;
	int r = xst_key_string(k, v, &s, err);

	if (r)
		return r;
	w = xst_key_word_find(k, s);
	if (w)
		return xst_json_put(root, xst_key_place(root, k), json_object_new_string(w->json),
				    err);
	/* a later Xen's word, or an invalid one that --force let through */
	return xst_key_write_string(root, k, v, err);
}

void xst_key_check_word(struct key_check *c, const struct config_key *k,
			const struct config_value *v)
{
	struct text words = { 0 };

	if (!k->words || xst_key_word_find(k, v->string))
		return;
	for (const struct key_word *w = k->words; w->cfg; w++)
		if (!isdigit((unsigned char)*w->cfg))
			xst_text_printf(&words, "%s%s", words.n ? ", " : "", w->cfg);
	xst_key_complain(c, k->name, "'%.60s' is not one of %s", v->string,
			 words.s ? words.s : "them");
	c->no_memory |= words.failed;
	xst_text_drop(&words);
}

const struct key_kind xst_kind_word = {
	.name = "word", .read = read_word, .write = write_word, .check = xst_key_check_word
};
