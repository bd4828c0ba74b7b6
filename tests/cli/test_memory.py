"""Constant memory, whatever the size of the image; endless and hostile streams."""

from __future__ import annotations

import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Iterator

import pytest

from support import image, remus
from support.corpus import REPOSITORY

from .common import (
    FINE,
    INVALID,
    MODERN_HVM,
    MODERN_PV,
    PV,
    TIMEOUT_SECONDS,
    Unpack,
    lines,
    octets,
    program,
    stream,
    xenstream,
)

PEAK = 16 << 20
ADDRESS_SPACE = 48 << 20
SIZE = "256M"
GENERATOR = REPOSITORY / "bench" / "generate.py"
KINDS = ("hvm-legacy", "libxl-pv", "hvm-remus-compressed")


@pytest.fixture(scope="module")
def large() -> Iterator[Callable[[str], Path]]:
    """A function that gives a large image of a kind."""
    if not GENERATOR.exists():
        pytest.skip(f"{GENERATOR} is not there")
    with tempfile.TemporaryDirectory(prefix="xenstream-large-", dir="/var/tmp") as folder:

        def make(kind: str) -> Path:
            path = Path(folder) / kind
            if not path.exists():
                subprocess.run([sys.executable, GENERATOR, kind, SIZE, path], check=True)
            return path

        yield make


# A process inherits the peak of whoever forked it: a small one has to.
PROBE = """
import os, sys
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
os.write(int(sys.argv[1]), b"%d %d" % (os.waitstatus_to_exitcode(status), used.ru_maxrss))
"""


def peak(words: list[str], **streams: int) -> int:
    """The peak resident set of a run that has to succeed, in bytes."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **streams}
    read, write = os.pipe()
    probe = [sys.executable, "-S", "-E", "-c", PROBE, str(write), str(program()), *words]
    process = subprocess.Popen(probe, pass_fds=[write], **quiet)
    os.close(write)
    for name in ("stdin", "stdout"):
        if name in streams:
            os.close(streams[name])
    with os.fdopen(read) as told:
        code, kilobytes = map(int, told.read().split())
    process.wait()
    assert code == FINE
    return kilobytes * 1024


@pytest.mark.parametrize("kind", KINDS)
def test_peak_of_files(kind: str, large: Callable[[str], Path], scratch: Path) -> None:
    path = str(large(kind))
    for words in (["info", path], ["verify", path], ["verify", "--deep", path], ["records", path],
                  ["convert", path, str(scratch / "out")]):  # fmt: skip
        assert peak(words) <= PEAK, words


@pytest.mark.parametrize("kind", KINDS)
def test_peak_of_pipes(kind: str, large: Callable[[str], Path]) -> None:
    for words in (["info", "-"], ["verify", "-"], ["verify", "--tee"], ["verify", "--tee", "--deep"],
                  ["convert", "-", "-"]):  # fmt: skip
        ends = os.pipe(), os.pipe()
        feeder = subprocess.Popen(["cat", large(kind)], stdout=ends[0][1])
        drain = subprocess.Popen(["cat"], stdin=ends[1][0], stdout=subprocess.DEVNULL)
        os.close(ends[0][1])
        os.close(ends[1][0])
        assert peak(words, stdin=ends[0][0], stdout=ends[1][1]) <= PEAK, words
        assert feeder.wait(TIMEOUT_SECONDS) == 0 and drain.wait(TIMEOUT_SECONDS) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_peak_of_directories(kind: str, large: Callable[[str], Path], scratch: Path) -> None:
    path, found = str(large(kind)), str(scratch / "d")
    assert peak(["restore", "--no-config", "--into", found, path]) <= PEAK
    assert peak(["pack", found, str(scratch / "out")]) <= PEAK
    read, write = os.pipe()
    feeder = subprocess.Popen(["cat", path], stdout=write)
    os.close(write)
    words = ["restore", "--no-config", "--into", str(scratch / "other"), "-"]
    assert peak(words, stdin=read) <= PEAK
    assert feeder.wait(TIMEOUT_SECONDS) == 0


@pytest.mark.parametrize("kind", ["libxl-tables", "libxl-tiny"])
def test_peak_of_extremes(kind: str, large: Callable[[str], Path]) -> None:
    """Nothing but page tables; ten million records."""
    for words in (["verify", str(large(kind))], ["verify", "--deep", str(large(kind))]):
        assert peak(words) <= PEAK, words


def test_pack_of_many_keys(unpacked: Unpack, scratch: Path) -> None:
    whole = scratch / "d"
    assert xenstream("restore", "-q", "--into", whole, unpacked(MODERN_HVM)).rc == FINE
    folder = whole / "xenstore" / "physmap"
    folder.mkdir(parents=True)
    names = [b"physmap/%x" % number for number in range(6000)]
    for name in names:
        (folder / (os.fsdecode(name[8:]) + ".value")).write_bytes(b"v" * 3900)
    (whole / "records" / "00090.EMULATOR_XENSTORE_DATA").write_bytes(
        bytes(8) + b"".join(name + b"\0" for name in names))
    assert peak(["pack", "-q", str(whole), str(scratch / "out")]) <= PEAK
    packed = image.decode((scratch / "out").read_bytes()).emulator_xenstore
    assert packed == {(0, 0): [(name, b"v" * 3900) for name in names]}


def test_peak_with_a_million_holes(unpacked: Unpack) -> None:
    """Every record's page frames as JSON, one record after the other."""
    assert peak(["records", "--json", "--all", str(unpacked(MODERN_HVM))]) <= PEAK


