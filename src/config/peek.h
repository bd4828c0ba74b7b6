/* SPDX-License-Identifier: MIT */
/* A look at the configurations of other toolstacks: what a screen wants to know of them. */
#ifndef CONFIG_PEEK_H
#define CONFIG_PEEK_H

#include "config/view.h"

/* Fills *ret from an s-expression of xend's or from XML of libvirt's, by the first octet; text is terminated.
 * Free with config_view_clear().  Returns 0, XST_E_MALFORMED: neither of them, or without a name; or
 * XST_E_NOMEM. */
int config_peek(const char *text, struct config_view *ret);

#endif
