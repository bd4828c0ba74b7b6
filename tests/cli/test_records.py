"""xenstream records: every record, with its place and contents."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from support import image
from support.corpus import Case, Item

from .common import (
    FINE,
    HVM,
    INVALID,
    MODERN_HVM,
    MODERN_PV,
    PV,
    Unpack,
    cases,
    lines,
    octets,
    stream,
    xenstream,
)

Row = dict[str, Any]

# Headers are records of their own; a legacy stream also has parts without a chunk's header.
WHOLE = ("XL_HEADER", "CONFIG", "LIBXL_HEADER", "IMAGE_HEADER", "DOMAIN_HEADER")
BARE = ("P2M_SIZE", "EXTENDED_INFO", "P2M_FRAMES", "UNMAPPED_PFNS", "VCPU_BASIC", "VCPU_EXTENDED",
        "VCPU_XSAVE", "SHARED_INFO", "MAGIC_PFNS", "HVM_CONTEXT", "CHECKPOINT")  # fmt: skip
EXT_HEADER = 8
CHUNK_HEADER = 4
RECORD_HEADER = 8


def rows_of(path: Path, *options: str) -> list[Row]:
    """The listing of a file that is fine, as objects."""
    result = xenstream("records", "--json", *options, path)
    assert result.rc == FINE, str(result)
    return lines(result)


def size_of(row: Row) -> int:
    """How many bytes a record takes in its file."""
    name, length = row["type"], int(row["length"])
    if name in WHOLE:
        return length
    if row["layer"] in ("libxl", "libxc"):
        return RECORD_HEADER + length + -length % 8
    if name.endswith("DeviceModelRecord") or name in ("RemusDeviceModelState", "DeviceModelRecord0002"):
        return image.QEMU_SIGNATURE_SIZE + length
    if name in BARE:
        return length
    return length + (EXT_HEADER if name.startswith("EXT_") else CHUNK_HEADER)


def assert_gapless(rows: list[Row], size: int) -> None:
    place = 0
    counts: dict[str, int] = {}
    for row in rows:
        assert row["offset"] == place, row
        assert row["index"] == counts.get(row["layer"], 0), row
        counts[row["layer"]] = row["index"] + 1
        assert "cut_off" not in row
        place += size_of(row)
    assert place == size


@pytest.mark.parametrize("case", cases(), ids=lambda c: c.name)
def test_legacy_records_fill_the_file(case: Case, unpacked: Unpack) -> None:
    path = unpacked(case.stream)
    rows = rows_of(path, "--all")
    assert_gapless(rows, path.stat().st_size)
    facts = case.description()
    batches = [row for row in rows if row["type"] == "PAGE_BATCH"]
    assert len(batches) == facts["stats"]["batches"]
    assert [row["fields"]["p2m_size"] for row in rows if row["type"] == "P2M_SIZE"] == [
        facts["p2m_size"]
    ]


@pytest.mark.parametrize("item", [MODERN_PV, MODERN_HVM], ids=lambda i: i.path.name)
def test_records_of_today(item: Item, unpacked: Unpack) -> None:
    rows = rows_of(unpacked(item), "--all")
    decoded = image.decode(octets(item))
    assert_gapless(rows, len(octets(item)))
    records = {"libxl": decoded.libxl.records if decoded.libxl else [], "libxc": decoded.libxc.records}
    for layer, want in records.items():
        got = [r for r in rows if r["layer"] == layer and r["type"] not in WHOLE]
        assert [(r["offset"], r["type_number"], r["length"]) for r in got] == [
            (record.offset, record.type, len(record.body)) for record in want
        ]
    for row in rows:
        if row["layer"] == "libxc":
            assert_fields(row, octets(item), decoded)


def assert_fields(row: Row, data: bytes, decoded: image.Image) -> None:
    """The fields of a libxc record agree with its bytes and with the other decoder."""
    fields, body = row["fields"], data[row["offset"] + 8 : row["offset"] + 8 + row["length"]]
    if row["type"] == "X86_PV_INFO":
        assert decoded.pv_info is not None
        assert fields["guest_width"] == decoded.pv_info.guest_width
        assert fields["pt_levels"] == decoded.pv_info.levels
    elif row["type"] == "X86_TSC_INFO":
        assert decoded.tsc is not None
        assert fields == {"mode": decoded.tsc.mode, "khz": decoded.tsc.khz,
                          "nsec": decoded.tsc.nsec, "incarnation": decoded.tsc.incarnation}  # fmt: skip
    elif row["type"] == "HVM_PARAMS":
        assert {p["index"]: p["value"] for p in fields["params"]} == decoded.hvm_params
    elif row["type"] == "X86_PV_P2M_FRAMES":
        assert decoded.p2m is not None
        assert tuple(fields["p2m_frames"]) == decoded.p2m.frames
        assert (fields["first_pfn"], fields["last_pfn"]) == (0, decoded.p2m.last_pfn)
    elif row["type"] == "X86_CPUID_POLICY":
        assert b"".join(struct.pack("<6I", *leaf) for leaf in fields["leaves"]) == body
    elif row["type"] == "X86_MSR_POLICY":
        assert b"".join(struct.pack("<IIQ", *msr) for msr in fields["msrs"]) == body
    elif row["type"] == "PAGE_DATA":
        assert_page_fields(fields, body)


def assert_page_fields(fields: Row, body: bytes) -> None:
    count = struct.unpack_from("<I", body)[0]
    entries = struct.unpack_from(f"<{count}Q", body, 8)
    pfns = [entry & image.ENTRY_PFN_MASK for entry in entries]
    assert fields["count"] == count == sum(fields["types"].values())
    assert fields["pages"] == (len(body) - 8 - 8 * count) // image.PAGE_SIZE
    assert (fields["first_pfn"], fields["last_pfn"]) == (min(pfns), max(pfns))
    assert [pfn for pfn, _ in fields["entries"]] == pfns


def test_batches_are_folded_without_all(unpacked: Unpack) -> None:
    path = unpacked(MODERN_HVM)
    rows, every = rows_of(path), rows_of(path, "--all")
    folded = [row for row in rows if row["type"] == "PAGE_DATA"]
    single = [row for row in every if row["type"] == "PAGE_DATA"]
    assert [row["folded"] for row in folded] == [len(single)]
    assert folded[0]["length"] == sum(row["length"] for row in single)
    assert folded[0]["fields"]["count"] == sum(row["fields"]["count"] for row in single)
    assert "entries" not in folded[0]["fields"]
    assert len(rows) == len(every) - len(single) + 1


def test_table(unpacked: Unpack) -> None:
    result = xenstream("records", unpacked(HVM.stream))
    table = result.stdout.decode().splitlines()
    assert result.rc == FINE and result.stderr == ""
    assert table[0].split() == ["OFFSET", "LAYER", "#", "TYPE", "LENGTH", "FIELDS"]
    assert [line.split()[1:4:2] for line in table[1:4]] == [
        ["xl", "XL_HEADER"], ["xl", "CONFIG"], ["legacy", "P2M_SIZE"],
    ]  # fmt: skip
    assert any("PAGE_BATCH x3" in line and "NOTAB=296 XTAB=2776" in line for line in table)
    assert any("online=0-1" in line for line in table)
    assert sum(line.startswith("      OFFSET") for line in table) == 1


def test_long_table_has_one_heading(unpacked: Unpack) -> None:
    result = xenstream("records", "--all", unpacked(MODERN_HVM))
    words = result.stdout.decode()
    assert words.count("OFFSET") == 1 and words.count(" PAGE_DATA ") == 1020


def test_record_that_was_cut_off() -> None:
    result = xenstream("records", "--json", "-", stdin=octets(MODERN_PV)[:100000])
    rows = lines(result)
    assert result.rc == INVALID
    assert rows[-1]["type"] == "PAGE_DATA" and rows[-1]["cut_off"] is True
    assert not any("cut_off" in row for row in rows[:-1])
    assert "input.truncated" in result.stderr and "PAGE_DATA" in result.stderr
    words = xenstream("records", "-", stdin=stream(PV)[:100000]).stdout.decode()
    assert "PAGE_BATCH" in words.splitlines()[-2] and "cut off" in words.splitlines()[-2]


def test_from_a_pipe_like_from_a_file(unpacked: Unpack) -> None:
    for item in (HVM.stream, MODERN_PV):
        of_file = xenstream("records", "--json", unpacked(item)).stdout
        assert xenstream("records", "--json", "-", stdin=octets(item)).stdout == of_file


def test_arrays_have_a_bound_without_all(scratch: Path) -> None:
    """A record of a million entries must not become a million objects."""
    leaves = 100_000
    data = octets(MODERN_PV)
    start = data.index(image.LIBXC_MARKER)
    policy = struct.pack("<6I", 1, 0, 1, 2, 3, 4) * leaves
    path = scratch / "long"
    path.write_bytes(
        data[start : start + 56] + struct.pack("<II", image.X86_CPUID_POLICY, len(policy)) + policy
    )
    row = lines(xenstream("records", "--json", path))[3]
    shown = len(row["fields"]["leaves"])
    assert row["type"] == "X86_CPUID_POLICY"
    assert 1000 < shown < 10000 and row["fields"]["omitted"] == leaves - shown
    full = lines(xenstream("records", "--json", "--all", path))[3]
    assert len(full["fields"]["leaves"]) == leaves and "omitted" not in full["fields"]
