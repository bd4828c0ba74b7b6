"""xenstream restore and receive: sources, sinks, refusals and results."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from support import containers, image
from support.command import Result

from .common import (
    BOOT_PV,
    FINE,
    HVM,
    INVALID,
    IO,
    MODERN_HVM,
    MODERN_PV,
    REFUSED,
    REMUS,
    TIMEOUT_SECONDS,
    USAGE,
    Unpack,
    catches,
    document,
    listing,
    octets,
    program,
    start,
    stream,
    wait_for,
    xenstream,
)

NO_CONFIG = "--no-config"
NULL = ("--domain", "null:")


def to_file(path: Path) -> list[str]:
    """Options that hand the stream to a program that keeps it."""
    return ["--domain", f"exec:cat >'{path}'"]


def unpacked_to(path: Path) -> Path:
    """An HVM guest's save image, to be changed."""
    path.write_bytes(octets(MODERN_HVM))
    return path


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    said = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, check=False)
    return [int(word) for word in said.stdout.split()]


# --- the configuration --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config,place",
    [("name = \nmemory=[\n", ":1:8: "), ('name="x"\ntype="pv"\n', ":2:6: "), ("name='x'\nbuilder='generic'\n", ":2:9: ")],
)
@pytest.mark.parametrize("stored", [False, True])
def test_configuration_is_read_first(config: str, place: str, stored: bool, scratch: Path) -> None:
    """One that can't be, or that is another guest's, is refused with its place, and nothing is made."""
    given = scratch / "given.cfg"
    given.write_text(config)
    source = unpacked_to(scratch / "source")
    words: list[str | Path] = ["--config", given]
    name = str(given)
    if stored:
        data = source.read_bytes()
        optional = struct.pack("<I", len(config)) + config.encode()
        (length,) = struct.unpack_from("<I", data, 44)
        head = data[:36] + struct.pack("<III", 2, 0, len(optional)) + optional
        source.write_bytes(head + data[48 + length :])
        words, name = [], "<stored configuration>"
    for sink in (["--into", str(scratch / "d")], to_file(scratch / "out"), NULL):
        result = xenstream("restore", *words, *sink, source)
        assert result.rc == INVALID, str(result)
        assert name + place in result.stderr
        assert not (scratch / "d").exists()


def test_directory_without_a_configuration(scratch: Path) -> None:
    """Who looks at memory needs none; a stream for xl does."""
    bare, into = scratch / "bare.libxl", scratch / "d"
    assert xenstream("convert", "-q", "--to", "libxl", unpacked_to(scratch / "source"), bare).rc in (FINE, 1)
    result = xenstream("restore", "--into", into, bare)
    assert result.rc == FINE and "no configuration is stored" in result.stderr
    assert not (into / "config").exists()
    refused = xenstream("pack", "--to", "xl", into, scratch / "out")
    assert refused.rc == REFUSED and "--config FILE" in refused.stderr
    assert not (scratch / "out").exists()
    assert xenstream("pack", into, scratch / "out").rc == FINE
    assert xenstream("restore", "--domain", "null:", bare).rc == REFUSED


# --- what is said -------------------------------------------------------------------------------


def test_one_line_tells_the_result(unpacked: Unpack) -> None:
    result = xenstream("restore", NO_CONFIG, *NULL, unpacked(MODERN_HVM))
    assert result.rc == FINE and result.stdout == b"", str(result)
    assert ": restored (" in result.stderr.splitlines()[-1]
    assert xenstream("restore", "-q", NO_CONFIG, *NULL, unpacked(MODERN_HVM)).stderr == ""


def test_the_result_as_json(unpacked: Unpack) -> None:
    source = unpacked(MODERN_PV)
    said = document(xenstream("restore", "--json", NO_CONFIG, *NULL, source))
    assert said["outcome"] == "complete" and said["checkpoint"] == 0
    assert said["octets"] == source.stat().st_size


