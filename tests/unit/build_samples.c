/* SPDX-License-Identifier: MIT */
/* Containers, and one small stream of every kind. */
#include "build_parts.h"

#include <string.h>

/* --- containers ------------------------------------------------------------------------------ */

void libvirt_header(struct build *b, uint32_t version, const char *xml, size_t n)
{
	put(b, "libvirt-xml\n \0 \r", 16);
	put32(b, version);
	put32(b, (uint32_t)n);
	put_zero(b, 40);
	put(b, xml, n);
}

void xend_header(struct build *b, uint32_t length, const char *config)
{
	put(b, "LinuxGuestRecord", 16);
	b->big = true;
	put32(b, length);
	b->big = false;
	put(b, config, strlen(config));
}

void xenserver_record(struct build *b, uint64_t type, uint64_t length)
{
	put64(b, type);
	put64(b, length);
}

/* Two lists, the second one as Xen since 4.16 writes it: eight bytes too many. */
static void colo_capture(struct build *b)
{
	for (unsigned i = 0; i < 2; i++) {
		colo_state(b, 2);
		colo_state(b, 3);
		colo_state(b, 1);
		put32(b, 0xf);
		put32(b, COLO_LIST * 8);
		put_zero(b, i * 8);
		for (uint64_t k = 0; k < COLO_LIST; k++)
			put64(b, 5 + k * 3);
	}
}

static void container_head(struct build *b, const struct sample *s)
{
	static const char sexpr[] = "(domain (name a))";

	switch (s->wrapping) {
	case BARE:
		break;
	case LIBVIRT:
		libvirt_header(b, s->is_legacy ? 1 : 2, "<domain/>", 10);
		break;
	case XEND_CAPTURE:
		put(b, "sslreceive\n", 11);
		xend_header(b, 17, sexpr);
		break;
	case XEND:
		xend_header(b, 17, sexpr);
		break;
	case XENSERVER_CAPTURE:
		put_zero(b, 4); /* two handshakes */
		__attribute__((fallthrough));
	case XENSERVER:
	case XENSERVER_DEMU:
		put(b, "XenSavedDomv2-\n", 15);
		xenserver_record(b, 0xf, 17);
		put(b, sexpr, 17);
		xenserver_record(b, s->is_legacy ? 0xf2 : s->modern.libxl ? 0xf1 : 0xf0, 0);
		break;
	case XENSERVER6:
		put(b, "XenSavedDomain\n", 15);
		break;
	case COLO:
		colo_capture(b);
		break;
	}
}

static void container_tail(struct build *b, const struct sample *s)
{
	b->big = false;
	if (s->wrapping == XENSERVER_DEMU) {
		xenserver_record(b, 0xf10, 0);
		fill(b, 100);
	}
	if (s->wrapping != XENSERVER && s->wrapping != XENSERVER_CAPTURE)
		return;
	for (uint64_t type = 0xf11; type <= 0xf13; type++) {
		xenserver_record(b, type, type - 0xf11);
		fill(b, type - 0xf11);
	}
	if (!s->modern.pv && !s->is_legacy) {
		xenserver_record(b, 0xf00, 34);
		qemu_state(b, 30);
	}
	xenserver_record(b, 0xffff, 0);
}

/* --- samples --------------------------------------------------------------------------------- */

#define DM "DeviceModelRecord0002"
#define REMUS "RemusDeviceModelState"
#define QEMU "QemuDeviceModelRecord"
#define XENSERVER_QEMU QEMU "\n"
#define MODERN(label, ...) { .name = label, .modern = { __VA_ARGS__ } }
#define LEGACY(label, ...) { .name = label, .is_legacy = true, .legacy = { __VA_ARGS__ } }

#define WRAPPED(in, label, ...)                                               \
	{ .name = label, .wrapping = in, .modern = { __VA_ARGS__ } }
#define WRAPPED_LEGACY(in, label, ...)                                        \
	{ .name = label, .wrapping = in, .is_legacy = true, .legacy = { __VA_ARGS__ } }

/* Lists stand here with no element, one, two, and more than the parser tells at once: partial items
 * that get lost at the end of a batch are seen by none but the last. */
