"""Compares a decoded image with what the corpus knows about the guest that was saved."""

from __future__ import annotations

import enum
import hashlib
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Iterable, Iterator, Optional

from .corpus import Case, Item
from .image import (
    DOMAIN_HVM,
    DOMAIN_PV,
    LIBXL_EMULATOR_CONTEXT,
    LIBXL_EMULATOR_XENSTORE_DATA,
    LIBXL_LEGACY,
    PAGE_SHIFT,
    STATIC_DATA_END,
    XL_STREAM_V2,
    FormatError,
    Image,
    P2mFrames,
    PvInfo,
    TscInfo,
    Vcpu,
    XenstorePairs,
    split_qemu_tail,
)

FROM_LEGACY = (0, 0)
SHOWN = 4

PageTruth = tuple[int, Optional[str]]
Blob = dict[str, Any]


class Form(enum.Enum):
    """The nestings in which a conversion may come out."""

    XL = "xl"
    LIBXL = "libxl"
    LIBXC = "libxc"
    XL_LIBXC = "xl+libxc"

    @property
    def has_xl(self) -> bool:
        """Whether an xl header comes first."""
        return self in (Form.XL, Form.XL_LIBXC)

    @property
    def has_libxl(self) -> bool:
        """Whether there is a libxl stream around the libxc image."""
        return self in (Form.XL, Form.LIBXL)


@dataclass(frozen=True)
class Truth:
    """The corpus' description of a stream, and the guest's memory at its last checkpoint."""

    facts: dict[str, Any]
    pages: dict[int, PageTruth]

    @property
    def pv(self) -> bool:
        """Whether the guest is paravirtualised."""
        return bool(self.facts["guest_type"] == "pv")

    @property
    def last(self) -> dict[str, Any]:
        """The facts of the last complete checkpoint."""
        last: dict[str, Any] = self.facts["final"]
        return last


@lru_cache(maxsize=8)
def load(case: Case) -> Truth:
    """Reads the truth of a stream. The same object each time: not to be changed."""
    facts = case.description()
    listing = Item(case.folder / facts["final"]["pages"]).read().decode("ascii")
    return Truth(facts, dict(_parse_page(line) for line in listing.splitlines()))


def load_checkpoint(case: Case, number: int) -> Truth:
    """The truth of a checkpointed stream at its checkpoint `number`, from 1."""
    facts = dict(case.description())
    facts["final"] = facts["per_checkpoint"][number - 1]
    listing = Item(case.folder / facts["final"]["pages"]).read().decode("ascii")
    return Truth(facts, dict(_parse_page(line) for line in listing.splitlines()))


def _parse_page(line: str) -> tuple[int, PageTruth]:
    pfn, kind, digest = line.split()
    return int(pfn, 16), (int(kind, 16) >> 28, None if digest == "-" else digest)


def compare(
    image: Image, truth: Truth, form: Form, version: int, emulator_left_out: bool = False
) -> list[str]:
    """Every difference between a converted image and the truth, in words; none: an empty list.

    `form` is the nesting that was asked for, `version` the libxc image version. A libxc image
    is expected to carry neither toolstack data nor, unless in an xl header, the config.
    `emulator_left_out`: the conversion was to end before the emulator's record.
    """
    wanted = None if emulator_left_out else truth.last.get("qemu")
    checks = (
        _check_layers(image, truth, form),
        _check_headers(image, truth, version),
        _check_memory(image, truth),
        _check_pv(image, truth) if truth.pv else _check_hvm(image, truth),
        _check_tsc(image, truth),
        _check_emulator_records(image, truth, wanted)
        if form.has_libxl
        else _check_emulator_tail(image, wanted),
    )
    return [difference for check in checks for difference in check]


def _differ(what: str, got: object, want: object) -> Iterator[str]:
    if got != want:
        yield f"{what}: {_show(got)}, should be {_show(want)}"


def _show(value: object) -> str:
    if isinstance(value, bytes) and len(value) > 16:
        return f"{len(value)} bytes with SHA-256 {hashlib.sha256(value).hexdigest()[:16]}"
    return repr(value)


def _check_layers(image: Image, truth: Truth, form: Form) -> Iterator[str]:
    yield from _differ("xl header present", image.xl is not None, form.has_xl)
    yield from _differ("libxl layer present", image.libxl is not None, form.has_libxl)
    if image.xl is not None:
        yield from _check_xl_header(image, truth, form)
    if image.libxl is not None:
        yield from _differ("libxl options", image.libxl.options, LIBXL_LEGACY)
        yield from _differ("bytes after the libxl stream", len(image.trailing), 0)


