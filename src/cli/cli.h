/* SPDX-License-Identifier: MIT */
/* What the verbs share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#define BACK_CHANNEL_HELP "it is a capture of COLO's back channel, whatever its beginning looks like"

#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>
#include <popt.h>
#include <xenstream/xenstream.h>

#include "filter/filter.h"

/* The same for all verbs, documented in xenstream(1). */
enum exit_code {
	EXIT_FINE = 0,
	EXIT_REMARKS = 1, /* verify: valid, but there is something to say */
	EXIT_INVALID = 2, /* the input is damaged, or no saved domain */
	EXIT_IO = 3,      /* something could not be read or written */
	EXIT_REFUSED = 4, /* something would be lost; --force does it */
	EXIT_USAGE = 64,
	EXIT_TROUBLE = 70 /* out of memory */
};

struct verb {
	const char *name;
	const char *arguments; /* after the options */
	const char *summary;   /* one line */
	const char *example;   /* for --help */
	int (*run)(int argc, const char **argv);
};
extern const struct verb xst_cli_verb_info, xst_cli_verb_records, xst_cli_verb_verify,
	xst_cli_verb_convert, xst_cli_verb_salvage, xst_cli_verb_explain, xst_cli_verb_config,
	xst_cli_verb_restore, xst_cli_verb_receive, xst_cli_verb_pack;
extern const struct verb xst_cli_verb_cpu, xst_cli_verb_cpuid;

/* dropin_convert.c, dropin_verify.c: the programs of Xen's names */
int xst_cli_dropin_convert(int argc, char **argv);
int xst_cli_dropin_verify(int argc, char **argv);

/* --- options.c ------------------------------------------------------------------------------ */

/* Parses a verb's options: `table` and, after it, those that every verb has.  Returns the
 * context, whose left-over arguments are the verb's, or NULL when there is nothing more to do,
 * with *ret_exit set.  Free with poptFreeContext(). */
poptContext xst_cli_options_parse(const struct verb *verb, int argc, const char **argv,
				  const struct poptOption *table, int *ret_exit);
