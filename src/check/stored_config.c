/* SPDX-License-Identifier: MIT */
/* The stored configuration: gathered, given to the caller who knows its language, and compared with
 * what the stream says. */
#include "check/refuse.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_SLACK_KIB (1u << 10) /* that libxl adds for special pages */
#define PAGE_KIB (XST_PAGE_SIZE / 1024)

static int config_rule_run(struct xst_checker *c, const struct xst_event *ev)
{
	uint64_t n = ev->u.payload.length;

	c->config_any |= n > 0;
	if (!c->config_fn || c->config || !n || n > LIMIT_CONFIG)
		return 0;
	c->config = malloc((size_t)n);
	if (!c->config)
		return XST_E_NOMEM;
	c->run = n;
	c->config_n = 0;
	c->wants = (size_t)n;
	return 0;
}

static int config_rule_payload(struct xst_checker *c, const struct xst_event *ev)
{
	size_t n = (size_t)c->run - c->config_n;

	if (!c->config || c->config_read)
		return 0;
	n = ev->u.payload.size < n ? ev->u.payload.size : n;
	memcpy(c->config + c->config_n, ev->u.payload.data, n);
	c->config_n += n;
	c->wants = (size_t)c->run - c->config_n;
	return 0;
}

/* xl believes the flag in its header; who reads the configuration sees what it is. */
static void language(struct xst_checker *c)
{
	size_t i = 0;
	bool json;

	while (i < c->config_n && strchr(" \t\r\n", c->config[i]) && c->config[i])
		i++;
	json = i < c->config_n && c->config[i] == '{';
	if (json != c->config_json)
		xst_check_find(c, RULE_CONFIG_SYNTAX, 0, NULL,
			       "the configuration is %s, but the header's flags say that it is %s",
			       json ? "JSON" : "text", json ? "text" : "JSON");
}

/* What the toolstack that takes it says of it. */
static void tell_taken(struct xst_checker *c)
{
	const struct xst_config_facts *f = &c->facts;
	struct refuse_span span = { .since = f->refused ? XST_XEN_NONE : f->since, .until = f->until };

	if (xst_check_span_matters(&span))
		xst_check_refuse(c, RULE_CONFIG_VALUE, &span, 0, NULL, "a configuration with %.*s",
				 (int)sizeof(f->why), f->why);
	if (f->remark[0])
		xst_check_find(c, RULE_CONFIG_VALUE, 0, NULL, "%.*s: what follows it is not read",
			       (int)sizeof(f->remark), f->remark);
}

static int config_rule_end(struct xst_checker *c, const struct xst_event *ev)
{
	int r;

	if (!c->config || c->config_read || c->config_n != c->run)
		return 0;
	c->config_read = true;
	if (ev->layer == XST_LAYER_XL)
		language(c);
	r = c->config_fn(c->config_userdata, ev->layer, c->config, c->config_n, &c->facts);
	free(c->config);
	c->config = NULL;
	if (r == XST_E_NOMEM)
		return r;
	tell_taken(c);
	if (r) {
		xst_check_find(c, RULE_CONFIG_SYNTAX, 0, NULL, "the configuration can't be read");
		memset(&c->facts, 0, sizeof(c->facts));
	}
	return 0;
}

const struct check_subject xst_check_config = { .run = config_rule_run,
						.payload = config_rule_payload,
						.end = config_rule_end };

/* What is inside an xl header begins. */
void xst_check_config_stream(struct xst_checker *c)
{
	if (c->layer == XST_LAYER_XL && c->seen[XST_KIND_XL_HEADER] && !c->config_any)
		xst_check_find(
			c, RULE_CONFIG_MISSING, 0, NULL,
			"no configuration is stored: give one to xl (xl restore CONFIG FILE)");
}

void xst_check_config_complete(struct xst_checker *c)
{
	static const struct refuse_span none_takes = REFUSE_ALWAYS;
	const struct xst_config_facts *f = &c->facts;
	uint64_t kib = c->pages.present_count * PAGE_KIB;

	if (c->config_compared)
		return;
	c->config_compared = true;
	if (f->guest && c->track.guest && f->guest != c->track.guest)
		xst_check_find(c, RULE_CONFIG_GUEST, 0, NULL,
			       "the image is %s, the configuration is not",
			       c->track.guest == XST_GUEST_PV ? "PV" : "HVM");
	if (f->vcpus && c->vcpus_needed > f->vcpus)
		xst_check_refuse(c, RULE_CONFIG_VCPUS, &none_takes, 0, NULL,
				 "the image has a vCPU %llu, the configuration %llu vCPUs, from 0 on",
				 (unsigned long long)c->vcpus_needed - 1, (unsigned long long)f->vcpus);
	if (f->memory_kib && !c->pages.inexact && kib > f->memory_kib + MEMORY_SLACK_KIB)
		xst_check_refuse(c, RULE_CONFIG_MEMORY, &none_takes, 0, NULL,
				 "the image has %llu KiB of pages, the configuration %llu KiB of memory",
				 (unsigned long long)kib, (unsigned long long)f->memory_kib);
}

/* libxl refuses them for any guest that has no device model. */
static void emulator_of_pvh(struct xst_checker *c)
{
	if (c->facts.guest != XST_GUEST_HVM || c->facts.device_model)
		return;
	if (c->seen[XST_KIND_EMULATOR_CONTEXT] || c->seen[XST_KIND_EMULATOR_XENSTORE_DATA])
		xst_check_find(c, RULE_EMULATOR_GUEST, 0, NULL,
			       "a device model's state, though the configuration is a PVH guest's");
}

void xst_check_config_libxl_end(struct xst_checker *c)
{
	emulator_of_pvh(c);
	if (c->facts.device_model && c->track.guest == XST_GUEST_HVM &&
	    !c->seen[XST_KIND_EMULATOR_CONTEXT])
		xst_check_find(c, RULE_CONFIG_DEVICE_MODEL, 0, NULL,
			       "no EMULATOR_CONTEXT, though the configuration is an HVM guest's");
}
