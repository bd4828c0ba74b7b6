"""Real xenstored daemons, and what tests do to them.

Debian's xenstored and oxenstored run without a hypervisor by a small preload (tests/xenstored).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import pty
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import tty
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, Optional

from . import namespace
from .command import BUILD_VARIABLE
from .corpus import REPOSITORY

PROGRAMS = Path("/usr/lib/xen-4.17/bin")
KINDS = ("xenstored", "oxenstored")
START_SECONDS = 60

# xen/include/public/io/xs_wire.h
READ = 2
TRANSACTION_START = 6
TRANSACTION_END = 7
INTRODUCE = 8
WRITE = 11
MKDIR = 12
SET_PERMS = 14
ERROR = 16
HEADER = struct.Struct("<IIII")


def preload() -> Path:
    """The preload in the build folder."""
    build = Path(os.environ.get(BUILD_VARIABLE) or REPOSITORY / "build")
    return (build / "tests" / "xenstored" / "xenstored-preload.so").absolute()


def why_missing(kind: str) -> Optional[str]:
    """The reason to give where a daemon can't be run."""
    if not (PROGRAMS / kind).exists():
        return f"{kind} is not installed (package xen-utils-4.17)"
    if shutil.which("xenstore-ls") is None:
        return "xenstore-ls is not installed (package xenstore-utils)"
    if not preload().exists():
        return f"{preload()} is not built (meson configure -Dtests=true)"
    if kind == "oxenstored" and os.geteuid() != 0:
        return "oxenstored needs a mount namespace of its own, and that root"
    return f"oxenstored: {why}" if kind == "oxenstored" and (why := namespace.why_not()) else None


class StoreError(Exception):
    """What a store says in place of an answer: the name of an errno."""


class Client:
    """A connection of our own, message by message."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))

    def ask(self, kind: int, payload: bytes, transaction: int = 0) -> bytes:
        """The answer to one request. Raises StoreError."""
        self.socket.sendall(HEADER.pack(kind, 0, transaction, len(payload)) + payload)
        answer, body = receive(self.socket)
        if answer == ERROR:
            raise StoreError(body.rstrip(b"\0").decode())
        return body

    def write(self, path: str, value: bytes) -> None:
        """Writes one key."""
        self.ask(WRITE, path.encode() + b"\0" + value)

    def close(self) -> None:
        """Ends the connection."""
        self.socket.close()


def receive(connection: socket.socket) -> tuple[int, bytes]:
    """The next message: its type and what it carries. Raises EOFError."""
    kind, _, _, size = HEADER.unpack(_exactly(connection, HEADER.size))
    return kind, _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise EOFError("the connection has ended")
        data += piece
    return data


class Daemon:
    """A running store daemon in a folder of its own."""

    def __init__(self, folder: Path, kind: str, *more: str) -> None:
        self.folder = folder
        self.kind = kind
        self.mounts: Optional[int] = None  # on /run, before
        self.run = folder / "run"
        self.run.mkdir()
        self.socket = self.run / "socket"
        self.domains = folder / "domains"
        self.domains.mkdir()
        environment = dict(
            os.environ,
            LD_PRELOAD=str(preload()),
            XENSTORED_RUNDIR=str(self.run),
            XENSTORED_PATH=str(self.socket),
            XENSTORED_DOMAINS=str(self.domains),
        )
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self._command(more), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait()

    def _command(self, more: tuple[str, ...]) -> list[str]:
        program = str(PROGRAMS / self.kind)
        if self.kind == "xenstored":
            return [program, "--no-fork", "--trace-file", str(self.folder / "trace"), *more]
        config = self.folder / "config"
        lines = {
            "pid-file": f"{self.folder}/pid",
            "persistent": "false",
            "quota-activate": "true",
            "quota-maxentity": "1000",
            "quota-maxsize": "2048",
            "quota-transaction": "10",
            "xenstored-log-file": f"{self.folder}/trace",
            "xenstored-kva": "/proc/xen/xsd_kva",
            "xenstored-port": "/proc/xen/xsd_port",
        }
        lines.update(word.split("=", 1) for word in more)
        config.write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
        # its socket's place is compiled in
        script = (
            "mount -t tmpfs none /run && mkdir /run/xenstored && "
            'mount --bind "$0" /run/xenstored && exec "$@"'
        )
        self.mounts = namespace.seen("/run")
        return [*namespace.shell(script, str(self.run), program), "--no-fork", "--config-file", str(config)]

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                Client(self.socket).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    self.stop()
                    raise RuntimeError(f"{self.kind}: {self.log.read_text()}") from None
                time.sleep(0.01)

    def signal(self, number: int) -> None:
        """Sends the daemon a signal."""
        self.process.send_signal(number)

    def stop(self) -> None:
        """Ends the daemon, whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.mounts is not None:
            namespace.clear("/run", self.mounts)

    def tree(self) -> dict[str, str]:
        """All keys, as xenstore-ls tells them."""
        listing = subprocess.run(
            ["xenstore-ls", "-f"],
            env=dict(os.environ, XENSTORED_PATH=str(self.socket)),
            capture_output=True,
            check=True,
            timeout=60,
        )
        pairs = (line.split(" = ", 1) for line in listing.stdout.decode().splitlines())
        return {path: value.strip().strip('"') for path, value in pairs}


