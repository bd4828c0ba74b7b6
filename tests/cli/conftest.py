"""Fixtures of the tests of the command."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from support import xenref
from support.corpus import Item

from .common import Unpack, octets

@pytest.fixture(scope="session")
def unpacked() -> Iterator[Unpack]:
    """A function that gives the path of an uncompressed copy of an item. Not to be written to."""
    with tempfile.TemporaryDirectory(prefix="xenstream-cli-") as folder:

        def unpack(item: Item) -> Path:
            target = Path(folder) / item.path.parent.name / item.path.name
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(octets(item))
            return target

        yield unpack


@pytest.fixture
def scratch() -> Iterator[Path]:
    """An empty folder that is removed after the test."""
    with tempfile.TemporaryDirectory(prefix="xenstream-cli-out-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def xen() -> None:
    """Skips the test where Xen's scripts are not installed."""
    missing = xenref.why_missing()
    if missing is not None:
        pytest.skip(missing)
