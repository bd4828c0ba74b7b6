"""The command as Xen's convert-legacy-stream: options, descriptors, exit codes, like the script's."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Sequence

import pytest

from support import image, truth, xenref
from support.command import Result
from support.corpus import Case
from support.truth import Form

from .common import (
    HVM,
    HVM_RAW,
    MODERN_PV,
    PV,
    PV32,
    REMUS,
    Unpack,
    Word,
    cases,
    listing,
    program,
    run,
    stream,
)

FINE = 0
STREAM = 1
TROUBLE = 2
NAME = "convert-legacy-stream"
PLAIN_REMUS = next(case for case in cases() if case.name == "pv64-ts64-remus")
HVM_BARE = next(case for case in cases() if case.name == "hvm-ts64-noname")
REQUIRED = ("--in", "--out", "--width", "--guest-type")


def ours(*words: Word, **more: object) -> Result:
    """Runs the drop-in."""
    return run([program(NAME), *words], **more)  # type: ignore[arg-type]


def theirs(*words: Word, **more: object) -> Result:
    """Runs Xen's script, without the faults that it has under Python 3."""
    return run([sys.executable, xenref.WRAPPER, "convert", *words], **more)  # type: ignore[arg-type]


def hints(case: Case) -> list[str]:
    """The right options of a stream."""
    args = case.description()["converter_args"]
    return ["-w", str(args["width"]), "-g", args["guest_type"]] + ["-x"] * args["xl"]


def test_help_and_version() -> None:
    for option in ("--help", "-h"):
        result = ours(option)
        assert result.rc == FINE and result.stderr == ""
        assert result.stdout.startswith(b"Usage: convert-legacy-stream ")
        for name in (*REQUIRED, "--format", "--verbose", "--xl", "--skip-qemu", "--syslog"):
            assert name.encode() in result.stdout
    assert ours("--version").rc == FINE


WRONG = [
    ([], STREAM), (["-i", "x"], STREAM), (["-i", "x", "-o", "y", "-w", "64"], STREAM),
    (["-v"], STREAM), (["extra"], STREAM),
    (["--bogus"], TROUBLE), (["-z"], TROUBLE), (["--s"], TROUBLE), (["--v"], TROUBLE),
    (["-w", "48"], TROUBLE), (["--width=16"], TROUBLE), (["--wid", "x"], TROUBLE),
    (["-g", "PV"], TROUBLE), (["--guest", "pvh"], TROUBLE), (["-f", "xl"], TROUBLE),
    (["-i"], TROUBLE), (["--in"], TROUBLE), (["--xl=yes"], TROUBLE), (["-w64x"], TROUBLE),
    (["-i", "/nonexistent", "-o", "/dev/null", "-w", "64", "-g", "pv"], STREAM),
    (["-i", "77", "-o", "/dev/null", "-w", "64", "-g", "pv"], STREAM),
    (["-i", "/dev/null", "-o", "/nonexistent/x", "-w", "64", "-g", "pv"], STREAM),
    (["-i", "/dev/null", "-o", "/dev/null", "-w", "64", "-g", "pv"], STREAM),
    (["-i", "/dev/zero", "-o", "/dev/null", "-w", "64", "-g", "pv"], STREAM),
]  # fmt: skip


