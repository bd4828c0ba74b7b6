/* SPDX-License-Identifier: MIT */
#include "config/devices/disk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define STRING(key, member, name) { key, member, offsetof(struct config_disk, name) }

/* format first, target last: the order of printing */
const struct config_disk_string xst_config_disk_strings[] = {
	STRING("format", "format", format),
	STRING("vdev", "vdev", vdev),
	STRING("backendtype", "backend", backendtype),
	STRING("backend", "backend_domname", backend),
	STRING("script", "script", script),
	STRING("specification", "specification", specification),
	STRING("colo-host", "colo_host", colo_host),
	STRING("colo-port", "colo_port", colo_port),
	STRING("colo-export", "colo_export", colo_export),
	STRING("active-disk", "active_disk", active_disk),
	STRING("hidden-disk", "hidden_disk", hidden_disk),
	STRING("target", "pdev_path", target),
};
const size_t xst_config_disk_strings_count = COUNT(xst_config_disk_strings);

const struct config_disk_flag xst_config_disk_flags[] = {
	{ "discard", "no-discard", "discard_enable", offsetof(struct config_disk, discard) },
	{ "trusted", "untrusted", "trusted", offsetof(struct config_disk, trusted) },
};
const size_t xst_config_disk_flags_count = COUNT(xst_config_disk_flags);

char **xst_config_disk_string_of(struct config_disk *d, const struct config_disk_string *s)
{
	return (char **)((char *)d + s->at);
}

int *xst_config_disk_flag_of(struct config_disk *d, const struct config_disk_flag *f)
{
	return (int *)((char *)d + f->at);
}

void xst_config_disk_init(struct config_disk *d)
{
	*d = (struct config_disk){ .discard = -1, .trusted = -1 };
}

void xst_config_disk_clear(struct config_disk *d)
{
	for (size_t i = 0; i < xst_config_disk_strings_count; i++)
		free(*xst_config_disk_string_of(d, &xst_config_disk_strings[i]));
	xst_config_disk_init(d);
}

/* --- parsing -------------------------------------------------------------------------------- */

struct parser {
	const char *spec;
	size_t pos, begin; /* begin: of the current parameter */
	struct config_disk *d;
	struct config_error *err;
	bool deprecated; /* a form with prefixes, whose parameters include no format */
	bool format_said, access_placed; /* even if empty; access_placed: given without its name */
};

/* A parameter: its bytes, without the comma after it. */
struct piece {
	const char *s;
	size_t n;
};

static bool disk_is(struct piece p, const char *word)
{
	return strlen(word) == p.n && memcmp(p.s, word, p.n) == 0;
}

static bool is_one_of(struct piece p, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (disk_is(p, words[i]))
			return true;
	return false;
}

static int disk_fail(const struct parser *p, struct piece piece, const char *what)
{
	return xst_config_fail_at(p->err, XST_E_MALFORMED, p->spec, p->begin, "disk: '%.*s': %s",
				  piece.n > 60 ? 60 : (int)piece.n, piece.s, what);
}

static int disk_save(struct parser *p, char **to, struct piece v)
{
	if (*to && **to)
		return disk_fail(p, v, "given twice");
	free(*to);
	*to = strndup(v.s, v.n);
	return *to ? 0 : XST_E_NOMEM;
}

/* Sets one of several words; the same one may be repeated, as in "vhd:vhd:/path". */
static int set_word(struct parser *p, char **to, struct piece v, const char *const *words, size_t n)
{
	if (!is_one_of(v, words, n))
		return disk_fail(p, v, "not one of its possible values");
	return *to && disk_is(v, *to) ? 0 : disk_save(p, to, v);
}

static int set_format(struct parser *p, struct piece v)
{
	static const char *const words[] = { "raw", "qcow", "qcow2", "vhd", "qed" };

	p->format_said = true;
	if (!v.n)
		v = (struct piece){ "raw", 3 };
	return set_word(p, &p->d->format, v, words, COUNT(words));
}