def test_a_checkpointed_stream_says_which_checkpoint(unpacked: Unpack) -> None:
    result = xenstream("restore", "--json", NO_CONFIG, *NULL, unpacked(REMUS.stream))
    assert result.rc == FINE, str(result)
    said = document(result)
    assert said["outcome"] == "failover"
    assert said["checkpoint"] == len(REMUS.description()["per_checkpoint"])
    assert "the sender is gone; restored as of checkpoint" in result.stderr


@pytest.mark.parametrize("words", [
    ["restore"],
    ["restore", "x"],
    ["restore", *NULL, "x", "y"],
    ["restore", "--domain", "nowhere:", "x"],
    ["restore", "--domain", "null:something", "x"],
    ["restore", "--domain", "exec:", "x"],
    ["restore", *NULL, "--format", "legacy", "x"],
    ["restore", *NULL, "--domid", "32752", "x"],
    ["restore", *NULL, "--timeout", "-1", "x"],
    ["restore", *NULL, "--xenstore", "nowhere:", "x"],
    ["restore", *NULL, "--emulator", "nowhere:", "x"],
    ["receive", *NULL, "x"],
    ["receive", *NULL],
])
def test_wrong_usage(words: list[str]) -> None:
    result = xenstream(*words)
    assert result.rc == USAGE and result.stderr.startswith("xenstream: "), str(result)


@pytest.mark.parametrize("words", [
    ["--into", "d", *NULL], [*NULL, "--xenstore", "dir:"], ["--domain", "exec:cat", "--emulator", "file:"],
])
def test_parts_of_a_directory_that_is_not_made(words: list[str], scratch: Path) -> None:
    result = xenstream("restore", *words, "x", cwd=scratch)
    assert result.rc == USAGE and "needs --domain image:DIR, but --domain is" in result.stderr, str(result)


def test_a_stream_that_is_not_there(scratch: Path) -> None:
    assert xenstream("restore", *NULL, scratch / "none").rc == IO
    nobody = xenstream("restore", *NULL, f"unix:{scratch}/none")
    assert nobody.rc == IO and "nothing is listening there" in nobody.stderr
    assert xenstream("restore", *NULL, "tcp:127.0.0.1:1").rc == IO
    assert xenstream("restore", *NULL, "tcp:127.0.0.1").rc == IO
    assert xenstream("restore", *NULL, "unix:" + "x" * 200).rc == IO


def early_failure(result: Result) -> dict[str, object]:
    """The JSON result of a restore that got no stream, with the messages on standard error."""
    said = document(result)
    assert said["records"] == said["octets"] == said["checkpoint"] == 0
    assert said["error"]["text"] in result.stderr and said["error"]["text"] != ""
    assert said["outcome"] == "failed" and said["error"]["severity"] == "error"
    return {"code": result.rc, "rule": said["error"]["rule"], "file": said["file"]}


def test_what_fails_before_anything_came_as_json(unpacked: Unpack, scratch: Path) -> None:
    none = str(scratch / "none")
    for name in (none, f"unix:{none}", "tcp:127.0.0.1:1"):
        said = early_failure(xenstream("restore", "--json", *NULL, name))
        assert said == {"code": IO, "rule": "input.io", "file": name}
    said = early_failure(xenstream("receive", "--json", *NULL, f"unix:{scratch}/no/folder"))
    assert said["code"] == IO and said["rule"] == "input.io"
    said = early_failure(xenstream("restore", "--json", *NULL, "--config", none, unpacked(MODERN_HVM)))
    assert said["code"] == IO and said["rule"] == "input.io"
    assert xenstream("restore", "--json", "x").stdout == b""


def test_nobody_connects_as_json(scratch: Path) -> None:
    result = xenstream("receive", "--json", "--timeout", "0.3", *NULL, f"unix:{scratch}/socket")
    assert early_failure(result) == {
        "code": IO, "rule": "restore.timeout", "file": f"unix:{scratch}/socket"}
    assert listing(scratch) == []
    process = start("receive", "--json", *NULL, f"unix:{scratch}/socket")
    wait_for(lambda: (scratch / "socket").exists())
    process.terminate()
    assert process.stdout is not None
    said = json.loads(process.stdout.read())
    assert process.wait(TIMEOUT_SECONDS) == IO
    assert said["outcome"] == "aborted" and said["error"]["rule"] == "restore.aborted"


