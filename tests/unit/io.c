/* SPDX-License-Identifier: MIT */
/* Descriptors: the same stream through every kind of them, and nothing taken that is not ours. */
#include <xenstream/io.h>
#include <xenstream/job.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/ahead.h"
#include "log.h"
#include "pour.h"
#include "scratch.h"
#include "unit.h"

#define GARBAGE "and what follows belongs to somebody else, who wants to find all of it"

static char dir[SCRATCH_MAX];

/* --- both ends ------------------------------------------------------------------------------ */

enum end { FILE_END, PIPE_END, SOCKET_END, APPEND_END, ENDS };

/* What a thread writes into or reads out of the other end of a pipe or socket. */
struct other_end {
	int fd;
	pthread_t thread;
	bool running;
	const uint8_t *data;  /* to be written */
	size_t size, step;
	struct build got;     /* was read */
};

static void *write_thread(void *arg)
{
	struct other_end *o = arg;

	for (size_t i = 0; i < o->size;) {
		size_t n = o->size - i < o->step ? o->size - i : o->step;
		ssize_t k = write(o->fd, o->data + i, n);

		if (k <= 0)
			break;
		i += (size_t)k;
	}
	close(o->fd);
	return NULL;
}

static void *read_thread(void *arg)
{
	struct other_end *o = arg;
	uint8_t buf[5000];
	ssize_t k;

	while ((k = read(o->fd, buf, sizeof(buf))) > 0)
		put(&o->got, buf, (size_t)k);
	close(o->fd);
	return NULL;
}

static void run(struct other_end *o, void *(*f)(void *))
{
	assert_int_equal(pthread_create(&o->thread, NULL, f, o), 0);
	o->running = true;
}

static void join(struct other_end *o)
{
	if (o->running)
		assert_int_equal(pthread_join(o->thread, NULL), 0);
	o->running = false;
}

static int temporary(void)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "%s/fileXXXXXX", dir);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static void pair_of(enum end kind, int fds[2])
{
	if (kind == SOCKET_END)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	else
		assert_int_equal(pipe(fds), 0);
}

/* A descriptor to read `b` from, in steps of `step` bytes where it is no file. */
static int input_of(enum end kind, const struct build *b, size_t step, struct other_end *o)
{
	int fds[2];

	memset(o, 0, sizeof(*o));
	if (kind == FILE_END) {
		int fd = temporary();

		assert_int_equal(write(fd, b->data, b->size), b->size);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		return fd;
	}
	pair_of(kind, fds);
	o->fd = fds[1];
	o->data = b->data;
	o->size = b->size;
	o->step = step;
	run(o, write_thread);
	return fds[0];
}

static int output_of(enum end kind, struct other_end *o)
{
	int fds[2], fd;

	memset(o, 0, sizeof(*o));
	if (kind == FILE_END || kind == APPEND_END) {
		fd = temporary();
		if (kind == APPEND_END)
			assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
		return fd;
	}
	pair_of(kind, fds);
	o->fd = fds[0];
	run(o, read_thread);
	return fds[1];
}

static void read_rest(int fd, struct build *b)
{
	uint8_t buf[1000];
	ssize_t k;

	while ((k = read(fd, buf, sizeof(buf))) > 0)
		put(b, buf, (size_t)k);
	assert_int_equal(k, 0);
}

/* Closes an output and says what came out of it. */
static void collect(enum end kind, int fd, struct other_end *o)
{
	if (kind == FILE_END || kind == APPEND_END) {
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		read_rest(fd, &o->got);
	}
	close(fd);
	join(o);
}

static const struct sample *sample(const char *name)
{
	for (size_t i = 0; i < samples_count; i++)
		if (strcmp(samples[i].name, name) == 0)
			return &samples[i];
	fail_msg("no sample %s", name);
	return NULL;
}

/* --- moving --------------------------------------------------------------------------------- */

