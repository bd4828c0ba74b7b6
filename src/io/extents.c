/* SPDX-License-Identifier: MIT */
#include "io/extents.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/array.h"
#include "io/fnv.h"
#include "limits/limits.h"

#define ONCE	    256	       /* extents per call */

/* The extent's place is unknown or not final. */
#define UNCERTAIN                                                                 \
	(FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_ENCODED | \
	 FIEMAP_EXTENT_NOT_ALIGNED | FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL)

struct extent {
	uint64_t logical, physical, length, unwritten;
};

struct map {
	struct extent *v;
	size_t n, room;
};

static bool continues(const struct extent *a, const struct extent *b)
{
	return a->unwritten == b->unwritten && a->logical + a->length == b->logical &&
	       a->physical + a->length == b->physical;
}

/* The division into extents varies over time, so adjacent ones are merged. */
static bool extents_add(struct map *m, const struct fiemap_extent *x)
{
	struct extent e = { x->fe_logical, x->fe_physical, x->fe_length,
			    x->fe_flags & FIEMAP_EXTENT_UNWRITTEN }, *v;

	if (x->fe_flags & UNCERTAIN)
		return false;
	if (m->n && continues(&m->v[m->n - 1], &e)) {
		m->v[m->n - 1].length += e.length;
		return true;
	}
	v = m->n == LIMIT_EXTENTS ? NULL : array_room(m->v, m->n + 1, &m->room, sizeof(*v));
	if (!v)
		return false;
	m->v = v;
	m->v[m->n++] = e;
	return true;
}

/* Adds some extents from *at on, and advances it.  Returns false on failure. */
static bool load_some(int fd, struct fiemap *f, struct map *m, uint64_t *at, bool *last)
{
	memset(f, 0, sizeof(*f));
	f->fm_start = *at;
	f->fm_length = FIEMAP_MAX_OFFSET - *at;
	f->fm_flags = FIEMAP_FLAG_SYNC;
	f->fm_extent_count = ONCE;
	if (ioctl(fd, FS_IOC_FIEMAP, f) < 0)
		return false;
	*last = f->fm_mapped_extents == 0;
	for (unsigned i = 0; i < f->fm_mapped_extents; i++) {
		const struct fiemap_extent *x = &f->fm_extents[i];

		if (!extents_add(m, x))
			return false;
		*at = x->fe_logical + x->fe_length;
		*last = x->fe_flags & FIEMAP_EXTENT_LAST;
	}
	return true;
}

static bool load(int fd, struct map *m)
{
	struct fiemap *f = malloc(sizeof(*f) + ONCE * sizeof(f->fm_extents[0]));
	uint64_t at = 0;
	bool last = false, fine = f != NULL;

	*m = (struct map){ .v = NULL };
	while (fine && !last)
		fine = load_some(fd, f, m, &at, &last);
	free(f);
	if (!fine)
		free(m->v);
	return fine;
}

static uint64_t extents_number_of(struct extent e, uint64_t shift)
{
	uint64_t h;

	e.logical -= shift;
	h = fnv(FNV_START, &e, sizeof(e));
	return h ^ h >> 29;
}

/* The digest is a sum over all extents, so that the sum with some of them shifted can be computed
 * from the sums of both parts. */
static uint64_t sum(const struct map *m)
{
	uint64_t s = 0;

	for (size_t i = 0; i < m->n; i++)
		s += extents_number_of(m->v[i], 0);
	return s ? s : 1;
}

uint64_t xst_io_extents_digest(int fd)
{
	struct map m;
	uint64_t s;

	if (!load(fd, &m))
		return 0;
	s = sum(&m);
	free(m.v);
	return s;
}

/* The change of the sum if extents i - 1 and i, with the latter shifted back, are merged. */
static uint64_t joined(const struct map *m, size_t i, uint64_t shift)
{
	struct extent a, b;

	if (i == 0 || i == m->n)
		return 0;
	a = m->v[i - 1];
	b = m->v[i];
	b.logical -= shift;
	if (!continues(&a, &b))
		return 0;
	b.logical = a.logical;
	b.physical = a.physical;
	b.length += a.length;
	return extents_number_of(b, 0) - extents_number_of(a, 0) -
	       extents_number_of(m->v[i], shift);
}

/* Whether the gap fits before extent i.  The last extent may reach beyond the file's end. */
static bool has_room(const struct map *m, size_t i, uint64_t shift, uint64_t size)
{
	uint64_t from = i ? m->v[i - 1].logical + m->v[i - 1].length : 0;

	if (i == m->n)
		return size >= shift && (i == 0 || m->v[i - 1].logical < size - shift);
	return m->v[i].logical >= shift && m->v[i].logical - shift >= from;
}

static bool extents_find(const struct map *m, uint64_t digest, uint64_t shift, uint64_t size,
			 uint64_t *ret)
{
	uint64_t s = sum(m); /* extents before i unchanged, from i on shifted back */

	for (size_t i = m->n + 1; i-- > 0;) {
		if (i < m->n)
			s += extents_number_of(m->v[i], shift) - extents_number_of(m->v[i], 0);
		if (!has_room(m, i, shift, size) || s + joined(m, i, shift) != digest)
			continue;
		*ret = (i < m->n ? m->v[i].logical : size) - shift;
		return true;
	}
	return false;
}

bool xst_io_extents_find_gap(int fd, uint64_t digest, uint64_t shift, uint64_t *ret_at)
{
	struct map m;
	struct stat st;
	bool found;

	if (!digest || fstat(fd, &st) < 0 || !load(fd, &m))
		return false;
	found = extents_find(&m, digest, shift, (uint64_t)st.st_size, ret_at);
	free(m.v);
	return found;
}
