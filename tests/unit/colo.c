/* SPDX-License-Identifier: MIT */
/* COLO: both sides' turns, the back channel with and without the bytes that Xen leaks, and a restore as the
 * secondary of a primary that is tested against it. */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"
#include "restore/colo_link.h"
#include "unit.h"

enum { NEW, SUSPENDED, READY, RESUMED };

static void state_message(struct build *b, uint32_t id)
{
	put32(b, 5);
	put32(b, 4);
	put32(b, id);
	put32(b, 0);
}

static void dirty_list(struct build *b, bool stray, const uint64_t *pfns, size_t n)
{
	put32(b, 15);
	put32(b, (uint32_t)(n * 8));
	if (stray)
		put64(b, 0);
	for (size_t i = 0; i < n; i++)
		put64(b, pfns[i]);
}

/* --- the turns -------------------------------------------------------------------------------- */

/* Each message of one side is what the other waits for. */
static void both_sides_take_turns(void **state)
{
	struct colo primary, secondary;
	uint8_t buf[COLO_MESSAGE_SIZE];

	(void)state;
	xst_restore_colo_init(&primary, COLO_PRIMARY);
	xst_restore_colo_init(&secondary, COLO_SECONDARY);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(xst_restore_colo_checkpoint(&primary), 0);
		assert_int_equal(xst_restore_colo_checkpoint(&secondary), 0);
		for (int k = 0; k < 5; k++) {
			struct colo *from = xst_restore_colo_is_mine(&primary) ? &primary
									       : &secondary;
			size_t n;

			assert_true(xst_restore_colo_is_mine(&primary) !=
				    xst_restore_colo_is_mine(&secondary));
			n = xst_restore_colo_send(from, buf);
			assert_true(n > 0);
			if (from == &secondary)
				assert_int_equal(xst_restore_colo_feed(&primary, buf, n), 0);
			else
				assert_int_equal(xst_restore_colo_received(&secondary, buf[8]), 0);
			assert_int_equal(primary.step, secondary.step);
		}
		assert_int_equal(primary.step, COLO_RECORDS);
	}
	xst_restore_colo_free(&primary);
	xst_restore_colo_free(&secondary);
}

static void out_of_turn(void **state)
{
	uint8_t buf[COLO_MESSAGE_SIZE];
	struct build b = { 0 };
	struct colo c;

	(void)state;
	xst_restore_colo_init(&c, COLO_SECONDARY);
	assert_int_equal(xst_restore_colo_send(&c, buf), 0); /* the primary's records are due */
	assert_int_equal(xst_restore_colo_received(&c, NEW), XST_E_MALFORMED);
	assert_int_equal(xst_restore_colo_checkpoint(&c), 0);
	assert_int_equal(xst_restore_colo_checkpoint(&c), XST_E_MALFORMED);
	assert_int_equal(xst_restore_colo_received(&c, NEW),
			 XST_E_MALFORMED); /* we are to say READY first */
	assert_int_equal(xst_restore_colo_send(&c, buf), 16);
	assert_int_equal(xst_restore_colo_send(&c, buf), 16);
	assert_int_equal(xst_restore_colo_received(&c, READY), XST_E_MALFORMED);
	assert_int_equal(xst_restore_colo_received(&c, NEW), 0);
	xst_restore_colo_free(&c);

	xst_restore_colo_init(&c, COLO_PRIMARY);
	assert_int_equal(xst_restore_colo_checkpoint(&c), 0);
	state_message(&b, RESUMED); /* before READY */
	assert_int_equal(xst_restore_colo_feed(&c, b.data, b.size), XST_E_MALFORMED);
	xst_restore_colo_free(&c);
	build_free(&b);
}

/* --- the back channel ------------------------------------------------------------------------- */

/* A primary that has heard all but the list. */
static void primary_before_list(struct colo *c)
{
	uint8_t buf[COLO_MESSAGE_SIZE];
	struct build b = { 0 };

	xst_restore_colo_init(c, COLO_PRIMARY);
	assert_int_equal(xst_restore_colo_checkpoint(c), 0);
	state_message(&b, READY);
	state_message(&b, RESUMED);
	assert_int_equal(xst_restore_colo_feed(c, b.data, b.size), 0);
	assert_int_equal(xst_restore_colo_send(c, buf), 16);
	b.size = 0;
	state_message(&b, SUSPENDED);
	assert_int_equal(xst_restore_colo_feed(c, b.data, b.size), 0);
	assert_int_equal(c->step, COLO_DIRTY);
	build_free(&b);
}

