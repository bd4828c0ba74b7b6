#!/usr/bin/python3
"""Write a valid saved domain of a given size, fast: 4 GiB take seconds.

    generate.py KIND SIZE FILE      e.g. generate.py pv-legacy 1G /var/tmp/pv

KIND is one of

    hvm-legacy  bare 64-bit legacy stream, toolstack record, DeviceModelRecord0002
    pv-legacy   the same for a 64-bit PV guest with extended info and xsave
    hvm-remus   the first, checkpointed: a state of all memory, four that send a quarter of it again
    hvm-remus-compressed
                the same compressed: a state of all memory, one that sends all of it whole, two that
                send differences to all pages; SIZE is the sum, a quarter of it the guest's memory
    libxl-hvm   libxl v2 stream with a libxc v3 image and an emulator record
    libxl-pv    the same for a 64-bit PV guest, without an emulator
    libxl-remus libxl-hvm with a checkpoint after half of memory and after each 16 MiB of the
                rest, and no END: a stream whose sender died
    libxl-tables  the same with nothing but page tables: what verify --deep reads
    libxl-tiny  the same as libxl-hvm with a record of 24 bytes for each pfn, a hole

SIZE is guest memory, a multiple of 4 MiB (the page data of a full batch); the
file is slightly larger. For libxl-tiny it is the file's size. The same arguments always give the same bytes.
"""

import random
import re
import struct
import sys
from array import array

BATCH = 1024
PAGE = 4096
VCPUS = 2
TSC = {"mode": 0, "khz": 2394500, "nsec": 123456789, "incarnation": 1}

LAST_CHECKPOINT, ENABLE_COMPRESSION, COMPRESSED_DATA = -9, -13, -12
L1TAB, L4TAB_PINNED, XTAB = 0x10000000, 0xC0000000, 0xF0000000
PRESENT = 1  # in a page table's entry
PV_L4_PFN, PV_START_INFO_PFN = 1, 2
PV_TABLES = (100, 612)  # in each batch: a page table for each 512 pages

# An HVM guest's memory map: VGA hole, then RAM up to the MMIO hole, which has
# the special pages near its end, and the rest of the RAM from 4 GiB.
VGA_HOLE = (0xA0, 0xC0)
MMIO_START, SPECIAL_START, SPECIAL_END, HIGH_START = 0xF0000, 0xFEFFC, 0xFF000, 0x100000
STORE_PFN, BUFIOREQ_PFN, IOREQ_PFN = 0xFEFFC, 0xFEFFE, 0xFEFFF
HVM_PARAMS = {12: 0xFEFFF000, 15: 0xFBFFF000, 17: 0xFEFFD, 19: 1}
LEGACY_PARAM_CHUNK = {12: -3, 15: -4, 17: -8, 19: -10}


