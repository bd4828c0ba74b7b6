"""Checkpointed streams that are built here: differences to pages of any earlier state."""

from __future__ import annotations

import fcntl
import os
import random
import struct
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import containers as box
from support import image, remus

from .common import (FINE, INVALID, IO, REFUSED, REMUS as GENUINE, TIMEOUT_SECONDS, program, stream,
                     xenstream)
from .test_output import root, tmpfs  # noqa: F401

Memory = remus.Memory
ROOMY = 1 << 20  # bytes of a pipe, more than all of the output


def states(seed: int, count: int = 3) -> list[Memory]:
    """Memory, then changes of it; the second state changes pages that only the first one sent."""
    numbers = random.Random(seed)
    now: Memory = {pfn: numbers.randbytes(remus.PAGE) for pfn in range(1, 60)}
    out = [dict(now)]
    for _ in range(1, count):
        change = Memory()
        for pfn in sorted(numbers.sample(sorted(now), 9)):
            page = bytearray(now[pfn])
            at = numbers.randrange(remus.PAGE - 8)
            page[at:at + 8] = numbers.randbytes(8)
            change[pfn] = bytes(page)
        now |= change
        out.append(change)
    return out


def contents(data: bytes) -> Memory:
    """The pages of an image."""
    return {pfn: bytes(page) for pfn, (_, page) in image.decode(data).memory.items() if page}


def through_pipes(data: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Converts from a pipe into a pipe."""
    return subprocess.run([program(), "convert", "-q", *words, "-", "-"], input=data,
                          capture_output=True, check=False)


@pytest.mark.parametrize("compressed", [False, True])
def test_file(compressed: bool, scratch: Path) -> None:
    memory = states(1)
    source = scratch / "in"
    source.write_bytes(remus.stream(memory, compressed))
    for number in range(1, 4):
        result = xenstream("convert", "-q", "--checkpoint", str(number), source, "-")
        assert result.rc == FINE and contents(result.stdout) == remus.memory(memory[:number])


@pytest.mark.parametrize("words", [[], ["--checkpoints", "last"], ["--to", "xl"],
                                   ["--to", "xenserver"]])
def test_pipe_into_a_file(words: list[str], scratch: Path) -> None:
    """Differences from the first state's pages are applied to the pages as written."""
    memory, target = states(2), scratch / "out"
    result = xenstream("convert", "-q", *words, "-", target, stdin=remus.stream(memory, True))
    assert result.rc == FINE, result
    plain = xenstream("convert", "-q", "--to", "libxl", target, "-").stdout
    assert contents(plain) == remus.memory(memory)


def test_pipe_into_a_redirected_file(scratch: Path) -> None:
    """The same where the output is open already, and not from its beginning."""
    memory, target = states(3), scratch / "out"
    with open(target, "wb") as out:
        out.write(b"in front")
        out.flush()
        done = subprocess.run([program(), "convert", "-q", "-", "-"], stdout=out, check=False,
                              input=remus.stream(memory, True))
    assert done.returncode == FINE
    assert contents(target.read_bytes()[8:]) == remus.memory(memory)


def test_pipe_into_a_pipe() -> None:
    """Nothing can be fetched back from a pipe, unless it was said in time."""
    memory = states(4)
    data = remus.stream(memory, True)
    refused = through_pipes(data)
    assert refused.returncode == INVALID and b"--checkpoints last" in refused.stderr
    for words in (["--checkpoints", "last"], ["--checkpoint", "3"]):
        done = through_pipes(data, *words)
        assert done.returncode == FINE and contents(done.stdout) == remus.memory(memory)
    kept = through_pipes(data, "--checkpoints", "keep")
    assert kept.returncode == FINE and image.decode(kept.stdout).checkpoints == 3


@pytest.mark.parametrize("piped", [False, True])
def test_fewer_states_of_a_stream_of_today(piped: bool, scratch: Path) -> None:
    """Those up to the one that is asked for, or to where the stream breaks off."""
    memory, source = states(8, 4), scratch / "legacy"
    source.write_bytes(remus.stream(memory, True))
    whole = xenstream("convert", "-q", "--checkpoints", "keep", source, "-").stdout

    def keep(data: bytes, *words: str) -> bytes:
        (scratch / "in").write_bytes(data)
        done = xenstream("convert", "-q", "--checkpoints", "keep", *words,
                         "-" if piped else scratch / "in", "-", stdin=data if piped else b"")
        assert done.rc == FINE, done
        (scratch / "out").write_bytes(done.stdout)
        assert xenstream("verify", "-q", scratch / "out").rc != INVALID
        return done.stdout

    assert keep(whole) == keep(whole, "--checkpoint", "4") == whole
    for number, got in ((2, keep(whole, "--checkpoint", "2")), (3, keep(whole[:-100]))):
        assert image.decode(got).checkpoints == number
        assert contents(got) == remus.memory(memory[:number])
    refused = xenstream("convert", "--checkpoint", "9", scratch / "in", "-")
    assert refused.rc == REFUSED and "(libxl)" in refused.stderr


def test_kept_states_in_a_pipe_that_is_read_late(scratch: Path) -> None:
    """Pages in the pipe must not change when the next state changes them."""
    memory, source = states(10, 4), scratch / "in"
    source.write_bytes(remus.stream(memory, True))
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, ROOMY)
    with open(reading, "rb") as pipe:
        with open(writing, "wb") as out:
            done = subprocess.run([program(), "convert", "-q", "--checkpoints", "keep", source, "-"],
                                  stdout=out, check=False, timeout=TIMEOUT_SECONDS)
        kept = pipe.read()
    assert done.returncode == FINE
    for number in range(1, 5):
        plain = xenstream("convert", "-q", "--checkpoint", str(number), "-", "-", stdin=kept)
        assert contents(plain.stdout) == remus.memory(memory[:number])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 5), compressed=st.booleans())
