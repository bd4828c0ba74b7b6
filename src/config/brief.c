/* SPDX-License-Identifier: MIT */
#include "config/brief.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(char **to, const char *s)
{
	if (!s || !*s)
		return;
	free(*to);
	*to = strdup(s);
}

static void add(char **list, size_t *n, const char *s)
{
	if (*n < BRIEF_STRINGS)
		list[*n] = strdup(s);
	(*n)++;
}

/* --- JSON: libxl_domain_config --------------------------------------------------------------- */

static const char *text_at(json_object *o, const char *key)
{
	json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : NULL;
}

static double number_at(json_object *o, const char *key)
{
	json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_double(v) : 0;
}

static void disk_json(struct config_brief *b, json_object *o)
{
	const char *path = text_at(o, "pdev_path"), *vdev = text_at(o, "vdev");
	char line[512];

	snprintf(line, sizeof(line), "%s as %s%s", path && *path ? path : "(empty)", vdev ? vdev : "?",
		 number_at(o, "readwrite") > 0 ? "" : ", read-only");
	add(b->disks, &b->ndisks, line);
}

static void vif_json(struct config_brief *b, json_object *o)
{
	const char *mac = text_at(o, "mac"), *bridge = text_at(o, "bridge");
	char line[512];

	snprintf(line, sizeof(line), "%s%s%s", mac ? mac : "(no address)", bridge ? " on " : "",
		 bridge ? bridge : "");
	add(b->vifs, &b->nvifs, line);
}

