/* SPDX-License-Identifier: MIT */
/* The domain's configuration: bytes in the language of the container that holds them, kept until
 * the output's container is begun. */
#include "emit/converter.h"
#include "limits/limits.h"

#include <string.h>

static enum xst_layer container_language(const struct xst_converter *c)
{
	return c->format->shown.language;
}

bool xst_emit_config_wanted(const struct xst_converter *c)
{
	enum xst_layer language = container_language(c);

	if (language == XST_LAYER_NONE)
		return false;
	return c->config.ask || language == xst_wire_format_of(c->layer)->shown.language;
}

int xst_emit_config_event(struct xst_converter *c, const struct xst_event *ev)
{
	struct configuration *g = &c->config;
	uint8_t *b;

	if (ev->type == XST_EVENT_PAYLOAD_BEGIN) {
		g->gathering = true;
		g->place = xst_converter_place(c);
		return ev->u.payload.length <= LIMIT_KEPT_CONFIG
			       ? 0
			       : xst_converter_fail(c, XST_E_LIMIT, RULE_LIMIT,
						    "a configuration of more than %u bytes",
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

void xst_emit_config_left_out(struct xst_converter *c, const struct xst_finding *where)
{
	const struct wire_format *from = xst_wire_format_of(where->layer);

	c->config.left_out = true;
	xst_converter_remark_at(c, where, RULE_CONVERT_DROPPED,
				"the configuration is left out: %s does not read %s's (%s)",
				c->format->reader, from->shown.word, where->record_name);
}

int xst_emit_config_choose(struct xst_converter *c)
{
	enum xst_layer language = container_language(c);
	struct configuration *g = &c->config;
	struct xst_config stored = { .layer = g->layer, .json = g->json, .data = g->stored.data,
				     .size = g->stored.size, .guest = c->guest };
	char why[200] = "no reason was given";
	int r = 0;

	if (g->layer == XST_LAYER_XL && !g->xl_header) /* which would have said which of the two */
		stored.json = xst_wire_config_is_json(stored.data, stored.size);
	g->chosen = (struct xst_config){ .layer = language, .guest = c->guest };
	if (stored.layer == language)
		g->chosen = stored;
	if (g->ask && language != XST_LAYER_NONE)
		r = g->ask(g->userdata, &stored, &g->chosen, why, sizeof(why));
	if (r)
		return xst_converter_fail(c, r, RULE_CONVERT_CONFIG, "%s", why);
	if (g->chosen.layer != language || g->chosen.size > LIMIT_KEPT_CONFIG)
		return XST_E_ARG;
	if (stored.size && !g->chosen.size)
		xst_emit_config_left_out(c, &g->place);
	return 0;
}
