/* SPDX-License-Identifier: MIT */
/* The device model's records, out of the files that tell of its keys and its state. */
#include "directory/compose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emit/buffer.h"
#include "wire/bytes.h"

#define MAX_KEYS  (1u << 20) /* octets of all keys */
#define MAX_VALUE (1u << 20) /* octets of a value */
#define MAX_PAIRS (64u << 20) /* octets of all keys and values: each may be told of many times */

/* --- keys ------------------------------------------------------------------------------------- */

static int append(struct composer *c, struct buffer *b, const void *data, size_t n)
{
	uint8_t *room = buffer_append(b, n);

	if (!room)
		return compose_fail_file(c, ENOMEM, "", "");
	memcpy(room, data, n);
	return 0;
}

static int read_value(struct composer *c, const char *key, uint8_t **ret, size_t *ret_n)
{
	int tree = tree_enter(c->dir, XENSTORE_DIR, false), dir, r;
	const char *last = key;

	if (tree < 0)
		return tree;
	dir = tree_enter_path(tree, key, false, &last);
	close(tree);
	if (dir < 0)
		return dir;
	r = tree_read(dir, last, MAX_VALUE, ret, ret_n);
	close(dir);
	return r;
}

static int add_pair(struct composer *c, struct buffer *b, const char *key, size_t n)
{
	char *path = NULL;
	uint8_t *value;
	size_t value_n;
	int r;

	if (!device_key_is_fine(key, n))
		return compose_fail(c, XST_E_MALFORMED,
				    "%s/" RECORDS_DIR ": \"%.64s\" is no xenstore key", c->path,
				    key);
	if (b->size > MAX_PAIRS)
		return compose_fail(c, XST_E_LIMIT, "%s/" XENSTORE_DIR ": more than %u octets",
				    c->path, MAX_PAIRS);
	if (asprintf(&path, "%s" VALUE_SUFFIX, key) < 0)
		return compose_fail_file(c, ENOMEM, "", "");
	r = read_value(c, path, &value, &value_n);
	r = r < 0 ? compose_fail_file(c, -r, XENSTORE_DIR, path) : 0;
	free(path);
	if (r)
		return r;
	r = append(c, b, key, n + 1);
	if (r == 0)
		r = append(c, b, value, value_n + 1);
	free(value);
	return r;
}

/* Each key in the file ends in a NUL, and there is one behind the last in memory in any case. */
static int add_pairs(struct composer *c, struct buffer *b, const uint8_t *keys, size_t size)
{
	size_t at = 0;
	int r = 0;

	while (at < size && r == 0) {
		size_t n = strlen((const char *)keys + at);

		r = add_pair(c, b, (const char *)keys + at, n);
		at += n + 1;
	}
	return r;
}

static int too_short(struct composer *c, const struct record_file *f)
{
	return compose_fail(c, XST_E_MALFORMED, "%s/" RECORDS_DIR "/%05u.%s: too short", c->path,
			    f->number, record_row(f->kind)->name);
}

int compose_keys(struct composer *c, const struct record_file *f)
{
	const size_t fixed = record_row(f->kind)->fixed;
	struct buffer body = { 0 };
	uint8_t *file;
	size_t n;
	int r = compose_read(c, f, MAX_KEYS, &file, &n);

	if (r)
		return r;
	r = n < fixed ? too_short(c, f) : append(c, &body, file, fixed);
	if (r == 0)
		r = add_pairs(c, &body, file + fixed, n - fixed);
	if (r == 0)
		r = compose_record(c, f->kind, NULL, 0, 0, body.data, body.size);
	free(file);
	buffer_free(&body);
	return r;
}

/* --- state ------------------------------------------------------------------------------------ */

/* Behind a bare image it stands as in a legacy stream, under the only signature with a length. */
static int begin_bare(struct composer *c, uint64_t size)
{
	const struct wire_signature *s = &wire_signatures[0];
	uint8_t head[LEGACY_SIGNATURE_SIZE + 4];
	int r = xst_emit_begin(c->emitter, XST_KIND_OPTIONAL_DATA, sizeof(head) + size);

	memcpy(head, s->text, LEGACY_SIGNATURE_SIZE);
	put_number(head + LEGACY_SIGNATURE_SIZE, 4, false, size);
	return r ? r : xst_emit_bytes(c->emitter, head, sizeof(head));
}

static int begin_state(struct composer *c, enum xst_kind kind, const uint8_t *header, size_t n,
		       uint64_t size)
{
	int r;

	if (size > UINT32_MAX - n)
		return XST_E_ARG;
	if (!c->libxl)
		return begin_bare(c, size);
	r = xst_emit_begin(c->emitter, kind, n + size);
	return r ? r : xst_emit_bytes(c->emitter, header, n);
}

static int write_state(struct composer *c, enum xst_kind kind, const uint8_t *header, size_t n,
		       const char *name)
{
	uint64_t size = 0;
	off_t at = 0;
	int fd = tree_open(c->dir, name, &size), r;

	if (fd < 0)
		return compose_fail_file(c, -fd, "", name);
	r = begin_state(c, kind, header, n, size);
	if (r == 0)
		r = xst_emit_payload(c->emitter, size);
	r = compose_emitted(c, r);
	if (r == 0)
		r = compose_move(c, fd, &at, size, "", name);
	if (r == 0)
		r = compose_emitted(c, xst_emit_end(c->emitter));
	close(fd);
	return r;
}

int compose_state(struct composer *c, const struct record_file *f)
{
	const size_t fixed = record_row(f->kind)->fixed;
	const char *name;
	uint8_t *file;
	size_t n;
	int r = compose_read(c, f, fixed + EMULATOR_NAME_MAX, &file, &n);

	if (r)
		return r;
	name = (const char *)file + fixed;
	if (n < fixed)
		r = too_short(c, f);
	else if (!device_state_name(name))
		r = compose_fail(c, XST_E_MALFORMED,
				 "%s/" RECORDS_DIR "/%05u.%s: names no file \"" EMULATOR_FILE "\"",
				 c->path, f->number, record_row(f->kind)->name);
	else
		r = write_state(c, f->kind, file, fixed, name);
	free(file);
	return r;
}