class Guest:
    """The guest's pfns, in batches, and their contents."""

    def __init__(self, hvm, pages):
        self.hvm, self.pages, self.holes, self.top = hvm, pages, [], pages
        if hvm:
            low = min(pages, MMIO_START)
            self.holes = [VGA_HOLE, (low, SPECIAL_START), (SPECIAL_END, HIGH_START)]
            self.top = HIGH_START + pages - low if pages > low else SPECIAL_END

        # One batch of noise for all of them: random.randbytes() runs at a
        # fraction of the disk's speed. A number stamped into each page keeps
        # the pages of a file different from each other.
        self.noise = bytearray(random.Random(1).randbytes(BATCH * PAGE))
        self.stamped = 1
        for place in () if hvm else PV_TABLES:  # empty: noise is not a valid page table
            self.noise[place * PAGE : (place + 1) * PAGE] = bytes(PAGE)

    def entries(self, first):
        """Types (bits 31-28, as the legacy stream has them) and pfns of a batch."""
        last = min(first + BATCH, self.top)
        pfns = array("Q", range(first, last))
        for start, end in self.holes:
            for pfn in range(max(start, first), min(end, last)):
                pfns[pfn - first] |= XTAB
        if not self.hvm and first == 0:
            pfns[PV_L4_PFN] |= L4TAB_PINNED
        if not self.hvm and last <= self.p2m_frames()[0]:
            for place in PV_TABLES:
                pfns[place] |= L1TAB
        return pfns

    def contents(self, first, count):
        """The next count pages, valid until the next call."""
        words = memoryview(self.noise).cast("Q")
        words[: count * PAGE // 8 : PAGE // 8] = array("Q", range(self.stamped, self.stamped + count))
        for place in () if self.hvm else PV_TABLES:
            words[place * PAGE // 8] = 0
        self.stamped += count
        data = memoryview(self.noise)[: count * PAGE]
        if not self.hvm and first == 0:
            data = bytearray(data)  # an empty page table: noise is not a valid one
            data[PV_L4_PFN * PAGE : (PV_L4_PFN + 1) * PAGE] = bytes(PAGE)
        return data

    def batches(self):
        """(entries, number of pages, page data) for all memory, ascending."""
        for first in range(0, self.top, BATCH):
            pfns = self.entries(first)
            count = sum(pfn < XTAB for pfn in pfns) if self.holes else len(pfns)
            yield pfns, count, self.contents(first, count)

    def framing(self):
        """Bytes of framing and holes before the rest, if the file consists of nothing else."""
        return b""

    def p2m_frames(self):
        """The pfns that hold the p2m: the last ones of the guest."""
        count = -(-self.pages // (PAGE // 8))
        return array("Q", range(self.pages - count, self.pages))


class Tables(Guest):
    """All memory is page tables that refer to the first pages, except the p2m and the vCPUs' pages."""

    def __init__(self, hvm, pages):
        super().__init__(hvm, pages)
        table = array("Q", (pfn << 12 | PRESENT for pfn in range(PAGE // 8)))
        self.noise = bytearray(table.tobytes() * BATCH)

    def entries(self, first):
        pfns = super().entries(first)
        ordinary = {0, PV_L4_PFN, PV_START_INFO_PFN, *self.p2m_frames()}
        return array("Q", (pfn if pfn & 0x0FFFFFFF in ordinary else pfn | L1TAB for pfn in pfns))

    def contents(self, first, count):
        return memoryview(self.noise)[: count * PAGE]


class Tiny(Guest):
    """A guest of one batch, and a file's worth of records for holes."""

    def __init__(self, hvm, pages):
        super().__init__(hvm, BATCH)
        self.size = pages * PAGE

    def framing(self):
        first = 0x1000000
        words = array("Q", (0x10 << 32 | 0x01, 1, 0)) * (self.size // 24)
        words[2::3] = array("Q", range(0xF << 60 | first, (0xF << 60 | first) + self.size // 24))
        return words.tobytes()


def vcpu_basic(vcpu):
    """A 64-bit vcpu_guest_context: zero, except for what a restore looks up."""
    context = bytearray(0x1430)
    struct.pack_into("<Q", context, 0x1390, PV_L4_PFN << 12)  # cr3
    if vcpu == 0:
        struct.pack_into("<Q", context, 0x268, PV_START_INFO_PFN)  # rdx
    return bytes(context)


def vcpu_extended(vcpu):
    """A vCPU's extended context: its number, its size, no callbacks."""
    return struct.pack("<II", vcpu, 0x38).ljust(128, b"\0")


def vcpu_xsave():
    """xcr0, xcr0_accum and an area for x87 and SSE, in its initial state."""
    return struct.pack("<QQ", 3, 3) + bytes(576)


def hvm_context(cpu_size):
    """HEADER, a CPU entry for each vCPU, END."""
    context = struct.pack("<HHI", 1, 0, 24) + struct.pack("<IIQII", 0x54381286, 1, 2**64 - 1, 0x306A9, 0)
    cpu = bytearray(cpu_size)
    cpu[656] = 0x10  # cr0: the extension type, without which no Xen accepts it
    for vcpu in range(VCPUS):
        context += struct.pack("<HHI", 2, vcpu, cpu_size) + cpu
    return context + struct.pack("<HHI", 0, 0, 0)


def emulator_blob():
    """As large as the QEMU state of a small machine, with the same beginning."""
    return b"QEVM" + struct.pack(">I", 3) + random.Random(2).randbytes(256 * 1024)


def legacy_toolstack(hvm):
    """libxl's record: physmap entries for HVM, none for PV."""
    if not hvm:
        return struct.pack("<II", 1, 0)
    name = b"vga.vram\0"
    # A 64-bit toolstack leaks four bytes of heap after each name.
    return struct.pack("<IIQQQI", 1, 1, 0x80000000, 0xF0000000, 0x800000, len(name)) + name + b"\xa5" * 4


def write_legacy_head(out, guest):
    """The parts that a legacy stream has once."""
    out.write(struct.pack("<Q", guest.top))
    if not guest.hvm:
        blocks = struct.pack("<4sI", b"vcpu", 0x1430) + vcpu_basic(0)
        blocks += struct.pack("<4sI", b"extv", 0)
        blocks += struct.pack("<4sII", b"xcnt", 4, len(vcpu_xsave()) + 16)
        out.write(struct.pack("<QI", 2**64 - 1, len(blocks)) + blocks)
        out.write(guest.p2m_frames())

    out.write(struct.pack("<iIQII", -7, TSC["mode"], TSC["nsec"], TSC["khz"], TSC["incarnation"]))


def legacy_batches(guest):
    """Entries as a legacy stream has them, number of pages and page data."""
    for pfns, count, data in guest.batches():
        if count == 0:
            continue  # savers omit such batches
        if count < len(pfns):
            pfns = array("Q", (min(pfn, XTAB) for pfn in pfns))  # holes carry no pfn
        yield struct.pack("<i", len(pfns)) + pfns.tobytes(), count, data


def write_legacy_end(out, guest, *chunks):
    """The end of a body, with these chunks without contents, and the tail."""
    out.write(struct.pack("<iiQ", -2, VCPUS - 1, (1 << VCPUS) - 1))
    if guest.hvm:
        for index, value in HVM_PARAMS.items():
            out.write(struct.pack("<iIQ", LEGACY_PARAM_CHUNK[index], 0, value))
    toolstack = legacy_toolstack(guest.hvm)
    out.write(struct.pack("<iI", -18, len(toolstack)) + toolstack)
    out.write(struct.pack(f"<{len(chunks)}ii", *chunks, 0))

    if guest.hvm:
        context, blob = hvm_context(1024), emulator_blob()
        out.write(struct.pack("<QQQI", IOREQ_PFN, BUFIOREQ_PFN, STORE_PFN, len(context)) + context)
        out.write(b"DeviceModelRecord0002" + struct.pack("<I", len(blob)) + blob)
    else:
        out.write(struct.pack("<I", 0))  # no unmapped pfns
        for vcpu in range(VCPUS):
            out.write(vcpu_basic(vcpu) + vcpu_extended(vcpu))
            out.write(struct.pack("<QQ", 3, len(vcpu_xsave())) + vcpu_xsave())
        out.write(bytes(PAGE))  # shared info


def write_legacy(out, guest):
    """A bare legacy stream, as a 64-bit toolstack of Xen 4.5 writes it."""
    write_legacy_head(out, guest)
    for entries, _, data in legacy_batches(guest):
        out.write(entries)
        out.write(data)
    write_legacy_end(out, guest, LAST_CHECKPOINT)


def write_remus(out, guest):
    """A checkpointed stream: memory, then four times a quarter of it."""
    write_legacy_head(out, guest)
    for state in range(5):
        for number, (entries, _, data) in enumerate(legacy_batches(guest)):
            if state == 0 or number % 4 == state - 1:
                out.write(entries)
                out.write(data)
        write_legacy_end(out, guest)


def difference():
    """A page's delta: four times 16 changed words and 240 unchanged ones."""
    changed = bytes([16]) + random.Random(3).randbytes(64)
    return (changed + bytes([0x80 | 120] * 2)) * 4


def write_remus_compressed(out, guest):
    """The same, compressed from the second state on: first whole pages, as senders do, then deltas."""
    quarter = Guest(guest.hvm, guest.pages // 4)
    write_legacy_head(out, quarter)
    delta = difference()
    for state in range(4):
        for entries, count, data in legacy_batches(quarter):
            out.write(entries)
            if state == 0:
                out.write(data)
                continue
            if state == 1:
                body = b"".join(b"\x80" + data[i : i + PAGE] for i in range(0, len(data), PAGE))
            else:
                body = delta * count
            out.write(struct.pack("<iQ", COMPRESSED_DATA, len(body)) + body)
        write_legacy_end(out, quarter, *([ENABLE_COMPRESSION] if state == 0 else []))


def record(kind, body=b""):
    """A libxl or libxc record: they are framed alike."""
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def write_state(out, guest):
    """Everything of a guest except its memory."""
    out.write(record(0x08, struct.pack("<IIQII", TSC["mode"], TSC["khz"], TSC["nsec"], TSC["incarnation"], 0)))
    if guest.hvm:
        params = {**HVM_PARAMS, 1: STORE_PFN, 5: IOREQ_PFN, 6: BUFIOREQ_PFN}
        pairs = b"".join(struct.pack("<QQ", *pair) for pair in params.items())
        out.write(record(0x0A, struct.pack("<II", len(params), 0) + pairs))  # HVM_PARAMS
        out.write(record(0x09, hvm_context(1032)))  # HVM_CONTEXT
    else:
        out.write(record(0x07, bytes(PAGE)))  # SHARED_INFO
        for vcpu in range(VCPUS):
            head = struct.pack("<II", vcpu, 0)
            out.write(record(0x04, head + vcpu_basic(vcpu)))
            out.write(record(0x05, head + vcpu_extended(vcpu)))
            out.write(record(0x06, head + vcpu_xsave()))


def write_emulator(out, guest):
    """An HVM guest's EMULATOR_CONTEXT.

    No EMULATOR_XENSTORE_DATA: Xen 4.17's verifier refuses every one of them.
    """
    if guest.hvm:
        out.write(record(0x03, struct.pack("<II", 2, 0) + emulator_blob()))


def write_batch(out, pfns, data):
    """A PAGE_DATA record."""
    wide = array("Q", ((pfn & 0xF0000000) << 32 | pfn & 0x0FFFFFFF for pfn in pfns))
    out.write(struct.pack("<IIII", 0x01, 8 + 8 * len(wide) + len(data), len(wide), 0))
    out.write(wide)
    out.write(data)


def write_libxl_remus(out, guest):
    """A checkpointed libxl stream; each page is sent once."""
    write_libxl_head(out, guest)
    sent = batches = 0
    for pfns, count, data in guest.batches():
        write_batch(out, pfns, data)
        sent += count
        batches += count > 0
        if sent * 2 >= guest.pages and batches % 4 == 0 and count:
            write_state(out, guest)
            out.write(record(0x0E))  # CHECKPOINT
            write_emulator(out, guest)
            out.write(record(0x04))  # CHECKPOINT_END
    write_state(out, guest)
    out.write(record(0x0E))
    write_emulator(out, guest)
    out.write(record(0x04))


def write_libxl_head(out, guest):
    """The headers, and the records before the first page."""
    out.write(struct.pack(">QII", 0x4C6962786C466D74, 2, 0))
    out.write(record(0x01))  # LIBXC_CONTEXT
    out.write(struct.pack(">QIIHHI", 2**64 - 1, 0x58454E46, 3, 0, 0, 0))
    out.write(struct.pack("<IHHII", 2 if guest.hvm else 1, 12, 0, 4, 17))

    if not guest.hvm:
        out.write(record(0x02, struct.pack("<BBHI", 8, 4, 0, 0)))  # X86_PV_INFO
    out.write(record(0x10))  # STATIC_DATA_END
    if not guest.hvm:  # X86_PV_P2M_FRAMES
        out.write(record(0x03, struct.pack("<II", 0, guest.top - 1) + guest.p2m_frames().tobytes()))


def write_libxl(out, guest):
    """A libxl v2 stream around a libxc v3 image, as Xen 4.17 writes it."""
    write_libxl_head(out, guest)
    out.write(guest.framing())
    for pfns, _, data in guest.batches():
        write_batch(out, pfns, data)
    write_state(out, guest)
    out.write(record(0x00))  # the image's END
    write_emulator(out, guest)
    out.write(record(0x00))


KINDS = {
    "hvm-legacy": (Guest, True, write_legacy),
    "pv-legacy": (Guest, False, write_legacy),
    "hvm-remus": (Guest, True, write_remus),
    "hvm-remus-compressed": (Guest, True, write_remus_compressed),
    "libxl-hvm": (Guest, True, write_libxl),
    "libxl-pv": (Guest, False, write_libxl),
    "libxl-remus": (Guest, True, write_libxl_remus),
    "libxl-tables": (Tables, False, write_libxl),
    "libxl-tiny": (Tiny, True, write_libxl),
}


def main(argv):
    if len(argv) != 4 or argv[1] not in KINDS or not re.fullmatch(r"[0-9]+[MG]", argv[2]):
        sys.exit(__doc__.strip())
    size = int(argv[2][:-1]) << {"M": 20, "G": 30}[argv[2][-1]]
    if size == 0 or size % (BATCH * PAGE):
        sys.exit("generate.py: SIZE must be a multiple of 4 MiB")
    guest, hvm, write = KINDS[argv[1]]
    with open(argv[3], "wb") as out:
        write(out, guest(hvm, size // PAGE))


if __name__ == "__main__":
    try:
        main(sys.argv)
    except OSError as error:
        sys.exit(f"generate.py: {error}")