@contextmanager
def daemon(folder: Path, kind: str, *more: str) -> Iterator[Daemon]:
    """A daemon that is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    running = Daemon(folder, kind, *more)
    try:
        yield running
    finally:
        running.stop()


Hook = Callable[[int, bytes, int], None]


class Proxy:
    """Stands between a client and a daemon, and calls `hook(type, payload, n)` before it passes a
    request on; n counts the requests of that type from 1."""

    def __init__(self, path: Path, target: Path, hook: Hook) -> None:
        self.path = path
        self.target = target
        self.hook = hook
        self.counts: dict[int, int] = {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            try:
                server.connect(str(self.target))
                while True:
                    header = _exactly(client, HEADER.size)
                    kind, _, _, size = HEADER.unpack(header)
                    payload = _exactly(client, size)
                    self.counts[kind] = self.counts.get(kind, 0) + 1
                    self.hook(kind, payload, self.counts[kind])
                    server.sendall(header + payload)
                    answer = _exactly(server, HEADER.size)
                    client.sendall(answer + _exactly(server, HEADER.unpack(answer)[3]))
            except (EOFError, OSError):
                pass

    def close(self) -> None:
        """No more connections."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Guest:
    """Domain `domid`, introduced to a daemon, and a device through which programs are that domain:
    the same as /dev/xen/xenbus in it.

    The ring (struct xenstore_domain_interface): 1024 bytes of requests, 1024 of answers, then how
    many requests were taken and made, and how many answers.
    """

    RING = 1024
    REQ_CONS, REQ_PROD, RSP_CONS, RSP_PROD = 2048, 2052, 2056, 2060

    def __init__(self, of: Daemon, domid: int) -> None:
        self.daemon = of
        ring = of.domains / str(domid)
        ring.write_bytes(bytes(mmap.PAGESIZE))
        with open(ring, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        client = Client(of.socket)
        client.ask(INTRODUCE, f"{domid}".encode() + b"\0001\0002\0")
        client.close()
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.device = os.ttyname(self.slave)
        self.over = False
        self.thread = threading.Thread(target=self._pump)
        self.thread.start()

    def _get(self, at: int) -> int:
        return ctypes.c_uint32.from_buffer(self.page, at).value

    def _put(self, at: int, value: int) -> None:
        ctypes.c_uint32.from_buffer(self.page, at).value = value & 0xFFFFFFFF

    def _pump(self) -> None:
        waiting = b""
        while not self.over:
            if not waiting and select.select([self.master], [], [], 0.001)[0]:
                waiting = os.read(self.master, self.RING)
            waiting = self._request(waiting)
            answer = self._answer()
            if answer:
                os.write(self.master, answer)

    def _request(self, data: bytes) -> bytes:
        made = self._get(self.REQ_PROD)
        room = self.RING - (made - self._get(self.REQ_CONS)) % (1 << 32)
        for octet in data[:room]:
            self.page[made % self.RING] = octet
            made += 1
        self._put(self.REQ_PROD, made)
        if data[:room]:
            self.daemon.signal(signal.SIGUSR1)
        return data[room:]

    def _answer(self) -> bytes:
        taken, made = self._get(self.RSP_CONS), self._get(self.RSP_PROD)
        count = (made - taken) % (1 << 32)
        data = bytes(self.page[self.RING + (taken + i) % self.RING] for i in range(count))
        self._put(self.RSP_CONS, taken + count)
        if data:
            self.daemon.signal(signal.SIGUSR1)
        return data

    def close(self) -> None:
        """The device is gone."""
        self.over = True
        self.thread.join()
        os.close(self.master)
        os.close(self.slave)
