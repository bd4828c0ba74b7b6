"""Xen's own scripts, run here and now: the same conversions, and a verifier that accepts ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import pytest

from support import command, corpus, image, truth, xenref
from support.corpus import Case, Item
from support.truth import Form

from .common import (
    FORMS,
    NEWEST,
    OK,
    VERSIONS,
    Unpack,
    converted,
    drop_in_form,
    name_of,
    version_options,
)

pytestmark = pytest.mark.usefixtures("xen")


@dataclass(frozen=True)
class Variant:
    """A way to call the converter."""

    form: str
    skip_qemu: bool = False

    def __str__(self) -> str:
        return self.form + "-skip-qemu" * self.skip_qemu


LIBXC = Variant("libxc")
LIBXL = Variant("libxl")
LIBXC_SKIPPING = Variant("libxc", skip_qemu=True)
LIBXL_SKIPPING = Variant("libxl", skip_qemu=True)
ALL = (LIBXC, LIBXL, LIBXC_SKIPPING, LIBXL_SKIPPING)


@dataclass(frozen=True)
class Deviation:
    """Streams for which Xen's converter is no reference.

    `rc` is its exit code and `says` is in its words; with exit code 0 its output is wrong, and
    `says` is in the difference from the truth. `ours_converts`: the drop-in has to succeed.
    """

    streams: str
    variants: tuple[Variant, ...]
    rc: int
    says: str
    reason: str
    ours_converts: bool = True


DEVIATIONS = (
    Deviation(
        "-noname$", (LIBXL, LIBXL_SKIPPING), 1, "No physmap info name",
        "a physmap entry may lack a name; libxl restores its address and size all the same",
    ),
    Deviation(
        "-x87fip$", ALL, 1, "Unrecognised chunk -21",
        "the chunk came with Xen 4.5.4, after the script's list of chunks",
    ),
    Deviation(
        "-xvar$", ALL, 1, "AssertionError",
        "each vCPU's xsave area says its own size; the script wants that of vCPU 0 for all",
    ),
    Deviation(
        "-tmem$", ALL, 2, "todo",
        "the script does not know how long tmem chunks are",
    ),
    Deviation(
        "-qemuremus$", (LIBXC, LIBXL, LIBXL_SKIPPING), 2, "Unrecognised Qemu sig",
        "xend's Remus record is laid out like libxl's; the script knows libxl's signature only",
    ),
    Deviation(
        "-qemuxend$", (LIBXC, LIBXL, LIBXL_SKIPPING), 2, "Unrecognised Qemu sig",
        "xend's record has no length and runs to the end of the stream",
    ),
    Deviation(
        "-live-balloon$", (LIBXC, LIBXL), 0, "is there, though unmapped",
        "pages that were sent and then ballooned out are in the tail's list of unmapped pfns; "
        "the script ignores the list and keeps them",
    ),
    Deviation(
        "^hvm-.*-raw$", (LIBXC, LIBXL, LIBXL_SKIPPING), 1, "Stream truncated",
        "the stream ends without an emulator record; only libxc output can be had without it",
        ours_converts=False,
    ),
)


def variants_for(facts: dict[str, Any]) -> tuple[Variant, ...]:
    """--skip-qemu means nothing to a PV stream."""
    return ALL if facts["guest_type"] == "hvm" else (LIBXC, LIBXL)


CASES = corpus.plain_cases()
RUNS = [(case, variant) for case in CASES for variant in variants_for(case.description())]
BOOT_RUNS = [(item, variant) for item in corpus.images("boot") for variant in (LIBXC, LIBXL)]
MODERN = corpus.images("modern")


def deviation_of(case: Case, variant: Variant) -> Optional[Deviation]:
    """The entry of the table that applies."""
    for entry in DEVIATIONS:
        if variant in entry.variants and re.search(entry.streams, case.name):
            return entry
    return None


@pytest.mark.parametrize("case,variant", RUNS, ids=name_of)
def test_drop_in_agrees_with_xen(
    case: Case, variant: Variant, drop_in: Path, unpacked: Unpack, scratch: Path
) -> None:
    options = xenref.converter_options(case.description(), variant.form, variant.skip_qemu)
    source, theirs, ours = unpacked(case.stream), scratch / "theirs", scratch / "ours"
    reference = xenref.convert(source, theirs, options)
    result = command.run([drop_in, "-i", source, "-o", ours, *options])
    deviation = deviation_of(case, variant)
    if deviation is None:
        assert reference.rc == OK, str(reference)
        assert result.rc == OK, str(result)
        assert ours.read_bytes() == theirs.read_bytes()
        return
    assert_xen_deviates(deviation, reference, case, variant, theirs)
    if deviation.ours_converts:
        assert result.rc == OK, str(result)
        assert not compare_with_truth(ours, case, variant)


def assert_xen_deviates(
    deviation: Deviation, reference: command.Result, case: Case, variant: Variant, theirs: Path
) -> None:
    """The table says exactly what Xen's converter does, else the entry is out of date."""
    assert reference.rc == deviation.rc, str(reference)
    if deviation.rc != OK:
        assert deviation.says in reference.stderr
    else:
        assert any(deviation.says in line for line in compare_with_truth(theirs, case, variant))


def compare_with_truth(output: Path, case: Case, variant: Variant) -> list[str]:
    """Differences between an output of a converter and the truth."""
    form = drop_in_form(case.description(), variant.form)
    left_out = variant == LIBXC_SKIPPING
    return truth.compare(image.load(output), truth.load(case), form, NEWEST, left_out)


@pytest.mark.parametrize("item,variant", BOOT_RUNS, ids=name_of)
def test_drop_in_agrees_with_xen_on_real_guests(
    item: Item, variant: Variant, drop_in: Path, unpacked: Unpack, scratch: Path
) -> None:
    name = item.path.name
    width = "32" if ".w32." in name else "64"
    options = ["-w", width, "-g", name.split("-")[0], "-f", variant.form, "-x"]
    source, theirs, ours = unpacked(item), scratch / "theirs", scratch / "ours"
    reference = xenref.convert(source, theirs, options)
    result = command.run([drop_in, "-i", source, "-o", ours, *options])
    assert reference.rc == OK, str(reference)
    assert result.rc == OK, str(result)
    assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("version", VERSIONS, ids=name_of)
@pytest.mark.parametrize("form", FORMS, ids=name_of)
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_xen_accepts_conversion(
    case: Case, form: Form, version: int, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    target = scratch / "out"
    converted(xenstream, form, unpacked(case.stream), target, *version_options(version))
    verdict = xenref.verify(target, form.value)
    assert verdict.rc == OK, str(verdict)


@pytest.mark.parametrize("form", FORMS, ids=name_of)
@pytest.mark.parametrize("item", MODERN, ids=name_of)
def test_xen_accepts_image_of_today(
    item: Item, form: Form, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    target = scratch / "out"
    converted(xenstream, form, unpacked(item), target, "--force")
    verdict = xenref.verify(target, form.value)
    assert verdict.rc == OK, str(verdict)
