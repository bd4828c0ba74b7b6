/* SPDX-License-Identifier: MIT */
#include "config/peek.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The value of a (KEY VALUE) directly inside of the outermost list, malloc'ed, or NULL. */
static char *sexpr_at(const char *s, const char *key)
{
	size_t n = strlen(key);

	for (int depth = 0; *s; s++) {
		if (*s == '(' && ++depth == 2 && strncmp(s + 1, key, n) == 0 && s[n + 1] == ' ')
			return strndup(s + n + 2, strcspn(s + n + 2, "()"));
		if (*s == ')')
			depth--;
	}
	return NULL;
}

/* The text of the first <KEY ...>, malloc'ed, entities as they are, or NULL. */
static char *xml_at(const char *s, const char *key)
{
	size_t n = strlen(key);

	while ((s = strchr(s, '<'))) {
		s++;
		if (strncmp(s, key, n) != 0 || (s[n] != ' ' && s[n] != '>'))
			continue;
		s += strcspn(s, ">");
		return *s ? strndup(s + 1, strcspn(s + 1, "<")) : NULL;
	}
	return NULL;
}

/* A number times `unit`; 0 if there is none. */
static uint64_t number_of(char *text, uint64_t unit)
{
	double v = text ? strtod(text, NULL) * (double)unit : 0;

	free(text);
	return v > 0 && v < 1e18 ? (uint64_t)v : 0;
}

static void read_sexpr(struct config_view *v, const char *text)
{
	v->name = sexpr_at(text, "name");
	v->uuid = sexpr_at(text, "uuid");
	v->memory_kib = number_of(sexpr_at(text, "memory"), 1024);
	v->maxmem_kib = number_of(sexpr_at(text, "maxmem"), 1024);
	v->vcpus = number_of(sexpr_at(text, "vcpus"), 1);
	v->type = strstr(text, "(image (hvm") ? CONFIG_TYPE_HVM : CONFIG_TYPE_PV;
}

static enum config_type xml_type(const char *text)
{
	char *type = xml_at(text, "type");
	enum config_type t = CONFIG_TYPE_UNKNOWN;

	if (type)
		t = strcmp(type, "hvm") == 0 ? CONFIG_TYPE_HVM
		    : strcmp(type, "xenpvh") == 0 ? CONFIG_TYPE_PVH : CONFIG_TYPE_PV;
	free(type);
	return t;
}

static void read_xml(struct config_view *v, const char *text)
{
	v->name = xml_at(text, "name");
	v->uuid = xml_at(text, "uuid");
	v->type = xml_type(text);
	v->memory_kib = number_of(xml_at(text, "memory"), 1);
	v->vcpus = number_of(xml_at(text, "vcpu"), 1);
}

int config_peek(const char *text, struct config_view *ret)
{
	struct config_view v = { 0 };

	while (isspace((unsigned char)*text))
		text++;
	if (*text == '(')
		read_sexpr(&v, text);
	else if (*text == '<')
		read_xml(&v, text);
	if (!v.name) {
		config_view_clear(&v);
		return XST_E_MALFORMED;
	}
	*ret = v;
	return 0;
}
