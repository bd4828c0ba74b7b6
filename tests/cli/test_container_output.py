"""Writing containers of libvirt and XenServer, byte for byte as by the tests' own encoders."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path

import pytest

from support import containers as box
from support.corpus import RANDOM_AREAS

from .common import (
    FINE, INVALID, IO, MODERN_PV, PV, REFUSED, REMARKS, USAGE, case, lines, octets, program,
    stream, xenstream,
)
from .test_containers import converted, parted, put, samples

HVM = case("hvm-ts64-noname")
XML = box.XML + b"\0"


# --- libvirt ---

def test_libvirt_as_it_is(scratch: Path) -> None:
    """A container in the same container is the same, and the version is right in any case."""
    sample = samples()["libvirt"]
    for version in (box.LIBVIRT_LIBXL, box.LIBVIRT_LEGACY):
        path = put(scratch, box.libvirt(sample.bare, version))
        result = xenstream("convert", "-q", "--to", "libvirt", path, "-")
        assert result.rc == FINE and result.stdout == sample.data


def test_libvirt_from_a_legacy_stream(scratch: Path) -> None:
    sample = samples()["libvirt-legacy"]
    result = xenstream("convert", "-q", "--to", "libvirt", put(scratch, sample.data), "-")
    assert result.stdout == box.libvirt(
        converted(sample.bare, "libxl"), box.LIBVIRT_LIBXL, box.PV_XML
    )
    checked = xenstream("verify", *RANDOM_AREAS, put(scratch, result.stdout))
    assert checked.rc in (FINE, REMARKS)


def test_libvirt_needs_xml(scratch: Path) -> None:
    """No libvirt reads a file without it."""
    for data in (octets(MODERN_PV), samples()["xend-pv"].data, stream(PV)):
        result = xenstream("convert", "--to", "libvirt", put(scratch, data), scratch / "out")
        assert result.rc == REFUSED and "--config" in result.stderr
        assert not (scratch / "out").exists()


# --- the version field ---

def test_fix(scratch: Path) -> None:
    """One field of the file changes, and only if it is wrong."""
    sample = samples()["libvirt"]
    path = put(scratch, box.libvirt(sample.bare, box.LIBVIRT_LEGACY))
    inode = path.stat().st_ino
    result = xenstream("convert", "--fix-libvirt", path)
    assert result.rc == FINE and "version changed from 1 to 2" in result.stderr
    assert path.read_bytes() == sample.data and path.stat().st_ino == inode
    before = path.stat().st_mtime_ns
    result = xenstream("convert", "--fix-libvirt", path)
    assert result.rc == FINE and "version 2 is already right" in result.stderr
    assert path.stat().st_mtime_ns == before


def test_fix_the_other_way(scratch: Path) -> None:
    legacy = samples()["libvirt-legacy"]
    path = put(scratch, box.libvirt(legacy.bare, box.LIBVIRT_LIBXL, box.PV_XML))
    assert xenstream("convert", "-q", "--fix-libvirt", path).rc == FINE
    assert path.read_bytes() == legacy.data


def test_fix_of_what_cannot_be_changed_in_place(scratch: Path) -> None:
    """The advice is one that helps."""
    sample = samples()["libvirt"]
    path = put(scratch, gzip.compress(box.libvirt(sample.bare, box.LIBVIRT_LEGACY)))
    fifo = scratch / "fifo"
    os.mkfifo(fifo)
    for file, why in ((path, "it is compressed"), (fifo, "it is not a regular file")):
        result = xenstream("convert", "--fix-libvirt", file)
        assert result.rc == INVALID and f": can't be changed in place, because {why}" in result.stderr
        assert f"convert --to libvirt {file} OUT" in result.stderr, str(result)
    assert xenstream("convert", "--to", "libvirt", path, scratch / "out").rc == FINE
    assert (scratch / "out").read_bytes() == sample.data
    os.link(put(scratch, box.libvirt(sample.bare, box.LIBVIRT_LEGACY)), scratch / "second")
    result = xenstream("convert", "--fix-libvirt", scratch / "second")
    assert result.rc == INVALID and "can't be changed in place, because it has several hard links" in result.stderr


def test_fix_of_something_else(scratch: Path) -> None:
    sample = samples()["libvirt"].data
    for data in (octets(MODERN_PV), b"text\n" * 10, sample[:70], box.libvirt(b"nothing" * 5, 1)):
        path = put(scratch, data)
        assert xenstream("convert", "--fix-libvirt", path).rc == INVALID
        assert path.read_bytes() == data
    assert xenstream("convert", "--fix-libvirt", scratch / "none").rc == IO
    assert xenstream("convert", "--fix-libvirt", path, scratch / "two").rc == USAGE
    assert xenstream("convert", "--fix-libvirt").rc == USAGE


# --- XenServer ---

@pytest.mark.parametrize("name", ["xenserver-pv", "xenserver-hvm"])
def test_xenserver_as_it_is(name: str, scratch: Path) -> None:
    sample = samples()[name]
    result = xenstream("convert", "-q", "--to", "xenserver", put(scratch, sample.data), "-")
    assert result.rc == FINE and result.stdout == sample.data


def test_xenserver_around_a_libxl_stream(scratch: Path) -> None:
    """There the device model's state is outside the image, in a record of its own."""
    libxl = converted(stream(HVM), "libxl")
    image, qemu = parted(converted(stream(HVM), "libxc"))
    want = box.xenserver(box.image(box.LIBXC_TYPE, image), box.record(box.QEMU_TRAD_TYPE, qemu))
    for data in (stream(HVM), samples()["xenserver-legacy"].data):
        result = xenstream("convert", "-q", "--to", "xenserver", put(scratch, data), "-")
        assert result.rc == FINE and result.stdout == want
    refused = xenstream("convert", "--to", "xenserver", put(scratch, libxl), scratch / "out")
    has_keys = b"physmap/" in libxl
    assert refused.rc == (REFUSED if has_keys else FINE)
    forced = xenstream("convert", "-q", "--force", "--to", "xenserver", put(scratch, libxl), "-")
    assert forced.stdout == want