# --- the configuration --------------------------------------------------------------------------


def test_without_a_configuration_it_stops(unpacked: Unpack, scratch: Path) -> None:
    bare = scratch / "bare"
    assert xenstream("convert", "--to", "libxl", unpacked(MODERN_HVM), bare).rc == FINE
    result = xenstream("restore", *to_file(scratch / "out"), bare)
    assert result.rc == REFUSED and "--config" in result.stderr, str(result)
    assert listing(scratch) == ["bare"]  # no program was started
    config = scratch / "config"
    config.write_text("name = 'other'\n")
    result = xenstream("restore", "--config", config, *to_file(scratch / "out"), bare)
    assert result.rc == FINE, str(result)
    got = image.load(scratch / "out")
    assert got.xl is not None and got.xl.config == b"name = 'other'\n"
    assert not got.xl.mandatory_flags & 1


def test_a_configuration_in_place_of_the_stored_one(unpacked: Unpack, scratch: Path) -> None:
    config = scratch / "config"
    config.write_text('{"c_info": {"name": "other"}}')
    result = xenstream(
        "restore", "--config", config, *to_file(scratch / "out"), unpacked(MODERN_HVM))
    assert result.rc == FINE, str(result)
    got = image.load(scratch / "out")
    assert got.xl is not None and got.xl.config == config.read_bytes() + b"\0"
    assert got.xl.mandatory_flags & 1
    assert image.differences(got, image.load(unpacked(MODERN_HVM))) == []


def test_another_containers_configuration_is_translated(scratch: Path) -> None:
    source = scratch / "source"
    bare = octets(MODERN_HVM)
    header = image.decode(bare).xl
    assert header is not None
    stream_of_libxl = bare[48 + len(header.optional_data):]
    source.write_bytes(containers.libvirt(stream_of_libxl, containers.LIBVIRT_LIBXL))
    for stdin in (b"", source.read_bytes()):
        words = ["-"] if stdin else [str(source)]
        result = xenstream("restore", *to_file(scratch / "out"), *words, stdin=stdin)
        assert result.rc == FINE and "translated from libvirt's XML" in result.stderr, str(result)
        got = image.load(scratch / "out")
        assert got.xl is not None and b'name = "mail"' in got.xl.config
        assert image.differences(got, image.decode(bare)) == []


def test_a_configuration_that_is_none(unpacked: Unpack, scratch: Path) -> None:
    empty, large = scratch / "empty", scratch / "large"
    empty.touch()
    large.write_bytes(b"x" * ((4 << 20) + 1))
    for config in (empty, large, scratch / "none", scratch):
        result = xenstream("restore", "--config", config, *NULL, unpacked(MODERN_HVM))
        assert result.rc in (INVALID, IO) and str(config) in result.stderr, str(result)


# --- a program as the domain --------------------------------------------------------------------


def test_an_image_comes_out_as_it_is(unpacked: Unpack, scratch: Path) -> None:
    for item in (MODERN_HVM, MODERN_PV):
        result = xenstream("restore", *to_file(scratch / "out"), unpacked(item))
        assert result.rc == FINE, str(result)
        got, want = image.load(scratch / "out"), image.load(unpacked(item))
        assert image.differences(got, want) == []
        assert xenstream("verify", scratch / "out").rc in (FINE, 1)


def test_a_bare_image_with_its_device_model_apart(unpacked: Unpack, scratch: Path) -> None:
    result = xenstream(
        "restore", "--format", "libxc", *to_file(scratch / "out"), unpacked(MODERN_HVM))
    assert result.rc == FINE, str(result)
    got = image.load(scratch / "out")
    assert got.libxl is None
    assert image.differences(got, image.load(unpacked(MODERN_HVM))) == []


