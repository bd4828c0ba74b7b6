"""Compressed input in every verb, compressed output of convert."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from support import image, remus
from support.corpus import RANDOM_AREAS

from .common import (
    FINE,
    INVALID,
    IO,
    MODERN_PV,
    PV,
    TIMEOUT_SECONDS,
    USAGE,
    document,
    lines,
    listing,
    octets,
    program,
    run,
    start,
    stream,
    wait_for,
    xenstream,
)
from .test_output import OLD, root, tmpfs  # noqa: F401

FORMATS = ("gzip", "zstd", "xz", "lz4", "bzip2")
WRITTEN = ("zstd", "gzip", "xz", "lz4")
VERBS = (["info"], ["records"], ["verify"])
STATUS = Path("/proc")
SMALL_BLOCKS = {"lz4": ["-B4"], "bzip2": ["-1"]}
RANDOM_STATES = [{pfn: random.Random(pfn + 99 * state).randbytes(remus.PAGE) for pfn in range(1, 60)}
                 for state in range(3)]


def pack(how: str, data: bytes, *words: str) -> bytes:
    """Compresses with the real tool."""
    if shutil.which(how) is None:
        pytest.skip(f"no {how}")
    return subprocess.run([how, "-qc", *words], input=data, stdout=subprocess.PIPE, check=True).stdout


def unpack(how: str, data: bytes) -> bytes:
    """Decompresses with the real tool."""
    if shutil.which(how) is None:
        pytest.skip(f"no {how}")
    return subprocess.run([how, "-dqc"], input=data, stdout=subprocess.PIPE, check=True).stdout


@pytest.fixture(scope="module")
def packed() -> Callable[[str], bytes]:
    """A function that gives a legacy stream compressed in some way."""
    have: dict[str, bytes] = {}

    def give(how: str) -> bytes:
        if how not in have:
            have[how] = pack(how, stream(PV))
        return have[how]

    return give


@pytest.fixture(scope="module")
def converted() -> bytes:
    """The result of converting the uncompressed stream."""
    return xenstream("convert", "-", "-", stdin=stream(PV)).stdout


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(word) for word in (STATUS / f"{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    """Whether a process has ended; an orphan may be reaped late."""
    try:
        return "State:\tZ" in (STATUS / f"{pid}/status").read_text()
    except OSError:
        return True


# --- input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", FORMATS)
@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_same_as_uncompressed(
    words: list[str], how: str, packed: Callable[[str], bytes], scratch: Path
) -> None:
    path = scratch / "image"
    path.write_bytes(packed(how))
    want = xenstream(*words, "-", stdin=stream(PV))
    for got in (
        xenstream(*words, path),
        xenstream(*words, "-", stdin=packed(how)),
        xenstream(*words, "-", stdin=path.open("rb")),
    ):
        assert got.rc == want.rc
        told, expected = got.stdout.decode(), want.stdout.decode()
        if words == ["info"]:
            told, expected = told.split("\n", 1)[1], expected.split("\n", 1)[1]
        else:
            told = told.replace(str(path), "(standard input)")
        assert told.replace(f"{how}-compressed: ", "") == expected


@pytest.mark.parametrize("how", FORMATS)
def test_convert(how: str, packed: Callable[[str], bytes], converted: bytes, scratch: Path) -> None:
    path, out = scratch / "image", scratch / "out"
    path.write_bytes(packed(how))
    path.chmod(0o640)
    assert xenstream("convert", path, out, umask=0).rc == FINE
    assert out.read_bytes() == converted and out.stat().st_mode & 0o777 == 0o640
    assert xenstream("convert", "-", "-", stdin=packed(how)).stdout == converted
    assert xenstream("convert", path, path).rc == FINE
    assert path.read_bytes() == converted


def test_info_tells_the_compression(packed: Callable[[str], bytes], scratch: Path) -> None:
    path = scratch / "image"
    path.write_bytes(packed("zstd"))
    words = xenstream("info", path).stdout.decode()
    assert "\nFormat      zstd-compressed: " in words
    told = document(xenstream("info", "--json", path))
    assert told["compression"] == "zstd" and told["size"] == len(packed("zstd"))
    path.write_bytes(stream(PV))
    assert "compression" not in document(xenstream("info", "--json", path))


@pytest.mark.parametrize("how", FORMATS)
def test_socket(how: str, packed: Callable[[str], bytes], converted: bytes) -> None:
    ours, theirs = socket.socketpair()
    process = start("convert", "-", "-", stdin=theirs)
    theirs.close()
    pid = os.fork()
    if pid == 0:
        ours.sendall(packed(how))
        os._exit(0)
    ours.close()
    out, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    os.waitpid(pid, 0)
    assert process.returncode == FINE and out == converted


def test_pipe_that_brings_octet_by_octet(packed: Callable[[str], bytes]) -> None:
    process = start("verify", "-", bufsize=0)
    assert process.stdin is not None
    for octet in packed("xz")[:8]:
        process.stdin.write(bytes([octet]))
        wait_for(lambda: True)
    process.stdin.write(packed("xz")[8:])
    out, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == FINE and b"valid" in out


def test_pipe_that_begins_like_compression_and_ends() -> None:
    for start_of in (b"\x1f", b"\x28\xb5", b"BZ", b"\xfd7zXZ", b""):
        result = xenstream("verify", "-", stdin=start_of)
        assert result.rc == INVALID and b"[input.truncated]" in result.stdout


def test_number_of_page_frames_that_looks_like_gzip() -> None:
    for after in (b"\xff\xff\xff\xff", b"\0\4\0\0"):
        result = xenstream("verify", "-", stdin=b"\x1f\x8b\x08\0\0\0\0\0" + after + bytes(100))
        assert "damaged" not in result.stderr


def test_uncompressed_pipe_is_read_to_the_streams_end_only() -> None:
    read, write = os.pipe()
    data = octets(MODERN_PV)
    pid = os.fork()
    if pid == 0:
        os.close(read)
        with os.fdopen(write, "wb") as end:
            end.write(data + b"after")
        os._exit(0)
    os.close(write)
    assert xenstream("verify", "-", stdin=read).rc == FINE
    assert os.read(read, 100) == b"after"
    os.close(read)
    os.waitpid(pid, 0)


def test_one_compression_in_another(packed: Callable[[str], bytes], converted: bytes) -> None:
    for outer in ("gzip", "zstd"):
        for inner in ("gzip", "lz4"):
            twice = pack(outer, packed(inner))
            assert xenstream("convert", "-", "-", stdin=twice).stdout == converted
    result = xenstream("verify", "-", stdin=pack("gzip", pack("zstd", packed("gzip"))))
    assert result.rc == INVALID and b"a gzip file" in result.stdout


def test_several_members(packed: Callable[[str], bytes]) -> None:
    for how in ("gzip", "zstd", "xz", "bzip2"):
        both = pack(how, stream(PV)[:300000]) + pack(how, stream(PV)[300000:])
        assert xenstream("verify", "-", stdin=both).rc == FINE
    assert xenstream("verify", "-", stdin=packed("gzip") + bytes(512)).rc == FINE


def test_offset_of_standard_input_counts(packed: Callable[[str], bytes], scratch: Path) -> None:
    path = scratch / "image"
    path.write_bytes(b"header!!" + packed("zstd"))
    with path.open("rb") as file:
        os.lseek(file.fileno(), 8, os.SEEK_SET)
        assert xenstream("verify", "-", stdin=file).rc == FINE


def test_several_files(packed: Callable[[str], bytes], scratch: Path) -> None:
    names = [scratch / how for how in FORMATS]
    for path in names:
        path.write_bytes(packed(path.name))
    (scratch / "xz").write_bytes(packed("xz")[:-20])
    result = xenstream("verify", *names)
    assert result.rc == INVALID and result.stdout.count(b": valid") == len(FORMATS) - 1
    assert f"xenstream: {scratch}/xz: damaged xz data: " in result.stderr


def test_empty_compressed_file() -> None:
    for how in FORMATS:
        result = xenstream("verify", "-", stdin=pack(how, b""))
        assert result.rc == INVALID and b"[input.truncated]" in result.stdout


@pytest.mark.parametrize("name", ["verify-stream-v2", "convert-legacy-stream"])
def test_dropins_do_not_decompress(name: str, packed: Callable[[str], bytes], scratch: Path) -> None:
    path = scratch / "image"
    path.write_bytes(packed("gzip"))
    extra = ["--out", str(scratch / "out")] if name.startswith("convert") else []
    result = run([program(name), "--in", str(path), *extra])
    assert result.rc != FINE


# --- damage -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", FORMATS)
def test_truncated(how: str, packed: Callable[[str], bytes], scratch: Path) -> None:
    data = packed(how)
    path, out = scratch / "image", scratch / "out"
    for size in (12, 100, len(data) // 2, len(data) - 9, len(data) - 1):
        path.write_bytes(data[:size])
        says = f"xenstream: {path}: damaged {how} data: "
        for words in (["info", path], ["records", path], ["verify", path], ["convert", path, out]):
            result = xenstream(*words)
            assert result.rc == INVALID, (size, words)
            assert result.stderr.startswith(says) and len(result.stderr.splitlines()) == 1
        assert xenstream("verify", path).stdout == b""
        assert listing(scratch) == ["image"]


@pytest.mark.parametrize("how", FORMATS)
def test_flipped(how: str, packed: Callable[[str], bytes], scratch: Path) -> None:
    path, out = scratch / "image", scratch / "out"
    choose = random.Random(how)
    out.write_bytes(OLD)
    for _ in range(12):
        data = bytearray(packed(how))
        data[choose.randrange(20, len(data))] ^= 1 << choose.randrange(8)
        try:
            if unpack(how, bytes(data)) == stream(PV):  # in a distance between equal bytes
                continue
        except subprocess.CalledProcessError:
            pass
        path.write_bytes(data)
        result = xenstream("convert", path, out)
        assert result.rc == INVALID and len(result.stderr.splitlines()) == 1
        assert f"{path}: damaged {how} data: " in result.stderr
        assert out.read_bytes() == OLD and listing(scratch) == ["image", "out"]
        assert xenstream("verify", path).rc == INVALID


def test_only_looks_compressed(scratch: Path) -> None:
    path = scratch / "image"
    for how, magic in (("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\3"), ("zstd", b"\x28\xb5\x2f\xfd\4"), ("xz", b"\xfd7zXZ\0"),
                       ("lz4", b"\x04\x22\x4d\x18"), ("bzip2", b"BZh9")):  # fmt: skip
        path.write_bytes(magic + bytes(range(1, 255)) * 8)
        for words in (["info"], ["records"], ["verify"], ["convert", "-q"]):
            result = xenstream(*words, path, *[scratch / "out"] * (words[0] == "convert"))
            assert result.rc == INVALID and result.stdout == b""
            assert f"xenstream: {path}: damaged {how} data: " in result.stderr, (how, words)
    assert listing(scratch) == ["image"]


def test_damage_in_json(packed: Callable[[str], bytes]) -> None:
    data = packed("gzip")[:-8] + bytes(8)
    told = document(xenstream("info", "--json", "-", stdin=data))
    assert told["verdict"]["errors"] == 1
    assert told["verdict"]["damage"]["text"].startswith("damaged gzip data: ")
    assert lines(xenstream("verify", "--json", "-", stdin=data)) == []


def test_read_error_is_no_damage(packed: Callable[[str], bytes]) -> None:
    """The other end of a socket resets the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    process = start("verify", "-", stdin=theirs)
    theirs.close()
    listener.close()
    ours.sendall(packed("gzip")[:5000])
    wait_for(lambda: len(children(process.pid)) == 1)
    ours.close()
    _, words = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == IO and b"decompressing gzip: Connection reset" in words


