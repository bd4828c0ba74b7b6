"""Where our conversion and that of Xen's converter may differ, each with its reason.

A conversion is explained if what remains of both outputs, once all that its differences may change is
taken away, is the same; a refusal, if one difference accounts for it. The test fails for all else, and
for a difference whose example does not show it. docs/differences.md has a row for each.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import Callable, Iterator

from support import image

from .converters import Call, Result
from .legacy import PAGE, Part, Parts

LIBXL_MAGIC = b"LibxlFmt"
XL_HEADER = 48
VCPU = (image.X86_PV_VCPU_BASIC, image.X86_PV_VCPU_EXTENDED, image.X86_PV_VCPU_XSAVE)
XENSTORE, EMULATOR, TOOLSTACK_RULE = 2, 3, "legacy.toolstack.twice"
REMUS, QEMU = b"RemusDeviceModelState", b"QemuDeviceModelRecord"


@dataclass
class Image:
    """A converter's output: headers, page frames with their contents, and all other records."""

    head: list[bytes] = field(default_factory=list)
    pages: list[tuple[int, bytes]] = field(default_factory=list)
    libxc: list[tuple[int, bytes]] = field(default_factory=list)
    libxl: list[tuple[int, bytes]] = field(default_factory=list)
    rest: bytes = b""
    batches: list[int] = field(default_factory=list, compare=False)  # entries of each record


def _records(data: bytes, at: int) -> Iterator[tuple[int, bytes, int]]:
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        body = data[at + 8 : at + 8 + size]
        at += 8 + size + -size % 8
        yield kind, body, at


def _page_data(body: bytes) -> Iterator[tuple[int, bytes]]:
    (count,) = struct.unpack_from("<I", body)
    at = 8 + 8 * count
    for entry in struct.unpack_from(f"<{count}Q", body, 8):
        size = PAGE * (entry >> 60 < image.TYPE_BROKEN)
        yield entry, body[at : at + size]
        at += size


def read(out: bytes) -> Image:
    """What a converter has written."""
    got, at = Image(), 0
    if out.startswith(b"Xen saved"):
        at = XL_HEADER + struct.unpack_from("<I", out, 44)[0]
        got.head.append(out[:at])
    libxl = out[at:].startswith(LIBXL_MAGIC)
    if libxl:
        got.head.append(out[at : at + 24])  # and LIBXC_CONTEXT
        at += 24
    got.head.append(out[at : at + 40])
    for kind, body, at in _records(out, at + 40):
        if kind == image.PAGE_DATA:
            got.pages += (entries := list(_page_data(body)))
            got.batches.append(len(entries))
        else:
            got.libxc.append((kind, body))
        if kind == image.END:
            break
    if libxl:
        got.libxl += [(kind, body) for kind, body, at in _records(out, at)]
    else:
        got.rest = out[at:]
    return got


@dataclass(frozen=True)
class Outcome:
    """What both made of a stream."""

    call: Call
    data: bytes
    ours: Result
    theirs: Result

    @property
    def differ(self) -> bool:
        """Anything but the same output, or the same refusal."""
        return self.ours.code != self.theirs.code or (not self.ours.code and self.ours.out != self.theirs.out)

    @property
    def converted(self) -> bool:
        """Both have output."""
        return not self.ours.code and not self.theirs.code

    @property
    def only_ours(self) -> bool:
        """Xen's refuses."""
        return not self.ours.code and bool(self.theirs.code)

    @property
    def only_theirs(self) -> bool:
        """Ours refuses."""
        return bool(self.ours.code) and not self.theirs.code

    def left_out(self, words: str) -> bool:
        """Ours remarks that this is left out."""
        return any(words in line.text and line.rule == "convert.dropped" for line in self.ours.said)


Applies = Callable[[Outcome], bool]
Edit = Callable[[Parts], Parts]
Forget = Callable[[Image, Image], None]


def nothing(_ours: Image, _theirs: Image) -> None:
    """Changes no output."""


@dataclass(frozen=True)
class Difference:
    """A reason to differ, where it applies, what it changes, and a seed, edit and call that show it."""

    name: str
    seed: str
    edit: Edit
    applies: Applies
    call: dict[str, bool | int] = field(default_factory=dict)
    forget: Forget | None = None


# --- where they apply -----------------------------------------------------------------------------


def refused_by_xen(words: str, rule: str = "") -> Applies:
    """Xen's says that; ours, if it has anything to say of it, that."""
    return lambda o: o.only_ours and words in o.theirs.words and (not rule or rule in o.ours.rules)