/* The next argument, or NULL. */
const char *xst_cli_options_argument(poptContext ctx);
/* A wrong use: words on stderr.  Returns EXIT_USAGE. */
int xst_cli_usage_error(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct common_options {
	int quiet;
	char *progress; /* always, never, a descriptor's number, or NULL */
	char *tmpdir;
};
extern struct common_options common;

/* --- messages.c ----------------------------------------------------------------------------- */

/* On stderr, after the program's name. */
void xst_cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The words of the last one, for those who are told in JSON. */
const char *xst_cli_last_said(void);
/* A finding on a stream: "error: ..." or "remark: ..." with its place. */
void xst_cli_print_finding(FILE *to, const char *file, const struct xst_finding *f);
/* Which exit code an error means. */
int xst_cli_exit_for(int code);

/* --- words.c -------------------------------------------------------------------------------- */

/* Text that may come from an image: what a terminal would obey becomes "?". */
void xst_cli_tame(char *s);
/* The same where it is printed. */
void xst_cli_print_text(FILE *to, const char *s);
/* "4.0 MiB" */
const char *xst_cli_human_size(uint64_t bytes, char *buf, size_t size);

/* What errno says, without jargon. */
const char *xst_cli_system_words(int err);

/* errno of the first write to standard output that failed, 0 while all is well.  To be asked right
 * after writing. */
int xst_cli_stdout_error(void);

/* --- json_lines.c --------------------------------------------------------------------------- */

/* A finding as an object. */
json_object *xst_cli_finding_json(const char *file, const struct xst_finding *f);
/* JSON in one of json-c's layouts; what a terminal would obey stands escaped in it.  Frees it. */
void xst_cli_print_json(FILE *to, json_object *o, int layout);
/* One line of it. */
void xst_cli_print_json_to(FILE *to, json_object *o);
/* The same on stdout. */
void xst_cli_print_json_line(json_object *o);
/* The same for later, malloc'ed, or NULL. */
char *xst_cli_json_line(json_object *o);
json_object *xst_cli_json_u64(uint64_t v);
/* A string that may hold bytes that are no UTF-8: they become U+FFFD. */
json_object *xst_cli_json_text(const char *s, size_t n);

/* --- input.c -------------------------------------------------------------------------------- */

/* Opens FILE or, for "-", standard input, through xst_open(): what it has to say is said.
 * Returns a descriptor or -1, having said why. */
int xst_cli_open_input(const char *file);
void xst_cli_close_input(int fd);
const char *xst_cli_input_name(const char *file);
/* What has become of a change that was broken off, if there was one. */
void xst_cli_say_recovery(const char *file, const struct xst_recovery *r);

struct input {
	const char *name;
	int file; /* what was opened */
	int fd;   /* where the stream is read: the same, or what a decompressor gives */
	unsigned layers; /* of compression: none, one, or one in another */
	enum filter_format compression[2];
	struct filter filters[2];
};

/* Opens FILE or, for "-", standard input, decompressed.  Returns EXIT_FINE or what to exit with,
 * having said why. */
int xst_cli_input_open(struct input *in, const char *file);
/* The same of a descriptor that is open already, or -1: somebody has said why it isn't. */
int xst_cli_input_from(struct input *in, const char *name, int fd);
/* Whether the stream ended because decompressing failed: then that is what is to be told. */
bool xst_cli_input_broke_off(struct input *in);
/* The stream is wrong: reads on for a while, for damage to the compressed data to be found, which
 * would explain it. */
void xst_cli_input_read_on(struct input *in);
/* Ends decompressing.  What went wrong, in words, or NULL. */
const char *xst_cli_input_fault(struct input *in);
/* Whether nothing is wrong but that the compressed data end too soon. */
bool xst_cli_input_is_cut(struct input *in);
/* The same, and says it.  Returns EXIT_FINE or what to exit with. */
int xst_cli_input_close(struct input *in);
/* The same where what is there was enough: that the compressed data end too soon is told only. */
int xst_cli_input_close_cut(struct input *in);
/* Closes it without waiting for anything, when something else has failed. */
void xst_cli_input_abandon(struct input *in);

/* --- output.c ------------------------------------------------------------------------------- */

struct output {
	const char *name;
	struct xst_output *file;   /* what gets the name at the end */
	struct xst_output *stream; /* to write into: the same, or a compressor's pipe */
	enum filter_format compression;
	struct filter filter;
};

/* Opens FILE or, for "-", standard output, which must be no terminal.  A new file has the
 * permissions of the file `in`.  sync: put a new file on the disk, too.  Returns EXIT_FINE or
 * what to exit with, having said why; xst_cli_output_close() in any case. */
int xst_cli_output_open(struct output *o, const struct verb *verb, const char *file, int in,
			bool sync, enum filter_format format, int level);
/* Says why writing into the stream has failed with `error`.  Returns what to exit with. */
int xst_cli_output_tell(struct output *o, const struct xst_finding *error);
/* All is well: completes the output.  Returns EXIT_FINE or what to exit with, having said why. */
int xst_cli_output_commit(struct output *o);
/* Without a commit before, nothing complete is left. */
void xst_cli_output_close(struct output *o);

/* --- progress.c ----------------------------------------------------------------------------- */

/* Takes the value of --progress, or NULL.  quiet: none, unless that asks for it.  Returns whether it
 * means anything. */
bool xst_cli_progress_option(const char *when, bool quiet);
/* Starts telling how far `what` is, as --progress asks; SIGUSR1 prints a line in any case. */
void xst_cli_progress_start(const char *what);
/* An xst_progress_fn. */
void xst_cli_progress_tell(void *unused, uint64_t done, uint64_t total);
/* Clears the line, for other words to be printed. */
void xst_cli_progress_clear(void);
/* The same at the end; a program that listens is told how far it came. */
void xst_cli_progress_end(void);

/* --- fields.c ------------------------------------------------------------------------------- */

/* What is to be told of a record: words for people and an object for programs. */
struct record_view {
	bool json;       /* gather `object`, else `text` */
	bool all;        /* page frames one by one */
	char *text;
	size_t text_size;
	FILE *stream;    /* into text */
	json_object *object;
	uint64_t frames, data_pages, first_pfn, last_pfn, types[16];
	uint64_t run_first, run_length; /* of vCPUs online */
	uint64_t shown;  /* items so far */
	uint64_t omitted; /* of an array, from the JSON */
};
void xst_cli_view_begin(struct record_view *v, bool json, bool all);
void xst_cli_view_event(struct record_view *v, const struct xst_event *ev);
/* Takes what several page batches have told into one. */
void xst_cli_view_pages(struct record_view *v);
void xst_cli_view_end(struct record_view *v);

/* --- verb_explain.c ------------------------------------------------------------------------- */

/* Lists the catalogue of rules.  Returns EXIT_FINE. */
int xst_cli_explain_all(bool json);

/* --- restorable.c --------------------------------------------------------------------------- */

/* "4.13" or "4.19.2" as XST_XEN().  Returns whether it is a version. */
bool xst_cli_xen_version(const char *words, uint32_t *ret);
/* Whether that Xen restores it. */
bool xst_cli_restorable_for(const struct xst_restorability *r, uint32_t xen);
/* "4.13 and newer", without the reasons. */
const char *xst_cli_restorable_words(const struct xst_restorability *r, char *buf, size_t size);
/* The next reason from number *i on that sets this answer or explains it, or NULL; *i moves on. */
const struct xst_reason *xst_cli_deciding_reason(const struct xst_restorability *r, size_t *i);
/* A reason with its version. */
const char *xst_cli_reason_words(const struct xst_reason *reason, char *buf, size_t size);
/* The lines of verify; xen 0: no version was asked for. */
void xst_cli_print_restorability(FILE *to, const char *file, const struct xst_restorability *r);
/* The end of a verdict's line: by which version it is not restored, and why; of an invalid image, that it is. */
void xst_cli_print_restorable_for(FILE *to, const struct xst_restorability *r, uint32_t xen, bool invalid);
/* The same of an invalid image where no version was asked for. */
void xst_cli_print_restored_anyhow(FILE *to, const struct xst_restorability *r);
json_object *xst_cli_restorability_json(const struct xst_restorability *r, uint32_t xen);

/* --- config_facts.c ------------------------------------------------------------------------- */

/* An xst_facts_fn for every container's language. */
int xst_cli_config_facts(void *unused, enum xst_layer container, const uint8_t *config, size_t size,
			 struct xst_config_facts *ret);

/* --- info_print.c --------------------------------------------------------------------------- */

/* size: of the file as it is; compression: its name, or NULL. */
void xst_cli_info_print(const char *file, uint64_t size, const char *compression,
			const struct xst_info *i);
json_object *xst_cli_info_json(const char *file, uint64_t size, const char *compression,
			       const struct xst_info *i);

#endif