def test_any_history(seed: int, count: int, compressed: bool) -> None:
    memory = states(seed, count)
    done = through_pipes(remus.stream(memory, compressed), "--checkpoints", "last")
    assert done.returncode == FINE and contents(done.stdout) == remus.memory(memory)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("piped", [False, True])
def test_inside_a_suspend_image(compressed: bool, piped: bool, scratch: Path) -> None:
    """Data of the container after the stream is kept, whichever state is taken."""
    memory, source, target = states(5), scratch / "in", scratch / "out"
    inner = remus.stream(memory, compressed)
    variables = box.record(box.VARSTORED_TYPE, b"variables")
    data = box.xenserver(box.image(box.LIBXC_LEGACY_TYPE, inner), variables)
    source.write_bytes(data)
    for number in (1, 2, 3):
        words = ["convert", "-q", "--to", "xenserver", "--checkpoint", str(number)]
        given_ = "-" if piped else source
        result = xenstream(*words, given_, target, stdin=data if piped else b"")
        assert result.rc == FINE, result
        assert target.read_bytes().endswith(variables + box.record(box.END_TYPE))
        assert xenstream("convert", source, scratch / "no").rc != FINE  # xl has no place for them
        plain = xenstream("convert", "-q", "--force", "--to", "libxl", target, "-").stdout
        assert contents(plain) == remus.memory(memory[:number])


def test_cut_inside_a_suspend_image(scratch: Path) -> None:
    """The last complete state is the guest's there, too."""
    memory, source = states(6), scratch / "in"
    data = box.xenserver(box.image(box.LIBXC_LEGACY_TYPE, remus.stream(memory, True)))
    source.write_bytes(data[:-300])
    result = xenstream("convert", "--to", "libxl", source, "-")
    assert result.rc == FINE and "the incomplete one after it is dropped" in result.stderr
    assert contents(result.stdout) == remus.memory(memory[:2])


@pytest.mark.parametrize("piped", [False, True])
@pytest.mark.parametrize("boxed", [False, True])
def test_cut_in_front_of_the_device_model(piped: bool, boxed: bool, scratch: Path) -> None:
    """A state without its device model's is not a whole one, if the others have theirs."""
    memory, source = states(7), scratch / "in"
    data = remus.stream(memory, False)
    cut = data[:data.rindex(b"DeviceModelRecord0002")]
    if boxed:
        whole = box.xenserver(box.image(box.LIBXC_LEGACY_TYPE, data))
        cut = whole[:whole.rindex(b"DeviceModelRecord0002")]
    source.write_bytes(cut)
    result = xenstream("convert", "--to", "libxl", "-" if piped else source, "-",
                       stdin=cut if piped else b"")
    assert result.rc == FINE and "number 2 of 2" in result.stderr, result
    assert contents(result.stdout) == remus.memory(memory[:2])


def test_one_state_is_no_choice(scratch: Path) -> None:
    """A stream from before there were checkpoints does not say that it has none."""
    source = scratch / "in"
    source.write_bytes(remus.stream(states(11, 1), False))
    assert "checkpoint" not in xenstream("convert", source, scratch / "out").stderr
    assert "number 1 of 1" in xenstream("convert", "--checkpoint", "1", source, scratch / "out").stderr


@pytest.mark.parametrize("verb", ["convert", "salvage"])
def test_zeros_after_it_are_no_state(verb: str, scratch: Path) -> None:
    """Zeros on a disk after a PV guest's stream would look like a state."""
    source, zeros = scratch / "in", scratch / "zeros"
    source.write_bytes(stream(GENUINE))
    zeros.write_bytes(stream(GENUINE) + bytes(65536))
    wanted = xenstream("convert", "-q", source, "-")
    result = xenstream(verb, zeros, "-")
    assert result.rc == FINE and result.stdout == wanted.stdout


@pytest.mark.parametrize("piped", [False, True])
def test_no_room_for_temporary_files(root: None, piped: bool, scratch: Path) -> None:  # noqa: F811
    """The error names their folder, not the output, which is not to blame."""
    source, full, out = scratch / "in", scratch / "full", scratch / "out"
    source.write_bytes(stream(GENUINE))
    full.mkdir()
    with tmpfs(full, "64k"):
        result = xenstream("convert", "--tmpdir", full, "-" if piped else source, out,
                           stdin=stream(GENUINE) if piped else b"")
    assert result.rc == IO and f"{full}: no space left" in result.stderr, result
    assert not out.exists()


