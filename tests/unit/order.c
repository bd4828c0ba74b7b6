/* SPDX-License-Identifier: MIT */
/* Every order of a libxl stream's records, up to four of them, through every sink that needs no daemon, each
 * under contract: none crashes; a restore goes well if and only if the checker finds no error; and what
 * counts of the stream arrives.
 *
 * A letter is a piece of a stream, see pieces[]. */
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenstream/xenstream.h>

#include "build.h"
#include "contract.h"
#include "probe.h"
#include "samples.h"
#include "scratch.h"

#define LONGEST 4
#define LETTERS "LKXEcdk"
#define KEY "f00dfeed"
#define STATE "QEVM\0\0\0\3devicemodelblob"

static char folder[SCRATCH_MAX], into[SCRATCH_MAX + 8], state_file[SCRATCH_MAX + 8];
static int output = -1; /* what a program was given, a memfd */

/* --- pieces ----------------------------------------------------------------------------------- */

static void guest(struct build *b)
{
	static const uint64_t entries[] = { 0, 1 };

	page_data(b, entries, 2);
	record_begin(b, 8); /* X86_TSC_INFO */
	put_zero(b, 4);
	put32(b, 2600000);
	put_zero(b, 16);
	record_end(b);
	record_begin(b, 10); /* HVM_PARAMS: the pages of xenstore */
	put32(b, 1);
	put32(b, 0);
	put64(b, 1);
	put64(b, 1);
	record_end(b);
	record_begin(b, 9); /* HVM_CONTEXT */
	hvm_state(b);
	record_end(b);
}

static void image(struct build *b, uint32_t end)
{
	empty_record(b, 1); /* LIBXC_CONTEXT */
	image_header(b, 3, 0);
	domain_header(b, 2);
	empty_record(b, 16); /* STATIC_DATA_END */
	guest(b);
	empty_record(b, end);
}

static void next_state(struct build *b, uint32_t end)
{
	empty_record(b, 4); /* CHECKPOINT_END */
	guest(b);
	empty_record(b, end);
}

static void device_model(struct build *b, uint32_t type, const void *data, size_t n)
{
	record_begin(b, type);
	put32(b, 2);
	put32(b, 0);
	put(b, data, n);
	record_end(b);
}

/* L, K: an image that ends with END, with CHECKPOINT.  X, E: keys and state of the device model.  c:
 * CHECKPOINT_END alone; d, k: and the guest again, with END, with CHECKPOINT.  Z: END. */
static void piece(struct build *b, char letter)
{
	static const char keys[] = "physmap/" KEY "/size\0" KEY;

	switch (letter) {
	case 'L': image(b, 0); break;
	case 'K': image(b, 14); break;
	case 'X': device_model(b, 2, keys, sizeof(keys)); break;
	case 'E': device_model(b, 3, STATE, sizeof(STATE) - 1); break;
	case 'c': empty_record(b, 4); break;
	case 'd': next_state(b, 0); break;
	case 'k': next_state(b, 14); break;
	default:  empty_record(b, 0); break;
	}
}

static void stream(struct build *b, const char *letters)
{
	libxl_header(b, 0);
	for (; *letters; letters++)
		piece(b, *letters);
}

/* --- what counts ------------------------------------------------------------------------------ */

struct had {
	bool memory, keys, state;
};

static void also(struct had *h, struct had more)
{
	h->memory |= more.memory;
	h->keys |= more.keys;
	h->state |= more.state;
}

/* Up to the first CHECKPOINT all takes effect as it comes, then a state at a time. */
static struct had had(const char *letters)
{
	struct had h = { 0 }, waiting = { 0 };
	bool checkpointed = false;

	for (; *letters && *letters != 'Z'; letters++) {
		struct had here = { strchr("LKdk", *letters), *letters == 'X', *letters == 'E' };

		if (strchr("cdk", *letters) && checkpointed) {
			also(&h, waiting);
			waiting = (struct had){ 0 };
		} else if (checkpointed || *letters == 'K') {
			also(&waiting, here);
			checkpointed = true;
		} else {
			also(&h, here);
		}
	}
	return h;
}

