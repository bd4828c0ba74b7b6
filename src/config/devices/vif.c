/* SPDX-License-Identifier: MIT */
#include "config/devices/vif.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define STRING(key, member, name) { key, member, offsetof(struct config_vif, name) }

const struct config_vif_string xst_config_vif_strings[] = {
	STRING("type", NULL, type),
	STRING("mac", "mac", mac),
	STRING("bridge", "bridge", bridge),
	STRING("model", "model", model),
	STRING("vifname", "ifname", vifname),
	STRING("script", "script", script),
	STRING("ip", "ip", ip),
	STRING("backend", "backend_domname", backend),
	STRING("gatewaydev", "gatewaydev", gatewaydev),
	STRING("rate", NULL, rate),
};
const size_t xst_config_vif_strings_count = COUNT(xst_config_vif_strings);

char **xst_config_vif_string_of(struct config_vif *v, const struct config_vif_string *s)
{
	return (char **)((char *)v + s->at);
}

void xst_config_vif_init(struct config_vif *v)
{
	*v = (struct config_vif){ .devid = -1, .mtu = -1, .trusted = -1 };
}

void xst_config_vif_clear(struct config_vif *v)
{
	for (size_t i = 0; i < xst_config_vif_strings_count; i++)
		free(*xst_config_vif_string_of(v, &xst_config_vif_strings[i]));
	free(v->rest);
	xst_config_vif_init(v);
}

/* --- parsing -------------------------------------------------------------------------------- */

/* A parameter: its bytes, without the comma after it. */
struct parser {
	const char *spec, *s;
	size_t n;
	struct config_vif *v;
	struct config_error *err;
};

static int vif_fail(const struct parser *p, const char *what)
{
	return xst_config_fail_at(p->err, XST_E_MALFORMED, p->spec, (size_t)(p->s - p->spec),
				  "vif: '%.*s': %s", p->n > 60 ? 60 : (int)p->n, p->s, what);
}

static int vif_number(const struct parser *p, const char *value, long *ret)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 0);
	if (end == value || *end || errno || n < 0 || n > INT_MAX)
		return vif_fail(p, "not a number");
	*ret = n;
	return 0;
}

/* Whether it is six groups of one or two hexadecimal digits, separated by colons. */
static bool is_mac(const char *mac)
{
	for (int i = 0; i < 6; i++) {
		size_t n = strspn(mac, "0123456789abcdefABCDEF");

		if (n < 1 || n > 2 || mac[n] != (i < 5 ? ':' : '\0'))
			return false;
		mac += n + 1;
	}
	return true;
}

static int vif_check(const struct parser *p, const char *key, const char *value)
{
	uint64_t bytes;
	uint32_t usecs;

	if (strcmp(key, "mac") == 0 && !is_mac(value))
		return vif_fail(p, "not a MAC address: six groups of two hexadecimal digits, as in "
				   "00:16:3e:01:02:03");
	if (strcmp(key, "type") == 0 && strcmp(value, "ioemu") != 0 && strcmp(value, "vif") != 0)
		return vif_fail(p, "not an interface type: use ioemu or vif");
	if (strcmp(key, "rate") == 0 && xst_config_rate_parse(value, &bytes, &usecs))
		return vif_fail(p, "not a rate: a number, one of GB MB KB B Gb Mb Kb b, and /s");
	return 0;
}

static int vif_named(const struct parser *p, const char *key, const char *value, bool *ret_known)
{
	const char *word = strcmp(key, "netdev") == 0 ? "gatewaydev" : key; /* its old name */

	*ret_known = true;
	if (strcmp(key, "devid") == 0)
		return vif_number(p, value, &p->v->devid);
	if (strcmp(key, "mtu") == 0)
		return vif_number(p, value, &p->v->mtu);
	for (size_t i = 0; i < xst_config_vif_strings_count; i++) {
		char **to = xst_config_vif_string_of(p->v, &xst_config_vif_strings[i]);
		int r;

		if (strcmp(word, xst_config_vif_strings[i].key) != 0)
			continue;
		r = vif_check(p, word, value);
		if (r)
			return r;
		free(*to);
		*to = strdup(value);
		return *to ? 0 : XST_E_NOMEM;
	}
	*ret_known = false;
	return 0;
}

/* Keeps a parameter of a later Xen, of COLO or of xend: xl warns that it is unknown, and
 * continues. */
static int vif_keep(const struct parser *p)
{
	struct text t = { 0 };

	if (p->v->rest)
		xst_text_printf(&t, "%s,", p->v->rest);
	xst_text_add(&t, p->s, p->n);
	free(p->v->rest);
	p->v->rest = xst_text_take(&t, NULL);
	return p->v->rest ? 0 : XST_E_NOMEM;
}

static int vif_parameter(const struct parser *p)
{
	char *key = strndup(p->s, p->n), *equals = key ? strchr(key, '=') : NULL;
	bool known = false;
	int r = 0;

	if (!key)
		return XST_E_NOMEM;
	if (equals) {
		*equals = '\0';
		r = vif_named(p, key, equals + 1, &known);
		if (r == 0 && !known)
			r = vif_keep(p);
	} else if (strcmp(key, "trusted") == 0 || strcmp(key, "untrusted") == 0) {
		p->v->trusted = *key == 't';
	} else {
		r = vif_keep(p);
	}
	free(key);
	return r;
}

