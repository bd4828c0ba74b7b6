/* SPDX-License-Identifier: MIT */
/* The suspend images of XenServer and XCP-ng: a magic, then records of u64 type and u64 length. */
#include "wire/wire.h"

#define IMAGE(number, label, text)                                            \
	{ .type = number, .kind = XST_KIND_XENSERVER_IMAGE, .name = label,    \
	  .summary = text " follows, outside the record" }
#define STATE(number, what, label, text)                                      \
	{ .type = number, .kind = XST_KIND_##what, .name = label,             \
	  .tail = WIRE_RUN, .summary = text }

const struct wire_record xst_wire_xenserver_header = {
	.kind = XST_KIND_XENSERVER_HEADER,
	.name = "XENSERVER_HEADER",
	.fixed = XENSERVER_MAGIC_SIZE,
	.magic = XENSERVER_MAGIC,
	.magic_size = XENSERVER_MAGIC_SIZE,
	.summary = "XenServer, XCP-ng: magic",
};

const struct wire_record xst_wire_xenserver_handshake = {
	.kind = XST_KIND_XENOPS_HANDSHAKE,
	.name = "XENOPS_HANDSHAKE",
	.fixed = XENSERVER_HANDSHAKE_SIZE,
	.summary = "XenServer: success, a message of length 0; before a captured migration",
};

const struct wire_record xst_wire_xenserver6_header = {
	.kind = XST_KIND_XENSERVER_HEADER,
	.name = "XENSERVER6_HEADER",
	.fixed = XENSERVER_MAGIC_SIZE,
	.magic = XENSERVER6_MAGIC,
	.magic_size = XENSERVER_MAGIC_SIZE,
	.summary = "XenServer 6 and older: magic",
};

const struct wire_record xst_wire_xenserver_records[] = {
	STATE(0xf, CONFIG, "XENOPS", "xenopsd's data about the VM, an s-expression"),
	IMAGE(XENSERVER_LIBXC, "LIBXC", "a libxc image"),
	IMAGE(XENSERVER_LIBXL, "LIBXL", "a libxl stream"),
	IMAGE(XENSERVER_LIBXC_LEGACY, "LIBXC_LEGACY", "a legacy stream"),
	STATE(0xf00, EMULATOR_CONTEXT, "QEMU_TRAD", "the device model's own state, of any QEMU"),
	STATE(XENSERVER_QEMU_XEN, EMULATOR_CONTEXT, "QEMU_XEN", "the device model's own state"),
	STATE(0xf10, DEMU, "DEMU", "a virtual GPU's state; length 0: unknown"),
	STATE(0xf11, VARSTORED, "VARSTORED", "UEFI variables"),
	STATE(0xf12, SWTPM0, "SWTPM0", "a virtual TPM's state"),
	STATE(0xf13, SWTPM, "SWTPM", "a virtual TPM's state as base64 text"),
	{ .type = 0xffff, .kind = XST_KIND_END_OF_IMAGE, .name = "END_OF_IMAGE",
	  .summary = "ends the image, whatever follows" },
};
const size_t xst_wire_xenserver_count =
	sizeof(xst_wire_xenserver_records) / sizeof(xst_wire_xenserver_records[0]);
