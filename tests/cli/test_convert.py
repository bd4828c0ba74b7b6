"""xenstream convert: its output, its refusals, and where messages go."""

from __future__ import annotations

import os
import pty
import struct
from pathlib import Path

import pytest

from support import image, truth
from support.corpus import RANDOM_AREAS, Case, Item
from support.truth import Form

from .common import (
    BOOT_PV,
    FINE,
    HVM,
    HVM_RAW,
    HVM_XL_JSON,
    INVALID,
    MODERN_HVM,
    MODERN_PV,
    PV,
    PV32,
    REFUSED,
    REMUS,
    USAGE,
    Unpack,
    cases,
    document,
    lines,
    listing,
    octets,
    places,
    program,
    run,
    stream,
    xenstream,
)

PLAIN = [c for c in cases() if c.plain]


def layers(path: Path) -> list[str]:
    """The layers of an output, which has to be fine."""
    said: list[str] = document(xenstream("info", "--json", path))["layers"]
    assert xenstream("verify", "--quiet", *RANDOM_AREAS, path).rc == FINE
    return said


@pytest.mark.parametrize("case", PLAIN, ids=lambda c: c.name)
def test_default_is_what_the_container_asks_for(
    case: Case, unpacked: Unpack, scratch: Path
) -> None:
    out = scratch / "out"
    result = xenstream("convert", unpacked(case.stream), out)
    assert result.rc == FINE and result.stdout == b"", str(result)
    xl = case.description()["has_xl_header"]
    form = Form.XL if xl else Form.LIBXL
    if case.description()["guest_type"] == "hvm" and "qemu" not in case.description()["final"]:
        assert layers(out)[-1] == "libxc"
    else:
        assert layers(out) == ["xl"] * xl + ["libxl", "libxc"]
    if form.has_libxl and layers(out)[-2:] == ["libxl", "libxc"]:
        assert truth.compare(image.load(out), truth.load(case), form, 3) == []
    assert listing(scratch) == ["out"]


@pytest.mark.parametrize("to, want", [
    ("xl", ["xl", "libxl", "libxc"]), ("libxl", ["libxl", "libxc"]), ("libxc", ["libxc"]),
])  # fmt: skip
@pytest.mark.parametrize("item", [PV.stream, HVM.stream, MODERN_PV, BOOT_PV], ids=lambda i: i.path.name)
def test_to(item: Item, to: str, want: list[str], unpacked: Unpack, scratch: Path) -> None:
    out = scratch / "out"
    result = xenstream("convert", "--to", to, "--force", unpacked(item), out)
    assert result.rc == FINE, str(result)
    assert layers(out) == want


def test_image_version(unpacked: Unpack, scratch: Path) -> None:
    out = scratch / "out"
    for options, version in (([], 3), (["--image-version", "3"], 3), (["--image-version=2"], 2)):
        assert xenstream("convert", *options, unpacked(PV.stream), out).rc == FINE
        assert image.load(out).libxc.version == version


def test_nothing_is_lost_without_force(unpacked: Unpack, scratch: Path) -> None:
    out, path = scratch / "out", unpacked(MODERN_PV)
    result = xenstream("convert", "--image-version", "2", path, out)
    assert result.rc == REFUSED and result.stdout == b""
    assert "CPUID" in result.stderr and "--force" in result.stderr
    assert f"{path}: error: offset 0x377 (libxc record 3, X86_CPUID_POLICY" in result.stderr
    assert listing(scratch) == []
    result = xenstream("convert", "--image-version", "2", "--force", path, out)
    assert result.rc == FINE and result.stderr.count("remark:") == 2
    assert image.differences(image.load(out), image.decode(octets(MODERN_PV))) == []


def test_to_todays_own_format_is_the_same(unpacked: Unpack, scratch: Path) -> None:
    for item in (MODERN_PV, MODERN_HVM):
        out = scratch / "out"
        assert xenstream("convert", unpacked(item), out).rc == FINE
        assert out.read_bytes() == octets(item)


@pytest.mark.parametrize("case, options, says", [
    (PV, ["--width", "32"], "a 64-bit toolstack wrote this stream, not a 32-bit one"),
    (PV32, ["--width", "64"], "a 32-bit toolstack wrote this stream, not a 64-bit one"),
    (PV, ["--guest", "hvm"], "this is a PV guest's stream, not an HVM guest's"),
    (HVM, ["--guest", "pv"], "this is an HVM guest's stream, not a PV guest's"),
])  # fmt: skip
def test_wrong_hint(
    case: Case, options: list[str], says: str, unpacked: Unpack, scratch: Path
) -> None:
    out, right = scratch / "out", scratch / "right"
    result = xenstream("convert", *options, unpacked(case.stream), out)
    assert result.rc == REFUSED and says in result.stderr
    assert listing(scratch) == []
    start = image.xl_header(stream(case)).size if case is HVM else 0
    assert f"error: offset {start:#x} " in result.stderr.replace("offset 0 ", "offset 0x0 ")
    assert xenstream("convert", unpacked(case.stream), right).rc == FINE
    result = xenstream("convert", "--force", *options, unpacked(case.stream), out)
    assert result.rc == FINE and "remark: offset" in result.stderr and says in result.stderr
    assert out.read_bytes() == right.read_bytes()