@pytest.mark.parametrize("words, code", WRONG, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_wrong_use(words: list[str], code: int) -> None:
    result = ours(*words)
    assert result.rc == code, str(result)
    assert result.stdout == b"" and result.stderr != ""
    if code == STREAM and "-o" not in words[-2:] and "-g" not in words:
        assert result.stderr == ours("--help").stdout.decode(), "what is missing: the help, on stderr"


@pytest.mark.parametrize("words, code", WRONG, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_wrong_use_like_xen(xen: None, words: list[str], code: int) -> None:
    assert theirs(*words).rc == code


@pytest.mark.parametrize("words", [
    ["-i", "{in}", "-o", "{out}", "-w", "64", "-g", "pv"],
    ["-i{in}", "-o{out}", "-w64", "-gpv", "-flibxc"],
    ["--in={in}", "--out={out}", "--width=64", "--guest-type=pv", "--format=libxc"],
    ["--i", "{in}", "--o", "{out}", "--wid", "64", "--guest", "pv", "--for", "libxc"],
    ["ignored", "--in", "{in}", "--out", "{out}", "-w", "32", "-w", "64", "-g", "pv", "-vf", "libxc"],
])  # fmt: skip
def test_ways_to_say_it(words: list[str], unpacked: Unpack, scratch: Path) -> None:
    out = scratch / "out"
    result = ours(*[word.replace("{in}", str(unpacked(PV.stream))).replace("{out}", str(out))
                    for word in words])  # fmt: skip
    assert result.rc == FINE and result.stderr == ""
    assert out.read_bytes().startswith(image.LIBXC_MARKER), "libxc is the default"


def call(case: Case, *options: str, source: Word, target: Word, **more: object) -> Result:
    """The drop-in with a stream's right options."""
    return ours("-i", source, "-o", target, *hints(case), *options, **more)


@pytest.mark.parametrize("case", [PV, PV32, HVM, HVM_BARE], ids=lambda c: c.name)
@pytest.mark.parametrize("form", ["libxc", "libxl"])
def test_verbose_goes_to_stdout_and_is_off(
    case: Case, form: str, unpacked: Unpack, scratch: Path
) -> None:
    source = unpacked(case.stream)
    quiet = call(case, "-f", form, source=source, target=scratch / "quiet")
    loud = call(case, "-f", form, "-v", source=source, target=scratch / "loud")
    assert (quiet.rc, quiet.stdout) == (FINE, b"")
    assert loud.rc == FINE and loud.stderr == quiet.stderr
    lost = ["physmap are left out"] if case.description().get("physmap") and form == "libxc" else []
    said = quiet.stderr.splitlines()
    assert len(said) == len(lost) and all(line.startswith("Remark: offset ") for line in said)
    assert b"page batch" in loud.stdout and b"TSC_INFO" in loud.stdout
    assert (scratch / "quiet").read_bytes() == (scratch / "loud").read_bytes()


def test_errors_go_to_stderr_and_leave_no_file(scratch: Path) -> None:
    source, out = scratch / "in", scratch / "out"
    source.write_bytes(stream(PV)[:300000])
    result = call(PV, source=source, target=out)
    assert result.rc == STREAM and result.stdout == b""
    assert result.stderr.startswith("Stream Error: offset ") and "PAGE_BATCH" in result.stderr
    assert listing(scratch) == ["in"]


@pytest.mark.parametrize("data, code", [
    (stream(PV)[:300000], STREAM), (b"", STREAM), (stream(PV)[:3], STREAM), (bytes(4096), STREAM),
], ids=["cut", "empty", "three", "zeros"])  # fmt: skip
def test_damage_like_xen(xen: None, data: bytes, code: int, scratch: Path) -> None:
    source = scratch / "in"
    source.write_bytes(data)
    words = ("-i", source, "-o", scratch / "out", "-w", "64", "-g", "pv")
    assert ours(*words).rc == theirs(*words).rc == code


def test_not_a_legacy_stream(unpacked: Unpack, scratch: Path) -> None:
    result = call(HVM, "-f", "libxl", source=unpacked(MODERN_PV), target=scratch / "out")
    assert result.rc in (STREAM, TROUBLE) and "in one of today's formats" in result.stderr
    assert listing(scratch) == []


# --- descriptors -----------------------------------------------------------------------------


def test_descriptors_that_are_inherited(unpacked: Unpack, scratch: Path) -> None:
    want = scratch / "want"
    assert call(PV, source=unpacked(PV.stream), target=want).rc == FINE
    with open(unpacked(PV.stream), "rb") as source, open(scratch / "out", "wb") as target:
        fds = (source.fileno(), target.fileno())
        result = call(PV, source=str(fds[0]), target=str(fds[1]), pass_fds=fds)
        assert result.rc == FINE
        assert os.lseek(fds[0], 0, os.SEEK_CUR) == len(stream(PV))
    assert (scratch / "out").read_bytes() == want.read_bytes()


def piped(case: Case, words: Sequence[str], source: int) -> tuple[bytes, str, int]:
    """As libxl calls it: an inherited descriptor in, a pipe out. Output, words and exit code."""
    read, write = os.pipe()
    process = subprocess.Popen(
        [program(NAME), "--in", str(source), "--out", str(write), *words],
        pass_fds=[source, write], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    out, err = process.communicate()
    assert out == b"", case.name
    return data, err.decode(), process.returncode


@pytest.mark.parametrize("wrong", [False, True], ids=["right", "wrong hints"])
@pytest.mark.parametrize("case", [HVM, next(c for c in cases() if c.name == "pv32-ts64-xltext")],
                         ids=lambda c: c.name)  # fmt: skip
def test_as_libxl_calls_it(case: Case, wrong: bool, scratch: Path) -> None:
    """xl has read its header from the file; libxl hands over the rest."""
    header = image.xl_header(stream(case)).size
    path = scratch / "file"
    path.write_bytes(stream(case) + b"after")
    guest = case.description()["guest_type"]
    if wrong:
        guest = "pv" if guest == "hvm" else "hvm"
    words = ["--width", "32" if wrong else "64", "--guest", guest, "--format", "libxl"]
    with open(path, "rb") as file:
        fd = file.fileno()
        os.lseek(fd, header, os.SEEK_SET)
        data, said, code = piped(case, words, fd)
        assert os.lseek(fd, 0, os.SEEK_CUR) == len(stream(case)), "exactly what was consumed"
    assert code == FINE
    assert said.count("Remark: ") == (2 if wrong else 0)
    assert ("64-bit toolstack" in said) == wrong
    assert truth.compare(image.decode(data), truth.load(case), Form.LIBXL, 3) == []


def pipe_in(case: Case, data: bytes, *words: str) -> tuple[Result, bytes]:
    """Converts from a pipe that holds `data`; returns the result and the rest of the pipe."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        with os.fdopen(write, "wb") as file:
            file.write(data)
        os._exit(0)
    os.close(write)
    target = program(NAME), "-i", str(read), *hints(case), *words
    done = run(list(target), pass_fds=[read])
    with os.fdopen(read, "rb") as file:
        rest = file.read()
    os.waitpid(pid, 0)
    return done, rest


def tail_of(case: Case) -> bytes:
    """The emulator record of an HVM guest's stream."""
    facts = case.description()
    return stream(case)[-(facts["final"]["qemu"]["len"] + 4 + image.QEMU_SIGNATURE_SIZE) :]


@pytest.mark.parametrize("case", [HVM, HVM_BARE], ids=lambda c: c.name)
def test_skip_qemu_reads_not_one_octet_further(case: Case, scratch: Path) -> None:
    out = scratch / "out"
    data = stream(case) + b"and what xenopsd sends next"
    result, rest = pipe_in(case, data, "-o", str(out), "-f", "libxc", "--skip-qemu")
    assert result.rc == FINE, str(result)
    tail = tail_of(case)
    assert tail.startswith(b"DeviceModelRecord0002")
    assert rest == tail + b"and what xenopsd sends next"
    form = Form.XL_LIBXC if case is HVM else Form.LIBXC
    assert truth.compare(image.load(out), truth.load(case), form, 3, True) == []


@pytest.mark.parametrize("form", ["libxc", "libxl"])
@pytest.mark.parametrize("case", [HVM, HVM_BARE, PV], ids=lambda c: c.name)
def test_what_follows_stays_in_the_pipe(case: Case, form: str, scratch: Path) -> None:
    out = scratch / "out"
    result, rest = pipe_in(case, stream(case) + b"after" * 50, "-o", str(out), "-f", form)
    assert result.rc == FINE and rest == b"after" * 50


@pytest.mark.parametrize("form", ["libxc", "libxl"])
@pytest.mark.parametrize("case", [REMUS, PLAIN_REMUS], ids=lambda c: c.name)
def test_the_first_state_from_a_pipe(case: Case, form: str, scratch: Path) -> None:
    """Whether what follows is compressed or not: it is plain, and all that may be read."""
    out = scratch / "out"
    result, rest = pipe_in(case, stream(case), "-o", str(out), "-f", form)
    assert result.rc == FINE, str(result)
    end = case.description()["per_checkpoint"][0]["stream_end_offset"]
    assert rest == stream(case)[end:]
    wanted = truth.load_checkpoint(case, 1)
    assert truth.compare(image.load(out), wanted, Form(form), 3) == []


def test_compressed_pages_that_nothing_announced(scratch: Path) -> None:
    """The stream's fault, not the program's."""
    source = scratch / "in"
    source.write_bytes(struct.pack("<QiQ", 64, -12, 1) + bytes(5))
    for words in ((), ("--skip-qemu",)):
        result = ours("-i", source, "-o", scratch / "out", "-w", "64", "-g", "hvm", *words)
        assert result.rc == STREAM and "[legacy.compressed]" in result.stderr.splitlines()[-1], str(result)


def test_skip_qemu_where_there_is_none(scratch: Path) -> None:
    out = scratch / "out"
    result, rest = pipe_in(HVM_RAW, stream(HVM_RAW), "-o", str(out), "-f", "libxc", "--skip-qemu")
    assert result.rc == FINE and rest == b""


@pytest.mark.parametrize("options", [["-f", "libxl"], ["-f", "libxc"], ["-f", "libxc", "--skip-qemu"]],
                         ids=" ".join)  # fmt: skip
@pytest.mark.parametrize("case", [PV, HVM, HVM_BARE], ids=lambda c: c.name)
def test_output_into_a_descriptor_like_xen(
    xen: None, case: Case, options: list[str], unpacked: Unpack, scratch: Path
) -> None:
    if case is HVM_BARE and "libxl" in options:
        pytest.skip("the script can't read a physmap entry without a name")
    results = []
    for name, runner in (("ours", ours), ("theirs", theirs)):
        with open(scratch / name, "wb") as target, open(unpacked(case.stream), "rb") as source:
            fds = (source.fileno(), target.fileno())
            words = ["-i", str(fds[0]), "-o", str(fds[1]), *hints(case), *options]
            results.append(runner(*words, pass_fds=fds))
    assert [result.rc for result in results] == [FINE, FINE], str(results)
    assert (scratch / "ours").read_bytes() == (scratch / "theirs").read_bytes()


def test_reader_that_has_gone(unpacked: Unpack) -> None:
    read, write = os.pipe()
    os.close(read)
    result = call(PV, source=unpacked(PV.stream), target=str(write), pass_fds=[write])
    os.close(write)
    assert result.rc == STREAM and "the program reading the output has exited" in result.stderr


def test_full_disk(unpacked: Unpack) -> None:
    result = call(PV, source=unpacked(PV.stream), target="/dev/full")
    assert result.rc == STREAM and "no space left" in result.stderr


