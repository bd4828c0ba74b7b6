"""Damages streams of today: records taken as wholes first, then bytes.

A stream becomes a list of pieces, headers and records. Structural edits change that list, field
edits change what a record's row of the library's table names, byte edits anything.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, replace
from typing import Callable, Iterator, Optional

from support import image

HEADER = "header"
LIBXL = "libxl"
LIBXC = "libxc"
RECORD_HEADER = 8
INTERESTING = (0, 1, 2, 3, 4, 5, 7, 8, 12, 13, 255, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000,
               0xFFFFFFF8, 0xFFFFFFFF, 1 << 32, 1 << 52, 0x5 << 60, 0xD << 60, (1 << 64) - 1)  # fmt: skip
SIZES = (0, 1, 4, 7, 8, 9, 15, 16, 24, 32, 128, 136, 144, 4096, 5176)


@dataclass(frozen=True)
class Field:
    """A fixed field of a header or a record's body."""

    name: str
    offset: int
    size: int


# layer and type (a header: layer and name) -> fields
Table = dict[tuple[str, object], list[Field]]


def read_table(text: str) -> Table:
    """What `judge table` prints."""
    table: Table = {}
    for line in text.splitlines():
        layer, kind, record, field, offset, size = line.split(" ")
        fields = table.setdefault((layer, record if layer == HEADER else int(kind)), [])
        if field != "-":
            fields.append(Field(field, int(offset), int(size)))
    return table


@dataclass(frozen=True)
class Piece:
    """A header, whose body is all of it, or a record."""

    layer: str
    kind: object
    body: bytes
    order: str = "<"

    def octets(self) -> bytes:
        """As it stands in the stream."""
        if self.layer == HEADER:
            return self.body
        head = struct.pack(f"{self.order}II", self.kind, len(self.body))
        return head + self.body + bytes(-len(self.body) % 8)


@dataclass(frozen=True)
class Seed:
    """A good stream, as one of the forms that the verifier takes."""

    name: str
    form: str
    pieces: tuple[Piece, ...]


def _records(data: bytes, at: int, layer: str, order: str) -> Iterator[tuple[Piece, int]]:
    while at + RECORD_HEADER <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        body = data[at + RECORD_HEADER : at + RECORD_HEADER + size]
        at += RECORD_HEADER + size + -size % 8
        yield Piece(layer, kind, body, order), at


def _libxc(data: bytes, at: int, inside: bool, outer: str, pieces: list[Piece]) -> int:
    order = ">" if data[at + 17] & image.LIBXC_BIG_ENDIAN else "<"
    pieces.append(Piece(HEADER, "IMAGE_HEADER", data[at : at + 24]))
    pieces.append(Piece(HEADER, "DOMAIN_HEADER", data[at + 24 : at + 40], order))
    at += 40
    while True:
        piece, at = next(_records(data, at, LIBXC, order))
        pieces.append(piece)
        if piece.kind == image.END:
            return at
        if piece.kind == image.CHECKPOINT and inside:
            for piece, at in _records(data, at, LIBXL, outer):
                pieces.append(piece)
                if piece.kind == image.LIBXL_CHECKPOINT_END:
                    break


def _libxl(data: bytes, at: int, pieces: list[Piece]) -> None:
    order = ">" if data[at + 15] & image.LIBXL_BIG_ENDIAN else "<"
    pieces.append(Piece(HEADER, "LIBXL_HEADER", data[at : at + 16]))
    at += 16
    while True:
        piece, at = next(_records(data, at, LIBXL, order))
        pieces.append(piece)
        if piece.kind == image.LIBXL_END:
            return
        if piece.kind == image.LIBXL_LIBXC_CONTEXT:
            at = _libxc(data, at, True, order, pieces)


def take_apart(name: str, form: str, data: bytes) -> Seed:
    """A good stream as pieces; what follows its end is left out."""
    pieces: list[Piece] = []
    at = 0
    if form == "xl":
        order = "<" if struct.unpack_from("<I", data, 32)[0] == image.XL_BYTEORDER else ">"
        at = image.XL_HEADER_SIZE + struct.unpack_from(f"{order}I", data, 44)[0]
        pieces.append(Piece(HEADER, "XL_HEADER", data[:at]))
    if data[at : at + 8] == image.LIBXL_IDENT:
        _libxl(data, at, pieces)
    else:
        _libxc(data, at, False, "<", pieces)
    return Seed(name, form, tuple(pieces))


# --- edits of pieces ------------------------------------------------------------------------------

Pieces = list[Piece]


def _some_record(rng: random.Random, pieces: Pieces) -> Optional[int]:
    """The index of a record; page data is not preferred, however much of it there is."""
    kinds = sorted({(p.layer, p.kind) for p in pieces if p.layer != HEADER}, key=str)
    if not kinds:
        return None
    wanted = rng.choice(kinds)
    return rng.choice([i for i, p in enumerate(pieces) if (p.layer, p.kind) == wanted])


def _delete(rng: random.Random, pieces: Pieces, _table: Table) -> None:
    at = _some_record(rng, pieces)
    if at is not None:
        del pieces[at]


def _duplicate(rng: random.Random, pieces: Pieces, _table: Table) -> None:
    at = _some_record(rng, pieces)
    if at is not None:
        pieces.insert(rng.choice((at, rng.randrange(len(pieces) + 1))), pieces[at])


