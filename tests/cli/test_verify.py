"""xenstream verify: verdicts, findings with rule and place, exit codes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Optional

import pytest

from support import image
from support.corpus import Item

from .common import (
    BOOT_HVM,
    BOOT_PV,
    BOOT_PV32,
    FINE,
    INVALID,
    IO,
    MODERN_HVM,
    MODERN_PV,
    PV,
    REMARKS,
    Unpack,
    cases,
    lines,
    octets,
    places,
    stream,
    xenstream,
)

EVERY = [c.stream for c in cases()] + [MODERN_PV, MODERN_HVM, BOOT_PV, BOOT_PV32, BOOT_HVM]
VERDICT = {"schema", "file", "verdict", "errors", "remarks", "notes", "records", "end", "trailing", "restorable",
           "omitted", "ignored"}
FINDING = {"file", "rule", "severity", "layer", "offset", "text"}
MAYBE = {"code", "record", "record_index", "record_offset", "field"}


def offset_of(data: bytes, kind: int) -> int:
    """The place of the first libxc record of a type."""
    decoded = image.decode(data)
    return next(record.offset for record in decoded.libxc.records if record.type == kind)


def changed(data: bytes, place: int, new: bytes) -> bytes:
    """A copy with other bytes at a place."""
    return data[:place] + new + data[place + len(new) :]


def verify(data: bytes) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    """Exit code, findings and verdict."""
    result = xenstream("verify", "--json", "-", stdin=data)
    assert result.stderr == ""
    *findings, verdict = lines(result)
    assert set(verdict) == VERDICT and verdict["schema"] == "xenstream-verdict/1"
    for finding in findings:
        assert FINDING <= set(finding) <= FINDING | MAYBE
        assert finding["severity"] in ("error", "remark", "note")
    for severity in ("error", "remark", "note"):
        said = sum(finding["severity"] == severity for finding in findings)
        assert verdict[f"{severity}s"] == said
    return result.rc, findings, verdict


@pytest.mark.parametrize("item", EVERY, ids=lambda i: i.path.name)
def test_genuine_images_are_valid(item: Item, unpacked: Unpack) -> None:
    path = unpacked(item)
    result = xenstream("verify", path)
    tmem = "tmem" in path.name
    assert result.rc == (REMARKS if tmem else FINE), str(result)
    assert result.stdout.decode().splitlines()[-1].startswith(f"{path}: valid")
    *_, verdict = lines(xenstream("verify", "--json", path))
    assert verdict["verdict"] == ("valid-with-remarks" if tmem else "valid")
    assert verdict["end"] == path.stat().st_size and verdict["trailing"] == 0


def test_remark() -> None:
    """A vCPU record without contents, as Xen 4.6 wrote."""
    data = octets(MODERN_PV)
    xsave = offset_of(data, image.X86_PV_VCPU_XSAVE)
    size = struct.unpack_from("<I", data, xsave + 4)[0]
    empty = data[:xsave] + struct.pack("<II", image.X86_PV_VCPU_XSAVE, 8) + bytes(8)
    code, findings, verdict = verify(empty + data[xsave + 8 + size + -size % 8 :])
    assert code == REMARKS and verdict["verdict"] == "valid-with-remarks"
    (finding,) = findings
    assert finding["severity"] == "remark" and "code" not in finding
    assert finding["layer"] == "libxc" and finding["record"] == "X86_PV_VCPU_XSAVE"
    assert finding["record_offset"] == xsave


def test_error_names_file_offset_layer_record_and_field(scratch: Path) -> None:
    data = octets(MODERN_PV)
    place = offset_of(data, image.PAGE_DATA)
    path = scratch / "bad.save"
    path.write_bytes(changed(data, place + 8, bytes(4)))  # a count of no pages
    code, findings, verdict = verify(path.read_bytes())
    assert code == INVALID and verdict["verdict"] == "invalid"
    finding = findings[0]
    assert finding["severity"] == "error" and finding["rule"] == "libxc.page-data.count"
    assert finding["layer"] == "libxc" and finding["record"] == "PAGE_DATA"
    assert finding["record_offset"] == place and finding["field"] == "count"
    assert finding["offset"] == place + 8
    index = finding["record_index"]
    words = xenstream("verify", path).stdout.decode().splitlines()[0]
    where = f"offset {place + 8:#x} (libxc record {index}, PAGE_DATA, at {place:#x}): count: "
    assert words.startswith(f"{path}: error: {where}")
    assert words.endswith(f"[{finding['rule']}]")


@pytest.mark.parametrize(
    "place, new, layer, record",
    [
        (0x24, struct.pack("<I", 0x80), "xl", "XL_HEADER"),
        (0x20, b"\1\1\1\1", "xl", "XL_HEADER"),
        (0x30, struct.pack("<I", 0x10000), "xl", None),
        (0x327 + 11, b"\3", "libxl", "LIBXL_HEADER"),
        (0x33F + 15, b"\7", "libxc", "IMAGE_HEADER"),
        (0x357, b"\3", "libxc", "DOMAIN_HEADER"),
        (0x367 + 8, b"\5", "libxc", "X86_PV_INFO"),
        (0x377, b"\x70", "libxc", None),
    ],
    ids=["flags", "byteorder", "config", "libxl-version", "libxc-version", "guest", "width", "unknown"],
)
def test_damage_in_every_layer(
    place: int, new: bytes, layer: str, record: Optional[str]
) -> None:
    code, findings, verdict = verify(changed(octets(MODERN_PV), place, new))
    errors = [f for f in findings if f["severity"] == "error"]
    assert code == INVALID and verdict["errors"] >= 1
    assert errors[0]["layer"] == layer
    if record is not None:
        assert errors[0]["record"] == record
    assert abs(errors[0]["offset"] - place) <= 16


@pytest.mark.parametrize("item", [PV.stream, MODERN_PV], ids=lambda i: i.path.name)
def test_truncated_anywhere(item: Item) -> None:
    data = octets(item)
    for place in places(len(data), 40):
        code, findings, verdict = verify(data[:place])
        assert code == INVALID, place
        assert verdict["verdict"] == "invalid" and verdict["end"] <= place
        assert any(f.get("code") in ("truncated", "not-a-domain") for f in findings), place


def test_several_files(unpacked: Unpack, scratch: Path) -> None:
    fine, bad = unpacked(PV.stream), scratch / "bad"
    bad.write_bytes(stream(PV)[:5000])
    tmem = unpacked(next(c for c in cases() if "tmem" in c.name).stream)
    assert xenstream("verify", fine, fine).rc == FINE
    assert xenstream("verify", fine, tmem, fine).rc == REMARKS
    assert xenstream("verify", bad, tmem, fine).rc == INVALID
    result = xenstream("verify", fine, "/nonexistent", bad, "--json")
    assert result.rc == IO and "/nonexistent" in result.stderr
    verdicts = [row for row in lines(result) if "schema" in row]
    assert [(row["file"], row["verdict"]) for row in verdicts] == [
        (str(fine), "valid"), (str(bad), "invalid"),
    ]  # fmt: skip


def test_quiet(unpacked: Unpack, scratch: Path) -> None:
    bad = scratch / "bad"
    bad.write_bytes(stream(PV)[:5000])
    for path, code in ((unpacked(PV.stream), FINE), (bad, INVALID)):
        result = xenstream("verify", "--quiet", path)
        assert (result.rc, result.stdout, result.stderr) == (code, b"", "")
    assert "No such file" in xenstream("verify", "--quiet", "/nonexistent").stderr


@pytest.mark.parametrize("json, text", [(True, False), (False, True)])
def test_the_language_of_the_configuration(json: bool, text: bool, scratch: Path) -> None:
    """xl reads text as JSON if the header says so, and the other way."""
    data = octets(MODERN_PV)
    if text:
        config = b'name = "x"\nkernel = "/k"\ntype = "pv"\nmemory = 4\n'
        stream_at = data.index(b"LibxlFmt")
        data = data[:0x2C] + struct.pack("<II", len(config) + 4, len(config)) + config + data[stream_at:]
    for flags in (2, 3):
        code, found, _ = verify(changed(data, 0x24, bytes([flags])))
        right = (flags == 3) is json
        assert code == (FINE if right else REMARKS)
        assert ["config.syntax"] * (not right) == [f["rule"] for f in found]


@pytest.mark.parametrize(
    "state, rule",
    [
        (b"", "libxl.emulator.magic"),
        (b"QEVM", "libxl.emulator.magic"),
        (b"QEVM\0\0\0\2", "libxl.emulator.version"),
        (b"QEVM\0\0\0\3", None),
    ],
)
def test_the_first_octets_of_a_device_model(state: bytes, rule: Optional[str]) -> None:
    data = octets(MODERN_HVM)
    record = next(r for r in image.decode(data).libxl.records if r.type == image.LIBXL_EMULATOR_CONTEXT)
    body = bytes(record.body[:8]) + state
    data = data[: record.offset] + struct.pack("<II", 3, len(body)) + body + bytes(-len(body) % 8) + bytes(8)
    assert [f["rule"] for f in verify(data)[1] if "emulator" in f["rule"]] == ([rule] if rule else [])


def test_bytes_after_the_end_are_a_note(scratch: Path) -> None:
    path = scratch / "long"
    path.write_bytes(stream(PV) + bytes(7))
    result = xenstream("verify", "--json", path)
    *findings, verdict = lines(result)
    assert result.rc == FINE and [f["rule"] for f in findings] == ["input.trailing"]
    assert verdict["trailing"] == 7 and verdict["end"] == len(stream(PV))


def test_nothing_at_all() -> None:
    for data in (b"", b"X", b"Xen saved domain, xl format"):
        assert verify(data)[0] == INVALID
