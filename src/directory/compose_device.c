/* SPDX-License-Identifier: MIT */
/* Composes the device model's records from the files with its keys and its state. */
#include "directory/compose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limits/limits.h"
#include "wire/bytes.h"

/* --- keys ------------------------------------------------------------------------------------- */

/* Enters the folder of a key's value; *ret_name, to be freed: the value's path, which ends in
 * *ret_last. */
static int enter_value(struct composer *c, const char *key, char **ret_name, const char **ret_last)
{
	int tree, dir;

	if (asprintf(ret_name, "%s" VALUE_SUFFIX, key) < 0) {
		*ret_name = NULL;
		return -ENOMEM;
	}
	tree = xst_directory_tree_enter(c->dir, XENSTORE_DIR, false);
	if (tree < 0)
		return tree;
	dir = xst_directory_tree_enter_path(tree, *ret_name, false, ret_last);
	close(tree);
	return dir;
}

static int value_size(int dir, const char *name, uint64_t *ret)
{
	int fd = xst_directory_tree_open(dir, name, ret);

	if (fd < 0)
		return fd;
	close(fd);
	return *ret > LIMIT_DIRECTORY_VALUE ? -EFBIG : 0;
}

/* The size of a key and its value, each with a NUL. */
static int measure_pair(struct composer *c, const char *key, size_t n, uint64_t *size)
{
	const char *last = key;
	uint64_t value = 0;
	char *name;
	int dir, r;

	if (!xst_directory_device_key_is_fine(key, n))
		return xst_directory_compose_fail(
			c, XST_E_MALFORMED, "%s/" RECORDS_DIR ": \"%.64s\" is not a xenstore key",
			c->path, key);
	dir = enter_value(c, key, &name, &last);
	r = dir < 0 ? dir : value_size(dir, last, &value);
	if (dir >= 0)
		close(dir);
	if (r < 0)
		r = xst_directory_compose_fail_file(c, -r, XENSTORE_DIR, name ? name : key);
	free(name);
	*size += n + 1 + value + 1;
	return r;
}

static int compose_device_write_pair(struct composer *c, const char *key, size_t n, uint64_t *size)
{
	const char *last = key;
	uint8_t *value = NULL;
	size_t value_n = 0;
	char *name;
	int dir = enter_value(c, key, &name, &last);
	int r = dir < 0 ? dir
			: xst_directory_tree_read(dir, last, LIMIT_DIRECTORY_VALUE, &value,
						  &value_n);

	(void)size;
	if (dir >= 0)
		close(dir);
	if (r < 0)
		r = xst_directory_compose_fail_file(c, -r, XENSTORE_DIR, name ? name : key);
	else if (memchr(value, '\0', value_n))
		r = xst_directory_compose_fail(
			c, XST_E_MALFORMED,
			"%s/" XENSTORE_DIR "/%s: a NUL in it would end the value", c->path, name);
	free(name);
	if (r) {
		free(value);
		return r;
	}
	r = xst_emit_bytes(c->emitter, key, n + 1);
	if (r == 0)
		r = xst_emit_bytes(c->emitter, value, value_n + 1);
	free(value);
	return xst_directory_compose_emitted(c, r);
}

/* Calls a function for each key in the file.  Each ends in a NUL, and in memory a NUL follows the
 * last in any case. */
static int each_key(struct composer *c, const uint8_t *keys, size_t size,
		    int (*fn)(struct composer *c, const char *key, size_t n, uint64_t *size),
		    uint64_t *arg)
{
	size_t at = 0;
	int r = 0;

	while (at < size && r == 0) {
		size_t n = strlen((const char *)keys + at);

		r = fn(c, (const char *)keys + at, n, arg);
		at += n + 1;
	}
	return r;
}

static int compose_device_too_short(struct composer *c, const struct record_file *f)
{
	return xst_directory_compose_fail(c, XST_E_MALFORMED,
					  "%s/" RECORDS_DIR "/%05u.%s: too short", c->path,
					  f->number, xst_directory_record_row(f->kind)->name);
}

/* Walks the keys twice: the total size of the values is known before the first one is written, and
 * none is kept. */
