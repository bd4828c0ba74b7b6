"""Decoder of saved Xen domains in today's formats.

Reads an xl header, a libxl version 2 stream and a libxc image of version 2 or 3, in any of the
nestings in which they occur, and tells what they hold. It is written from the description of the
formats alone and shares nothing with the library, so that the two can be compared.

`decode()` is strict: reserved fields, padding, lengths and the order of records are checked, and
anything amiss raises `FormatError` with the offset at which it was seen.
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, NoReturn, Optional

XL_MAGIC = b"Xen saved domain, xl format\n \0 \r"
XL_HEADER_SIZE = 48
XL_BYTEORDER = 0x01020304
XL_JSON_CONFIG = 1
XL_STREAM_V2 = 2

LIBXL_IDENT = b"LibxlFmt"
LIBXL_BIG_ENDIAN = 1
LIBXL_LEGACY = 2

LIBXL_END = 0
LIBXL_LIBXC_CONTEXT = 1
LIBXL_EMULATOR_XENSTORE_DATA = 2
LIBXL_EMULATOR_CONTEXT = 3
LIBXL_CHECKPOINT_END = 4
LIBXL_CHECKPOINT_STATE = 5

LIBXC_MARKER = b"\xff" * 8
LIBXC_IDENT = 0x58454E46
LIBXC_BIG_ENDIAN = 1

DOMAIN_PV = 1
DOMAIN_HVM = 2
PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT

END = 0x00
PAGE_DATA = 0x01
X86_PV_INFO = 0x02
X86_PV_P2M_FRAMES = 0x03
X86_PV_VCPU_BASIC = 0x04
X86_PV_VCPU_EXTENDED = 0x05
X86_PV_VCPU_XSAVE = 0x06
SHARED_INFO = 0x07
X86_TSC_INFO = 0x08
HVM_CONTEXT = 0x09
HVM_PARAMS = 0x0A
X86_PV_VCPU_MSRS = 0x0C
VERIFY = 0x0D
CHECKPOINT = 0x0E
STATIC_DATA_END = 0x10
X86_CPUID_POLICY = 0x11
X86_MSR_POLICY = 0x12

OPTIONAL_RECORD = 0x80000000

POLICIES = (X86_CPUID_POLICY, X86_MSR_POLICY)
VCPU_RECORDS = (X86_PV_VCPU_BASIC, X86_PV_VCPU_EXTENDED, X86_PV_VCPU_XSAVE, X86_PV_VCPU_MSRS)
PV_RECORDS = (X86_PV_INFO, X86_PV_P2M_FRAMES, SHARED_INFO) + VCPU_RECORDS
HVM_RECORDS = (HVM_CONTEXT, HVM_PARAMS)

TYPE_BROKEN = 0xD
TYPE_XALLOC = 0xE
TYPE_XTAB = 0xF
TYPES_INVALID = frozenset((5, 6, 7, 8))

ENTRY_TYPE_SHIFT = 60
ENTRY_PFN_MASK = (1 << 52) - 1
ENTRY_RESERVED = ((1 << 60) - 1) & ~ENTRY_PFN_MASK

P2M_ENTRIES_A_FRAME = {4: 1024, 8: 512}
LEVELS_OF_WIDTH = {4: 3, 8: 4}
BASIC_SIZE_OF_WIDTH = {4: 0xAF0, 8: 0x1430}
EXTENDED_MAX = 128

XENSTORE_KEY_BYTES = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@"
)

QEMU_SIGNATURES_WITH_LENGTH = (b"DeviceModelRecord0002", b"RemusDeviceModelState")
QEMU_SIGNATURE_TO_THE_END = b"QemuDeviceModelRecord"
QEMU_SIGNATURE_SIZE = 21

Page = tuple[int, Optional[memoryview]]
Emulator = tuple[int, int]
XenstorePairs = list[tuple[bytes, bytes]]


class FormatError(Exception):
    """The bytes are not what the formats allow."""


@dataclass(frozen=True)
class Record:
    """A record of either layer: its type, its body without padding, where its header stands."""

    type: int
    body: memoryview
    offset: int


@dataclass(frozen=True)
class XlHeader:
    """The xl header; `config` is what the optional data holds of the domain's configuration."""

    byteorder: str
    mandatory_flags: int
    optional_flags: int
    optional_data: bytes
    config: bytes

    @property
    def size(self) -> int:
        """How many bytes the header and its optional data take."""
        return XL_HEADER_SIZE + len(self.optional_data)


