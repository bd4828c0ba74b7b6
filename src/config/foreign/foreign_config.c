/* SPDX-License-Identifier: MIT */
#include "config/foreign/foreign_config.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/foreign/gather.h"

int xst_foreign_read(enum config_foreign_language language, const char *text, size_t n,
		     struct config_foreign *ret, struct config_error *err)
{
	struct config_foreign f = { .language = language };
	int r = XST_E_ARG;

	while (n && !text[n - 1]) /* libvirt's XML ends with a NUL */
		n--;
	switch (language) {
	case CONFIG_XEND:    r = xst_foreign_read_xend(text, n, &f, err); break;
	case CONFIG_LIBVIRT: r = xst_foreign_read_libvirt(text, n, &f, err); break;
	case CONFIG_XENOPS:  r = xst_foreign_read_xenops(text, n, &f, err); break;
	case CONFIG_OWN:     break;
	}
	if (r == 0)
		r = xst_foreign_complete(&f);
	if (r)
		xst_foreign_clear(&f);
	else
		*ret = f;
	return r;
}

void xst_foreign_clear(struct config_foreign *f)
{
	xst_config_view_clear(&f->view);
	for (size_t i = 0; i < f->nleft_out; i++)
		free(f->left_out[i]);
	free(f->left_out);
	f->left_out = NULL;
	f->nleft_out = 0;
}

enum config_foreign_language xst_foreign_of(enum xst_layer container)
{
	switch (container) {
	case XST_LAYER_LIBVIRT:   return CONFIG_LIBVIRT;
	case XST_LAYER_XEND:      return CONFIG_XEND;
	case XST_LAYER_XENSERVER: return CONFIG_XENOPS;
	default:                  return CONFIG_OWN;
	}
}

const char *xst_foreign_name(enum config_foreign_language language)
{
	switch (language) {
	case CONFIG_XEND:    return "xend's s-expression";
	case CONFIG_LIBVIRT: return "libvirt's XML";
	case CONFIG_XENOPS:  return "XenServer's xenops record";
	case CONFIG_OWN:     break;
	}
	return "one of xl's languages";
}

int xst_foreign_print(const struct config_foreign *f, char **ret, size_t *ret_n)
{
	const char **lines = malloc((f->nleft_out + 1) * sizeof(*lines));
	char first[160];
	int r;

	if (!lines)
		return XST_E_NOMEM;
	snprintf(first, sizeof(first), "Translated from %s%s", xst_foreign_name(f->language),
		 f->nleft_out ? "; xl can't express these parts of it:" : "");
	lines[0] = first;
	for (size_t i = 0; i < f->nleft_out; i++)
		lines[i + 1] = f->left_out[i];
	r = xst_config_view_print(&f->view, lines, f->nleft_out + 1, ret, ret_n);
	free(lines);
	return r;
}
