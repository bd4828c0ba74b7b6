"""Checkpointed (Remus) legacy streams: each of their states comes out as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support import command, corpus, image, truth
from support.corpus import Case
from support.truth import Form

from .common import NEWEST, OK, REFUSED, Unpack, converted, name_of

CASES = corpus.checkpointed_cases()
STATES = [
    (case, number)
    for case in CASES
    for number in range(1, len(case.description()["per_checkpoint"]) + 1)
]
REMARKS = 1


def by_pipe(program: Path, source: Path, target: Path, *options: str) -> bytes:
    """Converts from a pipe into a pipe."""
    with source.open("rb") as stream:
        cat = subprocess.Popen(["cat"], stdin=stream, stdout=subprocess.PIPE)
        result = subprocess.run(
            [program, "convert", "--to", "libxl", *options, "-", "-"],
            stdin=cat.stdout, capture_output=True, check=False)
        cat.communicate()
    assert result.returncode == OK, result.stderr.decode()
    return result.stdout


def last(case: Case) -> int:
    """The number of the last complete checkpoint."""
    return len(case.description()["per_checkpoint"])


def test_whole_corpus_is_covered() -> None:
    if corpus.corpus_root() is None:
        pytest.skip(corpus.why_no_corpus())
    assert len(CASES) >= 18


@pytest.mark.parametrize(("case", "number"), STATES, ids=name_of)
def test_each_state(
    xenstream: Path, unpacked: Unpack, tmp_path: Path, case: Case, number: int
) -> None:
    wanted = truth.load_checkpoint(case, number)
    source, options = unpacked(case.stream), ("--checkpoint", str(number))
    data = converted(xenstream, Form.LIBXL, source, tmp_path / "out", *options)
    assert truth.compare(image.decode(data), wanted, Form.LIBXL, NEWEST) == []
    data = by_pipe(xenstream, source, tmp_path / "out", *options)
    assert truth.compare(image.decode(data), wanted, Form.LIBXL, NEWEST) == []


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_last_one_by_default(
    xenstream: Path, unpacked: Unpack, tmp_path: Path, case: Case
) -> None:
    source, wanted = unpacked(case.stream), truth.load_checkpoint(case, last(case))
    for form in (Form.LIBXL, Form.LIBXC, Form.XL):
        data = converted(xenstream, form, source, tmp_path / form.value)
        assert truth.compare(image.decode(data), wanted, form, NEWEST) == []
    checked = command.run([xenstream, "verify", *corpus.RANDOM_AREAS, tmp_path / "libxl"])
    assert checked.rc == OK, str(checked)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_kept(xenstream: Path, unpacked: Unpack, tmp_path: Path, case: Case) -> None:
    source = unpacked(case.stream)
    for number in (1, last(case)):
        data = converted(xenstream, Form.LIBXL, source, tmp_path / "out", "--checkpoints", "keep",
                         "--checkpoint", str(number))
        got, wanted = image.decode(data), truth.load_checkpoint(case, number)
        assert got.checkpoints == number
        assert got.memory.keys() == wanted.pages.keys()
        checked = command.run([xenstream, "verify", *corpus.RANDOM_AREAS, tmp_path / "out"])
        assert checked.rc == OK, str(checked)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_there_are_no_more(xenstream: Path, unpacked: Unpack, tmp_path: Path, case: Case) -> None:
    out = tmp_path / "out"
    result = command.run([xenstream, "convert", "--checkpoint", str(last(case) + 1),
                          unpacked(case.stream), out])
    assert result.rc == REFUSED and "complete checkpoints" in str(result)
    assert not out.exists()


def test_what_is_dropped_is_told(xenstream: Path, tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "pv64-ts64-remus")
    ends = [state["stream_end_offset"] for state in case.description()["per_checkpoint"]]
    cut = tmp_path / "cut"
    cut.write_bytes(case.stream.read()[: ends[-2] + 5000])
    result = command.run([xenstream, "convert", "--to", "libxl", cut, tmp_path / "out"])
    count = len(ends) - 1
    assert result.rc == OK
    assert f"{count} of {count} complete" in str(result) and "5000 bytes" in str(result)
    wanted = truth.load_checkpoint(case, count)
    assert truth.compare(image.load(tmp_path / "out"), wanted, Form.LIBXL, NEWEST) == []
    assert command.run([xenstream, "verify", cut]).rc == REMARKS
