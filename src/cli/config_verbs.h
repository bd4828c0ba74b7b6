/* SPDX-License-Identifier: MIT */
/* The verb config, in parts: its files (config_target.c), its documents (config_text.c), the editor
 * (config_edit.c). */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <xenstream/head.h>

#include "cli/cli.h"
#include "config/stored.h"

struct config_options {
	const struct verb *verb; /* for its words */
	int as_stored, json, cfg;
	char *output, *format_name, *compress;
	int backup, force, dry_run, sync;
	enum config_language format; /* to store in; 0: the document's own */
	enum filter_format compression;
	int level;
};
extern struct config_options config_opt;

/* --- config_target.c ------------------------------------------------------------------------- */

/* An image whose configuration is read, or is to be changed. */
struct target {
	const char *file, *name;
	struct input in;           /* what is only read, or written elsewhere */
	bool reads;                /* `in` is open */
	struct xst_change *change; /* what is changed in place */
	struct xst_head *head;
	uint64_t end;              /* of the head, as it was read */
};

/* These return EXIT_FINE, or what to exit with, having said why.  xst_cli_target_close() in any case. */
int xst_cli_target_open_to_read(struct target *t, const char *file);
/* In place, or with --output to be written elsewhere. */
int xst_cli_target_open_to_change(struct target *t, const char *file);
/* The file is all right, but not what it was. */
bool xst_cli_target_has_config(const struct target *t, const uint8_t *config, uint64_t n);
/* A compressed file can't be changed in place, which is said. */
int xst_cli_target_may_change(const struct target *t);
/* Puts a configuration in, or none (NULL), and completes the output.  Says what was done. */
int xst_cli_target_store(struct target *t, const struct config_stored *s);
void xst_cli_target_close(struct target *t);

/* --- config_text.c --------------------------------------------------------------------------- */

/* All of them say what is wrong.  name: of what is read, for words. */

/* The configuration of a head, which must have one in a language of xl's. */
int xst_cli_text_of_head(const struct target *t, struct config **ret);
/* The same, or another toolstack's in the words of xl. */
int xst_cli_text_to_read(const struct target *t, struct config **ret);
/* What a user has written: nothing at all is refused, and so are, without --force, a key set twice
 * and what is no UTF-8. */
int xst_cli_text_parse_new(const char *name, const char *text, size_t n, struct config **ret);
/* A file's contents, malloc'ed; "-" is standard input. */
int xst_cli_text_read_file(const char *file, char **ret, size_t *ret_n);
/* What the other language has no place for is told; refused, unless --force or `lenient`. */
int xst_cli_text_translate(const char *name, const struct config *c, enum config_language language,
			   bool lenient, struct config **ret);
int xst_cli_text_to_store(const char *name, const struct config *c, enum config_language language,
			  struct config_stored *ret);
/* Nonsense that is in `now` and was not in `before` (or NULL) is refused without --force. */
int xst_cli_text_judge(const char *name, const struct config *before, const struct config *now);
/* The same of another type of guest. */
int xst_cli_text_judge_type(const char *name, const struct config *before,
			    const struct config *now);
int xst_cli_text_error(const char *name, int code, const struct config_error *err);

/* --- config_edit.c --------------------------------------------------------------------------- */

/* Lets an editor loose on a document.  *ret: what came of it, or NULL if nothing was changed.
 * *ret_draft: the name of the file that was edited, malloc'ed, which xst_cli_edit_forget() removes. */
int xst_cli_edit_document(const struct config *c, struct config **ret, char **ret_draft);
void xst_cli_edit_forget(char *draft);
/* The file stays, and that is said. */
void xst_cli_edit_keep(char *draft);

#endif
