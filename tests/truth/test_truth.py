"""The comparison itself: it accepts the reference conversion and sees every single change."""

from __future__ import annotations

import copy
import dataclasses
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Callable, Iterator, Optional

import pytest

from support import command, corpus, image, truth, xenref
from support.corpus import Case
from support.image import Image
from support.truth import Form

from .common import NEWEST, OK, Unpack

pytestmark = pytest.mark.usefixtures("xen")

Change = Callable[[Image], None]
DIGESTS = corpus.reference_digests()


def rich_case(guest_type: str) -> Optional[Case]:
    """A stream that Xen converts rightly and that has as much in it as possible."""
    usable = [
        case
        for case in corpus.plain_cases()
        if case.description()["guest_type"] == guest_type
        and "4.17 libxl" in DIGESTS.get(case.name, ())
        and not case.description()["has_xl_header"]
    ]
    return max(usable, key=richness) if usable else None


def richness(case: Case) -> int:
    """How many kinds of things a stream holds."""
    facts = case.description()
    last = facts["final"]
    parts = (facts.get("physmap"), last["broken"], last.get("qemu"), facts.get("unmapped_pfns"))
    return sum(bool(part) for part in parts)


@dataclasses.dataclass(frozen=True)
class Base:
    """A right conversion of a stream to a libxl stream."""

    case: Case
    path: Path
    image: Image


BaseOf = Callable[[str], Base]


def reference_of(guest_type: str, unpacked: Unpack, folder: Path) -> Base:
    """Lets Xen convert a rich stream."""
    case = rich_case(guest_type)
    if case is None:
        pytest.skip(f"no {guest_type} stream with a reference digest is there")
    target = folder / guest_type
    options = xenref.converter_options(case.description(), "libxl")
    result = xenref.convert(unpacked(case.stream), target, options)
    assert result.rc == OK, str(result)
    return Base(case, target, image.load(target))


@pytest.fixture(scope="module")
def base_of(xen: None, unpacked: Unpack) -> Iterator[BaseOf]:
    """A function that gives the right conversion of a `pv` or `hvm` guest."""
    with tempfile.TemporaryDirectory(prefix="xenstream-base-") as folder:
        yield lru_cache(maxsize=None)(lambda kind: reference_of(kind, unpacked, Path(folder)))


def compare(base: Base, changed: Image) -> list[str]:
    """The differences that the comparison sees."""
    return truth.compare(changed, truth.load(base.case), Form.LIBXL, NEWEST)


@pytest.mark.parametrize("guest", ("pv", "hvm"))
def test_right_conversion_is_accepted(guest: str, base_of: BaseOf) -> None:
    assert compare(base_of(guest), base_of(guest).image) == []


def with_contents(changed: Image) -> int:
    """The first pfn that has contents."""
    return min(pfn for pfn, (_, page) in changed.memory.items() if page is not None)


def change_page(changed: Image) -> None:
    pfn = with_contents(changed)
    kind, page = changed.memory[pfn]
    assert page is not None
    octets = bytearray(page)
    octets[-1] ^= 1
    changed.memory[pfn] = (kind, memoryview(bytes(octets)))


def change_page_type(changed: Image) -> None:
    pfn = with_contents(changed)
    changed.memory[pfn] = (changed.memory[pfn][0] ^ 1, changed.memory[pfn][1])


def drop_page(changed: Image) -> None:
    del changed.memory[with_contents(changed)]


def empty_page(changed: Image) -> None:
    changed.memory[with_contents(changed)] = (image.TYPE_XALLOC, None)


def drop_broken(changed: Image) -> None:
    del changed.memory[min(p for p, (k, _) in changed.memory.items() if k == image.TYPE_BROKEN)]


def add_page(changed: Image) -> None:
    free = set(range(max(changed.memory))) - changed.memory.keys()
    changed.memory[min(free)] = (0, memoryview(bytes(image.PAGE_SIZE)))


def change_tsc(changed: Image) -> None:
    assert changed.tsc is not None
    changed.tsc = dataclasses.replace(changed.tsc, nsec=changed.tsc.nsec + 1)