def test_xenserver_leaves_a_configuration_out_aloud(scratch: Path) -> None:
    """Whose language xenopsd does not read; and so libvirt's, and xl's in a bare stream."""
    given = scratch / "cfg"
    given.write_bytes(b"name='a'\n")
    xl = xenstream("convert", "-q", "--config", given, "--to", "xl", put(scratch, octets(MODERN_PV)),
                   "-").stdout
    for data, words in (
        (xl, "XenServer does not read xl's (CONFIG)"),
        (samples()["libvirt"].data, "XenServer does not read libvirt's (XML)"),
        (samples()["xend-pv"].data, "XenServer does not read xend's (SEXPR)"),
    ):
        result = xenstream("convert", "--force", "--to", "xenserver", put(scratch, data), "-")
        assert result.rc == FINE, result
        told = [line for line in result.stderr.splitlines() if "the configuration is left out" in line]
        assert len(told) == 1 and words in told[0] and "convert.dropped" in told[0], result.stderr
    result = xenstream("convert", "--to", "libxl", put(scratch, xl), "-")
    assert "the configuration is left out: it belongs to the xl header" in result.stderr


def test_xenserver_does_not_tell_the_device_model(scratch: Path) -> None:
    """Which one it is, and which of several; a model of number 0 is of no known kind."""
    plain = parted(stream(HVM))[0]
    image = put(scratch, plain + box.libxl_record(b"QEVM" + bytes(20)))
    libxl = bytearray(converted(image.read_bytes(), "libxl"))
    result = xenstream("convert", "--force", "--to", "xenserver", put(scratch, bytes(libxl)), "-")
    assert "id and index" not in result.stderr
    at = libxl.rindex(b"QEVM") - 8
    libxl[at:at + 8] = bytes([2, 0, 0, 0, 1, 0, 0, 0])
    result = xenstream("convert", "--force", "--to", "xenserver", put(scratch, bytes(libxl)), "-")
    assert "the device model's id and index (QEMU upstream, 1) left out" in result.stderr, result


def test_xenserver_and_back(scratch: Path) -> None:
    for data in (octets(MODERN_PV), stream(PV)):
        there = xenstream("convert", "-q", "--to", "xenserver", put(scratch, data), "-")
        assert there.rc == FINE and there.stdout.startswith(b"XenSavedDomv2-\n")
        back = xenstream("convert", "-q", "--to", "libxc", put(scratch, there.stdout), "-")
        assert back.stdout == converted(data, "libxc")