# --- bombs and memory -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """10 GiB of zeros."""
    gib = subprocess.run("head -c 1G /dev/zero | zstd -qc -1", shell=True, capture_output=True, check=True)
    return gib.stdout * 10


@pytest.mark.parametrize("words", [["info", "-"], ["verify", "-"], ["records", "-"], ["convert", "-", "-"]],
                         ids=" ".join)  # fmt: skip
def test_bomb(words: list[str], bomb: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    result = xenstream(*words, stdin=bomb)
    assert result.rc == INVALID and "not a saved" in result.stderr + result.stdout.decode()
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 2


def test_bomb_inside_a_record(bomb: bytes, scratch: Path) -> None:
    head = octets(MODERN_PV)[:5000]
    out = scratch / "out"
    result = xenstream("convert", "-", out, stdin=pack("zstd", head) + bomb)
    assert result.rc == INVALID and listing(scratch) == []


def peak_of_all(words: list[str], stdin: bytes) -> int:
    """The largest resident set of a run and its children, in bytes."""
    code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)")  # fmt: skip
    done = subprocess.run(["/usr/bin/python3", "-SEc", code, program(), *words], input=stdin,
                          stderr=subprocess.PIPE, check=True)  # fmt: skip
    return int(done.stderr.split()[-1]) * 1024