def _check_xl_header(image: Image, truth: Truth, form: Form) -> Iterator[str]:
    assert image.xl is not None
    header = image.xl
    want = truth.facts["xl_header"]
    added = XL_STREAM_V2 if form.has_libxl else 0
    yield from _differ("xl byteorder", header.byteorder, "<")
    if want is None:
        yield from _differ("xl config", header.config, b"")
        yield from _differ("xl mandatory flags but JSON", header.mandatory_flags & ~1, added)
        yield from _differ("xl optional flags", header.optional_flags, 0)
        return
    flags = want["mandatory_flags"] | added
    yield from _differ("xl mandatory flags", header.mandatory_flags, flags)
    yield from _differ("xl optional flags", header.optional_flags, want["optional_flags"])
    yield from _differ("xl optional length", len(header.optional_data), want["optional_data_len"])
    yield from _differ("xl config length", len(header.config), want["config_len"])
    digest = hashlib.sha256(header.config).hexdigest()
    yield from _differ("SHA-256 of the xl config", digest, want["config_sha256"])


def _check_headers(image: Image, truth: Truth, version: int) -> Iterator[str]:
    libxc = image.libxc
    yield from _differ("image version", libxc.version, version)
    yield from _differ("image options", libxc.options, 0)
    yield from _differ("domain type", libxc.domain_type, DOMAIN_PV if truth.pv else DOMAIN_HVM)
    yield from _differ("page shift", libxc.page_shift, PAGE_SHIFT)
    yield from _differ("Xen major version (converted: 0)", libxc.xen_major, 0)
    ends = sum(record.type == STATIC_DATA_END for record in libxc.records)
    yield from _differ("STATIC_DATA_END records", ends, 1 if version > 2 else 0)
    yield from _differ("CPUID policy", image.cpuid_policy, None)
    yield from _differ("MSR policy", image.msr_policy, None)


def _check_memory(image: Image, truth: Truth) -> Iterator[str]:
    got, digest = _digest_memory(image)
    yield from _differ("SHA-256 of the memory", digest, truth.last["mem_sha256"])
    contents = sum(page is not None for _, page in got.values())
    yield from _differ("pages with contents", contents, truth.last["nr_data_pages"])
    yield from _differ(
        "BROKEN pages",
        sorted(pfn for pfn, (kind, _) in got.items() if kind == 0xD),
        sorted(truth.last["broken"]),
    )
    yield from _check_pages(got, truth.pages)
    unmapped = set(truth.last.get("sent_then_unmapped") or ())
    unmapped.update(truth.facts.get("unmapped_pfns") or ())
    yield from _list_pfns("is there, though unmapped", unmapped & got.keys())
    beyond = {pfn for pfn in got if pfn >= truth.facts["p2m_size"]}
    yield from _list_pfns("lies beyond the guest's memory", beyond)
    yield from _list_pfns("differs when sent for comparison", image.verify_mismatches)


def _digest_memory(image: Image) -> tuple[dict[int, PageTruth], str]:
    whole = hashlib.sha256()
    pages: dict[int, PageTruth] = {}
    for pfn in sorted(image.memory):
        kind, contents = image.memory[pfn]
        whole.update(struct.pack("<QII", pfn, kind << 28, contents is not None))
        if contents is None:
            pages[pfn] = (kind, None)
        else:
            whole.update(contents)
            pages[pfn] = (kind, hashlib.sha256(contents).hexdigest())
    return pages, whole.hexdigest()


def _check_pages(got: dict[int, PageTruth], want: dict[int, PageTruth]) -> Iterator[str]:
    yield from _list_pfns("is missing", want.keys() - got.keys())
    yield from _list_pfns("should not be there", got.keys() - want.keys())
    common = got.keys() & want.keys()
    yield from _list_pfns("has a wrong type", (p for p in common if got[p][0] != want[p][0]))
    yield from _list_pfns("has wrong contents", (p for p in common if got[p][1] != want[p][1]))


def _list_pfns(words: str, pfns: Iterable[int]) -> Iterator[str]:
    every = sorted(set(pfns))
    for pfn in every[:SHOWN]:
        yield f"pfn {pfn:#x} {words}"
    if len(every) > SHOWN:
        yield f"... and {len(every) - SHOWN} more pfns of which each {words}"