def test_right_hints_are_silent(unpacked: Unpack, scratch: Path) -> None:
    words = ("-w", "64", "-g", "pv", unpacked(PV.stream), scratch / "out")
    result = xenstream("convert", *words)
    assert result.rc == FINE and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("item", [PV.stream, HVM.stream, HVM_XL_JSON.stream, MODERN_PV],
                         ids=lambda i: i.path.name)  # fmt: skip
def test_pipes(item: Item, unpacked: Unpack, scratch: Path) -> None:
    out = scratch / "out"
    assert xenstream("convert", unpacked(item), out).rc == FINE
    want = out.read_bytes()
    result = xenstream("convert", "-", "-", stdin=octets(item))
    assert result.rc == FINE and result.stdout == want
    assert "(standard input) -> (standard output)" in result.stderr
    assert xenstream("convert", unpacked(item), "-").stdout == want
    assert xenstream("convert", "--quiet", "-", out, stdin=octets(item)).stderr == ""
    assert out.read_bytes() == want


def test_three_in_a_row() -> None:
    first = xenstream("convert", "-", "-", stdin=stream(PV)).stdout
    second = xenstream("convert", "--to", "xl", "-", "-", stdin=first)
    third = xenstream("convert", "--to", "libxl", "-", "-", stdin=second.stdout)
    assert "no configuration" in second.stderr
    assert third.stdout == first


def test_fifo_as_input_and_output(scratch: Path, unpacked: Unpack) -> None:
    want = xenstream("convert", unpacked(PV.stream), "-").stdout
    source, target = scratch / "in", scratch / "out"
    os.mkfifo(source)
    os.mkfifo(target)
    script = 'cat "$1" >"$2" & "$0" convert -q "$2" "$3" & cat "$3"; wait $!'
    result = run(["sh", "-c", script, program(), unpacked(PV.stream), source, target])
    assert result.rc == FINE and result.stdout == want
    assert target.is_fifo(), "a fifo is written to, not replaced"


def test_refuses_a_terminal(unpacked: Unpack) -> None:
    controller, terminal = pty.openpty()
    try:
        result = xenstream("convert", unpacked(PV.stream), "-", stdout=terminal)
        assert result.rc == USAGE and "a terminal" in result.stderr
        os.set_blocking(controller, False)
        with pytest.raises(BlockingIOError):
            os.read(controller, 1)
    finally:
        os.close(controller)
        os.close(terminal)


def test_words_only_on_stderr(unpacked: Unpack) -> None:
    result = xenstream("convert", "--to", "libxc", unpacked(MODERN_PV), "-")
    assert result.rc == FINE and result.stdout.startswith(image.LIBXC_MARKER)
    assert "configuration is left out" in result.stderr
    assert image.decode(result.stdout).trailing == b""


def test_checkpointed_stream(unpacked: Unpack, scratch: Path) -> None:
    """It is converted, with a message about the state that was taken."""
    result = xenstream("convert", unpacked(REMUS.stream), scratch / "out")
    assert result.rc == FINE and "Remus" in result.stderr
    memory = image.load(scratch / "out").memory.values()
    pages = sum(contents is not None for _, contents in memory)
    assert pages == REMUS.description()["final"]["nr_data_pages"]


@pytest.mark.parametrize("item", [PV.stream, HVM.stream, MODERN_PV], ids=lambda i: i.path.name)
def test_truncated_anywhere_makes_no_file(item: Item, scratch: Path) -> None:
    data, path, out = octets(item), scratch / "in", scratch / "out"
    for place in places(len(data), 25):
        path.write_bytes(data[:place])
        result = xenstream("convert", path, out)
        assert result.rc == INVALID, f"{place}: {result}"
        assert listing(scratch) == ["in"]
        assert f"{path}: error: offset " in result.stderr


def test_without_emulator_only_libxc(unpacked: Unpack, scratch: Path) -> None:
    assert xenstream("convert", "--to", "libxc", unpacked(HVM_RAW.stream), scratch / "o").rc == FINE
    assert layers(scratch / "o") == ["libxc"]


