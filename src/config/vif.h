/* SPDX-License-Identifier: MIT */
/* Specifications of network interfaces: xl-network-configuration(5). */
#ifndef CONFIG_VIF_H
#define CONFIG_VIF_H

#include <stdbool.h>
#include <stdint.h>

#include "config/error.h"

/* All strings are malloc'ed or NULL: not said. */
struct config_vif {
	char *mac;        /* six groups, as written */
	char *bridge, *model, *script, *ip, *backend, *vifname, *gatewaydev;
	char *type;       /* "ioemu", "vif" */
	char *rate;       /* as written: "10Mb/s@20ms" */
	long devid, mtu;  /* -1: not said */
	int trusted;      /* 1, 0; -1: not said */
	char *rest;       /* keys of COLO and of later Xens, as written, joined by commas */
};

/* Parses one specification, as xl does.  err->column counts in the specification.
 * Returns 0, XST_E_MALFORMED or XST_E_NOMEM.  *ret is cleared first, and the caller's to be cleared
 * with config_vif_clear() after success. */
int config_vif_parse(const char *spec, struct config_vif *ret, struct config_error *err);

/* The specification, malloc'ed; NULL: out of memory. */
char *config_vif_print(const struct config_vif *v);
void config_vif_clear(struct config_vif *v);

bool config_mac_valid(const char *mac);

/* "RATE[/s][@INTERVAL]" in octets an interval and the interval in microseconds, as libxl stores it.
 * Returns 0, XST_E_MALFORMED or XST_E_LIMIT. */
int config_rate_parse(const char *rate, uint64_t *ret_bytes, uint32_t *ret_usecs);

#endif
