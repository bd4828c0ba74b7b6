"""Whatever the bytes: no crash, no hang, a documented exit code, valid JSON, no half output.

XENSTREAM_LONG=1 tries many more than the few that fit an everyday run.
"""

from __future__ import annotations

import os
import struct
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import image
from support.command import Result
from support.corpus import RANDOM_AREAS, Item

from .common import (
    DOCUMENTED,
    FINE,
    HVM,
    INVALID,
    MODERN_PV,
    PV,
    PV32,
    REFUSED,
    REMARKS,
    REMUS,
    cases,
    document,
    lines,
    listing,
    octets,
    program,
    run,
    stream,
    xenstream,
)

LONG = bool(os.environ.get("XENSTREAM_LONG"))
EXAMPLES = 3000 if LONG else 250
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# What vCPUs and the hypervisor's state hold is passed on unread.
PASSED_ON = ("libxc.vcpu.", "libxc.hvm-context.")
INTERESTING = (0, 1, 3, 7, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF, 4096, 1 << 27)


def needed(decoded: image.Image) -> set[int]:
    """The pages of a 64-bit PV guest without which no Xen restores it."""
    pfns = set(decoded.p2m.frames) if decoded.p2m else set()
    for vcpu in decoded.vcpus.values():
        basic = vcpu.basic or b""
        (start_info,) = struct.unpack_from("<I", basic, 0x268)
        gdt = struct.unpack_from("<16Q", basic, 0x12E0)
        entries, user, cr3 = (struct.unpack_from("<Q", basic, at)[0] for at in (0x1360, 0x1380, 0x1390))
        pfns |= {start_info, cr3 >> 12, user >> 12} | set(gdt[: (entries + 511) // 512])
    return pfns


def fewer_pages(body: bytes, wanted: set[int]) -> bytes:
    """A PAGE_DATA body with its first four entries and those that are wanted."""
    count = struct.unpack_from("<I", body)[0]
    at, entries, pages = 8 + 8 * count, [], []
    for i, entry in enumerate(struct.unpack_from(f"<{count}Q", body, 8)):
        keep = i < 4 or entry & image.ENTRY_PFN_MASK in wanted
        if keep:
            entries.append(entry)
        if entry >> image.ENTRY_TYPE_SHIFT < image.TYPE_BROKEN:
            pages += [body[at : at + image.PAGE_SIZE]] * keep
            at += image.PAGE_SIZE
    return struct.pack(f"<II{len(entries)}Q", len(entries), 0, *entries) + b"".join(pages)


def small(data: bytes) -> bytes:
    """An image with most of its pages taken out, so that mutations meet structure."""
    decoded = image.decode(data)
    wanted = needed(decoded)
    start = decoded.libxc.records[0].offset - 40
    parts = [data[:start], data[start : start + 40]]
    for record in decoded.libxc.records:
        body = bytes(record.body)
        if record.type == image.PAGE_DATA:
            body = fewer_pages(body, wanted)
        parts.append(struct.pack("<II", record.type, len(body)) + body + bytes(-len(body) % 8))
    last = decoded.libxc.records[-1]
    return b"".join(parts) + data[last.offset + 8 :]


@lru_cache(maxsize=None)
def seeds() -> dict[str, bytes]:
    """Small genuine images of every kind."""

    def converted(data: bytes) -> bytes:
        result = xenstream("convert", "-q", "-", "-", stdin=data)
        assert result.rc == FINE
        return result.stdout

    raw = {"pv": PV, "pv32": PV32, "hvm": HVM, "remus": REMUS}
    found = {name: stream(case) for name, case in raw.items()}
    found["tmem"] = stream(next(c for c in cases() if "tmem" in c.name))
    found["modern-pv"] = small(octets(MODERN_PV))
    found["from-legacy-pv"] = small(converted(stream(PV)))
    found["from-legacy-hvm"] = small(converted(stream(HVM)))
    return found


@lru_cache(maxsize=None)
def structure(name: str) -> list[int]:
    """Where the records of a seed begin."""
    rows = lines(xenstream("records", "--json", "--all", "-", stdin=seeds()[name]))
    return [int(row["offset"]) for row in rows]


def test_seeds_are_fine() -> None:
    for name, data in seeds().items():
        code = REMARKS if name in ("tmem", "from-legacy-hvm") else FINE
        assert xenstream("verify", *RANDOM_AREAS, "-", stdin=data).rc == code, name


@dataclass(frozen=True)
class Edit:
    """One change: what, where, with what."""

    kind: str
    place: int
    value: int
    length: int

    def apply(self, data: bytes) -> bytes:
        """The changed bytes."""
        at = min(self.place, len(data))
        if self.kind == "flip":
            return data[:at] + bytes([b ^ (1 << self.value % 8) for b in data[at : at + 1]]) + data[at + 1 :]
        if self.kind == "cut":
            return data[:at] + data[at + self.length :]
        if self.kind == "insert":
            return data[:at] + bytes([self.value & 0xFF]) * self.length + data[at:]
        if self.kind == "end":
            return data[:at]
        word = struct.pack("<Q" if self.kind == "long" else "<I", self.value & 0xFFFFFFFF)
        return data[:at] + word + data[at + len(word) :]


@st.composite
def edits(draw: Callable[..., int], name: str) -> Edit:
    """An edit near a record's beginning mostly, anywhere sometimes."""
    near = draw(st.sampled_from(structure(name))) + draw(st.integers(0, 40))
    anywhere = draw(st.integers(0, len(seeds()[name])))
    kind = draw(st.sampled_from(["flip", "flip", "word", "word", "long", "cut", "insert", "end"]))
    place = near if draw(st.integers(0, 4)) else anywhere
    value = draw(st.one_of(st.sampled_from(INTERESTING), st.integers(0, 300)))
    return Edit(str(kind), place, value, draw(st.sampled_from([1, 4, 8, 40, 4096])))


@st.composite
def mutants(draw: Callable[..., object]) -> tuple[str, bytes]:
    """A seed's name, and its bytes after some edits."""
    name = str(draw(st.sampled_from(sorted(seeds()))))
    data = seeds()[name]
    for edit in draw(st.lists(edits(name), min_size=1, max_size=4)):  # type: ignore[attr-defined]
        data = edit.apply(data)
    return name, data


def stderr(result: Result) -> bytes:
    """The messages."""
    return result.stderr.encode()


def assert_behaves(data: bytes) -> None:
    """All that is promised for any input."""
    with tempfile.TemporaryDirectory(prefix="xenstream-mutant-") as name:
        folder = Path(name)
        path, out = folder / "in", folder / "out"
        path.write_bytes(data)
        info = xenstream("info", "--json", path)
        assert info.rc in (FINE, INVALID), str(info)
        assert document(info)["schema"] == "xenstream-info/1"
        records = xenstream("records", "--json", path)
        assert records.rc in (FINE, INVALID), str(records)
        ends = [row["offset"] for row in lines(records)]
        assert ends == sorted(ends) and all(end <= len(data) for end in ends)
        verify = xenstream("verify", "--json", path)
        assert verify.rc in (FINE, REMARKS, INVALID) and verify.stderr == "", str(verify)
        verdict = lines(verify)[-1]
        assert verdict["end"] <= len(data)
        assert (verdict["errors"] > 0) == (verify.rc == INVALID) == (info.rc == INVALID)
        convert = xenstream("convert", path, out)
        assert convert.rc in DOCUMENTED, str(convert)
        if convert.rc == FINE:
            wrong = {row["rule"] for row in lines(xenstream("verify", "--json", out))[:-1]
                     if row["severity"] == "error"}  # fmt: skip
            assert not {rule for rule in wrong if not rule.startswith(PASSED_ON)}, str(verify)
        else:
            assert convert.rc in (INVALID, REFUSED), str(convert)
            assert listing(folder) == ["in"]
        assert xenstream("info", path).rc == info.rc
        assert xenstream("records", path).rc == records.rc


@SETTINGS
@given(mutants())
def test_mutants(mutant: tuple[str, bytes]) -> None:
    assert_behaves(mutant[1])


@SETTINGS
@given(mutants())
def test_pipes_say_the_same(mutant: tuple[str, bytes]) -> None:
    """From a pipe nothing can be sought over or known beforehand: the verdict is the same."""
    with tempfile.NamedTemporaryFile(prefix="xenstream-mutant-") as file:
        file.write(mutant[1])
        file.flush()
        for words in (["verify", "-q"], ["records", "--json"], ["convert"]):
            more = ["-"] * (words[0] == "convert")
            from_file = xenstream(*words, file.name, *more)
            from_pipe = xenstream(*words, "-", *more, stdin=mutant[1])
            if words[0] == "convert" and b"compressed" in stderr(from_file):
                continue  # differences to pages that are gone already can be told from a file only
            assert from_pipe.rc == from_file.rc, words
            if from_file.rc == FINE and b"Remus" not in stderr(from_file):
                assert from_pipe.stdout == from_file.stdout, words


@settings(SETTINGS, max_examples=EXAMPLES // 2)
@given(mutants(), st.sampled_from(["libxc", "libxl"]), st.booleans(), st.booleans())
def test_drop_ins(mutant: tuple[str, bytes], form: str, xl: bool, skip: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="xenstream-mutant-") as name:
        path, out = Path(name) / "in", Path(name) / "out"
        path.write_bytes(mutant[1])
        options = ["-w", "64", "-g", "hvm", "-f", form, *["-x"] * xl, *["--skip-qemu"] * skip]
        result = run([program("convert-legacy-stream"), "-i", path, "-o", out, *options])
        assert result.rc in (0, 1, 2), str(result)
        assert out.exists() == (result.rc == 0)
        for outer in ("libxc", "libxl", "xl"):
            result = run([program("verify-stream-v2"), "-f", outer, "-i", path])
            assert result.rc in (0, 1), str(result)


@settings(SETTINGS, max_examples=EXAMPLES // 2)
@given(st.binary(max_size=300), st.sampled_from([image.XL_MAGIC, image.LIBXL_IDENT, image.LIBXC_MARKER,
                                                 b"", struct.pack("<Q", 0x1000)]))  # fmt: skip
def test_octets_at_random(data: bytes, head: bytes) -> None:
    assert_behaves(head + data)


@pytest.mark.parametrize("item", [PV.stream], ids=lambda i: i.path.name)
def test_every_cut_of_the_headers(item: Item) -> None:
    data = octets(item)
    for size in range(0, 80, 1 if LONG else 3):
        assert_behaves(data[:size])
