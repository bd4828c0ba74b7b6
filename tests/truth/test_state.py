"""The decoded guest beside what is known of it: registers by vCPU, and what xen-hvmctx printed."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any, Iterator

import pytest

from support import command, corpus
from support.corpus import Case, Item

from .common import OK, Unpack, convert, name_of
from support.truth import Form

LINUX = corpus.images("linux")
MODERN = corpus.images("modern")
LEGACY = corpus.plain_cases() + corpus.checkpointed_cases()

# Names of the truth that differ from ours; None: it is no register of ours.
NAMES = {
    "efer": "efer", "shadow_gs": "kernel_gs_base", "msr_lstar": "lstar", "msr_star": "star",
    "msr_cstar": "cstar", "msr_syscall_mask": "sfmask", "vgcf": None, "entry_vector": None,
    "upmask": None, "ldt_ents": None, "gdt_ents": None, "kernel_ss": None, "kernel_sp": None,
    "cr1": None, "event_cb": None, "failsafe_cb": None, "syscall_cb": None, "vm_assist": None,
    "gs_base_kernel": None, "gs_base_user": None, "msr_flags": None, "flags": None, "_end": None,
    "id": None, "ldt_base": "ldtr_base",
}  # fmt: skip
CONTEXT_FIELDS = {
    "vgcf": "vgcf_flags", "entry_vector": "entry_vector", "upmask": "saved_upcall_mask",
    "ldt_ents": "ldt_ents", "gdt_ents": "gdt_ents", "kernel_ss": "kernel_ss",
    "kernel_sp": "kernel_sp", "cr1": "cr1", "event_cb": "event_callback_eip",
    "failsafe_cb": "failsafe_callback_eip", "syscall_cb": "syscall_callback_eip",
    "vm_assist": "vm_assist", "gs_base_kernel": "gs_base_kernel", "gs_base_user": "gs_base_user",
}  # fmt: skip


def guest(program: Path, path: Path) -> dict[str, Any]:
    """What `cpu --json` says of a file."""
    result = command.run([program, "cpu", "--quiet", "--json", path])
    assert result.rc == OK, str(result)
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def our_name(name: str) -> str | None:
    return NAMES.get(name, name.replace("_arbytes", "_attributes"))


def test_images_are_there() -> None:
    if not LINUX:
        pytest.skip(corpus.why_no_corpus())
    assert len(LINUX) == 3


@pytest.mark.parametrize("item", LINUX, ids=name_of)
def test_registers_are_the_truth(item: Item, xenstream: Path, unpacked: Unpack) -> None:
    truth = json.loads(item.path.with_suffix(".json").read_bytes())
    told = guest(xenstream, unpacked(item))
    assert told["guest"] == ("pv" if truth["pv"] else "hvm")
    assert [v["id"] for v in told["vcpus"]] == [v["id"] for v in truth["vcpus"]]
    for ours, theirs in zip(told["vcpus"], truth["vcpus"]):
        compared = 0
        for name, value in theirs.items():
            known = our_name(name)
            if known:
                assert ours["registers"][known] == value, (theirs["id"], name)
                compared += 1
        assert compared >= 28


@pytest.mark.parametrize("item", LINUX, ids=name_of)
def test_contexts_are_the_truth(item: Item, xenstream: Path, unpacked: Unpack) -> None:
    truth = json.loads(item.path.with_suffix(".json").read_bytes())
    if not truth["pv"]:
        pytest.skip("no PV guest: it has no such contexts")
    contexts = [b for b in guest(xenstream, unpacked(item))["blocks"] if b["name"] == "context"]
    assert len(contexts) == len(truth["vcpus"])
    for block, theirs in zip(contexts, truth["vcpus"]):
        for name, known in CONTEXT_FIELDS.items():
            assert block["fields"][known] == theirs[name], (theirs["id"], name)


# --- xen-hvmctx, of the guest before it was saved: timers and registers have run on since ------


def dumped() -> list[Item]:
    """Images with the words of xen-hvmctx beside them."""
    return [i for i in LINUX + MODERN if words_of(i) is not None]


def words_of(item: Item) -> str | None:
    for root in corpus.roots():
        path = root / item.path.parent.name / (item.path.stem + ".hvmctx.txt")
        if path.exists():
            return path.read_text(encoding="ascii")
    return None


def entries(words: str) -> Iterator[tuple[int, int, int, str]]:
    """Type, instance, length and words of each entry, but for END."""
    parts = re.split(r"^Entry \d+: type (\d+) instance (\d+), length (\d+)$", words, flags=re.M)[1:]
    for code, instance, length, text in zip(parts[0::4], parts[1::4], parts[2::4], parts[3::4]):
        if int(code):
            yield int(code), int(instance), int(length), text


def numbers(pattern: str, text: str) -> list[int]:
    return [int(word, 16) for word in re.findall(pattern, text)]


def number(pattern: str, text: str, base: int = 0) -> int:
    found = re.search(pattern, text)
    assert found, (pattern, text)
    word = found[1]
    return int(word, base or (16 if word.startswith("0x") else 10))


def check_header(fields: dict[str, Any], text: str) -> None:
    assert fields["magic"] == number(r"magic (\w+)", text)
    assert fields["version"] == number(r"version (\d+)", text)
    assert fields["changeset"] == number(r"changeset (\w+)", text, 16)
    assert fields["cpuid"] == number(r"eax\] (\w+)", text)
    assert fields["gtsc_khz"] == number(r"gtsc_khz (\d+)", text)


def check_cpu(fields: dict[str, Any], text: str) -> None:
    for name in ("cr0", "dr6", "dr7", "cr4"):  # the kernel does not change these
        assert fields[name] == number(rf"\b{name} (0x\w+)", text), name
    for name in ("efer", "lstar", "cstar", "star", "sfmask"):
        assert fields[name] == number(rf"\b{name} +(\w+)", text, 16), name
    for name in ("idtr", "gdtr"):
        base, limit = re.search(rf"{name} +\( *(\w+) \+ +(\w+)\)", text).groups()  # type: ignore
        assert (fields[f"{name}_base"], fields[f"{name}_limit"]) == (int(base, 16), int(limit, 16))
    assert fields["mxcsr"] == number(r"mxcsr (\w+)", text)
    assert fields["mxcsr_mask"] == number(r"mask (\w+)\n", text)


def check_ioapic(fields: dict[str, Any], text: str) -> None:
    pins = numbers(r"pin \d+: 0x(\w+)", text)
    assert len(pins) == 48
    assert [pin["entry"] for pin in fields["pin"]] == pins
    assert [pin["mask"] for pin in fields["pin"]] == [v >> 16 & 1 for v in pins]
    assert [pin["vector"] for pin in fields["pin"]] == [v & 255 for v in pins]


def check_lapic_regs(fields: dict[str, Any], text: str) -> None:
    told = {int(a, 16): int(v, 16) for a, v in re.findall(r"0x(\w{3}): 0x(\w{8})", text)}
    places = {"id": 0x20, "version": 0x30, "tpr": 0x80, "ldr": 0xD0, "dfr": 0xE0}
    for name, at in places.items():
        assert fields[name] == told[at], name


def check_mtrr(fields: dict[str, Any], text: str) -> None:
    assert fields["pat"] == number(r"PAT (\w+)", text)
    assert fields["cap"] == number(r"cap (\w+)", text)
    assert fields["def_type"] == number(r"default (\w+)", text)
    var = [(int(a, 16), int(b, 16)) for a, b in re.findall(r"var \d +(\w+) +(\w+)", text)]
    assert [(v["base"], v["mask"]) for v in fields["var"]] == var
    assert fields["fixed"] == numbers(r"fixed \w\w +(\w+)", text)


def check_pci_link(fields: dict[str, Any], text: str) -> None:
    assert fields["route"] == [int(w) for w in re.findall(r"\d+", text.split("LINK:")[1])]


def check_pit(fields: dict[str, Any], text: str) -> None:
    assert fields["channel"][0]["mode"] == number(r"\bmode (\w+)", text)
    assert fields["channel"][0]["read_state"] == number(r"rd_state (\w+)", text)
    assert fields["channel"][0]["rw_mode"] == number(r"rw_mode (\w+)", text)
    assert fields["channel"][1]["count"] == number(r"ch 1: count (\w+)", text)


def check_rtc(fields: dict[str, Any], text: str) -> None:
    cmos = [int(w, 16) for w in re.findall(r"0x(\w\w)\b", text.split("index")[0])]
    assert len(cmos) == 14
    assert fields["cmos"][6:] == cmos[6:]  # but for the time of day
    assert fields["cmos_index"] == number(r"index (\w+)", text)


def check_hpet(fields: dict[str, Any], text: str) -> None:
    assert fields["capability"] == number(r"capability (\w+)", text)
    timers = [(int(c, 16), int(m, 16)) for c, m in re.findall(r"config 0x(\w+) cmp 0x(\w+)", text)]
    assert [(t["config"], t["cmp"]) for t in fields["timer"]] == timers


def check_pic(fields: dict[str, Any], text: str) -> None:
    assert fields["irq_base"] == number(r"IRQ base (\w+)", text)
    for name in set(fields) - {"irq_base"}:
        assert fields[name] == number(rf"\b{name} (\w+)", text), name


def check_vmce(fields: dict[str, Any], text: str) -> None:
    assert fields["caps"] == number(r"caps (\w+)", text, 16)


CHECKS = {
    1: check_header, 2: check_cpu, 3: check_pic, 4: check_ioapic, 6: check_lapic_regs, 9: check_pci_link,
    10: check_pit, 11: check_rtc, 12: check_hpet, 14: check_mtrr, 18: check_vmce,
}  # fmt: skip


@pytest.mark.parametrize("item", dumped(), ids=name_of)
def test_fields_are_those_of_hvmctx(item: Item, xenstream: Path, unpacked: Unpack) -> None:
    words = words_of(item)
    assert words
    blocks = {
        (b["type"], b.get("vcpu", b.get("instance"))): b
        for b in guest(xenstream, unpacked(item))["blocks"]
    }
    checked = set()
    for code, instance, length, text in entries(words):
        assert blocks[code, instance]["length"] == length
        if code in CHECKS:
            CHECKS[code](blocks[code, instance]["fields"], text)
            checked.add(code)
    assert len(checked) >= 5


# --- legacy streams: the truth holds the bytes themselves ---------------------------------------


def final_vcpus(facts: dict[str, Any]) -> list[dict[str, Any]]:
    return list(facts["final"].get("vcpus") or facts.get("vcpus") or [])


def pv_registers(basic: bytes) -> dict[str, int]:
    """Some of them, by their places in Xen's structures."""
    if len(basic) == 5168:
        places = {"rip": 648, "rsp": 672, "rax": 600, "r15": 520, "cr4": 5016, "dr7": 5104}
        return {name: int(struct.unpack_from("<Q", basic, at)[0]) for name, at in places.items()}
    places = {"rip": 548, "rsp": 560, "rax": 540, "rbx": 516, "cr4": 2732, "dr7": 2776}
    return {name: int(struct.unpack_from("<I", basic, at)[0]) for name, at in places.items()}


