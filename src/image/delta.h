/* SPDX-License-Identifier: MIT */
/* Pages of a compressed (Remus) legacy stream: differences to what a page held before.
 *
 * The bytes of all chunks of a checkpoint are one string, page after page:
 *   00                    the page is unchanged
 *   80, 4096 bytes       the whole page
 *   runs, until 4096 bytes are covered: a marker whose bits 6-0 count words of 4 bytes, 1 to 127;
 *   with bit 7 they are skipped, without they follow
 * The decoder may be interrupted at any byte. */
#ifndef IMAGE_DELTA_H
#define IMAGE_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstream/event.h>

enum delta_state {
	DELTA_FIRST,   /* the first byte of a page is next */
	DELTA_MARKER,
	DELTA_WORDS,   /* of a run, or a whole page */
};

struct delta {
	enum delta_state state;
	size_t position;             /* in the page */
	size_t left;                 /* bytes of the run in hand that are still to come */
	uint8_t page[XST_PAGE_SIZE]; /* the caller puts the old contents here, see DELTA_BASE */
};

enum delta_result {
	DELTA_MORE,      /* the input is used up */
	DELTA_UNCHANGED, /* a page is done, and is what it was */
	DELTA_PAGE,      /* a page is done: `page` has it */
	DELTA_BASE,      /* fill in `page` with the old contents and go on */
	DELTA_BAD        /* a run goes past the page, or has no length */
};

void xst_delta_init(struct delta *d);
/* Takes bytes from *data (moved on, *n counted down) until there is something to tell. */
enum delta_result xst_delta_decode(struct delta *d, const uint8_t **data, size_t *n);
/* Whether the last page is complete. */
bool xst_delta_at_page(const struct delta *d);

#endif