def change_vcpu(part: str) -> Change:
    def change(changed: Image) -> None:
        vcpu = changed.vcpus[max(changed.vcpus)]
        octets = bytearray(getattr(vcpu, part))
        octets[len(octets) // 2] ^= 0x80
        setattr(vcpu, part, bytes(octets))

    return change


def swap_vcpus(changed: Image) -> None:
    first, second, *_ = sorted(changed.vcpus)
    vcpus = changed.vcpus
    vcpus[first], vcpus[second] = vcpus[second], vcpus[first]


def change_shared_info(changed: Image) -> None:
    assert changed.shared_info is not None
    changed.shared_info = changed.shared_info[:-1] + bytes([changed.shared_info[-1] ^ 1])


def change_p2m(changed: Image) -> None:
    assert changed.p2m is not None
    changed.p2m = dataclasses.replace(changed.p2m, last_pfn=changed.p2m.last_pfn + 1)


def change_parameter(index: int) -> Change:
    def change(changed: Image) -> None:
        changed.hvm_params[index] += 1

    return change


def drop_parameter(changed: Image) -> None:
    del changed.hvm_params[12]


def change_context(changed: Image) -> None:
    assert changed.hvm_context is not None
    changed.hvm_context = changed.hvm_context[:-1]


def emulator(changed: Image) -> image.Emulator:
    """The only emulator."""
    (only,) = changed.emulator_contexts
    return only


def change_emulator(changed: Image) -> None:
    blob = changed.emulator_contexts[emulator(changed)]
    changed.emulator_contexts[emulator(changed)] = blob[:-1]


def rename_emulator(changed: Image) -> None:
    changed.emulator_contexts[(1, 0)] = changed.emulator_contexts.pop(emulator(changed))


def change_xenstore(changed: Image) -> None:
    pairs = changed.emulator_xenstore[emulator(changed)]
    pairs[-1] = (pairs[-1][0], pairs[-1][1] + b"x")


def drop_xenstore_key(changed: Image) -> None:
    changed.emulator_xenstore[emulator(changed)].pop(0)


def add_trailing(changed: Image) -> None:
    changed.trailing = b"\0"


def change_origin(changed: Image) -> None:
    changed.libxc.xen_major = 4


CHANGES: tuple[tuple[str, Change, str], ...] = (
    ("pv", change_page, "has wrong contents"),
    ("pv", change_page_type, "has a wrong type"),
    ("pv", drop_page, "is missing"),
    ("pv", empty_page, "pages with contents"),
    ("pv", drop_broken, "BROKEN pages"),
    ("pv", add_page, "is there, though unmapped"),
    ("pv", change_tsc, "TSC info"),
    ("pv", change_vcpu("basic"), "basic context of vCPU"),
    ("pv", change_vcpu("extended"), "extended context of vCPU"),
    ("pv", change_vcpu("xsave"), "xsave context of vCPU"),
    ("pv", swap_vcpus, "basic context of vCPU"),
    ("pv", change_shared_info, "shared info"),
    ("pv", change_p2m, "p2m frames"),
    ("pv", add_trailing, "bytes after the libxl stream"),
    ("pv", change_origin, "Xen major version"),
    ("hvm", change_page, "has wrong contents"),
    ("hvm", add_page, "should not be there"),
    ("hvm", change_parameter(1), "HVM parameter 1:"),
    ("hvm", change_parameter(5), "HVM parameter 5:"),
    ("hvm", change_parameter(6), "HVM parameter 6:"),
    ("hvm", drop_parameter, "HVM parameter 12:"),
    ("hvm", change_context, "HVM context"),
    ("hvm", change_emulator, "length of the emulator's state"),
    ("hvm", rename_emulator, "emulators that are not unknown"),
    ("hvm", change_xenstore, "xenstore key physmap/"),
    ("hvm", drop_xenstore_key, "xenstore key physmap/"),
)


@pytest.mark.parametrize("guest,change,words", CHANGES)
def test_change_is_seen(
    guest: str, change: Change, words: str, base_of: BaseOf
) -> None:
    changed = copy_of(base_of(guest).image)
    change(changed)
    differences = compare(base_of(guest), changed)
    assert any(words in line for line in differences), differences


def copy_of(original: Image) -> Image:
    """A copy whose containers can be changed; pages are shared."""
    return dataclasses.replace(
        original,
        libxc=dataclasses.replace(original.libxc),
        memory=dict(original.memory),
        vcpus={number: copy.copy(vcpu) for number, vcpu in original.vcpus.items()},
        hvm_params=dict(original.hvm_params),
        emulator_xenstore={key: list(pairs) for key, pairs in original.emulator_xenstore.items()},
        emulator_contexts=dict(original.emulator_contexts),
    )


@pytest.mark.parametrize("guest", ("pv", "hvm"))
def test_truncated_stream_is_no_image(guest: str, base_of: BaseOf) -> None:
    data = base_of(guest).path.read_bytes()
    for size in (0, 7, 16, 24, len(data) // 2, len(data) - 8, len(data) - 1):
        with pytest.raises(image.FormatError):
            image.decode(data[:size])


def test_xen_verifier_reads_pipes(base_of: BaseOf) -> None:
    data = base_of("hvm").path.read_bytes()
    result = command.run([sys.executable, xenref.WRAPPER, "verify", "-f", "libxl"], stdin=data)
    assert result.rc == OK, str(result)


def test_xen_verifier_still_refuses(base_of: BaseOf, tmp_path: Path) -> None:
    """The mended check of xenstore data refuses a value without its end."""
    data = bytearray(base_of("hvm").path.read_bytes())
    records = base_of("hvm").image.libxl
    assert records is not None
    for record in records.records:
        if record.type == image.LIBXL_EMULATOR_XENSTORE_DATA:
            data[record.offset + 8 + len(record.body) - 1] = ord("x")
    broken = tmp_path / "broken"
    broken.write_bytes(data)
    result = xenref.verify(broken, "libxl")
    assert result.rc == 1
    assert "not terminated" in result.stderr
