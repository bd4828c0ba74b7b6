"""Our conversions beside those of Xen's converter: mutants of good legacy streams through both.

The short run is the same one each time; XENSTREAM_LONG=1 converts many more, by the seed in
XENSTREAM_SEED (1) and from the whole corpus if it is there.
"""

from __future__ import annotations

import os
import random
import tempfile
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Iterator

import pytest

from support import corpus, xenref

from . import converters
from .conversions import DIFFERENCES, Difference, Outcome, named
from .converters import ERROR, WARNING, Call
from .legacy import Legacy, mutant, put_together, take_apart

LONG = bool(os.environ.get("XENSTREAM_LONG"))
MUTANTS = int(os.environ.get("XENSTREAM_MUTANTS", "100000" if LONG else "4000"))
RANDOM_SEED = int(os.environ.get("XENSTREAM_SEED", "1"))
BATCH = 200
LARGEST_SEED = 200000
STATES = "convert.checkpoint"


@pytest.fixture(scope="session")
def xen() -> None:
    """Skips where Xen's scripts are not installed."""
    missing = xenref.why_missing()
    if missing is not None:
        pytest.skip(missing)


@pytest.fixture(scope="module")
def seeds() -> list[Legacy]:
    """Good streams: the small ones of the unit tests, those that ship with the tests, the corpus."""
    found = []
    with tempfile.TemporaryDirectory(prefix="xenstream-samples-") as folder:
        converters.ask("samples", folder)
        for path in sorted(Path(folder).iterdir()):
            found.append(take_apart(path.name, path.read_bytes()))
    if LONG and corpus.corpus_root() is None:
        warnings.warn(corpus.why_no_corpus())
    for case in corpus.plain_cases() + corpus.checkpointed_cases():
        if (LONG or case.folder.is_relative_to(corpus.DATA)) and "-cut" not in case.name:
            found.append(take_apart(case.name, case.stream.read()))
    small = [seed for seed in found if len(put_together(list(seed.parts), seed.width)) <= LARGEST_SEED]
    assert len(small) > 20
    return small


def right_call(seed: Legacy) -> Call:
    """As a seed asks for."""
    return Call(8 * seed.width, not seed.pv, False, seed.xl, False, False)


def some_call(rng: random.Random, seed: Legacy) -> Call:
    """Mostly a right one."""
    call = replace(right_call(seed), libxl=rng.random() < 0.5, skip_qemu=rng.random() < 0.25,
                   pipe=rng.random() < 0.4)  # fmt: skip
    if rng.random() < 0.05:
        call = replace(call, width=96 - call.width)
    if rng.random() < 0.05:
        call = replace(call, hvm=not call.hvm)
    return replace(call, xl=not call.xl) if rng.random() < 0.05 else call


def first_state(outcome: Outcome) -> Outcome:
    """Of a checkpointed stream Xen's takes the first state, and we the last, but for a pipe."""
    if not outcome.differ or STATES not in outcome.ours.rules or outcome.call.pipe:
        return outcome
    call = replace(outcome.call, pipe=True)
    return replace(outcome, call=call, ours=next(converters.ours([(call, outcome.data)])))


def convert(calls: list[tuple[Call, bytes]]) -> Iterator[Outcome]:
    """Both conversions of each stream."""
    for (call, data), ours in zip(calls, converters.ours(calls)):
        yield first_state(Outcome(call, data, ours, converters.theirs(call, data)))


def describe(outcome: Outcome) -> str:
    """A disagreement, and a file to look at it. XENSTREAM_SEED makes all mutants anew."""
    with tempfile.NamedTemporaryFile(prefix="disagree-legacy-", delete=False) as file:
        file.write(outcome.data)
    ours, theirs = outcome.ours, outcome.theirs
    return (f"{outcome.call.words()} -i {file.name}: ours: {ours.code} {ours.words}; "
            f"Xen's: {theirs.code} {theirs.words}")  # fmt: skip


def assert_log(outcome: Outcome) -> None:
    """An error is told when a conversion fails, and only then; remarks are warnings in the log."""
    said = outcome.ours.said
    assert sum(line.priority == ERROR for line in said) == (outcome.ours.code != 0), describe(outcome)
    for line in said:
        assert line.priority == (WARNING if line.text.startswith("Remark: ") else ERROR), describe(outcome)


def test_seeds_are_converted_alike(xen: None, seeds: list[Legacy]) -> None:
    calls = [
        (replace(right_call(seed), libxl=libxl, pipe=pipe), put_together(list(seed.parts), seed.width))
        for seed in seeds for libxl in (False, True) for pipe in (False, True)
    ]  # fmt: skip
    for outcome in convert(calls):
        assert not outcome.ours.code, describe(outcome)
        assert not outcome.differ or named(outcome), describe(outcome)


def show(difference: Difference, seeds: list[Legacy]) -> Outcome:
    """The outcome of a difference's example."""
    seed = next(s for s in seeds if s.name == difference.seed)
    data = put_together(difference.edit(list(seed.parts)), seed.width)
    return next(convert([(replace(right_call(seed), **difference.call), data)]))  # type: ignore[arg-type]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda d: d.name)
def test_differences_of_conversions_occur(xen: None, seeds: list[Legacy], difference: Difference) -> None:
    outcome = show(difference, seeds)
    assert outcome.differ, describe(outcome)
    assert difference in named(outcome), describe(outcome)


def test_mutants_are_converted_alike(xen: None, seeds: list[Legacy]) -> None:
    unknown: list[str] = []
    seen: Counter[str] = Counter()
    rng = random.Random(RANDOM_SEED)
    for first in range(0, MUTANTS, BATCH):
        chosen = [rng.choice(seeds) for _ in range(min(BATCH, MUTANTS - first))]
        for outcome in convert([(some_call(rng, seed), mutant(rng, seed)) for seed in chosen]):
            assert_log(outcome)
            reasons = named(outcome) if outcome.differ else []
            seen.update(difference.name for difference in reasons)
            if not outcome.differ:
                seen["refused alike" if outcome.ours.code else "converted alike"] += 1
            elif not reasons:
                unknown.append(describe(outcome))
        assert len(unknown) < 20, "\n".join(unknown)
    assert not unknown, f"XENSTREAM_SEED={RANDOM_SEED}\n" + "\n".join(unknown)
    print(f"\n{MUTANTS} mutants (XENSTREAM_SEED={RANDOM_SEED}): {dict(seen.most_common())}")
    # the comparison would be worth nothing if nearly all were refused, or were different
    assert min(seen["refused alike"], seen["converted alike"]) > MUTANTS // 10
