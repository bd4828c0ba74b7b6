/* SPDX-License-Identifier: MIT */
/* Writes the seeds of a fuzz target into a directory, or a dictionary out of the wire tables.
 *
 *   seeds HEAD DIRECTORY   HEAD octets for the target's flags stand in front of each stream
 *   seeds dict FILE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build.h"
#include "wire/bytes.h"
#include "wire/wire.h"

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
	rows(f, wire_libxl_records, wire_libxl_count);
	rows(f, wire_libxc_records, wire_libxc_count);
	rows(f, wire_legacy_chunks, wire_legacy_chunks_count);
	rows(f, wire_legacy_ext_blocks, wire_legacy_ext_blocks_count);
	rows(f, wire_xenserver_records, wire_xenserver_count);
	for (size_t i = 0; i < 3; i++)
		entry(f, "signature", wire_signatures[i].text, LEGACY_SIGNATURE_SIZE);
	entry(f, "xl", XL_MAGIC, XL_MAGIC_SIZE);
	entry(f, "libvirt", LIBVIRT_MAGIC, LIBVIRT_MAGIC_SIZE);
	entry(f, "xend", XEND_MAGIC, XEND_MAGIC_SIZE);
	entry(f, "receive", XEND_REQUEST, sizeof(XEND_REQUEST) - 1);
	entry(f, "sslreceive", XEND_REQUEST_SSL, sizeof(XEND_REQUEST_SSL) - 1);
	entry(f, "xenserver", XENSERVER_MAGIC, XENSERVER_MAGIC_SIZE);
	entry(f, "handshake", XENSERVER_HANDSHAKE, XENSERVER_HANDSHAKE_SIZE);
	entry(f, "xenserver 6", XENSERVER6_MAGIC, XENSERVER_MAGIC_SIZE);
	put_number(ident, 8, true, LIBXL_IDENT);
	entry(f, "libxl", ident, 8);
	put_number(ident, 4, true, LIBXC_IDENT);
	entry(f, "libxc", ident, 4);
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

/* Each sample with a head of its own, so that every flag is met. */
static int write_seeds(size_t nhead, const char *dir)
{
	int failed = 0;

	(void)mkdir(dir, 0777);

	for (size_t i = 0; i < samples_count; i++) {
		uint8_t head[16];
		struct build b = { 0 };

		for (size_t k = 0; k < sizeof(head); k++)
			head[k] = (uint8_t)(i * (k + 1) * 29);
		head[1] = nhead == 2 ? (uint8_t)i : 0;
		build_sample(&b, &samples[i]);
		failed |= write_seed(dir, samples[i].name, head, nhead, &b);
		build_free(&b);
	}
	return failed;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "dict") == 0)
		return write_dictionary(argv[2]);
	return write_seeds((size_t)strtoul(argv[1], NULL, 10) % 17, argv[2]);
}
