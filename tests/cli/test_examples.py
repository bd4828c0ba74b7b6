"""The programs in examples/: a restore in three loops."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.command import built

from .common import BOOT_HVM, MODERN_HVM, MODERN_PV, octets, run

LOOPS = ("poll", "uv", "sd-event")


def example(loop: str) -> Path:
    """One of them. Skips the test where its library was not there to build it."""
    try:
        return built(f"examples/restore-{loop}")
    except FileNotFoundError:
        if loop == "poll":
            raise
        pytest.skip(f"restore-{loop} is not built: its library is not installed")


@pytest.fixture
def files(scratch: Path) -> list[Path]:
    """Images of each kind: of today, and to be converted on the way."""
    contents = {item.path.name: octets(item) for item in (MODERN_HVM, MODERN_PV, BOOT_HVM)}
    for name, data in contents.items():
        (scratch / name).write_bytes(data)
    return sorted(scratch.iterdir())


@pytest.mark.parametrize("loop", LOOPS)
def test_all_at_once(loop: str, files: list[Path]) -> None:
    configured = [file for file in files if file.suffix == ".save"]
    result = run([example(loop), *configured])
    assert result.rc == 0, result
    restored = sorted(line.split(": restored, ")[0] for line in result.stdout.decode().splitlines())
    assert restored == [str(file) for file in configured]


@pytest.mark.parametrize("loop", LOOPS)
def test_one_fails(loop: str, files: list[Path], scratch: Path) -> None:
    broken = scratch / "broken"
    broken.write_bytes(octets(MODERN_PV)[:-1])
    whole = [file for file in files if file.suffix == ".save"]
    result = run([example(loop), broken, *whole])
    assert result.rc == 1
    assert result.stderr.count("\n") == 1 and str(broken) in result.stderr
    assert len(result.stdout.splitlines()) == len(whole)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_pipe_that_is_slow(loop: str, scratch: Path) -> None:
    """The loop turns while nothing comes."""
    fifo = scratch / "fifo"
    os.mkfifo(fifo)
    data = octets(MODERN_PV)
    if os.fork() == 0:
        with open(fifo, "wb", buffering=0) as pipe:
            for at in range(0, len(data), 1 << 18):
                pipe.write(data[at : at + (1 << 18)])
                os.sched_yield()
        os._exit(0)
    result = run([example(loop), fifo])
    os.wait()
    assert result.rc == 0, result


@pytest.mark.parametrize("loop", LOOPS)
def test_nothing_to_do(loop: str) -> None:
    assert run([example(loop)]).rc == 1
    result = run([example(loop), "/nonexistent"])
    assert result.rc == 1
    assert result.stderr == "/nonexistent: No such file or directory\n"
