"""restore --xenstore into real xenstored daemons, and the daemons' failures."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Iterator

import pytest

from support import device_model, xenstored
from support.corpus import images
from support.xenstored import Client, Daemon, Guest, Proxy, daemon

from .common import (
    TIMEOUT_SECONDS,
    FINE, INVALID, IO, MODERN_HVM, REFUSED, USAGE, octets, program, start, wait_for, xenstream,
)

ROOT = "/local/domain/0/device-model/7"
DOMAIN_7 = ("--domid", "7", "--domain", "null:")


def need(kind: str) -> None:
    """Skips the test where a daemon can't be run."""
    missing = xenstored.why_missing(kind)
    if missing is not None:
        pytest.skip(missing)


@pytest.fixture(params=xenstored.KINDS)
def store(request: pytest.FixtureRequest, scratch: Path) -> Iterator[Daemon]:
    """An empty store, of each kind."""
    need(request.param)
    with daemon(scratch / "store", request.param) as running:
        yield running


@pytest.fixture
def xenstored_only(scratch: Path) -> Iterator[Daemon]:
    """An empty store of the usual kind."""
    need("xenstored")
    with daemon(scratch / "store", "xenstored") as running:
        yield running


def image(keys: dict[str, bytes]) -> bytes:
    """A save image with these keys."""
    return device_model.with_keys(octets(MODERN_HVM), keys)


def restore(path: Path | str, stream: bytes, *more: str):
    """Restores a stream's keys into the store that listens there."""
    return xenstream("restore", *DOMAIN_7, "--xenstore", f"xenstored:{path}", *more, "-", stdin=stream)


def device_models(store: Daemon) -> dict[str, str]:
    """The keys of a store below the folder of all device models, which does not exist at first."""
    return {k: v for k, v in store.tree().items() if k.startswith("/local/domain/0/device-model")}


def expected(keys: dict[str, bytes], root: str = ROOT) -> dict[str, str]:
    """The same keys as a store has them."""
    return {f"{root}/{key}": value.decode() for key, value in keys.items()}


def leaves(tree: dict[str, str]) -> dict[str, str]:
    """A file that is not a folder."""
    return {k: v for k, v in tree.items() if not any(o.startswith(k + "/") for o in tree)}


def nobody_is_left(path: Path | str) -> None:
    """No process of ours goes on: a child has its parent's arguments."""
    word = f"xenstored:{path}".encode()

    def gone() -> bool:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = process.read_bytes().split(b"\0")
            except OSError:
                continue
            if word in words and str(program()).encode() in words:
                return False
        return True

    wait_for(gone)


def test_keys_of_a_real_image(store: Daemon) -> None:
    with_keys = [item for item in images("modern") if "physmap" in item.path.name]
    if not with_keys:
        pytest.skip("the whole corpus is not there: no genuine image with a device model's keys")
    assert restore(store.socket, octets(with_keys[0])).rc == FINE
    assert leaves(device_models(store)) == expected(device_model.PHYSMAP)


def test_keys(store: Daemon) -> None:
    result = restore(store.socket, image(device_model.PHYSMAP))
    assert result.rc == FINE, result
    assert leaves(device_models(store)) == expected(device_model.PHYSMAP)
    nobody_is_left(store.socket)


def test_where_libxenstore_looks(store: Daemon) -> None:
    environment = dict(os.environ, XENSTORED_PATH=str(store.socket))
    words = ["restore", *DOMAIN_7, "--xenstore", "xenstored:", "-"]
    assert xenstream(*words, stdin=image(device_model.PHYSMAP), env=environment).rc == FINE
    assert leaves(device_models(store)) == expected(device_model.PHYSMAP)


def test_many_keys_and_any_octet_in_a_value(store: Daemon) -> None:
    keys = {f"physmap/{i:x}/size": bytes([i % 255 + 1]) * (i % 90) for i in range(500)}
    assert restore(store.socket, image(keys)).rc == FINE
    client = Client(store.socket)
    for key, value in keys.items():
        assert client.ask(xenstored.READ, f"{ROOT}/{key}".encode() + b"\0") == value
    client.close()


