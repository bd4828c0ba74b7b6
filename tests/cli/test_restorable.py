"""Which Xen restores an image: the line of verify and info, --for, and images edited for it."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any, Callable, Optional

import pytest

from support import image

from .common import (
    FINE,
    INVALID,
    MODERN_HVM,
    MODERN_PV,
    PV,
    USAGE,
    case,
    document,
    lines,
    octets,
    stream,
    xenstream,
)

Entry = tuple[int, int, bytes]
LAPIC, RTC, VMCE = 5, 11, 18


def padded(kind: int, body: bytes) -> bytes:
    """A record."""
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def entries(blob: bytes) -> list[Entry]:
    """Type, instance and body of each entry of an HVM context, END excepted."""
    found, at = [], 0
    while True:
        kind, instance, length = struct.unpack_from("<HHI", blob, at)
        if not kind:
            return found
        found.append((kind, instance, blob[at + 8 : at + 8 + length]))
        at += 8 + length


@lru_cache(maxsize=None)
def first_record(data: bytes, kind: int) -> image.Record:
    """The first record of a type in an image."""
    return next(r for r in image.decode(data).libxc.records if r.type == kind)


def with_context(data: bytes, change: Callable[[Entry], Entry]) -> bytes:
    """The image with other entries in its HVM context."""
    record = first_record(data, image.HVM_CONTEXT)
    changed = [change(entry) for entry in entries(bytes(record.body))]
    blob = b"".join(struct.pack("<HHI", k, i, len(b)) + b for k, i, b in changed) + bytes(8)
    end = record.offset + 8 + len(record.body) + -len(record.body) % 8
    return data[: record.offset] + padded(image.HVM_CONTEXT, blob) + data[end:]


def with_record(data: bytes, kind: int, change: Callable[[bytes], bytes]) -> bytes:
    """The image with another body in the first record of a type."""
    record = first_record(data, kind)
    end = record.offset + 8 + len(record.body) + -len(record.body) % 8
    return data[: record.offset] + padded(kind, change(bytes(record.body))) + data[end:]


def sized(kind: int, size: int) -> Callable[[Entry], Entry]:
    """Makes entries of a type shorter, or longer with zeros."""
    return lambda e: (e[0], e[1], e[2][:size].ljust(size, b"\0")) if e[0] == kind else e


def restorable(data: bytes, *options: str) -> dict[str, Any]:
    """The verdict of verify."""
    *_, verdict = lines(xenstream("verify", "--json", *options, "-", stdin=data))
    said: dict[str, Any] = verdict["restorable"]
    return said


def bounds(said: dict[str, Any]) -> tuple[Any, Any, bool]:
    """First and last Xen, and whether there is none."""
    return said["since"], said["until"], said["by_none"]


def test_genuine_images() -> None:
    for data in (octets(MODERN_PV), octets(MODERN_HVM)):  # their CPUID policies have leaves up to 0x80000021
        assert bounds(restorable(data)) == ("4.16", None, False)
        for version, fine in [("4.14.4", False), ("4.14.5", True), ("4.15.2", False), ("4.15.3", True), ("4.17", True)]:
            assert restorable(data, "--for", version)["by_it"] is fine, version
    assert bounds(restorable(stream(PV))) == ("4.1", None, False)


@pytest.mark.parametrize(
    "name, since, until",
    [
        ("pv64-ts32-remus-comp", "4.1", "4.5"),
        ("pv64-ts64-tmem", "4.1", "4.5"),
        ("hvm-ts64-x87fip", "4.5.4", "4.5"),
        ("pv64-ts64-xljson", "4.5", None),
        ("pv64-ts64-remus", "4.1", None),
    ],
)
def test_legacy_streams(name: str, since: str, until: str) -> None:
    assert bounds(restorable(stream(case(name)))) == (since, until, False)


def test_areas_of_several_sizes_are_restored_by_none() -> None:
    said = restorable(stream(case("pv64-ts64-xvar")))
    assert said["by_none"] and any("xsave" in reason["text"] for reason in said["reasons"])


def test_image_version_2() -> None:
    result = xenstream("convert", "--image-version", "2", "--force", "-", "-", stdin=octets(MODERN_PV))
    assert bounds(restorable(result.stdout)) == ("4.6", None, False)


@pytest.mark.parametrize(
    "kind, size, since",
    [(RTC, 16, "4.16"), (RTC, 24, "4.16"), (LAPIC, 16, "4.16"), (LAPIC, 32, "4.21"), (VMCE, 24, "4.16")],
)
def test_sizes_of_the_hvm_context(kind: int, size: int, since: str) -> None:
    said = restorable(with_context(octets(MODERN_HVM), sized(kind, size)))
    assert bounds(said) == (since, None, False)


def test_point_releases() -> None:
    data = with_context(octets(MODERN_HVM), sized(LAPIC, 32))
    (reason,) = [r for r in restorable(data)["reasons"] if "LAPIC" in r["text"]]
    assert reason["since"] == "4.21" and reason["points"] == ["4.20.1", "4.19.2", "4.18.5"]
    for version, fine in [
        ("4.21", True), ("4.20", False), ("4.20.1", True), ("4.19.1", False), ("4.19.3", True),
        ("4.18.4", False), ("4.18.5", True), ("4.17.7", False), ("4.22.1", True),
    ]:  # fmt: skip
        assert restorable(data, "--for", version)["by_it"] is fine, version
        result = xenstream("verify", "--quiet", "--for", version, "-", stdin=data)
        assert result.rc == (FINE if fine else INVALID), version


def with_vcpu(number: int, kinds: tuple[int, ...]) -> bytes:
    """The HVM image with entries of another vCPU."""
    data = octets(MODERN_HVM)
    record = first_record(data, image.HVM_CONTEXT)
    both = []
    for kind, instance, body in entries(bytes(record.body)):
        both += [(kind, instance, body)] + [(kind, number, body)] * (kind in kinds)
    blob = b"".join(struct.pack("<HHI", k, i, len(b)) + b for k, i, b in both) + bytes(8)
    return with_record(data, image.HVM_CONTEXT, lambda _: blob)


CPU, DEVICES = 2, (LAPIC, 6, 14, VMCE, 19)


def area(size: int, xcr0: int, xstate_bv: int, xcomp_bv: int = 0, last: int = 0) -> bytes:
    """The image with a CPU_XSAVE entry."""
    data = octets(MODERN_HVM)
    record = first_record(data, image.HVM_CONTEXT)
    body = struct.pack("<QQQ512xQQ", 0, xcr0, xcr0, xstate_bv, xcomp_bv).ljust(24 + size - 1, b"\0") + bytes([last])
    found = entries(bytes(record.body))
    at = next(i for i, (kind, _, _) in enumerate(found) if kind > 16)
    blob = b"".join(struct.pack("<HHI", k, i, len(b)) + b for k, i, b in found[:at] + [(16, 0, body)] + found[at:])
    return with_record(data, image.HVM_CONTEXT, lambda _: blob + bytes(8))


@pytest.mark.parametrize(
    "words, field",
    [
        ((576, 3, 3), None),
        ((832, 7, 7), None),
        ((832, 7, 7, 0, 9), None),  # of AVX
        ((832, 3, 3), None),  # as Xen up to 4.3.0 wrote it
        ((2696, 0xE7, 0xE7, 0, 9), None),
        ((832, 3, 3, 0, 9), "length"),
        ((4096, 7, 7, 0, 1), "length"),
        ((576, 3, 7), "xstate_bv"),
        ((576, 3, 3, 1 << 63), "xcomp_bv"),
    ],
)
def test_xsave_areas_of_hvm_guests(words: tuple[int, ...], field: Optional[str]) -> None:
    *findings, verdict = lines(xenstream("verify", "--json", "-", stdin=area(*words)))
    found = [f["field"] for f in findings if f["rule"] == "libxc.hvm-context.xsave"]
    assert found == ([field] if field else [])
    not_shown = words[1] == 0xE7  # AVX-512, which the guest's CPUID policy does not have
    assert verdict["restorable"]["by_none"] is (bool(field) or not_shown)
    assert [f for f in findings if f["rule"] == "libxc.hvm-context.policy"] or not not_shown


def test_a_vcpu_that_is_offline() -> None:
    data = with_vcpu(1, DEVICES).replace(b'"max_vcpus": 1,', b'"max_vcpus": 2,')
    *findings, verdict = lines(xenstream("verify", "--json", "-", stdin=data))
    assert [f["severity"] for f in findings if f["rule"] == "libxc.hvm-context.offline"] == ["note"]
    assert verdict["verdict"] == "valid"


@pytest.mark.parametrize("kinds", [DEVICES, (CPU, *DEVICES)], ids=["offline", "online"])
@pytest.mark.parametrize("number, fits", [(1, True), (2, False)])
def test_numbers_of_vcpus_in_the_configuration(kinds: tuple[int, ...], number: int, fits: bool) -> None:
    data = with_vcpu(number, kinds).replace(b'"max_vcpus": 1,', b'"max_vcpus": 2,')
    *findings, _ = lines(xenstream("verify", "--json", "-", stdin=data))
    assert ("config.vcpus" not in [f["rule"] for f in findings]) is fits


def test_an_optional_record_of_libxl_is_refused_by_all() -> None:
    data = octets(MODERN_PV)
    end = image.decode(data).libxl.records[-1].offset
    said = restorable(data[:end] + padded(0x80000001, b"") + data[end:])
    assert said["by_none"] and any("optional" in reason["text"] for reason in said["reasons"])


def policy_msr(index: int, flags: int) -> Callable[[bytes], bytes]:
    """A policy of one MSR."""
    return lambda _: struct.pack("<IIQ", index, flags, 0)


@pytest.mark.parametrize(
    "data, words",
    [
        (with_record(octets(MODERN_PV), image.X86_MSR_POLICY, policy_msr(0xCE, 1)), "flags"),
        (with_record(octets(MODERN_PV), image.X86_MSR_POLICY, policy_msr(0x1A0, 0)), "MSR policy"),
        (with_record(octets(MODERN_PV), image.X86_CPUID_POLICY,
                     lambda body: body + struct.pack("<6I", 0xC0000000, 0xFFFFFFFF, 0, 0, 0, 0)), "leaf"),
        (with_record(octets(MODERN_HVM), image.HVM_PARAMS,
                     lambda body: struct.pack("<IIQQ", 1, 0, 39, 0)), "HVM parameter 39"),
        (octets(MODERN_PV)[:-16] + padded(image.X86_PV_VCPU_MSRS, struct.pack("<8xIIQ", 0x48, 1, 0)) + bytes(16),
         "a vCPU's MSRs"),
        (octets(MODERN_PV)[:-8] + padded(image.LIBXL_CHECKPOINT_STATE, bytes(4)) + bytes(8), "CHECKPOINT_STATE"),
        (octets(MODERN_PV)[octets(MODERN_PV).index(image.LIBXC_MARKER) : -16] + padded(image.CHECKPOINT, b"")
         + bytes(8), "checkpoint without"),
        (octets(MODERN_PV)[:0x24] + b"\1" + octets(MODERN_PV)[0x25:], "xl header announces"),
        (octets(MODERN_PV).replace(b"LibxlFmt\0\0\0\2\0\0\0\0", b"LibxlFmt\0\0\0\2\0\0\0\1"), "big-endian"),
    ],
    ids=["flags of an MSR", "an MSR", "a leaf", "a parameter", "reserved", "a state", "a bare checkpoint",
         "another stream", "big-endian"],
)  # fmt: skip
def test_what_no_known_xen_takes(data: bytes, words: str) -> None:
    said = restorable(data)
    assert said["by_none"] and any(words in reason["text"] for reason in said["reasons"])


def test_a_long_record() -> None:
    data = octets(MODERN_HVM)
    record = next(r for r in image.decode(data).libxc.records if r.type == image.PAGE_DATA)
    count = 2049
    pages = struct.pack("<II", count, 0) + struct.pack(f"<{count}Q", *range(0x100000, 0x100000 + count))
    data = data[: record.offset] + padded(1, pages + bytes(count * 4096)) + data[record.offset :]
    assert any(r["since"] == "4.10" for r in restorable(data)["reasons"])


def test_records_without_contents_are_said() -> None:
    data = octets(MODERN_PV)
    record = next(r for r in image.decode(data).libxc.records if r.type == image.X86_PV_VCPU_EXTENDED)
    end = record.offset + 8 + len(record.body)
    empty = padded(image.X86_PV_VCPU_EXTENDED, bytes(8))
    said = restorable(data[: record.offset] + empty + data[end:])
    assert any("4.6 to 4.8" in reason["text"] for reason in said["reasons"])


def one_page_more(body: bytes) -> bytes:
    """A page, without contents, after the last one of the p2m."""
    (n,) = struct.unpack_from("<I", body)
    entries = body[8 : 8 + 8 * n] + struct.pack("<Q", image.TYPE_XTAB << 60 | 0x400)
    return struct.pack("<II", n + 1, 0) + entries + body[8 + 8 * n :]


def xsave(xcr0_accum: int, xstate_bv: int, xcomp_bv: int) -> Callable[[bytes], bytes]:
    """An xsave area with SSE in it."""
    area = bytes(512) + struct.pack("<QQ", xstate_bv, xcomp_bv) + bytes(48)
    return lambda _: struct.pack("<IIQQ", 0, 0, 3, xcr0_accum) + area


@pytest.mark.parametrize(
    "kind, change, rule",
    [
        (image.PAGE_DATA, one_page_more, "libxc.page-data.pfn"),
        (image.X86_PV_VCPU_BASIC, lambda body: b"\1" + body[1:], "libxc.vcpu.first"),
        (image.X86_PV_VCPU_BASIC, lambda body: body[:8], "libxc.vcpu.first"),
        (image.X86_PV_VCPU_XSAVE, xsave(3, 7, 0), "libxc.vcpu.xstate"),
        (image.X86_PV_VCPU_XSAVE, xsave(3, 3, 1 << 63), "libxc.vcpu.xstate"),
    ],
    ids=["a page beyond the p2m", "no vCPU 0", "a vCPU 0 without registers", "a state too many", "compact"],
)
def test_what_a_receiver_refuses_is_restored_by_none(
    kind: int, change: Callable[[bytes], bytes], rule: str
) -> None:
    data = with_record(octets(MODERN_PV), kind, change)
    *findings, verdict = lines(xenstream("verify", "--json", "-", stdin=data))
    assert rule in [f["rule"] for f in findings if f["severity"] == "error"]
    assert verdict["restorable"]["by_none"]


def test_damage_is_restored_by_none() -> None:
    data = octets(MODERN_PV)
    assert restorable(data[: len(data) // 2])["by_none"]
    result = xenstream("verify", "-", stdin=data[: len(data) // 2])
    assert "not restorable by any known Xen (see the errors)\n" in result.stdout.decode()


def test_words() -> None:
    result = xenstream("verify", "--for", "4.6", "-", stdin=octets(MODERN_HVM))
    assert result.rc == INVALID
    *_, line, verdict = result.stdout.decode().splitlines()
    assert "restorable by: 4.16 and newer: a CPUID policy with leaves from 0x8000001d on (4.16, 4.15.3, 4.14.5)" in line
    assert ": valid" in verdict
    assert "records), not restorable by 4.6: a libxc image of version 3 (4.14)" in verdict
    result = xenstream("verify", "--for=4.17", "-", stdin=octets(MODERN_HVM))
    assert result.rc == FINE and "not restorable" not in result.stdout.decode()


@pytest.mark.parametrize("version", ["", "4", "4.", "x", "4.1.2.3", "4.256", "-4.1", "4.6 "])
def test_no_version(version: str) -> None:
    result = xenstream("verify", f"--for={version}", "-", stdin=octets(MODERN_PV))
    assert result.rc == USAGE and result.stdout == b""


def test_info_says_it_as_well() -> None:
    data = octets(MODERN_HVM)
    said = document(xenstream("info", "--json", "-", stdin=data))["restorable"]
    assert bounds(said) == ("4.16", None, False)
    words = xenstream("info", "-", stdin=data).stdout.decode()
    assert "\nRestorable  by 4.16 and newer\n" in words and "leaves from 0x8000001d on (4.16, 4.15.3, 4.14.5)" in words
