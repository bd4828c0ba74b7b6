/* SPDX-License-Identifier: MIT */
/* Members that neither translation can carry over, and those that both leave to the host. */
#include "config/translate/translate.h"

const char xst_config_no_key[] = "xl.cfg has no key for it";

/* value NULL: libxl determines it */
const struct host_member xst_translate_host_members[] = {
	{ "c_info.run_hotplug_scripts", "True" },
	{ "b_info.claim_mode", "True" },
	{ "b_info.sched_params.sched", NULL },
};
const size_t xst_translate_host_members_count =
	sizeof(xst_translate_host_members) / sizeof(xst_translate_host_members[0]);

void xst_translate_loss(const struct translation *t, const char *key, const char *why)
{
	if (t->loss)
		t->loss(t->userdata, key, why);
}
