"""xenstream info: its facts about each kind of image are true."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from support import image
from support.corpus import Case, Item
from support.truth import load as truth_of

from .common import (
    BOOT_HVM,
    BOOT_PV,
    BOOT_PV32,
    FINE,
    HVM,
    INVALID,
    MODERN_HVM,
    MODERN_PV,
    PV,
    REMUS,
    USAGE,
    Unpack,
    cases,
    document,
    octets,
    program,
    run,
    stream,
    xenstream,
)

TYPES = {
    0: "NOTAB", 1: "L1TAB", 2: "L2TAB", 3: "L3TAB", 4: "L4TAB",
    9: "L1TAB_PINNED", 10: "L2TAB_PINNED", 11: "L3TAB_PINNED", 12: "L4TAB_PINNED",
    13: "BROKEN", 14: "XALLOC", 15: "XTAB",
}  # fmt: skip


def info(path: Path) -> dict[str, Any]:
    """The JSON of a file that is fine."""
    result = xenstream("info", "--json", path)
    assert result.rc == FINE and result.stderr == "", str(result)
    return document(result)


@pytest.mark.parametrize("case", cases(), ids=lambda c: c.name)
def test_legacy_stream(case: Case, unpacked: Unpack) -> None:
    facts = case.description()
    said = info(unpacked(case.stream))
    assert said["schema"] == "xenstream-info/1"
    assert said["layers"] == ["xl"] * facts["has_xl_header"] + ["legacy"]
    assert said["size"] == said["verdict"]["end"] == facts["stream_len"]
    assert sum(said["octets"].values()) == facts["stream_len"]
    assert said["toolstack_bits"] == facts["toolstack_bits"]
    assert said["guest"] == facts["guest_type"]
    assert said["vcpus"] == len(facts["online_vcpus"])
    assert said["tsc_mode"] == facts["tsc"]["mode"] and said["tsc_khz"] == facts["tsc"]["khz"]
    assert said["checkpoints"] == (facts["checkpoints"] if case_is_remus(facts) else 0)
    assert said["compressed"] == bool(facts["compress"])
    assert not said["verdict"]["errors"]
    assert said["verdict"]["remarks"] == (1 if facts["stats"]["tmem"] else 0)
    if facts["guest_type"] == "pv":
        assert said["guest_bits"] == 8 * facts["guest_width"]
        assert said["pt_levels"] == facts["pt_levels"]
    assert_memory(said["memory"], case)
    assert_emulator(said, facts)


def case_is_remus(facts: dict[str, Any]) -> bool:
    return bool(facts["checkpointed"])


def assert_memory(memory: dict[str, Any], case: Case) -> None:
    facts = case.description()
    assert memory["p2m_size"] == facts["p2m_size"]
    assert memory["exact"] is True
    assert memory["pages"] == facts["final"]["nr_data_pages"]
    if not case.plain:  # the truth of the last checkpoint's pages does not ship
        return
    counted: dict[str, int] = {}
    for kind, _ in truth_of(case).pages.values():
        counted[TYPES[kind]] = counted.get(TYPES[kind], 0) + 1
    known = {name: n for name, n in memory["by_type"].items() if name != "XTAB"}
    assert known == {name: n for name, n in counted.items() if name != "XTAB"}


def assert_emulator(said: dict[str, Any], facts: dict[str, Any]) -> None:
    qemu = facts["final"].get("qemu")
    assert ("emulator" in said) == (qemu is not None)
    if qemu is not None:
        assert said["emulator"]["octets"] == qemu["len"]
        assert said["emulator"]["name"] == facts["qemu_signature"]
        assert said["emulator"]["xenstore_keys"] == len(facts.get("physmap") or ())


@pytest.mark.parametrize("item", [MODERN_PV, MODERN_HVM], ids=lambda i: i.path.name)
def test_image_of_today(item: Item, unpacked: Unpack) -> None:
    said = info(unpacked(item))
    decoded = image.decode(octets(item))
    pages = sum(contents is not None for _, contents in decoded.memory.values())
    assert said["layers"] == ["xl", "libxl", "libxc"]
    assert (said["xen_major"], said["xen_minor"]) == (4, 17)
    assert said["image_version"] == decoded.libxc.version and not said["converted_from_legacy"]
    assert said["guest"] == ("pv" if decoded.is_pv else "hvm")
    assert said["memory"]["pages"] == pages
    assert said["octets"]["pages"] == pages * image.PAGE_SIZE
    assert sum(said["octets"].values()) == said["size"] == len(octets(item))
    assert decoded.tsc is not None and said["tsc_khz"] == decoded.tsc.khz
    assert said["cpuid_policy"] and said["msr_policy"] and said["vcpus"] == 1
    if not decoded.is_pv:
        assert said["emulator"]["name"] == "qemu"
    assert said["config"]["understood"] and said["config"]["language"] == "json"
    assert said["config"]["name"] in decoded.xl.config.decode() if decoded.xl else False
    assert decoded.xl is not None and said["octets"]["config"] + 0 == len(decoded.xl.config)


@pytest.mark.parametrize("item", [BOOT_PV, BOOT_PV32, BOOT_HVM], ids=lambda i: i.path.name)
def test_real_guest_in_legacy_clothes(item: Item, unpacked: Unpack) -> None:
    said = info(unpacked(item))
    modern = image.decode(octets(MODERN_HVM if item is BOOT_HVM else MODERN_PV))
    pages = sum(contents is not None for _, contents in modern.memory.values())
    assert said["layers"] == ["xl", "legacy"]
    assert said["toolstack_bits"] == (32 if ".w32." in item.path.name else 64)
    assert said["memory"]["pages"] == pages


@pytest.mark.parametrize(
    "item, says",
    [
        (PV.stream, ["legacy stream of a 64-bit toolstack", "PV, 64-bit, 4 levels", "1 vCPU",
                     "189 pages, 6 of them page tables (3 pinned); p2m of 256",
                     "mode 1, 2394.500 MHz", "Xen 4.5 or older"]),
        (HVM.stream, ["xl save image, text configuration > legacy stream of a 64-bit toolstack",
                      "xl flags    text configuration, legacy stream\n",
                      "legacy-hvm, uuid 4f3c9d1e-7a52-4b0e-9c57-0d8ea2f0c6b1", "HVM, 2 vCPUs",
                      "296 pages", "DeviceModelRecord0002", "3 physmap entries",
                      "/var/lib/xen/images/legacy.img as hda"]),
        (REMUS.stream, ["5 complete", "compressed", "32-bit toolstack"]),
        (MODERN_HVM, ["JSON configuration > libxl stream v2 > libxc image v3", "Xen 4.17",
                      "2044 pages", "1042436 XTAB", "CPUID and MSR", "Emulator    QEMU upstream, ",
                      "xl flags    JSON configuration, libxl stream v2\n"]),
    ],
    ids=["pv", "hvm", "remus", "modern"],
)  # fmt: skip
def test_words_for_people(item: Item, says: list[str], unpacked: Unpack) -> None:
    result = xenstream("info", unpacked(item))
    words = result.stdout.decode()
    assert result.rc == FINE and result.stderr == ""
    assert [part for part in says if part not in words] == []
    assert "State       complete" in words
    assert len(words.splitlines()) <= 24, "one screen"


def test_from_a_pipe_like_from_a_file(unpacked: Unpack) -> None:
    for item in (PV.stream, HVM.stream, MODERN_PV):
        of_file = info(unpacked(item))
        of_pipe = document(xenstream("info", "--json", "-", stdin=octets(item)))
        del of_file["size"]
        assert of_pipe.pop("file") == "(standard input)"
        assert of_pipe == {key: v for key, v in of_file.items() if key != "file"}


def test_damage_is_shown(scratch: Path) -> None:
    cut = scratch / "cut"
    cut.write_bytes(stream(PV)[:100000])
    result = xenstream("info", cut)
    words = result.stdout.decode()
    assert result.rc == INVALID
    assert "DAMAGED: offset 0x186a0 (legacy record 7, PAGE_BATCH, at 0x1480)" in words
    assert "vCPUs unknown" in words and "State       complete" not in words
    said = document(xenstream("info", "--json", cut))
    assert said["verdict"]["errors"] == 1 and said["verdict"]["end"] == 100000
    damage = said["verdict"]["damage"]
    assert damage["rule"] == "input.truncated" and damage["code"] == "truncated"
    assert damage["offset"] == 100000 and damage["record_offset"] == 0x1480


def test_converted_says_either_header(unpacked: Unpack, scratch: Path) -> None:
    path = scratch / "new"
    assert xenstream("convert", "-q", "--to", "libxl", unpacked(BOOT_PV), path).rc == FINE
    converted = bytearray(path.read_bytes())
    struct.pack_into("<I", converted, 16 + 8 + 24 + 8, 4)  # Xen's version in the domain header
    path.write_bytes(converted)
    assert "a converter, from a legacy stream" in xenstream("info", path).stdout.decode()
    assert info(path)["converted_from_legacy"] is True


def test_one_page_is_no_pages(scratch: Path) -> None:
    one = scratch / "one"
    one.write_bytes(struct.pack("<QiQ", 64, 1, 5) + bytes(4096))
    words = xenstream("info", one).stdout.decode()
    assert "4.0 KiB in 1 page;" in words
    assert "1 page batch, 1 page frame, 0 pages sent again" in words


def test_bytes_after_the_end(scratch: Path) -> None:
    long = scratch / "long"
    long.write_bytes(stream(PV) + b"tail!")
    result = xenstream("info", long)
    assert result.rc == FINE and "5 bytes follow its end" in result.stdout.decode()
    assert document(xenstream("info", "--json", long))["verdict"]["trailing"] == 5


def test_something_else_is_json_too(scratch: Path) -> None:
    other = scratch / "other"
    other.write_bytes(b"no saved domain at all, but a text of some length\n" * 4)
    assert xenstream("info", other).stdout == b""
    result = xenstream("info", "--json", other)
    said = document(result)
    assert result.rc == INVALID and said["layers"] == [] and said["guest"] == "unknown"
    assert said["verdict"]["damage"]["code"] == "not-a-domain"
    assert "not a saved Xen domain" in result.stderr


def test_config_that_is_no_text(scratch: Path) -> None:
    data = bytearray(octets(MODERN_PV))
    place = data.index(b"mini1")
    data[place : place + 5] = b"\xff\x00\x1b]x"
    path = scratch / "odd"
    path.write_bytes(data)
    assert document(xenstream("info", "--json", path))["layers"][0] == "xl"
    assert b"\x1b" not in xenstream("info", path).stdout


@pytest.mark.parametrize(
    "item, old, new",
    [
        (MODERN_PV, b"11111111-2222-3333-4444-555555555509", rb"\u001b]0;x\u0007\u009b31mABCDEFGHIJK"),
        (HVM.stream, b"legacy-hvm", b"\x1b[31m\xff\xc2\x9bx\x07"),
        (HVM.stream, b"vga.vram", b"\x1b[31m\xffAB"),
    ],
    ids=["json", "xl.cfg", "physmap"],
)
def test_a_terminal_obeys_no_image(item: Item, old: bytes, new: bytes, scratch: Path) -> None:
    path = scratch / "hostile"
    assert len(old) == len(new)
    path.write_bytes(octets(item).replace(old, new, 1))
    for verb in ("info", "records", "verify"):
        result = xenstream(verb, path)
        assert result.rc == FINE, str(result)
        for character in result.stdout.decode("utf-8"):
            assert character == "\n" or character.isprintable(), f"{verb}: {character!r}"
        lines_of_json = xenstream(verb, "--json", path).stdout.decode("utf-8")
        assert all(character == "\n" or character.isprintable() for character in lines_of_json)


def test_a_terminal_obeys_no_finding(scratch: Path) -> None:
    """Every error quotes the faulty value, wherever it is reported."""
    path, said = scratch / "hostile", b""
    whole = xenstream("convert", "-q", "-", "-", stdin=stream(HVM)).stdout
    path.write_bytes(whole.replace(b"physmap/", b"\x1b[31m\xc2\x9b\x7f", 1))
    for words in (["verify", path], ["verify", "--json", path], ["convert", path, scratch / "out"],
                  ["info", path], ["restore", "--no-config", "--into", scratch / "d", path]):
        result = xenstream(*words)
        assert result.rc not in (FINE, USAGE), result
        said += result.stdout + result.stderr.encode("utf-8")
    dropin = run([program("verify-stream-v2"), "-f", "xl", "-i", path])
    said += dropin.stdout + dropin.stderr.encode("utf-8")
    assert said.count(b"31m") > 4
    for character in said.decode("utf-8"):
        assert character == "\n" or character.isprintable(), ascii(character)