/* --- sinks ------------------------------------------------------------------------------------ */

static void to_nothing(struct xst_restore_options *o)
{
	o->domain = xst_sink_null();
}

static void to_directory(struct xst_restore_options *o)
{
	struct xst_directory_options d = { .size = sizeof(d), .path = into };
	struct xst_directory_sinks sinks;

	assert_int_equal(xst_directory_sinks(&d, &sinks), 0);
	o->domain = sinks.domain;
	o->xenstore = sinks.xenstore;
	o->emulator = sinks.emulator;
}

static void to_file(struct xst_restore_options *o)
{
	struct xst_sink_emulator_file_options f = { .size = sizeof(f), .path = state_file };

	to_nothing(o);
	assert_int_equal(xst_sink_emulator_file(&f, &o->emulator), 0);
}

static void to_program(struct xst_restore_options *o, enum xst_container to)
{
	struct xst_sink_exec_options x = { .size = sizeof(x), .to = to };
	char command[64];

	(void)snprintf(command, sizeof(command), "exec cat >/proc/%d/fd/%d", (int)getpid(), output);
	x.command = command;
	assert_int_equal(xst_sink_exec(&x, &o->domain), 0);
}

static void to_xl(struct xst_restore_options *o)
{
	to_program(o, XST_CONTAINER_XL);
}

static void to_libxl(struct xst_restore_options *o)
{
	to_program(o, XST_CONTAINER_LIBXL);
}

static void to_libxc(struct xst_restore_options *o)
{
	to_program(o, XST_CONTAINER_LIBXC);
}

/* Whether a file, or what a program was given, has these bytes in it. */
static bool is_in(int fd, const char *what, size_t n)
{
	struct stat st;
	void *data;
	bool found;

	if (fd < 0 || fstat(fd, &st) < 0 || !st.st_size)
		return false;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(data != MAP_FAILED);
	found = memmem(data, (size_t)st.st_size, what, n);
	munmap(data, (size_t)st.st_size);
	return found;
}

