/* SPDX-License-Identifier: MIT */
/* Descriptors 0 and 1, and the report. */
#include "filter/pump.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static bool pump_again(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (errno == EINTR)
		return true;
	return (errno == EAGAIN || errno == EWOULDBLOCK) &&
	       (poll(&p, 1, -1) >= 0 || errno == EINTR);
}

ssize_t xst_filter_pump_take(struct pump *p, size_t from)
{
	ssize_t n;

	do
		n = read(STDIN_FILENO, p->buffer + from, sizeof(p->buffer) - from);
	while (n < 0 && pump_again(STDIN_FILENO, POLLIN));
	if (n < 0)
		p->read_error = errno;
	p->ended |= n == 0;
	return n;
}

bool xst_filter_pump_give(struct pump *p, const char *data, size_t n)
{
	while (n) {
		ssize_t k = write(STDOUT_FILENO, data, n);

		if (k < 0 && !pump_again(STDOUT_FILENO, POLLOUT)) {
			p->write_error = errno;
			return false;
		}
		if (k > 0) {
			data += k;
			n -= (size_t)k;
			p->written += (uint64_t)k;
		}
	}
	return true;
}

void xst_filter_pump_text(struct filter_report *report, const char *text)
{
	snprintf(report->text, sizeof(report->text), "%s", text);
	for (char *c = report->text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void xst_filter_pump_error(struct filter_report *report, enum filter_outcome outcome, int error)
{
	report->outcome = outcome;
	report->error = error;
}

void xst_filter_pump_missing(struct filter_report *report, const char *missing)
{
	report->outcome = FILTER_MISSING;
	xst_filter_pump_text(report, missing);
}

void xst_filter_pump_end(const struct pump *p, const char *fault, struct filter_report *report)
{
	report->written = p->written;
	if (p->write_error == EPIPE) {
		report->outcome = FILTER_STOPPED;
	} else if (p->write_error) {
		xst_filter_pump_error(report, FILTER_WRITE, p->write_error);
	} else if (p->read_error) {
		xst_filter_pump_error(report, FILTER_READ, p->read_error);
	} else if (fault) {
		report->outcome = FILTER_DAMAGED;
		report->cut = p->ended;
		xst_filter_pump_text(report, fault);
	}
}
