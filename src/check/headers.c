/* SPDX-License-Identifier: MIT */
/* What an image's headers say of all that follows. */
#include "check/checker.h"

static int image_fields(struct xst_checker *c, const struct xst_event *ev)
{
	c->version = (uint32_t)xst_event_field(ev, XST_FIELD_VERSION, 0);
	xst_check_reason(c, XST_XEN(4, c->version >= 3 ? 14 : 6, 0), 0, NULL,
			 "a libxc image of version %u", c->version);
	return 0;
}

static int domain_fields(struct xst_checker *c, const struct xst_event *ev)
{
	(void)ev;
	if (c->track.guest == XST_GUEST_PV && track_has(&c->track, XST_LAYER_LIBXL) &&
	    (c->seen[XST_KIND_EMULATOR_CONTEXT] || c->seen[XST_KIND_EMULATOR_XENSTORE_DATA]))
		xst_check_find(c, RULE_EMULATOR_GUEST, 0, "guest_type",
			       "a PV guest's image after the state of a device model");
	return 0;
}

static int headers_xl_fields(struct xst_checker *c, const struct xst_event *ev)
{
	c->config_json = xst_event_field(ev, XST_FIELD_MANDATORY_FLAGS, 0) & XL_FLAG_JSON;
	if (c->config_json)
		xst_check_reason(c, XST_XEN(4, 5, 0), 0, NULL, "a configuration in JSON");
	return 0;
}

const struct check_subject xst_check_xl_header = { .fields = headers_xl_fields };
const struct check_subject xst_check_image_header = { .fields = image_fields };
const struct check_subject xst_check_domain_header = { .fields = domain_fields };
