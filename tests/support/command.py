"""Runs the programs under test."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Union

from .corpus import REPOSITORY

BUILD_VARIABLE = "XENSTREAM_BUILD"
TIMEOUT_SECONDS = 240


@dataclass(frozen=True)
class Result:
    """How a program ended: its exit code (negative: the signal), what it wrote to each output."""

    rc: int
    stdout: bytes
    stderr: str

    def __str__(self) -> str:
        return f"exit code {self.rc}\n{self.stderr}"


def run(argv: Iterable[Union[str, Path]], stdin: bytes = b"") -> Result:
    """Runs a program to its end and never raises for its exit code."""
    done = subprocess.run(
        [os.fspath(word) for word in argv],
        input=stdin,
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def built(name: str) -> Path:
    """A program in the build folder: $XENSTREAM_BUILD, or `build` in the repository.

    Raises FileNotFoundError where it has not been built.
    """
    path = Path(os.environ.get(BUILD_VARIABLE) or REPOSITORY / "build") / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is not built (set {BUILD_VARIABLE} to the build folder)")
    return path.absolute()
