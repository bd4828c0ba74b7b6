"""Restored into a directory, images tell what their guest held; packed, they are as they were."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support import command, corpus, directory, image, truth
from support.corpus import Case, Item
from support.truth import Form

from .common import NEWEST, OK, Unpack, converted, name_of

PLAIN = corpus.plain_cases()
CHECKPOINTED = corpus.checkpointed_cases()
IMAGES = corpus.images("modern")
BOOT = corpus.images("boot")
LEGACY_STREAMS_OF_THE_CORPUS = 61


def restored(program: Path, source: Path, target: Path, *options: str) -> Path:
    """Runs `xenstream restore --into`, which has to succeed."""
    result = command.run([program, "restore", "--no-config", "--into", target, *options, source])
    assert result.rc == OK, str(result)
    return target


def packed(program: Path, source: Path, target: Path, *options: str) -> bytes:
    """Runs `xenstream pack`, which has to succeed, and gives the output."""
    result = command.run([program, "pack", *options, source, target])
    assert result.rc == OK, str(result)
    return target.read_bytes()


def states() -> list[tuple[Case, int]]:
    """Every state but the last of every checkpointed stream."""
    return [
        (case, number)
        for case in CHECKPOINTED
        for number in range(1, len(case.description()["per_checkpoint"]))
    ]


def form_of(case: Case) -> Form:
    """What a directory has around the image that comes from a legacy stream."""
    return Form.XL if case.description()["xl_header"] else Form.LIBXL


def same_records(one: image.Image, other: image.Image) -> bool:
    """The same records of the image, but for its page frames, which are compared otherwise."""

    def records(of: image.Image) -> list[tuple[int, bytes]]:
        kept = [r for r in of.libxc.records if r.type not in (image.PAGE_DATA, image.VERIFY)]
        return [(r.type, bytes(r.body)) for r in kept]

    return records(one) == records(other)


def test_whole_corpus_is_covered() -> None:
    if corpus.corpus_root() is None:
        pytest.skip(corpus.why_no_corpus())
    assert len(PLAIN) + len(CHECKPOINTED) == LEGACY_STREAMS_OF_THE_CORPUS


@pytest.mark.parametrize("case", PLAIN + CHECKPOINTED, ids=name_of)
def test_directory_tells_the_truth(
    case: Case, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    wanted = truth.load(case)
    found = directory.load(restored(xenstream, unpacked(case.stream), scratch / "d"))
    differences = truth.compare(found, wanted, form_of(case), NEWEST)
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize(("case", "number"), states(), ids=name_of)
def test_sender_that_dies(
    case: Case, number: int, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    """Of a later checkpoint that is not complete nothing reaches the directory."""
    wanted = truth.load_checkpoint(case, number)
    end = wanted.last["stream_end_offset"]
    later = case.description()["per_checkpoint"][number]["stream_end_offset"]
    cut = scratch / "cut"
    cut.write_bytes(unpacked(case.stream).read_bytes()[: (end + later) // 2])
    found = directory.load(restored(xenstream, cut, scratch / "d"))
    differences = truth.compare(found, wanted, form_of(case), NEWEST)
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("case", CHECKPOINTED, ids=name_of)
def test_checkpointed_stream_of_today(
    case: Case, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    """State after state of a stream of today ends in the same directory."""
    source, kept = unpacked(case.stream), scratch / "kept"
    converted(xenstream, form_of(case), source, kept, "--checkpoints", "keep")
    found = directory.load(restored(xenstream, kept, scratch / "d"))
    differences = truth.compare(found, truth.load(case), form_of(case), NEWEST)
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("case", PLAIN + CHECKPOINTED, ids=name_of)
def test_packed_stream_tells_the_truth(
    case: Case, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    source = restored(xenstream, unpacked(case.stream), scratch / "d")
    found = image.decode(packed(xenstream, source, scratch / "out"))
    differences = truth.compare(found, truth.load(case), form_of(case), NEWEST)
    assert not differences, "\n".join(differences)
    converted(xenstream, form_of(case), unpacked(case.stream), scratch / "converted")
    ours = command.run([xenstream, "verify", "-q", scratch / "out"])
    theirs = command.run([xenstream, "verify", "-q", scratch / "converted"])
    assert ours.rc == theirs.rc, str(ours)


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_packed_records_are_those_of_the_conversion(
    case: Case, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    source = unpacked(case.stream)
    data = converted(xenstream, form_of(case), source, scratch / "converted")
    again = packed(xenstream, restored(xenstream, source, scratch / "d"), scratch / "out")
    one, other = image.decode(data), image.decode(again)
    assert same_records(one, other)
    assert image.differences(one, other) == []
    assert one.xl == other.xl
    assert one.emulator_xenstore == other.emulator_xenstore
    assert one.emulator_contexts == other.emulator_contexts


@pytest.mark.parametrize("item", IMAGES, ids=name_of)
def test_image_of_today_comes_back_octet_by_octet(
    item: Item, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    source = unpacked(item)
    found = restored(xenstream, source, scratch / "d")
    assert packed(xenstream, found, scratch / "out") == source.read_bytes()
    whole = image.load(source)
    assert image.differences(whole, directory.load(found)) == []


@pytest.mark.parametrize("form", (Form.LIBXL, Form.LIBXC), ids=name_of)
@pytest.mark.parametrize("item", IMAGES, ids=name_of)
def test_bare_streams_come_back_octet_by_octet(
    item: Item, form: Form, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    """The container stays what it was, and can be chosen."""
    source, bare = unpacked(item), scratch / "bare"
    options = ("--force",) if form is Form.LIBXC else ()
    data = converted(xenstream, form, source, bare, *options)
    again = packed(xenstream, restored(xenstream, bare, scratch / "d"), scratch / "out")
    assert again == data
    chosen = restored(xenstream, source, scratch / "whole")
    assert packed(xenstream, chosen, scratch / "out", "--to", form.value, *options) == data


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_bare_image_keeps_its_emulator(
    case: Case, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    """After a bare libxc image it stands as a legacy record."""
    bare = scratch / "bare"
    data = converted(xenstream, Form.LIBXC, unpacked(case.stream), bare)
    again = packed(xenstream, restored(xenstream, bare, scratch / "d"), scratch / "out")
    one, other = image.decode(data), image.decode(again)
    assert image.differences(one, other) == []
    if one.trailing:
        assert image.split_qemu_tail(one.trailing)[1] == image.split_qemu_tail(other.trailing)[1]
    else:
        assert other.trailing == b""


@pytest.mark.parametrize("item", IMAGES, ids=name_of)
def test_other_image_version(
    item: Item, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    """Version 2 stays version 2, and can be chosen."""
    source, old = unpacked(item), scratch / "old"
    options = ("--image-version", "2", "--force")
    data = converted(xenstream, Form.XL, source, old, *options)
    again = packed(xenstream, restored(xenstream, old, scratch / "d"), scratch / "out")
    assert again == data
    chosen = restored(xenstream, source, scratch / "whole")
    assert packed(xenstream, chosen, scratch / "out", *options) == data


@pytest.mark.parametrize("item", IMAGES + BOOT, ids=name_of)
def test_by_pipes(item: Item, xenstream: Path, unpacked: Unpack, scratch: Path) -> None:
    source, found = unpacked(item), scratch / "d"
    with source.open("rb") as stream:
        cat = subprocess.Popen(["cat"], stdin=stream, stdout=subprocess.PIPE)
        result = subprocess.run(
            [xenstream, "restore", "--no-config", "--into", found, "-"],
            stdin=cat.stdout, capture_output=True, check=False)
        cat.communicate()
    assert result.returncode == OK, result.stderr
    whole = packed(xenstream, found, scratch / "out")
    result = subprocess.run([xenstream, "pack", found, "-"], capture_output=True, check=True)
    assert result.stdout == whole
    if item in IMAGES:
        assert whole == source.read_bytes()