/* Fed by `chunk` bytes, up to the end. */
static int feed_by(struct colo *c, const struct build *b, size_t chunk)
{
	int e = 0;

	for (size_t i = 0; i < b->size && e == 0; i += chunk)
		e = xst_restore_colo_feed(c, b->data + i,
					  b->size - i < chunk ? b->size - i : chunk);
	return e;
}

static void expect_pfns(const struct colo *c, const uint64_t *pfns, size_t n)
{
	assert_int_equal(c->npfns, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(c->pfns[i], pfns[i]);
}

/* Lists with and without the stray bytes, however they are cut.  What stands after a list settles
 * what its first bytes can't. */
static void lists_with_stray_bytes(void **state)
{
	static const uint64_t plain[] = { 3, 4, 9 }, from_zero[] = { 0, 1, 2 };

	(void)state;
	for (size_t chunk = 1; chunk < 40; chunk++) {
		for (int i = 0; i < 6; i++) {
			const uint64_t *pfns = i < 2 ? plain : from_zero;
			size_t n = i < 4 ? 3 : 0;
			bool stray = i % 2;
			struct build b = { 0 };
			struct colo c;

			primary_before_list(&c);
			dirty_list(&b, stray, pfns, n);
			assert_int_equal(feed_by(&c, &b, chunk), 0);
			assert_int_equal(c.step, COLO_RECORDS);
			assert_int_equal(xst_restore_colo_checkpoint(&c), 0);
			b.size = 0;
			state_message(&b, READY);
			assert_int_equal(feed_by(&c, &b, chunk), 0);
			expect_pfns(&c, pfns, n);
			assert_int_equal(c.stray, stray);
			assert_int_equal(c.step, COLO_RESUMED);
			assert_int_equal(xst_restore_colo_eof(&c), 0);
			xst_restore_colo_free(&c);
			build_free(&b);
		}
	}
}

static void broken_back_channels(void **state)
{
	static const uint64_t pfns[] = { 1, 2 };
	struct build b = { 0 };
	struct colo c;

	(void)state;
	primary_before_list(&c);
	put32(&b, 15);
	put32(&b, 12); /* no multiple of 8 */
	assert_int_equal(xst_restore_colo_feed(&c, b.data, b.size), XST_E_MALFORMED);
	xst_restore_colo_free(&c);

	primary_before_list(&c);
	b.size = 0;
	put32(&b, 15);
	put32(&b, 0xfffffff8);
	assert_true(xst_restore_colo_feed(&c, b.data, b.size) == XST_E_LIMIT);
	xst_restore_colo_free(&c);

	primary_before_list(&c);
	b.size = 0;
	state_message(&b, READY);
	assert_int_equal(xst_restore_colo_feed(&c, b.data, b.size), XST_E_MALFORMED);
	xst_restore_colo_free(&c);

	for (size_t n = 1; n < 24; n++) {
		primary_before_list(&c);
		b.size = 0;
		dirty_list(&b, false, pfns, 2);
		assert_int_equal(xst_restore_colo_feed(&c, b.data, n), 0);
		assert_int_equal(xst_restore_colo_eof(&c), XST_E_TRUNCATED);
		xst_restore_colo_free(&c);
	}
	build_free(&b);
}

/* --- a restore as the secondary --------------------------------------------------------------- */

static void colo_record(struct build *b, uint32_t id)
{
	state_message(b, id);
}

static void checkpoint(struct build *b)
{
	empty_record(b, 0xe);
	blob_record(b, 3, 2, 0, 32);
	empty_record(b, 4);
}

/* The image's first state, two checkpoints; a CHECKPOINT_STATE after each. */
static void colo_stream(struct build *b, uint32_t state)
{
	struct modern m = { .libxl = true, .batches = 1, .pages = 1, .params = 1 };
	struct build part = { 0 };
	size_t from;

	build_modern(b, &m);
	b->size -= 16; /* both ENDs */
	build_modern(&part, &m);
	/* what a state repeats stands after the static data */
	from = 16 + 8 + 24 + 16 + 8;
	for (int i = 0; i < 2; i++) {
		checkpoint(b);
		colo_record(b, state);
		put(b, part.data + from, part.size - 16 - from);
	}
	build_free(&part);
}

static int run_colo(struct probe *p, const struct build *b, size_t size, int back, size_t chunk)
{
	struct feed feed = { .channel = CHANNEL_PIPE, .chunk = chunk };
	struct xst_restore_options o = probe_options(p, -1);

	o.flags |= XST_RESTORE_COLO;
	o.back_channel = back;
	return drive(p, b->data, size, &feed, &o, 0, false);
}

static void a_restore_as_the_secondary(void **state)
{
	struct build b = { 0 };

	(void)state;
	colo_stream(&b, NEW);
	for (size_t chunk = 0; chunk < 500; chunk += 61) {
		uint8_t said[256], buf[COLO_MESSAGE_SIZE];
		struct colo primary;
		struct probe p;
		int fds[2];
		ssize_t n;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		probe_init(&p);
		assert_int_equal(run_colo(&p, &b, b.size, fds[0], chunk), 0);
		assert_int_equal(p.result.outcome, XST_OUTCOME_FAILOVER);
		assert_int_equal(p.result.checkpoint, 2);
		n = read(fds[1], said, sizeof(said));
		/* READY, RESUMED, SUSPENDED and an empty list, twice */
		assert_int_equal(n, 2 * (3 * 16 + 8));
		xst_restore_colo_init(&primary, COLO_PRIMARY);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(xst_restore_colo_checkpoint(&primary), 0);
			assert_int_equal(xst_restore_colo_feed(&primary, said + i * 56, 32), 0);
			assert_int_equal(primary.step, COLO_NEW);
			assert_int_equal(xst_restore_colo_send(&primary, buf), 16);
			assert_int_equal(xst_restore_colo_feed(&primary, said + i * 56 + 32, 24),
					 0);
			assert_int_equal(primary.step, COLO_RECORDS);
			assert_int_equal(primary.npfns, 0);
		}
		xst_restore_colo_free(&primary);
		probe_free(&p);
		close(fds[0]);
		close(fds[1]);
	}
	build_free(&b);
}

