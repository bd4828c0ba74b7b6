/* SPDX-License-Identifier: MIT */
/* Shared by the verbs. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#define BACK_CHANNEL_HELP "read the file as a capture of COLO's back channel, whatever it begins with"

#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>
#include <popt.h>
#include <xenstream/xenstream.h>

#include "filter/filter.h"

/* The exit codes of all verbs, documented in xenstream(1). */
enum exit_code {
	EXIT_FINE = 0,
	EXIT_REMARKS = 1, /* verify: valid, with remarks */
	EXIT_INVALID = 2, /* the input is damaged, or not a saved domain */
	EXIT_IO = 3,      /* reading or writing failed */
	EXIT_REFUSED = 4, /* something would be lost; --force overrides this */
	EXIT_USAGE = 64,
	EXIT_TROUBLE = 70 /* out of memory */
};

struct verb {
	const char *name;
	const char *arguments; /* after the options */
	const char *summary;   /* a sentence of at most 68 characters, without its full stop */
	const char *example;   /* for --help */
	int (*run)(int argc, const char **argv);
};
extern const struct verb xst_cli_verb_info, xst_cli_verb_records, xst_cli_verb_verify,
	xst_cli_verb_convert, xst_cli_verb_salvage, xst_cli_verb_explain, xst_cli_verb_config,
	xst_cli_verb_restore, xst_cli_verb_receive, xst_cli_verb_pack;
extern const struct verb xst_cli_verb_cpu, xst_cli_verb_cpuid;

/* dropin_convert.c, dropin_verify.c: the replacements for Xen's scripts */
int xst_cli_dropin_convert(int argc, char **argv);
int xst_cli_dropin_verify(int argc, char **argv);

/* --- options.c ------------------------------------------------------------------------------ */

/* Parses a verb's options: `table`, then the options common to all verbs.  Returns the context, whose
 * remaining arguments are the verb's; or NULL, with *ret_exit set, when there is nothing more to do.
 * Free with poptFreeContext(). */
poptContext xst_cli_options_parse(const struct verb *verb, int argc, const char **argv,
				  const struct poptOption *table, int *ret_exit);
