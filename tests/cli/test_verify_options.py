"""xenstream verify: all findings, not just the first, and how they count."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from support import image

from .common import FINE, INVALID, MODERN_HVM, MODERN_PV, PV, REMARKS, USAGE, lines, octets, stream, xenstream
from .test_verify import changed, offset_of, verify


def record(kind: int, body: bytes) -> bytes:
    """A libxl or libxc record."""
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def in_front_of(data: bytes, kind: int, new: bytes) -> bytes:
    """A copy with bytes in front of the first libxc record of a type."""
    place = offset_of(data, kind)
    return data[:place] + new + data[place:]


def rules(data: bytes, *words: str) -> tuple[int, list[str], dict[str, Any]]:
    """Exit code, rules of the findings, and verdict."""
    result = xenstream("verify", "--json", *words, "-", stdin=data)
    *findings, verdict = lines(result)
    return result.rc, [f["rule"] for f in findings], verdict


def many_faults() -> bytes:
    """An image with faults in many records, each of which leaves the framing alone."""
    good = octets(MODERN_PV)
    data = changed(good, offset_of(good, image.X86_TSC_INFO) + 8 + 20, b"\1")  # reserved
    data = changed(data, offset_of(good, image.X86_PV_INFO) + 8, b"\4")  # width
    data = changed(data, offset_of(good, image.PAGE_DATA) + 8, bytes(4))  # count
    place = offset_of(good, image.SHARED_INFO)
    more = record(0x77, b"from a later Xen") + record(image.VERIFY, bytes(9))
    return data[:place] + more + data[place:]


# --- going on -------------------------------------------------------------------------------------


def test_every_fault_is_found() -> None:
    code, found, verdict = rules(many_faults())
    assert code == INVALID
    assert {"stream.reserved", "libxc.pv-info", "libxc.page-data.count", "record.type",
            "record.length"} <= set(found)  # fmt: skip
    assert verdict["end"] == len(many_faults())  # read to its end
    assert verdict["omitted"] == verdict["ignored"] == 0


@pytest.mark.parametrize(
    "kind, size, entries, found",
    [
        (image.X86_CPUID_POLICY, 24, [0, 1, 2, 3, 1, 5], ["libxc.cpuid.twice"]),
        (image.X86_CPUID_POLICY, 24, [0, 1, 3, 2, 4, 5], ["libxc.cpuid.order"]),
        (image.X86_CPUID_POLICY, 24, [2, 1, 0, 1, 3, 4], ["libxc.cpuid.order", "libxc.cpuid.twice"]),
        (image.X86_MSR_POLICY, 16, [0x10A, 0xCE], ["libxc.msr.order"]),
        (image.X86_MSR_POLICY, 16, [0xCE, 0xCE], ["libxc.msr.twice"]),
    ],
)
def test_entries_of_policies(kind: int, size: int, entries: list[int], found: list[str]) -> None:
    data = octets(MODERN_PV)
    place = offset_of(data, kind) + 8
    for i, entry in enumerate(entries):
        data = changed(data, place + i * size, struct.pack("<I", entry))
        if kind == image.X86_CPUID_POLICY:  # only leaf 4 of these has subleaves
            data = changed(data, place + i * size + 4, struct.pack("<I", 0 if entry == 4 else 0xFFFFFFFF))
    assert [rule for rule in rules(data)[1] if "cpuid" in rule or "msr" in rule] == found


def test_unknown_guest_and_page_shift() -> None:
    data = octets(MODERN_PV)
    place = data.index(image.LIBXC_MARKER) + 24
    _, found, verdict = rules(changed(data, place, struct.pack("<IH", 9, 13)))
    assert {"libxc.guest-type", "libxc.page-shift"} <= set(found)
    assert verdict["end"] == len(data)


@pytest.mark.parametrize("place, new, skipped", [
    (0x30, struct.pack("<I", 1 << 20), 0),   # a configuration longer than the optional data
    (0x2C, struct.pack("<I", 2), 2),         # no room for its length
], ids=["config", "optional"])  # fmt: skip
def test_configuration_that_does_not_fit(place: int, new: bytes, skipped: int) -> None:
    data = octets(MODERN_PV)
    if skipped:
        data = data[:0x30] + bytes(skipped) + data[0x30 + struct.unpack_from("<I", data, 0x2C)[0] :]
    _, found, verdict = rules(changed(data, place, new))
    assert "xl.config-length" in found and verdict["end"] == len(data)


def test_lost_framing_ends_it() -> None:
    """A wrong length, and no record after it: one more error, not one for every eight bytes."""
    data = octets(MODERN_PV)
    bad = changed(data, offset_of(data, image.X86_PV_INFO) + 4, struct.pack("<I", 0x29))
    code, findings, verdict = verify(bad)
    fatal = [f for f in findings if "code" in f]
    assert code == INVALID and verdict["end"] < len(data)
    assert len(fatal) == 1 and "no record begins here" in fatal[0]["text"]


def test_checkpoint_end_does_not_excuse_a_cut() -> None:
    """The stream was never checkpointed, so there is no older state to return to."""
    data = octets(MODERN_HVM)
    code, found, _ = rules(data[:-8] + record(image.LIBXL_CHECKPOINT_END, b""))
    assert code == INVALID and "input.truncated" in found and "checkpoint.cut" not in found


# --- what counts ----------------------------------------------------------------------------------


def remarkable() -> bytes:
    """An image with a remark."""
    data = octets(MODERN_PV)
    xsave = offset_of(data, image.X86_PV_VCPU_XSAVE)
    size = struct.unpack_from("<I", data, xsave + 4)[0]
    return data[:xsave] + record(image.X86_PV_VCPU_XSAVE, bytes(8)) + data[xsave + 8 + size + -size % 8 :]


def test_strict() -> None:
    assert rules(remarkable())[0] == REMARKS
    code, found, verdict = rules(remarkable(), "--strict")
    assert code == INVALID and verdict["verdict"] == "invalid"
    assert verdict["errors"] == len(found) and verdict["remarks"] == 0
    assert rules(octets(MODERN_PV), "--strict")[0] == FINE


def test_ignore() -> None:
    _, found, _ = rules(many_faults())
    words = [f"--ignore={rule}" for rule in set(found)]
    code, left, verdict = rules(many_faults(), *words)
    assert (code, left, verdict["verdict"]) == (FINE, [], "valid")
    assert verdict["ignored"] == len(found)
    _, left, verdict = rules(many_faults(), words[0])
    assert set(left) == set(found) - {words[0].split("=")[1]}
    assert "ignored" in xenstream("verify", words[0], "-", stdin=many_faults()).stdout.decode().splitlines()[-1]


def test_what_ends_the_reading_is_not_ignored() -> None:
    cut = octets(MODERN_PV)[:50000]
    code, found, _ = rules(cut, "--ignore", "input.truncated")
    assert code == INVALID and "input.truncated" in found
    assert rules(b"no stream at all", "--ignore", "input.unknown")[0] == INVALID


def test_max_findings() -> None:
    _, found, whole = rules(many_faults())
    code, few, verdict = rules(many_faults(), "--max-findings", "2")
    assert code == INVALID and few == found[:2]
    assert verdict["omitted"] == len(found) - 2
    for name in ("errors", "remarks", "notes", "end", "records"):
        assert verdict[name] == whole[name], name
    code, few, verdict = rules(many_faults(), "--max-findings=0")
    assert (code, few, verdict["omitted"], verdict["errors"]) == (INVALID, [], len(found), whole["errors"])
    words = xenstream("verify", "--max-findings=2", "-", stdin=many_faults()).stdout.decode()
    assert f"{len(found) - 2} not shown" in words.splitlines()[-1]


def test_a_hundred_of_each_rule() -> None:
    """Findings that are not shown are counted for each rule."""
    data = in_front_of(octets(MODERN_PV), image.SHARED_INFO, record(0x80000077, b"") * 150)
    result = xenstream("verify", "-", stdin=data).stdout.decode()
    assert result.count("[record.optional]") == 101 and "and 50 more for this rule" in result
    assert rules(data, "--max-findings", "1000")[1].count("record.optional") == 150


def test_like_xen() -> None:
    """Only the findings of Xen's verifier, each as an error."""
    code, found, verdict = rules(in_front_of(octets(MODERN_PV), image.SHARED_INFO, record(0x80000077, b"")), "--like-xen")
    assert (code, set(found)) == (INVALID, {"record.optional"}) and verdict["remarks"] == 0
    data = octets(MODERN_PV)
    hvm = in_front_of(data, image.SHARED_INFO, record(image.HVM_PARAMS, struct.pack("<IIQQ", 1, 0, 1, 0)))
    assert rules(hvm)[0] == INVALID
    assert rules(hvm, "--like-xen")[:2] == (FINE, [])