static void convert_between(const struct build *b, size_t ours, enum end from, enum end to)
{
	struct other_end in, out;
	struct xst_output *o;
	struct xst_finding e = { 0 };
	struct build rest = { 0 };
	struct poured expected;
	int fd = input_of(from, b, 7777, &in), out_fd = output_of(to, &out), r;

	assert_int_equal(pour(b->data, b->size, NULL, NULL, &expected), 0);
	assert_int_equal(xst_output_fd(out_fd, &o), 0);
	r = xst_convert_fd(fd, o, NULL, &e);
	if (r)
		fail_msg("%d -> %d: %d %s", from, to, r, e.text);
	assert_int_equal(xst_output_commit(o), 0);
	assert_int_equal(xst_output_offset(o), expected.out.size);
	xst_output_free(o);
	collect(to, out_fd, &out);
	assert_int_equal(out.got.size, expected.out.size);
	assert_memory_equal(out.got.data, expected.out.data, expected.out.size);

	/* what is not ours is still there, on a pipe as well as in a file */
	if (from == FILE_END)
		assert_int_equal(lseek(fd, 0, SEEK_CUR), ours);
	read_rest(fd, &rest);
	assert_int_equal(rest.size, b->size - ours);
	assert_memory_equal(rest.data, GARBAGE, rest.size);
	close(fd);
	join(&in);
	build_free(&rest);
	build_free(&out.got);
	poured_free(&expected);
}

static void convert_everywhere(const char *name)
{
	struct build b = { 0 };
	size_t ours;

	build_sample(&b, sample(name));
	ours = b.size;
	put(&b, GARBAGE, strlen(GARBAGE));
	for (int from = FILE_END; from <= SOCKET_END; from++)
		for (int to = FILE_END; to < ENDS; to++)
			convert_between(&b, ours, (enum end)from, (enum end)to);
	build_free(&b);
}

static void an_xl_image_goes_everywhere(void **state)
{
	(void)state;
	convert_everywhere("xl-hvm");
}

static void a_pv_image_goes_everywhere(void **state)
{
	(void)state;
	convert_everywhere("image-pv64-v3");
}

static void legacy_streams_go_everywhere(void **state)
{
	(void)state;
	convert_everywhere("legacy-hvm-8");
	convert_everywhere("legacy-pv64-8");
	convert_everywhere("legacy-hvm-8-tmem");
}

/* More than any pipe or window holds, so that transfers are broken into pieces. */
static void large_runs(void **state)
{
	struct modern m = { .pv = true, .frames = 3, .batches = 2, .pages = 700, .holes = 3 };
	struct build b = { 0 };
	size_t ours;

	(void)state;
	build_modern(&b, &m);
	ours = b.size;
	put(&b, GARBAGE, strlen(GARBAGE));
	for (int from = FILE_END; from <= SOCKET_END; from++)
		for (int to = FILE_END; to < ENDS; to++)
			convert_between(&b, ours, (enum end)from, (enum end)to);
	build_free(&b);
}

/* --- reading -------------------------------------------------------------------------------- */

static void log_reader(int fd, uint32_t flags, struct log *g)
{
	const struct xst_event *ev;
	struct xst_reader *r;

	assert_int_equal(xst_reader_new(fd, NULL, flags, dir, &r), 0);
	do {
		assert_int_equal(xst_reader_next(r, &ev), 0);
		assert_int_not_equal(ev->type, XST_EVENT_NEED);
		log_event(g, ev);
	} while (ev->type != XST_EVENT_FINISHED);
	assert_int_equal(xst_reader_finish(r), 0);
	xst_reader_free(r);
}

/* The parser's own log has one more line, of its end. */
static void same_log(const struct log *reader, const struct log *parser)
{
	assert_true(reader->size < parser->size);
	assert_memory_equal(reader->text, parser->text, reader->size);
	assert_null(memchr(parser->text + reader->size, '\n', parser->size - reader->size - 1));
}

