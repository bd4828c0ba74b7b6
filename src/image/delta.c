/* SPDX-License-Identifier: MIT */
#include "image/delta.h"

#include <string.h>

#define UNCHANGED 0x00
#define WHOLE_PAGE 0x80
#define SKIP 0x80
#define WORD 4

void xst_delta_init(struct delta *d)
{
	d->state = DELTA_FIRST;
	d->position = d->left = 0;
}

bool xst_delta_at_page(const struct delta *d)
{
	return d->state == DELTA_FIRST;
}

static uint8_t delta_take(const uint8_t **data, size_t *n)
{
	(*n)--;
	return *(*data)++;
}

static enum delta_result first(struct delta *d, const uint8_t **data, size_t *n)
{
	if (**data == UNCHANGED) {
		delta_take(data, n);
		return DELTA_UNCHANGED;
	}
	d->position = 0;
	if (**data != WHOLE_PAGE) {
		d->state = DELTA_MARKER; /* which reads this byte again */
		return DELTA_BASE;
	}
	delta_take(data, n);
	d->state = DELTA_WORDS;
	d->left = XST_PAGE_SIZE;
	return DELTA_MORE;
}

static enum delta_result delta_done(struct delta *d)
{
	if (d->position < XST_PAGE_SIZE) {
		d->state = DELTA_MARKER;
		return DELTA_MORE;
	}
	d->state = DELTA_FIRST;
	return DELTA_PAGE;
}

static enum delta_result marker(struct delta *d, const uint8_t **data, size_t *n)
{
	uint8_t m = delta_take(data, n);
	size_t length = (m & ~(unsigned)SKIP) * WORD;

	if (!length || length > XST_PAGE_SIZE - d->position)
		return DELTA_BAD;
	if (m & SKIP) {
		d->position += length;
		return delta_done(d);
	}
	d->left = length;
	d->state = DELTA_WORDS;
	return DELTA_MORE;
}

static enum delta_result delta_words(struct delta *d, const uint8_t **data, size_t *n)
{
	size_t k = *n < d->left ? *n : d->left;

	memcpy(d->page + d->position, *data, k);
	*data += k;
	*n -= k;
	d->position += k;
	d->left -= k;
	return d->left ? DELTA_MORE : delta_done(d);
}

enum delta_result xst_delta_decode(struct delta *d, const uint8_t **data, size_t *n)
{
	enum delta_result r = DELTA_MORE;

	while (r == DELTA_MORE && *n)
		switch (d->state) {
		case DELTA_FIRST:  r = first(d, data, n); break;
		case DELTA_MARKER: r = marker(d, data, n); break;
		case DELTA_WORDS:  r = delta_words(d, data, n); break;
		}
	return r;
}
