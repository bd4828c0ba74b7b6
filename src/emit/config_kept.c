/* SPDX-License-Identifier: MIT */
/* The domain's configuration: octets in the language of the container that holds them, kept until
 * the output's container is begun. */
#include "emit/converter.h"
#include "limits/limits.h"

#include <string.h>

enum xst_layer xst_emit_container_language(enum xst_container to)
{
	switch (to) {
	case XST_CONTAINER_XL:
	case XST_CONTAINER_XL_LIBXC:  return XST_LAYER_XL;
	case XST_CONTAINER_LIBVIRT:   return XST_LAYER_LIBVIRT;
	case XST_CONTAINER_XENSERVER: return XST_LAYER_XENSERVER;
	case XST_CONTAINER_LIBXL:
	case XST_CONTAINER_LIBXC:
	case XST_CONTAINER_AUTO:      break;
	}
	return XST_LAYER_NONE;
}

bool xst_emit_config_wanted(const struct xst_converter *c)
{
	enum xst_layer language = xst_emit_container_language(c->to);

	if (language == XST_LAYER_NONE)
		return false;
	return c->config.ask || language == c->layer;
}

int xst_emit_config_event(struct xst_converter *c, const struct xst_event *ev)
{
	struct configuration *g = &c->config;
	uint8_t *b;

	if (ev->type == XST_EVENT_PAYLOAD_BEGIN) {
		g->gathering = true;
		return ev->u.payload.length <= LIMIT_KEPT_CONFIG
			       ? 0
			       : xst_converter_fail(c, XST_E_LIMIT, RULE_LIMIT,
						    "a configuration of more than %u octets",
						    LIMIT_KEPT_CONFIG);
	}
	if (ev->u.payload.size > LIMIT_KEPT_CONFIG - g->stored.size)
		return XST_E_ARG;
	b = buffer_append(&g->stored, ev->u.payload.size);
	if (!b)
		return XST_E_NOMEM;
	memcpy(b, ev->u.payload.data, ev->u.payload.size);
	return 0;
}

int xst_emit_config_choose(struct xst_converter *c)
{
	enum xst_layer language = xst_emit_container_language(c->to);
	struct configuration *g = &c->config;
	struct xst_config stored = { .layer = g->layer, .json = g->json, .data = g->stored.data,
				     .size = g->stored.size, .guest = c->guest };
	char why[200] = "it was not said why";
	int r = 0;

	g->chosen = (struct xst_config){ .layer = language, .guest = c->guest };
	if (stored.layer == language)
		g->chosen = stored;
	if (g->ask && language != XST_LAYER_NONE)
		r = g->ask(g->userdata, &stored, &g->chosen, why, sizeof(why));
	if (r)
		return xst_converter_fail(c, r, RULE_CONVERT_CONFIG, "%s", why);
	if (g->chosen.layer != language || g->chosen.size > LIMIT_KEPT_CONFIG)
		return XST_E_ARG;
	return 0;
}