static void byte_by_byte(void **state)
{
	static const char *const names[] = { "xl-hvm", "legacy-hvm-8", "legacy-pv32-4-remus",
					     "image-hvm-device-model", "libxl-hvm-checkpoints" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		for (int kind = FILE_END; kind <= SOCKET_END; kind++) {
			struct log whole = { 0 }, g = { 0 };
			struct other_end in;
			struct build b = { 0 };
			int fd;

			build_sample(&b, sample(names[i]));
			parse_logged(b.data, b.size, NULL, NULL, &whole);
			fd = input_of((enum end)kind, &b, 1, &in);
			log_reader(fd, 0, &g);
			same_log(&g, &whole);
			join(&in);
			close(fd);
			log_free(&whole);
			log_free(&g);
			build_free(&b);
		}
}

static void runs_are_passed_over(void **state)
{
	(void)state;
	for (int kind = FILE_END; kind <= SOCKET_END; kind++) {
		struct xst_verdict v;
		struct xst_finding e;
		struct other_end in;
		struct build b = { 0 };
		int fd;

		build_sample(&b, sample("image-pv64-v3"));
		fd = input_of((enum end)kind, &b, 1000, &in);
		assert_int_equal(xst_verify_fd(fd, NULL, &v, &e), 0);
		assert_int_equal(v.errors, 0);
		assert_int_equal(v.end, b.size);
		join(&in);
		close(fd);
		build_free(&b);
	}
}

static void truncated_inputs(void **state)
{
	static const size_t cuts[] = { 0, 5, 16, 100, 200, 5000, 9000 };

	(void)state;
	for (int kind = FILE_END; kind <= SOCKET_END; kind++)
		for (size_t i = 0; i < COUNT(cuts); i++) {
			struct xst_verdict v;
			struct xst_output *o;
			struct xst_finding e = { 0 };
			struct other_end in;
			struct build b = { 0 };
			int fd, out = temporary();

			build_sample(&b, sample("image-pv64-v3"));
			b.size = cuts[i];
			fd = input_of((enum end)kind, &b, 1000, &in);
			assert_int_equal(xst_verify_fd(fd, NULL, &v, &e), 0);
			assert_int_equal(v.errors, 1);
			join(&in);
			close(fd);
			fd = input_of((enum end)kind, &b, 1000, &in);
			assert_int_equal(xst_output_fd(out, &o), 0);
			assert_int_equal(xst_convert_fd(fd, o, NULL, &e), XST_E_TRUNCATED);
			assert_int_equal(e.code, XST_E_TRUNCATED);
			xst_output_free(o);
			join(&in);
			close(fd);
			close(out);
			build_free(&b);
		}
}

static void an_image_in_the_middle_of_a_file(void **state)
{
	struct build b = { 0 };
	struct xst_verdict v;
	struct xst_output *o;
	struct xst_finding e;
	struct poured expected;
	struct other_end in, out;
	int fd, out_fd = output_of(FILE_END, &out);
	size_t ours;

	(void)state;
	put(&b, "before", 6);
	build_sample(&b, sample("image-pv64-v3"));
	ours = b.size;
	put(&b, GARBAGE, strlen(GARBAGE));
	pour(b.data + 6, b.size - 6, NULL, NULL, &expected);
	fd = input_of(FILE_END, &b, 0, &in);
	assert_int_equal(lseek(fd, 6, SEEK_SET), 6);
	assert_int_equal(xst_verify_fd(fd, NULL, &v, &e), 0);
	assert_int_equal(v.errors, 0);
	assert_int_equal(v.end, ours);
	assert_int_equal(v.trailing, strlen(GARBAGE));
	assert_int_equal(lseek(fd, 6, SEEK_SET), 6);
	assert_int_equal(xst_output_fd(out_fd, &o), 0);
	assert_int_equal(xst_convert_fd(fd, o, NULL, &e), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), ours);
	xst_output_free(o);
	close(fd);
	collect(FILE_END, out_fd, &out);
	assert_int_equal(out.got.size, expected.out.size);
	assert_memory_equal(out.got.data, expected.out.data, expected.out.size);
	poured_free(&expected);
	build_free(&out.got);
	build_free(&b);
}

