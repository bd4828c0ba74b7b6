"""Damages legacy streams: their parts taken as wholes first, then bytes."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, replace
from typing import Callable

from support import image

from .mutate import INTERESTING

PAGE = image.PAGE_SIZE
XL_HEADER = 48
FIRST_TYPE_WITHOUT_PAGE = 0xD
PARAMS = {-3, -4, -8, -10, -11, -14, -15, -16, -17, -19, -20, -21}
PLAIN = {-1: 0, -9: 0, -13: 0, -7: 20} | {param: 12 for param in PARAMS}
PAGES_KEPT, BATCHES_KEPT = 3, 3
LARGE = 1 << 20
WITH_LENGTH = ("toolstack", "compressed", "context", "emulator")


@dataclass(frozen=True)
class Part:
    """A part of a stream: a batch by its entries and pages, any other by its bytes."""

    kind: str
    data: bytes = b""
    entries: tuple[int, ...] = ()
    pages: tuple[bytes, ...] = ()

    def raw(self, width: int) -> bytes:
        """As it stands in the stream."""
        if self.kind != "batch":
            return self.data
        pfns = b"".join((entry & (1 << 8 * width) - 1).to_bytes(width, "little") for entry in self.entries)
        return struct.pack("<i", len(self.entries)) + pfns + b"".join(self.pages)


@dataclass(frozen=True)
class Legacy:
    """A good stream, and what a caller of the converter has to know of it."""

    name: str
    width: int
    pv: bool
    xl: bool
    parts: tuple[Part, ...]


Parts = list[Part]


class Reader:
    """Takes a stream apart."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.parts = data, 0, Parts()
        self.xl = data.startswith(b"Xen saved domain")
        if self.xl:
            self.part("xl", XL_HEADER + struct.unpack_from("<I", data, 44)[0])
        self.width = 8 if not any(data[self.at + 4 : self.at + 8]) else 4
        marker = data[self.at + self.width : self.at + 2 * self.width]
        self.pv = marker == b"\xff" * self.width
        self.extended = self.xsave = False
        self.basic = 0
        self.vcpus = 1

    def number(self, ahead: int = 0, size: int = 4) -> int:
        """A number that is not taken yet."""
        return int.from_bytes(self.data[self.at + ahead : self.at + ahead + size], "little")

    def part(self, kind: str, size: int) -> None:
        self.parts.append(Part(kind, self.data[self.at : self.at + size]))
        self.at += size

    def head(self) -> None:
        p2m_size = self.number(0, self.width)
        self.part("p2m-size", self.width)
        if not self.pv:
            return
        left = self.number(self.width)
        self.part("ext-info", self.width + 4)
        end = self.at + left
        while self.at < end:
            name, size = self.data[self.at : self.at + 4], self.number(4)
            self.basic = size if name == b"vcpu" else self.basic
            self.extended |= name == b"extv"
            self.xsave |= name == b"xcnt"
            self.part("ext-block", 8 + size)
        per_frame = PAGE // (8 if self.basic == 5168 else 4)
        self.part("frames", (p2m_size + per_frame - 1) // per_frame * self.width)

    def batch(self, compressed: bool, kept: int) -> None:
        count = self.number()
        first = self.at + 4
        entries = [self.number(4 + self.width * i, self.width) for i in range(count)]
        self.at = first + self.width * count
        full = [] if compressed else [e for e in entries if e >> 28 & 0xF < FIRST_TYPE_WITHOUT_PAGE]
        pages = {e: self.data[self.at + PAGE * i :][:PAGE] for i, e in enumerate(full)}
        self.at += PAGE * len(full)
        if not compressed and kept < BATCHES_KEPT:
            entries = [e for e in entries if e not in pages][:2] + list(pages)[:PAGES_KEPT]
            some = tuple(pages[e] for e in entries if e in pages)
            self.parts.append(Part("batch", entries=tuple(entries), pages=some))
        elif compressed:
            self.parts.append(Part("batch", entries=tuple(entries)))

    def tmem(self) -> None:
        end = self.at + 32
        while self.data[end : end + 4] not in (b"\xff" * 4, b""):
            left = int.from_bytes(self.data[end + 8 : end + 12], "little")
            end += 28
            while left and self.data[end : end + 24] != b"\xff" * 24:
                end, left = end + 28 + PAGE, left - 1
            end += 24 * (left > 0)
        self.part("chunk", end + 4 - self.at)

    def tmem_extra(self) -> None:
        end = self.at + 4
        while self.data[end : end + 4] not in (b"\xff" * 4, b""):
            end += 32
        self.part("chunk", end + 4 - self.at)

    def chunk(self, marker: int) -> None:
        if marker == -2:
            words = self.number(4) // 64 + 1
            self.vcpus = sum(self.number(8 + 8 * i, 8).bit_count() for i in range(words))
            self.part("chunk", 8 + 8 * words)
        elif marker == -5:
            self.tmem()
        elif marker == -6:
            self.tmem_extra()
        elif marker == -12:
            self.part("compressed", 4 + self.width + self.number(4, self.width))
        elif marker == -18:
            self.part("toolstack", 8 + self.number(4))
        else:
            self.part("chunk", 4 + PLAIN[marker])

    def body(self, compressed: bool) -> bool:
        """Up to the chunk that ends it. Whether the next one is compressed."""
        batches, announced = 0, compressed
        while (marker := struct.unpack_from("<i", self.data, self.at)[0]) != 0:
            if marker > 0:
                self.batch(compressed, batches)
                batches += 1
            else:
                announced |= marker == -13
                self.chunk(marker)
        self.part("end", 4)
        return announced

    def tail(self) -> None:
        if not self.pv:
            self.part("magic", 24)
            self.part("context", 4 + self.number())
            if self.data[self.at :].startswith(b"QemuDevice"):
                self.part("emulator", len(self.data) - self.at)
            elif self.at < len(self.data):
                self.part("emulator", 25 + self.number(21))
            return
        self.part("unmapped", 4 + self.width * self.number())
        for _ in range(self.vcpus):
            self.part("vcpu", self.basic + 128 * self.extended)
            if self.xsave:
                self.part("xsave", 16 + self.number(8, 8))
        self.part("shared", PAGE)


def take_apart(name: str, data: bytes) -> Legacy:
    """A good stream as parts, with few pages, so that mutants meet structure."""
    reader = Reader(data)
    reader.head()
    compressed = False
    while reader.at + 4 <= len(data):
        compressed = reader.body(compressed)
        reader.tail()
    return Legacy(name, reader.width, reader.pv, reader.xl, tuple(reader.parts))


def put_together(parts: Parts, width: int) -> bytes:
    """A stream. The length of the extended info is that of its blocks."""
    out = b""
    blocks = b"".join(part.data for part in parts if part.kind == "ext-block")
    for part in parts:
        if part.kind == "ext-info" and len(part.data) == width + 4:
            out += part.data[:width] + struct.pack("<I", len(blocks))
        else:
            out += part.raw(width)
    return out


# --- edits of parts -------------------------------------------------------------------------------

Edit = Callable[[random.Random, Parts, int], None]


def some_part(rng: random.Random, parts: Parts) -> int:
    """The index of a part; no kind is preferred, however many there are of it."""
    kind = rng.choice(sorted({part.kind for part in parts}))
    return rng.choice([i for i, part in enumerate(parts) if part.kind == kind])


def _delete(rng: random.Random, parts: Parts, _width: int) -> None:
    del parts[some_part(rng, parts)]


def _duplicate(rng: random.Random, parts: Parts, _width: int) -> None:
    at = some_part(rng, parts)
    parts.insert(rng.choice((at, rng.randrange(len(parts) + 1))), parts[at])


def _swap(rng: random.Random, parts: Parts, _width: int) -> None:
    a, b = some_part(rng, parts), some_part(rng, parts)
    parts[a], parts[b] = parts[b], parts[a]


def some_chunk(rng: random.Random, width: int) -> Part:
    """A chunk, whole but at random."""
    marker = rng.choice((*PLAIN, *PLAIN, -2, -12, -18, -22))
    body = rng.choice((bytes, rng.randbytes))(PLAIN.get(marker, 4))
    if marker == -2:
        highest = rng.choice((0, 1, 2, 63, 64, 4095, 4096, 0xFFFFFFFF))
        words = (highest >> 6) + 1 if highest < 5000 else 1
        body = struct.pack("<IQ", highest, rng.choice((0, 1, 3, 5, 7, 1 << 63))) + bytes(8 * words - 8)
    elif marker == -12:
        body = (5).to_bytes(width, "little") + b"\0" * 5
    elif marker == -18:
        name = rng.choice((b"ram\0", b"", b"x\0y\0", b"\xff\0", b"vga", b"a" * 40 + b"\0"))
        entry = struct.pack("<QQQI", 0x1000, 0xF0000000, 0x800, len(name)) + name + bytes(4 * (width == 8))
        record = struct.pack("<II", 1, 1) + entry
        body = struct.pack("<I", len(record)) + record
    return Part("chunk", struct.pack("<i", marker) + body)


def _insert(rng: random.Random, parts: Parts, width: int) -> None:
    """A chunk, mostly where chunks stand."""
    places = [i for i, part in enumerate(parts) if part.kind in ("chunk", "batch", "end")]
    anywhere = rng.random() < 0.1 or not places
    at = rng.randrange(len(parts) + 1) if anywhere else rng.choice(places)
    parts.insert(at, some_chunk(rng, width))


def _entry(rng: random.Random, parts: Parts, width: int) -> None:
    """An entry of a batch: another type, pfn, or bits above; its page stays or goes with it."""
    batches = [i for i, part in enumerate(parts) if part.kind == "batch" and part.entries]
    if not batches:
        return
    at = rng.choice(batches)
    entries = list(parts[at].entries)
    k = rng.randrange(len(entries))
    old = entries[k]
    entries[k] = rng.choice((
        old & 0xFFFFFFF | rng.randrange(16) << 28, old ^ 1 << rng.randrange(8 * width),
        rng.choice(entries), 0xF0000000, old & ~0xFFFFFFF | rng.choice(entries) & 0xFFFFFFF))  # fmt: skip
    pages = parts[at].pages
    full = sum(entry >> 28 & 0xF < FIRST_TYPE_WITHOUT_PAGE for entry in entries)
    if pages and rng.random() < 0.9:
        pages = (pages + pages[:1])[:full] if full <= len(pages) + 1 else pages
    parts[at] = replace(parts[at], entries=tuple(entries), pages=pages)


def _batch(rng: random.Random, parts: Parts, _width: int) -> None:
    """A batch loses or gains entries."""
    batches = [i for i, part in enumerate(parts) if part.kind == "batch" and part.entries]
    if not batches:
        return
    part = parts[at := rng.choice(batches)]
    holes = rng.choice((0xF0000000, 0xF0000005, 0xE0000006, 0xD0000007))
    parts[at] = replace(part, entries=part.entries + (holes,) * rng.choice((1, 1, 2)))


def _unmap(rng: random.Random, parts: Parts, width: int) -> None:
    """The list of unmapped pfns names some of those that were sent, or others."""
    at = next((i for i, part in enumerate(parts) if part.kind == "unmapped"), None)
    if at is None:
        return
    sent = [entry & 0xFFFFFFF for part in parts for entry in part.entries] or [1]
    pfns = [rng.choice((rng.choice(sent), rng.randrange(64))) for _ in range(rng.randrange(4))]
    words = b"".join(pfn.to_bytes(width, "little") for pfn in pfns)
    parts[at] = replace(parts[at], data=struct.pack("<I", len(pfns)) + words)


def _word(rng: random.Random, parts: Parts, _width: int) -> None:
    """One of the first words of a part, whatever it is."""
    part = parts[at := some_part(rng, parts)]
    if len(part.data) < 4:
        return
    data = bytearray(part.data)
    first = 7 if part.kind == "xl" and rng.random() < 0.9 else 0  # its magic is less interesting
    place = 4 * rng.randrange(first, max(first + 1, min(len(data) // 4, 14)))
    old = int.from_bytes(data[place : place + 4], "little")
    value = rng.choice((rng.choice(INTERESTING), old + 1, old - 1, old ^ 1 << rng.randrange(32)))
    data[place : place + 4] = (value & 0xFFFFFFFF).to_bytes(4, "little")
    parts[at] = replace(part, data=bytes(data))


def _resize(rng: random.Random, parts: Parts, _width: int) -> None:
    """Other contents, of another length, which is told."""
    having = [i for i, part in enumerate(parts) if part.kind in WITH_LENGTH]
    if not having:
        return
    part = parts[at := rng.choice(having)]
    place = {"toolstack": 4, "compressed": 4, "context": 0, "emulator": 21}[part.kind]
    if len(part.data) < place + 4:
        return
    by = rng.choice((1, 4, 8, 28, 64))
    body = part.data[place + 4 :]
    body = rng.choice((body[:-by], body + bytes(by), b"", body[:8]))
    parts[at] = replace(part, data=part.data[:place] + struct.pack("<I", len(body)) + body)


def _cut_part(rng: random.Random, parts: Parts, _width: int) -> None:
    part = parts[at := some_part(rng, parts)]
    if part.data:
        parts[at] = replace(part, data=part.data[: rng.randrange(len(part.data))])


PART_EDITS: tuple[Edit, ...] = (
    _delete, _duplicate, _swap, _insert, _insert, _insert, _entry, _entry, _batch, _unmap, _word, _word, _word,
    _resize, _cut_part,
)  # fmt: skip

# --- edits of bytes -------------------------------------------------------------------------------


def _flip(rng: random.Random, data: bytearray, places: list[int]) -> None:
    near = min(rng.choice(places) + rng.randrange(24), len(data) - 1)
    data[rng.choice((near, near, rng.randrange(len(data))))] ^= 1 << rng.randrange(8)


def _cut(rng: random.Random, data: bytearray, places: list[int]) -> None:
    near = rng.choice(places) + rng.randrange(-4, 12)
    del data[max(0, rng.choice((near, rng.randrange(len(data) + 1)))) :]


def _append(rng: random.Random, data: bytearray, _places: list[int]) -> None:
    data += rng.choice((b"DeviceModelRecord0002\4\0\0\0abcd", rng.randbytes(4), rng.randbytes(40), bytes(64)))


BYTE_EDITS = (_flip, _flip, _cut, _append)


def mutant(rng: random.Random, seed: Legacy) -> bytes:
    """The seed with one to three things wrong, or none by chance."""
    parts = list(seed.parts)
    edits = rng.choice((1, 1, 1, 2, 2, 3))
    of_bytes = sum(rng.random() < 0.15 for _ in range(edits))
    for _ in range(edits - of_bytes):
        if parts:
            rng.choice(PART_EDITS)(rng, parts, seed.width)
    data = bytearray(put_together(parts, seed.width))
    places = [0]
    for part in parts:
        places.append(places[-1] + len(part.raw(seed.width)))
    for _ in range(of_bytes):
        if data:
            rng.choice(BYTE_EDITS)(rng, data, places)
    return bytes(data[:LARGE])