def test_a_malformed_state_and_those_in_front_of_it(scratch: Path) -> None:
    """The error says where it is, and how to get the guest back all the same."""
    memory, source = states(9), scratch / "in"
    data = bytearray(remus.stream(memory, True))
    pfn = next(iter(memory[2]))
    at = data.rindex(remus.difference(remus.memory(memory[:2])[pfn], memory[2][pfn]))
    data[at] = 0x80 | remus.MOST_WORDS  # which is too much for all that follow
    data[at + 1:at + 10] = bytes([0x80 | remus.MOST_WORDS]) * 9
    source.write_bytes(data)
    for verb in ("convert", "salvage"):
        result = xenstream(verb, source, scratch / "out")
        assert result.rc == INVALID and f"pfn {pfn:#x} goes past the end of the page" in result.stderr, result
        assert f"error: offset {at + 8:#x} " in result.stderr
        assert "(state 3; convert --checkpoint 2 uses" in result.stderr
    result = xenstream("convert", "-q", "--checkpoint", "2", source, "-")
    assert result.rc == FINE and contents(result.stdout) == remus.memory(memory[:2])
    result = xenstream("verify", source)
    assert result.rc == INVALID and b"the differences go past their page" in result.stdout
    assert f"error: offset {at + 8:#x} ".encode() in result.stdout


@pytest.mark.parametrize("data, says", [
    (b"", "the contents of 1 page are missing"),
    (b"\x80" + bytes(remus.PAGE - 1), "the contents of 1 page are missing"),
    (b"\x80" + bytes(remus.PAGE) + b"\0", "more pages than were announced"),
    (b"\x01aaaa\0", "go past their page"),
    (b"\0", ""),
    (b"\x80" + bytes(remus.PAGE), ""),
])
@pytest.mark.parametrize("piped", [False, True])
def test_verify_counts_compressed_pages(piped: bool, data: bytes, says: str, scratch: Path) -> None:
    """It checks what converting a stream would reveal."""
    whole = (
        remus.stream([Memory({1: bytes(remus.PAGE)})], True) + remus.batch({1: b""}, False)
        + struct.pack("<iI", -12, len(data)) + data
        + remus.VCPU_INFO + remus.END_OF_BODY + remus.tail(1)
    )
    (scratch / "in").write_bytes(whole)
    result = xenstream("verify", "-" if piped else scratch / "in", stdin=whole if piped else b"")
    assert (result.rc == INVALID) == bool(says), result
    assert says.encode() in result.stdout and (b"legacy.compressed" in result.stdout) == bool(says)
    assert (xenstream("convert", scratch / "in", scratch / "out").rc == INVALID) == bool(says)


def long_queue(served: int) -> bytes:
    """A state that announces a page 2 Mi times, then `served` times more, each with one served."""
    batches = 2048
    rest = batches * 1024
    batch = struct.pack("<i", 1024) + struct.pack("<I", 1) * 1024
    unchanged_and_one_more = struct.pack("<iIB", -12, 1, 0) + struct.pack("<iI", 1, 1)
    return (
        remus.stream([Memory({1: bytes(remus.PAGE)})], True)
        + batch * batches + unchanged_and_one_more * served
        + struct.pack("<iI", -12, rest) + bytes(rest)
        + remus.VCPU_INFO + remus.END_OF_BODY + remus.tail(1)
    )


def test_a_long_queue_of_pages_is_not_moved_for_each(scratch: Path) -> None:
    source, seconds = scratch / "in", []
    for served in (0, 40000):
        source.write_bytes(long_queue(served))
        begin = time.monotonic()
        assert xenstream("convert", "-q", source, scratch / "out").rc == FINE
        seconds.append(time.monotonic() - begin)
    assert seconds[1] < 10 * seconds[0]


@pytest.mark.parametrize("words", [[], ["--checkpoints", "keep"], ["--checkpoints", "last"]])
@pytest.mark.parametrize("piped", [False, True])
def test_pages_whose_contents_never_come(piped: bool, words: list[str], scratch: Path) -> None:
    """Nothing of a state but its batches says that there should be compressed data."""
    memory = [Memory({pfn: bytes([pfn]) * remus.PAGE for pfn in range(1, 5)})]
    data = (
        remus.stream(memory, True) + remus.batch({2: b"", 3: b""}, False)
        + remus.VCPU_INFO + remus.END_OF_BODY + remus.tail(1)
    )
    (scratch / "in").write_bytes(data)
    source, stdin = ("-", data) if piped else (scratch / "in", b"")
    result = xenstream("convert", *words, source, scratch / "out", stdin=stdin)
    assert result.rc == INVALID and "contents of 2 pages are missing" in result.stderr, result
    first = xenstream("convert", "-q", "--checkpoint", "1", source, "-", stdin=stdin)
    assert first.rc == FINE and contents(first.stdout) == memory[0]