/* The libxl stream ends where the container would have, whether that has an end or not. */
static void a_suspend_image_that_breaks_off(void **state)
{
	struct xst_converter_options to = { .size = sizeof(to), .flags = XST_CONVERT_FORCE,
					    .to = XST_CONTAINER_LIBXL };
	struct xst_convert_options o = { .size = sizeof(o), .converter = &to,
					 .cut = XST_CUT_HARMLESS };
	struct build b = { 0 };
	struct poured expected;
	struct xst_output *out;
	struct xst_finding e;
	struct other_end in;
	uint8_t *got;
	char path[100];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/cut", dir);
	build_sample(&b, sample("xenserver-pv"));
	assert_int_equal(pour(b.data, b.size, NULL, &to, &expected), 0);
	b.size -= 8;
	fd = input_of(FILE_END, &b, 0, &in);
	assert_int_equal(xst_output_file(path, 0600, 0, &out, &e), 0);
	assert_int_equal(xst_convert_fd(fd, out, &o, &e), 0);
	assert_int_equal(xst_output_commit(out), 0);
	xst_output_free(out);
	close(fd);
	fd = open(path, O_RDONLY);
	got = malloc(expected.out.size + 1);
	assert_non_null(got);
	assert_int_equal(read(fd, got, expected.out.size + 1), expected.out.size);
	assert_memory_equal(got, expected.out.data, expected.out.size);
	free(got);
	close(fd);
	unlink(path);
	poured_free(&expected);
	build_free(&b);
}

/* A device model's record that lasts to the end of a pipe has no length until it was read. */
static void a_run_of_unknown_length(void **state)
{
	struct legacy l = { .batches = 1, .pages = 1, .last_checkpoint = true,
			    .tail = "QemuDeviceModelRecord", .emulator = 300000 };

	(void)state;
	for (int kind = FILE_END; kind <= SOCKET_END; kind++) {
		struct xst_parser_options p = XST_PARSER_OPTIONS_INIT;
		struct build b = { 0 };
		struct poured expected;
		struct other_end in, out;
		struct xst_output *o;
		struct xst_finding e;
		int fd, out_fd = output_of(FILE_END, &out);

		build_legacy(&b, &l);
		assert_int_equal(pour(b.data, b.size, &p, NULL, &expected), 0);
		fd = input_of((enum end)kind, &b, 4096, &in);
		assert_int_equal(xst_output_fd(out_fd, &o), 0);
		assert_int_equal(xst_convert_fd(fd, o, NULL, &e), 0);
		xst_output_free(o);
		join(&in);
		close(fd);
		collect(FILE_END, out_fd, &out);
		assert_int_equal(out.got.size, expected.out.size);
		assert_memory_equal(out.got.data, expected.out.data, expected.out.size);
		build_free(&out.got);
		build_free(&b);
		poured_free(&expected);
	}
}

/* Headers that nest would have their configurations written into the room of the first one. */
static void nested_headers_are_refused(void **state)
{
	struct build b = { 0 };
	struct other_end in;
	struct xst_info *i;
	struct xst_finding e;
	uint8_t config[3000] = { 0 };
	int fd;

	(void)state;
	xl_header(&b, 2, "{}", 3);
	for (int k = 0; k < 10; k++)
		xl_header(&b, 2, config, sizeof(config));
	fd = input_of(FILE_END, &b, 0, &in);
	assert_int_equal(xst_info_fd(fd, NULL, &i, &e), 0);
	assert_int_equal(i->verdict.errors, 1);
	assert_string_equal(i->damage.rule, "xl.magic");
	assert_int_equal(i->config_size, 3);
	xst_info_free(i);
	close(fd);
	build_free(&b);
}

