/* SPDX-License-Identifier: MIT */
/* The sinks by themselves: what they refuse, how long they wait, and what they take back.  Real
 * daemons are for tests/cli. */
#include "sinks/sinks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "unit.h"

#define PATIENCE 100000 /* microseconds, by the clock of the tests */
#define HANGS 60000 /* milliseconds by the real one until it counts as hanging */

static char dir[SCRATCH_MAX];
static char path[100];
static struct xst_restore_domain domain = { .domid = 7 };

/* --- the clock -------------------------------------------------------------------------------- */

/* The sinks' clock stands still, however busy the machine is, until a test lets time pass; see
 * link_args in meson.build. */
static uint64_t clock_us = 1000000;

uint64_t __wrap_xst_io_now(void);
uint64_t __wrap_xst_io_now(void)
{
	return clock_us;
}

/* --- what tests have in common ---------------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	if (!scratch_folder(dir))
		return -1;
	domain.tmpdir = dir;
	snprintf(path, sizeof(path), "%s/it", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

/* A xenstore in a thread. */
static struct server {
	int listener;
	bool deaf_to_commit, slow_to_commit;
	sem_t asked, may_answer; /* to commit: by the sink's child, and by the test */
	unsigned writes;
	pthread_t thread;
	bool runs;
} server;

static void stop_server(void)
{
	sem_post(&server.may_answer);
	shutdown(server.listener, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.listener);
	unlink(path);
	server.runs = false;
}