def test_a_root_of_its_own(store: Daemon) -> None:
    assert restore(store.socket, image(device_model.PHYSMAP), "--xenstore-root", "/a/b").rc == FINE
    tree = leaves(store.tree())
    assert expected(device_model.PHYSMAP, "/a/b").items() <= tree.items()


@pytest.mark.parametrize("root", ["relative", "/a//b", "/a/", "/a.b", "/" + "x" * 3100], ids=["relative", "empty part", "slash", "dot", "long"])
def test_no_root(xenstored_only: Daemon, root: str) -> None:
    result = restore(xenstored_only.socket, image(device_model.PHYSMAP), "--xenstore-root", root)
    assert result.rc != FINE
    assert "not a xenstore path" in result.stderr
    assert not device_models(xenstored_only)


@pytest.mark.parametrize(
    "key, words",
    [
        ("physmap/a.b", "is no key that xenstored takes"),
        ("physmap//a", "is no key that xenstored takes"),
        ("physmap/", "is no key that xenstored takes"),
        ("physmap/\x7f", "is no key that xenstored takes"),
        ("physmap/" + "x" * 3050, "exceed xenstored's limits"),
    ],
    ids=["dot", "empty part", "slash", "delete", "long"],
)
def test_a_key_that_no_store_takes(xenstored_only: Daemon, key: str, words: str) -> None:
    keys = {**device_model.PHYSMAP, key: b"1"}
    result = restore(xenstored_only.socket, image(keys))
    assert result.rc == INVALID, result
    assert words in result.stderr
    assert not device_models(xenstored_only)


def test_a_value_that_no_store_takes(xenstored_only: Daemon) -> None:
    longest = 4095 - len(f"{ROOT}/physmap/1")
    result = restore(xenstored_only.socket, image({"physmap/1": b"x" * (longest + 1)}))
    assert result.rc == INVALID and "exceed xenstored's limits" in result.stderr
    assert not device_models(xenstored_only)
    assert restore(xenstored_only.socket, image({"physmap/1": b"x" * longest})).rc == FINE


def test_keys_elsewhere_are_refused_unless_forced(xenstored_only: Daemon) -> None:
    stream = image({**device_model.PHYSMAP, "state": b"running"})
    result = restore(xenstored_only.socket, stream)
    assert result.rc == REFUSED and '"state" lies outside physmap/' in result.stderr
    assert not device_models(xenstored_only)
    assert restore(xenstored_only.socket, stream, "--force").rc == FINE
    assert device_models(xenstored_only)[f"{ROOT}/state"] == "running"


def test_too_many_keys(xenstored_only: Daemon) -> None:
    keys = {f"physmap/{i}": b"x" * 4000 for i in range(270)}
    result = restore(xenstored_only.socket, image(keys))
    assert result.rc == INVALID and "1048576 bytes" in result.stderr
    assert not device_models(xenstored_only)


def test_nobody_there(scratch: Path) -> None:
    need("xenstored")
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(scratch / "deaf"))
        for name in ("nothing", "deaf"):
            result = restore(scratch / name, image(device_model.PHYSMAP))
            assert result.rc == IO and "is it running?" in result.stderr


def test_gone_before(xenstored_only: Daemon) -> None:
    xenstored_only.stop()
    result = restore(xenstored_only.socket, image(device_model.PHYSMAP))
    assert result.rc == IO and "is it running?" in result.stderr
    nobody_is_left(xenstored_only.socket)


def test_a_stream_that_breaks_off_writes_nothing(store: Daemon) -> None:
    whole = image(device_model.PHYSMAP)
    for size in (len(whole) - 1, len(whole) - 8, len(whole) - 3000):
        assert restore(store.socket, whole[:size]).rc == INVALID
        assert not device_models(store)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_killed_in_the_middle_of_a_transaction(store: Daemon, scratch: Path, at: int) -> None:
    def kill(kind: int, _: bytes, n: int) -> None:
        if kind == xenstored.WRITE and n == at:
            store.signal(signal.SIGKILL)

    proxy = Proxy(scratch / "proxy", store.socket, kill)
    result = restore(proxy.path, image(device_model.PHYSMAP))
    proxy.close()
    assert result.rc == IO, result
    assert "writing" in result.stderr and "has closed the connection" in result.stderr
    nobody_is_left(proxy.path)


