/* SPDX-License-Identifier: MIT */
/* A stream's source: a file, standard input or a socket. */
#include "cli/restore_options.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

char *volatile endpoint_socket;

static int endpoint_failed(const char *name, int fd, const char *why)
{
	xst_cli_say("%s: %s", name, why);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* --- unix: ------------------------------------------------------------------------------------ */

static int unix_socket(const char *name, const char *path, struct sockaddr_un *address)
{
	int fd;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!*path || strlen(path) >= sizeof(address->sun_path))
		return endpoint_failed(name, -1, "the path of a unix socket must have 1 to 107 bytes");
	memcpy(address->sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? endpoint_failed(name, -1, xst_cli_system_words(errno)) : fd;
}

static int unix_connect(const char *name, const char *path)
{
	struct sockaddr_un address;
	int fd = unix_socket(name, path, &address);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return endpoint_failed(
			name, fd, xst_cli_system_words(errno == ENOENT ? ECONNREFUSED : errno));
	return fd;
}

/* Removes the socket of a process that was killed.  The connection that finds out whether anything still
 * listens uses another socket type, so that a listener is recognised but does not accept it. */
static void remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd;

	if (lstat(address->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	if (fd >= 0)
		close(fd);
}

/* For its owner only: guest memory holds secrets, and a sender decides which domain is built. */
static int unix_listen(const char *name, const char *path)
{
	struct sockaddr_un address;
	int fd = unix_socket(name, path, &address), r;
	mode_t mask;

	if (fd < 0)
		return -1;
	remove_stale(&address);
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (r < 0)
		return endpoint_failed(name, fd, xst_cli_system_words(errno));
	endpoint_socket = strdup(path);
	return fd;
}

/* --- tcp: ------------------------------------------------------------------------------------- */

/* Resolves HOST:PORT or [HOST]:PORT.  Returns the result of getaddrinfo(), or NULL after printing why. */
static struct addrinfo *resolve(const char *name, const char *text, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags }, *list;
	const char *colon = strrchr(text, ':');
	char *host;
	size_t n;
	int r;

	if (!colon || !colon[1]) {
		endpoint_failed(name, -1, "tcp: needs HOST:PORT");
		return NULL;
	}
	n = (size_t)(colon - text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	host = strndup(text, n);
	if (!host)
		return NULL;
	r = getaddrinfo(*host ? host : NULL, colon + 1, &hints, &list);
	free(host);
	if (!r)
		return list;
	endpoint_failed(name, -1, r == EAI_SYSTEM ? xst_cli_system_words(errno) : gai_strerror(r));
	return NULL;
}

/* Keep-alive tells a peer whose machine is gone from one that is slow. */
static void keep_alive(int fd)
{
	int on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int tcp_socket(const char *name, const char *text, bool listening)
{
	struct addrinfo *list = resolve(name, text, listening ? AI_PASSIVE : 0), *a;
	int fd = -1, on = 1, err = 0;

	for (a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && listening)
			(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (fd >= 0 && (listening ? bind(fd, a->ai_addr, a->ai_addrlen)
					  : connect(fd, a->ai_addr, a->ai_addrlen)) == 0)
			break;
		err = errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	if (!list)
		return -1;
	freeaddrinfo(list);
	return fd < 0 ? endpoint_failed(name, -1, xst_cli_system_words(err)) : fd;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* The rest of `name` after the scheme, or NULL. */
static const char *strip_scheme(const char *name, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(name, scheme, n) == 0 ? name + n : NULL;
}

int xst_cli_endpoint_open(const char *name)
{
	const char *path = strip_scheme(name, "unix:"), *host = strip_scheme(name, "tcp:");
	int fd;

	if (path)
		return unix_connect(name, path);
	if (!host)
		return xst_cli_open_input(name);
	fd = tcp_socket(name, host, false);
	if (fd >= 0)
		keep_alive(fd);
	return fd;
}

static void remove_socket(void)
{
	char *path = endpoint_socket;

	if (!path)
		return;
	unlink(path);
	endpoint_socket = NULL;
	free(path);
}

int xst_cli_endpoint_accept(const char *name)
{
	const char *path = strip_scheme(name, "unix:"), *host = strip_scheme(name, "tcp:");
	int fd, connection = -1, err;

	if (!path && !host)
		return -2;
	fd = path ? unix_listen(name, path) : tcp_socket(name, host, true);
	if (fd < 0)
		return -1;
	if (listen(fd, 1) == 0)
		connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	err = errno;
	remove_socket();
	close(fd);
	if (connection < 0)
		return endpoint_failed(name, -1, xst_cli_system_words(err));
	if (host)
		keep_alive(connection);
	return connection;
}