def test_records_in_any_order(scratch: Path) -> None:
    """Only xl needs the image first; a record with a length keeps its place."""
    image, qemu = parted(converted(stream(HVM), "libxc"))
    parts = [box.record(box.VARSTORED_TYPE, b"vars"), box.record(box.QEMU_TRAD_TYPE, qemu),
             box.record(box.DEMU_TYPE, b"gpu"), box.image(box.LIBXC_TYPE, image),
             box.record(box.SWTPM_TYPE), box.record(box.XENOPS_TYPE, box.XENOPS)]
    data = box.xenserver(*parts)
    result = xenstream("convert", "-q", "--to", "xenserver", put(scratch, data), "-")
    assert result.rc == FINE and result.stdout == data


def test_state_without_a_length_is_not_passed_on(scratch: Path) -> None:
    image = parted(converted(stream(HVM), "libxc"))[0]
    path = put(scratch, box.suspended(image, box.record(box.DEMU_TYPE, b"gpu", 0)))
    assert xenstream("convert", "--to", "xenserver", path, scratch / "out").rc == REFUSED


def test_device_model_that_xenopsd_does_not_read(scratch: Path) -> None:
    plain = parted(stream(HVM))[0]
    path = put(scratch, plain + box.libxl_record(b"QEVM" + bytes(1 << 20)))
    result = xenstream("convert", "--to", "xenserver", path, scratch / "out")
    assert result.rc == FINE and "xenserver.qemu-size" in result.stderr


# --- captured migrations ---

def zstd(data: bytes) -> bytes:
    """Compressed."""
    return subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("front", [0, 2, 4])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "zstd"])
@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
def test_handshakes(front: int, packed: bool, piped: bool, scratch: Path) -> None:
    """Success is two bytes of nothing, in front of a migration and after it."""
    sample = samples()["xenserver-hvm"]
    data = bytes(front) + (zstd(sample.data) if packed else sample.data) + bytes(2)
    given = "-" if piped else put(scratch, data)
    result = xenstream("convert", "-q", "--to", "libxl", given, "-", stdin=data if piped else b"")
    assert result.rc == FINE, result
    assert result.stdout == converted(sample.bare, "libxl")
    if not packed:
        listed = lines(xenstream("records", "--json", put(scratch, data)))
        assert [r["type"] for r in listed].count("XENOPS_HANDSHAKE") == front // 2


def test_refused_migration(scratch: Path) -> None:
    text = b"the VM does not fit this host"
    path = put(scratch, bytes([0, len(text)]) + text)
    result = xenstream("verify", path)
    assert result.rc == INVALID and b"refused: \"the VM does no...\"" in result.stdout + result.stderr.encode()


@pytest.mark.parametrize("after", [b"\0", b"\0\0\0", b"\0\1", b"xy", b"\x28\xb5\x2f"])
def test_after_a_zstd_frame(after: bytes, scratch: Path) -> None:
    """Anything else there is damage."""
    path = put(scratch, zstd(octets(MODERN_PV)) + after)
    assert xenstream("verify", path).rc == INVALID


def test_frame_after_frame(scratch: Path) -> None:
    data = octets(MODERN_PV)
    assert xenstream("verify", put(scratch, zstd(data[:1000]) + zstd(data[1000:]))).rc == FINE


def test_an_exported_vm_is_named(scratch: Path) -> None:
    path = put(scratch, b"ova.xml" + bytes(600))
    result = xenstream("verify", path)
    assert result.rc == INVALID and b"an exported XenServer VM" in result.stdout + result.stderr.encode()


@pytest.mark.parametrize("name", ["xend-pv", "libvirt-legacy"])
def test_the_drop_in_reads_containers(name: str, scratch: Path) -> None:
    """Without the configuration, which its output has no place for."""
    sample, out = samples()[name], scratch / "out"
    width = "32" if name == "xend-pv" else "64"
    words = [program("convert-legacy-stream"), "-w", width, "-g", "pv", "-f", "libxl"]
    done = subprocess.run([*words, "-i", put(scratch, sample.data), "-o", out], check=False)
    assert done.returncode == 0 and out.read_bytes() == converted(sample.bare, "libxl")
