"""Reading, checking and converting the containers of libvirt, xend and XenServer."""

from __future__ import annotations

import os
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

from support import containers as box

from .common import (
    TIMEOUT_SECONDS,
    DOCUMENTED, FINE, INVALID, MODERN_PV, PV, PV32, REFUSED, REMARKS, case, document, lines, octets,
    places, program, stream, xenstream,
)

HVM = case("hvm-ts64-noname")
HVM32 = case("hvm-ts32-noname")
SIGNATURE = b"DeviceModelRecord0002"
NV = b"variables of a UEFI"


class Sample(NamedTuple):
    """A container, the bare stream of the same guest, and its layers."""

    data: bytes
    bare: bytes
    layers: list[str]
    language: str | None


@lru_cache(maxsize=None)
def converted(data: bytes, to: str) -> bytes:
    """A stream in another format."""
    result = xenstream("convert", "--quiet", "--to", to, "-", "-", stdin=data)
    assert result.rc == FINE, result
    return result.stdout


def parted(data: bytes) -> tuple[bytes, bytes]:
    """A stream without its device model's record, and that one's state."""
    at = data.rindex(SIGNATURE)
    return data[:at], data[at + 25:]


@lru_cache(maxsize=None)
def samples() -> dict[str, Sample]:
    """All containers around genuine streams."""
    hvm, pv, pv32 = stream(HVM), stream(PV), stream(PV32)
    hvm32, qemu32 = parted(stream(HVM32))
    both = converted(hvm, "libxc")
    image, qemu = parted(both)
    pv_image = converted(octets(MODERN_PV), "libxc")
    libxl = converted(hvm, "libxl")
    to_end = hvm32 + b"QemuDeviceModelRecord" + qemu32
    trad = box.record(box.QEMU_TRAD_TYPE, qemu)
    return {
        "libvirt": Sample(box.libvirt(libxl, 2), libxl, ["libvirt", "libxl", "libxc"], "xml"),
        "libvirt-legacy": Sample(box.libvirt(pv, 1, box.PV_XML), pv, ["libvirt", "legacy"], "xml"),
        "xend-pv": Sample(box.xend(pv32, box.PV_SEXPR), pv32, ["xend", "legacy"], "s-expression"),
        "xend-hvm": Sample(box.xend(to_end), to_end, ["xend", "legacy"], "s-expression"),
        "xend-captured": Sample(
            box.xend(pv32, box.PV_SEXPR, b"receive\n"), pv32, ["xend", "legacy"], "s-expression"
        ),
        "xend-captured-ssl": Sample(
            box.xend(pv32, box.PV_SEXPR, b"sslreceive\n"), pv32, ["xend", "legacy"], "s-expression"
        ),
        "xenserver-pv": Sample(
            box.suspended(pv_image), pv_image, ["xenserver", "libxc"], "xenops"
        ),
        "xenserver-hvm": Sample(
            box.suspended(image, trad), both, ["xenserver", "libxc"], "xenops"
        ),
        "xenserver-legacy": Sample(
            box.xenserver(box.image(box.LIBXC_LEGACY_TYPE, hvm)), hvm, ["xenserver", "legacy"], None
        ),
        "xenserver6-pv": Sample(box.xenserver6(pv32), pv32, ["xenserver6", "legacy"], None),
        "xenserver6-hvm": Sample(
            box.xenserver6(hvm32, qemu32), hvm32 + box.libxl_record(qemu32),
            ["xenserver6", "legacy"], None
        ),
    }


NAMES = ["libvirt", "libvirt-legacy", "xend-pv", "xend-hvm", "xend-captured", "xend-captured-ssl",
         "xenserver-pv", "xenserver-hvm", "xenserver-legacy", "xenserver6-pv", "xenserver6-hvm"]


