"""All orders of a libxl stream's records, through every sink that needs no daemon, beside Xen's own verifier: by a
checker that is no part of the project.  tests/unit/order.c does the same with what is here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import corpus

LONG = bool(os.environ.get("XENSTREAM_LONG"))
CHECKER = corpus.REPOSITORY.parent / "shared" / "reports" / "invariants" / "check_order.py"
MAXLEN = "4" if LONG else "3"


def test_every_order_of_records(xenstream: Path) -> None:
    """Sequences of up to three records (XENSTREAM_LONG=1: four)."""
    if not CHECKER.exists():
        pytest.skip(f"{CHECKER} is not there: orders of records are untested beside Xen's verifier")
    result = subprocess.run(
        [sys.executable, str(CHECKER), str(xenstream.parent), MAXLEN],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    if "missing: Xen's own verifier" in result.stdout:
        pytest.skip("Xen's own verifier is not installed: orders of records are untested beside it")
    assert result.returncode == 0, result.stdout