static bool is_in_file(const char *dir, const char *name, const char *what, size_t n)
{
	char path[2 * SCRATCH_MAX + 64];
	int fd;
	bool found;

	(void)snprintf(path, sizeof(path), "%s%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	found = is_in(fd, what, n);
	if (fd >= 0)
		close(fd);
	return found;
}

static struct had in_directory(void)
{
	return (struct had){ is_in_file(into, "/pages", "\x10\x10", 2),
			     is_in_file(into, "/xenstore/physmap/" KEY "/size.value", KEY,
					sizeof(KEY) - 1),
			     is_in_file(into, "/qemu-resume.7", STATE, sizeof(STATE) - 1) };
}

static struct had in_state_file(void)
{
	return (struct had){ .state = is_in_file(state_file, "", STATE, sizeof(STATE) - 1) };
}

static struct had in_program(void)
{
	return (struct had){ is_in(output, "XENF", 4), is_in(output, KEY, sizeof(KEY) - 1),
			     is_in(output, STATE, sizeof(STATE) - 1) };
}

static const struct way {
	const char *name;
	void (*open)(struct xst_restore_options *o);
	struct had (*arrived)(void);
	struct had takes;
	size_t longest; /* programs take time */
} ways[] = {
	{ "null", to_nothing, NULL, { 0 }, LONGEST },
	{ "directory", to_directory, in_directory, { true, true, true }, LONGEST },
	{ "emulator's file", to_file, in_state_file, { .state = true }, LONGEST },
	{ "exec, xl", to_xl, in_program, { true, true, true }, LONGEST },
	{ "exec, libxl", to_libxl, in_program, { true, true, true }, 3 },
	{ "exec, libxc", to_libxc, in_program, { .memory = true }, 3 },
};

/* --- one sequence ----------------------------------------------------------------------------- */

static void ignore(void *unused, const struct xst_finding *f)
{
	(void)unused;
	(void)f;
}

static bool is_valid(const struct build *b)
{
	struct xst_job_options job = { .size = sizeof(job), .finding = ignore };
	struct xst_verify_options o = { .size = sizeof(o), .job = &job };
	struct xst_verdict v;
	int fd = file_of(b->data, b->size);

	assert_int_equal(xst_verify_fd(fd, &o, &v, NULL), 0);
	close(fd);
	return !v.errors;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void remove_results(void)
{
	unlink(state_file);
	(void)nftw(into, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int restored(const struct build *b, const struct way *way, bool pipe_it,
		    struct contract *contract)
{
	struct xst_restore_options o = { .size = sizeof(o), .flags = XST_RESTORE_NO_CONFIG, .domid = 7 };
	struct xst_restore_result result;
	int fds[2] = { -1, -1 }, e;

	if (pipe_it) {
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) >= (int)b->size);
		assert_int_equal(write(fds[1], b->data, b->size), (ssize_t)b->size);
		close(fds[1]);
	} else {
		fds[0] = file_of(b->data, b->size);
	}
	o.fd = fds[0];
	way->open(&o);
	contract_wrap(contract, &o);
	e = xst_restore_run(&o, -1, &result);
	assert_int_equal(e, result.code);
	contract_end(contract);
	close(fds[0]);
	if (result.code && !result.error.text[0])
		fail_msg("no word about error %d", result.code);
	return result.code;
}

static void assert_arrived(const char *letters, const struct way *way)
{
	struct had there = had(letters), got;

	if (!way->arrived)
		return;
	got = way->arrived();
	if (got.memory != (there.memory && way->takes.memory) ||
	    got.keys != (there.keys && way->takes.keys) ||
	    got.state != (there.state && way->takes.state))
		fail_msg("%s into %s: memory %d, keys %d, state %d", letters, way->name, got.memory,
			 got.keys, got.state);
}

static void go(const char *letters, const struct build *b, const struct way *way, bool valid)
{
	struct contract contract;
	int e;

	assert_int_equal(ftruncate(output, 0), 0);
	e = restored(b, way, strlen(letters) % 2, &contract);
	if ((e == 0) != valid)
		fail_msg("%s into %s: %s by the checker, and the restore ends with %d", letters,
			 way->name, valid ? "valid" : "invalid", e);
	if (e == 0)
		assert_arrived(letters, way);
	remove_results();
}

static void one(const char *letters)
{
	struct build b = { 0 };
	bool valid;

	stream(&b, letters);
	valid = is_valid(&b);
	for (size_t i = 0; i < COUNT(ways); i++)
		if (strlen(letters) <= ways[i].longest + 1)
			go(letters, &b, &ways[i], valid);
	build_free(&b);
}

/* Images after images tell no more. */
static bool is_of_use(const char *s, size_t n)
{
	size_t images = 0;

	for (size_t i = 0; i < n; i++)
		images += s[i] == 'L' || s[i] == 'K';
	return n < 3 || images <= 2;
}

/* A sequence by its number; the same with an END after it, and with one in its middle. */
static void all_of(size_t n, size_t number)
{
	char s[LONGEST + 3] = "", middle[LONGEST + 3];

	for (size_t i = n; i-- > 0; number /= sizeof(LETTERS) - 1)
		s[i] = LETTERS[number % (sizeof(LETTERS) - 1)];
	if (!is_of_use(s, n))
		return;
	one(s);
	if (n > 1 && n < LONGEST) {
		(void)snprintf(middle, sizeof(middle), "%.*sZ%cZ", (int)n - 1, s, s[n - 1]);
		one(middle);
	}
	s[n] = 'Z';
	one(s);
}

static void every_order(void **state)
{
	struct shard shard = shard_of_this_process();
	size_t sequences = 1;

	(void)state;
	for (size_t n = 0; n <= LONGEST; n++, sequences *= sizeof(LETTERS) - 1)
		for (size_t i = 0; i < sequences; i++)
			if (i % shard.n == shard.i)
				all_of(n, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_order) };
	int failed;

	output = memfd_create("output", MFD_CLOEXEC);
	if (output < 0 || !scratch_folder(folder))
		return 1;
	(void)snprintf(into, sizeof(into), "%s/into", folder);
	(void)snprintf(state_file, sizeof(state_file), "%s/state", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
