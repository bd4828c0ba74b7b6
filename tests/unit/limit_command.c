/* SPDX-License-Identifier: MIT */
/* Limits of the command and of the sinks.  $XENSTREAM is the command. */
#include "limit_case.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build.h"
#include "sinks/sinks.h"
#include "unit.h"

/* --- the command -------------------------------------------------------------------------------- */

/* What it says, and its exit status. */
static int run(char *said, size_t size, const char *words)
{
	const char *command = getenv("XENSTREAM");
	char line[500];
	FILE *f;
	size_t n;

	assert_non_null(command);
	snprintf(line, sizeof(line), "'%s' %s 2>&1", command, words);
	f = popen(line, "r");
	assert_non_null(f);
	n = fread(said, 1, size - 1, f);
	said[n] = '\0';
	return WEXITSTATUS(pclose(f));
}

/* An image with that configuration. */
static void put_image(const char *config)
{
	struct modern m = { .libxl = true, .batches = 1, .pages = 1, .params = 3 };
	struct build b = { 0 };
	char path[200];
	int fd;

	xl_header(&b, 2, config, strlen(config));
	build_modern(&b, &m);
	snprintf(path, sizeof(path), "%s/image", limit_folder());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, b.data, b.size), b.size);
	close(fd);
	build_free(&b);
}

/* Disks that stand `times` times each. */
static void put_disks(unsigned n, unsigned times)
{
	char config[40000], *to = config;

	to += sprintf(to, "name='a'\ntype='hvm'\ndisk=[");
	for (unsigned i = 0; i < n * times; i++)
		to += sprintf(to, "'/%u,raw,xvd%c%c,rw',", i, 'a' + (int)(i / times / 26),
			      'a' + (int)(i / times % 26));
	sprintf(to, "]\n");
	put_image(config);
}

LIMIT_CASE(DEVICES)
{
	char said[20000], words[300];

	put_disks((unsigned)n, 1);
	snprintf(words, sizeof(words), "info '%s/image'", limit_folder());
	assert_int_equal(run(said, sizeof(said), words), 0);
	assert_non_null(strstr(said, "xvdaa"));
	return !strstr(said, " more");
}

/* Disks that stand twice are a complaint each, and none that an edit of something else makes. */
LIMIT_CASE(COMPLAINTS)
{
	char said[20000], words[300];

	put_disks((unsigned)n, 2);
	snprintf(words, sizeof(words), "config set '%s/image' name=b", limit_folder());
	return run(said, sizeof(said), words) == 0;
}

LIMIT_CASE(SECONDS)
{
	char said[1000], words[300];
	bool timeout, stall;

	snprintf(words, sizeof(words), "restore --timeout %llu '%s/none'", (unsigned long long)n,
		 limit_folder());
	assert_int_not_equal(run(said, sizeof(said), words), 0);
	timeout = !strstr(said, "number of seconds");
	snprintf(words, sizeof(words), "restore --stall %llu '%s/none'", (unsigned long long)n,
		 limit_folder());
	assert_int_not_equal(run(said, sizeof(said), words), 0);
	stall = !strstr(said, "number of seconds");
	assert_int_equal(timeout, stall);
	return timeout;
}

/* --- sinks --------------------------------------------------------------------------------------- */

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(path) < sizeof(a.sun_path));
	strcpy(a.sun_path, path);
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Reads one message of a peer's, which is sent as there is room for it. */
static int receive(const char *message, size_t n)
{
	char path[200];
	int listener, peer, r;
	struct json_object *o = NULL;
	struct qmp q;
	size_t sent = 0;

	snprintf(path, sizeof(path), "%s/qmp", limit_folder());
	listener = listen_at(path);
	assert_int_equal(xst_sinks_qmp_open(&q, path), 0);
	peer = accept(listener, NULL, NULL);
	do {
		ssize_t k = sent < n ? send(peer, message + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;

		sent += k > 0 ? (size_t)k : 0;
		xst_sinks_qmp_begin_turn(&q);
		r = xst_sinks_qmp_message(&q, &o);
	} while (r == XST_AGAIN);
	json_object_put(o);
	xst_sinks_qmp_close(&q);
	close(peer);
	close(listener);
	assert_true(r == 0 || r == -EPROTO);
	return r;
}

LIMIT_CASE(QMP_MESSAGE)
{
	char *message = malloc((size_t)n);
	int r;

	memset(message, ' ', (size_t)n);
	memcpy(message, "{\"QMP\":", 7);
	memcpy(message + n - 3, "{}}", 3);
	r = receive(message, (size_t)n);
	free(message);
	return r == 0;
}

/* The message itself is a level. */
LIMIT_CASE(QMP_DEPTH)
{
	char message[3 * LIMIT_QMP_DEPTH + 30] = "{\"a\":";
	size_t at = strlen(message);

	memset(message + at, '[', (size_t)n - 1);
	memset(message + at + n - 1, ']', (size_t)n - 1);
	message[at + 2 * n - 2] = '}';
	return receive(message, at + 2 * (size_t)n - 1) == 0;
}

/* Keys are gathered before anybody is asked, beside a root that is given. */
LIMIT_CASE(SINK_KEYS)
{
	static const char value[4000];
	struct xst_sink_xenstore_options o = { .size = sizeof(o), .path = "/none", .root = "/r" };
	struct xst_xenstore_sink s;
	char key[40];
	int r = 0;

	assert_int_equal(xst_sink_xenstore(&o, &s, NULL), 0);
	assert_int_equal(s.ops->begin(s.self, 0, 0), 0);
	for (uint64_t left = n, i = 0; left && r == 0; i++) {
		size_t key_n = (size_t)snprintf(key, sizeof(key), "physmap/%06u", (unsigned)i);
		size_t k = left < 2 * sizeof(value) ? (size_t)left / 2 - key_n : sizeof(value);

		if (left < sizeof(value))
			k = (size_t)left - key_n;
		r = s.ops->pair(s.self, key, key_n, value, k);
		left -= key_n + k;
	}
	s.ops->free(s.self);
	assert_true(r == 0 || r == XST_E_LIMIT);
	return r == 0;
}
