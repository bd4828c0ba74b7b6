/* SPDX-License-Identifier: MIT */
/* A connection to QEMU: QEMU's docs/interop/qmp-spec.  Nothing here blocks. */
#include "limits/limits.h"
#include "sinks/sinks.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define READS_MAX 16 /* per turn */

static int connect_to(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

int xst_sinks_qmp_open(struct qmp *q, const char *path)
{
	int r;

	*q = (struct qmp){ .fd = -1, .pass = -1 };
	q->tokener = json_tokener_new_ex(LIMIT_QMP_DEPTH);
	if (!q->tokener)
		return -ENOMEM;
	q->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = q->fd < 0 ? -errno : connect_to(q->fd, path);
	if (r < 0)
		xst_sinks_qmp_close(q);
	return r;
}

void xst_sinks_qmp_close(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	if (q->tokener)
		json_tokener_free(q->tokener);
	free(q->out);
	*q = (struct qmp){ .fd = -1, .pass = -1 };
}

bool xst_sinks_qmp_add(json_object *o, const char *name, json_object *v)
{
	if (o && v && json_object_object_add(o, name, v) == 0)
		return true;
	json_object_put(v);
	return false;
}

int xst_sinks_qmp_command(struct qmp *q, const char *command, struct json_object *arguments,
			  int pass)
{
	json_object *o = json_object_new_object();
	bool complete = xst_sinks_qmp_add(o, "execute", json_object_new_string(command));
	const char *text;

	if (arguments)
		complete &= xst_sinks_qmp_add(o, "arguments", arguments);
	text = complete ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN) : NULL;
	free(q->out);
	q->out = text ? strdup(text) : NULL;
	json_object_put(o);
	if (!q->out)
		return -ENOMEM;
	q->out_size = strlen(q->out);
	q->out_sent = 0;
	q->pass = pass;
	return 0;
}

/* The first bytes carry the descriptor. */
static ssize_t send_some(struct qmp *q)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec bytes = { q->out + q->out_sent, q->out_size - q->out_sent };
	struct msghdr m = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (q->pass >= 0) {
		struct cmsghdr *c;

		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &q->pass, sizeof(int));
	}
	return sendmsg(q->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int xst_sinks_qmp_flush(struct qmp *q)
{
	while (q->out_sent < q->out_size) {
		ssize_t n = send_some(q);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? XST_AGAIN : -errno;
		q->out_sent += (size_t)n;
		q->pass = -1;
	}
	return 0;
}

void xst_sinks_qmp_quit(const struct qmp *q)
{
	static const char text[] = "{\"execute\":\"quit\"}";

	(void)send(q->fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int qmp_receive(struct qmp *q)
{
	ssize_t n;

	if (q->reads++ == READS_MAX)
		return XST_AGAIN;
	do
		n = recv(q->fd, q->in, sizeof(q->in), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? XST_AGAIN : -errno;
	q->in_at = 0;
	q->in_size = (size_t)n;
	return n ? 0 : -EPIPE;
}

/* Parses the bytes received so far, if they make a message. */
static int qmp_parse(struct qmp *q, struct json_object **ret)
{
	size_t n = q->in_size - q->in_at;
	json_object *o = json_tokener_parse_ex(q->tokener, q->in + q->in_at, (int)n);
	enum json_tokener_error e = json_tokener_get_error(q->tokener);
	size_t used = e == json_tokener_success ? json_tokener_get_parse_end(q->tokener) : n;
	bool too_long;

	q->in_at += used;
	q->message += used;
	too_long = q->message > LIMIT_QMP_MESSAGE;
	if (e == json_tokener_continue)
		return too_long ? -EPROTO : XST_AGAIN;
	q->message = 0;
	json_tokener_reset(q->tokener);
	if (too_long || e != json_tokener_success || !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return -EPROTO;
	}
	*ret = o;
	return 0;
}

void xst_sinks_qmp_begin_turn(struct qmp *q)
{
	q->reads = 0;
}

int xst_sinks_qmp_message(struct qmp *q, struct json_object **ret)
{
	for (;;) {
		int r = q->in_at < q->in_size ? qmp_parse(q, ret) : XST_AGAIN;

		if (r != XST_AGAIN)
			return r;
		r = qmp_receive(q);
		if (r)
			return r;
	}
}