const struct sample samples[] = {
	MODERN("xl-hvm", .xl = true, .config = "{\"a\":1}", .batches = 2, .pages = 2, .holes = 2,
	       .params = 2, .pairs = 2, .emulator = 50),
	MODERN("xl-hvm-plain", .xl = true, .batches = 1, .pages = 1, .params = 1, .pairs = 1,
	       .emulator = 1),
	MODERN("xl-hvm-no-device-model", .xl = true, .config = "", .batches = 1, .holes = 1,
	       .stray_optional = 9, .params = SIZE_MAX),
	MODERN("libxl-hvm-large-lists", .libxl = true, .leaves = 171, .msrs = 342, .batches = 1,
	       .holes = 1026, .params = 513, .pairs = 40),
	MODERN("libxl-hvm-checkpoints", .libxl = true, .batches = 1, .pages = 1, .params = 2,
	       .checkpoints = 2, .pairs = 1, .emulator = 9),
	MODERN("libxl-hvm-big-endian", .libxl = true, .big = true, .leaves = 2, .msrs = 2,
	       .batches = 1, .pages = 1, .holes = 1, .params = 2, .pairs = 2, .emulator = 7),
	MODERN("libxl-pv-unknown-records", .libxl = true, .pv = true, .batches = 1, .pages = 2,
	       .unknown = true),
	MODERN("libxl-hvm-colo", .libxl = true, .batches = 1, .pages = 1, .params = 2,
	       .checkpoints = 2, .colo = true, .pairs = 1, .emulator = 9),
	MODERN("xl-pv-checkpoint", .xl = true, .config = "{}", .pv = true, .batches = 1, .pages = 2,
	       .checkpoints = 1),
	MODERN("xl-image", .bare_xl = true, .config = "x", .pv = true, .batches = 1, .pages = 2),
	MODERN("xl-big-endian", .xl = true, .config = "{}", .big = true, .params = 1, .batches = 1,
	       .pages = 1),
	MODERN("image-pv64-v3", .pv = true, .leaves = 1, .msrs = 1, .frames = 2, .batches = 2,
	       .pages = 2, .holes = 1, .vcpus = 2),
	MODERN("image-pv64-v2", .version = 2, .pv = true, .frames = 1025, .batches = 1, .pages = 2,
	       .empty_vcpus = true),
	MODERN("image-pv32-v3", .pv = true, .guest_width = 4, .batches = 1, .pages = 2,
	       .verify = true),
	MODERN("image-pv32-big-endian", .big = true, .pv = true, .guest_width = 4, .batches = 1,
	       .pages = 1, .holes = 3),
	MODERN("image-hvm-v2", .version = 2, .batches = 1, .pages = 1, .params = 1),
	MODERN("image-hvm-v3", .batches = 3, .pages = 1, .holes = 1, .params = 2, .unknown = true),
	MODERN("image-hvm-checkpoint", .batches = 1, .pages = 1, .params = 1, .checkpoints = 1),
	MODERN("image-hvm-device-model", .batches = 1, .holes = 1, .params = 1, .tail = DM,
	       .emulator = 30),
	MODERN("image-hvm-device-model-of-no-bytes", .batches = 1, .holes = 1, .params = 1,
	       .tail = REMUS),
	MODERN("image-hvm-qemu", .batches = 1, .holes = 1, .params = 1, .tail = QEMU,
	       .emulator = 30),
	LEGACY("legacy-hvm-8", .batches = 2, .pages = 2, .holes = 2, .tsc = true, .params = 2,
	       .physmaps = 2, .last_checkpoint = true, .tail = DM, .emulator = 20),
	LEGACY("legacy-hvm-4", .width = 4, .batches = 1, .pages = 1, .holes = 1, .verify = true,
	       .params = 12, .physmaps = 3, .last_checkpoint = true, .tail = REMUS, .emulator = 3),
	LEGACY("legacy-hvm-8-large-lists", .batches = 1, .holes = 1023, .p2m_size = 1 << 20,
	       .params = 1, .physmaps = 1, .vcpus = 129, .toolstack_twice = true,
	       .last_checkpoint = true, .tail = DM),
	LEGACY("legacy-hvm-4-qemu", .width = 4, .batches = 1, .pages = 1, .physmaps = SIZE_MAX,
	       .no_map = true, .last_checkpoint = true, .tail = QEMU, .emulator = 40),
	LEGACY("legacy-hvm-8-no-device-model", .batches = 1, .pages = 1, .physmaps = 0,
	       .last_checkpoint = true),
	LEGACY("legacy-hvm-8-tmem", .batches = 1, .pages = 1, .tmem = true, .tmem_extra = true,
	       .physmaps = SIZE_MAX, .last_checkpoint = true, .tail = DM, .emulator = 4),
	LEGACY("legacy-hvm-8-remus", .batches = 1, .pages = 1, .physmaps = 1, .params = 1,
	       .checkpoints = 3, .tail = REMUS, .emulator = 4),
	LEGACY("legacy-hvm-4-remus-compressed", .width = 4, .batches = 3, .pages = 1, .holes = 1,
	       .physmaps = 1, .params = 1, .checkpoints = 3, .compressed = true, .tail = DM,
	       .emulator = 4),
	LEGACY("legacy-hvm-8-xl", .xl = true, .batches = 1, .pages = 1, .physmaps = 1, .params = 1,
	       .last_checkpoint = true, .tail = DM, .emulator = 4),
	LEGACY("legacy-pv64-8", .pv = true, .extv = true, .xcnt = true, .batches = 1, .pages = 2,
	       .tsc = true, .unmapped = 1, .vcpus = 2, .last_checkpoint = true),
	LEGACY("legacy-pv32-8", .pv = true, .guest_width = 4, .extv = true, .batches = 1, .pages = 1,
	       .unmapped = 2, .vcpus = 65, .last_checkpoint = true),
	LEGACY("legacy-pv64-4-large-lists", .width = 4, .pv = true, .xcnt = true, .batches = 1,
	       .pages = 1, .holes = 3, .p2m_size = 512 * 1025, .unmapped = 1026, .stranger = true,
	       .last_checkpoint = true),
	LEGACY("legacy-pv32-4-remus", .width = 4, .pv = true, .guest_width = 4, .batches = 1,
	       .pages = 1, .checkpoints = 2, .no_map = true),
	LEGACY("legacy-pv32-4-xl", .xl = true, .width = 4, .pv = true, .guest_width = 4,
	       .batches = 1, .pages = 1, .last_checkpoint = true, .p2m_size = 2048),
	LEGACY("legacy-hvm-4-newline", .width = 4, .batches = 1, .holes = 1, .last_checkpoint = true,
	       .tail = XENSERVER_QEMU, .emulator = 40),
	WRAPPED(LIBVIRT, "libvirt-hvm", .libxl = true, .batches = 1, .holes = 1, .params = 1,
		.pairs = 1, .emulator = 9),
	WRAPPED_LEGACY(LIBVIRT, "libvirt-legacy-hvm", .batches = 1, .holes = 1, .physmaps = 1,
		       .last_checkpoint = true, .tail = DM, .emulator = 4),
	WRAPPED_LEGACY(XEND, "xend-hvm-qemu", .batches = 1, .holes = 1, .physmaps = SIZE_MAX,
		       .last_checkpoint = true, .tail = QEMU, .emulator = 40),
	WRAPPED_LEGACY(XEND_CAPTURE, "xend-pv32-capture", .width = 4, .pv = true, .guest_width = 4,
		       .batches = 1, .holes = 1, .last_checkpoint = true),
	WRAPPED(XENSERVER, "xenserver-hvm", .batches = 1, .holes = 1, .params = 1),
	WRAPPED(XENSERVER, "xenserver-pv", .pv = true, .batches = 1, .holes = 1),
	WRAPPED(XENSERVER, "xenserver-libxl", .libxl = true, .pv = true, .batches = 1, .holes = 1),
	WRAPPED(XENSERVER_DEMU, "xenserver-demu", .batches = 1, .holes = 1, .params = 1),
	WRAPPED_LEGACY(XENSERVER, "xenserver-legacy-hvm", .batches = 1, .holes = 1,
		       .physmaps = SIZE_MAX, .last_checkpoint = true, .tail = DM, .emulator = 4),
	WRAPPED(XENSERVER_CAPTURE, "xenserver-pv-capture", .pv = true, .batches = 1, .holes = 1),
	WRAPPED_LEGACY(XENSERVER, "xenserver-legacy-pv-remus", .width = 4, .pv = true,
		       .guest_width = 4, .batches = 1, .pages = 1, .checkpoints = 2),
	WRAPPED_LEGACY(XENSERVER6, "xenserver6-hvm", .width = 4, .batches = 1, .holes = 1,
		       .physmaps = SIZE_MAX, .tail = XENSERVER_QEMU, .emulator = 40),
	WRAPPED(COLO, "colo-back-channel"),
	WRAPPED_LEGACY(XENSERVER6, "xenserver6-pv64", .width = 4, .pv = true, .batches = 1,
		       .holes = 1, .last_checkpoint = true),
};
const size_t samples_count = sizeof(samples) / sizeof(samples[0]);

void build_sample(struct build *b, const struct sample *s)
{
	container_head(b, s);
	if (s->wrapping == COLO)
		return;
	if (s->is_legacy)
		build_legacy(b, &s->legacy);
	else
		build_modern(b, &s->modern);
	container_tail(b, s);
}