def refused_by_us(rule: str, words: str = "") -> Applies:
    """Ours ends with that error."""
    return lambda o: o.only_theirs and o.ours.error == rule and words in o.ours.words


def hinted(rule: str) -> Applies:
    """The caller has said something wrong, and we have remarked it. Xen's reads something else then."""
    return lambda o: rule in o.ours.rules


def vcpus(got: Image) -> list[bytes]:
    """Registers."""
    return [body for kind, body in got.libxc if kind == image.X86_PV_VCPU_BASIC]


def without_map(o: Outcome) -> bool:
    """Xen's has taken registers for the shared info; ours may find too few of them."""
    if o.only_theirs and o.ours.error == "input.truncated":
        return not o.call.hvm and not vcpus(read(o.theirs.out))
    if not o.converted:
        return False
    ours, theirs = vcpus(read(o.ours.out)), read(o.theirs.out)
    shared = next((body for kind, body in theirs.libxc if kind == image.SHARED_INFO), b"")
    return bool(ours) and not vcpus(theirs) and ours[0][8:2808] == shared[:2800]


def two_maps(o: Outcome) -> bool:
    """Two VCPU_INFO chunks in a PV guest's stream: Xen's joins them and reads on out of step."""
    return not o.call.hvm and not o.ours.code and o.data.count(VCPU_INFO) > 1


def keys(out: bytes) -> bytes:
    """The xenstore keys of a device model."""
    return b"".join(body[8:] for kind, body in read(out).libxl if kind == XENSTORE)


def pv_keys(o: Outcome) -> bool:
    """Xen's writes keys of a device model for a PV guest."""
    return o.converted and not o.call.hvm and not keys(o.ours.out) and bool(keys(o.theirs.out))


def broken_name(o: Outcome) -> bool:
    """Xen's writes more strings than there are keys and values."""
    return o.converted and keys(o.theirs.out).count(0) > keys(o.ours.out).count(0) > 0


def no_emulator(o: Outcome) -> bool:
    """An HVM guest's stream that ends after the context."""
    if not (o.only_ours and "Stream truncated" in o.theirs.words and o.call.hvm):
        return False
    got = read(o.ours.out)
    return not got.rest and EMULATOR not in [kind for kind, _ in got.libxl]


# --- what they change -----------------------------------------------------------------------------


def forget_kinds(*kinds: int) -> Forget:
    """Records of the image."""

    def forget(ours: Image, theirs: Image) -> None:
        for got in (ours, theirs):
            got.libxc = [(kind, body) for kind, body in got.libxc if kind not in kinds]

    return forget


def forget_keys(ours: Image, theirs: Image) -> None:
    """The xenstore keys."""
    for got in (ours, theirs):
        got.libxl = [(kind, body) for kind, body in got.libxl if kind != XENSTORE]


def forget_unmapped(ours: Image, theirs: Image) -> None:
    """XTAB entries at the end of ours, of pfns that were sent."""
    sent = {entry & (1 << 52) - 1 for entry, _ in theirs.pages}
    while len(ours.pages) > len(theirs.pages) and ours.pages[-1][0] >> 60 == image.TYPE_XTAB:
        if ours.pages[-1][0] & (1 << 52) - 1 not in sent:
            break
        ours.pages.pop()


def forget_stream_flag(ours: Image, theirs: Image) -> None:
    """The xl header's flag that a libxl stream follows."""
    for got in (ours, theirs):
        got.head = [head[:36] + bytes([head[36] & ~2]) + head[37:] for head in got.head]


def stream_flag(o: Outcome) -> bool:
    """Xen's leaves the flag on, though an image follows."""
    return o.converted and o.call.xl and not o.call.libxl and o.theirs.out[36] & 2 > o.ours.out[36] & 2


def has_unmapped(o: Outcome) -> bool:
    """Ours has more entries than Xen's, which are XTAB."""
    if not o.converted or o.call.hvm:
        return False
    ours, theirs = read(o.ours.out), read(o.theirs.out)
    more = ours.pages[len(theirs.pages) :]
    return bool(more) and all(entry >> 60 == image.TYPE_XTAB for entry, _ in more)


def other_batches(o: Outcome) -> bool:
    """The same entries in other records."""
    if not o.converted:
        return False
    ours, theirs = read(o.ours.out), read(o.theirs.out)
    forget_unmapped(ours, theirs)
    return ours.pages == theirs.pages and ours.batches != theirs.batches


# --- examples -------------------------------------------------------------------------------------

