/* SPDX-License-Identifier: MIT */
/* Writes a fuzz target's seeds into a directory, or a dictionary made from the wire tables.
 *
 *   seeds HEAD DIRECTORY        each stream, after HEAD bytes for the target's flags
 *   seeds directory DIRECTORY   each stream restored to an image directory, in the form of files.h
 *   seeds dict FILE */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "files.h"
#include "probe.h"
#include "wire/bytes.h"
#include "wire/formats.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- dictionary ----------------------------------------------------------------------------- */

static void entry(FILE *f, const char *name, const void *data, size_t n)
{
	const uint8_t *b = data;

	fprintf(f, "# %s\n\"", name);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "\\x%02x", b[i]);
	fprintf(f, "\"\n");
}

static void number(FILE *f, const char *name, uint64_t v, unsigned size)
{
	uint8_t b[8];

	put_number(b, size, false, v);
	entry(f, name, b, size);
}

static void rows(FILE *f, const struct wire_record *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		number(f, r[i].name, r[i].type, 4);
}

static int write_dictionary(const char *path)
{
	FILE *f = fopen(path, "w");
	uint8_t ident[8];

	if (!f)
		return 1;
	rows(f, xst_wire_libxl_records, xst_wire_libxl_count);
	rows(f, xst_wire_libxc_records, xst_wire_libxc_count);
	rows(f, xst_wire_legacy_chunks, xst_wire_legacy_chunks_count);
	rows(f, xst_wire_legacy_ext_blocks, xst_wire_legacy_ext_blocks_count);
	rows(f, xst_wire_xenserver_records, xst_wire_xenserver_count);
	for (size_t i = 0; i < 3; i++)
		entry(f, "signature", xst_wire_signatures[i].text, LEGACY_SIGNATURE_SIZE);
	for (size_t i = 0; i < xst_wire_formats_count; i++)
		for (size_t k = 0; k < WIRE_FORMAT_MAGICS && xst_wire_formats[i].magics[k].size; k++)
			entry(f, xst_wire_formats[i].shown.word, xst_wire_formats[i].magics[k].bytes,
			      xst_wire_formats[i].magics[k].size);
	entry(f, "receive", XEND_REQUEST, sizeof(XEND_REQUEST) - 1);
	entry(f, "sslreceive", XEND_REQUEST_SSL, sizeof(XEND_REQUEST_SSL) - 1);
	entry(f, "handshake", XENSERVER_HANDSHAKE, XENSERVER_HANDSHAKE_SIZE);
	put_number(ident, 8, true, LIBXL_IDENT);
	entry(f, "libxl", ident, 8);
	put_number(ident, 4, true, LIBXC_IDENT);
	entry(f, "libxc", ident, 4);
	entry(f, "image directory", FORMAT_TEXT, sizeof(FORMAT_TEXT) - 1);
	for (size_t i = 0; i < FILES_NAMES; i++)
		entry(f, "file", files_names[i], strlen(files_names[i]));
	number(f, "marker", UINT64_MAX, 8);
	number(f, "vcpu of a 64-bit guest", LEGACY_VCPU64_SIZE, 4);
	number(f, "vcpu of a 32-bit guest", LEGACY_VCPU32_SIZE, 4);
	number(f, "page", XST_PAGE_SIZE, 4);
	number(f, "batch", LEGACY_MAX_BATCH, 4);
	return fclose(f) != 0;
}

/* --- seeds ---------------------------------------------------------------------------------- */

static int write_seed(const char *dir, const char *name, const uint8_t *head, size_t nhead,
		      const struct build *b)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		return 1;
	}
	fwrite(head, 1, nhead, f);
	fwrite(b->data, 1, b->size, f);
	return fclose(f) != 0;
}

/* Each seed has its own head, so that every flag occurs. */
static int write_headed(const char *dir, const char *name, size_t nhead, size_t i, const struct build *b)
{
	uint8_t head[16];

	for (size_t k = 0; k < sizeof(head); k++)
		head[k] = (uint8_t)(i * (k + 1) * 29);
	head[1] = nhead == 2 || nhead == 3 ? (uint8_t)i : 0;
	return write_seed(dir, name, head, nhead, b);
}

static int write_unheaded(const char *dir, const char *name, size_t nhead, const struct build *b)
{
	static const uint8_t head[16];
	char longer[128];

	snprintf(longer, sizeof(longer), "%s-plain", name);
	return write_seed(dir, longer, head, nhead, b);
}

/* Runs of entries, some of them repeated.  The pages' contents would make the seed too long, so it
 * ends after the entries. */
static void many_entries(struct build *b, bool pv)
{
	uint64_t v[300];
	size_t end;

	image_header(b, 3, 0);
	domain_header(b, pv ? 1 : 2);
	for (size_t i = 0; i < 3; i++)
		v[i] = (pv ? i : 0) << 60 | (20 + 70 * i);
	page_data(b, v, 3);
	for (size_t i = 0; i < COUNT(v); i++)
		v[i] = UINT64_C(0xf) << 60 | (5 + i);
	page_data(b, v, COUNT(v));
	for (size_t i = 0; i < COUNT(v); i++)
		v[i] = 10 + i;
	end = b->size + 16 + sizeof(v);
	page_data(b, v, COUNT(v));
	b->size = end;
}