def put(scratch: Path, data: bytes) -> Path:
    """A file of these bytes."""
    path = scratch / "in"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_info(name: str, scratch: Path) -> None:
    sample = samples()[name]
    path = put(scratch, sample.data)
    facts = document(xenstream("info", "--json", path))
    assert facts["layers"] == sample.layers
    assert facts["verdict"]["errors"] == 0 and facts["verdict"]["trailing"] == 0
    assert facts.get("config", {}).get("language") == sample.language
    screen = xenstream("info", path)
    assert screen.rc == FINE and b"State       complete" in screen.stdout
    assert b"understood" not in screen.stdout


@pytest.mark.parametrize("name, facts", [
    ("libvirt", {"memory_mib": 64, "vcpus": 2, "type": "hvm"}),
    ("xend-pv", {"memory_mib": 64, "maxmem_mib": 128, "vcpus": 4, "type": "pv"}),
])
def test_configuration(name: str, facts: dict[str, object], scratch: Path) -> None:
    config = document(xenstream("info", "--json", put(scratch, samples()[name].data)))["config"]
    uuid = "11111111-2222-3333-4444-555555555555"
    assert facts | {"name": "mail", "uuid": uuid} == {k: config[k] for k in [*facts, "name", "uuid"]}


@pytest.mark.parametrize("name", NAMES)
def test_verify_and_records(name: str, scratch: Path) -> None:
    sample = samples()[name]
    path = put(scratch, sample.data)
    bare = scratch / "bare"
    bare.write_bytes(sample.bare)
    result = xenstream("verify", path)
    assert result.rc == xenstream("verify", bare).rc, result.stdout
    listed = lines(xenstream("records", "--json", path))
    assert [r["layer"] for r in listed][0] == sample.layers[0]
    assert {r["layer"] for r in listed} == set(sample.layers)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
def test_converts_like_the_bare_stream(name: str, piped: bool, scratch: Path) -> None:
    sample = samples()[name]
    given = "-" if piped else put(scratch, sample.data)
    result = xenstream("convert", "--to", "libxl", given, "-", stdin=sample.data if piped else b"")
    assert result.rc == FINE, result
    assert result.stdout == converted(sample.bare, "libxl")
    assert ("configuration is left out" in result.stderr) == (sample.language is not None)


@pytest.mark.parametrize("name", NAMES)
def test_becomes_an_xl_image_by_default(name: str, scratch: Path) -> None:
    sample = samples()[name]
    result = xenstream("convert", put(scratch, sample.data), "-")
    size, = struct.unpack_from("<I", result.stdout, 44)
    assert result.rc == FINE and result.stdout[48 + size:] == converted(sample.bare, "libxl")
    if sample.language is None:
        assert "give one to xl" in result.stderr
        assert result.stdout == converted(sample.bare, "xl")
    else:
        assert "is translated from" in result.stderr
        assert result.stdout[52:].startswith(b"# Translated from ")


@pytest.mark.parametrize("name", NAMES)
def test_truncated(name: str, scratch: Path) -> None:
    data = samples()[name].data
    for end in [*places(len(data), 60), len(data) - 1]:
        result = xenstream("convert", "-q", "-", scratch / "out", stdin=data[:end])
        assert result.rc in DOCUMENTED
        if name == "xend-hvm" and end > data.rindex(b"QemuDeviceModelRecord") + 21:
            continue  # lasts to the end, wherever that is
        assert result.rc == INVALID, end
        assert not (scratch / "out").exists()


def test_version_of_libvirt_is_not_believed(scratch: Path) -> None:
    """Up to May 2016 libvirt could write version 1 in front of a libxl stream."""
    sample = samples()["libvirt"]
    trap = put(scratch, box.libvirt(sample.bare, box.LIBVIRT_LEGACY))
    told = lines(xenstream("verify", "--json", trap))
    assert "libvirt.stream" in {f.get("rule") for f in told}
    assert xenstream("verify", trap).rc == REMARKS
    assert xenstream("convert", "-q", "--to", "libxl", trap, "-").stdout == sample.bare


