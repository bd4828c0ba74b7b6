/* SPDX-License-Identifier: MIT */
/* Paths into JSON. */
#include <stdlib.h>
#include <string.h>

#include "config/json/json.h"
#include "limits/limits.h"

/* One step down a path, and where it starts. */
struct step {
	const char *path, *rest; /* rest: the path after this step */
	json_object *at;
	bool is_index;
	size_t index;
	char name[LIMIT_CONFIG_NAME + 1];
	struct config_error *err;
};

static int bad_path(const struct step *s, const char *why)
{
	return xst_config_refuse(s->err, XST_E_ARG, "%.100s is not a path: %s", s->path, why);
}

static int take_name(struct step *s, const char *name, size_t n)
{
	if (!n)
		return bad_path(s, "a name is missing");
	if (n > LIMIT_CONFIG_NAME)
		return bad_path(s, "a name is too long");
	memcpy(s->name, name, n);
	s->name[n] = '\0';
	return 0;
}

static int take_index(struct step *s)
{
	char *end;

	s->is_index = true;
	if (s->rest[1] < '0' || s->rest[1] > '9')
		return bad_path(s, "the brackets hold no number");
	s->index = strtoul(s->rest + 1, &end, 10);
	if (*end != ']')
		return bad_path(s, "no ']' after the number");
	s->rest = end + 1;
	return 0;
}

static int take_quoted(struct step *s)
{
	const char *end = strchr(s->rest + 1, '"');
	int r = end ? take_name(s, s->rest + 1, (size_t)(end - s->rest) - 1)
		    : bad_path(s, "no '\"' after the name");

	if (r == 0)
		s->rest = end + 1;
	return r;
}

/* A name may contain dots: the longest that is a member, else the part before the first dot. */
static int json_path_take_plain(struct step *s)
{
	size_t n = strcspn(s->rest, "[\""), first = strcspn(s->rest, ".[\"");

	while (n > first) {
		int r = take_name(s, s->rest, n);

		if (r == 0 && json_object_object_get_ex(s->at, s->name, NULL))
			break;
		while (n > first && s->rest[--n] != '.')
			;
	}
	s->rest += n;
	return take_name(s, s->rest - n, n);
}

static int next_step(struct step *s)
{
	int r;

	s->is_index = *s->rest == '[';
	if (s->is_index)
		r = take_index(s);
	else
		r = *s->rest == '"' ? take_quoted(s) : json_path_take_plain(s);
	if (r || !*s->rest || *s->rest == '[')
		return r;
	if (*s->rest != '.')
		return bad_path(s, "a dot is missing");
	s->rest++;
	return *s->rest ? 0 : bad_path(s, "it ends with a dot");
}

/* Finds what the step leads to; false: nothing is there. */
static bool json_path_follow(const struct step *s, json_object **ret)
{
	if (!s->is_index)
		return json_object_is_type(s->at, json_type_object) &&
		       json_object_object_get_ex(s->at, s->name, ret);
	if (!json_object_is_type(s->at, json_type_array) ||
	    s->index >= json_object_array_length(s->at))
		return false;
	*ret = json_object_array_get_idx(s->at, s->index);
	return true;
}

static int missing(const struct step *s)
{
	return xst_config_refuse(s->err, XST_E_UNKNOWN, "%.100s isn't set", s->path);
}

/* Stores v where the step leads; takes ownership of it, even on failure. */
static int json_path_store(const struct step *s, json_object *v)
{
	enum json_type wanted = s->is_index ? json_type_array : json_type_object;
	int failed;

	if (!json_object_is_type(s->at, wanted)) {
		json_object_put(v);
		return xst_config_refuse(s->err, XST_E_UNSUPPORTED,
					 "%.100s leads through a value that is not an %s",
					 s->path, json_type_to_name(wanted));
	}
	if (s->is_index && s->index > json_object_array_length(s->at)) {
		json_object_put(v);
		return xst_config_refuse(s->err, XST_E_UNSUPPORTED,
					 "%.100s: the list has only %zu elements", s->path,
					 json_object_array_length(s->at));
	}
	failed = s->is_index ? json_object_array_put_idx(s->at, s->index, v)
			     : json_object_object_add(s->at, s->name, v);
	if (!failed)
		return 0;
	json_object_put(v);
	return XST_E_NOMEM;
}

/* Creates a missing object or list, whichever the rest of the path needs. */
static int json_path_make(const struct step *s, json_object **ret)
{
	json_object *o = *s->rest == '[' ? json_object_new_array() : json_object_new_object();
	int r = o ? json_path_store(s, o) : XST_E_NOMEM;

	if (r == 0)
		*ret = o;
	return r;
}

/* Walks down to the last step, and leaves *s at it. */
static int json_path_walk(struct step *s, json_object *root, const char *path, bool make_missing,
			  struct config_error *err)
{
	int r;

	*s = (struct step){
		.path = path, .rest = *path == '.' ? path + 1 : path, .at = root, .err = err
	};
	for (;;) {
		json_object *below = NULL;

		r = next_step(s);
		if (r || !*s->rest)
			return r;
		if (!json_path_follow(s, &below)) {
			r = make_missing ? json_path_make(s, &below) : missing(s);
			if (r)
				return r;
		}
		s->at = below;
	}
}

static int json_path_find(struct step *s, json_object *root, const char *path, json_object **ret,
			  struct config_error *err)
{
	int r = json_path_walk(s, root, path, false, err);

	if (r)
		return r;
	return json_path_follow(s, ret) ? 0 : missing(s);
}

int xst_json_path_get(json_object *root, const char *path, json_object **ret,
		      struct config_error *err)
{
	json_object *o = NULL;
	struct step s;
	int r = json_path_find(&s, root, path, &o, err);

	if (r == 0)
		*ret = o;
	return r;
}

int xst_json_path_set(json_object *root, const char *path, json_object *v, struct config_error *err)
{
	struct step s;
	int r = json_path_walk(&s, root, path, true, err);

	if (r == 0)
		return json_path_store(&s, v);
	json_object_put(v);
	return r;
}

int xst_json_path_unset(json_object *root, const char *path, struct config_error *err)
{
	json_object *o;
	struct step s;
	int r = json_path_find(&s, root, path, &o, err);

	if (r)
		return r;
	if (s.is_index)
		json_object_array_del_idx(s.at, s.index, 1);
	else
		json_object_object_del(s.at, s.name);
	return 0;
}
