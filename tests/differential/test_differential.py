"""Our verdict, by the standards of Xen's verifier, against that verifier itself.

Mutants of good streams are judged by both. The short run is the same one each time;
XENSTREAM_LONG=1 judges many more, by the seed in XENSTREAM_SEED (1) and from the whole corpus if it
is there.
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Iterator

import pytest

from support import command, corpus, image, xenref

from . import reference
from .differences import DIFFERENCES, Difference, Error, Verdicts, named
from .mutate import Seed, Table, mutant, read_table, take_apart

LONG = bool(os.environ.get("XENSTREAM_LONG"))
MUTANTS = 25000 if LONG else 2000
RANDOM_SEED = int(os.environ.get("XENSTREAM_SEED", "1"))
FORMS = ("libxc", "libxl", "xl")
BATCH = 200
JUDGE = "tests/judge"


def ask(*words: str, stdin: bytes = b"") -> bytes:
    """What the helper prints."""
    return subprocess.run(
        [command.built(JUDGE), *words], input=stdin, stdout=subprocess.PIPE, check=True, timeout=240
    ).stdout


def errors(line: str) -> tuple[Error, ...]:
    """A line of verdicts."""
    return tuple(Error(*part.split("|")) for part in line.rstrip("\t").split("\t") if part)


def judge(streams: list[tuple[str, bytes]]) -> Iterator[Verdicts]:
    """Both verdicts on each stream, by its form."""
    framed = b"".join(
        struct.pack("<BI", FORMS.index(form), len(data)) + data for form, data in streams
    )
    lines = ask(stdin=framed).decode().split("\n")
    assert len(lines) == len(streams) + 1
    for (form, data), line in zip(streams, lines):
        code, words = reference.judge(data, form)
        yield Verdicts(form, data, errors(line), code, words)


def thinned(data: bytes) -> bytes:
    """An image with few pages in each record, so that mutants meet structure."""
    decoded = image.decode(data)
    first, last = decoded.libxc.records[0], decoded.libxc.records[-1]
    parts = [data[: first.offset]]
    for record in decoded.libxc.records:
        body = bytes(record.body)
        if record.type == image.PAGE_DATA:
            count = struct.unpack_from("<I", body)[0]
            entries = struct.unpack_from(f"<{min(count, 4)}Q", body, 8)
            full = sum(entry >> 60 < image.TYPE_BROKEN for entry in entries)
            at = 8 + 8 * count
            body = struct.pack(f"<II{len(entries)}Q", len(entries), 0, *entries)
            body += bytes(record.body)[at : at + image.PAGE_SIZE * full]
        parts.append(struct.pack("<II", record.type, len(body)) + body + bytes(-len(body) % 8))
    return b"".join(parts) + data[last.offset + 8 :]


def real_images() -> Iterator[tuple[str, bytes]]:
    """Saved by Xen: those that ship with the tests; for a long run the corpus as well."""
    if LONG and corpus.corpus_root() is None:
        warnings.warn(corpus.why_no_corpus())
    for item in corpus.images("modern"):
        if LONG or item.path.is_relative_to(corpus.DATA):
            yield item.path.stem, thinned(item.read())


def sample_seeds(folder: Path) -> Iterator[Seed]:
    """The small streams of every kind that the unit tests build."""
    ask("samples", str(folder))
    for path in sorted(folder.iterdir()):
        yield take_apart(path.stem, path.suffix[1:], path.read_bytes())


@pytest.fixture(scope="module")
def seeds() -> list[Seed]:
    """Good streams; a file of `xl save` as each of the three forms."""
    with tempfile.TemporaryDirectory(prefix="xenstream-samples-") as folder:
        found = list(sample_seeds(Path(folder)))
    for name, data in real_images():
        whole = take_apart(name, "xl", data)
        at = next(i for i, p in enumerate(whole.pieces) if p.kind == "IMAGE_HEADER")
        inner = tuple(p for p in whole.pieces[at:] if p.layer != "libxl")
        found += [whole, Seed(name, "libxl", whole.pieces[1:]), Seed(name, "libxc", inner)]
    assert found
    return found


@pytest.fixture(scope="module")
def table() -> Table:
    """The library's own table of records and fields."""
    return read_table(ask("table").decode())


@pytest.fixture(scope="session")
def xen() -> None:
    """Skips where Xen's scripts are not installed."""
    missing = xenref.why_missing()
    if missing is not None:
        pytest.skip(missing)


def describe(verdicts: Verdicts) -> str:
    """A disagreement, and a file to look at it. XENSTREAM_SEED makes all mutants anew."""
    with tempfile.NamedTemporaryFile(prefix=f"disagree-{verdicts.form}-", delete=False) as file:
        file.write(verdicts.data)
    ours = "; ".join("|".join((e.rule, e.record, e.field, e.code)) for e in verdicts.ours)
    return f"{file.name}: ours: {ours or 'fine'}; Xen's: {verdicts.code} {verdicts.words}"


def mutants(seeds: list[Seed], table: Table) -> Iterator[list[tuple[str, bytes]]]:
    """All mutants, in batches."""
    rng = random.Random(RANDOM_SEED)
    for first in range(0, MUTANTS, BATCH):
        chosen = [rng.choice(seeds) for _ in range(min(BATCH, MUTANTS - first))]
        yield [(seed.form, mutant(rng, seed, table)) for seed in chosen]


def test_seeds_are_judged_alike(xen: None, seeds: list[Seed]) -> None:
    streams = [(s.form, b"".join(p.octets() for p in s.pieces)) for s in seeds]
    for verdicts, seed in zip(judge(streams), seeds):
        assert not verdicts.differ or named(verdicts), f"{seed.name}: {describe(verdicts)}"


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda d: d.name)
def test_differences_occur(xen: None, seeds: list[Seed], difference: Difference) -> None:
    name, edit = difference.example
    seed = next(s for s in seeds if s.name == name)
    data = b"".join(p.octets() for p in edit(list(seed.pieces)))
    (verdicts,) = judge([(seed.form, data)])
    assert verdicts.differ, (verdicts.ours, verdicts.words)
    assert difference in named(verdicts), verdicts.ours


def test_mutants_are_judged_alike(xen: None, seeds: list[Seed], table: Table) -> None:
    unknown: list[str] = []
    both: Counter[str] = Counter()
    for batch in mutants(seeds, table):
        for verdicts in judge(batch):
            both["refused" if verdicts.ours else "accepted"] += not verdicts.differ
            if verdicts.differ and not named(verdicts):
                unknown.append(describe(verdicts))
        assert len(unknown) < 20, "\n".join(unknown)
    assert not unknown, f"XENSTREAM_SEED={RANDOM_SEED}\n" + "\n".join(unknown)
    print(f"\n{MUTANTS} mutants (XENSTREAM_SEED={RANDOM_SEED}): both accept {both['accepted']}, both refuse {both['refused']}")
    # the comparison would be worth nothing if nearly all were refused, or accepted
    assert min(both.values()) > MUTANTS // 10