HOSTILE = [
    ("libvirt-0", box.libvirt(b"", 2)[:0x14] + bytes(44), "config_length"),
    ("libvirt-huge", box.libvirt(b"", 2)[:0x14] + b"\xff" * 4 + bytes(40), "config_length"),
    ("libvirt-3", box.libvirt(b"", 3), "version"),
    ("xend-0", b"LinuxGuestRecord" + bytes(40), "config_length"),
    ("xend-negative", b"LinuxGuestRecord" + b"\xff\xff\xff\xfe" + bytes(40), "config_length"),
    ("xend-huge", b"LinuxGuestRecord" + struct.pack(">i", 4 << 20 | 1) + bytes(40), "config_length"),
    ("xenops-huge", box.xenserver(box.record(box.XENOPS_TYPE, b"", 1 << 40)), "length"),
    ("qemu-huge", box.xenserver(box.record(box.QEMU_TRAD_TYPE, b"", 1 << 63)), "length"),
    ("varstored-huge", box.xenserver(box.record(box.VARSTORED_TYPE, b"", 1 << 31)), "length"),
    ("xenserver-type", box.xenserver(box.record(0xABCD)), "type"),
    ("xenserver-high-type", box.xenserver(box.record(1 << 32 | box.END_TYPE)), "type"),
    ("xenops-twice", box.xenserver(box.record(box.XENOPS_TYPE), box.record(box.XENOPS_TYPE)), "type"),
]


@pytest.mark.parametrize("name, data, field", HOSTILE, ids=[h[0] for h in HOSTILE])
def test_hostile(name: str, data: bytes, field: str, scratch: Path) -> None:
    result = xenstream("verify", "--json", put(scratch, data))
    assert result.rc == INVALID
    assert field in {f.get("field") for f in lines(result) if f.get("severity") == "error"}


@pytest.mark.parametrize("inner", [box.XENOPS, b"Xen saved domain, xl format\n \0 \r" + bytes(99)])
def test_no_container_in_a_container(inner: bytes, scratch: Path) -> None:
    for data in (box.libvirt(inner, 2), box.libvirt(box.libvirt(inner, 2), 2)):
        assert xenstream("verify", put(scratch, data)).rc == INVALID


def test_no_image(scratch: Path) -> None:
    path = put(scratch, box.xenserver(box.record(box.XENOPS_TYPE, box.XENOPS)))
    assert "xenserver.image" in {f.get("rule") for f in lines(xenstream("verify", "--json", path))}
    assert xenstream("convert", path, scratch / "out").rc == INVALID


def test_two_images(scratch: Path) -> None:
    pv_image = samples()["xenserver-pv"].bare
    path = put(scratch, box.suspended(pv_image, box.image(box.LIBXC_TYPE, pv_image)))
    assert "xenserver.image" in {f.get("rule") for f in lines(xenstream("verify", "--json", path))}
    assert xenstream("convert", path, scratch / "out").rc == INVALID


def test_after_the_end_of_the_image(scratch: Path) -> None:
    """A suspend image is on a raw disk, and any data may follow it."""
    data = samples()["xenserver-hvm"].data
    path = put(scratch, data + b"\xa5" * 5000)
    assert xenstream("verify", path).rc == xenstream("verify", put(scratch, data)).rc


def test_not_a_byte_after_the_end_is_read() -> None:
    into, out = os.pipe()
    reader = subprocess.Popen([program(), "verify", "-q", "-"], stdin=into)
    with open(out, "wb") as pipe:
        pipe.write(samples()["xenserver-pv"].data + b"REST")
        pipe.flush()
        assert reader.wait(TIMEOUT_SECONDS) == FINE
    assert os.read(into, 100) == b"REST"
    os.close(into)


@pytest.mark.parametrize("number", [box.VARSTORED_TYPE, box.SWTPM0_TYPE, box.SWTPM_TYPE, box.DEMU_TYPE])
def test_states_that_libxl_has_no_place_for(number: int, scratch: Path) -> None:
    sample = samples()["xenserver-hvm"]
    image, qemu = parted(sample.bare)
    trad = box.record(box.QEMU_TRAD_TYPE, qemu)
    path = put(scratch, box.suspended(image, box.record(number, NV), trad))
    assert xenstream("convert", path, scratch / "out").rc == REFUSED
    result = xenstream("convert", "--force", "--to", "libxl", path, "-")
    assert result.rc == FINE and "left out" in result.stderr
    assert result.stdout == converted(sample.bare, "libxl")