@pytest.mark.parametrize(("command", "words"), [
    ("cat >/dev/null; exit 7", "status 7"),
    ("exit 7", "status 7"),
    ("true", "exited before reading everything"),
    ("head -c 5000 >/dev/null", "exited before reading everything"),
    ("kill -9 $$", "signal 9"),
    ("/nonexistent/program", "status 127"),
])
def test_a_program_that_fails(unpacked: Unpack, command: str, words: str) -> None:
    result = xenstream("restore", "--domain", f"exec:{command}", unpacked(MODERN_HVM))
    assert result.rc == IO and words in result.stderr, str(result)
    assert len([line for line in result.stderr.splitlines() if words in line]) == 1


def test_a_program_that_stops_reading_and_stays(unpacked: Unpack) -> None:
    result = xenstream("restore", "--timeout", "30", "--domain", "exec:exec <&-; sleep 100",
                       unpacked(MODERN_HVM))
    assert result.rc == IO and "stopped reading" in result.stderr, str(result)


def test_more_records_than_any_guest_has(scratch: Path) -> None:
    """They are held back for the program, and need memory."""
    one = struct.pack("<IIII", 0x0a, 8, 0, 0)  # HVM_PARAMS without any
    head = struct.pack(">QIIHHI", (1 << 64) - 1, 0x58454E46, 3, 0, 0, 0) + struct.pack(
        "<IHHIIII", 2, 12, 0, 4, 17, 0x10, 0)
    result = xenstream("restore", NO_CONFIG, "--format", "libxc", *to_file(scratch / "out"), "-",
                       stdin=head + 65537 * one)
    assert result.rc == INVALID and "too many records" in result.stderr, str(result)
    assert "input.limit" in result.stderr, str(result)


def test_no_other_sinks_beside_a_whole_stream(unpacked: Unpack, scratch: Path) -> None:
    result = xenstream(
        "restore", *to_file(scratch / "out"), "--emulator", f"file:{scratch}/state",
        unpacked(MODERN_HVM))
    assert result.rc == USAGE, str(result)
    assert listing(scratch) == []


