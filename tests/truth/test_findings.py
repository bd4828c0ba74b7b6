"""What verify says of every genuine image: no error, and of the rest each finding is explained here."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from support import corpus

EXPLAINED = {
    "libxc.hvm-context.order": (
        r"hvm-ts.*", "the context was put together vCPU by vCPU, not type by type"
    ),
    "legacy.checkpointed": (r".*remus.*", "it was written by Remus"),
    "checkpoint.cut": (r".*remus.*", "its sender was stopped inside a checkpoint"),
    "legacy.tmem": (r".*tmem", "the guest had tmem pools, of which no page was sent"),
    "legacy.xsave": (r".*xvar", "each vCPU's area is as large as its own xcr0_accum asks for"),
}

IMAGES = corpus.images("modern") + corpus.images("boot")
STREAMS = [case.stream for case in corpus.plain_cases() + corpus.checkpointed_cases()]
ITEMS = IMAGES + STREAMS


@pytest.mark.parametrize("options", [[], ["--deep"]], ids=["plain", "deep"])
@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.path.name)
def test_every_finding_is_explained(item: corpus.Item, options: list[str], xenstream: Path) -> None:
    done = subprocess.run(
        [xenstream, "verify", "--json", *options, "-"], input=item.read(), capture_output=True, check=False
    )
    *findings, verdict = map(json.loads, done.stdout.splitlines())
    assert verdict["errors"] == 0 and done.returncode in (0, 1)
    for finding in findings:
        assert finding["rule"] in EXPLAINED, finding
        names, why = EXPLAINED[finding["rule"]]
        assert re.fullmatch(names, item.path.stem), f"{finding} is said where not {why}"


def test_the_whole_corpus_was_read() -> None:
    if corpus.corpus_root() is None:
        pytest.skip(corpus.why_no_corpus())
    assert len(IMAGES) >= 5 and len(STREAMS) >= 61
