/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/guest_view.h"
#include "load/load.h"

#define FUNCTIONS(X)                            \
	X(scols_line_set_data)                  \
	X(scols_new_table)                      \
	X(scols_print_table)                    \
	X(scols_table_enable_noheadings)        \
	X(scols_table_new_column)               \
	X(scols_table_new_line)                 \
	X(scols_table_remove_lines)             \
	X(scols_table_set_termforce)            \
	X(scols_unref_table)

LOADED_LIBRARY(libsmartcols, "libsmartcols.so.1", "libsmartcols1", FUNCTIONS)

#define ROWS_AT_ONCE 512 /* a long listing is printed in pieces */

static struct {
	int json, all, back_channel;
} opt;

static const struct poptOption table[] = {
	{ "all", 'a', POPT_ARG_NONE, &opt.all, 0,
	  "list each page batch on its own (in JSON with its pfns), and arrays in full", NULL },
	{ "back-channel", '\0', POPT_ARG_NONE, &opt.back_channel, 0, BACK_CHANNEL_HELP, NULL },
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0, "print JSON, one object a line", NULL },
	POPT_TABLEEND
};

static int records(int argc, const char **argv);

const struct verb xst_cli_verb_records = {
	.name = "records",
	.arguments = "FILE",
	.summary = "List every record of every layer with its decoded fields",
	.example = "  xenstream records old.save\n"
		   "  xenstream records --json old.save | jq 'select(.type == \"X86_TSC_INFO\")'",
	.run = records,
};

struct listing {
	const char *file;
	struct libscols_table *table;
	unsigned rows;
	bool printed;
	struct record_view view;
	struct xst_state *state; /* of the record in hand */
	bool open;          /* inside a record */
	bool complete;      /* its end has been seen */
	bool folding;       /* view holds one or more page batches */
	uint64_t folded;
	enum xst_layer layer;
	enum xst_kind kind;
	uint64_t offset, index, length;
	uint32_t type;
	const char *name;
	uint64_t errors;
};

enum column { OFFSET, LAYER, INDEX, TYPE, LENGTH, FIELDS };

/* The columns of a listing.  Returns why there can be none, or NULL. */
static const char *make_table(struct libscols_table **ret)
{
	const char *missing = libsmartcols_load();
	struct libscols_table *t;

	if (missing)
		return missing;
	setlocale(LC_CTYPE, ""); /* for the width of characters */
	t = libsmartcols.scols_new_table();
	if (!t)
		return "out of memory";
	libsmartcols.scols_table_new_column(t, "OFFSET", 12, SCOLS_FL_RIGHT);
	libsmartcols.scols_table_new_column(t, "LAYER", 6, 0);
	libsmartcols.scols_table_new_column(t, "#", 4, SCOLS_FL_RIGHT);
	libsmartcols.scols_table_new_column(t, "TYPE", 22, 0);
	libsmartcols.scols_table_new_column(t, "LENGTH", 10, SCOLS_FL_RIGHT);
	libsmartcols.scols_table_new_column(t, "FIELDS", 0.5, SCOLS_FL_WRAP);
	if (!isatty(STDOUT_FILENO))
		libsmartcols.scols_table_set_termforce(t, SCOLS_TERMFORCE_NEVER);
	*ret = t;
	return NULL;
}

static void print_rows(struct listing *l)
{
	if (!l->rows)
		return;
	xst_cli_progress_clear();
	libsmartcols.scols_table_enable_noheadings(l->table, l->printed);
	libsmartcols.scols_print_table(l->table);
	fputc('\n', stdout);
	(void)xst_cli_stdout_error();
	libsmartcols.scols_table_remove_lines(l->table);
	l->rows = 0;
	l->printed = true;
}

static void set_number(struct libscols_line *line, size_t column, const char *format, uint64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), format, v);
	libsmartcols.scols_line_set_data(line, column, text);
}

static void add_row(struct listing *l)
{
	struct libscols_line *line = libsmartcols.scols_table_new_line(l->table, NULL);
	char name[64];

	snprintf(name, sizeof(name), l->folded > 1 ? "%s x%" PRIu64 : "%s", l->name, l->folded);
	set_number(line, OFFSET, "%#" PRIx64, l->offset);
	libsmartcols.scols_line_set_data(line, LAYER, xst_layer_name(l->layer));
	set_number(line, INDEX, "%" PRIu64, l->index);
	libsmartcols.scols_line_set_data(line, TYPE, name);
	set_number(line, LENGTH, l->complete ? "%" PRIu64 : "cut off", l->length);
	fflush(l->view.stream);
	libsmartcols.scols_line_set_data(line, FIELDS, l->view.text);
	if (++l->rows == ROWS_AT_ONCE)
		print_rows(l);
}

static void print_line(struct listing *l)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "offset", xst_cli_json_u64(l->offset));
	json_object_object_add(o, "layer", json_object_new_string(xst_layer_name(l->layer)));
	json_object_object_add(o, "index", xst_cli_json_u64(l->index));
	json_object_object_add(o, "type", json_object_new_string(l->name));
	json_object_object_add(o, "type_number", xst_cli_json_u64(l->type));
	json_object_object_add(o, "length", xst_cli_json_u64(l->length));
	if (!l->complete)
		json_object_object_add(o, "cut_off", json_object_new_boolean(true));
	if (l->folded > 1)
		json_object_object_add(o, "folded", xst_cli_json_u64(l->folded));
	if (l->view.omitted)
		json_object_object_add(l->view.object, "omitted",
				       xst_cli_json_u64(l->view.omitted));
	json_object_object_add(o, "fields", json_object_get(l->view.object));
	xst_cli_print_json_line(o);
}