@dataclass
class LibxlStream:
    """The libxl layer: the option word of its header and its records in order."""

    options: int
    records: list[Record] = field(default_factory=list)


@dataclass
class LibxcImage:
    """The libxc layer: both headers and the records in order, END included."""

    version: int
    options: int
    domain_type: int
    page_shift: int
    xen_major: int
    xen_minor: int
    records: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class PvInfo:
    """X86_PV_INFO."""

    guest_width: int
    levels: int


@dataclass(frozen=True)
class P2mFrames:
    """X86_PV_P2M_FRAMES: the range of pfns, its last one included, and the frames that map it."""

    first_pfn: int
    last_pfn: int
    frames: tuple[int, ...]


@dataclass(frozen=True)
class TscInfo:
    """X86_TSC_INFO."""

    mode: int
    khz: int
    nsec: int
    incarnation: int


@dataclass
class Vcpu:
    """What the records of one virtual CPU hold; None where there was no record."""

    basic: Optional[bytes] = None
    extended: Optional[bytes] = None
    xsave: Optional[bytes] = None
    msrs: Optional[bytes] = None


@dataclass
class Image:
    """A saved domain.

    `memory` maps a pfn to its type and its contents, of which the last record counts: a pfn
    that was XTAB last is absent; BROKEN and XALLOC have no contents. What follows a VERIFY record
    is compared with it and not applied; pfns that differ are in `verify_mismatches`.
    `trailing` is whatever follows the outermost layer. `checkpoints` counts CHECKPOINT records;
    emulator data of an earlier checkpoint is dropped.
    """

    libxc: LibxcImage
    xl: Optional[XlHeader] = None
    libxl: Optional[LibxlStream] = None
    memory: dict[int, Page] = field(default_factory=dict)
    pv_info: Optional[PvInfo] = None
    p2m: Optional[P2mFrames] = None
    vcpus: dict[int, Vcpu] = field(default_factory=dict)
    shared_info: Optional[bytes] = None
    tsc: Optional[TscInfo] = None
    hvm_params: dict[int, int] = field(default_factory=dict)
    hvm_context: Optional[bytes] = None
    cpuid_policy: Optional[bytes] = None
    msr_policy: Optional[bytes] = None
    emulator_xenstore: dict[Emulator, XenstorePairs] = field(default_factory=dict)
    emulator_contexts: dict[Emulator, memoryview] = field(default_factory=dict)
    verifying: bool = False
    verify_mismatches: list[int] = field(default_factory=list)
    checkpoints: int = 0
    trailing: bytes = b""

    @property
    def is_pv(self) -> bool:
        """Whether the domain header says PV; PVH and HVM share the other type."""
        return self.libxc.domain_type == DOMAIN_PV