FOREIGN: list[tuple[str, bytes, str]] = [
    ("qcow2", b"QFI\xfb\0\0\0\3", "a qcow2 disk image"),
    ("elf", b"\x7fELF\2\1\1", "an ELF file"),
    ("libvirt-qemu", b"LibvirtQemudSave\2\0\0\0", "libvirt's QEMU driver"),
    ("text", b"name = 'x'\nmemory = 4\n", "not a saved Xen domain"),
]  # fmt: skip


@pytest.mark.parametrize("verb", ["info", "records", "verify", "convert"])
@pytest.mark.parametrize("name, magic, says", FOREIGN, ids=lambda v: v if isinstance(v, str) else "")
def test_foreign_files_are_named(
    verb: str, name: str, magic: bytes, says: str, scratch: Path
) -> None:
    path = scratch / name
    path.write_bytes(magic + bytes(range(1, 255)) * 8)
    result = xenstream(verb, path, *[scratch / "out"] * (verb == "convert"))
    assert result.rc == INVALID
    words = (result.stdout if verb == "verify" else result.stderr.encode()).decode()
    assert f"{path}: error: offset 0: " in words and says in words
    assert listing(scratch) == [name]


def test_input_that_is_not_a_regular_file() -> None:
    for device in ("/dev/zero", "/dev/null", "/dev/urandom"):
        assert xenstream("convert", device, "-").rc == INVALID


def test_bytes_after_the_stream_are_not_copied(scratch: Path, unpacked: Unpack) -> None:
    want = xenstream("convert", unpacked(PV.stream), "-").stdout
    assert xenstream("convert", "-", "-", stdin=stream(PV) + b"x" * 10000).stdout == want


def test_offset_of_standard_input_counts(scratch: Path, unpacked: Unpack) -> None:
    """`(skip a header; xenstream ...) <FILE` works, and leaves the offset after the stream."""
    path = scratch / "f"
    path.write_bytes(b"header!!" + stream(PV) + b"rest")
    with open(path, "rb") as file:
        os.lseek(file.fileno(), 8, os.SEEK_SET)
        result = xenstream("convert", "-q", "-", "-", stdin=file)
        assert os.read(file.fileno(), 10) == b"rest"
    assert result.stdout == xenstream("convert", unpacked(PV.stream), "-").stdout


def test_big_endian_libxl_header_is_honest(scratch: Path) -> None:
    """A stream that says it is big-endian while it is not must not be taken apart as if it was."""
    data = bytearray(octets(MODERN_PV))
    place = data.index(image.LIBXL_IDENT)
    struct.pack_into(">I", data, place + 12, image.LIBXL_BIG_ENDIAN)
    path = scratch / "in"
    path.write_bytes(data)
    result = xenstream("convert", path, scratch / "out")
    assert result.rc == INVALID and listing(scratch) == ["in"]


def test_remarks_are_counted_by_verify_only(unpacked: Unpack, scratch: Path) -> None:
    tmem = next(c for c in PLAIN if "tmem" in c.name)
    result = xenstream("convert", unpacked(tmem.stream), scratch / "out")
    assert result.rc == FINE and "remark:" in result.stderr
    assert lines(xenstream("verify", "--json", *RANDOM_AREAS, scratch / "out"))[-1]["verdict"] == "valid"


def test_a_checkpointed_stream_of_today_that_breaks_off(unpacked: Unpack, scratch: Path) -> None:
    """The sender is gone, but there is a complete state, and the message says how to get it. Where only the stream's
    own END is missing, the last state is whole and is taken, as restore does and as verify says."""
    kept, cut, out = scratch / "kept", scratch / "cut", scratch / "out"
    assert xenstream("convert", "-q", "--to", "libxl", "--checkpoints", "keep",
                     unpacked(REMUS.stream), kept).rc == FINE
    whole, count = kept.read_bytes(), len(REMUS.description()["per_checkpoint"])
    cut.write_bytes(whole[:-8])
    assert xenstream("verify", cut).rc == 1
    result = xenstream("convert", cut, out)
    assert result.rc == FINE and "[convert.cut]" in result.stderr
    assert xenstream("verify", "-q", out).rc <= 1
    out.unlink()
    for end, complete in ((len(whole) - 100, count - 1),):
        cut.write_bytes(whole[:end])
        for words in ([], ["--to", "libxl"]):
            result = xenstream("convert", *words, cut, out)
            assert result.rc == INVALID and "[input.truncated]" in result.stderr
            assert f"; {complete} checkpoints before it are complete: --checkpoints last" in result.stderr
        assert xenstream("convert", "--checkpoints", "last", cut, out).rc == FINE
        out.unlink()
    cut.write_bytes(octets(MODERN_PV)[:-100])
    assert "checkpoint" not in xenstream("convert", cut, out).stderr
