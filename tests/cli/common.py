"""Shared by the tests of the command: streams, ways to run it, its exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence, Union

from support import command
from support.command import Result
from support.corpus import DATA, REFERENCE, Case, Item

FINE = 0
REMARKS = 1
INVALID = 2
IO = 3
REFUSED = 4
USAGE = 64
DOCUMENTED = (FINE, REMARKS, INVALID, IO, REFUSED, USAGE)

TIMEOUT_SECONDS = 240  # until it counts as hanging, on however busy a machine
NOBODY = 65534

Word = Union[str, Path]
# Gives the path of an uncompressed copy, as the fixture `unpacked` does.
Unpack = Callable[[Item], Path]


def case(name: str) -> Case:
    """A legacy stream that ships with the tests."""
    return Case(DATA / "legacy", name)


def cases() -> list[Case]:
    """All of them."""
    names = {path.name.split(".json")[0] for path in (DATA / "legacy").glob("*.json*")}
    return [case(name) for name in sorted(names - {REFERENCE.split(".json")[0]})]


PV = case("pv64-ts64-raw")
PV32 = case("pv32-ts32-xvar")
HVM = case("hvm-ts64-xltext")
HVM_XL_JSON = case("hvm-ts32-xljson")
HVM_RAW = case("hvm-ts64-raw")
REMUS = case("pv64-ts32-remus-comp")
MODERN_PV = Item(DATA / "modern" / "pv-mini-4m.save")
MODERN_HVM = Item(DATA / "modern" / "hvm-bios-8m.save")
BOOT_PV = Item(DATA / "boot" / "pv-mini-4m.save")
BOOT_PV32 = Item(DATA / "boot" / "pv-mini-4m.w32.save")
BOOT_HVM = Item(DATA / "boot" / "hvm-bios-8m.save")


@lru_cache(maxsize=None)
def octets(item: Item) -> bytes:
    """The contents of an item."""
    return item.read()


def stream(of: Case) -> bytes:
    """The contents of a legacy stream."""
    return octets(of.stream)


def program(name: str = "xenstream") -> Path:
    """The command under test, or one of its other names."""
    return command.built(name)


def run(words: Sequence[Word], stdin: Any = b"", **more: Any) -> Result:
    """Runs a program to its end; `stdin`: bytes, or any value that subprocess accepts."""
    given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **given, **more}
    done = subprocess.run(
        [os.fspath(word) for word in words], timeout=TIMEOUT_SECONDS, check=False, **streams
    )
    return Result(done.returncode, done.stdout or b"", (done.stderr or b"").decode("utf-8", "replace"))


def xenstream(*words: Word, stdin: Any = b"", **more: Any) -> Result:
    """Runs `xenstream WORDS...`."""
    return run([program(), *words], stdin, **more)


def start(*words: Word, **more: Any) -> subprocess.Popen[bytes]:
    """Starts `xenstream WORDS...` with pipes at its ends, SIGINT not ignored."""
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    return subprocess.Popen([program(), *map(os.fspath, words)], **{**pipes, **more})


def lines(result: Result) -> list[dict[str, Any]]:
    """The JSON objects of an output, one a line. Raises ValueError where one is not JSON."""
    return [json.loads(line) for line in result.stdout.decode("utf-8").splitlines()]


def document(result: Result) -> dict[str, Any]:
    """The JSON document that an output is."""
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def listing(folder: Path) -> list[str]:
    """The names in a folder, hidden ones too."""
    return sorted(os.listdir(folder))


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return bool(int(re.findall(r"SigCgt:\s*(\w+)", status)[0], 16) >> (number - 1) & 1)


def wait_for(condition: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> None:
    """Waits until something is so. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not come about")
        time.sleep(0.01)


def places(size: int, count: int) -> Iterator[int]:
    """Some `count` places in `size` bytes, dense at the beginning where the headers are."""
    for i in range(count):
        yield int((size - 1) * (i / count) ** 3)
