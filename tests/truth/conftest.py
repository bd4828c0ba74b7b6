"""Fixtures of the tests that compare conversions with the truth and with Xen's scripts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Callable, Iterator

import pytest

from support import command, xenref
from support.corpus import Item


@pytest.fixture(scope="session")
def xenstream() -> Path:
    """The command under test."""
    return command.built("xenstream")


@pytest.fixture(scope="session")
def drop_in() -> Path:
    """The command under its name as Xen's converter."""
    return command.built("convert-legacy-stream")


@pytest.fixture(scope="session")
def xen() -> None:
    """Skips the test where Xen's scripts are not installed."""
    missing = xenref.why_missing()
    if missing is not None:
        pytest.skip(missing)


@pytest.fixture(scope="session")
def unpacked() -> Iterator[Callable[[Item], Path]]:
    """A function that gives the path of an uncompressed copy of an item. Not to be written to."""
    with tempfile.TemporaryDirectory(prefix="xenstream-corpus-") as folder:

        def unpack(item: Item) -> Path:
            if item.path.exists():
                return item.path
            target = Path(folder) / item.path.parent.name / item.path.name
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(item.read())
            return target

        yield unpack


@pytest.fixture
def scratch() -> Iterator[Path]:
    """An empty folder that is gone after the test, so that outputs do not pile up."""
    with tempfile.TemporaryDirectory(prefix="xenstream-out-") as folder:
        yield Path(folder)
