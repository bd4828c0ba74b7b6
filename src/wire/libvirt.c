/* SPDX-License-Identifier: MIT */
/* The file of libvirt's Xen driver. */
#include "wire/wire.h"

const struct wire_record xst_wire_libvirt_header = {
	.kind = XST_KIND_LIBVIRT_HEADER,
	.name = "LIBVIRT_HEADER",
	.fixed = LIBVIRT_HEADER_SIZE,
	.magic = LIBVIRT_MAGIC,
	.magic_size = LIBVIRT_MAGIC_SIZE,
	.nfields = 2,
	.field = {
		{ XST_FIELD_VERSION, 0x10, 4 },
		{ XST_FIELD_CONFIG_LENGTH, 0x14, 4 },
	},
	.summary = "libvirt: magic, version, length of the configuration; the rest is not used",
};

const struct wire_record xst_wire_libvirt_xml = {
	.kind = XST_KIND_CONFIG,
	.name = "XML",
	.tail = WIRE_RUN,
	.summary = "libvirt: the domain's configuration as XML with a NUL",
};
