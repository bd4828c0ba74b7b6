"""A device model's keys and state are in a real xenstore and in a file as they were in the guest's
host, from every stream of the corpus that has such."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Iterator

import pytest

from support import command, corpus, image, truth, xenstored
from support.corpus import Case, Item
from support.xenstored import Client, Daemon, StoreError, daemon

from .common import OK, Unpack, name_of

CASES = [
    case
    for case in corpus.plain_cases() + corpus.checkpointed_cases()
    if case.description()["guest_type"] == "hvm"
]
MODERN = corpus.images("modern")
READ_CHILDREN = 1


@pytest.fixture(scope="module", params=xenstored.KINDS)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One store for all of them."""
    missing = xenstored.why_missing(request.param)
    if missing is not None:
        pytest.skip(missing)
    with daemon(tmp_path_factory.mktemp("store") / "it", request.param) as running:
        yield running


def restored(program: Path, store: Daemon, source: Path, name: str, scratch: Path, piped: bool) -> bytes:
    """Restores a stream, its keys below /NAME. Gives the device model's state."""
    state = scratch / "state"
    words = [
        program, "restore", "--no-config", "--quiet", "--domain", "null:", "--xenstore",
        f"xenstored:{store.socket}", "--xenstore-root", f"/{name}", "--emulator", f"file:{state}",
    ]
    result = command.run([*words, "-"], source.read_bytes()) if piped else command.run([*words, source])
    assert result.rc == OK, result
    return state.read_bytes() if state.exists() else b""


def keys_below(store: Daemon, root: str) -> dict[bytes, bytes]:
    """All keys that have none below them, relative to a root, read one by one."""
    client = Client(store.socket)
    found: dict[bytes, bytes] = {}

    def walk(path: bytes) -> None:
        names = client.ask(READ_CHILDREN, path + b"\0").split(b"\0")[:-1]
        for name in names:
            walk(path + b"/" + name)
        if not names:
            found[path[len(root) + 1 :]] = client.ask(xenstored.READ, path + b"\0")

    try:
        walk(root.encode())
    except StoreError as error:
        assert str(error) == "ENOENT" and not found
    client.close()
    return found


@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_legacy_streams(
    xenstream: Path, unpacked: Unpack, store: Daemon, scratch: Path, case: Case, piped: bool
) -> None:
    wanted = truth.load(case)
    root = f"{case.name}-{piped}"
    state = restored(xenstream, store, unpacked(case.stream), root, scratch, piped)
    assert keys_below(store, f"/{root}") == truth.physmap_pairs(wanted)
    qemu = wanted.last.get("qemu")
    assert len(state) == (qemu["len"] if qemu else 0)
    if qemu:
        assert hashlib.sha256(state).hexdigest() == qemu["sha256"]


@pytest.mark.parametrize("item", MODERN, ids=name_of)
def test_images_of_today(
    xenstream: Path, unpacked: Unpack, store: Daemon, scratch: Path, item: Item
) -> None:
    wanted = image.load(unpacked(item))
    root = item.path.name.replace(".", "-")
    state = restored(xenstream, store, unpacked(item), root, scratch, False)
    pairs = {key: value for one in wanted.emulator_xenstore.values() for key, value in one}
    assert keys_below(store, f"/{root}") == pairs
    assert [state] == [bytes(one) for one in wanted.emulator_contexts.values()] or not state
    assert bool(state) == bool(wanted.emulator_contexts)
