/* SPDX-License-Identifier: MIT */
/* A restore: the same for any source, any pieces and any waiting; checkpoints and their failover;
 * what is refused.  The object itself is in restore_object.c. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "probe.h"
#include "restore/colo_link.h"
#include "samples.h"

static const struct feed from_file = { .channel = CHANNEL_FILE };
static const struct feed at_once = { .channel = CHANNEL_PIPE };

/* A domain that goes wrong somewhere leaves everything as it was. */
static void assert_taken_back(const struct probe *p)
{
	for (int i = 0; i < PROBE_SINKS; i++) {
		assert_int_equal(p->aborted[i], p->prepared[i]);
		assert_true(p->committed[i] <= p->prepared[i]);
	}
}

static void assert_committed(const struct probe *p)
{
	for (int i = 0; i < PROBE_SINKS; i++) {
		assert_int_equal(p->committed[i], 1);
		assert_int_equal(p->aborted[i], 0);
	}
}

static int run(struct probe *p, const struct build *b, size_t size, const struct feed *feed)
{
	struct xst_restore_options o = probe_options(p, -1);

	return drive(p, b->data, size, feed, &o, 0, false);
}

/* --- every sample ----------------------------------------------------------------------------- */

static void compare(const struct probe *a, const struct probe *b, const char *how, size_t n)
{
	if (a->result.code == b->result.code && a->result.outcome == b->result.outcome &&
	    a->result.checkpoint == b->result.checkpoint && a->log.size == b->log.size &&
	    (!a->log.size || memcmp(a->log.text, b->log.text, a->log.size) == 0))
		return;
	print_message("%d %d: %s\n%d %d: %s\n", a->result.code, a->result.outcome,
		      a->result.error.text, b->result.code, b->result.outcome,
		      b->result.error.text);
	log_print_difference(&a->log, &b->log);
	fail_msg("%s, %zu", how, n);
}

/* However it comes, and however often the sinks want to wait, they are told the same. */
static void the_same_in_any_pieces(void **state)
{
	static const struct {
		const char *how;
		struct feed feed;
		struct probe probe;
		uint64_t buffer;
	} ways[] = {
		{ "pipe at once", { .channel = CHANNEL_PIPE }, { 0 }, 0 },
		{ "pipe by 1", { .channel = CHANNEL_PIPE, .chunk = 1 }, { 0 }, 0 },
		{ "pipe by 7, spooled in a file", { .channel = CHANNEL_PIPE, .chunk = 7 },
		  { 0 }, 1 },
		{ "pipe by 4096, spooled", { .channel = CHANNEL_PIPE, .chunk = 4096 },
		  { .bite = 100 }, 100 },
		{ "socket by 13", { .channel = CHANNEL_UNIX, .chunk = 13 }, { .no_move = true }, 0 },
		{ "socket", { .channel = CHANNEL_UNIX }, { .again = 1 }, 2000 },
		{ "file, waiting", { .channel = CHANNEL_FILE }, { .again = 3, .bite = 1000 }, 0 },
		{ "file, by write", { .channel = CHANNEL_FILE }, { .no_move = true, .again = 1 },
		  0 },
		{ "pipe, waiting for a time", { .channel = CHANNEL_PIPE, .chunk = 3000 },
		  { .again = 1, .waits_on_time = true }, 1 },
	};
	struct build b = { 0 };
	struct probe whole;

	build_sample(&b, *state);
	probe_init(&whole);
	(void)run(&whole, &b, b.size, &from_file);
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct xst_restore_options o;
		struct probe p;

		probe_init(&p);
		p.again = ways[i].probe.again;
		p.bite = ways[i].probe.bite;
		p.no_move = ways[i].probe.no_move;
		p.waits_on_time = ways[i].probe.waits_on_time;
		o = probe_options(&p, -1);
		o.buffer_memory = ways[i].buffer;
		(void)drive(&p, b.data, b.size, &ways[i].feed, &o, 0, false);
		if (whole.result.code == 0 || p.domain.converted == false)
			compare(&whole, &p, ways[i].how, i);
		probe_free(&p);
	}
	probe_free(&whole);
	build_free(&b);
}