def test_sparse_file_of_100_gib(scratch: Path) -> None:
    path = scratch / "sparse"
    path.write_bytes(stream(PV))
    os.truncate(path, 100 << 30)
    for verb in ("info", "verify", "records"):
        assert xenstream(verb, path).rc == FINE
    path.write_bytes(b"")
    os.truncate(path, 100 << 30)
    assert xenstream("info", path).rc == INVALID


def test_announced_and_not_there(scratch: Path) -> None:
    """A run that a sparse file seems to hold is sought over, not read."""
    data = octets(MODERN_PV)
    place = data.index(image.LIBXC_MARKER)
    count = 30000
    body = struct.pack("<II", count, 0) + struct.pack(f"<{count}Q", *range(count))
    path = scratch / "announced"
    head = data[place : place + 56] + struct.pack("<II", 1, len(body) + count * 4096) + body
    path.write_bytes(head)
    os.truncate(path, 1 << 40)
    for verb in ("info", "verify"):  # zeros look like an END record: complete, but out of order
        assert xenstream(verb, path).rc == INVALID
    assert xenstream("records", path).rc in (FINE, INVALID)


# --- endless ---------------------------------------------------------------------------------


def record(kind: int, body: bytes) -> bytes:
    """A libxc record."""
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def libxc(*records: bytes) -> bytes:
    """The beginning of a PV guest's image."""
    head = image.LIBXC_MARKER + struct.pack(">IIHHI", image.LIBXC_IDENT, 3, 0, 0, 0)
    return head + struct.pack("<IHHII", 1, 12, 0, 4, 17) + b"".join(records)

PV_INFO = record(image.X86_PV_INFO, struct.pack("<BBHI", 8, 4, 0, 0))
STATIC = record(image.STATIC_DATA_END, b"")
P2M = record(image.X86_PV_P2M_FRAMES, struct.pack("<IIQ", 0, 511, 1))
HOLES = struct.pack("<II", 4096, 0)
XL_MAGIC = image.XL_MAGIC + struct.pack("<I", image.XL_BYTEORDER)


def holes() -> Iterator[bytes]:
    """Holes all over the guest's address space, without end."""
    pfn = 0
    yield libxc(PV_INFO, STATIC, P2M)
    while True:
        entries = [0xF << 60 | (pfn + i) * 99991 & image.ENTRY_PFN_MASK for i in range(4096)]
        yield record(image.PAGE_DATA, HOLES + struct.pack("<4096Q", *entries))
        pfn += 4096


def endless(head: bytes, again: bytes) -> Callable[[], Iterator[bytes]]:
    """A stream that begins somehow and repeats something."""

    def parts() -> Iterator[bytes]:
        yield head
        while True:
            yield again

    return parts


EMULATOR = struct.pack("<IIII", 2, 0xFFFFFFF0, 2, 0)
LIBXL = image.LIBXL_IDENT + struct.pack(">II", 2, 0) + struct.pack("<II", 1, 0)
STREAMS: dict[str, Callable[[], Iterator[bytes]]] = {
    "holes": holes,
    "verify-records": endless(libxc(PV_INFO, STATIC), record(image.VERIFY, b"") * 1000),
    "optional-records": endless(libxc(PV_INFO, STATIC), record(0x80001234, b"x" * 64) * 100),
    "a-record-of-4-gib": endless(
        libxc(PV_INFO, STATIC) + struct.pack("<II", 0x80000001, 0xFFFFFFF0), bytes(65536)
    ),
    "a-policy-of-120-mb": endless(
        libxc(PV_INFO) + struct.pack("<II", image.X86_CPUID_POLICY, 24 * 5000000),
        struct.pack("<6I", 1, 0, 1, 2, 3, 4) * 2000,
    ),
    "a-config-of-4-gib": endless(
        XL_MAGIC + struct.pack("<IIII", 3, 0, 0xFFFFFFFF, 0xFFFFFFF0), b"a = 1\n" * 10000
    ),
    "vcpus": endless(
        libxc(PV_INFO, STATIC, P2M),
        record(image.X86_PV_VCPU_BASIC, bytes(8 + 0x1430)) * 10,
    ),
    "xenstore": endless(
        LIBXL + libxc(PV_INFO, STATIC, P2M, record(image.END, b"")) + EMULATOR, b"k\0v\0" * 10000
    ),
    "legacy-batches": endless(
        struct.pack("<Q", 0x100000),
        struct.pack("<i", 1024) + struct.pack("<1024Q", *[0xF0000000] * 1024),
    ),
    "legacy-toolstack": endless(
        struct.pack("<Q", 0x100000) + struct.pack("<iI", -18, 0xFFFFFFF0), bytes(65536)
    ),
    "zeros": endless(b"", bytes(65536)),
}
ENOUGH = 3 << 20
VERBS = (["info", "-"], ["verify", "-"], ["records", "-"], ["records", "--json", "-"],
         ["convert", "-", "-"])  # fmt: skip


