/* SPDX-License-Identifier: MIT */
/* A QEMU that sends anything: giving it a state succeeds or fails with a message, and no descriptor
 * stays open; on success, it has received the whole state.
 *
 * byte 0   flags: it does not hang up, the state is large, it closes passed descriptors, it sees no
 * descriptor
 * byte 1   bytes that it sends at a time, times 16; 0: all
 * the rest  what it sends */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenstream/sinks.h>

#include "probe.h"

#define HEAD 2
#define LARGE (1u << 20)

enum { STAYS = 1, LARGE_STATE = 2, LETS_GO = 4, IS_BLIND = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	int fd, state;  /* the connection, and the descriptor it was passed; -1 */
	unsigned flags;
	const uint8_t *at, *end;
	size_t piece, taken;
};

static uint8_t the_state[LARGE];

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* --- the other side --------------------------------------------------------------------------- */

static void take_state(struct peer *p)
{
	static uint8_t buf[65536];
	ssize_t n;

	while (p->state >= 0 && (n = recv(p->state, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		must(p->taken + (size_t)n <= LARGE &&
		     memcmp(buf, the_state + p->taken, (size_t)n) == 0);
		p->taken += (size_t)n;
	}
}

static void take_descriptor(struct peer *p, struct msghdr *m)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd;

	if (!c || c->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (p->flags & LETS_GO || p->state >= 0)
		close(fd);
	else
		p->state = fd;
}

/* Reads what the sink sends. */
static void listen_to_it(struct peer *p)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char text[1024];
	ssize_t n;

	do {
		struct iovec bytes = { text, sizeof(text) };
		struct msghdr m = { .msg_iov = &bytes, .msg_iovlen = 1 };

		if (!(p->flags & IS_BLIND)) {
			m.msg_control = &control;
			m.msg_controllen = sizeof(control);
		}
		n = recvmsg(p->fd, &m, MSG_DONTWAIT);
		if (n > 0)
			take_descriptor(p, &m);
	} while (n > 0);
}

/* Sends the next piece.  Returns false if there was nothing to do. */
static bool go_on(struct peer *p)
{
	size_t n = (size_t)(p->end - p->at);
	ssize_t k;

	if (p->fd < 0)
		return false;
	listen_to_it(p);
	take_state(p);
	if (!n && !(p->flags & STAYS)) {
		close(p->fd);
		p->fd = -1;
		return true;
	}
	if (p->piece && n > p->piece)
		n = p->piece;
	k = n ? send(p->fd, p->at, n, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
	p->at += k > 0 ? k : 0;
	return k > 0;
}

static void hang_up(struct peer *p)
{
	if (p->fd >= 0) {
		listen_to_it(p);
		close(p->fd);
	}
	take_state(p);
	if (p->state >= 0)
		close(p->state);
}

/* --- the sink --------------------------------------------------------------------------------- */

static struct xst_emulator_sink sink;

static int prepare(void)
{
	static const struct xst_restore_domain domain = { .domid = 7, .tmpdir = "/tmp" };

	return sink.ops->prepare(sink.self, &domain);
}

static int finish(void)
{
	return sink.ops->finish(sink.self);
}

static int abort_sink(void)
{
	return sink.ops->abort(sink.self);
}

static int run(struct peer *p, int (*operation)(void))
{
	int r;

	while ((r = operation()) == XST_AGAIN)
		if (!go_on(p))
			usleep(100); /* until its patience ends */
	return r;
}

static int give_state(size_t n)
{
	int r = sink.ops->begin(sink.self, 2, 0, n);

	for (size_t done = 0, k = 0; r == 0 && done < n; done += k)
		r = sink.ops->write(sink.self, the_state + done, n - done, &k);
	return r ? r : sink.ops->end(sink.self);
}

/* begun: the first result of prepare(); on a busy machine its patience may be over. */
static void migrate(struct peer *p, int begun)
{
	size_t n = p->flags & LARGE_STATE ? LARGE : 100;
	const struct xst_finding *error;
	int r = begun == XST_AGAIN ? run(p, prepare) : begun;

	if (r == 0)
		r = give_state(n);
	if (r == 0)
		r = run(p, finish);
	error = sink.ops->error(sink.self);
	must(r == 0 ? !error->code : error->code == r && error->text[0]);
	if (r == 0)
		must(sink.ops->commit(sink.self) == 0);
	else
		must(run(p, abort_sink) == 0);
	hang_up(p);
	sink.ops->free(sink.self);
	if (r == 0 && !(p->flags & (LETS_GO | IS_BLIND)))
		must(p->taken == n);
}

/* --- its socket ------------------------------------------------------------------------------- */

static char folder[] = "/tmp/xst-fuzz-XXXXXX", path[40];

static void remove_socket(void)
{
	(void)unlink(path);
	(void)rmdir(folder);
}

static int listener(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	static int fd = -1;

	if (fd >= 0)
		return fd;
	must(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/it", folder);
	strcpy(a.sun_path, path);
	atexit(remove_socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 1) == 0);
	for (size_t i = 0; i < LARGE; i++)
		the_state[i] = (uint8_t)(i * 7 + i / 256);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer p = { .fd = -1, .state = -1, .at = data + HEAD, .end = data + size };
	struct xst_sink_qmp_options o = { .size = sizeof(o), .path = path };
	int fd = listener(), begun;
	unsigned before = open_descriptors();

	if (size < HEAD)
		return 0;
	p.flags = data[0];
	p.piece = (size_t)data[1] * 16;
	o.patience = p.flags & STAYS ? 2000 : 5000000;
	must(xst_sink_qmp(&o, &sink) == 0);
	begun = prepare();
	must(begun == XST_AGAIN || p.flags & STAYS);
	p.fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	must(p.fd >= 0);
	migrate(&p, begun);
	must(open_descriptors() == before);
	return 0;
}