def test_damage_kills_the_program(unpacked: Unpack, scratch: Path) -> None:
    data = octets(MODERN_HVM)
    cut = scratch / "cut"
    cut.write_bytes(data[:len(data) // 2])
    result = xenstream(
        "restore", "--domain", f"exec:cat >/dev/null; echo well >'{scratch}/well'", cut)
    assert result.rc == INVALID, str(result)
    assert len(result.stderr.splitlines()) == 1
    assert listing(scratch) == ["cut"]


def test_the_program_does_not_inherit_what_is_ours(unpacked: Unpack, scratch: Path) -> None:
    command = f"exec:ls /proc/self/fd >'{scratch}/fds'; cat >/dev/null"
    assert xenstream("restore", "--domain", command, unpacked(MODERN_HVM)).rc == FINE
    # its input, outputs, the redirected one, and ls's own
    assert (scratch / "fds").read_text().split() == ["0", "1", "2", "3"]
    with (scratch / "fds").open() as other:
        assert xenstream("restore", "--domain", command, unpacked(MODERN_HVM),
                         pass_fds=[other.fileno()]).rc == FINE
    assert (scratch / "fds").read_text().split() == ["0", "1", "2", "3"]


def test_sigchld_is_ignored_where_we_come_from(unpacked: Unpack) -> None:
    source = unpacked(MODERN_PV)
    for status, code in ((0, FINE), (3, IO)):
        result = xenstream(
            "restore", NO_CONFIG, "--domain", f"exec:cat >/dev/null; exit {status}", source,
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        assert result.rc == code, str(result)
        assert ("status 3" in result.stderr) == (status == 3), str(result)


# --- signals and time ---------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_aborts(scratch: Path, number: signal.Signals) -> None:
    process = start("restore", "--domain", "exec:cat >/dev/null; sleep 100", "-")
    assert process.stdin is not None and process.stderr is not None
    data = octets(MODERN_HVM)
    process.stdin.write(data[:len(data) // 2])
    process.stdin.flush()
    wait_for(lambda: bool(children_of(process.pid)))
    children = children_of(process.pid)
    process.send_signal(number)
    assert process.wait(TIMEOUT_SECONDS) == IO
    assert b"aborted" in process.stderr.read()
    for child in children:
        assert not os.path.exists(f"/proc/{child}")


def test_a_signal_before_anything_has_come() -> None:
    process = start("restore", *NULL, "-")
    assert process.stderr is not None
    time.sleep(0.3)
    process.terminate()
    assert process.wait(TIMEOUT_SECONDS) in (IO, -signal.SIGTERM)


def abort_midway(process: subprocess.Popen[bytes], pid: Path) -> None:
    """Aborts a restore that has got a part of a stream, when the program that acts on it has written `pid`."""
    assert process.stdin is not None
    process.stdin.write(octets(MODERN_HVM)[:100000])
    process.stdin.flush()
    wait_for(lambda: pid.exists() and pid.read_text() != "")
    process.terminate()
    assert process.wait(TIMEOUT_SECONDS) == IO


def test_a_program_that_ignores_the_signal_is_killed(scratch: Path) -> None:
    command = f"exec:trap '' TERM; echo $$ >'{scratch}/pid'; cat >/dev/null; sleep 100"
    process = start("restore", "--domain", command, "-")
    abort_midway(process, scratch / "pid")
    assert not os.path.exists("/proc/" + (scratch / "pid").read_text().strip())


def is_alive(pid: str) -> bool:
    """Whether a process runs; one that has ended may wait for its parent."""
    try:
        return Path(f"/proc/{pid.strip()}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def abort_with_child(scratch: Path, child: str) -> None:
    """Aborts when a child of the shell, which is the first to go, has written `pid`."""
    command = f"exec:sh -c '{child}' & cat >/dev/null; sleep 100"
    process = start("restore", "--domain", command, "-", cwd=scratch)
    abort_midway(process, scratch / "pid")


def test_a_child_of_the_program_that_ignores_the_signal_is_killed(scratch: Path) -> None:
    abort_with_child(scratch, 'trap "" TERM; echo $$ >pid; sleep 100')
    pid = (scratch / "pid").read_text()
    wait_for(lambda: not is_alive(pid))


def test_a_child_of_the_program_has_time_to_clean_up(scratch: Path) -> None:
    abort_with_child(
        scratch, 'trap "sleep 0.4; echo well >clean; exit" TERM; echo $$ >pid; while :; do sleep 0.1; done')
    assert (scratch / "clean").read_text() == "well\n"


def test_what_a_program_that_failed_has_left_is_ended(unpacked: Unpack, scratch: Path) -> None:
    result = xenstream(
        "restore", "--domain", "exec:sleep 100 & echo $! >pid; cat >/dev/null; exit 3",
        unpacked(MODERN_HVM), cwd=scratch, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert result.rc == IO
    wait_for(lambda: not is_alive((scratch / "pid").read_text()))


def test_what_a_program_that_ended_well_has_left_goes_on(unpacked: Unpack, scratch: Path) -> None:
    result = xenstream(
        "restore", "--domain", "exec:sleep 100 & echo $! >pid; cat >/dev/null",
        unpacked(MODERN_HVM), cwd=scratch, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert result.rc == FINE
    assert is_alive((scratch / "pid").read_text())
    os.kill(int((scratch / "pid").read_text()), signal.SIGKILL)


# the time before the first bytes is --timeout's
@pytest.mark.parametrize(("option", "part"), [
    *(("--timeout", part) for part in (0, 1, 100, 50000)), ("--stall", 100), ("--stall", 50000),
])
def test_a_stream_that_stalls(option: str, part: int) -> None:
    process = start("restore", NO_CONFIG, option, "0.4", *NULL, "-")
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(octets(MODERN_HVM)[:part])
    process.stdin.flush()
    assert process.wait(TIMEOUT_SECONDS) == IO
    assert option.encode() in process.stderr.read()


def test_a_program_that_never_ends(unpacked: Unpack) -> None:
    before = time.monotonic()
    result = xenstream(
        "restore", "--timeout", "0.5", "--domain", "exec:cat >/dev/null; sleep 100",
        unpacked(MODERN_HVM))
    assert result.rc == IO and "--timeout" in result.stderr, str(result)
    assert time.monotonic() - before < 10


def test_progress_tells_the_time_left(unpacked: Unpack) -> None:
    slow = "exec:for i in 1 2 3; do sleep 0.3; head -c 500000 >/dev/null; done; cat >/dev/null"
    result = xenstream("restore", "--progress=always", "--domain", slow, unpacked(MODERN_HVM))
    assert result.rc == FINE, str(result)
    assert re.search(r"iB, \d+ %, [0-9.]+ [KMG]iB/s, \d+ s left", result.stderr), result.stderr


# --- sockets ------------------------------------------------------------------------------------


def connected(path: Path) -> socket.socket:
    """A connection to a program that is about to listen."""
    def there() -> bool:
        nonlocal one
        try:
            one.connect(str(path))
        except OSError:
            one.close()
            one = socket.socket(socket.AF_UNIX)
            return False
        return True

    one = socket.socket(socket.AF_UNIX)
    wait_for(there)
    return one


def test_receive_over_a_unix_socket(scratch: Path) -> None:
    process = start("receive", *to_file(scratch / "out"), f"unix:{scratch}/s")
    with connected(scratch / "s") as one:
        one.sendall(octets(MODERN_HVM))
    assert process.wait(TIMEOUT_SECONDS) == FINE
    assert listing(scratch) == ["out"]
    got = image.load(scratch / "out")
    assert image.differences(got, image.decode(octets(MODERN_HVM))) == []


def test_the_socket_is_its_owners(scratch: Path) -> None:
    process = start("receive", *NULL, f"unix:{scratch}/s")
    wait_for((scratch / "s").exists)
    assert (scratch / "s").stat().st_mode & 0o777 == 0o600
    process.terminate()
    assert process.wait(TIMEOUT_SECONDS) == IO
    assert listing(scratch) == []


def test_a_socket_that_was_left_behind(scratch: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(scratch / "s"))
    process = start("receive", NO_CONFIG, *NULL, f"unix:{scratch}/s")
    with connected(scratch / "s") as one:
        one.sendall(octets(MODERN_PV))
    assert process.wait(TIMEOUT_SECONDS) == FINE


def test_one_who_listens_already_is_not_disturbed(scratch: Path) -> None:
    first = start("receive", *to_file(scratch / "out"), f"unix:{scratch}/s")
    wait_for((scratch / "s").exists)
    second = xenstream("receive", *NULL, f"unix:{scratch}/s")
    assert second.rc == IO and "in use" in second.stderr, str(second)
    with connected(scratch / "s") as one:
        one.sendall(octets(MODERN_HVM))
    assert first.wait(TIMEOUT_SECONDS) == FINE
    assert listing(scratch) == ["out"]


def test_something_else_of_that_name_stays(scratch: Path) -> None:
    (scratch / "s").write_text("mine")
    assert xenstream("receive", *NULL, f"unix:{scratch}/s").rc == IO
    assert (scratch / "s").read_text() == "mine"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(scratch / "busy"))
        listening.listen()
        assert xenstream("receive", *NULL, f"unix:{scratch}/busy").rc == IO
    assert (scratch / "busy").exists()


def test_receive_over_tcp(scratch: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = start("receive", *to_file(scratch / "out"), f"tcp:127.0.0.1:{port}")

    def sent() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port)) as one:
                one.sendall(octets(MODERN_PV))
                one.shutdown(socket.SHUT_WR)  # half closed: it may still hear us
                return one.recv(1) == b""
        except ConnectionRefusedError:
            return False

    wait_for(sent)
    assert process.wait(TIMEOUT_SECONDS) == FINE
    got = image.load(scratch / "out")
    assert image.differences(got, image.decode(octets(MODERN_PV))) == []


def test_a_connection_that_is_reset(scratch: Path) -> None:
    process = start("receive", *to_file(scratch / "out"), f"unix:{scratch}/s")
    data = octets(MODERN_HVM)
    one = connected(scratch / "s")
    one.sendall(data[:len(data) // 2])
    one.close()
    assert process.wait(TIMEOUT_SECONDS) == INVALID


def test_a_tcp_connection_that_is_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = start("restore", *NULL, f"tcp:127.0.0.1:{listener.getsockname()[1]}")
        one, _ = listener.accept()
        one.sendall(octets(MODERN_HVM)[:300000])
        time.sleep(0.3)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
    assert process.stderr is not None
    assert process.wait(TIMEOUT_SECONDS) == IO
    assert b"reading the input: " in process.stderr.read()


def test_octet_by_octet(scratch: Path) -> None:
    data = octets(MODERN_PV)[:20000]
    process = start("receive", "--json", NO_CONFIG, *NULL, f"unix:{scratch}/s")
    with connected(scratch / "s") as one:
        for at in range(len(data)):
            one.send(data[at:at + 1])
    assert process.wait(TIMEOUT_SECONDS) == INVALID
    assert process.stdout is not None
    said = json.loads(process.stdout.read())
    assert said["outcome"] == "failed" and said["octets"] <= len(data)


# --- compression --------------------------------------------------------------------------------


def test_compressed_streams(scratch: Path) -> None:
    packed = scratch / "packed"
    packed.write_bytes(gzip.compress(octets(MODERN_HVM), 1))
    assert xenstream("restore", *to_file(scratch / "out"), packed).rc == FINE
    assert image.differences(
        image.load(scratch / "out"), image.decode(octets(MODERN_HVM))) == []


def test_a_sender_that_compressed_and_died(unpacked: Unpack, scratch: Path) -> None:
    """The compressed data end early with the stream: this is not damage but the death of the sender."""
    packed = gzip.compress(unpacked(REMUS.stream).read_bytes(), 1)
    for size in (len(packed) - 4, len(packed) * 4 // 5):
        (scratch / "cut").write_bytes(packed[:size])
        result = xenstream("restore", "--json", NO_CONFIG, *to_file(scratch / f"out{size}"), scratch / "cut")
        assert result.rc == FINE and document(result)["outcome"] == "failover", str(result)
        assert "gzip" in result.stderr and "the sender is gone" in result.stderr
        assert (scratch / f"out{size}").exists()
    (scratch / "cut").write_bytes(packed[:200])
    result = xenstream("restore", NO_CONFIG, *to_file(scratch / "none"), scratch / "cut")
    assert result.rc == INVALID and not (scratch / "none").exists(), str(result)


def test_damage_after_the_last_byte_of_the_stream_counts(scratch: Path) -> None:
    """The checksum of the compressed data is wrong, so the result can't be trusted."""
    packed = bytearray(gzip.compress(octets(MODERN_HVM), 1))
    packed[-8] ^= 1
    damaged = scratch / "damaged"
    damaged.write_bytes(packed)
    result = xenstream(
        "restore", "--domain", f"exec:cat >/dev/null; echo well >'{scratch}/well'", damaged)
    assert result.rc in (INVALID, IO) and "gzip" in result.stderr, str(result)
    assert listing(scratch) == ["damaged"]


# --- legacy input -------------------------------------------------------------------------------


def test_a_legacy_stream_that_breaks_off(scratch: Path) -> None:
    data = stream(HVM)
    for size in (5, 200, len(data) // 2, len(data) - 1):
        process = start("restore", NO_CONFIG, *to_file(scratch / "out"), "-")
        _, said = process.communicate(data[:size], timeout=TIMEOUT_SECONDS)
        assert process.returncode == INVALID, said.decode()
        assert b"the input ends here" in said or b"error: " in said


def test_an_abort_in_the_middle_of_a_conversion() -> None:
    data = octets(BOOT_PV)
    process = start("restore", NO_CONFIG, *NULL, "-")
    assert process.stdin is not None
    process.stdin.write(data[:len(data) // 2])
    process.stdin.flush()
    wait_for(lambda: catches(process.pid, signal.SIGTERM))
    process.terminate()
    assert process.wait(TIMEOUT_SECONDS) == IO


def test_the_help_names_the_verbs() -> None:
    assert b"restore" in xenstream("--help").stdout
    assert b"receive" in xenstream("--help").stdout
    assert b"--into" in xenstream("receive", "--help").stdout
    assert program().exists()
