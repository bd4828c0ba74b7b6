"""The command as Xen's verify-stream-v2: options, descriptors, exit codes, like the script's."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import pytest

from support import image, xenref
from support.command import Result
from support.corpus import Item

from .common import HVM, MODERN_HVM, MODERN_PV, PV, Unpack, Word, octets, program, run, xenstream

FINE = 0
STREAM = 1
TROUBLE = 2


def ours(*words: Word, **more: object) -> Result:
    """Runs the drop-in."""
    return run([program("verify-stream-v2"), *words], **more)  # type: ignore[arg-type]


def theirs(*words: Word, **more: object) -> Result:
    """Runs Xen's script, without the faults that it has under Python 3."""
    return run([sys.executable, xenref.WRAPPER, "verify", *words], **more)  # type: ignore[arg-type]


WRONG = [
    (["--bogus"], TROUBLE), (["-z"], TROUBLE), (["-f", "legacy"], TROUBLE), (["--format"], TROUBLE),
    (["--verb=1"], TROUBLE), (["-i", "/nonexistent"], STREAM), (["-i", "77"], STREAM),
    (["-i", "/dev/null"], STREAM), (["--help"], FINE), (["--he"], FINE), (["--version"], TROUBLE),
]  # fmt: skip


@pytest.mark.parametrize("words, code", WRONG, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_use(words: list[str], code: int) -> None:
    result = ours(*words)
    assert result.rc == code, str(result)
    assert (result.stdout != b"") == (code == FINE)


@pytest.mark.parametrize("words, code", WRONG, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_use_like_xen(xen: None, words: list[str], code: int) -> None:
    assert theirs(*words).rc == code


def forms(data: bytes) -> dict[str, bytes]:
    """A file of `xl save` as each layer sees it."""
    header = image.xl_header(data).size
    inner, end = data.index(image.LIBXC_MARKER), image.decode(data).libxc.records[-1].offset + 8
    return {"xl": data, "libxl": data[header:], "libxc": data[inner:end]}


@pytest.mark.parametrize("item", [MODERN_PV, MODERN_HVM], ids=lambda i: i.path.name)
@pytest.mark.parametrize("form", ["xl", "libxl", "libxc"])
def test_formats(item: Item, form: str) -> None:
    data = forms(octets(item))
    result = ours("-f", form, stdin=data[form])
    assert (result.rc, result.stdout, result.stderr) == (FINE, b"", "")
    for other in set(data) - {form}:
        wrong = ours("-f", form, stdin=data[other])
        assert wrong.rc == STREAM and wrong.stderr.startswith("Stream Error: "), other


def test_defaults_are_libxc_and_standard_input(scratch: Path) -> None:
    data = forms(octets(MODERN_PV))
    assert ours(stdin=data["libxc"]).rc == FINE
    path = scratch / "f"
    path.write_bytes(b"skip" + data["libxc"])
    with open(path, "rb") as file:
        os.lseek(file.fileno(), 4, os.SEEK_SET)
        assert ours("--in", str(file.fileno()), pass_fds=[file.fileno()]).rc == FINE


def test_destinations() -> None:
    good, bad = octets(MODERN_PV), octets(MODERN_PV)[:50000]
    loud = ours("-v", "-f", "xl", stdin=good)
    assert loud.rc == FINE and loud.stderr == "" and b"X86_PV_INFO" in loud.stdout
    result = ours("-f", "xl", stdin=bad)
    assert result.rc == STREAM and result.stdout == b""
    assert result.stderr.startswith("Stream Error: offset 0xc350 (libxc record 7, PAGE_DATA, at")
    quiet = ours("-q", "-v", "-f", "xl", stdin=bad)
    assert (quiet.rc, quiet.stdout, quiet.stderr) == (STREAM, b"", "")


def test_legacy_streams_are_not_for_it(unpacked: Unpack) -> None:
    assert ours("-i", unpacked(PV.stream)).rc == STREAM
    result = ours("-f", "xl", "-i", unpacked(HVM.stream))
    assert result.rc == STREAM and "legacy" in result.stderr


def edits() -> list[tuple[str, int, bytes]]:
    """Damage that both have to see: a name, an offset in the libxc image, the bytes there."""
    data = octets(MODERN_PV)
    start = data.index(image.LIBXC_MARKER)
    places: dict[int, int] = {}
    for record in image.decode(data).libxc.records:
        places.setdefault(record.type, record.offset - start)
    return [
        ("marker", 0, b"\0"), ("ident", 8, b"Y"), ("version", 15, b"\4"), ("options", 16, b"\x80"),
        ("guest", 24, b"\7"), ("page shift", 28, b"\x0d"),
        ("width", places[image.X86_PV_INFO] + 8, b"\5"),
        ("levels", places[image.X86_PV_INFO] + 9, b"\7"),
        ("no pages", places[image.PAGE_DATA] + 8, bytes(4)),
        ("page type", places[image.PAGE_DATA] + 16 + 7, b"\x50"),
        ("page count", places[image.PAGE_DATA] + 8, b"\1"),
        ("mandatory record", places[image.X86_TSC_INFO], struct.pack("<I", 0x77)),
        ("tsc length", places[image.X86_TSC_INFO] + 4, struct.pack("<I", 16)),
        ("record length", places[image.X86_MSR_POLICY] + 4, struct.pack("<I", 24)),
        ("end length", places[image.END] + 4, struct.pack("<I", 8)),
    ]  # fmt: skip


@pytest.mark.parametrize("name, place, new", edits(), ids=[edit[0] for edit in edits()])
def test_damage_like_xen(xen: None, name: str, place: int, new: bytes, scratch: Path) -> None:
    data = bytearray(forms(octets(MODERN_PV))["libxc"])
    data[place : place + len(new)] = new
    path = scratch / "bad"
    path.write_bytes(data)
    result = ours("-i", path)
    assert theirs("-i", path).rc == result.rc == STREAM, str(result)


@pytest.mark.parametrize("form", ["libxc", "libxl", "xl"])
def test_cut_like_xen(xen: None, form: str, scratch: Path) -> None:
    data = forms(octets(MODERN_PV))[form]
    path = scratch / "cut"
    for size in (0, 7, 60, 2000, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        words = ("-f", form, "-i", path)
        assert ours(*words).rc == theirs(*words).rc == STREAM, size


def test_what_convert_writes(unpacked: Unpack) -> None:
    out = xenstream("convert", unpacked(HVM.stream), "-").stdout
    assert ours("-f", "xl", stdin=out).rc == FINE