/* Nothing is left behind, and nothing half done is made visible, whichever call fails. */
static void a_failure_at_every_call(void **state)
{
	struct build b = { 0 };
	unsigned before = open_descriptors();

	build_sample(&b, *state);
	for (uint64_t n = 1;; n++) {
		struct probe p;
		int e;

		probe_init(&p);
		p.fail_at = n;
		p.again = n % 3 == 0;
		e = run(&p, &b, b.size, n % 2 ? &from_file : &at_once);
		if (!p.failed_in[0]) { /* further than it ever comes */
			if (e == 0)
				assert_committed(&p);
			probe_free(&p);
			break;
		}
		assert_int_equal(e, XST_E_IO);
		assert_int_equal(p.result.outcome, XST_OUTCOME_FAILED);
		assert_non_null(strstr(p.result.error.text, "injected in"));
		assert_taken_back(&p);
		probe_free(&p);
	}
	assert_int_equal(open_descriptors(), before);
	assert_false(has_children());
	build_free(&b);
}

/* Stopped in the middle, by asking for it or by taking it away. */
static void an_abort_at_every_call(void **state)
{
	static const struct feed slowly = { .channel = CHANNEL_PIPE, .chunk = 200 };
	struct build b = { 0 };
	unsigned before = open_descriptors();

	build_sample(&b, *state);
	for (unsigned n = 1; n < 400; n++) {
		struct xst_restore_options o;
		struct probe p;
		int e;

		probe_init(&p);
		o = probe_options(&p, -1);
		p.again = n % 4 == 0;
		e = drive(&p, b.data, b.size, &slowly, &o, n, n % 2);
		if (p.result.outcome == XST_OUTCOME_ABORTED) {
			assert_int_equal(e, XST_E_IO);
			if (!(n % 2)) /* freeing takes back as well */
				assert_taken_back(&p);
		} else {
			n = 400;
		}
		probe_free(&p);
	}
	assert_int_equal(open_descriptors(), before);
	build_free(&b);
}

