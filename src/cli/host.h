/* SPDX-License-Identifier: MIT */
/* What this machine's processor can do, as a policy. */
#ifndef CLI_HOST_H
#define CLI_HOST_H

#include <xenstream/state.h>

/* Returns EXIT_FINE, or what to exit with, having said why. */
int xst_cli_host_policy(struct xst_state **ret);

#endif
