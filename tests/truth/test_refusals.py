"""What each Xen refuses, by what others have measured: policies that 27 releases judged by their own code, reports of
real restores that failed, and single fields that a real Xen was asked about."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import corpus

REPORTS = corpus.REPOSITORY.parent / "shared" / "reports"

# What a checker asks for and no verdict on bytes can say, or says otherwise, and why.
KNOWN = {
    # Xen has made ALTP2M a matter of a domain's creation in 4.19.0, with 0291089f6e, and refuses to set it since.
    "b2-param-altp2m.save: Xen 4.19 restores it",
    # That host's own highest leaf is below what 4.15.0 has room for: the same policy is taken by others.
    "a0-pvh-no-8000001d-max for 4.15.0",
    "a0-pv-no-8000001d-max for 4.15.0",
}


def lines(directory: Path, script: str, *arguments: object) -> list[str]:
    """What a checker prints of the command in `directory`."""
    if not (REPORTS / script).exists():
        pytest.skip(f"no {REPORTS / script}: what real Xens refuse is not compared")
    done = subprocess.run(
        [sys.executable, REPORTS / script, directory, *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=900,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def known(line: str) -> bool:
    return any(line.startswith(k) for k in KNOWN)


def test_policies(xenstream: Path) -> None:
    *_, last = lines(xenstream.parent, "policies/check_policies.py", REPORTS / "policies/policies.tsv", "--audit")
    right, total = map(int, re.fullmatch(r"policies right: (\d+)/(\d+) verdicts", last).groups())
    assert total > 18000 and right == total


@pytest.mark.parametrize("name, restored", [
    ("first_bad_second_good", True), ("msr_bad_good", True), ("twice_good", True),
    ("first_good_second_bad", False), ("late_good", False),
])
def test_the_last_policy_counts(name: str, restored: bool, xenstream: Path) -> None:
    image = REPORTS / "policies/repro" / (name + ".save")
    if not image.exists():
        pytest.skip(f"no {image}")
    code = subprocess.run([xenstream, "verify", "-q", "--for=4.17", image], check=False).returncode
    assert code in (0, 1) if restored else code == 2


def test_what_a_real_xen_did(xenstream: Path) -> None:
    *wrong, _, last = lines(xenstream.parent, "realxen/check_realxen.py", REPORTS / "realxen")
    right, total = map(int, re.fullmatch(r"real Xen agrees: (\d+)/(\d+) verdicts", last).groups())
    assert [line for line in wrong if not known(line)] == []
    assert total > 300 and total - right == len(wrong)


def test_reports_on_streams(xenstream: Path) -> None:
    *wrong, last = lines(xenstream.parent, "check_reports.py", REPORTS)
    assert re.fullmatch(r"reports right: \d+/\d+ files", last)
    streams = [line for line in wrong if re.search(r": (?:exit \d of verify|a remark of|one of)|restores? it", line)]
    assert [line for line in streams if not known(line)] == []
