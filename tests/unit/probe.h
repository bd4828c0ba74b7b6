/* SPDX-License-Identifier: MIT */
/* Sinks that write down what they are told, and that fail or want to wait where they are asked to; and
 * a small loop that drives one restore with them. */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include <xenstream/restore.h>

#include "build.h"
#include "log.h"

enum probe_sink { PROBE_DOMAIN, PROBE_XENSTORE, PROBE_EMULATOR, PROBE_SINKS };

#define PROBE_MARKS 64

struct probe {
	/* what they are to do */
	uint64_t fail_at;   /* number of the call that fails, from 1; 0: none */
	unsigned again;     /* how often each call says "come again" first */
	bool no_move;       /* payload only by write */
	size_t bite;        /* bytes that a payload call takes at most; 0: all */
	bool waits_on_time; /* "again" waits for a time, else for nothing */
	/* what they saw */
	struct log log;
	uint64_t calls;
	unsigned repeats;   /* of the call in hand so far */
	unsigned prepared[PROBE_SINKS], finished[PROBE_SINKS], committed[PROBE_SINKS];
	unsigned aborted[PROBE_SINKS], freed[PROBE_SINKS];
	unsigned checkpoints;
	size_t marks[PROBE_MARKS]; /* size of the log when checkpoint i + 1 was complete */
	size_t at_finish;   /* and at the end */
	struct xst_restore_domain domain;
	char config[256];
	struct xst_finding error;
	char failed_in[32];
	/* how it ended */
	unsigned told;
	struct xst_restore_result result;
	unsigned findings;
	struct sink_self { struct probe *probe; enum probe_sink which; } self[PROBE_SINKS];
};

void probe_init(struct probe *p);
void probe_free(struct probe *p);
struct xst_restore_options probe_options(struct probe *p, int fd);

/* How a stream comes to the restore. */
enum channel { CHANNEL_FILE, CHANNEL_PIPE, CHANNEL_UNIX };

struct feed {
	enum channel channel;
	size_t chunk;       /* bytes at a time, whenever the restore waits; 0: all at once */
	bool reset;         /* the other end is gone without a word, where that is possible */
	bool stays_open;    /* the end never comes */
};

/* Runs a restore of size bytes to its end, or to `stop_after` calls of xst_restore_process(), when it
 * is aborted, or freed if `by_free`.  options: from probe_options(), changed.  Returns the result's
 * code.  Fails the process if it hangs. */
int drive(struct probe *p, const void *data, size_t size, const struct feed *feed,
	  const struct xst_restore_options *changes, unsigned stop_after, bool by_free);

/* Open descriptors of this process, and whether it has a child. */
unsigned open_descriptors(void);
bool has_children(void);
/* An unnamed file that holds the bytes, to be read from its beginning. */
int file_of(const void *data, size_t size);

#endif
