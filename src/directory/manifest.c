/* SPDX-License-Identifier: MIT */
/* A description of the directory, as JSON for people and programs.  Nothing here reads it back: the
 * files themselves count.  All strings are fixed names, so none needs escaping. */
#include "directory/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define WINDOW 65536

struct census {
	uint64_t described, with_contents, last, by_type[16];
};

static void manifest_count(struct census *c, uint64_t pfn, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!(bytes[i] & PAGE_KNOWN))
			continue;
		c->described++;
		c->last = pfn + i;
		c->by_type[bytes[i] & 0xfu]++;
		c->with_contents += XST_PAGE_HAS_DATA(bytes[i] & 0xfu);
	}
}

static int take_census(int fd, struct census *c)
{
	uint8_t *window = malloc(WINDOW);
	uint64_t pfn = 0;
	ssize_t k = window ? 0 : -ENOMEM;

	while (window && (k = xst_directory_pages_read(fd, &pfn, window, WINDOW)) > 0) {
		manifest_count(c, pfn, window, (size_t)k);
		pfn += (uint64_t)k;
	}
	free(window);
	return k < 0 ? (int)k : 0;
}

static void print_pages(FILE *f, const struct census *c)
{
	const char *comma = "";

	fprintf(f,
		"  \"pages\": {\n    \"described\": %" PRIu64 ",\n    \"with_contents\": %" PRIu64
		",\n",
		c->described, c->with_contents);
	if (c->described)
		fprintf(f, "    \"last_pfn\": %" PRIu64 ",\n", c->last);
	fputs("    \"types\": {", f);
	for (unsigned i = 0; i < 16; i++) {
		if (!c->by_type[i])
			continue;
		fprintf(f, "%s\n      \"%s\": %" PRIu64, comma, xst_page_type_name(i),
			c->by_type[i]);
		comma = ",";
	}
	fputs("\n    }\n  },\n", f);
}

static bool is_of_vcpu(enum xst_kind kind)
{
	const struct wire_record *row = xst_directory_record_row(kind);

	return row->nfields && row->field[0].id == XST_FIELD_VCPU_ID;
}

static void print_records(FILE *f, const struct directory *d)
{
	const char *comma = "";
	char name[RECORD_NAME_MAX];

	fputs("  \"records\": [", f);
	for (size_t i = 0; i < d->nslots; i++) {
		const struct slot *s = &d->slots[i];

		if (s->dropped)
			continue;
		xst_directory_record_file_name(name, (unsigned)i, s->kind);
		fprintf(f,
			"%s\n    { \"file\": \"" RECORDS_DIR
			"/%s\", \"record\": \"%s\", \"octets\": %" PRIu64,
			comma, name, xst_directory_record_row(s->kind)->name, s->size);
		if (is_of_vcpu(s->kind))
			fprintf(f, ", \"vcpu\": %u", s->id);
		fputs(" }", f);
		comma = ",";
	}
	fputs("\n  ]\n}\n", f);
}

static void print_config(FILE *f, const struct xst_restore_domain *domain)
{
	if (domain->config)
		fprintf(f,
			"  \"config\": { \"file\": \"" CONFIG_FILE
			"\", \"language\": \"%s\", \"replaced\": %s },\n",
			domain->config_json ? "json" : "xl.cfg",
			domain->config_replaced ? "true" : "false");
}

static void manifest_print(FILE *f, const struct directory *d, const struct census *c)
{
	const struct xst_restore_domain *domain = d->domain;

	fputs("{\n  \"format\": \"xenstream image directory\",\n  \"version\": 1,\n", f);
	fprintf(f, "  \"guest\": \"%s\",\n", d->guest_type == LIBXC_GUEST_PV ? "pv" : "hvm");
	fprintf(f, "  \"xen\": \"%u.%u\",\n  \"image_version\": %u,\n", d->xen_major, d->xen_minor,
		d->image_version);
	fprintf(f, "  \"byte_order\": \"%s\",\n", d->big_endian ? "big" : "little");
	fprintf(f, "  \"container\": \"%s\",\n",
		domain->xl	? "xl"
		: domain->libxl ? "libxl"
				: "libxc");
	fprintf(f, "  \"converted\": %s,\n", domain->converted ? "true" : "false");
	if (d->state > 1)
		fprintf(f, "  \"checkpoints\": %" PRIu64 ",\n", d->state - 1);
	print_config(f, domain);
	fputs("  \"memory\": { \"file\": \"" MEMORY_FILE "\", \"page_size\": 4096 },\n", f);
	print_pages(f, c);
	if (d->emulator_name[0])
		fprintf(f, "  \"emulator\": { \"file\": \"%s\", \"octets\": %" PRIu64 " },\n",
			d->emulator_name, d->emulator_size);
	if (d->xenstore_state)
		fputs("  \"xenstore\": { \"directory\": \"" XENSTORE_DIR "\" },\n", f);
	print_records(f, d);
}

int xst_directory_manifest_write(struct directory *d)
{
	struct census c = { 0 };
	int r = xst_directory_result(d, take_census(d->memory.pages, &c), PAGES_FILE), fd;
	FILE *f;

	if (r)
		return r;
	fd = xst_directory_tree_create(d->dir, MANIFEST_FILE);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		r = fd < 0 ? fd : -errno;
		if (fd >= 0)
			close(fd);
		return xst_directory_result(d, r, MANIFEST_FILE);
	}
	manifest_print(f, d, &c);
	r = ferror(f) ? -EIO : 0;
	return fclose(f) != 0 || r ? xst_directory_io_error(d, errno ? errno : EIO, MANIFEST_FILE)
				   : 0;
}