static void each(struct config_brief *b, json_object *root, const char *key,
		 void (*one)(struct config_brief *, json_object *))
{
	json_object *a;

	if (!json_object_object_get_ex(root, key, &a) || !json_object_is_type(a, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(a); i++)
		if (json_object_is_type(json_object_array_get_idx(a, i), json_type_object))
			one(b, json_object_array_get_idx(a, i));
}

static void build_info(struct config_brief *b, json_object *build)
{
	json_object *hvm;

	b->vcpus = (long)number_at(build, "max_vcpus");
	b->memory_mib = number_at(build, "target_memkb") / 1024;
	b->maxmem_mib = number_at(build, "max_memkb") / 1024;
	set(&b->kernel, text_at(build, "kernel"));
	set(&b->device_model, text_at(build, "device_model_version"));
	if (json_object_object_get_ex(build, "type.hvm", &hvm))
		set(&b->boot, text_at(hvm, "boot"));
}

static void read_json(struct config_brief *b, const char *text, size_t n)
{
	json_tokener *tok = json_tokener_new();
	json_object *root = tok ? json_tokener_parse_ex(tok, text, (int)n) : NULL, *part;

	if (tok)
		json_tokener_free(tok);
	if (!root)
		return;
	b->understood = json_object_is_type(root, json_type_object);
	if (json_object_object_get_ex(root, "c_info", &part)) {
		set(&b->name, text_at(part, "name"));
		set(&b->uuid, text_at(part, "uuid"));
		set(&b->type, text_at(part, "type"));
	}
	if (json_object_object_get_ex(root, "b_info", &part))
		build_info(b, part);
	each(b, root, "disks", disk_json);
	each(b, root, "nics", vif_json);
	json_object_put(root);
}

/* --- text: xl.cfg ---------------------------------------------------------------------------- */

static const char *skip_space(const char *s)
{
	for (;;) {
		while (*s && isspace((unsigned char)*s))
			s++;
		if (*s != '#')
			return s;
		while (*s && *s != '\n')
			s++;
	}
}

/* A quoted string or a bare word at s, malloc'ed in *ret.  Returns what is behind it. */
static const char *scalar(const char *s, char **ret)
{
	char quote = *s == '"' || *s == '\'' ? *s++ : 0;
	const char *begin = s;

	while (*s && (quote ? *s != quote && *s != '\n' : isalnum((unsigned char)*s) || strchr("_-./:", *s)))
		s++;
	*ret = strndup(begin, (size_t)(s - begin));
	return quote && *s == quote ? s + 1 : s;
}

static void one_value(struct config_brief *b, const char *key, const char *value)
{
	const struct {
		const char *key;
		char **to;
	} strings[] = { { "name", &b->name },       { "uuid", &b->uuid },
			{ "kernel", &b->kernel },   { "boot", &b->boot },
			{ "builder", &b->type },    { "type", &b->type },
			{ "device_model_version", &b->device_model } };

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (strcmp(key, strings[i].key) == 0)
			set(strings[i].to, value);
	if (strcmp(key, "memory") == 0)
		b->memory_mib = strtod(value, NULL);
	else if (strcmp(key, "maxmem") == 0)
		b->maxmem_mib = strtod(value, NULL);
	else if (strcmp(key, "vcpus") == 0 || strcmp(key, "maxvcpus") == 0)
		b->vcpus = strtol(value, NULL, 0);
	else if (strcmp(key, "disk") == 0)
		add(b->disks, &b->ndisks, value);
	else if (strcmp(key, "vif") == 0)
		add(b->vifs, &b->nvifs, value);
}

/* [ 'a', 'b' ]: each as a value of its own.  NULL when it does not end. */
static const char *list(struct config_brief *b, const char *key, const char *s)
{
	char *value;

	for (s = skip_space(s + 1); *s && *s != ']'; s = skip_space(s)) {
		if (*s == ',') {
			s++;
			continue;
		}
		if (*s != '"' && *s != '\'' && !isalnum((unsigned char)*s))
			return NULL;
		s = scalar(s, &value);
		one_value(b, key, value ? value : "");
		free(value);
	}
	return *s == ']' ? s + 1 : NULL;
}

static const char *setting(struct config_brief *b, const char *s)
{
	char *key = NULL, *value = NULL;

	s = skip_space(scalar(s, &key));
	if (!key || !*key || (*s != '=' && strncmp(s, "+=", 2) != 0)) {
		free(key);
		return NULL;
	}
	s = skip_space(s + (*s == '=' ? 1 : 2));
	if (*s == '[') {
		s = list(b, key, s);
	} else {
		s = scalar(s, &value);
		one_value(b, key, value ? value : "");
	}
	free(key);
	free(value);
	return s;
}

static void read_text(struct config_brief *b, const char *text)
{
	const char *s = skip_space(text);

	while (s && *s) {
		s = *s == ';' ? s + 1 : setting(b, s);
		if (s)
			s = skip_space(s);
	}
	b->understood = s != NULL;
}

/* --- s-expressions: xend; XML: libvirt ------------------------------------------------------- */

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

static double number_of(char *text)
{
	double v = text ? strtod(text, NULL) : 0;

	free(text);
	return v;
}

static long count_of(char *text)
{
	long v = text ? strtol(text, NULL, 10) : 0;

	free(text);
	return v > 0 ? v : 0;
}

static void read_sexpr(struct config_brief *b, const char *text)
{
	b->name = sexpr_at(text, "name");
	b->uuid = sexpr_at(text, "uuid");
	b->memory_mib = number_of(sexpr_at(text, "memory"));
	b->maxmem_mib = number_of(sexpr_at(text, "maxmem"));
	b->vcpus = count_of(sexpr_at(text, "vcpus"));
	b->understood = b->name != NULL;
	if (b->understood)
		set(&b->type, strstr(text, "(image (hvm") ? "hvm" : "pv");
}

static void read_xml(struct config_brief *b, const char *text)
{
	b->name = xml_at(text, "name");
	b->uuid = xml_at(text, "uuid");
	b->type = xml_at(text, "type");
	b->memory_mib = number_of(xml_at(text, "memory")) / 1024;
	b->vcpus = count_of(xml_at(text, "vcpu"));
	b->understood = b->name != NULL;
}

void config_brief_read(struct config_brief *b, const char *text, size_t n)
{
	const char *first = text;

	memset(b, 0, sizeof(*b));
	while (n && isspace((unsigned char)*first)) {
		first++;
		n--;
	}
	b->is_json = *first == '{';
	if (b->is_json)
		read_json(b, first, n);
	else if (*first == '(')
		read_sexpr(b, first);
	else if (*first == '<')
		read_xml(b, first);
	else
		read_text(b, first);
}

void config_brief_free(struct config_brief *b)
{
	char *all[] = { b->name, b->uuid, b->type, b->kernel, b->device_model, b->boot };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
	for (size_t i = 0; i < BRIEF_STRINGS; i++) {
		free(b->disks[i]);
		free(b->vifs[i]);
	}
	memset(b, 0, sizeof(*b));
}
