"""--progress and SIGUSR1."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest


from .common import FINE, PV, Unpack, catches, start, stream, wait_for, xenstream

LINE = r"\(standard input\): [0-9.]+ [KM]iB(, \d+ %)?, [0-9.]+ ([KMG]iB|bytes)/s"
VERBS = [("info", "-"), ("verify", "-"), ("records", "-"), ("convert", "-", "/dev/null")]


def slowly(process: subprocess.Popen[bytes]) -> None:
    """Feeds a stream with a pause longer than the time between two lines of progress."""
    assert process.stdin is not None
    data = stream(PV)
    for part in (data[:400000], data[400000:785000], data[785000:]):
        process.stdin.write(part)
        process.stdin.flush()
        time.sleep(0.17)


@pytest.mark.parametrize("words", VERBS, ids=lambda w: w[0])
def test_always(words: tuple[str, ...]) -> None:
    process = start(*words, "--progress=always")
    slowly(process)
    out, err = process.communicate()
    assert process.returncode == FINE
    assert re.search("\r\x1b\\[K" + LINE, err.decode()), err
    assert b"\x1b" not in out and b"MiB/s" not in out
    last = err.decode().rpartition("\r\x1b[K")[2]
    assert "/s" not in last, "the line is cleared at the end"


@pytest.mark.parametrize("words", [*VERBS, ("verify", "-", "--progress=never")], ids=" ".join)
def test_silent_unless_on_a_terminal(words: tuple[str, ...]) -> None:
    process = start(*words, "-q")
    slowly(process)
    assert process.communicate()[1] == b""


def test_on_a_terminal() -> None:
    controller, terminal = pty.openpty()
    process = start("verify", "-", stderr=terminal)
    os.close(terminal)
    slowly(process)
    process.communicate()
    words = os.read(controller, 10000).decode()
    os.close(controller)
    assert re.search(LINE, words)


def test_descriptor(unpacked: Unpack) -> None:
    read, write = os.pipe()
    process = start("convert", "-", "/dev/null", f"--progress={write}", pass_fds=[write])
    os.close(write)
    slowly(process)
    process.communicate()
    with os.fdopen(read) as told:
        pairs = [tuple(map(int, line.split("/"))) for line in told]
    assert process.returncode == FINE and len(pairs) >= 2
    assert [done for done, _ in pairs] == sorted(done for done, _ in pairs)
    assert pairs[-1] == (len(stream(PV)), 0), "the end is told"
    read, write = os.pipe()
    xenstream("verify", unpacked(PV.stream), f"--progress={write}", pass_fds=[write])
    os.close(write)
    with os.fdopen(read) as told:
        assert told.read() == f"{len(stream(PV))}/{len(stream(PV))}\n"


@pytest.mark.parametrize("words", VERBS, ids=lambda w: w[0])
def test_sigusr1(words: tuple[str, ...]) -> None:
    process = start(*words, "-q")
    assert process.stdin is not None
    process.stdin.write(stream(PV)[:400000])
    process.stdin.flush()
    wait_for(lambda: catches(process.pid, signal.SIGUSR1))
    process.send_signal(signal.SIGUSR1)
    time.sleep(0.05)
    process.stdin.write(stream(PV)[400000:])
    _, err = process.communicate()
    assert process.returncode == FINE
    assert re.fullmatch(LINE + "\n", err.decode()), err