static void what_info_says(void **state)
{
	struct build b = { 0 };
	struct other_end in;
	struct xst_info *i;
	struct xst_finding e;
	int fd;

	(void)state;
	build_sample(&b, sample("xl-hvm"));
	fd = input_of(FILE_END, &b, 0, &in);
	assert_int_equal(xst_info_fd(fd, NULL, &i, &e), 0);
	assert_true(i->xl && i->libxl && i->libxc && !i->legacy);
	assert_string_equal((char *)i->config, "{\"a\":1}");
	assert_int_equal(i->guest, XST_GUEST_HVM);
	assert_int_equal(i->image_version, 3);
	assert_int_equal(i->batches, 2);
	assert_int_equal(i->page_frames, 8);
	assert_int_equal(i->pages_by_type[0], 4);
	assert_int_equal(i->emulators, 1);
	assert_int_equal(i->emulator_size, 54);
	assert_int_equal(i->xenstore_keys, 2);
	assert_int_equal(i->sizes.pages, 4 * PAGE);
	assert_int_equal(i->sizes.pages + i->sizes.vcpus + i->sizes.emulator + i->sizes.config +
			 i->sizes.framing, b.size);
	xst_info_free(i);
	close(fd);
	build_free(&b);
}

/* --- failures ------------------------------------------------------------------------------- */

static void a_reader_that_is_gone(void **state)
{
	struct build b = { 0 };
	struct xst_output *o;
	struct xst_finding e = { 0 };
	struct other_end in;
	int fds[2], fd;

	(void)state;
	build_sample(&b, sample("image-pv64-v3"));
	fd = input_of(FILE_END, &b, 0, &in);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(xst_output_fd(fds[1], &o), 0);
	assert_int_equal(xst_convert_fd(fd, o, NULL, &e), XST_E_IO);
	assert_int_equal(e.code, XST_E_IO);
	assert_int_equal(e.sys_errno, EPIPE);
	assert_string_equal(e.rule, "output.io");
	xst_output_free(o);
	close(fds[1]);
	close(fd);
	build_free(&b);
}

static void an_input_that_can_not_be_read(void **state)
{
	struct xst_verdict v;
	struct xst_finding e = { 0 };
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(xst_verify_fd(fd, NULL, &v, &e), XST_E_IO);
	assert_int_equal(e.sys_errno, EISDIR);
	assert_string_equal(e.rule, "input.io");
	close(fd);
	assert_int_equal(xst_verify_fd(-1, NULL, &v, &e), XST_E_ARG);
}

static void descriptors_that_do_not_block(void **state)
{
	struct build b = { 0 };
	struct poured expected;
	struct other_end in, out;
	struct xst_output *o;
	struct xst_finding e;

	(void)state;
	build_sample(&b, sample("image-pv64-v3"));
	pour(b.data, b.size, NULL, NULL, &expected);
	for (int kind = PIPE_END; kind <= SOCKET_END; kind++) {
		int fd = input_of((enum end)kind, &b, 999, &in);
		int out_fd = output_of((enum end)kind, &out);

		assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
		assert_int_equal(fcntl(out_fd, F_SETFL, O_NONBLOCK), 0);
		assert_int_equal(xst_output_fd(out_fd, &o), 0);
		assert_int_equal(xst_convert_fd(fd, o, NULL, &e), 0);
		xst_output_free(o);
		close(fd);
		join(&in);
		collect((enum end)kind, out_fd, &out);
		assert_int_equal(out.got.size, expected.out.size);
		assert_memory_equal(out.got.data, expected.out.data, expected.out.size);
		build_free(&out.got);
	}
	poured_free(&expected);
	build_free(&b);
}