static void a_primary_that_says_the_wrong_thing(void **state)
{
	struct build b = { 0 };
	struct probe p;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	colo_stream(&b, READY);
	probe_init(&p);
	assert_int_equal(run_colo(&p, &b, b.size, fds[0], 0), XST_E_MALFORMED);
	assert_string_equal(p.result.error.rule, "restore.state");
	probe_free(&p);

	/* another libxl record in its place */
	b.size = 0;
	colo_stream(&b, NEW);
	for (size_t i = 0; i + 16 < b.size; i++)
		if (memcmp(b.data + i, "\5\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0", 16) == 0)
			memcpy(b.data + i, "\4\0\0\0\0\0\0\0", 8);
	probe_init(&p);
	assert_int_equal(run_colo(&p, &b, b.size, fds[0], 0), XST_E_MALFORMED);
	probe_free(&p);

	close(fds[0]);
	close(fds[1]);
	build_free(&b);
}

/* Whether it is seen to be gone when it is to be told something, or when it is to be read, is chance. */
static void a_primary_that_listens_no_more(void **state)
{
	struct build b = { 0 };
	struct probe p;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	close(fds[1]);
	colo_stream(&b, NEW);
	probe_init(&p);
	assert_int_equal(run_colo(&p, &b, b.size, fds[0], 0), 0);
	assert_int_equal(p.result.outcome, XST_OUTCOME_FAILOVER);
	assert_int_equal(p.result.checkpoint, 1);
	assert_int_equal(p.result.error.code, XST_E_IO);
	assert_non_null(strstr(p.result.error.text, "back channel"));
	for (int i = 0; i < PROBE_SINKS; i++)
		assert_int_equal(p.committed[i], 1);
	probe_free(&p);
	close(fds[0]);
	build_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_take_turns),
		cmocka_unit_test(out_of_turn),
		cmocka_unit_test(lists_with_stray_bytes),
		cmocka_unit_test(broken_back_channels),
		cmocka_unit_test(a_restore_as_the_secondary),
		cmocka_unit_test(a_primary_that_says_the_wrong_thing),
		cmocka_unit_test(a_primary_that_listens_no_more),
	};

	return cmocka_run_group_tests_name("colo", tests, NULL, NULL);
}
