"""xenstream verify --tee: every byte goes on, whatever the verdict."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support.corpus import Item

from .common import (
    BOOT_HVM,
    BOOT_PV32,
    FINE,
    HVM,
    INVALID,
    IO,
    MODERN_HVM,
    MODERN_PV,
    PV,
    REMUS,
    TIMEOUT_SECONDS,
    USAGE,
    Unpack,
    octets,
    program,
    run,
    stream,
    xenstream,
)

EVERY = [PV.stream, HVM.stream, REMUS.stream, MODERN_PV, MODERN_HVM, BOOT_PV32, BOOT_HVM]


def bad(kind: str) -> bytes:
    """Input that is no good stream."""
    good = octets(MODERN_PV)
    place = good.index(b"XENF") + 32 + 8  # the first record of the image
    kinds = {
        "nothing": b"",
        "short": good[:7],
        "no stream": os.urandom(300000),
        "cut in a page": good[:100001],
        "cut in framing": good[: place + 4],
        "framing lost": good[:place] + b"\x77\0\0\0\xff\xff\xff\x7f" + good[place + 8 :],
        "wrong field": good[:place] + b"\x05" + good[place + 1 :],
        "compressed": MODERN_PV.stored.read_bytes(),
        "legacy cut": stream(PV)[:60000],
        "more after it": good + os.urandom(70000),
    }
    return kinds[kind]


BAD = ["nothing", "short", "no stream", "cut in a page", "cut in framing", "framing lost",
       "wrong field", "compressed", "legacy cut", "more after it"]  # fmt: skip


@pytest.mark.parametrize("item", EVERY, ids=lambda i: i.path.name)
@pytest.mark.parametrize("deep", [[], ["--deep"]], ids=["", "deep"])
def test_good_streams(item: Item, deep: list[str], unpacked: Unpack, scratch: Path) -> None:
    path, data = unpacked(item), octets(item)
    plain = xenstream("verify", *deep, path)
    out = scratch / "out"
    for given in (data, None):  # a pipe, a file
        with open(path, "rb") as file, open(out, "wb") as to:
            from_pipe = xenstream("verify", "--tee", *deep, stdin=data if given else file)
            into_file = xenstream("verify", "--tee", *deep, stdin=data if given else file, stdout=to)
        assert from_pipe.rc == plain.rc and from_pipe.stdout == data, str(from_pipe)
        assert from_pipe.stderr == plain.stdout.decode().replace(str(path), "(standard input)")
        assert given is None or (into_file.rc == plain.rc and out.read_bytes() == data)
    assert xenstream("verify", "--tee", *deep, path).stdout == data


@pytest.mark.parametrize("kind", BAD)
def test_bad_streams(kind: str, scratch: Path) -> None:
    data = bad(kind)
    path = scratch / "in"
    path.write_bytes(data)
    code = FINE if kind == "more after it" else INVALID
    for result in (xenstream("verify", "--tee", stdin=data), xenstream("verify", "--tee", path)):
        assert result.rc == code and result.stdout == data, str(result)
        assert ("invalid" in result.stderr) == (code == INVALID)


def test_what_follows_is_counted() -> None:
    result = xenstream("verify", "--tee", "--json", stdin=bad("more after it"))
    assert '"trailing":70000' in result.stderr and '"input.trailing"' in result.stderr


def test_appended_to_a_file(scratch: Path) -> None:
    out = scratch / "out"
    out.write_bytes(b"before")
    with open(out, "ab") as to:
        assert xenstream("verify", "--tee", stdin=octets(MODERN_PV), stdout=to).rc == FINE
    assert out.read_bytes() == b"before" + octets(MODERN_PV)


def test_a_file_as_standard_input_is_used_up(unpacked: Unpack) -> None:
    with open(unpacked(MODERN_PV), "rb") as file:
        xenstream("verify", "--tee", stdin=file)
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == len(octets(MODERN_PV))


def test_payload_stays_in_the_kernel(unpacked: Unpack, scratch: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    path, log = unpacked(MODERN_PV), scratch / "log"
    words = f"cat {path} | strace -o {log} -e trace=read,pread64,splice {program()} verify --tee -q | cat"
    assert run(["sh", "-c", words]).stdout == octets(MODERN_PV)
    taken = {"read": 0, "splice": 0}
    for line in log.read_text().splitlines():
        call = re.match(r"(read|splice)\(([^,]*),.* = (\d+)$", line)
        if call and call[2] == "0":
            taken[call[1]] += int(call[3])
    assert taken["splice"] >= 1000 * 4096  # the pages, and what follows the stream's end
    assert taken["read"] < 40000


def start(*words: str, **more: object) -> subprocess.Popen[bytes]:
    """A run between two pipes."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen([program(), "verify", "--tee", *words], **pipes)  # type: ignore[call-overload,no-any-return]


def test_nothing_is_held_back() -> None:
    """A reader gets the bytes sent so far, though more will come."""
    data = octets(MODERN_PV)
    with start() as process:
        assert process.stdin and process.stdout
        passed, sent = b"", 0
        for end in (48, 1000, 2000, 3000, 500000):
            process.stdin.write(data[sent:end])
            process.stdin.flush()
            sent = end
            deadline = time.monotonic() + 20
            while len(passed) < end - 64:  # less than what a parser may hold
                ready = select.select([process.stdout], [], [], deadline - time.monotonic())[0]
                assert ready, f"{len(passed)} of {end} bytes went on"
                passed += os.read(process.stdout.fileno(), 1 << 20)
            assert data.startswith(passed)
        process.kill()


def test_reader_goes_away() -> None:
    with start() as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdout.close()
        with pytest.raises(BrokenPipeError):
            for _ in range(100):
                process.stdin.write(octets(MODERN_PV))
                process.stdin.flush()
        assert process.wait(TIMEOUT_SECONDS) == -signal.SIGPIPE
        assert b"the program reading the output has exited; no verdict" in process.stderr.read()
        process.stdin = None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals(number: int) -> None:
    with start() as process:
        assert process.stdin
        process.stdin.write(octets(MODERN_PV)[:3000])
        process.stdin.flush()
        time.sleep(0.2)
        process.send_signal(number)
        assert process.wait(TIMEOUT_SECONDS) == -number


def test_full_output() -> None:
    with open("/dev/full", "wb") as full:
        result = xenstream("verify", "--tee", stdin=octets(MODERN_PV), stdout=full)
    assert result.rc == IO and "no space left" in result.stderr


def test_use(unpacked: Unpack) -> None:
    path = unpacked(MODERN_PV)
    assert xenstream("verify", "--tee", path, path).rc == USAGE
    assert xenstream("verify", "--tee", "/nonexistent").rc == IO
    control, terminal = pty.openpty()
    result = xenstream("verify", "--tee", path, stdout=terminal)
    os.close(control)
    os.close(terminal)
    assert result.rc == USAGE and "terminal" in result.stderr


def test_quiet_and_progress() -> None:
    result = xenstream("verify", "--tee", "-q", stdin=bad("cut in a page"))
    assert (result.rc, result.stderr) == (INVALID, "")
    read, write = os.pipe()
    result = xenstream("verify", "--tee", f"--progress={write}", stdin=bad("no stream"), pass_fds=[write])
    os.close(write)
    with os.fdopen(read) as told:
        assert told.read().splitlines()[-1].startswith("300000/")
    assert result.rc == INVALID