static int set_access(struct parser *p, struct piece v)
{
	static const char *const read[] = { "r", "ro" }, *const write[] = { "w", "rw" };

	p->d->readonly = is_one_of(v, read, COUNT(read));
	if (v.n && !p->d->readonly && !is_one_of(v, write, COUNT(write)))
		return disk_fail(p, v, "not an access mode: use rw or ro");
	return 0;
}

static int set_devtype(struct parser *p, struct piece v)
{
	p->d->cdrom = disk_is(v, "cdrom");
	return p->d->cdrom || disk_is(v, "disk")
		       ? 0
		       : disk_fail(p, v, "not a device type: use cdrom or disk");
}

/* As libxlutil parses it: the text begins with a number other than 0; the last one counts. */
static int set_port(struct parser *p, struct piece v)
{
	if (!strtol(v.s, NULL, 10))
		return disk_fail(p, v, "not a port number");
	free(p->d->colo_port);
	p->d->colo_port = NULL;
	return disk_save(p, &p->d->colo_port, v);
}

static int set_named(struct parser *p, struct piece key, struct piece v)
{
	static const char *const types[] = { "phy", "tap", "qdisk", "standalone" };
	static const char *const specifications[] = { "xen", "virtio" };

	if (disk_is(key, "format"))
		return set_format(p, v);
	if (disk_is(key, "access"))
		return set_access(p, v);
	if (disk_is(key, "devtype"))
		return set_devtype(p, v);
	if (disk_is(key, "backendtype"))
		return set_word(p, &p->d->backendtype, v, types, COUNT(types));
	if (disk_is(key, "specification"))
		return set_word(p, &p->d->specification, v, specifications, COUNT(specifications));
	if (disk_is(key, "colo-port"))
		return set_port(p, v);
	for (size_t i = 0; i < xst_config_disk_strings_count; i++)
		if (disk_is(key, xst_config_disk_strings[i].key))
			return disk_save(
				p, xst_config_disk_string_of(p->d, &xst_config_disk_strings[i]), v);
	return disk_fail(p, key, "not a disk parameter");
}

static bool set_flag(struct parser *p, struct piece word)
{
	if (disk_is(word, "cdrom"))
		p->d->cdrom = true;
	else if (disk_is(word, "direct-io-safe"))
		p->d->direct_io_safe = true;
	else if (disk_is(word, "colo") || disk_is(word, "no-colo"))
		p->d->colo = disk_is(word, "colo");
	else
		for (size_t i = 0;; i++) {
			const struct config_disk_flag *f = &xst_config_disk_flags[i];

			if (i == xst_config_disk_flags_count)
				return false;
			if (!disk_is(word, f->on) && !disk_is(word, f->off))
				continue;
			*xst_config_disk_flag_of(p->d, f) = disk_is(word, f->on);
			break;
		}
	return true;
}

/* "hdc:cdrom" */
static int vdev_with_type(struct parser *p, struct piece v, const char *colon)
{
	struct piece type = { colon + 1, (size_t)(v.s + v.n - colon) - 1 };
	int r;

	v.n = (size_t)(colon - v.s);
	p->deprecated = true;
	r = disk_save(p, &p->d->vdev, v);
	return r ? r : set_devtype(p, type);
}

static int positional(struct parser *p, struct piece v)
{
	const char *colon = memrchr(v.s, ':', v.n);

	if (!p->d->target)
		return disk_save(p, &p->d->target, v);
	if (!p->format_said && !p->deprecated) {
		/* ",hdc:cdrom,r": an empty drive in old syntax */
		return colon && !p->d->vdev && !*p->d->target ? vdev_with_type(p, v, colon)
							      : set_format(p, v);
	}
	if (!p->d->vdev)
		return colon ? vdev_with_type(p, v, colon) : disk_save(p, &p->d->vdev, v);
	if (p->access_placed)
		return disk_fail(p, v, "one parameter too many");
	p->access_placed = true;
	return set_access(p, v);
}