def _swap(rng: random.Random, pieces: Pieces, _table: Table) -> None:
    a, b = _some_record(rng, pieces), _some_record(rng, pieces)
    if a is not None and b is not None:
        pieces[a], pieces[b] = pieces[b], pieces[a]


def _insert(rng: random.Random, pieces: Pieces, table: Table) -> None:
    """A record of a known type (mostly) that has no place there, or no such body."""
    layer = rng.choice((LIBXL, LIBXC, LIBXC))
    kinds = [kind for where, kind in table if where == layer]
    kind = rng.choice((rng.choice(kinds), rng.choice(kinds), 0x13, 0x80000013))
    size = rng.choice(SIZES)
    body = rng.choice((bytes(size), rng.randbytes(size)))
    pieces.insert(rng.randrange(len(pieces) + 1), Piece(layer, kind, body))


def _resize(rng: random.Random, pieces: Pieces, _table: Table) -> None:
    """Another length, and the bytes for it."""
    at = _some_record(rng, pieces)
    if at is None:
        return
    body, by = pieces[at].body, rng.choice((1, 4, 8, 16, 24, 64, 128))
    body = body[:-by] if rng.random() < 0.5 else body + bytes(by)
    pieces[at] = replace(pieces[at], body=rng.choice((body, body, b"", body[:8])))


def _field(rng: random.Random, pieces: Pieces, table: Table) -> None:
    """A fixed field gets an interesting value, or one beside its own."""
    named = [i for i, p in enumerate(pieces) if table.get((p.layer, p.kind))]
    kinds = sorted({(pieces[i].layer, pieces[i].kind) for i in named}, key=str)
    if not kinds:
        return
    kind = rng.choice(kinds)
    at = rng.choice([i for i in named if (pieces[i].layer, pieces[i].kind) == kind])
    field = rng.choice(table[kind])
    piece = pieces[at]
    if len(piece.body) < field.offset + field.size:
        return
    old = int.from_bytes(piece.body[field.offset : field.offset + field.size], "little")
    value = rng.choice((rng.choice(INTERESTING), old + 1, old - 1, old ^ 1 << rng.randrange(8 * field.size)))
    new = (value & (1 << 8 * field.size) - 1).to_bytes(field.size, rng.choice(("little", "little", "big")))
    body = piece.body[: field.offset] + new + piece.body[field.offset + field.size :]
    pieces[at] = replace(piece, body=body)


def _entry(rng: random.Random, pieces: Pieces, _table: Table) -> None:
    """One of the first words after the fixed fields: page frames, parameters, leaves."""
    at = _some_record(rng, pieces)
    if at is None or len(pieces[at].body) < 16:
        return
    body = bytearray(pieces[at].body)
    place = 8 * rng.randrange(1, min(len(body) // 8, 40))
    old = int.from_bytes(body[place : place + 8], "little")
    value = rng.choice((old ^ 1 << rng.randrange(64), old & (1 << 60) - 1 | rng.randrange(16) << 60,
                        rng.choice(INTERESTING)))  # fmt: skip
    body[place : place + 8] = value.to_bytes(8, "little")
    pieces[at] = replace(pieces[at], body=bytes(body))


PIECE_EDITS: tuple[Callable[[random.Random, Pieces, Table], None], ...] = (
    _delete, _duplicate, _swap, _insert, _resize, _field, _field, _field, _entry, _entry,
)  # fmt: skip


# --- edits of bytes ------------------------------------------------------------------------------


def _places(pieces: Pieces) -> list[int]:
    """Where pieces begin, and where the last one ends."""
    places = [0]
    for piece in pieces:
        places.append(places[-1] + len(piece.octets()))
    return places


def _flip(rng: random.Random, data: bytearray, places: list[int]) -> None:
    near = min(rng.choice(places) + rng.randrange(24), len(data) - 1)
    at = rng.choice((near, near, rng.randrange(len(data))))
    data[at] ^= 1 << rng.randrange(8)


def _word(rng: random.Random, data: bytearray, places: list[int]) -> None:
    """A type, a length, or whatever stands at the beginning of a piece."""
    at = rng.choice(places) + 4 * rng.randrange(4)
    data[at : at + 4] = (rng.choice(INTERESTING) & 0xFFFFFFFF).to_bytes(4, "little")[: len(data) - at]


def _padding(rng: random.Random, data: bytearray, places: list[int]) -> None:
    at = rng.choice(places) - 1
    if 0 <= at < len(data):
        data[at] = rng.randrange(256)


def _cut(rng: random.Random, data: bytearray, places: list[int]) -> None:
    near = rng.choice(places) + rng.randrange(-4, 12)
    del data[max(0, rng.choice((near, rng.randrange(len(data) + 1)))) :]


OCTET_EDITS = (_flip, _flip, _flip, _word, _padding, _cut)


def mutant(rng: random.Random, seed: Seed, table: Table) -> bytes:
    """The seed with one to three things wrong, or none by chance."""
    pieces = list(seed.pieces)
    edits = rng.choice((1, 1, 1, 2, 3))
    of_octets = sum(rng.random() < 0.4 for _ in range(edits))
    for _ in range(edits - of_octets):
        rng.choice(PIECE_EDITS)(rng, pieces, table)
    data = bytearray(b"".join(piece.octets() for piece in pieces))
    places = _places(pieces)
    for _ in range(of_octets):
        if data:
            rng.choice(OCTET_EDITS)(rng, data, places)
    return bytes(data)
