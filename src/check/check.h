/* SPDX-License-Identifier: MIT */
/* What the library asks a checker beyond its public interface. */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <xenstream/check.h>

#include "track/track.h"

/* How far the stream has come, as long as the checker lives. */
const struct track *xst_check_track(const struct xst_checker *c);

#endif
