/* SPDX-License-Identifier: MIT */
/* The result of info: one screen, or one JSON document. */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/foreign/foreign_config.h"
#include "config/stored.h"
#include "limits/limits.h"

/* --- words ---------------------------------------------------------------------------------- */

static void row(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void row(const char *label, const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	printf("%-12s", label);
	if (n >= 0) {
		xst_cli_print_text(stdout, text);
		free(text);
	}
	putchar('\n');
}

static const char *info_count(uint64_t n, const char *one, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRIu64 " %s%s", n, one, n == 1 ? "" : "s");
	return buf;
}

static const char *emulator_name(const struct xst_info *i)
{
	return i->emulator_signature ? i->emulator_signature : xst_emulator_name(i->emulator_id);
}

static const char *guest_name(const struct xst_info *i)
{
	switch (i->guest) {
	case XST_GUEST_PV:  return "PV";
	case XST_GUEST_HVM: return i->emulators || i->legacy ? "HVM" : "HVM or PVH";
	case XST_GUEST_UNKNOWN: break;
	}
	return "unknown";
}

static const char *title_of(enum xst_layer layer)
{
	const struct xst_format *f = xst_format_of(layer);

	return f ? f->title : "unknown format";
}

/* The format whose container stores a configuration in another language than xl's, or NULL. */
static const struct xst_format *stored_in(const struct xst_info *i)
{
	const struct xst_format *f = xst_format_of(i->container);

	return i->config_size && f && f->config_title ? f : NULL;
}

static void format_row(const char *compression, const struct xst_info *i)
{
	const struct xst_format *stored = stored_in(i);
	char text[256] = "";
	size_t n = 0;

	if (i->xl)
		n += (size_t)snprintf(text, sizeof(text), "%s, %s configuration > ",
				      title_of(XST_LAYER_XL),
				      !i->config_size	      ? "no"
				      : i->xl_flags & XST_XL_JSON ? "JSON"
							      : "text");
	if (i->container)
		n += (size_t)snprintf(text, sizeof(text), "%s%s%s > ",
				      title_of(i->container), stored ? ", " : "",
				      stored ? stored->config_title : "");
	if (i->libxl)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s v2 > ",
				      title_of(XST_LAYER_LIBXL));
	if (i->libxc)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s v%" PRIu32 "%s",
				      title_of(XST_LAYER_LIBXC), i->image_version, i->big_endian ? ", big-endian" : "");
	if (i->legacy)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%s of a %u-bit toolstack", title_of(XST_LAYER_LEGACY),
				      i->toolstack_width * 8);
	if (n >= 3 && strcmp(text + n - 3, " > ") == 0)
		text[n - 3] = '\0';
	row("Format", "%s%s%s", compression ? compression : "", compression ? "-compressed: " : "",
	    text);
}

static void flags_row(const struct xst_info *i)
{
	uint32_t unknown = i->xl_flags & ~(XST_XL_JSON | XST_XL_LIBXL_V2);
	char other[32] = "";

	if (!i->xl)
		return;
	if (unknown)
		snprintf(other, sizeof(other), ", unknown bits %#" PRIx32, unknown);
	row("xl flags", "%s, %s%s", i->xl_flags & XST_XL_JSON ? "JSON configuration" : "text configuration",
	    i->xl_flags & XST_XL_LIBXL_V2 ? "libxl stream v2" : "legacy stream", other);
}

static void writer_row(const struct xst_info *i)
{
	if (i->legacy)
		row("Written by", "Xen 4.5 or older (today's Xen needs it converted)");
	else if (i->converted)
		row("Written by", "a converter, from a legacy stream");
	else if (i->libxc)
		row("Written by", "Xen %" PRIu32 ".%" PRIu32, i->xen_major, i->xen_minor);
}

static void guest_row(const struct xst_info *i)
{
	char vcpus[32] = "vCPUs unknown";

	if (i->vcpus || !i->verdict.errors) /* a damaged image may have lost them */
		info_count(i->vcpus, "vCPU", vcpus, sizeof(vcpus));
	if (i->guest == XST_GUEST_PV && i->guest_width)
		row("Guest", "PV, %u-bit, %u levels of page tables, %s", i->guest_width * 8,
		    i->pt_levels, vcpus);
	else if (i->guest != XST_GUEST_UNKNOWN)
		row("Guest", "%s, %s", guest_name(i), vcpus);
}