/* --- group ---------------------------------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return scratch_folder(dir) ? 0 : -1;
}

/* The places that follow are asked for at once when the file is not in memory, and what is read is the same. */
static void jumps_are_foreseen(void **state)
{
	enum { WINDOW = 100, JUMP = 5000, JUMPS = 60 };
	struct ahead a = { .from_disk = true }, overflow = { .from_disk = true };
	uint8_t file[JUMP * JUMPS], window[WINDOW];
	int fd = temporary();

	(void)state;
	for (size_t i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(write(fd, file, sizeof(file)), sizeof(file));
	for (uint64_t at = 0, i = 0; i < JUMPS; i++, at += i == 30 ? JUMP / 2 : JUMP) {
		size_t there = sizeof(file) - at < WINDOW ? sizeof(file) - (size_t)at : WINDOW;

		assert_int_equal(xst_io_ahead_pread(&a, fd, window, WINDOW, at), there);
		assert_memory_equal(window, file + at, there);
		if (i < 4 || (i >= 30 && i < 34))
			assert_true(a.asked <= at);
		if (i == 10 || i == 50)
			assert_true(a.asked > at + 30 * JUMP && a.asked <= at + 40 * JUMP);
	}
	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(xst_io_ahead_pread(&overflow, fd, window, WINDOW, i << 59),
				 i ? 0 : WINDOW);
	close(fd);
}

/* Of a later library: what it asks for would not be done. */
static void unknown_flags_are_refused(void **state)
{
	struct xst_parser_options later = XST_PARSER_OPTIONS_INIT;
	struct xst_job_options job = { .size = sizeof(job), .parser = &later };
	struct xst_verify_options verify = { .size = sizeof(verify), .flags = XST_VERIFY_LIKE_LIBXL << 1 };
	struct xst_convert_options convert = { .size = sizeof(convert), .job = &job };
	struct xst_finding error = { .code = 1 };
	struct xst_output *o;
	struct xst_reader *r;
	struct xst_change *c;
	struct xst_verdict v;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(xst_output_file("/dev/null", 0600, XST_OUTPUT_SYNC << 1, &o, NULL), XST_E_ARG);
	assert_int_equal(xst_reader_new(fd, NULL, XST_READER_KNOW_LENGTHS << 1, NULL, &r), XST_E_ARG);
	assert_int_equal(xst_change_open("/dev/null", XST_CHANGE_FORCE << 1, &c, NULL, NULL), XST_E_ARG);
	assert_int_equal(xst_verify_fd(fd, &verify, &v, NULL), XST_E_ARG);
	verify.flags = XST_VERIFY_LIKE_XEN | XST_VERIFY_LIKE_LIBXL; /* two measures */
	assert_int_equal(xst_verify_fd(fd, &verify, &v, NULL), XST_E_ARG);
	later.flags = XST_PARSER_COLO << 1;
	verify = (struct xst_verify_options){ .size = sizeof(verify), .job = &job };
	assert_int_equal(xst_verify_fd(fd, &verify, &v, &error), XST_E_ARG);
	assert_int_equal(xst_output_fd(fd, &o), 0);
	assert_int_equal(xst_convert_fd(fd, o, &convert, &error), XST_E_ARG);
	assert_int_equal(error.code, 1); /* a wrong call is nothing to tell of, and not out of memory */
	xst_output_free(o);
	close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_xl_image_goes_everywhere),
		cmocka_unit_test(a_pv_image_goes_everywhere),
		cmocka_unit_test(legacy_streams_go_everywhere),
		cmocka_unit_test(large_runs),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(runs_are_passed_over),
		cmocka_unit_test(truncated_inputs),
		cmocka_unit_test(an_image_in_the_middle_of_a_file),
		cmocka_unit_test(a_suspend_image_that_breaks_off),
		cmocka_unit_test(a_run_of_unknown_length),
		cmocka_unit_test(nested_headers_are_refused),
		cmocka_unit_test(what_info_says),
		cmocka_unit_test(a_reader_that_is_gone),
		cmocka_unit_test(an_input_that_can_not_be_read),
		cmocka_unit_test(descriptors_that_do_not_block),
		cmocka_unit_test(jumps_are_foreseen),
		cmocka_unit_test(unknown_flags_are_refused),
	};

	return cmocka_run_group_tests_name("io", tests, set_up, tear_down);
}