static int compose_device_write_keys(struct composer *c, enum xst_kind kind, const uint8_t *file,
				     size_t n, size_t fixed)
{
	uint64_t size = fixed;
	int r = each_key(c, file + fixed, n - fixed, measure_pair, &size);

	if (r == 0 && size > LIMIT_DIRECTORY_PAIRS)
		r = xst_directory_compose_fail(c, XST_E_LIMIT,
					       "%s/" XENSTORE_DIR ": more than %u bytes", c->path,
					       LIMIT_DIRECTORY_PAIRS);
	if (r)
		return r;
	r = xst_emit_begin(c->emitter, kind, size);
	if (r == 0)
		r = xst_emit_bytes(c->emitter, file, fixed);
	r = xst_directory_compose_emitted(c, r);
	if (r == 0)
		r = each_key(c, file + fixed, n - fixed, compose_device_write_pair, NULL);
	return r ? r : xst_directory_compose_emitted(c, xst_emit_end(c->emitter));
}

int xst_directory_compose_keys(struct composer *c, const struct record_file *f)
{
	const size_t fixed = xst_directory_record_row(f->kind)->fixed;
	uint8_t *file;
	size_t n;
	int r = xst_directory_compose_read(c, f, LIMIT_DIRECTORY_KEYS, &file, &n);

	if (r)
		return r;
	r = n < fixed ? compose_device_too_short(c, f)
		      : compose_device_write_keys(c, f->kind, file, n, fixed);
	free(file);
	return r;
}

/* --- state ------------------------------------------------------------------------------------ */

/* After a bare image the state is stored as in a legacy stream, with the only signature that has a
 * length. */
static int begin_bare(struct composer *c, uint64_t size)
{
	const struct wire_signature *s = &xst_wire_signatures[0];
	uint8_t head[LEGACY_SIGNATURE_SIZE + 4];
	int r = xst_emit_begin(c->emitter, XST_KIND_OPTIONAL_DATA, sizeof(head) + size);

	memcpy(head, s->text, LEGACY_SIGNATURE_SIZE);
	put_number(head + LEGACY_SIGNATURE_SIZE, 4, false, size);
	return r ? r : xst_emit_bytes(c->emitter, head, sizeof(head));
}

static int compose_device_begin_state(struct composer *c, enum xst_kind kind, const uint8_t *header,
				      size_t n, uint64_t size)
{
	int r;

	if (size > UINT32_MAX - n)
		return XST_E_ARG;
	if (!c->libxl)
		return begin_bare(c, size);
	r = xst_emit_begin(c->emitter, kind, n + size);
	return r ? r : xst_emit_bytes(c->emitter, header, n);
}

static int compose_device_write_state(struct composer *c, enum xst_kind kind, const uint8_t *header,
				      size_t n, const char *name)
{
	uint64_t size = 0;
	off_t at = 0;
	int fd = xst_directory_tree_open(c->dir, name, &size), r;

	if (fd < 0)
		return xst_directory_compose_fail_file(c, -fd, "", name);
	r = compose_device_begin_state(c, kind, header, n, size);
	if (r == 0)
		r = xst_emit_payload(c->emitter, size);
	r = xst_directory_compose_emitted(c, r);
	if (r == 0)
		r = xst_directory_compose_move(c, fd, &at, size, "", name);
	if (r == 0)
		r = xst_directory_compose_emitted(c, xst_emit_end(c->emitter));
	close(fd);
	return r;
}

int xst_directory_compose_state(struct composer *c, const struct record_file *f)
{
	const size_t fixed = xst_directory_record_row(f->kind)->fixed;
	const char *name;
	uint8_t *file;
	size_t n;
	int r = xst_directory_compose_read(c, f, fixed + EMULATOR_NAME_MAX, &file, &n);

	if (r)
		return r;
	name = (const char *)file + fixed;
	if (n < fixed)
		r = compose_device_too_short(c, f);
	else if (!xst_directory_device_state_name(name))
		r = xst_directory_compose_fail(
			c, XST_E_MALFORMED,
			"%s/" RECORDS_DIR "/%05u.%s: names no file \"" EMULATOR_FILE "\"", c->path,
			f->number, xst_directory_record_row(f->kind)->name);
	else
		r = compose_device_write_state(c, f->kind, file, fixed, name);
	free(file);
	return r;
}
