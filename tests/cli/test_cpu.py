"""xenstream cpu, cpuid, info --cpu, and the decoded state in records."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from support.corpus import Item

from .common import (
    BOOT_PV,
    BOOT_PV32,
    FINE,
    HVM,
    INVALID,
    MODERN_HVM,
    MODERN_PV,
    PV,
    PV32,
    REMARKS,
    Unpack,
    lines,
    octets,
    stream,
    xenstream,
)



def told(verb: str, data: bytes, *options: str, code: int = FINE) -> dict[str, Any]:
    result = xenstream(verb, "--json", *options, "-", stdin=data)
    assert result.rc == code, str(result)
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def words(verb: str, data: bytes, *options: str, code: int = FINE) -> str:
    result = xenstream(verb, *options, "-", stdin=data)
    assert result.rc == code, str(result)
    return result.stdout.decode("ascii")


def context_at(data: bytes) -> int:
    """Where the first entry of the HVM context begins."""
    at = data.index(struct.pack("<HHI", 1, 0, 24) + struct.pack("<I", 0x54381286))
    assert data.count(struct.pack("<I", 0x54381286)) == 1
    return at


def test_registers_of_an_hvm_guest() -> None:
    data = octets(MODERN_HVM)
    cpu = context_at(data) + 8 + 24 + 8
    document = told("cpu", data)
    registers = document["vcpus"][0]["registers"]
    assert document["guest"] == "hvm" and document["complete"]
    assert registers["rip"] == struct.unpack_from("<Q", data, cpu + 640)[0]
    assert registers["es_base"] == struct.unpack_from("<Q", data, cpu + 824)[0]
    blocks = {b["name"]: b for b in document["blocks"]}
    assert blocks["CPU"]["offset"] == cpu and blocks["CPU"]["length"] == 1032
    assert blocks["CPU"]["fields"]["rip"] == registers["rip"]
    assert len(blocks["IOAPIC"]["fields"]["pin"]) == 48
    assert len(blocks["PIT"]["fields"]["channel"]) == 3
    assert document["hvm_params"]["STORE_PFN"]


def test_words_for_an_hvm_guest() -> None:
    text = words("cpu", octets(MODERN_HVM))
    for said in ("vCPU 0: real mode", "\n  rax    0x", "\n  cs   0xf000  base 0x00000000000f0000",
                 "rflags ", "[PF ZF IF]", "no event is pending", "\n  IOAPIC\n", "pins are masked",
                 "\n  PIT\n", "\n  HPET\n", "\n  MTRR\n", "TSC: mode 0"):  # fmt: skip
        assert said in text, said
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("item, bits", [(MODERN_PV, 64), (BOOT_PV, 64), (BOOT_PV32, 64)], ids=str)
def test_a_pv_guest(item: Item, bits: int) -> None:
    document = told("cpu", octets(item))
    assert document["guest"] == "pv" and document["guest_bits"] == bits
    assert document["vcpus"][0]["registers"]["cr3"] % 4096 == 0
    assert f"{bits}-bit PV" in words("cpu", octets(item))
    assert {b["name"] for b in document["blocks"]} >= {"context", "shared_info"}


def test_the_same_guest_in_two_formats() -> None:
    old, new = (told("cpu", octets(item)) for item in (BOOT_PV, MODERN_PV))
    assert old["vcpus"][0]["registers"].keys() == new["vcpus"][0]["registers"].keys()


def test_one_vcpu_of_several() -> None:
    data = stream(PV32)
    ids = [v["id"] for v in told("cpu", data)["vcpus"]]
    assert len(ids) > 1
    one = told("cpu", data, "--vcpu", str(ids[-1]))
    assert [v["id"] for v in one["vcpus"]] == ids[-1:]
    assert {b.get("vcpu") for b in one["blocks"]} == {ids[-1]}
    result = xenstream("cpu", "--vcpu", "4000", "-", stdin=data)
    assert result.rc == INVALID and "no registers of vCPU 4000" in result.stderr


def test_a_stream_that_is_cut() -> None:
    data = octets(MODERN_HVM)
    cpu = context_at(data) + 8 + 24 + 8
    result = xenstream("cpu", "--json", "-", stdin=data[: cpu + 700])
    assert result.rc == INVALID and "the input ends" in result.stderr
    document = json.loads(result.stdout)
    assert not document["complete"]
    assert document["vcpus"][0]["registers"]["rip"]
    assert "efer" not in document["vcpus"][0]["registers"]
    assert xenstream("cpu", "-", stdin=b"nothing of the kind").rc == INVALID


def test_what_no_table_has_is_bytes() -> None:
    data = bytearray(octets(MODERN_HVM))
    at = context_at(bytes(data)) + 8 + 24
    struct.pack_into("<H", data, at, 77)  # the CPU's entry becomes one of an unknown type
    result = xenstream("cpu", "--json", "-", stdin=bytes(data))
    block = [b for b in json.loads(result.stdout)["blocks"] if b["name"] == "unknown"][0]
    assert block["type"] == 77 and len(block["fields"]["bytes"]) == 2 * 1032
    text = xenstream("cpu", "-", stdin=bytes(data)).stdout.decode("ascii")
    assert "unknown type 77" in text and "... (1032 bytes)" in text


def test_a_terminal_sees_no_control_characters() -> None:
    data = bytearray(octets(MODERN_PV))
    leaf = struct.pack("<II", 0x80000002, 0xFFFFFFFF)
    at = bytes(data).index(leaf) + 8
    data[at : at + 16] = b"\x1b[31m\xff\x07evil\x9b1m\n!"
    text = xenstream("cpuid", "-", stdin=bytes(data)).stdout
    assert b"evil" in text and b"\x1b" not in text and b"\x07" not in text and b"\x9b" not in text
    told_text = xenstream("cpuid", "--json", "-", stdin=bytes(data)).stdout
    assert b"\x1b" not in told_text and json.loads(told_text)["name"]


# --- cpuid ------------------------------------------------------------------------------------


def test_policy_by_leaf_and_by_feature() -> None:
    document = told("cpuid", octets(MODERN_PV))
    leaves = {(v["leaf"], v["subleaf"]): v for v in document["leaves"]}
    assert leaves[7, 0] and leaves[1, None]
    assert "fpu" in document["features"] and "lm" in document["features"]
    assert ("sse4_1" in document["features"]) == bool(leaves[1, None]["ecx"] >> 19 & 1)
    assert [m["name"] for m in document["msrs"]] == ["PLATFORM_INFO", "ARCH_CAPABILITIES"]
    text = words("cpuid", octets(MODERN_PV))
    assert "\nFeatures\n" in text and f"Vendor    {document['vendor']}\n" in text


def test_against_another_image(tmp_path: Path) -> None:
    data = octets(MODERN_PV)
    poorer = bytearray(data)
    at = data.index(struct.pack("<II", 1, 0xFFFFFFFF)) + 8 + 8  # leaf 1's ecx
    ecx = struct.unpack_from("<I", data, at)[0]
    assert ecx >> 23 & 1  # popcnt
    struct.pack_into("<I", poorer, at, ecx & ~(1 << 23) & ~(1 << 27))
    other = tmp_path / "other.save"
    other.write_bytes(poorer)
    document = told("cpuid", data, "--against", str(other), code=REMARKS)
    assert document["lacking"] == ["popcnt"]  # OSXSAVE is the guest's own doing
    assert "popcnt               leaf 0x1, sub-leaf 0, ecx bit 23" in words(
        "cpuid", data, "--against", str(other), code=REMARKS)  # fmt: skip
    mine = tmp_path / "mine.save"
    mine.write_bytes(data)
    assert told("cpuid", bytes(poorer), "--against", str(mine))["lacking"] == []


def test_against_this_machine() -> None:
    result = xenstream("cpuid", "--json", "--against", "host", "-", stdin=octets(MODERN_PV))
    assert result.rc in (FINE, REMARKS)
    lacking = json.loads(result.stdout)["lacking"]
    flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split()
    assert not {"fpu", "cx8", "mmx"} & set(lacking)
    assert bool(lacking) == (result.rc == REMARKS)
    assert "lm" not in lacking or "lm" not in flags


def test_no_policy() -> None:
    result = xenstream("cpuid", "-", stdin=stream(PV))
    assert result.rc == INVALID and "no CPUID policy" in result.stderr and result.stdout == b""


# --- info and records -------------------------------------------------------------------------


def test_info_has_a_line_for_each_vcpu() -> None:
    data = stream(PV32)
    n = len(told("cpu", data)["vcpus"])
    plain, asked = (xenstream("info", *o, "-", stdin=data) for o in ((), ("--cpu",)))
    assert asked.rc == plain.rc and asked.stdout.startswith(plain.stdout)
    added = asked.stdout[len(plain.stdout) :].decode().splitlines()
    assert len(added) == n and all(line.startswith("vCPU ") and "rip 0x" in line for line in added)
    document = json.loads(xenstream("info", "--cpu", "--json", "-", stdin=data).stdout)
    assert document["cpu"] == told("cpu", data)["vcpus"]
    assert "cpu" not in json.loads(xenstream("info", "--json", "-", stdin=data).stdout)


@pytest.mark.parametrize("data", [octets(MODERN_HVM), octets(MODERN_PV), stream(PV)],
                         ids=["hvm", "pv", "legacy"])
def test_records_have_the_same_blocks(data: bytes) -> None:
    result = xenstream("records", "--json", "-", stdin=data)
    assert result.rc == FINE
    blocks = [b for row in lines(result) for b in row["fields"].get("blocks", [])]
    assert blocks == told("cpu", data)["blocks"]


def test_records_in_words() -> None:
    assert "HEADER:0 CPU:0 PIC:0 PIC:1 IOAPIC:0" in words("records", octets(MODERN_HVM))
    assert "vcpu=0 rip=0x" in words("records", octets(MODERN_PV))


def test_hvm_legacy(unpacked: Unpack) -> None:
    """Its context was made by hand: what can't be decoded is there as bytes."""
    result = xenstream("cpu", "--json", "-", stdin=stream(HVM))
    assert json.loads(result.stdout)["guest"] == "hvm"
