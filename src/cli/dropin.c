/* SPDX-License-Identifier: MIT */
#include "cli/dropin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "cli/cli.h"

struct dropin dropin;

static _Noreturn void wrong_option(const char *format, ...) __attribute__((format(printf, 1, 2)));

static _Noreturn void wrong_option(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%.*s\n\n%s: error: ", (int)strcspn(dropin.help, "\n"), dropin.help,
		dropin.name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(DROPIN_TROUBLE);
}

int xst_cli_dropin_option(int argc, char **argv, const char *letters, const struct option *table)
{
	int c;

	opterr = 0;
	c = getopt_long(argc, argv, letters, table, NULL);
	if (c == ':')
		wrong_option("%s option requires 1 argument", argv[optind - 1]);
	if (c == '?' && optopt && optopt < 256)
		wrong_option("no such option: -%c", optopt);
	if (c == '?')
		wrong_option("no such option, or an ambiguous one: %s", argv[optind - 1]);
	if (c == 'h') {
		fputs(dropin.help, stdout);
		exit(DROPIN_FINE);
	}
	return c;
}

int xst_cli_dropin_choice(const char *option, const char *value, const char *const *choices)
{
	for (int i = 0; choices[i]; i++)
		if (strcmp(value, choices[i]) == 0)
			return i;
	wrong_option("option %s: invalid choice: '%s'", option, value);
}

bool xst_cli_dropin_is_fd(const char *value, int *ret)
{
	char *end;
	long v = strtol(value, &end, 10);

	if (end == value || *end || v < 0 || v > INT32_MAX)
		return false;
	*ret = (int)v;
	return true;
}

int xst_cli_dropin_open(const char *value)
{
	struct xst_finding error = { .text = "out of memory" };
	int fd;

	if (xst_cli_dropin_is_fd(value, &fd)) {
		if (fcntl(fd, F_GETFD) >= 0)
			return fd;
		xst_cli_dropin_error("%s: %s", value, strerror(errno));
		return -1;
	}
	if (xst_open(value, &fd, NULL, &error) == 0)
		return fd;
	xst_cli_dropin_error("%s", error.text);
	return -1;
}

void xst_cli_dropin_syslog(void)
{
	dropin.syslog = true;
	openlog(dropin.name, LOG_PID, LOG_USER);
}

/* With --verbose, prints a summary line on stdout, or in the system's log with --syslog. */
static void dropin_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void dropin_info(const char *format, ...)
{
	va_list ap;

	if (!dropin.verbose || dropin.quiet)
		return;
	va_start(ap, format);
	if (dropin.syslog)
		vsyslog(LOG_INFO, format, ap);
	else
		vprintf(format, ap);
	va_end(ap);
	if (dropin.syslog)
		return;
	putchar('\n');
	fflush(stdout);
}

static void dropin_say(int priority, char *text)
{
	if (dropin.quiet)
		return;
	xst_cli_tame(text);
	if (dropin.syslog)
		syslog(priority, "%s", text);
	fprintf(stderr, "%s\n", text);
}

static void dropin_say_finding(int priority, const char *what, const struct xst_finding *f)
{
	char line[1024], text[1100];

	xst_finding_format(f, NULL, line, sizeof(line));
	snprintf(text, sizeof(text), "%s: %s [%s]", what, line, f->rule ? f->rule : "-");
	dropin_say(priority, text);
}

void xst_cli_dropin_error(const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	dropin_say(LOG_ERR, text);
}

void xst_cli_dropin_finding(const char *what, const struct xst_finding *f)
{
	dropin_say_finding(LOG_ERR, what, f);
}

void xst_cli_dropin_remark(const struct xst_finding *f)
{
	dropin_say_finding(LOG_WARNING, "Remark", f);
}

static uint64_t batches;

/* Page batches are summarised in one line, as by Xen's scripts. */
static void tell_batches(void)
{
	if (batches)
		dropin_info("%llu page batch%s", (unsigned long long)batches,
			    batches == 1 ? "" : "es");
	batches = 0;
}

static void stream(const struct xst_event *ev)
{
	if (ev->layer == XST_LAYER_LEGACY)
		dropin_info("legacy stream: %u-bit toolstack, %s guest", ev->u.stream.width * 8,
			    ev->u.stream.guest == XST_GUEST_PV ? "PV" : "HVM");
	else
		dropin_info("%s stream", xst_layer_name(ev->layer));
}

void xst_cli_dropin_event(void *unused, const struct xst_event *ev)
{
	static struct record_view view;
	static char name[64];

	(void)unused;
	if (!dropin.verbose)
		return;
	if (ev->type == XST_EVENT_STREAM_BEGIN)
		stream(ev);
	if (ev->kind == XST_KIND_PAGE_DATA) {
		batches += ev->type == XST_EVENT_RECORD_BEGIN;
		return;
	}
	if (ev->type == XST_EVENT_RECORD_BEGIN) {
		tell_batches();
		snprintf(name, sizeof(name), "%s", ev->u.record.name);
		xst_cli_view_begin(&view, false, false);
	}
	if (view.stream)
		xst_cli_view_event(&view, ev);
	if (ev->type == XST_EVENT_RECORD_END && view.stream) {
		fflush(view.stream);
		dropin_info("%s record: %s, length %llu %s", xst_layer_name(ev->layer), name,
			    (unsigned long long)ev->u.record.length, view.text ? view.text : "");
		xst_cli_view_end(&view);
	}
}