static void memory_row(const struct xst_info *i)
{
	uint64_t pages = 0, tables = 0, pinned = 0;
	char size[32], in_pages[32];

	for (unsigned t = 0; t < XST_PAGE_BROKEN; t++)
		pages += i->pages_by_type[t];
	for (unsigned t = XST_PAGE_L1TAB; t <= XST_PAGE_L4TAB; t++) {
		tables += i->pages_by_type[t] + i->pages_by_type[t | XST_PAGE_PINNED];
		pinned += i->pages_by_type[t | XST_PAGE_PINNED];
	}
	printf("%-12s%s in %s", "Memory",
	       xst_cli_human_size(pages * XST_PAGE_SIZE, size, sizeof(size)),
	       info_count(pages, "page", in_pages, sizeof(in_pages)));
	if (tables)
		printf(", %" PRIu64 " of them page tables (%" PRIu64 " pinned)", tables, pinned);
	for (unsigned t = XST_PAGE_BROKEN; t < 16; t++)
		if (i->pages_by_type[t])
			printf("; %" PRIu64 " %s", i->pages_by_type[t], xst_page_type_name(t));
	if (i->p2m_size)
		printf("; p2m of %" PRIu64, i->p2m_size);
	putchar('\n');
}

static void batches_row(const struct xst_info *i)
{
	char frames[48], again[48];

	row("Batches", "%" PRIu64 " page batch%s, %s, %s sent again%s", i->batches,
	    i->batches == 1 ? "" : "es",
	    info_count(i->page_frames, "page frame", frames, sizeof(frames)),
	    info_count(i->sent_twice, "page", again, sizeof(again)),
	    i->types_exact ? "" : " (too many to track; counted by entry)");
}

static void state_rows(const struct xst_info *i)
{
	char size[32], keys[48];

	if (i->checkpoints)
		row("Checkpoints", "%" PRIu64 " complete%s", i->checkpoints,
		    i->compressed ? ", compressed from the second on" : "");
	info_count(i->xenstore_keys, i->legacy ? "physmap entry" : "xenstore key", keys,
		   sizeof(keys));
	if (i->legacy && i->xenstore_keys != 1)
		snprintf(keys, sizeof(keys), "%" PRIu64 " physmap entries", i->xenstore_keys);
	if (i->emulators)
		row("Emulator", "%s, %s of state, %s", emulator_name(i),
		    xst_cli_human_size(i->emulator_size, size, sizeof(size)), keys);
	else if (i->guest == XST_GUEST_HVM)
		row("Emulator", "no state%s%s", i->xenstore_keys ? ", " : "",
		    i->xenstore_keys ? keys : "");
	if (i->tsc)
		row("TSC", "mode %" PRIu64 ", %.3f MHz", i->tsc_mode, (double)i->tsc_khz / 1000);
	if (i->image_version >= 3)
		row("Policies", "%s", i->cpuid_policy && i->msr_policy ? "CPUID and MSR"
				      : i->cpuid_policy ? "CPUID" : i->msr_policy ? "MSR" : "none");
}

static int info_read_config(const struct xst_info *i, struct config_view *ret,
			    struct config_error *err)
{
	return xst_config_view_of(i->container, (const char *)i->config, i->config_size, ret, err);
}

static void disk_words(const struct config_disk *d, char *buf, size_t size)
{
	snprintf(buf, size, "%s as %s%s", d->target ? d->target : "(empty)",
		 d->vdev ? d->vdev : "?", d->readonly ? ", read-only" : "");
}

static void vif_words(const struct config_vif *v, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", v->mac ? v->mac : "(no address)", v->bridge ? " on " : "",
		 v->bridge ? v->bridge : "");
}