def test_memory(packed: Callable[[str], bytes]) -> None:
    for how in FORMATS:
        assert peak_of_all(["convert", "-q", "-", "-"], packed(how)) <= 64 << 20
    for how in ("zstd", "gzip", "lz4"):
        assert peak_of_all(["convert", "-q", "--compress", how, "-", "-"], stream(PV)) <= 64 << 20


# --- output -----------------------------------------------------------------------------------


LEVELS = [*WRITTEN, "zstd:1", "zstd:19", "gzip:1", "gzip:9", "xz:0", "xz:9", "lz4:1", "lz4:9"]


@pytest.mark.parametrize("what", LEVELS)
def test_compressed_output(what: str, converted: bytes, scratch: Path) -> None:
    how, out = what.split(":")[0], scratch / "out"
    result = xenstream("convert", "--compress", what, "-", out, stdin=stream(PV))
    assert result.rc == FINE and len(result.stderr.splitlines()) == 1
    assert unpack(how, out.read_bytes()) == converted
    again = xenstream("convert", "--compress", what, "-", "-", stdin=stream(PV))
    assert again.rc == FINE and again.stdout == out.read_bytes(), "the same input, the same output"
    assert xenstream("verify", *RANDOM_AREAS, out).rc == FINE
    assert listing(scratch) == ["out"]