/* The next argument, or NULL. */
const char *xst_cli_options_argument(poptContext ctx);
/* Prints what is wrong with the command line on stderr.  Returns EXIT_USAGE. */
int xst_cli_usage_error(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for missing or extra arguments.  names: those needed, "two names: IN and OUT". */
int xst_cli_names_error(const struct verb *verb, const char *names);

struct common_options {
	int quiet;
	char *progress; /* always, never, a descriptor's number, or NULL */
	char *tmpdir;
};
extern struct common_options common;

/* --- messages.c ----------------------------------------------------------------------------- */

/* Prints a message on stderr, after the program's name. */
void xst_cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The last such message, for a result in JSON. */
const char *xst_cli_last_said(void);
/* Prints a finding: "error: ..." or "remark: ..." with its place. */
void xst_cli_print_finding(FILE *to, const char *file, const struct xst_finding *f);
/* The exit code for an enum xst_errc. */
int xst_cli_exit_for(int code);

/* --- words.c -------------------------------------------------------------------------------- */

/* Makes text from an image safe to print: a control character becomes "?". */
void xst_cli_tame(char *s);
/* Prints text made safe in the same way. */
void xst_cli_print_text(FILE *to, const char *s);
/* "4.0 MiB" */
const char *xst_cli_human_size(uint64_t bytes, char *buf, size_t size);

/* The message for an errno, without jargon. */
const char *xst_cli_system_words(int err);

/* errno of the first failed write to standard output, 0 if none has failed.  Call it right after
 * writing. */
int xst_cli_stdout_error(void);

/* --- json_lines.c --------------------------------------------------------------------------- */

/* A finding as a JSON object. */
json_object *xst_cli_finding_json(const char *file, const struct xst_finding *f);
/* Prints JSON in one of json-c's layouts, with control characters escaped.  Frees `o`. */
void xst_cli_print_json(FILE *to, json_object *o, int layout);
/* Prints it as one line.  Frees `o`. */
void xst_cli_print_json_to(FILE *to, json_object *o);
/* Prints it as one line on stdout.  Frees `o`. */
void xst_cli_print_json_line(json_object *o);
/* The same line as a malloc'ed string, or NULL.  Frees `o`. */
char *xst_cli_json_line(json_object *o);
json_object *xst_cli_json_u64(uint64_t v);
/* A JSON string; bytes that are not UTF-8 become U+FFFD. */
json_object *xst_cli_json_text(const char *s, size_t n);

/* --- input.c -------------------------------------------------------------------------------- */

/* Opens FILE or, for "-", standard input, through xst_open(), and prints the message of a recovery.
 * Returns a descriptor, or -1 after printing why. */
int xst_cli_open_input(const char *file);
void xst_cli_close_input(int fd);
const char *xst_cli_input_name(const char *file);
/* Prints what has become of an interrupted change, if there was one. */
void xst_cli_say_recovery(const char *file, const struct xst_recovery *r);

struct input {
	const char *name;
	int file; /* the descriptor that was opened */
	int fd;   /* the descriptor to read the stream from: `file`, or a decompressor's output */
	unsigned layers; /* of compression: 0, 1, or 2 (one in another) */
	enum filter_format compression[2];
	struct filter filters[2];
};

/* Opens FILE or, for "-", standard input, and decompresses it if necessary.  Returns EXIT_FINE, or an exit
 * code after printing why. */
int xst_cli_input_open(struct input *in, const char *file);
/* The same for a descriptor that is already open.  -1: opening it has failed, and why has been printed. */
int xst_cli_input_from(struct input *in, const char *name, int fd);
/* Whether the stream ended because decompression failed: then that failure is the one to report. */
bool xst_cli_input_broke_off(struct input *in);
/* Call this after a fault in the stream.  It reads on for a while, since damage to the compressed data
 * would explain the fault. */
void xst_cli_input_read_on(struct input *in);
/* Ends decompression.  Returns a message if it failed, else NULL. */
const char *xst_cli_input_fault(struct input *in);
/* Whether the only fault is that the compressed data end too early. */
bool xst_cli_input_is_cut(struct input *in);
/* Ends decompression, prints its fault, and closes the input.  Returns EXIT_FINE or an exit code. */
int xst_cli_input_close(struct input *in);
/* The same, for a caller that has all it needs: compressed data that end too early are reported, but are
 * no failure. */
int xst_cli_input_close_cut(struct input *in);
/* Closes it without waiting for anything, after another failure. */
void xst_cli_input_abandon(struct input *in);

/* --- output_file.c ------------------------------------------------------------------------------- */

struct output {
	const char *name;
	struct xst_output *file;   /* the output, which gets its name at the end */
	struct xst_output *stream; /* the output to write to: `file`, or a compressor's pipe */
	enum filter_format compression;
	struct filter filter;
};

/* Opens FILE or, for "-", standard output, which must not be a terminal.  A new file has the
 * permissions of the file `in`.  sync: wait until a new file is on disk, too.  Returns EXIT_FINE, or an
 * exit code after printing why; call xst_cli_output_close() in either case. */
int xst_cli_output_open(struct output *o, const struct verb *verb, const char *file, int in,
			bool sync, enum filter_format format, int level);
/* Prints why writing to the stream has failed with `error`.  Returns an exit code. */
int xst_cli_output_tell(struct output *o, const struct xst_finding *error);
/* Completes the output.  Returns EXIT_FINE, or an exit code after printing why. */
int xst_cli_output_commit(struct output *o);
/* Frees it.  Without an earlier commit no complete output is left. */
void xst_cli_output_close(struct output *o);

/* --- progress.c ----------------------------------------------------------------------------- */

/* Takes the value of --progress, or NULL.  quiet: show none by default.  Returns whether the value is
 * valid. */
bool xst_cli_progress_option(const char *when, bool quiet);
/* Starts reporting progress on `what`, as --progress asks; SIGUSR1 prints a line in any case. */
void xst_cli_progress_start(const char *what);
/* An xst_progress_fn. */
void xst_cli_progress_tell(void *unused, uint64_t done, uint64_t total);
/* Clears the line before other text is printed. */
void xst_cli_progress_clear(void);
/* Clears the line at the end; a program that reads the progress gets the final numbers. */
void xst_cli_progress_end(void);

/* --- fields.c ------------------------------------------------------------------------------- */

/* The decoded contents of a record: text for people, or an object for programs. */
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
/* Writes the summary of the page batches seen so far. */
void xst_cli_view_pages(struct record_view *v);
void xst_cli_view_end(struct record_view *v);

/* --- verb_explain.c ------------------------------------------------------------------------- */

/* Lists all rules.  Returns EXIT_FINE. */
int xst_cli_explain_all(bool json);

/* --- restorability.c --------------------------------------------------------------------------- */

/* Parses "4.13" or "4.19.2" into XST_XEN().  Returns whether it is a version. */
bool xst_cli_xen_version(const char *words, uint32_t *ret);
/* Whether that version of Xen restores the image. */
bool xst_cli_restorable_for(const struct xst_restorability *r, uint32_t xen);
/* "4.13 and newer", without the reasons. */
const char *xst_cli_restorable_words(const struct xst_restorability *r, char *buf, size_t size);
/* The next reason, from number *i on, that decides the answer or explains it, or NULL; advances *i. */
const struct xst_reason *xst_cli_deciding_reason(const struct xst_restorability *r, size_t *i);
/* "a configuration in JSON (4.5)": a reason with its version. */
const char *xst_cli_reason_words(const struct xst_reason *reason, char *buf, size_t size);
/* Prints the line of verify that says which versions restore the stream. */
void xst_cli_print_restorability(FILE *to, const char *file, const struct xst_restorability *r);
/* Ends a verdict's line: why this version does not restore the image or, if it is invalid, that it does. */
void xst_cli_print_restorable_for(FILE *to, const struct xst_restorability *r, uint32_t xen, bool invalid);
/* The same for an invalid image when no version was asked for. */
void xst_cli_print_restored_anyhow(FILE *to, const struct xst_restorability *r);
json_object *xst_cli_restorability_json(const struct xst_restorability *r, uint32_t xen);

/* --- config_facts.c ------------------------------------------------------------------------- */

/* An xst_facts_fn for every container's language. */
int xst_cli_config_facts(void *unused, enum xst_layer container, const uint8_t *config, size_t size,
			 struct xst_config_facts *ret);

/* --- info_print.c --------------------------------------------------------------------------- */

/* size: of the file as stored; compression: its name, or NULL. */
void xst_cli_info_print(const char *file, uint64_t size, const char *compression,
			const struct xst_info *i);
json_object *xst_cli_info_json(const char *file, uint64_t size, const char *compression,
			       const struct xst_info *i);

#endif
