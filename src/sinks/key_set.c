/* SPDX-License-Identifier: MIT */
/* Sorted keys, each once: a stream with many checkpoints needs no more memory than its last one. */
#include "sinks/sinks.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->name, ((const struct key *)b)->name);
}

static void free_key(void *p)
{
	struct key *key = p;

	free(key->name);
	free(key->value);
	free(key);
}

static char *keys_copy(const char *s, size_t n)
{
	char *c = malloc(n + 1);

	if (c) {
		memcpy(c, s, n);
		c[n] = '\0';
	}
	return c;
}

static struct key *new_key(const char *name, size_t name_len, const char *value, size_t value_len)
{
	struct key *key = calloc(1, sizeof(*key));

	if (!key)
		return NULL;
	key->name = keys_copy(name, name_len);
	key->value = keys_copy(value, value_len);
	key->size = value_len;
	if (key->name && key->value)
		return key;
	free_key(key);
	return NULL;
}

/* Gives the existing key the new one's value. */
static void keys_replace(struct keys *k, struct key *old, struct key *key)
{
	char *value = old->value;

	k->bytes -= strlen(old->name) + old->size;
	old->value = key->value;
	old->size = key->size;
	key->value = value;
	free_key(key);
}

int xst_sinks_keys_set(struct keys *k, const char *name, size_t name_len, const char *value,
		       size_t value_len)
{
	struct key *key = new_key(name, name_len, value, value_len), **found;

	found = key ? tsearch(key, &k->tree, compare) : NULL;
	if (!found) {
		if (key)
			free_key(key);
		return XST_E_NOMEM;
	}
	k->bytes += name_len + value_len;
	if (*found != key)
		keys_replace(k, *found, key);
	return 0;
}

struct walk {
	int (*visit)(const struct key *key, void *arg);
	void *arg;
	int result;
};

static void walk_node(const void *node, VISIT which, void *closure)
{
	struct walk *w = closure;

	if ((which == postorder || which == leaf) && w->result == 0)
		w->result = w->visit(*(struct key *const *)node, w->arg);
}

int xst_sinks_keys_each(const struct keys *k, int (*visit)(const struct key *key, void *arg),
			void *arg)
{
	struct walk w = { visit, arg, 0 };

	twalk_r(k->tree, walk_node, &w);
	return w.result;
}

void xst_sinks_keys_free(struct keys *k)
{
	tdestroy(k->tree, free_key);
	*k = (struct keys){ 0 };
}
