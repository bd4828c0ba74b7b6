/* SPDX-License-Identifier: MIT */
/* Differential: a restore gives its sinks the same calls from a file at once as from a pipe or
 * socket in pieces, with sinks that make it wait; it ends the same, and leaves nothing behind.
 *
 * byte 0     flags: sinks wait, payload by write, small buffer, COLO, socket
 * byte 1     bytes in a piece, times 16
 * byte 2     bytes that a sink takes at most, times 16; 0: all
 * byte 3     not used
 * the rest    the stream */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

#define HEAD 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct probe *p, const uint8_t *head, const uint8_t *data, size_t size,
		const struct feed *feed, bool colo)
{
	struct xst_parser_options parser = XST_PARSER_OPTIONS_INIT;
	struct xst_restore_options o;
	int fds[2] = { -1, -1 };

	parser.limits.max_emulator = 1 << 20;
	o = probe_options(p, -1);
	o.parser = &parser;
	o.flags |= XST_RESTORE_FORCE;
	o.buffer_memory = head[0] & 4 ? 100 : 0;
	if (colo && socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0) {
		o.flags |= XST_RESTORE_COLO;
		o.back_channel = fds[0];
	}
	(void)drive(p, data, size, feed, &o, 0, false);
	if (fds[0] >= 0) {
		close(fds[0]);
		close(fds[1]);
	}
}

static bool same(const struct probe *a, const struct probe *b)
{
	return a->result.code == b->result.code && a->result.outcome == b->result.outcome &&
	       a->result.checkpoint == b->result.checkpoint && log_equal(&a->log, &b->log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct feed whole = { .channel = CHANNEL_FILE };
	struct feed pieces;
	struct probe a, b;
	bool colo;

	if (size < HEAD)
		return 0;
	colo = data[0] & 8;
	pieces = (struct feed){ .channel = data[0] & 16 ? CHANNEL_UNIX : CHANNEL_PIPE,
				.chunk = (size_t)data[1] * 16 };
	probe_init(&a);
	probe_init(&b);
	b.again = data[0] & 1;
	b.no_move = data[0] & 2;
	b.bite = (size_t)data[2] * 16;
	run(&a, data, data + HEAD, size - HEAD, &whole, colo);
	run(&b, data, data + HEAD, size - HEAD, &pieces, colo);
	/* a failing conversion may have got further in one than in the other */
	if (!same(&a, &b) && !(a.result.code && a.result.converted)) {
		fprintf(stderr, "%d %d: %s\n%d %d: %s\n", a.result.code, a.result.outcome,
			a.result.error.text, b.result.code, b.result.outcome, b.result.error.text);
		log_print_difference(&a.log, &b.log);
		abort();
	}
	probe_free(&a);
	probe_free(&b);
	return 0;
}
