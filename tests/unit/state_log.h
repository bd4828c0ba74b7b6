/* SPDX-License-Identifier: MIT */
/* All that a decoded guest says, as text: the same for the same stream, however it was cut. */
#ifndef TESTS_STATE_LOG_H
#define TESTS_STATE_LOG_H

#include <xenstream/parser.h>
#include <xenstream/state.h>

/* Feeds a stream in windows of that many bytes, 0: at once.  The rest of what the state doesn't
 * want is passed over where a window ends.  ret_code: the parser's last.  Aborts when memory is
 * short. */
struct xst_state *state_of(const uint8_t *data, size_t size, size_t window,
			   const struct xst_parser_options *options, uint32_t flags, int *ret_code);
/* What it says, to be freed.  Aborts where a promise of the interface is broken. */
char *state_text(const struct xst_state *s);

#endif