def limit() -> None:
    """In the child: little memory."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
@pytest.mark.parametrize("name", STREAMS)
def test_endless(name: str, words: list[str]) -> None:
    """Fed until it has had enough: it ends with exit code 2, or still lives and is let down."""
    with subprocess.Popen([program(), *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, preexec_fn=limit, bufsize=0) as process:  # fmt: skip
        assert process.stdin is not None
        fed = 0
        try:
            for part in STREAMS[name]():
                process.stdin.write(part)
                fed += len(part)
                if fed >= ENOUGH:
                    break
            process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            assert process.wait(TIMEOUT_SECONDS) == INVALID
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)


# --- little that would be much work ------------------------------------------------------------


STATE = record(image.CHECKPOINT, b"") + struct.pack("<II", image.LIBXL_CHECKPOINT_END, 0)


def states(*records: bytes) -> bytes:
    """A checkpointed stream of a PV guest."""
    image_of_it = libxc(PV_INFO, STATIC, *records, record(image.END, b""))
    return LIBXL + image_of_it + struct.pack("<II", 0, 0)


def page_data(entries: list[int], contents: bytes = b"") -> bytes:
    """A PAGE_DATA record."""
    head = struct.pack(f"<II{len(entries)}Q", len(entries), 0, *entries)
    return record(image.PAGE_DATA, head + contents)


def p2m_frames(frames: list[int]) -> bytes:
    """An X86_PV_P2M_FRAMES record."""
    head = struct.pack("<II", 0, 512 * len(frames) - 1)
    return record(image.X86_PV_P2M_FRAMES, head + struct.pack(f"<{len(frames)}Q", *frames))


def test_states_without_news(scratch: Path) -> None:
    """Pfns far apart, and very many states: no state makes the program visit all pfns again."""
    places = [place * 7919 % 16384 << 15 for place in range(16384)]
    entries = struct.pack("<16384Q", *(place << 12 | 1 for place in places))
    tables = page_data([1 << 60 | 10 + number for number in range(32)], entries)
    path = scratch / "states"
    path.write_bytes(states(p2m_frames(places), tables, STATE * 2000))
    result = xenstream("verify", "--deep", "--max-findings", "9", path)
    assert result.rc == INVALID, result


def test_states_with_news(scratch: Path) -> None:
    """A missing page is reported for each state until it is there, and when it is lost again."""
    pages = page_data([0, 1 << 60 | 7], bytes(4096) + struct.pack("<Q", 100 << 12 | 1) + bytes(4088))
    here, gone = page_data([100], bytes(4096)), page_data([0xF << 60 | 100])
    path = scratch / "states"
    path.write_bytes(states(p2m_frames([100]), pages, STATE, STATE, here, STATE, STATE, gone, STATE))
    found = lines(xenstream("verify", "--deep", "--json", path))
    for rule in ("libxc.p2m-frame", "libxc.page-table"):
        assert len([one for one in found if one.get("rule") == rule]) == 3, found


@pytest.mark.parametrize("places", [2047, 2048])
def test_differences_far_apart(places: int, scratch: Path) -> None:
    """A pfn in each of many places of a guest of 1 TiB: memory as for one of 256 GiB, and no more."""
    first = remus.batch({5: bytes(4096)}, True) + remus.VCPU_INFO + remus.ENABLE_COMPRESSION
    broken = [13 << 28 | place << 15 for place in range(1, places + 1)]
    batches = b"".join(
        struct.pack(f"<i{len(part)}I", len(part), *part)
        for part in (broken[at : at + 1024] for at in range(0, places, 1024)))
    path = scratch / "far"
    path.write_bytes(struct.pack("<I", 1 << 28) + first + remus.END_OF_BODY + remus.tail(1) + batches
                     + remus.VCPU_INFO + remus.END_OF_BODY + remus.tail(2))
    words = ["convert", "-q", str(path), str(scratch / "out")]
    if places < 2048:
        assert peak(words) <= 64 << 20
    else:
        result = xenstream(*words)
        assert result.rc == INVALID and "2048 places" in result.stderr
