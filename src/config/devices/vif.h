/* SPDX-License-Identifier: MIT */
/* Specifications of network interfaces: xl-network-configuration(5). */
#ifndef CONFIG_VIF_H
#define CONFIG_VIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/error.h"

/* All strings are malloc'ed; NULL: not given. */
struct config_vif {
	char *mac;       /* six groups, as written */
	char *type;      /* "ioemu", "vif" */
	char *bridge, *model, *script, *ip, *backend, *vifname, *gatewaydev;
	char *rate;      /* as written: "10Mb/s@20ms" */
	long devid, mtu; /* -1: not given */
	int trusted;     /* 1, 0; -1: not given */
	char *rest;      /* unknown parameters, as written, joined by commas */
};

/* Parses one specification, as xl does; unknown parameters are kept.  err->column counts in the
 * specification.  Returns 0, XST_E_MALFORMED or XST_E_NOMEM.  On success the caller clears *ret
 * with xst_config_vif_clear(). */
int xst_config_vif_parse(const char *spec, struct config_vif *ret, struct config_error *err);

/* The specification, malloc'ed; NULL: out of memory. */
char *xst_config_vif_print(const struct config_vif *v);

void xst_config_vif_init(struct config_vif *v); /* nothing given */
void xst_config_vif_clear(struct config_vif *v);

/* Parses "RATE/s[@INTERVAL]" as libxl stores it: bytes per interval, and the interval in
 * microseconds.  Returns 0, XST_E_MALFORMED or XST_E_LIMIT. */
int xst_config_rate_parse(const char *rate, uint64_t *ret_bytes, uint32_t *ret_usecs);
/* The inverse, into buf; false: no rate gives these numbers. */
bool xst_config_rate_print(uint64_t bytes, uint32_t usecs, char *buf, size_t size);

/* Parameters that are strings: their words in a specification, their members in JSON (NULL: stored
 * differently). */
struct config_vif_string {
	const char *key, *member;
	size_t at; /* of a char * in struct config_vif */
};
extern const struct config_vif_string xst_config_vif_strings[];
extern const size_t xst_config_vif_strings_count;
char **xst_config_vif_string_of(struct config_vif *v, const struct config_vif_string *s);

#endif
