/* SPDX-License-Identifier: MIT */
/* A restore in one call: a minimal event loop. */
#include <xenstream/restore.h>

#include <poll.h>

#include "restore/restore.h"
#include "wire/options.h"

struct run {
	struct xst_restore_options options;
	struct xst_restore_result *result;
};

static void restore_run_done(void *userdata, struct xst_restore *r,
			     const struct xst_restore_result *result)
{
	struct run *run = userdata;

	*run->result = *result;
	if (run->options.done)
		run->options.done(run->options.userdata, r, result);
}

static void restore_run_finding(void *userdata, const struct xst_finding *f)
{
	struct run *run = userdata;

	if (run->options.finding)
		run->options.finding(run->options.userdata, f);
}

static void progress(void *userdata, uint64_t n, uint64_t total)
{
	struct run *run = userdata;

	if (run->options.progress)
		run->options.progress(run->options.userdata, n, total);
}

static int restore_run_confirm(void *userdata, enum xst_outcome outcome, struct xst_finding *reterr)
{
	struct run *run = userdata;

	return run->options.confirm ? run->options.confirm(run->options.userdata, outcome, reterr) : 0;
}

static int restore_run_translate(void *userdata, const struct xst_config *stored,
				 struct xst_config *ret, char *why, size_t size)
{
	struct run *run = userdata;

	return run->options.translate(run->options.userdata, stored, ret, why, size);
}

static int restore_run_configured(void *userdata, const struct xst_restore_domain *domain,
				  enum xst_guest guest, struct xst_finding *reterr)
{
	struct run *run = userdata;

	return run->options.configured(run->options.userdata, domain, guest, reterr);
}

/* The time left in milliseconds, rounded up, for poll(). */
static int milliseconds_to(uint64_t deadline)
{
	uint64_t now = xst_io_now(), left;

	if (deadline == UINT64_MAX)
		return -1;
	left = deadline > now ? (deadline - now + 999) / 1000 : 0;
	return left > 60000 ? 60000 : (int)left;
}

void xst_restore_loop(struct xst_restore *r, int stop)
{
	struct pollfd p[2] = { { .fd = xst_restore_get_fd(r),
				 .events = xst_restore_get_events(r) },
			       { .fd = stop, .events = POLLIN } };

	do {
		int n = poll(p, 2, milliseconds_to(xst_restore_get_timeout(r)));

		if (n > 0 && p[1].revents) {
			xst_restore_abort(r);
			p[1].fd = -1;
		}
	} while (xst_restore_process(r) == 0);
}

int xst_restore_run(const struct xst_restore_options *options, int stop,
		    struct xst_restore_result *ret)
{
	struct xst_restore_options o = { .size = sizeof(o) };
	struct xst_restore_result result = { .outcome = XST_OUTCOME_FAILED };
	struct run run = { .result = &result };
	struct xst_restore *r;
	int e;

	if (!options || !ret || xst_options_copy(&o, sizeof(o), options, options->size) < 0)
		return XST_E_ARG;
	run.options = o;
	o.done = restore_run_done;
	o.finding = restore_run_finding;
	o.progress = progress;
	o.confirm = restore_run_confirm;
	o.translate = o.translate ? restore_run_translate : NULL;
	o.configured = o.configured ? restore_run_configured : NULL;
	o.userdata = &run;
	e = xst_restore_new(&o, &r);
	if (e)
		return e;
	e = xst_restore_start(r);
	if (e == 0)
		xst_restore_loop(r, stop);
	xst_restore_free(r);
	*ret = result;
	return e ? e : result.code;
}