/* One that is taken away while some sinks have committed is not left half done. */
static void freed_at_every_call(void **state)
{
	static const struct modern plain = { .libxl = true, .batches = 1, .pages = 1, .params = 1,
					     .pairs = 1, .emulator = 9 };
	unsigned before = open_descriptors(), halves = 0;
	struct build b = { 0 };
	bool over = false;

	(void)state;
	build_modern(&b, &plain);
	for (unsigned n = 1; !over; n++) {
		struct xst_restore_options o;
		struct probe p;

		probe_init(&p);
		o = probe_options(&p, -1);
		p.again = 1;
		(void)drive(&p, b.data, b.size, &from_file, &o, n, true);
		over = p.result.outcome != XST_OUTCOME_ABORTED;
		for (int i = 0; i < PROBE_SINKS && !over; i++) {
			assert_int_equal(p.aborted[i] >= p.committed[i], true);
			halves += p.committed[i];
		}
		probe_free(&p);
	}
	assert_int_equal(halves, 3); /* the xenstore's; the same and the emulator's */
	assert_int_equal(open_descriptors(), before);
	build_free(&b);
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static const struct modern remus = { .libxl = true, .batches = 1, .pages = 2, .params = 2,
				     .checkpoints = 3, .pairs = 1, .emulator = 90 };

/* Where the checkpoints are complete: after each CHECKPOINT_END, a libxl record of type 4 that
 * follows the emulator's.  *ret_near, malloc'ed: which places are a record's end or a byte beside it. */
static size_t checkpoint_ends(const struct build *b, size_t *ret, size_t max, bool **ret_near)
{
	const struct xst_event *ev;
	struct xst_in in = { b->data, b->size, 0 };
	struct xst_parser *p;
	bool *near = calloc(b->size + 2, sizeof(*near));
	size_t n = 0;

	assert_non_null(near);
	assert_int_equal(xst_parser_new(NULL, &p), 0);
	do {
		assert_int_equal(xst_parser_next(p, &in, &ev), 0);
		if (ev->type == XST_EVENT_RECORD_BEGIN || ev->type == XST_EVENT_RECORD_END)
			for (size_t at = ev->offset ? ev->offset - 1 : 0; at <= ev->offset + 1; at++)
				near[at] = true;
		if (ev->type == XST_EVENT_RECORD_END && ev->kind == XST_KIND_CHECKPOINT_END &&
		    n < max)
			ret[n++] = (size_t)ev->offset;
		if (ev->type == XST_EVENT_NEED)
			xst_parser_eof(p);
	} while (ev->type != XST_EVENT_FINISHED);
	xst_parser_free(p);
	*ret_near = near;
	return n;
}

/* Wherever the sender dies, at every record's ends and in between: before the first checkpoint is whole that
 * is an error, after it the last whole one counts, and nothing of what came after. */
static void the_sender_dies_anywhere(void **state)
{
	struct build b = { 0 };
	struct probe whole;
	size_t ends[8], n;
	bool *near;

	(void)state;
	build_modern(&b, &remus);
	n = checkpoint_ends(&b, ends, COUNT(ends), &near);
	assert_int_equal(n, 3);
	probe_init(&whole);
	assert_int_equal(run(&whole, &b, b.size, &from_file), 0);
	assert_int_equal(whole.checkpoints, 3);
	assert_int_equal(whole.result.outcome, XST_OUTCOME_COMPLETE);
	assert_true(whole.result.dropped > 0); /* what is between the last one and END */
	for (size_t size = 0; size < b.size - 16; size++) {
		struct feed feed = { .channel = (enum channel)(size % 3), .chunk = size % 5 * 700 };
		size_t complete = 0;
		struct probe p;

		if (!near[size] && size % 4096 > 200 && size % 37)
			continue; /* inside of pages */
		while (complete < n && ends[complete] <= size)
			complete++;
		probe_init(&p);
		if (complete) {
			assert_int_equal(run(&p, &b, size, &feed), 0);
			assert_int_equal(p.result.outcome, XST_OUTCOME_FAILOVER);
			assert_int_equal(p.result.error.code, XST_E_TRUNCATED);
			assert_int_equal(p.result.checkpoint, complete);
			assert_int_equal(p.log.size, whole.marks[complete - 1]);
			assert_memory_equal(p.log.text, whole.log.text, p.log.size);
			assert_committed(&p);
		} else {
			assert_int_equal(run(&p, &b, size, &feed), XST_E_TRUNCATED);
			assert_int_equal(p.result.outcome, XST_OUTCOME_FAILED);
			assert_taken_back(&p);
		}
		probe_free(&p);
	}
	probe_free(&whole);
	free(near);
	build_free(&b);
}

/* The emulator's records of a checkpoint take effect before the image's. */
static void libxl_before_libxc(void **state)
{
	struct build b = { 0 };
	struct probe p;
	const char *log, *state_2, *checkpoint_1, *checkpoint_2;

	(void)state;
	build_modern(&b, &remus);
	probe_init(&p);
	assert_int_equal(run(&p, &b, b.size, &from_file), 0);
	log = p.log.text;
	checkpoint_1 = log + p.marks[0];
	checkpoint_2 = log + p.marks[1];
	state_2 = strstr(checkpoint_1, "state");
	assert_non_null(state_2);
	assert_true(state_2 < checkpoint_2);
	assert_null(memmem(checkpoint_1, (size_t)(state_2 - checkpoint_1), "PAGE_DATA", 9));
	assert_non_null(memmem(state_2, (size_t)(checkpoint_2 - state_2), "PAGE_DATA", 9));
	probe_free(&p);
	build_free(&b);
}

/* --- what is refused -------------------------------------------------------------------------- */

static int fails_with(const struct build *b, const char *words)
{
	struct probe p;
	int e;

	probe_init(&p);
	e = run(&p, b, b->size, &at_once);
	assert_true(e < 0);
	if (!strstr(p.result.error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", p.result.error.text, words);
	assert_taken_back(&p);
	probe_free(&p);
	return e;
}

static void open_libxl(struct build *b, uint32_t guest)
{
	struct modern m = { .libxl = true, .pv = guest == 1, .batches = 1, .pages = 2, .params = 1 };

	build_modern(b, &m);
	b->size -= 8; /* END */
}

static void emulator_record(struct build *b)
{
	blob_record(b, 3, 2, 0, 40);
}

/* As libxl does: the last one counts, for which the sink gets both. */
static void two_device_models(void **state)
{
	struct build b = { 0 };
	struct probe p;
	const char *first;

	(void)state;
	probe_init(&p);
	open_libxl(&b, 2);
	emulator_record(&b);
	emulator_record(&b);
	empty_record(&b, 0);
	assert_int_equal(run(&p, &b, b.size, &at_once), 0);
	first = strstr(p.log.text, "end of state");
	assert_non_null(first);
	assert_non_null(strstr(first + 1, "end of state"));
	assert_committed(&p);
	probe_free(&p);
	build_free(&b);
}

static void a_device_model_of_a_pv_guest(void **state)
{
	struct build b = { 0 };

	(void)state;
	open_libxl(&b, 1);
	emulator_record(&b);
	empty_record(&b, 0);
	assert_int_equal(fails_with(&b, "PV guest"), XST_E_MALFORMED);
	build_free(&b);
}

static void unknown_records(void **state)
{
	struct build b = { 0 };

	(void)state;
	open_libxl(&b, 2);
	blob_record(&b, 0x123, 0, 0, 8);
	empty_record(&b, 0);
	assert_int_equal(fails_with(&b, "unknown"), XST_E_UNKNOWN);
	build_free(&b);
}

static void a_checkpoint_state_out_of_turn(void **state)
{
	struct build b = { 0 };

	(void)state;
	open_libxl(&b, 2);
	record_begin(&b, 5);
	put64(&b, 0);
	record_end(&b);
	empty_record(&b, 0);
	assert_int_equal(fails_with(&b, "out of order here"), XST_E_MALFORMED);
	build_free(&b);
}

/* --- the configuration ------------------------------------------------------------------------ */

static void configurations(void **state)
{
	struct modern m = { .xl = true, .config = "{\"a\": 1}", .batches = 1, .pages = 1, .params = 1 };
	struct modern bare = { .libxl = true, .batches = 1, .pages = 1, .params = 1 };
	struct xst_restore_options o;
	struct build b = { 0 }, without = { 0 };
	struct probe p;

	(void)state;
	build_modern(&b, &m);
	build_modern(&without, &bare);

	probe_init(&p);
	o = probe_options(&p, -1);
	o.flags = 0;
	assert_int_equal(drive(&p, b.data, b.size, &at_once, &o, 0, false), 0);
	assert_string_equal(p.config, "{\"a\": 1}");
	assert_int_equal(p.domain.config_size, 8);
	assert_true(p.domain.config_json && p.domain.config_nul && !p.domain.config_replaced);
	assert_int_equal(p.domain.domid, 7);
	probe_free(&p);

	probe_init(&p);
	o = probe_options(&p, -1);
	o.config = "name = 'b'\n";
	o.config_size = 11;
	assert_int_equal(drive(&p, b.data, b.size, &at_once, &o, 0, false), 0);
	assert_string_equal(p.config, "name = 'b'\n");
	assert_true(!p.domain.config_json && !p.domain.config_nul && p.domain.config_replaced);
	probe_free(&p);

	probe_init(&p);
	o = probe_options(&p, -1);
	o.flags = 0;
	assert_int_equal(drive(&p, without.data, without.size, &at_once, &o, 0, false),
			 XST_E_REFUSED);
	assert_non_null(strstr(p.result.error.text, "--config"));
	assert_int_equal(p.prepared[PROBE_DOMAIN], 0);
	probe_free(&p);
	build_free(&b);
	build_free(&without);
}

static pthread_t asked_in;

static int translate(void *userdata, const struct xst_config *stored, struct xst_config *ret,
		     char *why, size_t size)
{
	(void)userdata;
	(void)why;
	(void)size;
	asked_in = pthread_self();
	assert_int_equal(stored->layer, XST_LAYER_LIBVIRT);
	assert_int_equal(ret->layer, XST_LAYER_XL);
	ret->data = (const uint8_t *)"name = 'translated'";
	ret->size = 19;
	return 0;
}

/* The caller is asked in its own thread, and a given configuration spares the question. */
static void translated_configurations(void **state)
{
	struct build b = { 0 };

	(void)state;
	for (size_t i = 0; i < samples_count; i++)
		if (strcmp(samples[i].name, "libvirt-hvm") == 0)
			build_sample(&b, &samples[i]);
	assert_true(b.size > 0);
	for (int channel = CHANNEL_FILE; channel <= CHANNEL_UNIX; channel++)
		for (int given = 0; given < 2; given++) {
			struct feed feed = { .channel = (enum channel)channel, .chunk = 50 };
			struct xst_restore_options o;
			struct probe p;

			asked_in = 0;
			probe_init(&p);
			o = probe_options(&p, -1);
			o.flags = 0;
			o.translate = translate;
			if (given) {
				o.config = "name = 'given'";
				o.config_size = 14;
			}
			assert_int_equal(drive(&p, b.data, b.size, &feed, &o, 0, false), 0);
			assert_string_equal(p.config, given ? "name = 'given'" : "name = 'translated'");
			assert_true(given ? !asked_in : pthread_equal(asked_in, pthread_self()));
			assert_true(p.domain.converted);
			probe_free(&p);
		}
	/* nobody answers any more */
	for (unsigned n = 1; n < 30; n++) {
		static const struct feed feed = { .channel = CHANNEL_PIPE, .chunk = 50 };
		struct xst_restore_options o;
		struct probe p;

		probe_init(&p);
		o = probe_options(&p, -1);
		o.translate = translate;
		(void)drive(&p, b.data, b.size, &feed, &o, n, n % 2);
		probe_free(&p);
	}
	build_free(&b);
}

static int refuse(void *userdata, enum xst_outcome outcome, struct xst_finding *reterr)
{
	(void)outcome;
	(void)userdata;
	*reterr = (struct xst_finding){ .code = XST_E_IO, .rule = "test", .text = "no" };
	return XST_E_IO;
}

static void not_confirmed(void **state)
{
	struct build b = { 0 };
	struct xst_restore_options o;
	struct probe p;

	(void)state;
	build_modern(&b, &remus);
	for (size_t size = b.size; size > b.size - 40; size -= 39) { /* its end, or a failover */
		probe_init(&p);
		o = probe_options(&p, -1);
		o.confirm = refuse;
		assert_int_equal(drive(&p, b.data, size, &at_once, &o, 0, false), XST_E_IO);
		assert_string_equal(p.result.error.text, "no");
		assert_int_equal(p.finished[PROBE_DOMAIN], 0);
		assert_taken_back(&p);
		probe_free(&p);
	}
	build_free(&b);
}

static int abort_instead(void *userdata, enum xst_outcome outcome, struct xst_finding *reterr)
{
	(void)outcome;
	(void)reterr;
	xst_restore_abort(*(struct xst_restore **)userdata);
	return 0;
}

/* Whoever aborts when he is asked finds nothing done, though the stream has ended well. */
static void aborted_in_a_callback(void **state)
{
	struct build b = { 0 };
	struct xst_restore *r;
	struct probe p;
	struct xst_restore_options o;

	(void)state;
	build_modern(&b, &remus);
	probe_init(&p);
	o = probe_options(&p, file_of(b.data, b.size));
	o.confirm = abort_instead;
	o.done = NULL;
	o.finding = NULL;
	o.userdata = &r;
	assert_int_equal(xst_restore_new(&o, &r), 0);
	assert_int_equal(xst_restore_start(r), 0);
	while (xst_restore_process(r) == 0)
		;
	xst_restore_free(r);
	assert_int_equal(p.finished[PROBE_DOMAIN], 0);
	for (int i = 0; i < PROBE_SINKS; i++)
		assert_int_equal(p.committed[i], 0);
	assert_taken_back(&p);
	close(o.fd);
	probe_free(&p);
	build_free(&b);
}

/* --- time and trouble ------------------------------------------------------------------------- */

static void streams_that_never_end(void **state)
{
	struct feed feed = { .channel = CHANNEL_UNIX, .chunk = 3000, .stays_open = true };
	struct build b = { 0 };
	struct xst_restore_options o;
	struct probe p;

	(void)state;
	build_modern(&b, &remus);
	for (int i = 0; i < 4; i++) {
		probe_init(&p);
		o = probe_options(&p, -1);
		if (i % 2)
			o.timeout = 30000;
		else
			o.stall = 30000;
		assert_int_equal(drive(&p, b.data, i < 2 ? 0 : b.size - 100, &feed, &o, 0, false),
				 XST_E_IO);
		assert_int_equal(p.result.error.sys_errno, ETIMEDOUT);
		assert_string_equal(p.result.error.rule, "restore.timeout");
		assert_taken_back(&p);
		probe_free(&p);
	}
	build_free(&b);
}

/* The disk is full when a checkpoint is to be kept. */
static void no_room_for_the_spool(void **state)
{
	struct rlimit before, small;
	struct build b = { 0 };
	struct xst_restore_options o;
	struct probe p;

	(void)state;
	build_modern(&b, &remus);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 3000;
	for (int move = 0; move < 2; move++) {
		probe_init(&p);
		o = probe_options(&p, -1);
		o.buffer_memory = 1;
		setrlimit(RLIMIT_FSIZE, &small);
		(void)drive(&p, b.data, b.size, &at_once, &o, 0, false);
		setrlimit(RLIMIT_FSIZE, &before);
		assert_int_equal(p.result.code, XST_E_IO);
		assert_int_equal(p.result.outcome, XST_OUTCOME_FAILED); /* no failover: the stream is fine */
		assert_int_equal(p.result.error.sys_errno, EFBIG);
		assert_taken_back(&p);
		probe_free(&p);
	}
	build_free(&b);
}

static void no_directory_for_the_spool(void **state)
{
	struct build b = { 0 };
	struct xst_restore_options o;
	struct probe p;

	(void)state;
	build_modern(&b, &remus);
	probe_init(&p);
	o = probe_options(&p, -1);
	o.buffer_memory = 1;
	o.tmpdir = "/nonexistent";
	assert_int_equal(drive(&p, b.data, b.size, &at_once, &o, 0, false), XST_E_IO);
	assert_non_null(strstr(p.result.error.text, "/nonexistent"));
	assert_taken_back(&p);
	probe_free(&p);
	build_free(&b);
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(the_sender_dies_anywhere),
		cmocka_unit_test(libxl_before_libxc),
		cmocka_unit_test(two_device_models),
		cmocka_unit_test(a_device_model_of_a_pv_guest),
		cmocka_unit_test(unknown_records),
		cmocka_unit_test(a_checkpoint_state_out_of_turn),
		cmocka_unit_test(configurations),
		cmocka_unit_test(translated_configurations),
		cmocka_unit_test(freed_at_every_call),
		cmocka_unit_test(not_confirmed),
		cmocka_unit_test(aborted_in_a_callback),
		cmocka_unit_test(streams_that_never_end),
		cmocka_unit_test(no_room_for_the_spool),
		cmocka_unit_test(no_directory_for_the_spool),
	};
	static const CMUnitTestFunction functions[] = { the_same_in_any_pieces,
							a_failure_at_every_call,
							an_abort_at_every_call };
	static const char *const names[] = { "the same in any pieces", "a failure at every call",
					     "an abort at every call" };
	int failed;

	signal(SIGPIPE, SIG_IGN); /* of the test's own writing */
	failed = run_for_samples("restore", functions, names, COUNT(functions));
	if (shard_is_first())
		failed += cmocka_run_group_tests_name("restores", others, NULL, NULL);
	return failed;
}