static int write_seeds(size_t nhead, const char *dir)
{
	static const char *const many[] = { "cut-hvm-many-entries", "cut-pv-many-entries" };
	int failed = 0;

	(void)mkdir(dir, 0777);
	for (size_t i = 0; i < samples_count; i++) {
		struct build b = { 0 };

		build_sample(&b, &samples[i]);
		failed |= write_headed(dir, samples[i].name, nhead, i, &b);
		if (nhead == 3) /* and without flags, on which much depends */
			failed |= write_unheaded(dir, samples[i].name, nhead, &b);
		build_free(&b);
	}
	for (size_t i = 0; i < COUNT(many); i++) {
		struct build b = { 0 };

		many_entries(&b, i);
		failed |= write_headed(dir, many[i], nhead, samples_count + i, &b);
		build_free(&b);
	}
	return failed;
}

/* --- image directories ------------------------------------------------------------------------ */

static void put_name(struct build *b, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < FILES_NAMES; i++)
		if (strcmp(path, files_names[i]) == 0) {
			put8(b, (uint8_t)i);
			return;
		}
	for (size_t i = 0; i < files_kinds(); i++)
		if (strncmp(path, RECORDS_DIR "/", sizeof(RECORDS_DIR)) == 0 &&
		    strcmp(path + sizeof(RECORDS_DIR) + 6, files_kind(i)->name) == 0) {
			put8(b, (uint8_t)(FILES_NAMES + i));
			return;
		}
	put8(b, FILES_FREE);
	put8(b, (uint8_t)n);
	put(b, path, n);
}

/* Stores only page frames that aren't zero, a few bytes of each. */
static void put_memory(struct build *b, int fd)
{
	uint8_t page[XST_PAGE_SIZE];

	put_name(b, MEMORY_FILE);
	put8(b, FILES_WHOLE);
	put16(b, 0);
	for (uint64_t i = 0; pread(fd, page, sizeof(page), (off_t)(i * sizeof(page))) > 0; i++) {
		if (!page[0] && memcmp(page, page + 1, sizeof(page) - 1) == 0) /* zeroes */
			continue;
		put_name(b, MEMORY_FILE);
		put8(b, FILES_PART);
		put32(b, (uint32_t)i);
		put16(b, 8);
		put(b, page, 8);
	}
}

static void put_file(struct build *b, int dir, const char *path)
{
	uint8_t data[65535];
	int fd = openat(dir, path, O_RDONLY);
	ssize_t n;

	if (fd >= 0 && strcmp(path, MEMORY_FILE) == 0) {
		put_memory(b, fd);
	} else if (fd >= 0 && (n = read(fd, data, sizeof(data))) >= 0) {
		put_name(b, path);
		put8(b, FILES_WHOLE);
		put16(b, (uint16_t)n);
		put(b, data, (size_t)n);
	}
	close(fd);
}

/* In the order of their names, which determines the records' numbers. */
static void put_folder(struct build *b, int dir, const char *path)
{
	struct dirent **names = NULL;
	int n = scandirat(dir, *path ? path : ".", &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char longer[512];
		struct stat st;

		snprintf(longer, sizeof(longer), "%s%s%s", path, *path ? "/" : "", names[i]->d_name);
		if (names[i]->d_name[0] == '.' || fstatat(dir, longer, &st, 0) < 0)
			;
		else if (S_ISDIR(st.st_mode))
			put_folder(b, dir, longer);
		else
			put_file(b, dir, longer);
		free(names[i]);
	}
	free(names);
}

static int restore(const struct build *b, const char *path)
{
	struct xst_directory_options to = { .size = sizeof(to), .path = path };
	struct xst_restore_options o = { .size = sizeof(o), .flags = XST_RESTORE_NO_CONFIG };
	struct xst_restore_result result;
	struct xst_directory_sinks s;
	int r;

	if (xst_directory_sinks(&to, &s) < 0)
		return -1;
	o.fd = file_of(b->data, b->size);
	o.domid = 5;
	o.domain = s.domain;
	o.xenstore = s.xenstore;
	o.emulator = s.emulator;
	r = xst_restore_run(&o, -1, &result);
	close(o.fd);
	return r;
}

/* Streams that can't be restored are skipped. */
static int write_directories(const char *dir)
{
	int failed = 0, fd;

	(void)mkdir(dir, 0777);
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; fd >= 0 && i < samples_count; i++) {
		struct build b = { 0 }, files = { 0 };
		char path[4096];
		int image;

		snprintf(path, sizeof(path), "%s/.d", dir);
		build_sample(&b, &samples[i]);
		if (restore(&b, path) == 0 &&
		    (image = xst_directory_tree_enter(fd, ".d", false)) >= 0) {
			put_folder(&files, image, "");
			close(image);
			failed |= write_seed(dir, samples[i].name, (const uint8_t *)"", 0, &files);
			failed |= xst_directory_tree_remove(fd, ".d");
		}
		build_free(&b);
		build_free(&files);
	}
	return failed || fd < 0 || close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "dict") == 0)
		return write_dictionary(argv[2]);
	if (strcmp(argv[1], "directory") == 0)
		return write_directories(argv[2]);
	return write_seeds((size_t)strtoul(argv[1], NULL, 10) % 17, argv[2]);
}
