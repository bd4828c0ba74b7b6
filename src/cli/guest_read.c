/* SPDX-License-Identifier: MIT */
/* A file's decoded guest. */
#include "cli/guest_view.h"

int xst_cli_guest_run(struct xst_reader *r, const struct xst_state *s)
{
	return xst_state_wants(s) ? 0 : xst_reader_skip(r);
}

const char *xst_cli_guest_name(const struct xst_state *s)
{
	enum xst_guest guest = xst_state_guest(s);

	return guest == XST_GUEST_PV ? "pv" : guest == XST_GUEST_HVM ? "hvm" : "unknown";
}

struct guest_reading {
	const char *name;
	struct xst_reader *reader;
	struct xst_state *state;
	uint64_t errors;
};

static void note_finding(struct guest_reading *g, const struct xst_finding *f)
{
	g->errors += f->severity == XST_ERROR;
	if (!common.quiet && f->severity != XST_NOTE)
		xst_cli_print_finding(stderr, g->name, f);
}

static int read_events(struct guest_reading *g)
{
	const struct xst_event *ev;
	int r;

	while ((r = xst_reader_next(g->reader, &ev)) == 0 && ev->type != XST_EVENT_FINISHED) {
		r = xst_state_event(g->state, ev);
		if (r == 0 &&
		    (ev->type == XST_EVENT_PAYLOAD_BEGIN || ev->type == XST_EVENT_PAYLOAD))
			r = xst_cli_guest_run(g->reader, g->state);
		if (r)
			return r;
		if (ev->type == XST_EVENT_WARNING)
			note_finding(g, ev->u.finding);
		if (ev->type == XST_EVENT_RECORD_END)
			xst_cli_progress_tell(NULL, xst_reader_offset(g->reader),
					      xst_reader_size(g->reader));
	}
	return r;
}

static int read_guest(struct input *in, struct guest_reading *g)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	int r;

	o.flags = XST_PARSER_KEEP_GOING;
	r = xst_reader_new(in->fd, &o, 0, common.tmpdir, &g->reader);
	if (r)
		return xst_cli_exit_for(r);
	xst_cli_progress_start(g->name);
	r = read_events(g);
	xst_cli_progress_end();
	if (r)
		xst_cli_input_read_on(in);
	if (r && !xst_cli_input_fault(in) && xst_reader_error(g->reader))
		xst_cli_print_finding(stderr, g->name, xst_reader_error(g->reader));
	xst_reader_free(g->reader);
	return r ? xst_cli_exit_for(r) : g->errors ? EXIT_INVALID : EXIT_FINE;
}

int xst_cli_guest_read(const char *file, struct xst_state **ret)
{
	struct guest_reading g = { .name = xst_cli_input_name(file) };
	struct input in;
	int code = xst_cli_input_open(&in, file), fault;

	*ret = NULL;
	if (code)
		return code;
	if (xst_state_new(NULL, &g.state)) {
		xst_cli_input_abandon(&in);
		return EXIT_TROUBLE;
	}
	code = read_guest(&in, &g);
	fault = xst_cli_input_close(&in);
	*ret = g.state;
	return fault ? fault : code;
}