@pytest.mark.parametrize("at", [xenstored.TRANSACTION_START, xenstored.WRITE, xenstored.READ])
def test_a_stalled_daemon(store: Daemon, scratch: Path, at: int) -> None:
    def stop(kind: int, _: bytes, n: int) -> None:
        if kind == at and n == 1:
            store.signal(signal.SIGSTOP)

    proxy = Proxy(scratch / "proxy", store.socket, stop)
    result = restore(proxy.path, image(device_model.PHYSMAP), "--timeout", "0.5")
    nobody_is_left(proxy.path)
    proxy.close()
    store.signal(signal.SIGCONT)
    assert result.rc == IO, result
    assert not device_models(store)


def test_aborted_while_the_daemon_stalls(xenstored_only: Daemon, scratch: Path) -> None:
    stalled = threading.Event()

    def stop(kind: int, _: bytes, n: int) -> None:
        if kind == xenstored.WRITE and n == 2:
            xenstored_only.signal(signal.SIGSTOP)
            stalled.set()

    proxy = Proxy(scratch / "proxy", xenstored_only.socket, stop)
    file = scratch / "image"
    file.write_bytes(image(device_model.PHYSMAP))
    running = start("restore", *DOMAIN_7, "--xenstore", f"xenstored:{proxy.path}", str(file))
    assert stalled.wait(TIMEOUT_SECONDS)
    running.send_signal(signal.SIGTERM)
    _, words = running.communicate(timeout=TIMEOUT_SECONDS)
    assert running.returncode == IO, words
    nobody_is_left(proxy.path)
    proxy.close()
    xenstored_only.signal(signal.SIGCONT)
    assert not device_models(xenstored_only)


def test_killed_ourselves(xenstored_only: Daemon, scratch: Path) -> None:
    written = threading.Event()
    go_on = threading.Event()

    def wait(kind: int, _: bytes, n: int) -> None:
        if kind == xenstored.WRITE and n == 3:
            written.set()
            go_on.wait(TIMEOUT_SECONDS)

    proxy = Proxy(scratch / "proxy", xenstored_only.socket, wait)
    file = scratch / "image"
    file.write_bytes(image(device_model.PHYSMAP))
    running = start("restore", *DOMAIN_7, "--xenstore", f"xenstored:{proxy.path}", str(file))
    assert written.wait(TIMEOUT_SECONDS)
    running.kill()
    running.communicate(timeout=TIMEOUT_SECONDS)
    nobody_is_left(proxy.path)
    go_on.set()
    proxy.close()
    assert not device_models(xenstored_only)


@pytest.mark.parametrize("times", [1, 3])
def test_another_client_spoils_the_transaction(store: Daemon, scratch: Path, times: int) -> None:
    other = Client(store.socket)

    def interfere(kind: int, payload: bytes, _: int) -> None:
        if kind == xenstored.TRANSACTION_END and payload == b"T\0" and len(spoilt) < times:
            spoilt.append(payload)
            other.write(f"{ROOT}/physmap/1000000/size", b"other's %d" % len(spoilt))

    spoilt: list[bytes] = []
    proxy = Proxy(scratch / "proxy", store.socket, interfere)
    result = restore(proxy.path, image(device_model.PHYSMAP))
    proxy.close()
    other.close()
    assert result.rc == FINE, result
    assert leaves(device_models(store)) == expected(device_model.PHYSMAP)
    # as often as it was spoilt, it was all written again
    assert proxy.counts[xenstored.WRITE] == len(device_model.PHYSMAP) * (times + 1)


def test_quota_of_oxenstored(scratch: Path) -> None:
    need("oxenstored")
    keys = {**device_model.PHYSMAP, "physmap/2/name": b"x" * 200}
    with daemon(scratch / "store", "oxenstored", "quota-maxsize=100") as store:
        before = store.tree()
        result = restore(store.socket, image(keys))
        assert result.rc == IO, result
        assert "writing" in result.stderr and "quota" in result.stderr
        assert store.tree() == before