static void device_rows(const struct config_view *v)
{
	char words[512];

	for (size_t k = 0; k < v->ndisks && k < LIMIT_DEVICES; k++) {
		disk_words(&v->disks[k], words, sizeof(words));
		row(k ? "" : "Disks", "%s", words);
	}
	if (v->ndisks > LIMIT_DEVICES)
		row("", "and %zu more", v->ndisks - LIMIT_DEVICES);
	for (size_t k = 0; k < v->nvifs && k < LIMIT_DEVICES; k++) {
		vif_words(&v->vifs[k], words, sizeof(words));
		row(k ? "" : "Networks", "%s", words);
	}
	if (v->nvifs > LIMIT_DEVICES)
		row("", "and %zu more", v->nvifs - LIMIT_DEVICES);
}

static double info_mib(uint64_t kib)
{
	return (double)kib / 1024;
}

static void view_rows(const struct config_view *v)
{
	uint64_t vcpus = v->vcpus ? v->vcpus : 1;

	if (v->name)
		row("Domain", "%s%s%s", v->name, v->uuid ? ", uuid " : "", v->uuid ? v->uuid : "");
	if (v->type != CONFIG_TYPE_UNKNOWN || v->memory_kib)
		row("Configured", "%s, %g MiB of memory (at most %g), %" PRIu64 " vCPU%s",
		    v->type == CONFIG_TYPE_UNKNOWN ? "?" : xst_config_type_name(v->type),
		    info_mib(v->memory_kib),
		    info_mib(v->maxmem_kib ? v->maxmem_kib : v->memory_kib), vcpus,
		    vcpus > 1 ? "s" : "");
	if (v->kernel)
		row("Kernel", "%s", v->kernel);
	device_rows(v);
}

static void config_rows(const struct xst_info *i)
{
	struct config_error err = { 0 };
	struct config_view v = { 0 };
	char line[320];

	if (!i->config_size)
		return;
	if (info_read_config(i, &v, &err) == 0) {
		view_rows(&v);
	} else if (!i->container) {
		xst_config_error_format(&err, "the configuration can't be understood", line,
					sizeof(line));
		row("", "(%s)", line);
	}
	xst_config_view_clear(&v);
}

static void size_row(const struct xst_info *i)
{
	char pages[32], vcpus[32], emulator[32], config[32], framing[32];

	row("Sizes", "pages %s, vCPU state %s, emulator %s, configuration %s, framing %s",
	    xst_cli_human_size(i->sizes.pages, pages, sizeof(pages)),
	    xst_cli_human_size(i->sizes.vcpus, vcpus, sizeof(vcpus)),
	    xst_cli_human_size(i->sizes.emulator, emulator, sizeof(emulator)),
	    xst_cli_human_size(i->sizes.config, config, sizeof(config)),
	    xst_cli_human_size(i->sizes.framing, framing, sizeof(framing)));
}

static void restorable_rows(const struct xst_info *i)
{
	const struct xst_restorability *r = &i->restorability;
	const struct xst_reason *reason;
	char line[256];

	row("Restorable", "by %s", xst_cli_restorable_words(r, line, sizeof(line)));
	for (size_t k = 0; (reason = xst_cli_deciding_reason(r, &k));)
		row("", "%s", xst_cli_reason_words(reason, line, sizeof(line)));
}

static void verdict_rows(const struct xst_info *i)
{
	char line[512], remarks[32];

	if (i->verdict.errors) {
		xst_finding_format(&i->damage, NULL, line, sizeof(line));
		row("State", "DAMAGED: %s", line);
		if (i->verdict.errors > 1)
			row("", "and %" PRIu64 " more errors (xenstream verify)",
			    i->verdict.errors - 1);
	} else if (i->verdict.remarks) {
		row("State", "complete, %s (xenstream verify)",
		    info_count(i->verdict.remarks, "remark", remarks, sizeof(remarks)));
	} else {
		row("State", "complete");
	}
	if (i->verdict.trailing)
		row("", "%" PRIu64 " bytes follow its end", i->verdict.trailing);
}

void xst_cli_info_print(const char *file, uint64_t size, const char *compression,
			const struct xst_info *i)
{
	char text[32];

	row("File", "%s%s%s", file, size ? ", " : "",
	    size ? xst_cli_human_size(size, text, sizeof(text)) : "");
	format_row(compression, i);
	flags_row(i);
	writer_row(i);
	config_rows(i);
	guest_row(i);
	if (i->batches) {
		memory_row(i);
		batches_row(i);
	}
	state_rows(i);
	if (i->restorability.n)
		restorable_rows(i);
	size_row(i);
	verdict_rows(i);
}

