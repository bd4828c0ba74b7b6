"""restore --emulator: the device model's state into a file and into a real QEMU."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from support import device_model, qemu
from support.corpus import checkpointed_cases, images, why_no_corpus
from support.qemu import WAITS, Qemu

from .common import (
    TIMEOUT_SECONDS,
    FINE, INVALID, IO, MODERN_HVM, MODERN_PV, USAGE, listing, octets, start, wait_for, xenstream,
)

DOMAIN_7 = ("--domid", "7", "--domain", "null:")
STATE = device_model.split(octets(MODERN_HVM))[1]


def restore(where: str, stream: bytes, *more: str):
    """Restores a stream's device model to there."""
    return xenstream("restore", *DOMAIN_7, "--emulator", where, *more, "-", stdin=stream)


# --- a file --------------------------------------------------------------------------------------


def test_file(scratch: Path) -> None:
    file = scratch / "state"
    os.umask(0)
    assert restore(f"file:{file}", octets(MODERN_HVM)).rc == FINE
    assert file.read_bytes() == STATE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert listing(scratch) == ["state"]


def test_file_by_its_domain(scratch: Path) -> None:
    assert restore(f"file:{scratch}/", octets(MODERN_HVM)).rc == FINE
    assert (scratch / "qemu-resume.7").read_bytes() == STATE


def test_every_real_state(scratch: Path) -> None:
    for item in images("modern"):
        stream = octets(item)
        if device_model.STATE_MAGIC in stream[-65536:]:
            assert restore(f"file:{scratch}/state", stream).rc == FINE
            assert (scratch / "state").read_bytes() == device_model.split(stream)[1]


def test_file_that_was_there(scratch: Path) -> None:
    file = scratch / "state"
    file.write_bytes(b"older")
    file.chmod(0o644)
    assert restore(f"file:{file}", octets(MODERN_HVM)).rc == FINE
    assert file.read_bytes() == STATE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("left_out", [1, 9, 4000])
def test_file_is_complete_or_absent(scratch: Path, left_out: int) -> None:
    stream = octets(MODERN_HVM)[:-left_out]
    assert restore(f"file:{scratch}/state", stream).rc == INVALID
    assert listing(scratch) == []
    (scratch / "state").write_bytes(b"older")
    assert restore(f"file:{scratch}/state", stream).rc == INVALID
    assert listing(scratch) == ["state"]
    assert (scratch / "state").read_bytes() == b"older"


def test_domain_without_a_device_model(scratch: Path) -> None:
    assert restore(f"file:{scratch}/state", octets(MODERN_PV)).rc == FINE
    assert listing(scratch) == []


@pytest.mark.parametrize("path", ["missing/state", "folder", "fifo"])
def test_no_place_for_a_file(scratch: Path, path: str) -> None:
    (scratch / "folder").mkdir()
    os.mkfifo(scratch / "fifo")
    result = restore(f"file:{scratch}/{path}", octets(MODERN_HVM))
    assert result.rc == IO and path in result.stderr
    assert listing(scratch) == ["fifo", "folder"]


def test_disk_full(scratch: Path) -> None:
    """A limit on the size of files stands in for a small disk."""
    file = scratch / "state"
    result = xenstream(
        "restore", *DOMAIN_7, "--emulator", f"file:{file}", "-",
        stdin=octets(MODERN_HVM), preexec_fn=lambda: _limit_files(4096),
    )
    assert result.rc == IO, result
    assert listing(scratch) == []


def _limit_files(size: int) -> None:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


# --- a QEMU --------------------------------------------------------------------------------------


def need_qemu() -> None:
    """Skips the test where there is no QEMU."""
    missing = qemu.why_missing()
    if missing is not None:
        pytest.skip(missing)