@pytest.mark.parametrize("what", ["", "bzip2", "zip", "none", "zst", "zstd:", "zstd:0", "zstd:23", "zstd:x",
                                  "zstd:3x", "zstd: 3", "zstd:-1", "gzip:10", "xz:10", "lz4:0", "lz4:99",
                                  "gzip:99999999999999999999"])  # fmt: skip
def test_wrong_compression(what: str) -> None:
    result = xenstream("convert", "--compress", what, "/nonexistent", "/nonexistent/out")
    assert result.rc == USAGE and f"--compress {what}: not zstd, gzip, xz or lz4" in result.stderr


def test_pipeline(converted: bytes) -> None:
    pipeline = '"$0" convert -q --compress zstd - - | zstd -dc | "$0" verify "$@" -'
    result = run(["sh", "-c", pipeline, program(), *RANDOM_AREAS], stdin=stream(PV))
    assert result.rc == FINE and b"valid" in result.stdout
    pipeline = '"$0" convert -q -z gzip - - | "$0" convert -q -z xz - - | "$0" convert -q - -'
    assert run(["sh", "-c", pipeline, program()], stdin=stream(PV)).stdout == converted


def test_compressed_output_replaces_and_keeps_its_mode(scratch: Path) -> None:
    out = scratch / "out"
    out.write_bytes(OLD)
    out.chmod(0o604)
    assert xenstream("convert", "-z", "gzip", "-", out, stdin=stream(PV)).rc == FINE
    assert out.read_bytes()[:2] == b"\x1f\x8b" and out.stat().st_mode & 0o777 == 0o604


