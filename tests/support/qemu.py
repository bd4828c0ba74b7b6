"""Real QEMUs: one that gives a device model's state, one that waits for it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

PROGRAM = "qemu-system-x86_64"
START_SECONDS = 30
WAITS = ("-incoming", "defer")


def why_missing() -> Optional[str]:
    """The reason to give where there is no QEMU."""
    if shutil.which(PROGRAM) is None:
        return f"{PROGRAM} is not installed (package qemu-system-x86)"
    return None


class Qemu:
    """A QEMU whose processors stand still, and its QMP socket."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.socket = folder / "qmp"
        self.log = folder / "qemu.log"
        command = [PROGRAM, "-machine", "pc", "-accel", "tcg", "-m", "16", "-S", "-nodefaults"]
        command += ["-display", "none", "-global", "migration.send-configuration=off"]
        command += ["-qmp", f"unix:{self.socket},server=on,wait=off", *more]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.status()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    self.stop()
                    raise RuntimeError(self.log.read_text()) from None
                time.sleep(0.01)

    def ask(self, command: str, **arguments: Any) -> Any:
        """What a command returns, over a connection of its own. Raises RuntimeError."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(START_SECONDS)
            connection.connect(str(self.socket))
            lines = connection.makefile("rw", encoding="utf-8")
            lines.readline()
            self._ask(lines, "qmp_capabilities", {})
            return self._ask(lines, command, arguments)

    @staticmethod
    def _ask(lines: Any, command: str, arguments: dict[str, Any]) -> Any:
        lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        lines.flush()
        while True:
            message = json.loads(lines.readline())
            if "error" in message:
                raise RuntimeError(message["error"]["desc"])
            if "return" in message:
                return message["return"]

    def status(self) -> str:
        """What it is doing: `paused`, `inmigrate`."""
        return str(self.ask("query-status")["status"])

    def stop(self) -> None:
        """Ends it, whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Cut:
    """Stands between a client and a QEMU, and calls `then` when `bytes` of a state have gone to
    QEMU; the rest stays here."""

    def __init__(self, path: Path, of: Qemu, octets: int, then: Callable[[], None]) -> None:
        self.path = path
        self.octets = octets
        self.then = then
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.connect(str(of.socket))
        self.payload: list[socket.socket] = []
        threading.Thread(target=self._commands, daemon=True).start()

    def _commands(self) -> None:
        client, _ = self.listener.accept()
        threading.Thread(target=self._answers, args=(client,), daemon=True).start()
        with suppress(OSError):
            while True:
                data, descriptors, _, _ = socket.recv_fds(client, 65536, 1)
                if not data:
                    return
                if descriptors:
                    self._give(data, descriptors[0])
                else:
                    self.server.sendall(data)

    def _give(self, data: bytes, descriptor: int) -> None:
        ours, theirs = socket.socketpair()
        socket.send_fds(self.server, [data], [theirs.fileno()])
        theirs.close()
        self.payload = [ours, socket.socket(fileno=descriptor)]
        threading.Thread(target=self._state, daemon=True).start()

    def _state(self) -> None:
        ours, whole = self.payload
        left = self.octets
        while left:
            piece = whole.recv(left)
            ours.sendall(piece)
            left -= len(piece)
        self.then()

    def _answers(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            while data := self.server.recv(65536):
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Leaves nothing."""
        for one in [self.listener, self.server, *self.payload]:
            one.close()


@contextmanager
def qemu(folder: Path, *more: str) -> Iterator[Qemu]:
    """A QEMU that is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    running = Qemu(folder, *more)
    try:
        yield running
    finally:
        running.stop()


def saved_state(folder: Path, *more: str) -> bytes:
    """The device model's state of a new QEMU, as Xen's toolstack gets it."""
    with qemu(folder, *more) as running:
        file = folder / "state"
        running.ask("xen-save-devices-state", filename=str(file))
        return file.read_bytes()