/* Prints the current record, or the page batches folded into one. */
static void records_verb_flush(struct listing *l)
{
	if (!l->open)
		return;
	if (l->kind == XST_KIND_PAGE_DATA)
		xst_cli_view_pages(&l->view);
	xst_cli_record_state(&l->view, l->state);
	if (opt.json)
		print_line(l);
	else
		add_row(l);
	xst_cli_view_end(&l->view);
	l->open = l->folding = false;
}

static void records_verb_begin(struct listing *l, const struct xst_event *ev)
{
	bool same = l->folding && ev->kind == XST_KIND_PAGE_DATA && ev->layer == l->layer && !opt.all;

	if (same) {
		l->folded++;
		l->complete = false;
		return;
	}
	records_verb_flush(l);
	l->open = true;
	l->complete = false;
	l->folded = 1;
	l->layer = ev->layer;
	l->kind = ev->kind;
	l->offset = ev->offset;
	l->index = ev->u.record.index;
	l->type = ev->u.record.type;
	l->name = ev->u.record.name;
	l->length = 0;
	xst_cli_view_begin(&l->view, opt.json, opt.all);
	l->folding = ev->kind == XST_KIND_PAGE_DATA;
}

/* A legacy chunk's length is known only at its end. */
static void records_verb_end(struct listing *l, const struct xst_event *ev)
{
	l->length += ev->u.record.length;
	l->complete = true;
}

static void records_verb_remark(struct listing *l, const struct xst_finding *f)
{
	l->errors += f->severity == XST_ERROR;
	if (!common.quiet && f->severity != XST_NOTE)
		xst_cli_print_finding(stderr, l->file, f);
}

static void records_verb_event(struct listing *l, const struct xst_event *ev)
{
	switch (ev->type) {
	case XST_EVENT_RECORD_BEGIN: records_verb_begin(l, ev); break;
	case XST_EVENT_RECORD_END:   records_verb_end(l, ev); break;
	case XST_EVENT_WARNING:      records_verb_remark(l, ev->u.finding); break;
	case XST_EVENT_FIELDS:
		if (l->kind != XST_KIND_PAGE_DATA) /* its count is the sum's */
			xst_cli_view_event(&l->view, ev);
		break;
	default:
		if (l->open)
			xst_cli_view_event(&l->view, ev);
	}
}

static int records_verb_list(struct listing *l, struct xst_reader *r)
{
	const struct xst_event *ev;
	int e;

	xst_cli_progress_start(l->file);
	while ((e = xst_reader_next(r, &ev)) == 0 && ev->type != XST_EVENT_FINISHED) {
		if (xst_cli_stdout_error()) /* main() reports it */
			return 0;
		records_verb_event(l, ev);
		e = xst_state_event(l->state, ev); /* drops what was shown of the record before */
		if (ev->type == XST_EVENT_RECORD_END)
			xst_cli_progress_tell(NULL, xst_reader_offset(r), xst_reader_size(r));
		if (e == 0 && (ev->type == XST_EVENT_PAYLOAD_BEGIN || ev->type == XST_EVENT_PAYLOAD))
			e = xst_cli_guest_run(r, l->state);
		if (e)
			return e;
	}
	return e;
}

static int list_input(struct input *in)
{
	struct xst_state_options by_record = { sizeof(by_record), XST_STATE_BY_RECORD };
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct listing l = { .file = in->name };
	struct xst_reader *r = NULL;
	const char *trouble;
	int e;

	o.flags = XST_PARSER_KEEP_GOING;
	o.start = opt.back_channel ? XST_START_COLO : XST_START_AUTO;
	e = xst_reader_new(in->fd, &o, 0, common.tmpdir, &r);
	if (e)
		return xst_cli_exit_for(e);
	e = xst_state_new(&by_record, &l.state);
	if (e) {
		xst_reader_free(r);
		return xst_cli_exit_for(e);
	}
	trouble = opt.json ? NULL : make_table(&l.table);
	if (trouble) {
		xst_cli_say("can't print a table: %s; --json works without it", trouble);
		xst_state_free(l.state);
		xst_reader_free(r);
		return EXIT_TROUBLE;
	}
	e = records_verb_list(&l, r);
	xst_cli_progress_end();
	records_verb_flush(&l);
	print_rows(&l);
	if (l.table)
		libsmartcols.scols_unref_table(l.table);
	xst_state_free(l.state);
	fflush(stdout); /* the table comes first */
	(void)xst_cli_stdout_error();
	if (e)
		xst_cli_input_read_on(in);
	if (e && !xst_cli_input_fault(in))
		xst_cli_print_finding(stderr, l.file, xst_reader_error(r));
	xst_reader_free(r);
	return e ? xst_cli_exit_for(e) : l.errors ? EXIT_INVALID : EXIT_FINE;
}

static int list_file(const char *file)
{
	struct input in;
	int code = xst_cli_input_open(&in, file), fault;

	if (code)
		return code;
	code = list_input(&in);
	if (xst_cli_stdout_error()) {
		xst_cli_input_abandon(&in);
		return code;
	}
	fault = xst_cli_input_close(&in);
	return fault ? fault : code;
}

static int records(int argc, const char **argv)
{
	int code = EXIT_FINE;
	poptContext ctx = xst_cli_options_parse(&xst_cli_verb_records, argc, argv, table, &code);
	const char *file;

	if (!ctx)
		return code;
	file = xst_cli_options_argument(ctx);
	if (!file || xst_cli_options_argument(ctx))
		code = xst_cli_names_error(&xst_cli_verb_records, "one name: FILE");
	else
		code = list_file(file);
	poptFreeContext(ctx);
	return code;
}