def _check_pv(image: Image, truth: Truth) -> Iterator[str]:
    facts = truth.facts
    info = PvInfo(facts["guest_width"], facts["pt_levels"])
    p2m = P2mFrames(0, facts["p2m_size"] - 1, tuple(facts["p2m_frames"]))
    yield from _differ("PV info", image.pv_info, info)
    yield from _differ("p2m frames", image.p2m, p2m)
    yield from _differ("vCPUs", sorted(image.vcpus), sorted(facts["online_vcpus"]))
    for wanted in facts["vcpus"]:
        vcpu = image.vcpus.get(wanted["id"], Vcpu())
        for name, key in (("basic", "basic_hex"), ("extended", "extd_hex"), ("xsave", "xsave_hex")):
            got, want = getattr(vcpu, name), _octets(wanted.get(key))
            yield from _differ(f"{name} context of vCPU {wanted['id']}", got, want)
        yield from _differ(f"MSRs of vCPU {wanted['id']}", vcpu.msrs, None)
    yield from _differ("shared info", image.shared_info, _octets(facts["shared_info_hex"]))


def _octets(text: Optional[str]) -> Optional[bytes]:
    return bytes.fromhex(text) if text else None


def _check_hvm(image: Image, truth: Truth) -> Iterator[str]:
    params = {int(index): value for index, value in truth.facts["hvm_params"].items()}
    for index in sorted(params.keys() | image.hvm_params.keys()):
        got, want = image.hvm_params.get(index), params.get(index)
        yield from _differ(f"HVM parameter {index}", got, want)
    yield from _differ("HVM context", image.hvm_context, _octets(truth.facts["hvm_context_hex"]))
    yield from _differ("vCPU records", sorted(image.vcpus), [])


def _check_tsc(image: Image, truth: Truth) -> Iterator[str]:
    tsc = truth.facts["tsc"]
    want = TscInfo(tsc["mode"], tsc["khz"], tsc["nsec"], tsc["incarn"])
    yield from _differ("TSC info", image.tsc, want)


def _check_emulator_records(
    image: Image, truth: Truth, wanted: Optional[Blob]
) -> Iterator[str]:
    pairs = physmap_pairs(truth)
    yield from _check_record_count(image, LIBXL_EMULATOR_XENSTORE_DATA, bool(pairs))
    yield from _check_record_count(image, LIBXL_EMULATOR_CONTEXT, wanted is not None)
    strangers = (image.emulator_xenstore.keys() | image.emulator_contexts.keys()) - {FROM_LEGACY}
    yield from _differ("emulators that are not unknown", sorted(strangers), [])
    yield from _check_xenstore(image.emulator_xenstore.get(FROM_LEGACY, []), pairs)
    blob = image.emulator_contexts.get(FROM_LEGACY)
    if wanted is not None and blob is not None:
        yield from _check_blob(bytes(blob), wanted)


def _check_record_count(image: Image, kind: int, want: int) -> Iterator[str]:
    records = image.libxl.records if image.libxl is not None else []
    got = sum(record.type == kind for record in records)
    yield from _differ(f"number of libxl records of type {kind}", got, int(want))


def _check_xenstore(got: XenstorePairs, want: dict[bytes, bytes]) -> Iterator[str]:
    yield from _differ("number of xenstore keys", len(got), len(want))
    stored = dict(got)
    for key in sorted(want.keys() | stored.keys()):
        yield from _differ(f"xenstore key {key.decode()}", stored.get(key), want.get(key))


def physmap_pairs(truth: Truth) -> dict[bytes, bytes]:
    """The device model's keys that follow from a legacy toolstack record."""
    pairs = {}
    for entry in truth.facts.get("physmap") or ():
        root = f"physmap/{entry['phys_offset']:x}"
        pairs[f"{root}/start_addr".encode()] = f"{entry['start_addr']:x}".encode()
        pairs[f"{root}/size".encode()] = f"{entry['size']:x}".encode()
        if entry["name"] is not None:
            pairs[f"{root}/name".encode()] = entry["name"].encode()
    return pairs


def _check_emulator_tail(image: Image, wanted: Optional[Blob]) -> Iterator[str]:
    if wanted is None:
        yield from _differ("bytes after the libxc image", len(image.trailing), 0)
        return
    try:
        _, blob = split_qemu_tail(image.trailing)
    except FormatError as error:
        yield f"after the libxc image: {error}"
        return
    yield from _check_blob(blob, wanted)


def _check_blob(blob: bytes, wanted: Blob) -> Iterator[str]:
    yield from _differ("length of the emulator's state", len(blob), wanted["len"])
    digest = hashlib.sha256(blob).hexdigest()
    yield from _differ("SHA-256 of the emulator's state", digest, wanted["sha256"])
