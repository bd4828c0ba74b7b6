"""Outputs appear whole or not at all, whatever happens."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest

from support import image

from .common import (
    FINE,
    INVALID,
    IO,
    MODERN_PV,
    NOBODY,
    PV,
    TIMEOUT_SECONDS,
    Unpack,
    listing,
    octets,
    program,
    run,
    start,
    stream,
    wait_for,
    xenstream,
)

OLD = b"the old contents\n"


@pytest.fixture
def root() -> None:
    """Skips the test unless it may mount and change its user."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


@contextmanager
def tmpfs(where: Path, size: str) -> Iterator[None]:
    """A small file system. Skips the test where it can't be had."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", where], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no mount: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", where], check=True)


def mode_of(path: Path) -> int:
    """Its permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_existing_output_is_replaced_and_keeps_its_mode(unpacked: Unpack, scratch: Path) -> None:
    out = scratch / "out"
    want = xenstream("convert", unpacked(PV.stream), "-").stdout
    for mode in (0o640, 0o600, 0o664):
        out.write_bytes(OLD)
        out.chmod(mode)
        assert xenstream("convert", unpacked(PV.stream), out).rc == FINE
        assert out.read_bytes() == want and mode_of(out) == mode
    assert listing(scratch) == ["out"]


def test_new_output_is_as_private_as_the_input(scratch: Path) -> None:
    source, out = scratch / "in", scratch / "out"
    source.write_bytes(stream(PV))
    for mode in (0o600, 0o640):
        source.chmod(mode)
        out.unlink(missing_ok=True)
        assert xenstream("convert", source, out, umask=0).rc == FINE
        assert mode_of(out) == mode
    out.unlink()
    assert xenstream("convert", "-", out, stdin=stream(PV), umask=0).rc == FINE
    assert mode_of(out) == 0o600, "guest memory out of a pipe is the owner's only"


def test_owner_is_kept(root: None, unpacked: Unpack, scratch: Path) -> None:
    out = scratch / "out"
    out.write_bytes(OLD)
    os.chown(out, NOBODY, NOBODY)
    assert xenstream("convert", unpacked(PV.stream), out).rc == FINE
    assert (out.stat().st_uid, out.stat().st_gid) == (NOBODY, NOBODY)


def test_output_is_the_input(scratch: Path, unpacked: Unpack) -> None:
    want = xenstream("convert", unpacked(PV.stream), "-").stdout
    both = scratch / "both"
    both.write_bytes(stream(PV))
    assert xenstream("convert", both, both).rc == FINE
    assert both.read_bytes() == want and listing(scratch) == ["both"]
    both.write_bytes(stream(PV))
    (scratch / "link").symlink_to("both")
    assert xenstream("convert", both, scratch / "link").rc == FINE
    assert both.read_bytes() == want and (scratch / "link").is_symlink()
    both.write_bytes(stream(PV)[:70000])
    assert xenstream("convert", both, both).rc == INVALID
    assert both.read_bytes() == stream(PV)[:70000]


def test_symbolic_links(scratch: Path, unpacked: Unpack) -> None:
    (scratch / "folder").mkdir()
    for target in ("there", "folder/new"):
        link = scratch / f"to-{target.replace('/', '-')}"
        link.symlink_to(target)
        assert xenstream("convert", unpacked(PV.stream), link).rc == FINE
        assert link.is_symlink() and (scratch / target).is_file()
    loop = scratch / "loop"
    loop.symlink_to("loop")
    result = xenstream("convert", unpacked(PV.stream), loop)
    assert result.rc == IO and "Too many levels of symbolic links" in result.stderr
    assert loop.is_symlink()


def test_failure_leaves_everything_alone(scratch: Path) -> None:
    out, bad = scratch / "out", scratch / "bad"
    out.write_bytes(OLD)
    out.chmod(0o604)
    before = out.stat()
    bad.write_bytes(octets(MODERN_PV)[:-1])
    assert xenstream("convert", bad, out).rc == INVALID
    assert out.read_bytes() == OLD and out.stat() == before
    assert listing(scratch) == ["bad", "out"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL],
                         ids=lambda s: s.name)  # fmt: skip
@pytest.mark.parametrize("exists", [True, False], ids=["exists", "new"])
def test_killed_in_the_middle(number: signal.Signals, exists: bool, scratch: Path) -> None:
    out = scratch / "out"
    if exists:
        out.write_bytes(OLD)
    process = start("convert", "-", out)
    assert process.stdin is not None
    process.stdin.write(stream(PV)[:500000])
    process.stdin.flush()
    process.send_signal(number)
    assert process.wait(TIMEOUT_SECONDS) == -number
    process.communicate()
    assert listing(scratch) == ["out"] * exists
    assert not exists or out.read_bytes() == OLD


def test_input_that_ends_in_the_middle(scratch: Path) -> None:
    """The process at the other end died: exit code 2 and nothing left."""
    process = start("convert", "-", scratch / "out")
    _, words = process.communicate(stream(PV)[:500000])
    assert process.returncode == INVALID and b"input.truncated" in words
    assert listing(scratch) == []


def test_reader_that_has_gone(unpacked: Unpack) -> None:
    read, write = os.pipe()
    os.close(read)
    for words in (("convert", unpacked(MODERN_PV), "-"), ("records", unpacked(PV.stream)),
                  ("info", unpacked(PV.stream)), ("verify", unpacked(PV.stream))):  # fmt: skip
        result = xenstream(*words, stdout=write)
        assert result.rc == IO, words
        assert "the program reading the output has exited" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    os.close(write)