class Cursor:
    """Reads forward through a buffer. What is not there raises FormatError."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.pos = 0

    def fail(self, words: str, pos: Optional[int] = None) -> NoReturn:
        """Raises FormatError about `pos`, or about the place reached."""
        raise FormatError(f"offset {self.pos if pos is None else pos:#x}: {words}")

    def starts_with(self, prefix: bytes) -> bool:
        """Whether the bytes ahead begin with `prefix`."""
        return bytes(self.data[self.pos : self.pos + len(prefix)]) == prefix

    def take(self, size: int, what: str) -> memoryview:
        """The next `size` bytes."""
        end = self.pos + size
        if end > len(self.data):
            self.fail(f"{what}: {size} bytes wanted, {len(self.data) - self.pos} left")
        view = self.data[self.pos : end]
        self.pos = end
        return view

    def unpack(self, layout: str, what: str) -> tuple[int, ...]:
        """The next bytes, read as a struct layout of integers."""
        return struct.unpack(layout, self.take(struct.calcsize(layout), what))

    def rest(self) -> bytes:
        """Everything that is left."""
        return bytes(self.take(len(self.data) - self.pos, "rest"))

    def record(self, order: str) -> Record:
        """The next record of the libxl or libxc layer, with its padding checked."""
        offset = self.pos
        kind, length = self.unpack(order + "II", "record header")
        body = self.take(length, f"body of record type {kind:#x}")
        if any(self.take(-length % 8, "padding")):
            self.fail(f"record type {kind:#x}: padding is not zero", offset)
        return Record(kind, body, offset)


def load(path: Path) -> Image:
    """Decodes a file."""
    return decode(path.read_bytes())


def decode(data: bytes) -> Image:
    """Decodes a saved domain, whatever its outermost layer is. Raises FormatError."""
    cursor = Cursor(memoryview(data))
    header = _read_xl_header(cursor) if cursor.starts_with(XL_MAGIC) else None
    nested = cursor.starts_with(LIBXL_IDENT)
    if header is not None and nested != bool(header.mandatory_flags & XL_STREAM_V2):
        cursor.fail("the xl header's flags deny what follows it")
    image = _read_libxl(cursor) if nested else _read_plain_libxc(cursor)
    image.xl = header
    image.trailing = cursor.rest()
    return image


def xl_header(data: bytes) -> XlHeader:
    """Decodes the xl header alone. Raises FormatError where there is none."""
    cursor = Cursor(memoryview(data))
    if not cursor.starts_with(XL_MAGIC):
        cursor.fail("no xl header")
    return _read_xl_header(cursor)


def split_qemu_tail(tail: bytes) -> tuple[bytes, bytes]:
    """Signature and contents of the emulator record that follows a converted libxc image.

    Raises FormatError where `tail` is not exactly one such record.
    """
    signature, rest = tail[:QEMU_SIGNATURE_SIZE], tail[QEMU_SIGNATURE_SIZE:]
    if signature == QEMU_SIGNATURE_TO_THE_END:
        return signature, rest
    if signature not in QEMU_SIGNATURES_WITH_LENGTH:
        raise FormatError(f"emulator record: signature {signature!r}")
    if len(rest) < 4 or struct.unpack_from("<I", rest)[0] != len(rest) - 4:
        raise FormatError("emulator record: its length is not what follows")
    return signature, rest[4:]


def differences(one: Image, other: Image) -> list[str]:
    """What differs between two images as far as the guest can tell: memory and processor state.

    Containers, emulators, policies and the partition into records play no part.
    """
    found = [
        f"{name}: {getattr(one, name)!r:.80} and {getattr(other, name)!r:.80}"
        for name in (
            "is_pv", "pv_info", "p2m", "vcpus", "shared_info", "tsc", "hvm_params", "hvm_context",
        )
        if getattr(one, name) != getattr(other, name)
    ]
    if one.memory.keys() != other.memory.keys():
        found.append(f"{len(one.memory.keys() ^ other.memory.keys())} pfns in only one of them")
    common = one.memory.keys() & other.memory.keys()
    unequal = [pfn for pfn in common if not _same_page(one.memory[pfn], other.memory[pfn])]
    if unequal:
        found.append(f"{len(unequal)} pages differ, the first one is pfn {min(unequal):#x}")
    return found


def _same_page(one: Page, other: Page) -> bool:
    if one[1] is None or other[1] is None:
        return one == other
    return one[0] == other[0] and bytes(one[1]) == bytes(other[1])


# ---- xl ----


def _read_xl_header(cursor: Cursor) -> XlHeader:
    start = cursor.pos
    cursor.take(len(XL_MAGIC), "xl magic")
    mark = bytes(cursor.take(4, "xl byteorder"))
    order = {struct.pack(o + "I", XL_BYTEORDER): o for o in "<>"}.get(mark)
    if order is None:
        cursor.fail(f"xl header: byteorder {mark.hex()}", start)
    mandatory, optional, length = cursor.unpack(order + "III", "xl header")
    if mandatory & ~(XL_JSON_CONFIG | XL_STREAM_V2):
        cursor.fail(f"xl header: mandatory flags {mandatory:#x}", start)
    data = bytes(cursor.take(length, "xl optional data"))
    return XlHeader(order, mandatory, optional, data, _config_of(cursor, data, order))


def _config_of(cursor: Cursor, data: bytes, order: str) -> bytes:
    if not data:
        return b""
    if len(data) < 4:
        cursor.fail("xl header: optional data too short for its config length")
    (length,) = struct.unpack_from(order + "I", data)
    if length > len(data) - 4:
        cursor.fail("xl header: the config does not fit the optional data")
    return data[4 : 4 + length]


# ---- libxl ----


def _read_libxl(cursor: Cursor) -> Image:
    start = cursor.pos
    _, version, options = cursor.unpack(">QII", "libxl header")
    if version != 2:
        cursor.fail(f"libxl header: version {version}", start)
    if options & ~(LIBXL_BIG_ENDIAN | LIBXL_LEGACY):
        cursor.fail(f"libxl header: options {options:#x}", start)
    order = ">" if options & LIBXL_BIG_ENDIAN else "<"
    stream = LibxlStream(options)
    stream.records.append(_expect_libxc_context(cursor, order))
    inner = _LibxcReader(cursor)
    inner.image.libxl = stream
    inner.run(stop_at_checkpoint=True)
    while True:
        record = cursor.record(order)
        stream.records.append(record)
        if record.type == LIBXL_END:
            _expect_empty(cursor, record)
            break
        _apply_libxl(cursor, inner, record, order)
    inner.finish()
    return inner.image


def _expect_libxc_context(cursor: Cursor, order: str) -> Record:
    record = cursor.record(order)
    if record.type != LIBXL_LIBXC_CONTEXT:
        cursor.fail(f"libxl record {record.type:#x} before LIBXC_CONTEXT", record.offset)
    _expect_empty(cursor, record)
    return record


def _apply_libxl(cursor: Cursor, inner: _LibxcReader, record: Record, order: str) -> None:
    image = inner.image
    if record.type == LIBXL_EMULATOR_XENSTORE_DATA:
        emulator, rest = _emulator_of(cursor, image, record, order)
        image.emulator_xenstore[emulator] = _xenstore_pairs(cursor, record, bytes(rest))
    elif record.type == LIBXL_EMULATOR_CONTEXT:
        emulator, rest = _emulator_of(cursor, image, record, order)
        image.emulator_contexts[emulator] = rest
    elif record.type == LIBXL_CHECKPOINT_END:
        _expect_empty(cursor, record)
        inner.run(stop_at_checkpoint=True)
    elif record.type == LIBXL_CHECKPOINT_STATE:
        if len(record.body) != 8:
            cursor.fail("CHECKPOINT_STATE: not 8 bytes", record.offset)
    elif record.type < OPTIONAL_RECORD:
        cursor.fail(f"libxl record type {record.type:#x}", record.offset)


def _emulator_of(
    cursor: Cursor, image: Image, record: Record, order: str
) -> tuple[Emulator, memoryview]:
    if image.is_pv:
        cursor.fail("an emulator record in the stream of a PV domain", record.offset)
    if len(record.body) < 8:
        cursor.fail("emulator record: too short for its header", record.offset)
    number, index = struct.unpack_from(order + "II", record.body)
    if number > 2:
        cursor.fail(f"emulator record: id {number}", record.offset)
    return (number, index), record.body[8:]


def _xenstore_pairs(cursor: Cursor, record: Record, data: bytes) -> XenstorePairs:
    if not data:
        return []
    if data[-1] != 0:
        cursor.fail("EMULATOR_XENSTORE_DATA: the last string is not terminated", record.offset)
    strings = data[:-1].split(b"\0")
    if len(strings) % 2:
        cursor.fail("EMULATOR_XENSTORE_DATA: a key without a value", record.offset)
    pairs = list(zip(strings[0::2], strings[1::2]))
    for key, _ in pairs:
        if not key or not XENSTORE_KEY_BYTES.issuperset(key):
            cursor.fail(f"EMULATOR_XENSTORE_DATA: key {key!r}", record.offset)
    return pairs


def _expect_empty(cursor: Cursor, record: Record) -> None:
    if record.body:
        cursor.fail(f"record type {record.type:#x} is not empty", record.offset)


# ---- libxc ----


def _read_plain_libxc(cursor: Cursor) -> Image:
    reader = _LibxcReader(cursor)
    reader.run(stop_at_checkpoint=False)
    reader.finish()
    return reader.image


class _LibxcReader:
    """Reads one libxc image; can pause at a checkpoint and go on."""

    def __init__(self, cursor: Cursor) -> None:
        """Reads both headers."""
        self.cursor = cursor
        start = cursor.pos
        if not cursor.starts_with(LIBXC_MARKER):
            cursor.fail("neither an xl header nor a libxl stream nor a libxc image")
        cursor.take(len(LIBXC_MARKER), "marker")
        ident, version, options, *reserved = cursor.unpack(">IIHHI", "image header")
        if ident != LIBXC_IDENT or version not in (2, 3):
            cursor.fail(f"image header: id {ident:#x}, version {version}", start)
        if options & ~LIBXC_BIG_ENDIAN or any(reserved):
            cursor.fail("image header: reserved bits", start)
        self.order = ">" if options & LIBXC_BIG_ENDIAN else "<"
        self.image = Image(self._domain_header(version, options))
        self.ended = False

    def _domain_header(self, version: int, options: int) -> LibxcImage:
        start = self.cursor.pos
        kind, shift, zero, major, minor = self.cursor.unpack(self.order + "IHHII", "domain header")
        if kind not in (DOMAIN_PV, DOMAIN_HVM) or shift != PAGE_SHIFT or zero:
            self.cursor.fail(f"domain header: type {kind}, page shift {shift}, {zero}", start)
        return LibxcImage(version, options, kind, shift, major, minor)

    def run(self, stop_at_checkpoint: bool) -> None:
        """Reads records up to END, or up to CHECKPOINT where the libxl layer takes over."""
        if self.ended:
            self.cursor.fail("records of the libxc image wanted after its END")
        while True:
            record = self.cursor.record(self.order)
            self.image.libxc.records.append(record)
            self._apply(record)
            if record.type == END:
                self.ended = True
                return
            if record.type == CHECKPOINT and stop_at_checkpoint:
                return

    def finish(self) -> None:
        """Checks what can only be told at the end. A failed-over stream stops at a checkpoint."""
        if not self.ended and not self.image.checkpoints:
            self.cursor.fail("the libxc image has no END")
        _check_order(self.cursor, self.image)

    def _apply(self, record: Record) -> None:
        handler = _HANDLERS.get(record.type)
        if handler is not None:
            try:
                handler(self.image, record.body, self.order)
            except FormatError as error:
                self.cursor.fail(f"libxc record type {record.type:#x}: {error}", record.offset)
        elif record.type < OPTIONAL_RECORD:
            self.cursor.fail(f"libxc record type {record.type:#x}", record.offset)


def _require(condition: object, words: str) -> None:
    if not condition:
        raise FormatError(words)


def _empty(_image: Image, body: memoryview, _order: str) -> None:
    _require(not body, "not empty")


def _page_data(image: Image, body: memoryview, order: str) -> None:
    _require(len(body) >= 8, "too short for its header")
    count, zero = struct.unpack_from(order + "II", body)
    _require(count > 0 and zero == 0, f"count {count}, reserved {zero}")
    _require(len(body) >= 8 + 8 * count, f"{count} pfns do not fit")
    entries = _unsigned_64(body[8 : 8 + 8 * count], order)
    pages = body[8 + 8 * count :]
    place = _compare_page if image.verifying else _place_page
    seen = set()
    used = 0
    for entry in entries:
        kind, pfn = entry >> ENTRY_TYPE_SHIFT, entry & ENTRY_PFN_MASK
        # not by _require(), which would make up its words for each of a million pages
        if entry & ENTRY_RESERVED:
            raise FormatError(f"reserved bits in {entry:#x}")
        if kind in TYPES_INVALID:
            raise FormatError(f"type of {entry:#x}")
        seen.add(pfn)
        contents = None
        if kind < TYPE_BROKEN:
            contents = pages[used : used + PAGE_SIZE]
            used += PAGE_SIZE
        place(image, pfn, kind, contents)
    _require(len(seen) == count, "a pfn occurs twice")
    _require(used == len(pages), f"{used} bytes of pages announced, {len(pages)} there")


def _unsigned_64(data: memoryview, order: str) -> array[int]:
    numbers = array("Q", bytes(data))
    if order != ("<" if sys.byteorder == "little" else ">"):
        numbers.byteswap()
    return numbers


def _place_page(image: Image, pfn: int, kind: int, contents: Optional[memoryview]) -> None:
    if kind == TYPE_XTAB:
        image.memory.pop(pfn, None)
    else:
        image.memory[pfn] = (kind, contents)


def _compare_page(image: Image, pfn: int, kind: int, contents: Optional[memoryview]) -> None:
    known = image.memory.get(pfn, (TYPE_XTAB, None))
    if not _same_page(known, (kind, contents)):
        image.verify_mismatches.append(pfn)


def _pv_info(image: Image, body: memoryview, order: str) -> None:
    _require(len(body) == 8, "not 8 bytes")
    width, levels, *zero = struct.unpack(order + "BBHI", body)
    _require(LEVELS_OF_WIDTH.get(width) == levels, f"width {width}, {levels} levels")
    _require(not any(zero), "reserved bits")
    _require(image.pv_info is None, "occurs twice")
    image.pv_info = PvInfo(width, levels)


def _p2m_frames(image: Image, body: memoryview, order: str) -> None:
    _require(len(body) >= 8 and len(body) % 8 == 0, f"{len(body)} bytes")
    first, last = struct.unpack_from(order + "II", body)
    frames = tuple(_unsigned_64(body[8:], order))
    _require(image.pv_info is not None, "stands before X86_PV_INFO")
    assert image.pv_info is not None
    each = P2M_ENTRIES_A_FRAME[image.pv_info.guest_width]
    _require(first <= last, f"pfns {first:#x} to {last:#x}")
    _require(len(frames) == last // each - first // each + 1, f"{len(frames)} frames")
    image.p2m = P2mFrames(first, last, frames)


def _vcpu_part(name: str) -> Callable[[Image, memoryview, str], None]:
    def apply(image: Image, body: memoryview, order: str) -> None:
        _require(len(body) >= 8, "too short for its header")
        number, zero = struct.unpack_from(order + "II", body)
        _require(zero == 0, "reserved bits")
        data = bytes(body[8:])
        _VCPU_SIZE_CHECKS[name](image, len(data))
        setattr(image.vcpus.setdefault(number, Vcpu()), name, data)

    return apply


def _check_basic_size(image: Image, size: int) -> None:
    _require(image.pv_info is not None, "stands before X86_PV_INFO")
    assert image.pv_info is not None
    _require(size in (0, BASIC_SIZE_OF_WIDTH[image.pv_info.guest_width]), f"{size} bytes")


def _check_extended_size(_image: Image, size: int) -> None:
    _require(size <= EXTENDED_MAX, f"{size} bytes")


def _check_xsave_size(_image: Image, size: int) -> None:
    _require(size == 0 or size >= 16, f"{size} bytes")


def _check_msrs_size(_image: Image, size: int) -> None:
    _require(size % 16 == 0, f"{size} bytes")


_VCPU_SIZE_CHECKS: dict[str, Callable[[Image, int], None]] = {
    "basic": _check_basic_size,
    "extended": _check_extended_size,
    "xsave": _check_xsave_size,
    "msrs": _check_msrs_size,
}


def _shared_info(image: Image, body: memoryview, _order: str) -> None:
    _require(len(body) == PAGE_SIZE, f"{len(body)} bytes")
    image.shared_info = bytes(body)


def _tsc_info(image: Image, body: memoryview, order: str) -> None:
    _require(len(body) == 24, f"{len(body)} bytes")
    mode, khz, nsec, incarnation, zero = struct.unpack(order + "IIQII", body)
    _require(zero == 0, "reserved bits")
    image.tsc = TscInfo(mode, khz, nsec, incarnation)


def _hvm_context(image: Image, body: memoryview, _order: str) -> None:
    _require(body, "empty")
    image.hvm_context = bytes(body)


def _hvm_params(image: Image, body: memoryview, order: str) -> None:
    _require(len(body) >= 8, "too short for its header")
    count, zero = struct.unpack_from(order + "II", body)
    _require(zero == 0 and len(body) == 8 + 16 * count, f"count {count} in {len(body)} bytes")
    numbers = _unsigned_64(body[8:], order)
    image.hvm_params.update(zip(numbers[0::2], numbers[1::2]))


def _cpuid_policy(image: Image, body: memoryview, _order: str) -> None:
    _require(body and len(body) % 24 == 0, f"{len(body)} bytes")
    image.cpuid_policy = bytes(body)


def _msr_policy(image: Image, body: memoryview, order: str) -> None:
    _require(body and len(body) % 16 == 0, f"{len(body)} bytes")
    _require(not any(f for _, f, _ in struct.iter_unpack(order + "IIQ", body)), "flags")
    image.msr_policy = bytes(body)


def _verify(image: Image, body: memoryview, order: str) -> None:
    _empty(image, body, order)
    image.verifying = True


def _checkpoint(image: Image, body: memoryview, order: str) -> None:
    _empty(image, body, order)
    image.checkpoints += 1
    image.verifying = False
    image.emulator_contexts.clear()
    image.emulator_xenstore.clear()


_HANDLERS: dict[int, Callable[[Image, memoryview, str], None]] = {
    END: _empty,
    PAGE_DATA: _page_data,
    X86_PV_INFO: _pv_info,
    X86_PV_P2M_FRAMES: _p2m_frames,
    X86_PV_VCPU_BASIC: _vcpu_part("basic"),
    X86_PV_VCPU_EXTENDED: _vcpu_part("extended"),
    X86_PV_VCPU_XSAVE: _vcpu_part("xsave"),
    X86_PV_VCPU_MSRS: _vcpu_part("msrs"),
    SHARED_INFO: _shared_info,
    X86_TSC_INFO: _tsc_info,
    HVM_CONTEXT: _hvm_context,
    HVM_PARAMS: _hvm_params,
    VERIFY: _verify,
    CHECKPOINT: _checkpoint,
    STATIC_DATA_END: _empty,
    X86_CPUID_POLICY: _cpuid_policy,
    X86_MSR_POLICY: _msr_policy,
}


# ---- order ----


def _check_order(cursor: Cursor, image: Image) -> None:
    types = [record.type for record in image.libxc.records if record.type < OPTIONAL_RECORD]
    try:
        _check_static_data(types, image.libxc.version, image.is_pv)
        _check_domain_records(types, image.is_pv)
        if image.is_pv and not image.checkpoints:
            _check_pv_phases(types)
    except FormatError as error:
        cursor.fail(f"order of the libxc records: {error}")


def _check_static_data(types: list[int], version: int, pv: bool) -> None:
    _require(not pv or types[0] == X86_PV_INFO, "X86_PV_INFO is not the first one")
    if version == 2:
        present = {STATIC_DATA_END, *POLICIES} & set(types)
        _require(not present, f"types {sorted(present)} in a version 2 image")
        return
    _require(types.count(STATIC_DATA_END) == 1, "not exactly one STATIC_DATA_END")
    end = types.index(STATIC_DATA_END)
    _require(set(types[:end]) <= {X86_PV_INFO, *POLICIES}, "something before STATIC_DATA_END")
    _require(not set(types[end:]) & {*POLICIES}, "a policy after STATIC_DATA_END")


def _check_domain_records(types: list[int], pv: bool) -> None:
    strange = set(types) & set(HVM_RECORDS if pv else PV_RECORDS)
    _require(not strange, f"types {sorted(strange)} in the image of another kind of domain")


def _check_pv_phases(types: list[int]) -> None:
    vcpus = [i for i, kind in enumerate(types) if kind in VCPU_RECORDS]
    pages = [i for i, kind in enumerate(types) if kind == PAGE_DATA]
    if pages:
        _require(X86_PV_P2M_FRAMES in types[: pages[0]], "PAGE_DATA before X86_PV_P2M_FRAMES")
    if pages and vcpus:
        _require(pages[-1] < vcpus[0], "PAGE_DATA after a vCPU record")


def apply_record(image: Image, record: Record, order: str) -> None:
    """Adds what a libxc record says to an image. Raises FormatError."""
    image.libxc.records.append(record)
    _HANDLERS[record.type](image, record.body, order)


def place_page(image: Image, pfn: int, kind: int, contents: Optional[memoryview]) -> None:
    """Sets the type and the contents of a page."""
    _require(kind not in TYPES_INVALID, f"type {kind:#x}")
    _place_page(image, pfn, kind, contents)
