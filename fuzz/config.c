/* SPDX-License-Identifier: MIT */
/* Configurations: an accepted one prints unchanged, a value that was set can be read back, and a
 * translation is accepted in the other language. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void ignore_complaint(void *userdata, const struct config_complaint *c)
{
	(void)userdata;
	must(*c->key && *c->text);
}

static void ignore_loss(void *userdata, const char *key, const char *why)
{
	(void)userdata;
	must(key && why);
}

/* Printing and parsing it again gives the same text. */
static void stable(const struct config *c, unsigned flags)
{
	struct config *again;
	char *s, *t;
	size_t n, m;

	must(xst_config_print(c, &s, &n) == 0);
	if (n > LIMIT_CONFIG_SIZE) {
		free(s);
		return;
	}
	must(xst_config_parse(s, n, flags, &again, NULL) == 0);
	must(xst_config_print(again, &t, &m) == 0);
	must(n == m && memcmp(s, t, n) == 0);
	xst_config_free(again);
	free(s);
	free(t);
}

static void look(const struct config *c)
{
	struct config_view v;
	char *s;
	size_t n;

	must(xst_config_check(c, ignore_complaint, NULL) >= 0);
	must(xst_config_view_read(c, &v) == 0);
	must(xst_config_view_print(&v, NULL, 0, &s, &n) == 0);
	free(s);
	xst_config_view_clear(&v);
}

static void change(struct config *c, unsigned flags)
{
	static const char *const keys[] = { "name", "disk", "vif", "memory", "cpus" };
	static const char *const values[] = { "it's \"x\"", "['/x,raw,xvda,w']", "['bridge=b']",
					      "64", "0-1" };
	char *s;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (xst_config_set(c, keys[i], values[i], NULL) != 0)
			continue;
		must(xst_config_get(c, keys[i], &s, NULL) == 0);
		must(i != 0 || strcmp(s, values[i]) == 0);
		free(s);
		stable(c, flags);
	}
	if (xst_config_append(c, "disk", "/y,raw,xvdb,w", NULL) == 0)
		stable(c, flags);
	if (xst_config_unset(c, "disk", NULL) == 0) {
		must(xst_config_get(c, "disk", &s, NULL) == XST_E_UNKNOWN);
		stable(c, flags);
	}
}

static void translate(const struct config *c)
{
	enum config_language to = xst_config_language(c) == CONFIG_CFG ? CONFIG_JSON : CONFIG_CFG;
	struct config *other;

	if (xst_config_translate(c, to, ignore_loss, NULL, &other, NULL) != 0)
		return;
	stable(other, 0);
	look(other);
	xst_config_free(other);
}

static void run(const char *text, size_t n, unsigned flags)
{
	struct config_error err = { 0 };
	struct config *c;
	char *s;
	size_t m;

	if (xst_config_parse(text, n, flags, &c, &err) != 0) {
		must(*err.text);
		return;
	}
	must(xst_config_print(c, &s, &m) == 0);
	must((m == n || (m + 1 == n && !text[n - 1])) && memcmp(s, text, m) == 0);
	free(s);
	look(c);
	translate(c);
	change(c, flags);
	xst_config_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = malloc(size ? size : 1);

	if (!exact)
		return 0;
	memcpy(exact, data, size);
	run(exact, size, 0);
	run(exact, size, CONFIG_AS_XL);
	free(exact);
	return 0;
}
