/* SPDX-License-Identifier: MIT */
/* Turns the device model's keys into a tree of values and its state into a file.  The records'
 * files hold the rest: the emulator's number, and the keys in their order. */
#include "directory/directory.h"
#include "limits/limits.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The maximum length of a relative xenstore path. */

static int device_header(struct directory *d, enum xst_kind kind, uint32_t id, uint32_t index)
{
	struct xst_field_value v[] = {
		{ XST_FIELD_EMULATOR_ID, id },
		{ XST_FIELD_EMULATOR_INDEX, index },
	};
	int fd = xst_directory_state_open(d, kind, 0), r;

	if (fd < 0)
		return fd;
	r = xst_emit_begin(d->emitter, kind, xst_directory_record_row(kind)->fixed);
	xst_emitter_written(d->emitter);
	if (r == 0)
		r = xst_emit_fields(d->emitter, v, 2);
	if (r == 0)
		r = xst_emit_end(d->emitter);
	r = r ? xst_directory_io_error(d, ENOMEM, NULL) : xst_directory_state_emitted(d, fd);
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

/* --- keys ------------------------------------------------------------------------------------- */

/* Each state of the guest has its own keys. */
int xst_directory_device_begin_keys(struct directory *d, uint32_t id, uint32_t index)
{
	int r = d->xenstore_state && d->xenstore_state < d->state
			? xst_directory_tree_remove(d->dir, XENSTORE_DIR)
			: 0;

	if (r < 0)
		return xst_directory_result(d, r, XENSTORE_DIR);
	if (d->xenstore_state < d->state)
		d->key_names = 0;
	d->xenstore_state = d->state;
	d->xenstore_keys = device_header(d, XST_KIND_EMULATOR_XENSTORE_DATA, id, index);
	return d->xenstore_keys < 0 ? d->xenstore_keys : 0;
}

static bool is_key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '/' || c == '_' || c == '@';
}

/* No name in it is empty, so it can't be absolute; a key can't contain a dot. */
bool xst_directory_device_key_is_fine(const char *key, size_t n)
{
	unsigned depth = 1;

	if (!n || n > LIMIT_DIRECTORY_KEY || key[0] == '/' || key[n - 1] == '/')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_key_byte(key[i]) || (key[i] == '/' && key[i + 1] == '/'))
			return false;
		depth += key[i] == '/';
	}
	return depth <= LIMIT_DIRECTORY_LEVELS;
}

static unsigned names_in(const char *key, size_t n)
{
	unsigned names = 1;

	for (size_t i = 0; i < n; i++)
		names += key[i] == '/';
	return names;
}

static int device_write_value(int tree, const char *path, const char *value, size_t n)
{
	const char *last;
	int dir = xst_directory_tree_enter_path(tree, path, true, &last), fd, r;

	if (dir < 0)
		return dir;
	fd = xst_directory_tree_create(dir, last);
	r = fd < 0 ? fd : xst_io_write_all(fd, value, n);
	if (fd >= 0)
		close(fd);
	close(dir);
	return r;
}

static int device_write_pair(struct directory *d, const char *key, size_t key_len,
			     const char *value, size_t value_len)
{
	char path[LIMIT_DIRECTORY_KEY + sizeof(VALUE_SUFFIX)];
	int tree = xst_directory_tree_enter(d->dir, XENSTORE_DIR, true), r;

	if (tree < 0)
		return tree;
	memcpy(path, key, key_len);
	memcpy(path + key_len, VALUE_SUFFIX, sizeof(VALUE_SUFFIX));
	r = device_write_value(tree, path, value, value_len);
	close(tree);
	path[key_len] = '\0';
	d->slot->size += key_len + 1;
	return r ? r : xst_io_write_all(d->xenstore_keys, path, key_len + 1);
}

int xst_directory_device_pair(struct directory *d, const char *key, size_t key_len,
			      const char *value, size_t value_len)
{
	if (!xst_directory_device_key_is_fine(key, key_len))
		return xst_directory_fail(d, XST_E_MALFORMED, RULE_XENSTORE_KEY,
					  "xenstore key \"%.*s\": not a relative path of names in "
					  "[A-Za-z0-9-_@], of %d bytes and %d levels at most",
					  key_len < 64 ? (int)key_len : 64, key,
					  LIMIT_DIRECTORY_KEY,
					  LIMIT_DIRECTORY_LEVELS);
	if (d->slot->size + key_len + 1 > LIMIT_DIRECTORY_KEYS)
		return xst_directory_fail(d, XST_E_LIMIT, RULE_LIMIT,
					  "more than %u bytes of xenstore keys",
					  LIMIT_DIRECTORY_KEYS);
	d->key_names += names_in(key, key_len);
	if (d->key_names > LIMIT_DIRECTORY_KEY_NAMES)
		return xst_directory_fail(
			d, XST_E_LIMIT, RULE_LIMIT,
			"more than %u names in xenstore keys, each of which would be a file "
			"or directory",
			LIMIT_DIRECTORY_KEY_NAMES);
	return xst_directory_result(d, device_write_pair(d, key, key_len, value, value_len),
				    XENSTORE_DIR);
}

int xst_directory_device_end_keys(struct directory *d)
{
	close(d->xenstore_keys);
	d->xenstore_keys = -1;
	return 0;
}

/* --- state ------------------------------------------------------------------------------------ */

bool xst_directory_device_state_name(const char *name)
{
	size_t n = sizeof(EMULATOR_FILE) - 1;

	if (strncmp(name, EMULATOR_FILE, n) != 0)
		return false;
	if (!name[n])
		return true;
	return name[n] == '.' && name[n + 1] && strlen(name) < EMULATOR_NAME_MAX &&
	       strspn(name + n + 1, "0123456789") == strlen(name + n + 1);
}

static void name_state(struct directory *d)
{
	if (d->domain->domid == XST_DOMID_NONE)
		(void)snprintf(d->emulator_name, EMULATOR_NAME_MAX, "%s", EMULATOR_FILE);
	else
		(void)snprintf(d->emulator_name, EMULATOR_NAME_MAX, "%s.%u", EMULATOR_FILE,
			       d->domain->domid);
}

int xst_directory_device_begin_state(struct directory *d, uint32_t id, uint32_t index,
				     uint64_t length)
{
	int fd = device_header(d, XST_KIND_EMULATOR_CONTEXT, id, index), r;

	if (fd < 0)
		return fd;
	name_state(d);
	r = xst_io_write_all(fd, d->emulator_name, strlen(d->emulator_name) + 1);
	d->slot->size += strlen(d->emulator_name) + 1;
	close(fd);
	if (r)
		return xst_directory_result(d, r, RECORDS_DIR);
	d->emulator_size = length;
	d->emulator = xst_directory_tree_create(d->dir, d->emulator_name);
	return d->emulator < 0 ? xst_directory_io_error(d, -d->emulator, d->emulator_name) : 0;
}

int xst_directory_device_end_state(struct directory *d)
{
	close(d->emulator);
	d->emulator = -1;
	return 0;
}
