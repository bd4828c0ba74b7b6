/* SPDX-License-Identifier: MIT */
/* Sinks with little memory: each allocation fails in turn, and nothing is left of the sink, no descriptor
 * and no child.  Who answers them here says what a script says. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sinks/sinks.h"
#include "scratch.h"
#include "starve.h"
#include "unit.h"

static char dir[SCRATCH_MAX];
static char path[100];
static struct xst_restore_domain domain = { .domid = 7 };
static int listener;

static int set_up(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)state;
	if (!scratch_folder(dir))
		return -1;
	domain.tmpdir = dir;
	snprintf(path, sizeof(path), "%s/it", dir);
	strcpy(a.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(listener, (struct sockaddr *)&a, sizeof(a)) || listen(listener, 8) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(listener);
	return unlink(path) || rmdir(dir);
}

static unsigned descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* --- QEMU ------------------------------------------------------------------------------------- */

#define YES "{\"return\": {}}\n"
#define READY                                                                          \
	"{\"QMP\": {}}\n" YES "{\"event\": \"RESUME\"}\n"                              \
	"{\"return\": {\"status\": \"inmigrate\"}}\n"
#define MIGRATION(status) "{\"event\": \"MIGRATION\", \"data\": {\"status\": \"" status "\"}}\n"

static const char *script, *reason; /* reason: only said when that is asked for */

static int answered(int (*operation)(void *), void *self, int peer)
{
	int r = operation(self);

	if (r == XST_AGAIN && reason) {
		assert_int_equal(send(peer, reason, strlen(reason), 0), strlen(reason));
		r = operation(self);
	}
	assert_int_not_equal(r, XST_AGAIN);
	return r;
}

/* Up to where it has the first answers to read. */
static int connect_qemu(struct xst_emulator_sink s, int *ret_peer)
{
	int r = s.ops->prepare(s.self, &domain);

	if (r != XST_AGAIN)
		return r;
	*ret_peer = accept(listener, NULL, NULL);
	assert_int_equal(send(*ret_peer, script, strlen(script), 0), strlen(script));
	return 0;
}

static const struct xst_emulator_sink_ops *emulator;

static int prepare(void *self)
{
	return emulator->prepare(self, &domain);
}

static int give_state(struct xst_emulator_sink s)
{
	size_t n = 0;
	int r = s.ops->begin(s.self, 2, 0, 5);

	if (r == 0)
		r = s.ops->write(s.self, "state", 5, &n);
	return r ? r : s.ops->end(s.self);
}

static int migrate(struct xst_emulator_sink s, int *peer)
{
	int r = connect_qemu(s, peer);

	emulator = s.ops;
	if (r == 0)
		r = answered(prepare, s.self, *peer);
	if (r == 0)
		r = give_state(s);
	if (r == 0)
		r = answered(s.ops->finish, s.self, *peer);
	return r ? r : s.ops->commit(s.self);
}

/* A QEMU that was told to take a state is told to quit when that fails. */
static void expect_quit(int peer)
{
	char text[4096];
	size_t n = 0;
	ssize_t k;

	while ((k = recv(peer, text + n, sizeof(text) - 1 - n, MSG_DONTWAIT)) > 0)
		n += (size_t)k; /* a descriptor ends what comes at once */
	text[n] = '\0';
	if (strstr(text, "migrate-incoming"))
		assert_non_null(strstr(text, "\"quit\""));
}

static int qemu(void)
{
	struct xst_sink_qmp_options o = { .size = sizeof(o), .path = path };
	struct xst_emulator_sink s;
	int peer = -1, r = xst_sink_qmp(&o, &s);

	if (r)
		return r;
	r = migrate(s, &peer);
	assert_int_equal(s.ops->error(s.self)->code, r);
	if (r)
		assert_int_equal(s.ops->abort(s.self), 0);
	s.ops->free(s.self);
	if (r && peer >= 0)
		expect_quit(peer);
	if (peer < 0) /* it was not waited for */
		peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	if (peer >= 0)
		close(peer);
	return reason && r == XST_E_IO ? 0 : r;
}

static void of_a_qemu(void **state)
{
	unsigned before = descriptors();

	(void)state;
	assert_true(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
	script = READY YES YES YES MIGRATION("active") MIGRATION("completed");
	each_fails(qemu, XST_E_NOMEM);
	script = READY YES YES YES MIGRATION("failed");
	reason = "{\"return\": {\"error-desc\": \"so\"}}";
	each_fails(qemu, XST_E_NOMEM);
	assert_int_equal(descriptors(), before);
	assert_true(fcntl(listener, F_SETFL, 0) == 0);
}

/* --- a xenstore ------------------------------------------------------------------------------- */

enum { TRANSACTION_START = 6 };

/* Says yes to everything. */
static void say_yes(int fd)
{
	uint32_t header[4];
	char body[4096];

	while (recv(fd, header, sizeof(header), MSG_WAITALL) == (ssize_t)sizeof(header)) {
		if (recv(fd, body, header[3], MSG_WAITALL) != (ssize_t)header[3])
			break;
		header[3] = 3;
		send(fd, header, sizeof(header), MSG_NOSIGNAL);
		send(fd, header[0] == TRANSACTION_START ? "17" : "OK", 3, MSG_NOSIGNAL);
	}
	close(fd);
}

static void *serve(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		say_yes(fd);
	return NULL;
}

static struct xst_xenstore_sink store;

static int wait_for(int (*operation)(void))
{
	int r;

	while ((r = operation()) == XST_AGAIN) {
		struct pollfd p;
		struct xst_wait w;

		store.ops->wait(store.self, &w);
		p = (struct pollfd){ .fd = w.fd, .events = w.events };
		poll(&p, 1, 10000);
	}
	return r;
}

static int prepare_store(void)
{
	return store.ops->prepare(store.self, &domain);
}

static int finish_store(void)
{
	return store.ops->finish(store.self);
}

static int commit_store(void)
{
	return store.ops->commit(store.self);
}

static int abort_store(void)
{
	return store.ops->abort(store.self);
}

static int give_keys(void)
{
	int r = store.ops->begin(store.self, 2, 0);

	if (r == 0)
		r = store.ops->pair(store.self, "physmap/a", 9, "1", 1);
	if (r == 0)
		r = store.ops->pair(store.self, "physmap/b", 9, "2", 1);
	if (r == 0)
		r = store.ops->pair(store.self, "physmap/a", 9, "3", 1);
	return r ? r : store.ops->end(store.self);
}

static int xenstore(void)
{
	struct xst_sink_xenstore_options o = { .size = sizeof(o), .path = path };
	int r = xst_sink_xenstore(&o, &store, NULL);

	if (r)
		return r;
	r = wait_for(prepare_store);
	if (r == 0)
		r = give_keys();
	if (r == 0)
		r = wait_for(finish_store);
	if (r == 0)
		r = wait_for(commit_store);
	assert_int_equal(store.ops->error(store.self)->code, r);
	assert_int_equal(wait_for(abort_store), 0);
	store.ops->free(store.self);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return r;
}

/* What its child has no memory for is told as ENOMEM of the store. */
static void of_a_xenstore(void **state)
{
	unsigned before = descriptors();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
	each_fails(xenstore, XST_E_IO);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	assert_int_equal(descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_qemu),
		cmocka_unit_test(of_a_xenstore),
	};

	return cmocka_run_group_tests_name("sinks, no memory", tests, set_up, tear_down);
}
