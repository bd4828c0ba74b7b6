/* SPDX-License-Identifier: MIT */
/* The journal of a change: a file beside the changed one. */
#ifndef IO_JOURNAL_H
#define IO_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The place of a file: a descriptor of its folder, and names in there. */
struct place {
	int dir;
	char *name, *journal;
	char *path; /* without symbolic links */
};

/* Finds the place of an existing path.  Returns 0 or -errno. */
int xst_journal_place_find(const char *path, struct place *ret);
void xst_journal_place_clear(struct place *p);

enum journal_way {
	JOURNAL_IN_PLACE = 1, /* `now` is written over `old` */
	JOURNAL_INSERT = 2,   /* `shift` bytes are inserted at 0, then `now` is written */
	JOURNAL_RENAME = 3    /* the file `new_inode` replaces this one */
};

/* Written in the machine's own form: a journal is read only on the machine that wrote it. */
struct journal {
	char magic[16];
	uint32_t version, way;
	uint64_t inode;        /* of the file */
	uint64_t size;         /* of the file, before the change */
	uint64_t shift;
	uint64_t extents;      /* see extents.h; before the change */
	uint64_t new_inode;
	uint64_t old_length, now_length; /* of the two fronts, which follow */
	uint64_t checksum;     /* of everything before it, and the fronts */
};

struct journal_content {
	struct journal head;
	bool inserted;         /* the mark is there: the front may be partly written */
	uint8_t *old, *now;
};

enum journal_state {
	JOURNAL_NONE,
	JOURNAL_SOUND,
	JOURNAL_INCOMPLETE, /* partly written: no change was begun */
	JOURNAL_FOREIGN     /* *ret_why says what is wrong with it */
};

/* Writes a journal to the disk.  Returns a descriptor for xst_journal_mark_inserted(), to be
 * closed, or -errno, in which case nothing is left; -EEXIST: there already is one. */
int xst_journal_write(const struct place *p, const struct stat *file, struct journal *j,
		      const uint8_t *old, const uint8_t *now);
/* Adds the mark to the written journal, on the disk; by descriptor, as its name may be another
 * file's by now.  Returns 0 or -errno. */
int xst_journal_mark_inserted(int fd, const struct journal *j);
int xst_journal_remove(const struct place *p);

/* Reads a file's journal.  *ret is filled if the journal is sound; clear it with
 * xst_journal_clear().  Returns a journal_state or -errno. */
int xst_journal_read(const struct place *p, const struct stat *file, struct journal_content *ret,
		     const char **ret_why);
void xst_journal_clear(struct journal_content *c);

#endif
