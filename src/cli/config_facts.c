/* SPDX-License-Identifier: MIT */
/* What a stored configuration says of the domain, for the checker to compare with the stream. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "config/brief.h"

static void take(const struct config_brief *b, struct xst_config_facts *ret)
{
	double mib = b->maxmem_mib > b->memory_mib ? b->maxmem_mib : b->memory_mib;

	if (b->type && strcmp(b->type, "pv") == 0)
		ret->guest = XST_GUEST_PV;
	else if (b->type && (strcmp(b->type, "hvm") == 0 || strcmp(b->type, "pvh") == 0))
		ret->guest = XST_GUEST_HVM;
	ret->device_model = b->type && strcmp(b->type, "hvm") == 0;
	ret->vcpus = b->vcpus > 0 ? (uint64_t)b->vcpus : 0;
	ret->memory_kib = mib > 0 ? (uint64_t)(mib * 1024) : 0;
}

int config_facts(void *unused, enum xst_layer container, const uint8_t *config, size_t size,
		 struct xst_config_facts *ret)
{
	struct config_brief b;
	char *text = malloc(size + 1);
	int r;

	(void)unused;
	if (container == XST_LAYER_XENSERVER)
		return 0; /* its record holds another one, of which nothing is known here */
	if (!text)
		return XST_E_NOMEM;
	memcpy(text, config, size);
	text[size] = '\0';
	config_brief_read(&b, text, size);
	take(&b, ret);
	r = b.understood ? 0 : XST_E_MALFORMED;
	config_brief_free(&b);
	free(text);
	return r;
}
