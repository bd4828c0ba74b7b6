"""Containers around the corpus' streams: the guest in them comes out as its truth, as an image that
Xen's verifier accepts, with a configuration made of the container's."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Iterator

import pytest

from support import command, containers, corpus, image, truth, xenref
from support.corpus import Case, Item
from support.truth import Form

from .common import NEWEST, OK, Unpack, converted, name_of

CASES = [*corpus.plain_cases(), *corpus.checkpointed_cases()]
MODERN = corpus.images("modern")
SIGNATURE = b"DeviceModelRecord0002"
REMARKS = 1


def bare(case: Case, data: bytes) -> bytes:
    """The legacy stream without the xl header that may stand in front of it."""
    return data[image.xl_header(data).size:] if case.description()["converter_args"]["xl"] else data


def around_legacy(case: Case, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every container that can hold it."""
    facts = case.description()
    yield "libvirt", containers.libvirt(data, containers.LIBVIRT_LEGACY)
    yield "xend", containers.xend(data)
    yield "captured", containers.xend(data, request=b"receive\n")
    yield "xenserver", containers.xenserver(
        containers.record(containers.XENOPS_TYPE, containers.XENOPS),
        containers.image(containers.LIBXC_LEGACY_TYPE, data))
    at = data.find(SIGNATURE)
    if case.plain and facts["converter_args"]["width"] == 32:
        if facts["guest_type"] == "pv":
            yield "xenserver6", containers.xenserver6(data)
        elif at >= 0:
            yield "xenserver6", containers.xenserver6(data[:at], data[at + 25:])


def stream_of(data: bytes) -> bytes:
    """What follows the xl header."""
    size, = struct.unpack_from("<I", data, 44)
    return data[48 + size:]


def lasts_to_the_end(data: bytes) -> bool:
    """Whether the device model's state has no length, so that nothing can follow it."""
    return b"QemuDeviceModelRecordQEVM" in data


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_legacy(xenstream: Path, unpacked: Unpack, scratch: Path, case: Case) -> None:
    data = bare(case, unpacked(case.stream).read_bytes())
    states = case.description().get("per_checkpoint") if not case.plain else None
    wanted = truth.load(case) if case.plain else truth.load_checkpoint(case, len(states or []))
    for name, container in around_legacy(case, data):
        if name == "xenserver" and lasts_to_the_end(data):
            continue
        source, target = scratch / name, scratch / "out"
        source.write_bytes(container)
        out = converted(xenstream, Form.XL, source, target)
        assert truth.compare(image.decode(stream_of(out)), wanted, Form.LIBXL, NEWEST) == [], name
        header = image.xl_header(out)
        translated = header.config.startswith(b"# Translated from")
        assert translated == (name != "xenserver6"), name
        checked = command.run([xenstream, "verify", *corpus.RANDOM_AREAS, target])
        assert checked.rc in (OK, REMARKS), f"{name}: {checked}"


@pytest.mark.usefixtures("xen")
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_xens_verifier(xenstream: Path, unpacked: Unpack, scratch: Path, case: Case) -> None:
    data = bare(case, unpacked(case.stream).read_bytes())
    for name, container in around_legacy(case, data):
        if name == "xenserver" and lasts_to_the_end(data):
            continue
        source, target = scratch / name, scratch / "out"
        source.write_bytes(container)
        converted(xenstream, Form.XL, source, target)
        verdict = xenref.verify(target, "xl")
        assert verdict.rc == OK, f"{name}: {verdict}"


@pytest.mark.usefixtures("xen")
@pytest.mark.parametrize("item", MODERN, ids=name_of)
def test_modern(xenstream: Path, unpacked: Unpack, scratch: Path, item: Item) -> None:
    """Into libvirt's and XenServer's containers and back, by our encoders and by the command's."""
    source, out = unpacked(item), scratch / "out"
    libxl = converted(xenstream, Form.LIBXL, source, out)
    path = scratch / "libvirt"
    path.write_bytes(containers.libvirt(libxl, containers.LIBVIRT_LIBXL))
    assert stream_of(converted(xenstream, Form.XL, path, out)) == libxl
    assert xenref.verify(out, "xl").rc == OK
    again = command.run([xenstream, "convert", "-q", "--to", "libvirt", path, out])
    assert again.rc == OK and out.read_bytes() == path.read_bytes()

    xenserver = scratch / "xenserver"
    made = command.run([xenstream, "convert", "-q", "--force", "--to", "xenserver", source, xenserver])
    assert made.rc == OK, str(made)
    back = stream_of(converted(xenstream, Form.XL, xenserver, out))
    assert xenref.verify(out, "xl").rc == OK
    got, want = image.decode(back), image.decode(libxl)
    assert got.memory == want.memory