def test_gpu_state_without_a_length(scratch: Path) -> None:
    image = parted(samples()["xenserver-hvm"].bare)[0]
    path = put(scratch, box.suspended(image, box.record(box.DEMU_TYPE, NV, 0)))
    result = xenstream("verify", "--json", path)
    assert result.rc == REMARKS
    assert "xenserver.demu" in {f.get("rule") for f in lines(result)}
    assert xenstream("convert", path, scratch / "out").rc == REFUSED
    forced = xenstream("convert", "-q", "--force", "--to", "libxl", path, "-")
    assert forced.stdout == converted(image, "libxl")


def test_device_model_in_front_of_the_image(scratch: Path) -> None:
    image, qemu = parted(samples()["xenserver-hvm"].bare)
    trad = box.record(box.QEMU_TRAD_TYPE, qemu)
    path = put(scratch, box.xenserver(trad, box.image(box.LIBXC_TYPE, image)))
    result = xenstream("convert", path, scratch / "out")
    assert result.rc == INVALID and "in front of" in result.stderr


def test_what_xenopsd_refuses_is_remarked(scratch: Path) -> None:
    image, qemu = parted(samples()["xenserver-hvm"].bare)
    libxl = samples()["libvirt"].bare
    for data, rule in (
        (box.xenserver(box.image(box.LIBXL_TYPE, libxl)), "xenserver.refused"),
        (box.suspended(image, box.record(box.QEMU_XEN_TYPE, qemu)), "xenserver.refused"),
        (box.suspended(image, box.record(box.QEMU_TRAD_TYPE, b"QEVM" + bytes(1 << 20))),
         "xenserver.qemu-size"),
        (box.xenserver(box.record(box.LIBXC_TYPE, image, 7)), "xenserver.length"),
    ):
        result = xenstream("verify", "--json", put(scratch, data))
        assert rule in {f.get("rule") for f in lines(result)}, result.stdout
        assert result.rc == REMARKS


def test_newline_form_in_any_legacy_stream(scratch: Path) -> None:
    """As Xen's tools would read it, the newline and the length belong to the state."""
    plain, qemu = parted(stream(HVM32))
    want = converted(stream(HVM32), "libxl")
    path = put(scratch, plain + box.newline_record(qemu) + b"something else")
    assert xenstream("convert", "-q", "--to", "libxl", path, "-").stdout == want
    data = path.read_bytes()
    assert xenstream("convert", "-q", "--to", "libxl", "-", "-", stdin=data).stdout == want


def in_pieces(data: bytes, *cuts: int) -> bytes:
    """The result of converting from a pipe that is filled slowly, with a pause at each cut."""
    process = subprocess.Popen(
        [program(), "convert", "-q", "--to", "libxl", "-", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
    )
    assert process.stdin and process.stdout
    with ThreadPoolExecutor() as pool:
        out = pool.submit(process.stdout.read)
        for begin, end in zip([0, *cuts], [*cuts, len(data)]):
            process.stdin.write(data[begin:end])
            time.sleep(0.2)
        process.stdin.close()
        assert process.wait(TIMEOUT_SECONDS) == FINE
        return out.result()


@pytest.mark.parametrize("after", [1, 5, 8, 9])
def test_device_model_from_a_slow_pipe(after: int) -> None:
    """What had to be looked at before the state begins is not overtaken by what follows it."""
    sample = samples()["xend-hvm"]
    at = sample.data.rindex(b"QemuDeviceModelRecord") + 21
    assert in_pieces(sample.data, at, at + after) == converted(sample.bare, "libxl")
    plain, qemu = parted(stream(HVM32))
    at = len(plain) + 21
    data = plain + box.newline_record(qemu)
    assert in_pieces(data, at, at + after) == converted(stream(HVM32), "libxl")
