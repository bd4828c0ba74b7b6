/* SPDX-License-Identifier: MIT */
/* Pages of a compressed (Remus) legacy stream: differences from the page's previous contents.
 *
 * The bytes of all chunks of a checkpoint form one string, page after page:
 *   00                the page is unchanged
 *   80, 4096 bytes    the whole page
 *   runs, until 4096 bytes are covered: a marker whose bits 6-0 are a number of 4-byte words, 1 to
 *   127; if bit 7 is set, that many words are unchanged, else they follow
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
	size_t left;                 /* bytes of the current run still to come */
	uint8_t page[XST_PAGE_SIZE]; /* the caller puts the old contents here, see DELTA_BASE */
};

enum delta_result {
	DELTA_MORE,      /* the input is used up */
	DELTA_UNCHANGED, /* a page is done; it is unchanged */
	DELTA_PAGE,      /* a page is done; `page` has its contents */
	DELTA_BASE,      /* fill in `page` with the old contents and go on */
	DELTA_BAD        /* a run goes past the page, or has no length */
};

void xst_delta_init(struct delta *d);
/* Takes bytes from *data (advances it and decreases *n) until there is a result. */
enum delta_result xst_delta_decode(struct delta *d, const uint8_t **data, size_t *n);
/* Whether the last page is complete. */
bool xst_delta_at_page(const struct delta *d);

#endif