@pytest.fixture(scope="session")
def real_state(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A QEMU's answer about its device model."""
    need_qemu()
    return qemu.saved_state(tmp_path_factory.mktemp("state"))


@pytest.fixture
def waiting(scratch: Path) -> Iterator[Qemu]:
    """A QEMU that waits for a state."""
    need_qemu()
    with qemu.qemu(scratch / "qemu", *WAITS) as running:
        yield running


def test_qemu(waiting: Qemu, real_state: bytes) -> None:
    assert waiting.status() == "inmigrate"
    result = restore(f"qmp:{waiting.socket}", device_model.with_state(octets(MODERN_HVM), real_state))
    assert result.rc == FINE, result
    assert waiting.status() == "paused"
    assert waiting.ask("query-migrate")["status"] == "completed"


def test_qemu_of_a_large_state(scratch: Path) -> None:
    """More than the sockets between hold: it is given in pieces."""
    need_qemu()
    more = ("-device", "VGA,vgamem_mb=1", "-device", "e1000", "-device", "piix3-usb-uhci")
    disks = [f"-device virtio-serial-pci,id=s{i},max_ports=31" for i in range(12)]
    words = [word for disk in disks for word in disk.split()]
    state = qemu.saved_state(scratch / "a", *more, *words)
    assert len(state) > 500000
    with qemu.qemu(scratch / "b", *WAITS, *more, *words) as running:
        stream = device_model.with_state(octets(MODERN_HVM), state)
        assert restore(f"qmp:{running.socket}", stream).rc == FINE
        assert running.status() == "paused"


def test_qemu_of_another_machine(waiting: Qemu) -> None:
    """A state by a real Xen, with devices that this QEMU does not have."""
    result = restore(f"qmp:{waiting.socket}", octets(MODERN_HVM))
    assert result.rc == IO, result
    assert "loading the state" in result.stderr
    wait_for(lambda: waiting.process.poll() is not None)


@pytest.mark.parametrize(
    "state",
    [b"QEVM" + bytes(5000), b"QEVM", b"QEVM" + b"\xff" * 400000],
    ids=["zeros", "magic", "ones"],
)
def test_qemu_and_a_wrong_state(waiting: Qemu, state: bytes) -> None:
    result = restore(f"qmp:{waiting.socket}", device_model.with_state(octets(MODERN_HVM), state))
    assert result.rc == IO, result
    assert "loading the state" in result.stderr
    wait_for(lambda: waiting.process.poll() is not None)


def test_qemu_and_a_state_cut_short(waiting: Qemu, real_state: bytes) -> None:
    stream = device_model.with_state(octets(MODERN_HVM), real_state[:-100])
    assert restore(f"qmp:{waiting.socket}", stream).rc == IO


def test_qemu_is_not_touched_by_a_broken_stream(waiting: Qemu, real_state: bytes) -> None:
    stream = device_model.with_state(octets(MODERN_HVM), real_state)
    assert restore(f"qmp:{waiting.socket}", stream[:-1]).rc == INVALID
    assert waiting.status() == "inmigrate"
    assert restore(f"qmp:{waiting.socket}", stream).rc == FINE
    assert waiting.status() == "paused"


@pytest.mark.parametrize("octets_before", [1, 1000, 12000])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_qemu_killed_or_stopped_in_the_middle(
    waiting: Qemu, scratch: Path, real_state: bytes, octets_before: int, number: signal.Signals
) -> None:
    proxy = qemu.Cut(
        scratch / "proxy", waiting, octets_before, lambda: waiting.process.send_signal(number)
    )
    stream = device_model.with_state(octets(MODERN_HVM), real_state)
    result = restore(f"qmp:{proxy.path}", stream, "--timeout", "1" if number == signal.SIGSTOP else "100")
    proxy.close()
    assert result.rc == IO, result
    if number == signal.SIGKILL:
        assert "QEMU has exited" in result.stderr


def test_qemu_that_does_not_wait(scratch: Path) -> None:
    need_qemu()
    with qemu.qemu(scratch / "qemu") as running:
        result = restore(f"qmp:{running.socket}", octets(MODERN_HVM))
        assert result.rc == IO and "-incoming defer" in result.stderr
        assert running.status() in ("prelaunch", "paused")


def test_qemu_without_a_state_for_it(waiting: Qemu) -> None:
    result = restore(f"qmp:{waiting.socket}", octets(MODERN_PV))
    assert result.rc != FINE and "no state for this QEMU" in result.stderr
    assert waiting.status() == "inmigrate"


def test_qemu_stopped(waiting: Qemu) -> None:
    waiting.process.send_signal(signal.SIGSTOP)
    result = restore(f"qmp:{waiting.socket}", octets(MODERN_HVM), "--timeout", "0.5")
    assert result.rc == IO, result


def test_qemu_busy_with_another(waiting: Qemu) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(str(waiting.socket))
        other.recv(1)
        result = restore(f"qmp:{waiting.socket}", octets(MODERN_HVM), "--timeout", "0.5")
    assert result.rc == IO, result


def test_no_qemu(scratch: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(scratch / "deaf"))
        for name in ("nothing", "deaf"):
            result = restore(f"qmp:{scratch}/{name}", octets(MODERN_HVM))
            assert result.rc == IO and "is it running" in result.stderr
    result = restore(f"qmp:{scratch}/{'x' * 200}", octets(MODERN_HVM))
    assert result.rc == IO and "too long" in result.stderr


def test_words_of_no_use() -> None:
    assert restore("qmp:", b"").rc == USAGE
    assert restore("file:", b"").rc == USAGE


# --- somebody who plays QEMU, and breaks off where he likes --------------------------------------

GREETING = {"QMP": {"version": {}, "capabilities": []}}
INMIGRATE = {"return": {"status": "inmigrate", "running": False, "singlestep": False}}
DONE: dict[str, Any] = {"return": {}}


class Player:
    """Listens like QEMU. For each command, `script` has what is sent back: objects, bytes, or a
    function, which is called. At the end of the script the connection is closed."""

    def __init__(self, folder: Path, script: list[Any]) -> None:
        self.path = folder / "player"
        self.commands: list[dict[str, Any]] = []
        self.descriptors: list[int] = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.thread = threading.Thread(target=self._play, args=(script,), daemon=True)
        self.thread.start()

    def _play(self, script: list[Any]) -> None:
        client, _ = self.listener.accept()
        with client, suppress(BrokenPipeError):
            for number, step in enumerate(script):
                if number:
                    data, descriptors, _, _ = socket.recv_fds(client, 4096, 4)
                    self.descriptors += descriptors
                    if not data:
                        return
                    self.commands.append(json.loads(data))
                self._do(client, step)

    def _do(self, client: socket.socket, step: Any) -> None:
        for part in step if isinstance(step, list) else [step]:
            if callable(part):
                part(self)
            else:
                client.sendall(part if isinstance(part, bytes) else json.dumps(part).encode())

    def close(self) -> None:
        """Leaves nothing."""
        self.thread.join(20)
        self.listener.close()
        for descriptor in self.descriptors:
            os.close(descriptor)


def play(folder: Path, script: list[Any], *more: str) -> tuple[Any, Player]:
    """Restores a device model into a player."""
    player = Player(folder, script)
    result = restore(f"qmp:{player.path}", octets(MODERN_HVM), *more)
    player.close()
    return result, player


def event(status: str) -> dict[str, Any]:
    """QEMU's news of a migration."""
    return {"event": "MIGRATION", "data": {"status": status}, "timestamp": {}}


def take(player: Player) -> None:
    """Reads the state to its end."""
    player.taken = b""  # type: ignore[attr-defined]
    with socket.socket(fileno=os.dup(player.descriptors[0])) as payload:
        while piece := payload.recv(4096):
            player.taken += piece  # type: ignore[attr-defined]


READY = [GREETING, DONE, INMIGRATE]
BEGUN = [*READY, DONE, DONE]


def test_player_gets_all_of_it(scratch: Path) -> None:
    script = [*BEGUN, [DONE, event("setup"), take, event("active"), event("completed")]]
    result, player = play(scratch, script)
    assert result.rc == FINE, result
    assert player.taken == STATE  # type: ignore[attr-defined]
    assert [c["execute"] for c in player.commands] == [
        "qmp_capabilities", "query-status", "migrate-set-capabilities", "getfd", "migrate-incoming",
    ]
    assert player.commands[-1]["arguments"] == {"uri": f"fd:{player.commands[-2]['arguments']['fdname']}"}


def test_player_gets_the_last_checkpoint(scratch: Path) -> None:
    """Each checkpoint has a state; QEMU takes only one."""
    cases = [c for c in checkpointed_cases() if c.description()["guest_type"] == "hvm"]
    if not cases:
        pytest.skip(why_no_corpus())
    for number, case in enumerate(cases):
        folder = scratch / str(number)
        folder.mkdir()
        player = Player(folder, [*BEGUN, [DONE, take, event("completed")]])
        result = restore(f"qmp:{player.path}", case.stream.read(), "--no-config")
        player.close()
        assert result.rc == FINE, result
        digest = hashlib.sha256(player.taken).hexdigest()  # type: ignore[attr-defined]
        assert digest == case.description()["final"]["qemu"]["sha256"]


def test_player_speaks_octet_by_octet(scratch: Path) -> None:
    class Slow(Player):
        """Sends each byte by itself."""

        def _do(self, client: socket.socket, step: Any) -> None:
            for part in step if isinstance(step, list) else [step]:
                if callable(part):
                    part(self)
                    continue
                for octet in json.dumps(part, indent=1).encode() + b"\r\n":
                    client.sendall(bytes([octet]))
                    time.sleep(0.0005)

    script = [*BEGUN, [DONE, event("setup"), take, event("completed")]]
    player = Slow(scratch, script)
    result = restore(f"qmp:{player.path}", octets(MODERN_HVM))
    player.close()
    assert result.rc == FINE, result


def test_player_says_why(scratch: Path) -> None:
    """A newer QEMU stays when it can't take a state."""
    reason = {"return": {"status": "failed", "error-desc": "Unknown savevm section 'vga'"}}
    script = [*BEGUN, [DONE, take, event("failed")], reason, lambda _: None]
    result, player = play(scratch, script)
    assert result.rc == IO and "Unknown savevm section 'vga'" in result.stderr
    assert player.commands[-1] == {"execute": "quit"}


@pytest.mark.parametrize("answers", range(6))
def test_player_dies(scratch: Path, answers: int) -> None:
    result, _ = play(scratch, [*BEGUN, DONE][:answers] + [lambda _: None])
    assert result.rc == IO, result
    assert "QEMU has" in result.stderr


@pytest.mark.parametrize("answers", range(1, 6))
def test_player_refuses(scratch: Path, answers: int) -> None:
    error = {"error": {"class": "GenericError", "desc": "not today"}}
    result, _ = play(scratch, [*BEGUN, DONE][:answers] + [error, lambda _: None])
    assert result.rc == IO and "not today" in result.stderr


@pytest.mark.parametrize("answers", range(7))
def test_player_falls_silent(scratch: Path, answers: int) -> None:
    silence: Callable[[Player], None] = lambda _: time.sleep(1)
    script = [*BEGUN, [DONE, silence]][:answers] + [silence]
    result, _ = play(scratch, script, "--timeout", "0.5")
    assert result.rc == IO, result


@pytest.mark.parametrize(
    "words", [b"HTTP/1.1 200 OK\r\n\r\n", b"[1]", b"{}", b"\0" * 100, b'{"a":' * 100],
    ids=["web", "array", "object", "zeros", "deep"],
)
def test_player_speaks_something_else(scratch: Path, words: bytes) -> None:
    result, _ = play(scratch, [words, lambda _: None])
    assert result.rc == IO and "not QMP" in result.stderr


@pytest.mark.parametrize("what", [None, 5, [], {}, {"status": None}, {"status": {}}])
def test_player_returns_something_else(scratch: Path, what: Any) -> None:
    news = {"event": "MIGRATION", "data": what}
    result, _ = play(scratch, [GREETING, [news, {"event": what}, DONE], {"return": what}])
    assert result.rc == IO and "-incoming defer" in result.stderr


@pytest.mark.parametrize("what", [None, 5, {}, {"desc": None}])
def test_player_fails_without_words(scratch: Path, what: Any) -> None:
    result, _ = play(scratch, [*READY, {"error": what}])
    assert result.rc == IO and "migrate-set-capabilities" in result.stderr


def test_player_never_ends_a_message(scratch: Path) -> None:
    result, _ = play(scratch, [[b'{"QMP": "', b"x" * (2 << 20)]])
    assert result.rc == IO and "not QMP" in result.stderr


def test_player_does_not_read(scratch: Path) -> None:
    """A state larger than the sockets' buffers, and no reader."""
    state = b"QEVM" + os.urandom(1 << 20) * 4
    player = Player(scratch, [*BEGUN, [DONE, lambda _: time.sleep(1)]])
    stream = device_model.with_state(octets(MODERN_HVM), state)
    result = restore(f"qmp:{player.path}", stream, "--timeout", "0.5")
    player.close()
    assert result.rc == IO, result


def test_player_closes_the_payload(scratch: Path) -> None:
    """The message names the exhausted resource."""

    def shut(player: Player) -> None:
        os.close(player.descriptors.pop())

    state = b"QEVM" + bytes(4 << 20)
    script = [*BEGUN, [DONE, shut, event("failed")], {"error": {"desc": "enough"}}, lambda _: None]
    player = Player(scratch, script)
    stream = device_model.with_state(octets(MODERN_HVM), state)
    result = restore(f"qmp:{player.path}", stream)
    player.close()
    assert result.rc == IO and "enough" in result.stderr, result


def test_aborted_while_it_waits(scratch: Path) -> None:
    begun = threading.Event()
    player = Player(scratch, [*BEGUN, [DONE, lambda _: begun.set()], lambda _: None])
    file = scratch / "image"
    file.write_bytes(octets(MODERN_HVM))
    running = start("restore", *DOMAIN_7, "--emulator", f"qmp:{player.path}", str(file))
    assert begun.wait(TIMEOUT_SECONDS)
    time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    _, words = running.communicate(timeout=TIMEOUT_SECONDS)
    player.close()
    assert running.returncode == IO, words
    assert player.commands[-1] == {"execute": "quit"}