@pytest.mark.parametrize("case", LEGACY, ids=name_of)
def test_legacy_registers(case: Case, xenstream: Path, unpacked: Unpack) -> None:
    facts = case.description()
    result = command.run([xenstream, "cpu", "--quiet", "--json", unpacked(case.stream)])
    if facts["converter_args"]["guest_type"] != "pv":
        return
    told = json.loads(result.stdout)
    vcpus = final_vcpus(facts)
    assert [v["id"] for v in told["vcpus"]] == [v["id"] for v in vcpus]
    for ours, theirs in zip(told["vcpus"], vcpus):
        for name, value in pv_registers(bytes.fromhex(theirs["basic_hex"])).items():
            assert ours["registers"][name] == value, (theirs["id"], name)
    assert told["tsc"]["khz"] if facts.get("tsc") else "tsc" not in told


def without_places(told: dict[str, Any]) -> dict[str, Any]:
    """Without what depends on the file."""
    blocks = [{k: v for k, v in b.items() if k != "offset"} for b in told["blocks"]]
    blocks.sort(key=lambda b: json.dumps(b, sort_keys=True))
    return {"vcpus": told["vcpus"], "tsc": told.get("tsc"), "blocks": blocks, "guest": told["guest"]}


@pytest.mark.parametrize("case", LEGACY, ids=name_of)
def test_a_legacy_guest_is_that_of_its_conversion(
    case: Case, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    source, target = unpacked(case.stream), scratch / "out"
    result = convert(xenstream, Form.LIBXL, source, target, "--force")
    if result.rc != OK:
        pytest.skip("is not converted")
    before = json.loads(command.run([xenstream, "cpu", "--quiet", "--json", source]).stdout)
    after = json.loads(command.run([xenstream, "cpu", "--quiet", "--json", target]).stdout)
    assert without_places(before) == without_places(after)
