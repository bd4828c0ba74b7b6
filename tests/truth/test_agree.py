"""One verdict in every verb: what verify says of an image is what convert, restore, and verify of the conversion
say of it.  By a checker that is no part of the project, over the corpus and mutants of it.
tests/cli/test_agree.py asks the same of what is here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import corpus

LONG = bool(os.environ.get("XENSTREAM_LONG"))
CHECKER = corpus.REPOSITORY.parent / "shared" / "reports" / "invariants" / "check_agree.py"
MUTANTS = "5000" if LONG else "200"
WHOLE = "1" if LONG else "0"


def test_every_verb_has_one_verdict(xenstream: Path) -> None:
    """Genuine streams and 200 mutants (XENSTREAM_LONG=1: all of them, in every container, and 5000)."""
    if not CHECKER.exists():
        pytest.skip(f"{CHECKER} is not there: verdicts are uncompared over the corpus")
    result = subprocess.run(
        [sys.executable, str(CHECKER), str(xenstream.parent), MUTANTS],
        capture_output=True, text=True, timeout=3000, check=False,
        env={**os.environ, "INV_BIG": WHOLE, "INV_CONTAINERS": WHOLE},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