VCPU_INFO = struct.pack("<i", -2)


def as_it_is(parts: Parts) -> Parts:
    """No edit."""
    return parts


def with_chunk(data: bytes) -> Edit:
    """One chunk more at the end of the first body."""

    def edit(parts: Parts) -> Parts:
        at = next(i for i, part in enumerate(parts) if part.kind == "end")
        return parts[:at] + [Part("chunk", data)] + parts[at:]

    return edit


def patched(kind: str, change: Callable[[bytes], bytes]) -> Edit:
    """The first part of a kind with other bytes."""

    def edit(parts: Parts) -> Parts:
        at = next(i for i, part in enumerate(parts) if part.kind == kind)
        return parts[:at] + [replace(parts[at], data=change(parts[at].data))] + parts[at + 1 :]

    return edit


def with_entries(change: Callable[[tuple[int, ...]], tuple[int, ...]], pages: int = 0) -> Edit:
    """The first batch with other entries, and so many pages more."""

    def edit(parts: Parts) -> Parts:
        at = next(i for i, part in enumerate(parts) if part.kind == "batch")
        part = parts[at]
        more = replace(part, entries=change(part.entries), pages=part.pages + part.pages[:1] * pages)
        return parts[:at] + [more] + parts[at + 1 :]

    return edit


def without(kind: str, start: bytes = b"") -> Edit:
    """No part of a kind that begins so."""
    return lambda parts: [part for part in parts if part.kind != kind or not part.data.startswith(start)]


def word(at: int, value: int) -> Callable[[bytes], bytes]:
    """A word of four bytes."""
    return lambda data: data[:at] + struct.pack("<I", value) + data[at + 4 :]


def toolstack(name: bytes, version: int = 1) -> bytes:
    """The chunk, as a 64-bit toolstack writes it."""
    entry = struct.pack("<QQQI", 0x7000, 0xF0000000, 0x800, len(name)) + name + bytes(4)
    return struct.pack("<iIII", -18, 8 + len(entry), version, 1) + entry


def with_map(parts: Parts) -> Parts:
    """VCPU_INFO marks vCPU 40 online, too."""
    at = next(i for i, part in enumerate(parts) if part.data.startswith(VCPU_INFO))
    marked = parts[at].data[:13] + b"\1" + parts[at].data[14:]
    return parts[:at] + [replace(parts[at], data=marked)] + parts[at + 1 :]


def unmapped_sent(parts: Parts) -> Parts:
    """The tail takes the first page back."""
    entry = next(part.entries[0] for part in parts if part.kind == "batch") & 0xFFFFFFF
    return patched("unmapped", lambda _: struct.pack("<IQ", 1, entry))(parts)


PV, HVM, HVM_XL = "pv64-ts64-raw", "hvm-ts64-maxparams", "hvm-ts64-xltext"
REMUS_SEED, COMPRESSED_SEED = "legacy-pv32-4-remus", "legacy-hvm-4-remus-compressed"

