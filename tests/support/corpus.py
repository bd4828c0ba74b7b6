"""Where the streams and images for tests are, and how to read them."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "tests" / "data"
REFERENCE = "legacy-reference.json"
CORPUS_VARIABLE = "XENSTREAM_CORPUS"
# The xsave areas of the legacy streams were made by hand and filled at random; Xen looks at their
# first bytes and would refuse them.
RANDOM_AREAS = ("--ignore=libxc.vcpu.xstate", "--ignore=libxc.vcpu.xcr0")


@dataclass(frozen=True)
class Item:
    """A file of the corpus, stored as it is or compressed as `path` plus `.zst`."""

    path: Path

    @property
    def stored(self) -> Path:
        """The file that is really there."""
        return self.path if self.path.exists() else self.path.with_name(self.path.name + ".zst")

    def read(self) -> bytes:
        """The contents, decompressed."""
        stored = self.stored
        if stored.suffix != ".zst":
            return stored.read_bytes()
        return subprocess.run(["zstd", "-dcq", stored], check=True, capture_output=True).stdout


@dataclass(frozen=True)
class Case:
    """A legacy stream with its truth: NAME.stream, NAME.json and NAME.ckN.pages in one folder."""

    folder: Path
    name: str

    @property
    def stream(self) -> Item:
        """The stream itself."""
        return Item(self.folder / f"{self.name}.stream")

    def description(self) -> dict[str, Any]:
        """What NAME.json says. The same object each time: not to be changed."""
        return _read_json(self.folder / f"{self.name}.json")

    @property
    def plain(self) -> bool:
        """Whether the stream was written without checkpoints."""
        return not self.description()["checkpointed"]


@lru_cache(maxsize=None)
def _read_json(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Item(path).read())
    return loaded


def corpus_root() -> Optional[Path]:
    """The whole corpus: what XENSTREAM_CORPUS names, or ../shared/corpus beside the repository.

    None where there is neither. A variable that names nothing raises FileNotFoundError.
    """
    named = os.environ.get(CORPUS_VARIABLE)
    if named:
        root = Path(named)
        if not (root / "legacy").is_dir():
            raise FileNotFoundError(f"{CORPUS_VARIABLE}={named}: no folder 'legacy' in it")
        return root
    beside = REPOSITORY.parent / "shared" / "corpus"
    return beside if beside.is_dir() else None


def why_no_corpus() -> str:
    """The reason to give where a test needs the whole corpus and it is not there."""
    return f"the whole corpus is not there (set {CORPUS_VARIABLE}): large run skipped"


def roots() -> list[Path]:
    """The folders that may hold `legacy`, `modern` and `boot`; the repository's own comes first."""
    whole = corpus_root()
    return [DATA] + ([whole] if whole is not None else [])


def plain_cases() -> list[Case]:
    """Every plain legacy stream, by name, each name once."""
    return [case for case in _cases() if case.plain]


def checkpointed_cases() -> list[Case]:
    """Every checkpointed legacy stream, by name, each name once."""
    return [case for case in _cases() if not case.plain]


def _cases() -> list[Case]:
    found: dict[str, Case] = {}
    for root in roots():
        for path in sorted((root / "legacy").glob("*.json*")):
            case = Case(path.parent, path.name.split(".json")[0])
            if path.name != REFERENCE and case.stream.stored.exists():
                found.setdefault(case.name, case)
    return sorted(found.values(), key=lambda c: c.name)


def images(kind: str) -> list[Item]:
    """The save files in the folder `kind`, modern or boot, each name once."""
    found: dict[str, Item] = {}
    for root in roots():
        for path in sorted((root / kind).glob("*.save*")):
            bare = path.with_suffix("") if path.suffix == ".zst" else path
            if bare.suffix == ".save":
                found.setdefault(bare.name, Item(bare))
    return [found[name] for name in sorted(found)]


def reference_digests() -> dict[str, dict[str, str]]:
    """SHA-256 of the reference conversions: stream name, then `4.17 libxl` and its like."""
    for root in roots():
        for path in (root / REFERENCE, root / "legacy" / REFERENCE):
            if path.exists():
                return _read_json(path)
    return {}