/* In "tap:aio:/path", the length of the first word; 0: there is no prefix. */
static size_t prefix_length(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789");

	return isalpha((unsigned char)*s) && s[n] == ':' ? n : 0;
}

/* Applies a deprecated prefix.  *ret_known: whether it is one; if not, it may be a path. */
static int take_prefix(struct parser *p, struct piece word, bool *ret_known)
{
	static const char *const ignored[] = { "tapdisk", "tap",  "tap2", "aio",
					       "ioemu",	  "file", "phy" };
	static const char *const formats[] = { "raw", "qcow", "qcow2", "vhd" };
	static const char *const scripts[] = { "iscsi", "drbd", "nbd", "enbd" };
	char next = word.s[word.n + 1];
	struct text script = { 0 };

	*ret_known = true;
	if (is_one_of(word, ignored, COUNT(ignored)))
		return 0;
	if (is_one_of(word, formats, COUNT(formats)))
		return set_format(p, word);
	if (is_one_of(word, scripts, COUNT(scripts))) {
		if (p->d->script)
			return disk_fail(p, word, "a script is given twice");
		xst_text_puts(&script, "block-");
		xst_text_add(&script, word.s, word.n);
		p->d->script = xst_text_take(&script, NULL);
		return p->d->script ? 0 : XST_E_NOMEM;
	}
	if (!islower((unsigned char)next) && !isdigit((unsigned char)next))
		return disk_fail(p, word, "not a disk prefix, not even a deprecated one");
	*ret_known = false;
	return 0;
}

/* "target=" takes everything after it but a final comma, even if an empty target stands in its
 * place. */
static int take_target(struct parser *p)
{
	struct piece v = { p->spec + p->pos + 7, strlen(p->spec + p->pos + 7) };

	p->pos += 7 + v.n;
	if (v.n && v.s[v.n - 1] == ',')
		v.n--;
	return disk_save(p, &p->d->target, v);
}

static int disk_parameter(struct parser *p)
{
	struct piece v = { p->spec + p->pos, strcspn(p->spec + p->pos, ",") };
	const char *equals = memchr(v.s, '=', v.n);
	size_t prefix = prefix_length(v.s);
	bool known = false;
	int r;

	p->begin = p->pos;
	if (strncmp(v.s, "target=", 7) == 0)
		return take_target(p);
	if (prefix) {
		r = take_prefix(p, (struct piece){ v.s, prefix }, &known);
		p->pos += known ? prefix + 1 : 0;
		p->deprecated |= known;
		if (r || known)
			return r;
	}
	p->pos += v.n + (v.s[v.n] == ',');
	if (equals)
		return set_named(p, (struct piece){ v.s, (size_t)(equals - v.s) },
				 (struct piece){ equals + 1, (size_t)(v.s + v.n - equals) - 1 });
	return set_flag(p, v) ? 0 : positional(p, v);
}

static int disk_finish(struct parser *p)
{
	struct config_disk *d = p->d;
	struct piece whole = { p->spec, strlen(p->spec) };

	if (!d->vdev || !*d->vdev)
		return disk_fail(p, whole, "no vdev, the guest's name for the disk: add one");
	if ((!d->target || !*d->target) && !d->cdrom)
		return disk_fail(p, whole, "no target");
	if (d->cdrom)
		d->readonly = true; /* overrides any access mode */
	if (d->target && !*d->target) {
		free(d->target);
		d->target = NULL;
	}
	return 0;
}

int xst_config_disk_parse(const char *spec, struct config_disk *ret, struct config_error *err)
{
	struct config_disk d;
	struct parser p = { .spec = spec, .d = &d, .err = err };
	int r = 0;

	if (strchr(spec, '\n'))
		return xst_config_refuse(err, XST_E_MALFORMED,
					 "disk: a newline in the specification");
	xst_config_disk_init(&d);
	for (;;) {
		p.pos += strspn(spec + p.pos, " \t");
		if (r || !spec[p.pos])
			break;
		r = disk_parameter(&p);
	}
	if (r == 0)
		r = disk_finish(&p);
	if (r)
		xst_config_disk_clear(&d);
	else
		*ret = d;
	return r;
}

