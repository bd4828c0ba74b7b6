"""Every plain legacy stream, converted into every form, tells what its guest really held."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from support import command, corpus, image, truth, xenref
from support.corpus import Case
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
    without_emulator,
)

CASES = corpus.plain_cases()
DIGESTS = corpus.reference_digests()
PLAIN_STREAMS_OF_THE_CORPUS = 43
VERSION_OF_XEN = {"4.6": 2, "4.17": 3}

DROP_IN_RUNS = [
    (case, form)
    for case in CASES
    for form in ("libxc", "libxl")
    if form == "libxc" or not without_emulator(case.description())
]

DIGEST_RUNS = [
    (case, reference)
    for case in CASES
    for reference in sorted(DIGESTS.get(case.name, ()))
]

# The reference's libxc form keeps an xl header, which `convert --to libxc` drops.
CONVERT_DIGEST_RUNS = [
    (case, reference)
    for case, reference in DIGEST_RUNS
    if drop_in_form(case.description(), reference.split()[1]) is not Form.XL_LIBXC
]


def test_whole_corpus_is_covered() -> None:
    if corpus.corpus_root() is None:
        pytest.skip(corpus.why_no_corpus())
    assert len(CASES) >= PLAIN_STREAMS_OF_THE_CORPUS
    assert DIGESTS, f"{corpus.REFERENCE} is missing"


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_stream_is_the_one_described(case: Case) -> None:
    facts = case.description()
    data = case.stream.read()
    assert len(data) == facts["stream_len"]
    assert hashlib.sha256(data).hexdigest() == facts["stream_sha256"]


@pytest.mark.parametrize("version", VERSIONS, ids=name_of)
@pytest.mark.parametrize("form", FORMS, ids=name_of)
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_conversion_tells_the_truth(
    case: Case, form: Form, version: int, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    source, target = unpacked(case.stream), scratch / "out"
    output = converted(xenstream, form, source, target, *version_options(version))
    differences = truth.compare(image.decode(output), truth.load(case), form, version)
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("case,form", DROP_IN_RUNS, ids=name_of)
def test_drop_in_tells_the_truth(
    case: Case, form: str, drop_in: Path, unpacked: Unpack, scratch: Path
) -> None:
    facts = case.description()
    output = drop_in_output(drop_in, case, form, unpacked, scratch)
    decoded = image.decode(output)
    differences = truth.compare(decoded, truth.load(case), drop_in_form(facts, form), NEWEST)
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("case,reference", CONVERT_DIGEST_RUNS, ids=name_of)
def test_conversion_is_the_reference(
    case: Case, reference: str, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    xen, form = reference.split()
    to = drop_in_form(case.description(), form)
    options = version_options(VERSION_OF_XEN[xen])
    output = converted(xenstream, to, unpacked(case.stream), scratch / "out", *options)
    assert hashlib.sha256(output).hexdigest() == DIGESTS[case.name][reference]


@pytest.mark.parametrize(
    "case,reference", [run for run in DIGEST_RUNS if run[1].startswith("4.17")], ids=name_of
)
def test_drop_in_is_the_reference(
    case: Case, reference: str, drop_in: Path, unpacked: Unpack, scratch: Path
) -> None:
    output = drop_in_output(drop_in, case, reference.split()[1], unpacked, scratch)
    assert hashlib.sha256(output).hexdigest() == DIGESTS[case.name][reference]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_output_does_not_depend_on_its_path(
    case: Case, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    """Through pipes the same bytes come out as from file to file."""
    source = unpacked(case.stream)
    output = converted(xenstream, Form.LIBXL, source, scratch / "out")
    data = source.read_bytes()
    piped = command.run([xenstream, "convert", "--to", "libxl", "-", "-"], stdin=data)
    assert piped.rc == OK, str(piped)
    assert piped.stdout == output


def drop_in_output(
    drop_in: Path, case: Case, form: str, unpacked: Unpack, scratch: Path
) -> bytes:
    """What the drop-in makes of a stream; it has to succeed."""
    facts, target = case.description(), scratch / "out"
    options = xenref.converter_options(facts, form, skip_qemu=without_emulator(facts))
    result = command.run([drop_in, "-i", unpacked(case.stream), "-o", target, *options])
    assert result.rc == OK, str(result)
    return target.read_bytes()