def test_full_device(unpacked: Unpack) -> None:
    with open("/dev/full", "wb") as full:
        old = unpacked(PV.stream)
        for words in (("convert", unpacked(MODERN_PV), "-"), ("info", old),
                      ("records", "--json", old), ("verify", old)):  # fmt: skip
            result = xenstream(*words, stdout=full)
            assert result.rc == IO, words
            assert "no space left" in result.stderr.lower()
    result = xenstream("convert", unpacked(PV.stream), "/dev/full")
    assert result.rc == IO and result.stderr == "xenstream: /dev/full: no space left on the device\n"


def test_full_disk(root: None, unpacked: Unpack, scratch: Path) -> None:
    with tmpfs(scratch, "512k"):
        out = scratch / "out"
        out.write_bytes(OLD)
        for target in (out, scratch / "new"):
            result = xenstream("convert", unpacked(PV.stream), target)
            assert result.rc == IO and f"{target}: no space left on the device" in result.stderr
            assert listing(scratch) == ["out"] and out.read_bytes() == OLD


def test_read_only_file_system(root: None, unpacked: Unpack, scratch: Path) -> None:
    with tmpfs(scratch, "4m"):
        (scratch / "out").write_bytes(OLD)
        subprocess.run(["mount", "-o", "remount,ro", scratch], check=True)
        for name in ("out", "new"):
            result = xenstream("convert", unpacked(PV.stream), scratch / name)
            assert result.rc == IO and "Read-only file system" in result.stderr


def test_folder_without_permission(root: None, unpacked: Unpack, scratch: Path) -> None:
    scratch.chmod(0o755)
    source = scratch / "in"
    source.write_bytes(stream(PV))
    private = scratch / "private"
    private.write_bytes(stream(PV))
    private.chmod(0o600)
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    binary = program()
    if run([*nobody, binary, "--version"]).rc != FINE:
        pytest.skip("the build folder is out of reach for others")
    result = run([*nobody, binary, "convert", source, scratch / "out"])
    assert result.rc == IO and result.stderr == f"xenstream: {scratch}/out: Permission denied\n"
    result = run([*nobody, binary, "info", private])
    assert result.rc == IO and result.stderr == f"xenstream: {private}: Permission denied\n"
    result = run([*nobody, binary, "convert", source, source])
    assert result.rc == IO and source.read_bytes() == stream(PV)
    assert listing(scratch) == ["in", "private"]


def test_folders_and_missing_folders(unpacked: Unpack, scratch: Path) -> None:
    for target, says in ((scratch, "Is a directory; name a file in it"),
                         (scratch / "no" / "out", "No such file or directory; does its folder exist"),
                         (Path("/dev/null/x"), "Not a directory")):  # fmt: skip
        result = xenstream("convert", unpacked(PV.stream), target)
        assert result.rc == IO and f"{target}: {says}" in result.stderr
    assert listing(scratch) == []


def test_device_as_output(unpacked: Unpack) -> None:
    assert xenstream("convert", unpacked(PV.stream), "/dev/null").rc == FINE
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "<&- 2>&-", "2>&-", "<&-", "<&- >&-"])
def test_closed_descriptors_let_no_words_into_the_image(
    closed: str, unpacked: Unpack, scratch: Path
) -> None:
    out = scratch / "out"
    command = f'exec "$0" convert --to libxc "$1" "$2" {closed}'
    result = run(["sh", "-c", command, program(), unpacked(MODERN_PV), out])
    assert result.rc == FINE
    assert image.load(out).trailing == b""
    assert out.read_bytes().startswith(image.LIBXC_MARKER)


def test_closed_standard_input_and_output(unpacked: Unpack) -> None:
    result = run(["sh", "-c", 'exec "$0" info - <&-', program()])
    assert result.rc == IO and "Bad file descriptor" in result.stderr
    for verb in ("info", "records", "verify"):
        result = run(["sh", "-c", 'exec "$0" $1 "$2" >&-', program(), verb, unpacked(PV.stream)])
        assert result.rc == IO and "standard output" in result.stderr


def test_file_that_shrinks_while_it_is_read(scratch: Path) -> None:
    source, out = scratch / "in", scratch / "out"
    source.write_bytes(octets(MODERN_PV))
    reader = start("convert", source, "-")
    assert reader.stdout is not None
    first = reader.stdout.read(65536)
    os.truncate(source, 100000)
    rest, words = reader.communicate()
    if reader.returncode != FINE:  # a pipe may have held all of it
        assert reader.returncode in (INVALID, IO) and b"error: " in words
    assert len(first) + len(rest) <= len(octets(MODERN_PV))
    assert listing(scratch) == ["in"] and not out.exists()


def test_slow_reader_gets_everything(unpacked: Unpack) -> None:
    """A pipe that is full again and again, and not blocking at that."""
    want = octets(MODERN_PV)
    read, write = os.pipe()
    os.set_blocking(write, False)
    process = start("convert", unpacked(MODERN_PV), "-", stdout=write)
    os.close(write)
    got = bytearray()
    while part := os.read(read, 30011):
        got += part
    os.close(read)
    process.communicate()
    assert process.returncode == FINE and bytes(got) == want


def test_no_temporary_file_is_ever_seen(scratch: Path) -> None:
    process = start("convert", "-", scratch / "out")
    assert process.stdin is not None
    process.stdin.write(stream(PV)[:600000])
    process.stdin.flush()
    wait_for(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) > 3)
    hidden = [name for name in listing(scratch) if not name.startswith(".")]
    assert hidden == []
    process.stdin.write(stream(PV)[600000:])
    process.communicate()
    assert process.returncode == FINE and listing(scratch) == ["out"]