/* Before and after each test, so that a failure stays alone: no socket or file, no child, no thread. */
static int clean(void **state)
{
	FILE *children = fopen("/proc/thread-self/children", "r");
	int pid, hang = children ? 0 : WNOHANG;

	(void)state;
	unlink(path);
	while (children && fscanf(children, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	if (children)
		fclose(children);
	while (waitpid(-1, NULL, hang) > 0)
		;
	if (server.runs)
		stop_server();
	return 0;
}

static unsigned names_in(const char *folder)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Nothing is left of a test: no descriptor, no child. */
static unsigned descriptors(void)
{
	return names_in("/proc/self/fd");
}

static void expect_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Waits for what the sink waits for, without the clock: somebody answers, however late. */
static void wait_for_answer(void (*wait)(void *, struct xst_wait *), void *self)
{
	struct xst_wait w;
	struct pollfd p;

	wait(self, &w);
	assert_true(w.deadline != UINT64_MAX);
	p = (struct pollfd){ .fd = w.fd, .events = w.events };
	assert_int_equal(poll(&p, 1, HANGS), 1);
}

/* Nobody answers: lets the time pass that the sink is ready to wait. */
static void wait_in_vain(void (*wait)(void *, struct xst_wait *), void *self)
{
	struct xst_wait w;

	wait(self, &w);
	assert_true(w.deadline != UINT64_MAX);
	if (w.deadline > clock_us)
		clock_us = w.deadline;
}

#define RUN_BY(how, sink, call)                                                \
	({                                                                     \
		int r_;                                                        \
		while ((r_ = (call)) == XST_AGAIN)                             \
			how((sink).ops->wait, (sink).self);                    \
		r_;                                                            \
	})
#define RUN(sink, call) RUN_BY(wait_for_answer, sink, call)
#define RUN_IN_VAIN(sink, call) RUN_BY(wait_in_vain, sink, call)

static int listen_there(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(a.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* --- keys ------------------------------------------------------------------------------------- */

static int join(const struct key *key, void *arg)
{
	char *text = arg;

	sprintf(text + strlen(text), "%s=%s ", key->name, key->value);
	return strcmp(key->name, "stop") == 0 ? 5 : 0;
}

static void test_keys(void **state)
{
	struct keys k = { 0 };
	char text[200] = "";

	(void)state;
	assert_int_equal(xst_sinks_keys_set(&k, "bb??", 2, "2", 1), 0);
	assert_int_equal(xst_sinks_keys_set(&k, "a", 1, "", 0), 0);
	assert_int_equal(xst_sinks_keys_set(&k, "c", 1, "333?", 3), 0);
	assert_int_equal(k.bytes, 8);
	assert_int_equal(xst_sinks_keys_set(&k, "bb", 2, "two", 3), 0);
	assert_int_equal(k.bytes, 10);
	assert_int_equal(xst_sinks_keys_each(&k, join, text), 0);
	assert_string_equal(text, "a= bb=two c=333 ");
	assert_int_equal(xst_sinks_keys_set(&k, "stop", 4, "", 0), 0);
	assert_int_equal(xst_sinks_keys_set(&k, "z", 1, "", 0), 0);
	*text = '\0';
	assert_int_equal(xst_sinks_keys_each(&k, join, text), 5);
	assert_string_equal(text, "a= bb=two c=333 stop= ");
	xst_sinks_keys_free(&k);
	assert_int_equal(k.bytes, 0);
}

/* --- a xenstore ------------------------------------------------------------------------------- */

enum { TRANSACTION_START = 6, TRANSACTION_END = 7, WRITE = 11 };

/* The only request that gets no answer before the test wants it. */
static bool answers_commit(void)
{
	sem_post(&server.asked);
	if (server.slow_to_commit)
		sem_wait(&server.may_answer);
	server.slow_to_commit = false;
	return !server.deaf_to_commit;
}

/* Says yes to everything, as xenstored would: the request's type, "OK" or a transaction's id. */
static void say_yes(int fd)
{
	uint32_t header[4];
	char body[4096];

	while (recv(fd, header, sizeof(header), MSG_WAITALL) == (ssize_t)sizeof(header)) {
		if (recv(fd, body, header[3], MSG_WAITALL) != (ssize_t)header[3])
			break;
		if (header[0] == TRANSACTION_END && body[0] == 'T' && !answers_commit())
			continue;
		server.writes += header[0] == WRITE;
		header[3] = 3;
		send(fd, header, sizeof(header), MSG_NOSIGNAL);
		send(fd, header[0] == TRANSACTION_START ? "17" : "OK", 3, MSG_NOSIGNAL);
	}
	close(fd);
}

static void *serve(void *arg)
{
	int fd;

	while ((fd = accept(server.listener, NULL, NULL)) >= 0)
		say_yes(fd);
	return arg;
}

static void start_server(const struct server *as)
{
	server = *as;
	server.listener = listen_there();
	sem_init(&server.asked, 0, 0);
	sem_init(&server.may_answer, 0, 0);
	pthread_create(&server.thread, NULL, serve, NULL);
	server.runs = true;
}

static struct xst_xenstore_sink new_store(uint32_t flags, const char *root)
{
	struct xst_sink_xenstore_options o = { .size = sizeof(o), .flags = flags, .path = path,
					       .root = root, .patience = PATIENCE };
	struct xst_xenstore_sink s;

	assert_int_equal(xst_sink_xenstore(&o, &s, NULL), 0);
	return s;
}

static struct xst_xenstore_sink prepared_store(uint32_t flags)
{
	struct xst_xenstore_sink s = new_store(flags, NULL);

	start_server(&(struct server){ .listener = -1 });
	assert_int_equal(RUN(s, s.ops->prepare(s.self, &domain)), 0);
	stop_server();
	return s;
}

static int pair(struct xst_xenstore_sink s, const char *key, size_t value_len)
{
	static const char value[5000];

	return s.ops->pair(s.self, key, strlen(key), value, value_len);
}

static void expect_pair(uint32_t flags, const char *key, size_t value_len, int code)
{
	struct xst_xenstore_sink s = prepared_store(flags);

	assert_int_equal(s.ops->begin(s.self, 2, 0), 0);
	assert_int_equal(pair(s, key, value_len), code);
	assert_int_equal(s.ops->error(s.self)->code, code);
	s.ops->free(s.self);
}

static void test_keys_that_a_store_takes(void **state)
{
	char key[3100];

	(void)state;
	expect_pair(0, "physmap/1-A_z@/x", 100, 0);
	expect_pair(0, "physmap/a.b", 1, XST_E_MALFORMED);
	expect_pair(0, "physmap//b", 1, XST_E_MALFORMED);
	expect_pair(0, "physmap/", 1, XST_E_MALFORMED);
	expect_pair(0, "/physmap/a", 1, XST_E_MALFORMED);
	expect_pair(0, "", 1, XST_E_MALFORMED);
	expect_pair(0, "physmap", 1, XST_E_REFUSED);
	expect_pair(0, "state", 1, XST_E_REFUSED);
	expect_pair(XST_SINK_XENSTORE_ANY_KEY, "state", 1, 0);
	/* /local/domain/0/device-model/7 has 30 bytes */
	memset(key, 'x', sizeof(key));
	memcpy(key, "physmap/", 8);
	key[3072 - 31] = '\0';
	expect_pair(0, key, 0, 0);
	expect_pair(0, key, 4095 - 3072, 0);
	expect_pair(0, key, 4096 - 3072, XST_E_MALFORMED);
	key[3072 - 31] = 'x';
	key[3073 - 31] = '\0';
	expect_pair(0, key, 0, XST_E_MALFORMED);
}

static void test_keys_have_a_limit(void **state)
{
	struct xst_xenstore_sink s = prepared_store(0);
	int r = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) /* of one key the last value counts */
		assert_int_equal(pair(s, "physmap/a", 4000), 0);
	for (unsigned i = 0; i < 300 && r == 0; i++) {
		char key[40];

		snprintf(key, sizeof(key), "physmap/%u", i);
		r = pair(s, key, 4000);
		assert_int_equal(r, i < 260 ? 0 : XST_E_LIMIT);
	}
	assert_int_equal(r, XST_E_LIMIT);
	s.ops->free(s.self);
}

static void expect_no_root(const char *root, uint32_t domid)
{
	struct xst_restore_domain d = { .domid = domid, .tmpdir = dir };
	struct xst_xenstore_sink s = new_store(0, root);

	assert_int_equal(s.ops->prepare(s.self, &d), XST_E_ARG);
	assert_int_equal(s.ops->error(s.self)->code, XST_E_ARG);
	assert_int_equal(s.ops->abort(s.self), 0);
	s.ops->free(s.self);
}

static void test_root(void **state)
{
	(void)state;
	expect_no_root(NULL, XST_DOMID_NONE);
	expect_no_root("a", 7);
	expect_no_root("/", 7);
	expect_no_root("", 7);
	expect_no_root("/a//b", 7);
	expect_no_root("/a/", 7);
}

static void test_a_store_that_does_not_answer(void **state)
{
	unsigned before = descriptors();
	struct xst_xenstore_sink s = new_store(0, NULL);
	int listener = listen_there();
	uint64_t start = clock_us;

	(void)state;
	assert_int_equal(s.ops->prepare(s.self, &domain), XST_AGAIN);
	clock_us += PATIENCE - 1;
	assert_int_equal(s.ops->prepare(s.self, &domain), XST_AGAIN);
	assert_int_equal(RUN_IN_VAIN(s, s.ops->prepare(s.self, &domain)), XST_E_IO);
	assert_in_range(clock_us - start, PATIENCE, 20 * PATIENCE);
	assert_int_equal(s.ops->error(s.self)->sys_errno, ETIMEDOUT);
	expect_no_child();
	s.ops->free(s.self);
	close(listener);
	assert_int_equal(descriptors(), before);
}

/* From the first key to where the keys are to be committed. */
static struct xst_xenstore_sink finished_store(const struct server *as)
{
	struct xst_xenstore_sink s = new_store(0, NULL);

	start_server(as);
	assert_int_equal(RUN(s, s.ops->prepare(s.self, &domain)), 0);
	assert_int_equal(s.ops->begin(s.self, 2, 0), 0);
	assert_int_equal(pair(s, "physmap/a", 3), 0);
	assert_int_equal(pair(s, "physmap/b", 0), 0);
	assert_int_equal(s.ops->end(s.self), 0);
	assert_int_equal(RUN(s, s.ops->finish(s.self)), 0);
	return s;
}

static void test_a_store_that_does_not_answer_a_commit(void **state)
{
	unsigned before = descriptors();
	struct xst_xenstore_sink s = finished_store(&(struct server){ .deaf_to_commit = true });

	(void)state;
	assert_int_equal(s.ops->commit(s.self), XST_AGAIN);
	sem_wait(&server.asked);
	assert_int_equal(RUN_IN_VAIN(s, s.ops->commit(s.self)), XST_E_IO);
	assert_non_null(strstr(s.ops->error(s.self)->text, "may still commit"));
	assert_int_equal(RUN(s, s.ops->abort(s.self)), 0);
	s.ops->free(s.self);
	expect_no_child();
	stop_server();
	assert_int_equal(server.writes, 2);
	assert_int_equal(descriptors(), before);
}

static void test_keys_taken_back(void **state)
{
	unsigned before = descriptors();
	struct xst_xenstore_sink s = finished_store(&(struct server){ .listener = -1 });

	(void)state;
	assert_int_equal(RUN(s, s.ops->commit(s.self)), 0);
	assert_int_equal(RUN(s, s.ops->abort(s.self)), 0);
	s.ops->free(s.self);
	expect_no_child();
	stop_server();
	assert_int_equal(server.writes, 4); /* the server says of each key that it was there */
	assert_int_equal(descriptors(), before);
}

/* The order to commit is on its way and can't be called back. */
static void test_taken_back_while_it_commits(void **state)
{
	unsigned before = descriptors();
	struct xst_xenstore_sink s = finished_store(&(struct server){ .slow_to_commit = true });

	(void)state;
	assert_int_equal(s.ops->commit(s.self), XST_AGAIN);
	sem_wait(&server.asked);
	assert_int_equal(s.ops->abort(s.self), XST_AGAIN);
	sem_post(&server.may_answer);
	assert_int_equal(RUN(s, s.ops->abort(s.self)), 0);
	s.ops->free(s.self);
	expect_no_child();
	stop_server();
	assert_int_equal(server.writes, 4);
	assert_int_equal(descriptors(), before);
}

static void test_no_keys_no_transaction(void **state)
{
	struct xst_xenstore_sink s = prepared_store(0);

	(void)state; /* nobody serves any more */
	assert_int_equal(s.ops->finish(s.self), 0);
	assert_int_equal(s.ops->commit(s.self), 0);
	s.ops->free(s.self);
	expect_no_child();
}

static void test_a_store_that_is_not_there(void **state)
{
	unsigned before = descriptors();
	struct xst_xenstore_sink s = new_store(0, NULL);

	(void)state;
	assert_int_equal(RUN(s, s.ops->prepare(s.self, &domain)), XST_E_IO);
	assert_int_equal(s.ops->error(s.self)->sys_errno, ENOENT);
	expect_no_child();
	s.ops->free(s.self);
	assert_int_equal(descriptors(), before);
}

static void test_freed_while_it_waits(void **state)
{
	unsigned before = descriptors();
	struct xst_xenstore_sink s = new_store(0, NULL);
	int listener = listen_there();

	(void)state;
	assert_int_equal(s.ops->prepare(s.self, &domain), XST_AGAIN);
	s.ops->free(s.self);
	expect_no_child();
	close(listener);
	assert_int_equal(descriptors(), before);
}

/* --- a file ----------------------------------------------------------------------------------- */

static void expect_file(const char *text, unsigned mode)
{
	char buf[100];
	struct stat st;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), strlen(text));
	assert_memory_equal(buf, text, strlen(text));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	close(fd);
}

static void write_file(const char *text, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void give_state(struct xst_emulator_sink s, const char *text)
{
	size_t n = 0;

	assert_int_equal(s.ops->begin(s.self, 2, 0, strlen(text)), 0);
	assert_int_equal(s.ops->write(s.self, text, strlen(text), &n), 0);
	assert_int_equal(n, strlen(text));
	assert_int_equal(s.ops->end(s.self), 0);
}

static struct xst_emulator_sink new_file(void)
{
	struct xst_sink_emulator_file_options o = { .size = sizeof(o), .path = path };
	struct xst_emulator_sink s;

	assert_int_equal(xst_sink_emulator_file(&o, &s), 0);
	assert_int_equal(s.ops->prepare(s.self, &domain), 0);
	return s;
}

static void test_file_of_the_last_state(void **state)
{
	unsigned before = descriptors();
	struct xst_emulator_sink s = new_file();

	(void)state;
	give_state(s, "the first checkpoint's");
	give_state(s, "the last");
	assert_int_equal(s.ops->finish(s.self), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(s.ops->commit(s.self), 0);
	s.ops->free(s.self);
	expect_file("the last", 0600);
	assert_int_equal(descriptors(), before);
}

static void test_file_taken_back(void **state)
{
	struct xst_emulator_sink s = new_file();

	(void)state;
	give_state(s, "new");
	assert_int_equal(s.ops->finish(s.self), 0);
	assert_int_equal(s.ops->commit(s.self), 0);
	expect_file("new", 0600);
	assert_int_equal(s.ops->abort(s.self), 0);
	s.ops->free(s.self);
	assert_int_equal(names_in(dir), 2);
}

static void test_file_that_was_there(void **state)
{
	unsigned before = descriptors();
	struct xst_emulator_sink s;

	(void)state;
	write_file("older, and longer", 0640);
	s = new_file();
	give_state(s, "new");
	assert_int_equal(s.ops->finish(s.self), 0);
	expect_file("older, and longer", 0640);
	assert_int_equal(s.ops->commit(s.self), 0);
	expect_file("new", 0600);
	assert_int_equal(s.ops->abort(s.self), 0);
	expect_file("older, and longer", 0640);
	s.ops->free(s.self);
	expect_file("older, and longer", 0640);
	assert_int_equal(names_in(dir), 3);
	assert_int_equal(descriptors(), before);
}

/* A sink that has put "new" in the place of "older", of which *ret (may be NULL) is told. */
static struct xst_emulator_sink replace_older(struct stat *ret)
{
	struct xst_emulator_sink s;

	write_file("older", 0640);
	if (ret)
		assert_int_equal(stat(path, ret), 0);
	s = new_file();
	give_state(s, "new");
	assert_int_equal(s.ops->finish(s.self), 0);
	assert_int_equal(s.ops->commit(s.self), 0);
	return s;
}

/* There need be no descriptor to spare. */
static void test_file_put_back_without_descriptors(void **state)
{
	struct rlimit before, none;
	struct xst_emulator_sink s;
	int next;

	(void)state;
	s = replace_older(NULL);
	next = dup(0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ (rlim_t)next, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(s.ops->abort(s.self), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect_file("older", 0640);
	s.ops->free(s.self);
}

/* Nor space on the disk. */
static void test_file_put_back_on_a_full_disk(void **state)
{
	struct rlimit before, none;
	struct xst_emulator_sink s;
	struct stat old, now;

	(void)state;
	s = replace_older(&old);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(s.ops->abort(s.self), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	s.ops->free(s.self);
	expect_file("older", 0640);
	assert_int_equal(stat(path, &now), 0);
	assert_int_equal(now.st_ino, old.st_ino);
	assert_int_equal(names_in(dir), 3);
}

/* All is well: of what was there no name is left. */
static void test_file_replaced(void **state)
{
	struct xst_emulator_sink s;

	(void)state;
	s = replace_older(NULL);
	s.ops->free(s.self);
	expect_file("new", 0600);
	assert_int_equal(names_in(dir), 3);
}

static void test_file_without_a_domain(void **state)
{
	struct xst_sink_emulator_file_options o = { .size = sizeof(o), .dir = dir };
	struct xst_restore_domain nameless = { .domid = XST_DOMID_NONE, .tmpdir = dir };
	struct xst_emulator_sink s;

	(void)state;
	assert_int_equal(xst_sink_emulator_file(&o, &s), 0);
	assert_int_equal(s.ops->prepare(s.self, &nameless), XST_E_ARG);
	s.ops->free(s.self);
	o.path = path;
	assert_int_equal(xst_sink_emulator_file(&o, &s), XST_E_ARG);
	o.path = o.dir = NULL;
	assert_int_equal(xst_sink_emulator_file(&o, &s), XST_E_ARG);
}

/* --- QEMU ------------------------------------------------------------------------------------- */

static void test_a_qemu_that_does_not_answer(void **state)
{
	struct xst_sink_qmp_options o = { .size = sizeof(o), .path = path, .patience = PATIENCE };
	unsigned before = descriptors();
	struct xst_emulator_sink s;
	int listener = listen_there();

	(void)state;
	assert_int_equal(xst_sink_qmp(&o, &s), 0);
	assert_int_equal(s.ops->prepare(s.self, &domain), XST_AGAIN);
	assert_int_equal(RUN_IN_VAIN(s, s.ops->prepare(s.self, &domain)), XST_E_IO);
	assert_int_equal(s.ops->error(s.self)->sys_errno, ETIMEDOUT);
	assert_int_equal(s.ops->abort(s.self), 0);
	s.ops->free(s.self);
	close(listener);
	assert_int_equal(descriptors(), before);
}

/* Its socket is full of events that nobody asked for; after them comes what was waited for. */
static void test_a_qemu_that_talks(void **state)
{
	static const char event[] = "{\"event\": \"RTC_CHANGE\", \"data\": {\"offset\": 0}}";
	struct xst_sink_qmp_options o = { .size = sizeof(o), .path = path };
	struct pollfd p = { .events = POLLIN };
	struct xst_emulator_sink s;
	struct xst_wait wait;
	int listener = listen_there(), peer, turns = 1;
	char words[8192];

	(void)state;
	memset(words, ' ', sizeof(words));
	memcpy(words, event, sizeof(event) - 1);
	assert_int_equal(xst_sink_qmp(&o, &s), 0);
	assert_int_equal(s.ops->prepare(s.self, &domain), XST_AGAIN);
	peer = accept(listener, NULL, NULL);
	while (send(peer, words, sizeof(words), MSG_DONTWAIT) == sizeof(words))
		;
	assert_int_equal(s.ops->prepare(s.self, &domain), XST_AGAIN);
	s.ops->wait(s.self, &wait);
	p.fd = wait.fd;
	assert_int_equal(poll(&p, 1, 0), 1); /* there is more, and nobody forgets it */
	for (; poll(&p, 1, 0) == 1; turns++)
		assert_int_equal(s.ops->prepare(s.self, &domain), XST_AGAIN);
	assert_in_range(turns, 2, 1000);
	assert_int_equal(send(peer, "{\"QMP\": {}}", 11, 0), 11);
	assert_int_equal(s.ops->prepare(s.self, &domain), XST_AGAIN);
	assert_in_range(recv(peer, words, sizeof(words), MSG_DONTWAIT), 1, sizeof(words));
	s.ops->free(s.self);
	close(peer);
	close(listener);
}

static void test_arguments(void **state)
{
	struct xst_sink_qmp_options q = { .size = sizeof(q) };
	struct xst_sink_xenstore_options x = { 0 };
	struct xst_emulator_sink e;
	struct xst_xenstore_sink s;

	(void)state;
	assert_int_equal(xst_sink_qmp(&q, &e), XST_E_ARG);
	q.path = path;
	assert_int_equal(xst_sink_qmp(&q, NULL), XST_E_ARG);
	q.size = 1;
	assert_int_equal(xst_sink_qmp(&q, &e), XST_E_ARG);
	assert_int_equal(xst_sink_xenstore(&x, &s, NULL), XST_E_ARG);
	x = (struct xst_sink_xenstore_options){ .size = sizeof(x), .flags = XST_SINK_XENSTORE_ANY_KEY << 1 };
	assert_int_equal(xst_sink_xenstore(&x, &s, NULL), XST_E_ARG);
	assert_int_equal(xst_sink_xenstore(NULL, &s, NULL), XST_E_ARG);
}

/* Callers that were built with an older or a newer header. */
static void test_options_of_other_sizes(void **state)
{
	struct {
		struct xst_sink_emulator_file_options o;
		uint64_t newer;
	} file = { .o = { .size = sizeof(file), .path = path } };
	struct {
		struct xst_sink_qmp_options o;
		uint64_t newer;
	} qmp = { .o = { .size = sizeof(qmp), .path = path } };
	struct {
		struct xst_sink_xenstore_options o;
		uint64_t newer;
	} store = { .o = { .size = sizeof(store), .path = path } };
	struct xst_emulator_sink e;
	struct xst_xenstore_sink s;

	(void)state;
	for (int newer = 1; newer >= 0; newer--) {
		int code = newer ? XST_E_ARG : 0;

		file.newer = qmp.newer = store.newer = (uint64_t)newer;
		assert_int_equal(xst_sink_emulator_file(&file.o, &e), code);
		if (!newer)
			e.ops->free(e.self);
		assert_int_equal(xst_sink_qmp(&qmp.o, &e), code);
		if (!newer)
			e.ops->free(e.self);
		assert_int_equal(xst_sink_xenstore(&store.o, &s, NULL), code);
		if (!newer)
			s.ops->free(s.self);
	}
	file.o.size = offsetof(struct xst_sink_emulator_file_options, dir);
	qmp.o.size = offsetof(struct xst_sink_qmp_options, patience);
	store.o.size = offsetof(struct xst_sink_xenstore_options, patience);
	assert_int_equal(xst_sink_emulator_file(&file.o, &e), 0);
	e.ops->free(e.self);
	assert_int_equal(xst_sink_qmp(&qmp.o, &e), 0);
	e.ops->free(e.self);
	assert_int_equal(xst_sink_xenstore(&store.o, &s, NULL), 0);
	s.ops->free(s.self);
}

#define ALONE(test) cmocka_unit_test_setup_teardown(test, clean, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALONE(test_keys),
		ALONE(test_keys_that_a_store_takes),
		ALONE(test_keys_have_a_limit),
		ALONE(test_root),
		ALONE(test_a_store_that_does_not_answer),
		ALONE(test_a_store_that_does_not_answer_a_commit),
		ALONE(test_keys_taken_back),
		ALONE(test_taken_back_while_it_commits),
		ALONE(test_no_keys_no_transaction),
		ALONE(test_a_store_that_is_not_there),
		ALONE(test_freed_while_it_waits),
		ALONE(test_file_of_the_last_state),
		ALONE(test_file_taken_back),
		ALONE(test_file_that_was_there),
		ALONE(test_file_put_back_without_descriptors),
		ALONE(test_file_put_back_on_a_full_disk),
		ALONE(test_file_replaced),
		ALONE(test_file_without_a_domain),
		ALONE(test_a_qemu_that_does_not_answer),
		ALONE(test_a_qemu_that_talks),
		ALONE(test_arguments),
		ALONE(test_options_of_other_sizes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