def test_like_libxl() -> None:
    """What the specification alone asks for does not count; what a receiver refuses is an error."""
    data = octets(MODERN_PV)
    reserved = changed(data, offset_of(data, image.X86_TSC_INFO) + 8 + 20, b"\1")
    assert rules(reserved, "--like-xen")[:2] == (INVALID, ["stream.reserved"])
    assert rules(reserved, "--like-libxl")[:2] == (FINE, [])
    hvm = in_front_of(data, image.SHARED_INFO, record(image.HVM_PARAMS, struct.pack("<IIQQ", 1, 0, 1, 0)))
    assert rules(hvm, "--like-libxl")[0] == INVALID
    both = xenstream("verify", "--like-xen", "--like-libxl", "-", stdin=data)
    assert both.rc == USAGE and "only one of --like-xen and --like-libxl" in both.stderr


def test_upper_options_of_libxl() -> None:
    """Xen's verifier looks at the lower half of the options only."""
    data = octets(MODERN_PV)
    at = data.index(b"LibxlFmt") + 12
    assert rules(changed(data, at, b"\0\1\0\0"))[1] == ["libxl.options.upper"]
    assert rules(changed(data, at, b"\0\1\0\0"), "--like-xen")[:2] == (FINE, [])
    assert rules(changed(data, at, b"\0\0\0\4"), "--like-xen")[1] == ["libxl.options"]