def test_damaged_input_leaves_no_compressed_output(packed: Callable[[str], bytes], scratch: Path) -> None:
    for data in (stream(PV)[:500000], packed("zstd")[:9000]):
        result = xenstream("convert", "-z", "zstd", "-", scratch / "out", stdin=data)
        assert result.rc == INVALID and len(result.stderr.splitlines()) == 1
        assert listing(scratch) == []
        result = xenstream("convert", "-z", "zstd", "-", "-", stdin=data)
        assert result.rc == INVALID
        with pytest.raises(subprocess.CalledProcessError):  # it does not look complete
            unpack("zstd", result.stdout)


@pytest.mark.parametrize("how", FORMATS)
def test_salvage_of_a_part(how: str, scratch: Path) -> None:
    """A part of the compressed data is salvaged like an image of that size."""
    states, source = remus.stream(RANDOM_STATES, False), scratch / "in"
    data = pack(how, states, *SMALL_BLOCKS.get(how, ()))
    source.write_bytes(data[: len(data) * 5 // 6])
    for verb in ("convert", "salvage"):
        result = xenstream(verb, source, scratch / "out")
        assert f"damaged {how} data" in result.stderr, result
        assert (result.rc == FINE) == (verb == "salvage"), result
    assert "number 2 of 2" in result.stderr
    source.write_bytes(states)
    wanted = xenstream("convert", "-q", "--checkpoints", "last", "--checkpoint", "2", source, "-")
    written = xenstream("convert", "-q", scratch / "out", "-").stdout
    assert image.decode(written).memory == image.decode(wanted.stdout).memory


def test_salvage_wants_no_damage(scratch: Path) -> None:
    """Pages before the damage can't be trusted, and a part may be too short."""
    data = bytearray(pack("gzip", stream(PV)))
    (scratch / "little").write_bytes(data[: len(data) // 2])
    data[-8] ^= 1
    (scratch / "damaged").write_bytes(data)
    for name in ("little", "damaged"):
        result = xenstream("salvage", scratch / name, scratch / "out")
        assert result.rc == INVALID and "damaged gzip data" in result.stderr
    assert listing(scratch) == ["damaged", "little"]


def noise() -> bytes:
    """An image that can't be compressed much."""
    data = bytearray(octets(MODERN_PV))
    data[1 << 20 : 2 << 20] = random.Random(1).randbytes(1 << 20)
    return bytes(data)


def test_disk_full(root: None, scratch: Path) -> None:  # noqa: F811
    with tmpfs(scratch, "512k"):
        data, out = noise(), scratch / "out"
        out.write_bytes(OLD)
        for target in (out, scratch / "new"):
            result = xenstream("convert", "-z", "lz4", "-", target, stdin=data)
            assert result.rc == IO
            assert result.stderr == f"xenstream: {target}: no space left on the device\n"
            assert listing(scratch) == ["out"] and out.read_bytes() == OLD


def test_full_device_and_reader_that_has_gone() -> None:
    with open("/dev/full", "wb") as full:
        result = xenstream("convert", "-z", "gzip", "-", "-", stdin=stream(PV), stdout=full)
    assert result.rc == IO and "no space left on the device" in result.stderr
    read, write = os.pipe()
    os.close(read)
    result = xenstream("convert", "-z", "gzip", "-", "-", stdin=stream(PV), stdout=write)
    os.close(write)
    assert result.rc == IO and "the program reading the output has exited" in result.stderr
    assert len(result.stderr.splitlines()) == 1


# --- processes --------------------------------------------------------------------------------


def begun(packed_input: bytes, *words: str) -> subprocess.Popen[bytes]:
    """A run that has its children and waits for more input."""
    process = start(*words, bufsize=0)
    assert process.stdin is not None
    process.stdin.write(packed_input)
    wait_for(lambda: len(children(process.pid)) > 0)
    return process


def test_decompressor_killed(packed: Callable[[str], bytes], scratch: Path) -> None:
    out = scratch / "out"
    for words in (["verify", "-"], ["convert", "-", str(out)]):
        process = begun(packed("gzip")[:10000], *words)
        os.kill(children(process.pid)[0], signal.SIGKILL)
        told, says = process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.returncode == IO and told == b""
        assert says == b"xenstream: (standard input): the gzip decompressor was killed (signal 9)\n"
    assert listing(scratch) == []


def test_no_descriptors_left(packed: Callable[[str], bytes], scratch: Path) -> None:
    """A child that can't start was not killed, and says why."""
    (scratch / "in").write_bytes(packed("gzip"))
    failed = 0
    for limit in range(8, 16):
        result = xenstream("verify", scratch / "in", preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (limit, limit)))
        failed += result.rc != FINE
        assert result.rc == FINE or "Too many open files" in result.stderr, f"{limit}: {result}"
    assert 0 < failed < 8


def test_output_that_fails_waits_for_no_input(packed: Callable[[str], bytes], scratch: Path) -> None:
    process = start("convert", "-", str(scratch / "no" / "out"), bufsize=0)
    assert process.stdin is not None
    process.stdin.write(packed("gzip")[:100])
    assert process.wait(TIMEOUT_SECONDS) == IO
    process.communicate()


def test_compressor_killed(scratch: Path) -> None:
    out = scratch / "out"
    process = begun(stream(PV)[:500000], "convert", "-z", "zstd", "-", str(out))
    os.kill(children(process.pid)[0], signal.SIGKILL)
    assert process.stdin is not None
    _, says = process.communicate(stream(PV)[500000:], timeout=TIMEOUT_SECONDS)
    assert process.returncode == IO and listing(scratch) == []
    assert says.decode() == f"xenstream: {out}: the zstd compressor was killed (signal 9)\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_children_die_with_the_command(
    number: signal.Signals, packed: Callable[[str], bytes], scratch: Path
) -> None:
    process = begun(packed("gzip")[:10000], "convert", "-z", "zstd", "-", str(scratch / "out"))
    wait_for(lambda: len(children(process.pid)) == 2)
    them = children(process.pid)
    process.send_signal(number)
    assert process.wait(TIMEOUT_SECONDS) == -number
    wait_for(lambda: all(gone(pid) for pid in them))
    process.communicate()
    assert listing(scratch) == []


def test_children_keep_nothing_open(packed: Callable[[str], bytes], scratch: Path) -> None:
    secret = os.open("/dev/null", os.O_RDONLY)
    process = begun(packed("gzip")[:10000], "convert", "-z", "zstd", "-", str(scratch / "out"))
    wait_for(lambda: len(children(process.pid)) == 2)
    os.close(secret)
    for pid in children(process.pid):
        wait_for(lambda: set(os.listdir(f"/proc/{pid}/fd")) == {"0", "1", "2", "3"})
    process.kill()
    process.communicate()


def test_asking_for_progress_does_not_kill_them(packed: Callable[[str], bytes]) -> None:
    for _ in range(40):  # at once, however young the child is
        process = begun(packed("gzip")[:10000], "verify", "-")
        os.kill(children(process.pid)[0], signal.SIGUSR1)
        out, _ = process.communicate(packed("gzip")[10000:], timeout=TIMEOUT_SECONDS)
        assert process.returncode == FINE and b"valid" in out