@pytest.fixture
def guest(scratch: Path) -> Iterator[Guest]:
    """Domain 5, which may have ten nodes and owns a folder. Domain 0 has no quota."""
    need("xenstored")
    with daemon(scratch / "store", "xenstored", "--entry-nb=10") as store:
        domain = Guest(store, 5)
        client = Client(store.socket)
        client.write("/local/domain/5/data", b"")
        client.ask(xenstored.SET_PERMS, b"/local/domain/5/data\0n5\0")
        client.close()
        yield domain
        domain.close()


def test_through_a_device(guest: Guest) -> None:
    root = "/local/domain/5/data"
    assert restore(guest.device, image(device_model.PHYSMAP), "--xenstore-root", root).rc == FINE
    assert expected(device_model.PHYSMAP, root).items() <= guest.daemon.tree().items()


def test_quota_of_xenstored(guest: Guest) -> None:
    before = guest.daemon.tree()
    keys = {f"physmap/{i}/size": b"1000" for i in range(10)}
    result = restore(guest.device, image(keys), "--xenstore-root", "/local/domain/5/data")
    assert result.rc == IO, result
    assert "quota" in result.stderr
    assert guest.daemon.tree() == before


def test_no_permission(guest: Guest) -> None:
    before = guest.daemon.tree()
    result = restore(guest.device, image(device_model.PHYSMAP), "--xenstore-root", "/local/domain/6")
    assert result.rc == IO, result
    assert "denies permission" in result.stderr
    assert guest.daemon.tree() == before


@pytest.mark.parametrize("were_there", [False, True])
def test_taken_back_when_the_emulator_fails(
    store: Daemon, scratch: Path, were_there: bool
) -> None:
    """The store commits first; the device model's file can't get its name any more then."""
    before_keys = {"physmap/1000000/size": b"old", "physmap/99/size": b"other"}
    if were_there:
        client = Client(store.socket)
        for key, value in before_keys.items():
            client.write(f"{ROOT}/{key}", value)
        client.close()
    before = device_models(store)
    folder = scratch / "states"
    folder.mkdir()

    def take_away(kind: int, payload: bytes, _: int) -> None:
        if kind == xenstored.TRANSACTION_END and payload == b"T\0" and folder.exists():
            folder.rmdir()

    proxy = Proxy(scratch / "proxy", store.socket, take_away)
    state = f"file:{folder}/state"
    result = restore(proxy.path, image(device_model.PHYSMAP), "--emulator", state)
    proxy.close()
    assert result.rc == IO, result
    assert device_models(store) == before
    nobody_is_left(proxy.path)


def test_words_of_no_use(scratch: Path) -> None:
    result = xenstream("restore", *DOMAIN_7, "--xenstore", "xenstore:", str(scratch / "x"))
    assert result.rc == USAGE and "xenstored:" in result.stderr


def test_a_socket_that_nobody_serves(scratch: Path) -> None:
    """Connections are taken, but never answered."""
    need("xenstored")
    path = scratch / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        result = restore(path, image(device_model.PHYSMAP), "--timeout", "0.5")
    assert result.rc == IO
    nobody_is_left(path)


def test_child(store: Daemon, scratch: Path) -> None:
    """It has nothing of its parent's open: who waits for an end does not wait for it. And what a
    terminal sends to everybody is for its parent to deal with."""
    seen: list[list[str]] = []

    def look(kind: int, _: bytes, n: int) -> None:
        if kind == xenstored.WRITE and n == 1:
            children = subprocess.run(
                ["pgrep", "-P", str(running.pid)], capture_output=True, check=True
            ).stdout.split()
            folder = Path("/proc") / children[0].decode() / "fd"
            seen.append(sorted(os.readlink(fd) for fd in folder.iterdir()))
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP):
                os.kill(int(children[0]), number)

    proxy = Proxy(scratch / "proxy", store.socket, look)
    file = scratch / "image"
    file.write_bytes(image(device_model.PHYSMAP))
    running = start("restore", *DOMAIN_7, "--xenstore", f"xenstored:{proxy.path}", str(file))
    running.communicate(timeout=TIMEOUT_SECONDS)
    proxy.close()
    assert running.returncode == FINE
    assert [name.split(":")[0] for name in seen[0]] == ["/dev/null"] * 3 + ["socket"] * 2