int xst_config_vif_parse(const char *spec, struct config_vif *ret, struct config_error *err)
{
	struct config_vif v;
	struct parser p = { .spec = spec, .s = spec, .v = &v, .err = err };
	int r = 0;

	xst_config_vif_init(&v);
	while (r == 0 && *p.s) {
		p.s += strspn(p.s, " \t\n,");
		p.n = strcspn(p.s, ",");
		if (p.n)
			r = vif_parameter(&p);
		p.s += p.n;
	}
	if (r)
		xst_config_vif_clear(&v);
	else
		*ret = v;
	return r;
}

/* --- rates ---------------------------------------------------------------------------------- */

#define USECS_PER_SEC	 UINT64_C(1000000)
#define DEFAULT_INTERVAL 50000

/* Reads digits at *s, and moves *s past them. */
static int digits(const char **s, uint64_t *ret)
{
	char *end;

	/* libxlutil takes a leading zero to mean octal, which nobody intends */
	if (!isdigit((unsigned char)**s) || (**s == '0' && isdigit((unsigned char)(*s)[1])))
		return XST_E_MALFORMED;
	errno = 0;
	*ret = strtoull(*s, &end, 10);
	*s = end;
	return errno ? XST_E_LIMIT : 0;
}

static int bytes_per_second(const char **s, uint64_t *ret)
{
	static const char prefixes[] = "KMG";
	uint64_t v, factor = 1;
	const char *prefix;
	int r = digits(s, &v);

	if (r)
		return r;
	prefix = **s ? strchr(prefixes, **s) : NULL;
	for (const char *p = prefixes; prefix && p <= prefix; p++)
		factor *= 1000;
	*s += prefix != NULL;
	if (**s != 'B' && **s != 'b')
		return XST_E_MALFORMED;
	if (!v || v > UINT32_MAX) /* xl's limit, with which the product fits */
		return XST_E_LIMIT;
	*ret = v * factor / (**s == 'b' ? 8 : 1);
	(*s)++;
	return 0;
}

static int interval(const char *s, uint32_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t usecs;
	} units[] = { { "", USECS_PER_SEC }, { "s", USECS_PER_SEC }, { "ms", 1000 }, { "m", 1000 },
		      { "us", 1 }, { "u", 1 } };
	uint64_t v;
	int r = digits(&s, &v);

	if (r)
		return r;
	for (size_t i = 0; i < COUNT(units); i++)
		if (strcmp(s, units[i].unit) == 0) {
			if (!v || v > UINT32_MAX / units[i].usecs)
				return XST_E_LIMIT;
			*ret = (uint32_t)(v * units[i].usecs);
			return 0;
		}
	return XST_E_MALFORMED;
}

int xst_config_rate_parse(const char *rate, uint64_t *ret_bytes, uint32_t *ret_usecs)
{
	uint32_t usecs = DEFAULT_INTERVAL;
	uint64_t bytes;
	int r = bytes_per_second(&rate, &bytes);

	if (r)
		return r;
	if (strncmp(rate, "/s", 2) != 0)
		return XST_E_MALFORMED;
	rate += 2;
	if (*rate && *rate != '@')
		return XST_E_MALFORMED;
	r = *rate ? interval(rate + 1, &usecs) : 0;
	if (r)
		return r;
	if (bytes > UINT64_MAX / usecs)
		return XST_E_LIMIT;
	*ret_bytes = bytes * usecs / USECS_PER_SEC;
	*ret_usecs = usecs;
	return 0;
}

bool xst_config_rate_print(uint64_t bytes, uint32_t usecs, char *buf, size_t size)
{
	uint64_t per_second, back;
	uint32_t same;

	if (!usecs || bytes > UINT64_MAX / USECS_PER_SEC - 1)
		return false;
	per_second = (bytes * USECS_PER_SEC + usecs - 1) / usecs;
	snprintf(buf, size, "%" PRIu64 "B/s@%" PRIu32 "us", per_second, usecs);
	return xst_config_rate_parse(buf, &back, &same) == 0 && back == bytes && same == usecs;
}

/* --- printing ------------------------------------------------------------------------------- */

static void vif_comma(struct text *t)
{
	if (t->n)
		xst_text_puts(t, ",");
}

char *xst_config_vif_print(const struct config_vif *vif)
{
	struct config_vif v = *vif;
	struct text t = { 0 };

	for (size_t i = 0; i < xst_config_vif_strings_count; i++) {
		const char *s = *xst_config_vif_string_of(&v, &xst_config_vif_strings[i]);

		if (!s)
			continue;
		vif_comma(&t);
		xst_text_printf(&t, "%s=%s", xst_config_vif_strings[i].key, s);
	}
	if (v.devid >= 0) {
		vif_comma(&t);
		xst_text_printf(&t, "devid=%ld", v.devid);
	}
	if (v.mtu >= 0) {
		vif_comma(&t);
		xst_text_printf(&t, "mtu=%ld", v.mtu);
	}
	if (v.trusted >= 0) {
		vif_comma(&t);
		xst_text_puts(&t, v.trusted ? "trusted" : "untrusted");
	}
	if (v.rest) {
		vif_comma(&t);
		xst_text_puts(&t, v.rest);
	}
	return xst_text_take(&t, NULL);
}