@pytest.mark.parametrize("words", [["--ignore=nothing.such"], ["--max-findings=-1"], ["--ignore"],
                                   ["--max-findings=many"]])  # fmt: skip
def test_wrong_use(words: list[str]) -> None:
    result = xenstream("verify", *words, "-", stdin=octets(MODERN_PV))
    assert result.rc == USAGE and result.stdout == b""


def test_rules() -> None:
    """Listed without reading anything; each of them can be ignored."""
    rows = [json.loads(line) for line in xenstream("verify", "--rules", "--json").stdout.splitlines()]
    ids = [row.get("id") or row["rule"] for row in rows]
    words = xenstream("verify", "--rules")
    assert words.rc == FINE and all(rule in words.stdout.decode() for rule in ids)
    assert len(set(ids)) == len(ids) > 80
    every = [f"--ignore={rule}" for rule in ids]
    assert rules(many_faults(), *every)[0] == FINE


def first_page_table(data: bytes) -> int:
    """Where the contents of the first L1 table stand in a 64-bit guest's legacy stream of a 64-bit toolstack."""
    (size,) = struct.unpack_from("<Q", data)
    at = 20 + struct.unpack_from("<I", data, 16)[0] + -(-size // 512) * 8 + 4 + 20  # the TSC chunk is first
    (n,) = struct.unpack_from("<i", data, at)
    types = [entry >> 28 for entry in struct.unpack_from(f"<{n}Q", data, at + 4)]
    return at + 4 + 8 * n + 4096 * sum(t < 0xD for t in types[: types.index(1)])


@pytest.mark.parametrize("pfn, found", [(0xFF, []), (0x100, ["libxc.page-table.range"])])
def test_page_tables_of_a_legacy_stream(pfn: int, found: list[str]) -> None:
    data = stream(PV)
    data = changed(data, first_page_table(data) + 8, struct.pack("<Q", pfn << 12 | 1))
    assert rules(data)[1] == []
    assert rules(data, "--deep")[1] == found


def test_a_list_of_the_channel_back_is_refused_in_the_main_stream() -> None:
    data = in_front_of(octets(MODERN_PV), image.X86_TSC_INFO, record(0xF, struct.pack("<2Q", 5, 3)))
    assert rules(data)[1] == ["record.refused"]


def colo_state(state: int) -> bytes:
    return record(5, struct.pack("<I", state))


def test_a_back_channel_that_begins_with_a_list() -> None:
    """Only the option tells the format."""
    channel = record(0xF, struct.pack("<3Q", 3, 4, 9)) + colo_state(2) + colo_state(3)
    assert rules(channel)[0] == INVALID
    code, found, verdict = rules(channel, "--back-channel")
    assert (code, found, verdict["records"]) == (REMARKS, ["colo.turn"], 3)
    listed = xenstream("records", "--json", "--back-channel", "-", stdin=channel)
    assert listed.rc == FINE
    assert [row["type"] for row in lines(listed)] == [
        "CHECKPOINT_DIRTY_PFN_LIST", "CHECKPOINT_STATE", "CHECKPOINT_STATE",
    ]  # fmt: skip
    told = xenstream("info", "--back-channel", "-", stdin=channel)
    assert told.rc == FINE and b"COLO back channel" in told.stdout


@pytest.mark.parametrize(
    "pfns, stray, found",
    [
        ((0, 5), 0, []),
        ((0, 0, 5), 0, ["colo.pfns"]),
        ((3, 5), 1, ["colo.stray-bytes"]),
        ((0, 5), 1, ["colo.stray-bytes"]),
        ((0,), 1, ["colo.stray-bytes"]),
        ((0, 0, 5), 1, ["colo.pfns", "colo.stray-bytes"]),
    ],
)
def test_a_dirty_page_of_number_0(pfns: tuple[int, ...], stray: int, found: list[str]) -> None:
    """After the eight stray bytes it is no double."""
    dirty = struct.pack("<II", 0xF, 8 * len(pfns)) + bytes(8 * stray) + struct.pack(f"<{len(pfns)}Q", *pfns)
    assert sorted(rules(colo_state(1) + dirty + colo_state(2))[1]) == found


def test_the_main_stream_of_colo() -> None:
    """A CHECKPOINT_STATE of libxl is at the place where the image goes on; no option has to announce it."""
    good = octets(MODERN_HVM)
    place = offset_of(good, image.END)
    checkpoint = record(0xE, b"") + record(4, b"")
    state = good[offset_of(good, image.HVM_CONTEXT) : place]
    stream = good[:place] + checkpoint + colo_state(0) + state
    stream += checkpoint + colo_state(0) + good[place:]
    code, found, verdict = rules(stream)
    assert code != INVALID and "libxl.checkpoint-state.side" not in found
    assert any("COLO" in reason["text"] for reason in verdict["restorable"]["reasons"])
    assert rules(stream.replace(colo_state(0), colo_state(1)))[1].count(
        "libxl.checkpoint-state.side"
    ) == 2
    listed = lines(xenstream("records", "--json", "-", stdin=stream))
    assert [r["layer"] for r in listed if r["type"] == "CHECKPOINT_STATE"] == ["libxl", "libxl"]
