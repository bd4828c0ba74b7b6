/* SPDX-License-Identifier: MIT */
/* The parts of the verb config: images (config_target.c), documents (config_text.c) and the editor
 * (config_edit.c). */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <xenstream/head.h>

#include "cli/cli.h"
#include "config/stored.h"

struct config_options {
	const struct verb *verb; /* for messages */
	int as_stored, json, cfg;
	char *output, *format_name, *compress;
	int backup, force, dry_run, sync;
	enum config_language format; /* to store in; 0: the document's own */
	enum filter_format compression;
	int level;
};
extern struct config_options config_opt;

/* --- config_target.c ------------------------------------------------------------------------- */

/* An image whose configuration is read or changed. */
struct target {
	const char *file, *name;
	struct input in;           /* the image, if it is only read, or copied to --output */
	bool reads;                /* `in` is open */
	struct xst_change *change; /* the image, if it is changed in place */
	struct xst_head *head;
	uint64_t end;              /* offset after the head as it was read */
};

/* These return EXIT_FINE, or an exit code after printing why; call xst_cli_target_close() in either
 * case. */
int xst_cli_target_open_to_read(struct target *t, const char *file);
/* Opens it for a change in place, or with --output for a changed copy. */
int xst_cli_target_open_to_change(struct target *t, const char *file);
/* Whether the stored configuration is still this one. */
bool xst_cli_target_has_config(const struct target *t, const uint8_t *config, uint64_t n);
/* Returns EXIT_FINE, or an exit code after printing that a compressed file can't be changed in place. */
int xst_cli_target_may_change(const struct target *t);
/* Stores a configuration, or removes it if NULL, completes the output, and prints what was done. */
int xst_cli_target_store(struct target *t, const struct config_stored *s);
void xst_cli_target_close(struct target *t);

/* --- config_text.c --------------------------------------------------------------------------- */

/* All of these return EXIT_FINE, or an exit code after printing why.  name: of the source, for messages. */

/* The configuration of a head, which must be in one of xl's languages. */
int xst_cli_text_of_head(const struct target *t, struct config **ret);
/* The same; another toolstack's is translated for xl. */
int xst_cli_text_to_read(const struct target *t, struct config **ret);
/* Parses text from a user.  Refused: an empty text, and without --force a key set twice and bytes that are
 * not UTF-8. */
int xst_cli_text_parse_new(const char *name, const char *text, size_t n, struct config **ret);
/* A file's contents, malloc'ed; "-" is standard input. */
int xst_cli_text_read_file(const char *file, char **ret, size_t *ret_n);
/* Prints the settings that the other language has no place for; without --force and `lenient` they are
 * refused. */
int xst_cli_text_translate(const char *name, const struct config *c, enum config_language language,
			   bool lenient, struct config **ret);
int xst_cli_text_to_store(const char *name, const struct config *c, enum config_language language,
			  struct config_stored *ret);
/* Refuses, without --force, a faulty setting in `now` that is not in `before` (which may be NULL). */
int xst_cli_text_judge(const char *name, const struct config *before, const struct config *now);
/* Refuses, without --force, another type of guest. */
int xst_cli_text_judge_type(const char *name, const struct config *before,
			    const struct config *now);
/* Prints an error of a configuration.  Returns an exit code. */
int xst_cli_text_error(const char *name, int code, const struct config_error *err);

/* --- config_edit.c --------------------------------------------------------------------------- */

/* Opens a document in the user's editor.  *ret: the edited document, or NULL if nothing was changed.
 * *ret_draft: the malloc'ed name of the edited file, for xst_cli_edit_forget() or xst_cli_edit_keep(). */
int xst_cli_edit_document(const struct config *c, struct config **ret, char **ret_draft);
/* Removes the file. */
void xst_cli_edit_forget(char *draft);
/* Keeps the file and prints its name. */
void xst_cli_edit_keep(char *draft);

#endif
