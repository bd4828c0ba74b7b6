"""What a restore hands to a program is the guest as it was, wherever the stream comes from."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from pathlib import Path
from typing import Callable, Iterator

import pytest

from support import corpus, image, truth
from support.corpus import Case, Item
from support.truth import Form

from .common import NEWEST, OK, Unpack, name_of

PLAIN = corpus.plain_cases()
CHECKPOINTED = corpus.checkpointed_cases()
MODERN = corpus.images("modern")
TIMEOUT_SECONDS = 120
PIECE = 1 << 16

Restore = Callable[..., Path]


def words(program: Path, form: Form, out: Path) -> list[str]:
    """The command up to the stream's name."""
    return [
        str(program), "restore", "--no-config", "--quiet", "--format", form.value,
        "--domain", f"exec:cat >'{out}'",
    ]


def finish(process: "subprocess.Popen[bytes]") -> None:
    """The restore has to end well."""
    _, said = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == OK, said.decode()


def from_file(program: Path, form: Form, source: Path, out: Path) -> None:
    finish(subprocess.Popen([*words(program, form, out), str(source)], stderr=subprocess.PIPE))


def from_pipe(program: Path, form: Form, source: Path, out: Path) -> None:
    with source.open("rb") as stream:
        cat = subprocess.Popen(["cat"], stdin=stream, stdout=subprocess.PIPE)
        process = subprocess.Popen(
            [*words(program, form, out), "-"], stdin=cat.stdout, stderr=subprocess.PIPE)
        assert cat.stdout is not None
        cat.stdout.close()
        finish(process)
        cat.wait()


def send(listener: socket.socket, data: bytes) -> None:
    """Gives one connection the bytes, in pieces, and closes it."""
    connection, _ = listener.accept()
    with connection:
        for at in range(0, len(data), PIECE):
            connection.sendall(data[at:at + PIECE])


def from_listener(
    program: Path, form: Form, source: Path, out: Path, listener: socket.socket, name: str
) -> None:
    sender = threading.Thread(target=send, args=(listener, source.read_bytes()), daemon=True)
    sender.start()
    finish(subprocess.Popen([*words(program, form, out), name], stderr=subprocess.PIPE))
    sender.join()


def from_unix(program: Path, form: Form, source: Path, out: Path) -> None:
    path = out.with_name("socket")
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        from_listener(program, form, source, out, listener, f"unix:{path}")


def from_tcp(program: Path, form: Form, source: Path, out: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        from_listener(program, form, source, out, listener, f"tcp:127.0.0.1:{port}")


CHANNELS = [from_file, from_pipe, from_unix, from_tcp]


def channels(number: int) -> Iterator[Callable[..., None]]:
    """Two of the channels, in turn: over the whole corpus all meet everything."""
    yield CHANNELS[number % 4]
    yield CHANNELS[(number + 1 + number // 4 % 3) % 4]


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_legacy_streams(xenstream: Path, unpacked: Unpack, scratch: Path, case: Case) -> None:
    wanted = truth.load(case)
    for channel in channels(PLAIN.index(case)):
        for form in (Form.XL, Form.LIBXL):
            channel(xenstream, form, unpacked(case.stream), scratch / "out")
            got = image.load(scratch / "out")
            assert truth.compare(got, wanted, form, NEWEST) == []


@pytest.mark.parametrize("case", CHECKPOINTED, ids=name_of)
def test_checkpointed_streams(
    xenstream: Path, unpacked: Unpack, scratch: Path, case: Case
) -> None:
    """State upon state takes effect; the last complete one is the guest's."""
    wanted = truth.load_checkpoint(case, len(case.description()["per_checkpoint"]))
    for channel in channels(CHECKPOINTED.index(case)):
        channel(xenstream, Form.LIBXL, unpacked(case.stream), scratch / "out")
        got = image.load(scratch / "out")
        assert truth.compare(got, wanted, Form.LIBXL, NEWEST) == []


def checkpoint_ends(program: Path, stream: Path) -> list[int]:
    """The offsets after each CHECKPOINT_END record, which has a header only."""
    said = subprocess.run(
        [program, "records", "--json", stream], capture_output=True, check=True).stdout
    records = [json.loads(line) for line in said.splitlines()]
    return [r["offset"] + 8 for r in records if r["type"] == "CHECKPOINT_END"]


@pytest.mark.parametrize("case", CHECKPOINTED[:4], ids=name_of)
def test_a_sender_that_dies_after_each_checkpoint(
    xenstream: Path, unpacked: Unpack, scratch: Path, case: Case
) -> None:
    """A checkpointed stream of today, cut in the middle of what follows a checkpoint."""
    kept, cut = scratch / "kept", scratch / "cut"
    subprocess.run(
        [xenstream, "convert", "--quiet", "--to", "libxl", "--checkpoints", "keep",
         unpacked(case.stream), kept], check=True)
    whole = kept.read_bytes()
    ends = checkpoint_ends(xenstream, kept)
    assert len(ends) == len(case.description()["per_checkpoint"])
    for number, end in enumerate(ends[:-1], 1):
        # in the middle of what the next checkpoint begins with
        cut.write_bytes(whole[:end + 40])
        wanted = truth.load_checkpoint(case, number)
        for channel in channels(number):
            channel(xenstream, Form.LIBXL, cut, scratch / "out")
            got = image.load(scratch / "out")
            assert truth.compare(got, wanted, Form.LIBXL, NEWEST) == []


@pytest.mark.parametrize("item", MODERN, ids=name_of)
def test_images_of_today(xenstream: Path, unpacked: Unpack, scratch: Path, item: Item) -> None:
    """The guest is the same, and so are its device model and the configuration."""
    source = unpacked(item)
    wanted = image.load(source)
    for channel in channels(MODERN.index(item)):
        channel(xenstream, Form.XL, source, scratch / "out")
        got = image.load(scratch / "out")
        assert image.differences(got, wanted) == []
        assert got.emulator_contexts == wanted.emulator_contexts
        assert got.emulator_xenstore == wanted.emulator_xenstore
        assert got.xl == wanted.xl or wanted.xl is None