DIFFERENCES = (
    # only Xen's refuses, or reads something else
    Difference("wrong width", PV, as_it_is, hinted("hint.width"), {"width": 32}),
    Difference("wrong guest", PV, as_it_is, hinted("hint.guest"), {"hvm": True}),
    Difference("no -x", HVM_XL, as_it_is, lambda o: o.only_ours and not o.call.xl and o.data.startswith(b"Xen saved"),
               {"xl": False}),
    Difference("physmap without a name", HVM, with_chunk(toolstack(b"")), refused_by_xen("No physmap info name"),
               {"libxl": True}),
    Difference("physmap name that is no UTF-8", HVM, with_chunk(toolstack(b"\xff\0")),
               refused_by_xen("UnicodeDecodeError"), {"libxl": True}),
    Difference("X87_FIP_WIDTH", HVM, with_chunk(struct.pack("<iIQ", -21, 0, 4)),
               refused_by_xen("Unrecognised chunk -21")),
    Difference("xsave areas of different sizes", "pv64-ts64-xvar", as_it_is, refused_by_xen("AssertionError")),
    Difference("tmem", "legacy-hvm-8-tmem", as_it_is,
               lambda o: o.only_ours and "todo" in o.theirs.words
               and ("legacy.tmem" in o.ours.rules or o.left_out("invalid transcendent memory"))),
    Difference("compressed", COMPRESSED_SEED, as_it_is,
               lambda o: o.only_ours and "todo" in o.theirs.words and struct.pack("<i", -13) in o.data),
    Difference("signature of xend", HVM, patched("emulator", lambda b: REMUS + b[21:]),
               lambda o: o.only_ours and "Unrecognised Qemu sig" in o.theirs.words
               and any(s.decode() in o.theirs.words for s in (REMUS, QEMU))),
    Difference("no device model", HVM, without("emulator"), no_emulator, {"libxl": True}),
    Difference("equal entries", HVM, with_entries(lambda e: e + e[-1:], 1), refused_by_xen("Duplicate pfns in batch")),
    Difference("vCPUs above the highest", PV, with_map,
               lambda o: not o.ours.code and not o.call.hvm and "legacy.vcpu-map" in o.ours.rules),
    Difference("unknown extended block", PV, patched("ext-block", lambda b: b + b"strn\0\0\0\0"),
               refused_by_xen("Unrecognised extended block", "legacy.extended-info.block")),
    Difference("HVM parameter of a PV guest", PV, with_chunk(struct.pack("<iIQ", -3, 0, 4)),
               refused_by_xen("HVM-only param in PV stream", "legacy.param")),
    # both convert
    Difference("unmapped pfns", PV, unmapped_sent, has_unmapped, forget=forget_unmapped),
    Difference("batches", HVM, with_entries(lambda e: e + (e[-1] | 0x40000000,), 1), other_batches, forget=nothing),
    Difference("no VCPU_INFO", PV, without("chunk", VCPU_INFO), without_map,
               forget=forget_kinds(image.SHARED_INFO, *VCPU)),
    Difference("two toolstack records", HVM, with_chunk(toolstack(b"ram\0")),
               lambda o: o.converted and TOOLSTACK_RULE in o.ours.rules, {"libxl": True}, forget=forget_keys),
    Difference("xl stream flag", HVM_XL, patched("xl", word(36, 2)), stream_flag, forget=forget_stream_flag),
    Difference("toolstack record of a PV guest", PV, with_chunk(toolstack(b"ram\0")), pv_keys, {"libxl": True},
               forget=forget_keys),
    Difference("physmap name with a NUL", HVM, with_chunk(toolstack(b"x\0y\0")), broken_name, {"libxl": True},
               forget=forget_keys),
    Difference("two VCPU_INFO", PV, with_chunk(struct.pack("<iIQ", -2, 0, 1)), two_maps),
    # only ours refuses
    Difference("page types 5 to 8", HVM, with_entries(lambda e: e[:-1] + (e[-1] & 0xFFFFFFF | 5 << 28,)),
               refused_by_us("legacy.batch.entry", "type")),
    Difference("entries above 32 bits", HVM, with_entries(lambda e: (e[0] | 1 << 40,) + e[1:]),
               refused_by_us("legacy.batch.entry", "more than 32 bits")),
    Difference("p2m_size", HVM, patched("p2m-size", lambda b: bytes(8)),
               lambda o: o.only_theirs and o.ours.error in ("legacy.p2m-size", "input.unknown")),
    Difference("limits", HVM, with_chunk(struct.pack("<ii", -2, -1)), refused_by_us("input.limit")),
    Difference("toolstack record", HVM, with_chunk(toolstack(b"ram\0", 2)),
               lambda o: o.only_theirs and o.ours.error == "legacy.toolstack" and not o.call.libxl, {"libxl": False}),
    Difference("extended info", PV, patched("ext-block", lambda b: b + b), refused_by_us("legacy.extended-info")),
    Difference("empty HVM context", HVM, patched("context", lambda b: bytes(4)), refused_by_us("legacy.hvm-context")),
    Difference("xl flags", HVM_XL, patched("xl", word(36, 16)), refused_by_us("xl.mandatory-flags")),
    Difference("xl byte order", HVM_XL, patched("xl", word(32, 1)), refused_by_us("xl.byte-order")),
    Difference("xl configuration", HVM_XL, patched("xl", word(48, 0x10000)), refused_by_us("xl.config-length")),
    # both refuse
    Difference("exit code", "legacy-hvm-8-tmem", lambda parts: parts[:-2],
               lambda o: o.ours.code == 1 and o.theirs.code == 2),
)  # fmt: skip


def named(outcome: Outcome) -> list[Difference]:
    """The differences that explain an outcome; none if anything is left over."""
    found = [d for d in DIFFERENCES if d.applies(outcome)]
    if not outcome.converted or any(d.forget is None for d in found):
        return found
    ours, theirs = read(outcome.ours.out), read(outcome.theirs.out)
    for difference in found:
        assert difference.forget is not None
        difference.forget(ours, theirs)
    return found if ours == theirs else []
