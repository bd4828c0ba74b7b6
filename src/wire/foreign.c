/* SPDX-License-Identifier: MIT */
/* Files that may be mistaken for a saved Xen domain, by their first bytes. */
#include "wire/wire.h"

#include <string.h>

#define ROW(magic, what) { magic, sizeof(magic) - 1, what }

static const struct wire_foreign foreign[] = {
	ROW("\x1f\x8b", "a gzip file; decompress it first (zcat FILE | xenstream ... -)"),
	ROW("\x28\xb5\x2f\xfd",
	    "a zstd file; decompress it first (zstd -dc FILE | xenstream ... -)"),
	ROW("\xfd" "7zXZ\0", "an xz file; decompress it first (xzcat FILE | xenstream ... -)"),
	ROW("\x04\x22\x4d\x18",
	    "an lz4 file; decompress it first (lz4 -dc FILE | xenstream ... -)"),
	ROW("BZh", "a bzip2 file; decompress it first (bzcat FILE | xenstream ... -)"),
	ROW("PK\x03\x04", "a zip archive"),
	ROW("ova.xml\0",
	    "an exported XenServer VM (.xva); if it was suspended, the suspend image is "
	    "inside, in numbered pieces in one of the Ref: folders (tar -xf FILE)"),
	ROW("LibvirtQemudSave",
	    "a save image of libvirt's QEMU driver, which holds a QEMU/KVM guest, not a "
	    "Xen domain"),
	ROW("LibvirtQemudPart",
	    "an incomplete save image of libvirt's QEMU driver, which holds a QEMU/KVM "
	    "guest, not a Xen domain"),
	ROW("QEVM", "only a device model's state (QEMU savevm), without the domain"),
	ROW("QFI\xfb", "a qcow2 disk image"),
	ROW("KDMV", "a VMDK disk image"),
	ROW("conectix", "a VHD disk image"),
	ROW("vhdxfile", "a VHDX disk image"),
	ROW("\x7f" "ELF", "an ELF file (a kernel, a program or a core dump)"),
	ROW("EMiL", "a LiME memory dump"),
	ROW("\xed\xeb\x0f\xf0", "a Xen core dump from before 2007"),
	ROW("\xee\xeb\x0f\xf0", "a Xen core dump from before 2007"),
	ROW("{", "a text file (JSON?), not a saved domain"),
	ROW("#!", "a script"),
};

const struct wire_foreign *xst_wire_foreign_find(const uint8_t *head, size_t size)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (size >= foreign[i].size && memcmp(head, foreign[i].magic, foreign[i].size) == 0)
			return &foreign[i];
	return NULL;
}