/* --- JSON ----------------------------------------------------------------------------------- */

static void put_text(json_object *o, const char *key, const char *s)
{
	if (s)
		json_object_object_add(o, key, xst_cli_json_text(s, strlen(s)));
}

static void info_put(json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, xst_cli_json_u64(v));
}

static void put_flag(json_object *o, const char *key, bool v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

static json_object *layers_json(const struct xst_info *i)
{
	const struct {
		bool there;
		enum xst_layer layer;
	} layers[] = { { i->xl, XST_LAYER_XL },
		       { i->container, i->container },
		       { i->libxl, XST_LAYER_LIBXL },
		       { i->libxc, XST_LAYER_LIBXC },
		       { i->legacy, XST_LAYER_LEGACY } };
	json_object *a = json_object_new_array();

	for (size_t k = 0; k < sizeof(layers) / sizeof(layers[0]); k++)
		if (layers[k].there)
			json_object_array_add(
				a, json_object_new_string(xst_layer_name(layers[k].layer)));
	return a;
}

static void put_words(json_object *a, const char *words)
{
	json_object_array_add(a, xst_cli_json_text(words, strlen(words)));
}

static json_object *disks_json(const struct config_view *v)
{
	json_object *a = json_object_new_array();
	char words[512];

	for (size_t k = 0; k < v->ndisks; k++) {
		disk_words(&v->disks[k], words, sizeof(words));
		put_words(a, words);
	}
	return a;
}

static json_object *vifs_json(const struct config_view *v)
{
	json_object *a = json_object_new_array();
	char words[512];

	for (size_t k = 0; k < v->nvifs; k++) {
		vif_words(&v->vifs[k], words, sizeof(words));
		put_words(a, words);
	}
	return a;
}

static const char *config_language_name(const struct xst_info *i)
{
	const struct xst_format *stored = stored_in(i);

	if (stored)
		return stored->config_word;
	if (i->xl)
		return i->xl_flags & XST_XL_JSON ? "json" : "xl.cfg";
	return i->config[0] == '{' ? "json" : "xl.cfg";
}

static void view_json(json_object *o, const struct config_view *v)
{
	put_text(o, "name", v->name);
	put_text(o, "uuid", v->uuid);
	if (v->type != CONFIG_TYPE_UNKNOWN)
		put_text(o, "type", xst_config_type_name(v->type));
	put_text(o, "kernel", v->kernel);
	put_text(o, "ramdisk", v->ramdisk);
	put_text(o, "cmdline", v->cmdline);
	put_text(o, "device_model", v->device_model);
	put_text(o, "firmware", v->firmware);
	put_text(o, "boot", v->boot);
	if (v->memory_kib)
		json_object_object_add(o, "memory_mib",
				       json_object_new_double(info_mib(v->memory_kib)));
	if (v->maxmem_kib)
		json_object_object_add(o, "maxmem_mib",
				       json_object_new_double(info_mib(v->maxmem_kib)));
	if (v->vcpus)
		info_put(o, "vcpus", v->vcpus);
	if (v->maxvcpus)
		info_put(o, "maxvcpus", v->maxvcpus);
	json_object_object_add(o, "disks", disks_json(v));
	json_object_object_add(o, "vifs", vifs_json(v));
}

static json_object *config_json(const struct xst_info *i)
{
	json_object *o = json_object_new_object();
	struct config_error err = { 0 };
	struct config_view v = { 0 };
	bool understood = info_read_config(i, &v, &err) == 0;

	put_text(o, "language", config_language_name(i));
	put_flag(o, "understood", understood);
	if (!understood && err.text[0])
		put_text(o, "error", err.text);
	view_json(o, &v);
	xst_config_view_clear(&v);
	return o;
}

static json_object *memory_json(const struct xst_info *i)
{
	json_object *o = json_object_new_object(), *types = json_object_new_object();
	uint64_t pages = 0;

	for (unsigned t = 0; t < 16; t++) {
		if (i->pages_by_type[t])
			info_put(types, xst_page_type_name(t), i->pages_by_type[t]);
		if (XST_PAGE_HAS_DATA(t))
			pages += i->pages_by_type[t];
	}
	info_put(o, "pages", pages);
	json_object_object_add(o, "by_type", types);
	put_flag(o, "exact", i->types_exact);
	info_put(o, "batches", i->batches);
	info_put(o, "page_frames", i->page_frames);
	info_put(o, "sent_twice", i->sent_twice);
	if (i->p2m_size)
		info_put(o, "p2m_size", i->p2m_size);
	return o;
}

static json_object *sizes_json(const struct xst_info *i)
{
	json_object *o = json_object_new_object();

	info_put(o, "pages", i->sizes.pages);
	info_put(o, "vcpus", i->sizes.vcpus);
	info_put(o, "emulator", i->sizes.emulator);
	info_put(o, "config", i->sizes.config);
	info_put(o, "framing", i->sizes.framing);
	return o;
}

static json_object *info_verdict_json(const char *file, const struct xst_info *i)
{
	json_object *o = json_object_new_object();

	info_put(o, "errors", i->verdict.errors);
	info_put(o, "remarks", i->verdict.remarks);
	info_put(o, "notes", i->verdict.notes);
	info_put(o, "records", i->verdict.records);
	info_put(o, "end", i->verdict.end);
	info_put(o, "trailing", i->verdict.trailing);
	if (i->damage.text[0])
		json_object_object_add(o, "damage", xst_cli_finding_json(file, &i->damage));
	return o;
}

static json_object *emulator_json(const struct xst_info *i)
{
	static const char *const ids[] = { "unknown", "qemu-traditional", "qemu" };
	json_object *o = json_object_new_object();

	put_text(o, "name", i->emulator_signature ? i->emulator_signature
			    : i->emulator_id < 3  ? ids[i->emulator_id]
						  : "of an unknown kind");
	info_put(o, "octets", i->emulator_size);
	info_put(o, "xenstore_keys", i->xenstore_keys);
	return o;
}

static void versions_json(json_object *o, const struct xst_info *i)
{
	if (i->libxc) {
		info_put(o, "image_version", i->image_version);
		put_flag(o, "big_endian", i->big_endian);
		put_flag(o, "converted_from_legacy", i->converted);
		info_put(o, "xen_major", i->xen_major);
		info_put(o, "xen_minor", i->xen_minor);
	}
	if (i->legacy)
		info_put(o, "toolstack_bits", i->toolstack_width * 8);
	json_object_object_add(o, "guest",
			       json_object_new_string(i->guest == XST_GUEST_PV	  ? "pv"
						      : i->guest == XST_GUEST_HVM ? "hvm"
										  : "unknown"));
	if (i->guest_width) {
		info_put(o, "guest_bits", i->guest_width * 8);
		info_put(o, "pt_levels", i->pt_levels);
	}
}

json_object *xst_cli_info_json(const char *file, uint64_t size, const char *compression,
			       const struct xst_info *i)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "schema", json_object_new_string("xenstream-info/1"));
	put_text(o, "file", file);
	if (size)
		info_put(o, "size", size);
	put_text(o, "compression", compression);
	json_object_object_add(o, "layers", layers_json(i));
	versions_json(o, i);
	info_put(o, "vcpus", i->vcpus);
	json_object_object_add(o, "memory", memory_json(i));
	if (i->config_size)
		json_object_object_add(o, "config", config_json(i));
	if (i->emulators)
		json_object_object_add(o, "emulator", emulator_json(i));
	info_put(o, "checkpoints", i->checkpoints);
	put_flag(o, "compressed", i->compressed);
	if (i->tsc) {
		info_put(o, "tsc_mode", i->tsc_mode);
		info_put(o, "tsc_khz", i->tsc_khz);
	}
	put_flag(o, "cpuid_policy", i->cpuid_policy);
	put_flag(o, "msr_policy", i->msr_policy);
	json_object_object_add(o, "octets", sizes_json(i));
	json_object_object_add(o, "restorable", xst_cli_restorability_json(&i->restorability, 0));
	json_object_object_add(o, "verdict", info_verdict_json(file, i));
	return o;
}