/* --- printing ------------------------------------------------------------------------------- */

static void disk_comma(struct text *t)
{
	if (t->n)
		xst_text_puts(t, ",");
}

static void disk_write_string(struct text *t, struct config_disk *d,
			      const struct config_disk_string *s)
{
	const char *v = *xst_config_disk_string_of(d, s);

	if (!v)
		return;
	disk_comma(t);
	xst_text_printf(t, "%s=%s", s->key, v);
}

static void write_flags(struct text *t, struct config_disk *d)
{
	disk_comma(t);
	xst_text_puts(t, d->readonly ? "access=ro" : "access=rw");
	xst_text_puts(t, d->cdrom ? ",devtype=cdrom" : "");
	xst_text_puts(t, d->direct_io_safe ? ",direct-io-safe" : "");
	xst_text_puts(t, d->colo ? ",colo" : "");
	for (size_t i = 0; i < xst_config_disk_flags_count; i++) {
		const struct config_disk_flag *f = &xst_config_disk_flags[i];
		int flag = *xst_config_disk_flag_of(d, f);

		if (flag >= 0)
			xst_text_printf(t, ",%s", flag ? f->on : f->off);
	}
}

char *xst_config_disk_print(const struct config_disk *disk)
{
	const size_t target = xst_config_disk_strings_count - 1; /* takes the rest of the text */
	struct config_disk d = *disk;
	struct text t = { 0 };

	for (size_t i = 0; i < target; i++)
		disk_write_string(&t, &d, &xst_config_disk_strings[i]);
	write_flags(&t, &d);
	disk_write_string(&t, &d, &xst_config_disk_strings[target]);
	if (d.target && *d.target && d.target[strlen(d.target) - 1] == ',')
		xst_text_puts(&t, ","); /* parsers remove one comma */
	return xst_text_take(&t, NULL);
}

/* --- names ---------------------------------------------------------------------------------- */

/* Whether a partition follows the letters that number a disk, up to the family's last one. */
static bool partition_valid(const char *s, unsigned long last)
{
	char *end;

	if (!*s)
		return true;
	return *s >= '1' && *s <= '9' && strtoul(s, &end, 10) <= last && !*end;
}

/* The number, from 0, that "a" to "zz" and so on stand for; *s ends after the letters.  -1: no
 * letter, or too many. */
static long letters(const char **s)
{
	long n = 0;

	if (!islower((unsigned char)**s))
		return -1;
	for (; islower((unsigned char)**s); (*s)++) {
		n = n * 26 + (**s - 'a') + 1;
		if (n > 1l << 20)
			return -1;
	}
	return n - 1;
}

bool xst_config_vdev_valid(const char *vdev)
{
	static const struct {
		const char *prefix;
		long disks;
		unsigned long partitions;
	} families[] = { { "xvd", 1l << 20, 255 }, { "hd", 4, 63 }, { "sd", 16, 15 } };
	char *end;

	for (size_t i = 0; i < COUNT(families); i++) {
		const char *s = vdev + strlen(families[i].prefix);
		long disk;

		if (strncmp(vdev, families[i].prefix, strlen(families[i].prefix)) != 0)
			continue;
		disk = letters(&s);
		return disk >= 0 && disk < families[i].disks &&
		       partition_valid(s, families[i].partitions);
	}
	if (*vdev == 'd' && isdigit((unsigned char)vdev[1])) {
		if (strtoul(vdev + 1, &end, 10) >= 1ul << 20)
			return false;
		return !*end || (*end == 'p' && end[1] && partition_valid(end + 1, 255));
	}
	return isdigit((unsigned char)*vdev) && strtoul(vdev, &end, 0) < 1ul << 29 && !*end;
}
