"""xenstream config on files of real file systems: which way is taken, what is kept, and what is left when it
is killed in the middle."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Iterator

import pytest

from support import filesystem, front

from .common import (
    FINE,
    INVALID,
    IO,
    MODERN_PV,
    NOBODY,
    REFUSED,
    listing,
    octets,
    program,
    run,
    xenstream,
)

IMAGE = octets(MODERN_PV)
PAYLOAD = front.split(IMAGE)[1]
LONG = "n" * 5000
BLOCK = 4096
WAYS = {
    "ext4": "blocks inserted",
    "xfs": "blocks inserted",
    "btrfs": "that shares the rest",
    "tmpfs": "the rest copied",
}


@pytest.fixture(scope="module", params=list(WAYS))
def volume(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    """A kind of file system, and where one is mounted."""
    kind = request.param
    why = filesystem.why_not(kind)
    if why:
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="xenstream-fs-") as folder:
        try:
            with filesystem.mounted(kind, Path(folder)) as point:
                point.chmod(0o755)
                Path(folder).chmod(0o755)
                yield kind, point
        except OSError as error:
            pytest.skip(str(error))


@pytest.fixture
def folder(volume: tuple[str, Path]) -> Iterator[Path]:
    """An empty folder in there."""
    where = volume[1] / "folder"
    where.mkdir()
    yield where
    shutil.rmtree(where)


@pytest.fixture
def image(folder: Path) -> Path:
    """An image in there."""
    path = folder / "a.save"
    path.write_bytes(IMAGE)
    filesystem.sync(path)
    return path


def set_name(path: Path, name: str, *more: str) -> str:
    """Sets it, and returns the messages."""
    result = xenstream("config", "set", path, f"name={name}", *more)
    assert result.rc == FINE, result
    return result.stderr


def check(path: Path, *names: str) -> str:
    """The name in an image that is all right but for that: one of these."""
    result = xenstream("config", "get", path, "name")
    assert result.rc == FINE, result
    name = result.stdout.decode().strip()
    assert name in names and front.split(path.read_bytes())[1] == PAYLOAD
    return name


# --- ways --------------------------------------------------------------------------------------


def test_what_fits_is_written_in_place(volume: tuple[str, Path], image: Path) -> None:
    before, inode = filesystem.extents(image) if volume[0] != "tmpfs" else [], image.stat().st_ino
    assert "changed in place" in set_name(image, "other")
    assert image.stat().st_ino == inode and image.stat().st_size == len(IMAGE)
    check(image, "other")
    if volume[0] in ("ext4", "xfs"):
        assert filesystem.extents(image) == before
    assert listing(image.parent) == ["a.save"]


def test_the_payload_stays_where_it_is(volume: tuple[str, Path], image: Path) -> None:
    """Judged by the places of its blocks, not by time."""
    kind = volume[0]
    end = len(IMAGE) - len(PAYLOAD)
    probes = range(end + BLOCK, len(IMAGE) - BLOCK, 100 * BLOCK)
    before = [filesystem.place_of(image, at) for at in probes] if kind != "tmpfs" else []
    assert WAYS[kind] in set_name(image, LONG)
    check(image, LONG)
    more = image.stat().st_size - len(IMAGE)
    assert more > 0 and more % BLOCK == 0
    if kind != "tmpfs":
        after = [filesystem.place_of(image, at + more) for at in probes]
        assert before == after and None not in before
    assert listing(image.parent) == ["a.save"]
    assert "in place" in set_name(image, "short again")
    check(image, "short again")


def test_a_copy_shares_blocks_where_it_can(volume: tuple[str, Path], image: Path) -> None:
    out = image.parent / "b.save"
    said = set_name(image, LONG, "-o", str(out))
    assert image.read_bytes() == IMAGE
    check(out, LONG)
    shares = volume[0] in ("xfs", "btrfs")
    assert ("shared" if shares else "copied") in said
    now = front.of(out)
    assert (len(now.rest) < BLOCK) if shares else now.rest == b""
    if shares:
        at = len(IMAGE) - len(PAYLOAD) // 2
        more = out.stat().st_size - len(IMAGE)
        assert filesystem.place_of(image, at) == filesystem.place_of(out, at + more) is not None


def seconds(*words: str) -> float:
    """The program's own processor time, in user mode and in the kernel."""
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert xenstream(*words).rc == FINE
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


@pytest.mark.volumes("ext4", "xfs", "btrfs")
def test_ten_gigabytes_in_no_time(volume: tuple[str, Path], image: Path) -> None:
    """Nothing is moved or written, and on ext4 it is less than 50 ms of work. Sparse, so that it fits."""
    os.truncate(image, 10 << 30)
    at = len(IMAGE) - len(PAYLOAD) + 2 * BLOCK
    times: dict[bool, list[float]] = {True: [], False: []}
    for name in (LONG, "short", LONG * 2, "other", LONG * 3, "last", LONG * 4):
        place, before = filesystem.place_of(image, at), image.stat()
        filesystem.sync(image)
        times[len(name) > 9].append(seconds("config", "set", str(image), f"name={name}"))
        at += image.stat().st_size - before.st_size
        assert filesystem.place_of(image, at) == place is not None
        written = (image.stat().st_blocks - before.st_blocks) * 512
        assert written < 256 << 10, "next to nothing is written"
    assert image.stat().st_size >= 10 << 30
    start = min(seconds("--version") for _ in range(5))
    for longer, taken in times.items():
        words = [f"{1000 * t:.1f}" for t in taken]
        print(f"{volume[0]}: {'longer' if longer else 'in place'}: {words} ms, {1000 * start:.1f} to start")
        assert volume[0] != "ext4" or min(taken) - start < 0.05, "the best is what others did not disturb"


def test_holes_stay_holes_in_a_copy(image: Path) -> None:
    os.truncate(image, 1 << 30)
    out = image.parent / "b.save"
    set_name(image, LONG, "-o", str(out))
    assert out.stat().st_size >= 1 << 30 and out.stat().st_blocks * 512 < 2 * len(IMAGE)
    with open(out, "rb") as file:
        _, rest = front.split(file.read(len(IMAGE) + 100000))
    assert rest[: len(PAYLOAD)] == PAYLOAD and not any(rest[len(PAYLOAD) :])


# --- what is kept --------------------------------------------------------------------------------


def attributes(path: Path) -> dict[str, bytes]:
    """All extended attributes, ACLs among them."""
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def test_owner_mode_and_attributes_are_kept(volume: tuple[str, Path], image: Path) -> None:
    os.chown(image, 1234, 5678)
    image.chmod(0o640)
    os.setxattr(image, "user.comment", b"keep me")
    if shutil.which("setfacl"):
        subprocess.run(["setfacl", "-m", "u:4321:r", image], check=True)
    before = image.stat()
    kept = attributes(image)
    assert kept["user.comment"] == b"keep me"
    said = set_name(image, LONG)
    after = image.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (1234, 5678, before.st_mode)
    assert attributes(image) == kept
    assert (after.st_ino == before.st_ino) == ("new file" not in said)


def test_symbolic_links(image: Path) -> None:
    link = image.parent / "link"
    link.symlink_to("a.save")
    for name in ("b", LONG):
        set_name(link, name)
        assert link.is_symlink()
        check(image, name)
    assert listing(image.parent) == ["a.save", "link"]


def test_hard_links(volume: tuple[str, Path], image: Path) -> None:
    """The other names show the change but lead to no journal, or are separated from this one, so --force is needed."""
    second = image.parent / "second"
    os.link(image, second)
    for name in ("other", LONG):
        result = xenstream("config", "set", image, f"name={name}")
        assert result.rc == REFUSED and "2 names" in result.stderr, str(result)
        assert image.read_bytes() == second.read_bytes() == IMAGE
    dry = xenstream("config", "set", "--dry-run", image, "name=other")
    assert dry.rc == FINE and "2 names (hard links), and changing it needs --force" in dry.stderr
    assert xenstream("config", "set", image, "--force", "name=mini1").rc == FINE
    assert "2 names" in set_name(image, "other", "--force")
    assert xenstream("config", "set", second, "name=other").rc == FINE, "there is nothing to do"
    check(second, "other")
    set_name(image, LONG, "--force")
    check(image, LONG)
    check(second, LONG if volume[0] in ("ext4", "xfs") else "other")


def test_who_may_not_write(image: Path) -> None:
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if run([*nobody, program(), "--version"]).rc != FINE:
        pytest.skip("the build folder is out of reach for others")
    command = [*nobody, program(), "config", "set", image, "name=b"]
    image.chmod(0o644)
    result = run(command)
    assert result.rc == IO and "Permission denied" in result.stderr
    image.chmod(0o666)  # the file may be written to, but its folder not
    result = run(command)
    assert result.rc == IO and "journal" in result.stderr
    assert image.read_bytes() == IMAGE and listing(image.parent) == ["a.save"]
    image.parent.chmod(0o777)
    assert run(command).rc == FINE
    check(image, "b")


def test_read_only_files_and_file_systems(volume: tuple[str, Path], image: Path) -> None:
    if volume[0] != "tmpfs" and shutil.which("chattr"):
        subprocess.run(["chattr", "+i", image], check=True)
        result = xenstream("config", "set", image, "name=b")
        subprocess.run(["chattr", "-i", image], check=True)
        assert result.rc == IO and "not permitted" in result.stderr
    subprocess.run(["mount", "-o", "remount,ro", volume[1]], check=True)
    try:
        result = xenstream("config", "set", image, "name=b")
        assert result.rc == IO and "Read-only" in result.stderr
        check(image, "mini1")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", volume[1]], check=True)
    assert image.read_bytes() == IMAGE


def test_a_full_disk(volume: tuple[str, Path], image: Path) -> None:
    """Whatever can't be written any more: the old image, or the new one."""
    full = image.parent / "full"
    with open(full, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            pass
    for name in ("other", LONG, LONG * 20):
        result = xenstream("config", "set", image, f"name={name}")
        assert result.rc in (FINE, IO), result
        check(image, "mini1", "other", LONG, LONG * 20)
        if result.rc == IO:
            assert "space" in result.stderr
    full.unlink()
    assert listing(image.parent) == ["a.save"]
    set_name(image, "last")
    check(image, "last")


# --- killed in the middle --------------------------------------------------------------------------

TRACED = re.compile(r"^(?:\d+ +)?(\w+)\(")
# a leak checker can't work where somebody traces already
STRACE = ["env", "ASAN_OPTIONS=detect_leaks=0", "strace"]


NEVER_FAIL = {"exit_group", "mmap", "munmap", "brk", "rt_sigaction", "close", "flock"}


def calls(path: Path, name: str, log: Path) -> list[tuple[str, int]]:
    """The system calls of a change, from when the file is open: each with its number among those of its name."""
    run([*STRACE, "-o", log, program(), "config", "set", path, f"name={name}"])
    counts: Counter[str] = Counter()
    found = []
    for line in log.read_text().splitlines():
        match = TRACED.match(line)
        if match:
            counts[match[1]] += 1
            found.append((match[1], counts[match[1]]))
    names = [call for call, _ in found]
    return found[names.index("flock") :]


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: NOTHING IS KILLED")
@pytest.mark.parametrize("name", ["other", LONG], ids=["in-place", "longer"])
def test_killed_at_each_system_call(
    volume: tuple[str, Path], image: Path, name: str, scratch: Path
) -> None:
    trace = calls(image, name, scratch / "log")
    assert len(trace) > 30 and check(image, name)
    outcomes: Counter[str] = Counter()
    recovered = 0
    for call, number in trace:
        image.write_bytes(IMAGE)
        inject = f"inject={call}:signal=KILL:when={number}"
        command = [program(), "config", "set", image, f"name={name}"]
        result = run([*STRACE, "-o", "/dev/null", "-e", f"trace={call}", "-e", inject, *command])
        assert result.rc in (-9, 137), (call, number, result)
        recovered += len(listing(image.parent)) > 1
        verdict = xenstream("verify", image)
        assert verdict.rc == FINE, (call, number, verdict)
        outcomes[check(image, "mini1", name)] += 1
        assert listing(image.parent) == ["a.save"], (call, number)
    assert outcomes["mini1"] > 10 and outcomes[name] > 1
    assert recovered > 3, "it was killed in the middle, too"


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: NOTHING FAILS")
@pytest.mark.parametrize("name", ["other", LONG], ids=["in-place", "longer"])
def test_each_system_call_fails(
    volume: tuple[str, Path], image: Path, name: str, scratch: Path
) -> None:
    """The old image or the new one, and the messages are true."""
    trace = [call for call in calls(image, name, scratch / "log") if call[0] not in NEVER_FAIL]
    failures = 0
    for call, number in trace:
        image.write_bytes(IMAGE)
        inject = f"inject={call}:error=EIO:when={number}"
        command = [program(), "config", "set", image, f"name={name}"]
        result = run([*STRACE, "-o", "/dev/null", "-e", f"trace={call}", "-e", inject, *command])
        assert result.rc in (FINE, IO, INVALID, REFUSED), (call, number, result)
        failures += result.rc != FINE
        left = check(image, "mini1", name)
        if result.rc == FINE:
            assert left == name, (call, number)
        elif "next xenstream call" not in result.stderr:
            assert left == "mini1", (call, number, result)
        assert xenstream("verify", image).rc == FINE, (call, number)
        assert listing(image.parent) == ["a.save"], (call, number)
    assert failures > 3


# --- others ----------------------------------------------------------------------------------------


def test_many_at_once(image: Path) -> None:
    """No change is lost."""
    keys = [f"serial{i}" for i in range(8)]
    errors = []

    def change(key: str) -> None:
        result = xenstream("config", "set", image, f"{key}={'v' * 900}", "--force")
        if result.rc != FINE:
            errors.append(result)

    threads = [threading.Thread(target=change, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for key in keys:
        assert xenstream("config", "get", image, key).stdout == b"v" * 900 + b"\n"
    check(image, "mini1")


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: NOBODY IS SLOW")
@pytest.mark.parametrize("verb", [["config", "set", "name=b"], ["verify"]], ids=["change", "read"])
def test_a_file_is_one_change_s_until_its_journal_is_away(image: Path, verb: list[str]) -> None:
    """The new bytes and the journal are there: another process must not treat the journal as an abandoned one."""
    slow = ["-o", "/dev/null", "-e", "trace=unlinkat", "-e", "inject=unlinkat:delay_enter=1000000"]
    first = subprocess.Popen([*STRACE, *slow, program(), "config", "set", image, f"name={LONG}"])
    while b"n" * 5000 not in image.read_bytes():
        assert first.poll() is None
        time.sleep(0.01)
    result = xenstream(*verb[:2], image, *verb[2:])
    assert first.wait() == 0
    assert result.rc == FINE and "interrupted" not in result.stderr
    check(image, "b" if verb[0] == "config" else LONG)
    assert listing(image.parent) == ["a.save"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: NOBODY IS KILLED")
@pytest.mark.volumes(*(kind for kind, way in WAYS.items() if "inserted" in way))
def test_a_change_that_is_broken_off_while_a_reader_looks(
    volume: tuple[str, Path], image: Path
) -> None:
    """It finds a journal that is only to be removed, and lets its lock go to try: the next one is not."""

    def killed(call: str, name: str) -> None:
        words = ["-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when=1"]
        assert run([*STRACE, *words, program(), "config", "set", image, f"name={name}"]).rc < 0

    killed("unlinkat", "b")
    with open(image, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        slow = ["-e", "trace=flock", "-e", "inject=flock:delay_enter=2000000:when=4"]
        log = image.parent.parent / "log"
        late = subprocess.Popen(
            [*STRACE, "-o", log, *slow, program(), "config", "get", image, "name"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        while not log.exists() or log.read_bytes().count(b"flock(") < 4:
            assert late.poll() is None
            time.sleep(0.01)
    killed("pwrite64", LONG)
    out, said = late.communicate()
    assert late.returncode == FINE and out.decode().strip() == LONG and b"completed" in said
    check(image, LONG)
    log.unlink()


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: NOBODY IS SLOW")
@pytest.mark.parametrize("replaced", [True, False])
@pytest.mark.volumes(*(kind for kind, way in WAYS.items() if "inserted" not in way))
def test_a_file_that_is_moved_while_it_is_copied(
    volume: tuple[str, Path], image: Path, replaced: bool
) -> None:
    """The file that has its name then belongs to another process."""
    slow = ["-o", "/dev/null", "-e", "trace=ioctl", "-e", "inject=ioctl:delay_enter=700000"]
    command = [*STRACE, *slow, program(), "config", "set", image, f"name={LONG}"]
    first = subprocess.Popen(command, stderr=subprocess.PIPE)
    while not (image.parent / ".a.save.xenstream-journal").exists():
        assert first.poll() is None
        time.sleep(0.01)
    image.rename(image.parent / "moved.save")
    if replaced:
        image.write_bytes(b"other")
    said = first.communicate()[1].decode()
    assert first.returncode == IO and "meanwhile" in said
    check(image.parent / "moved.save", "mini1")
    assert listing(image.parent) == (["a.save"] if replaced else []) + ["moved.save"]
    assert not replaced or image.read_bytes() == b"other"


def test_readers_keep_changes_away(image: Path) -> None:
    with open(image, "rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        timer = threading.Timer(0.5, lambda: fcntl.flock(reader, fcntl.LOCK_UN))
        timer.start()
        begin = time.monotonic()
        set_name(image, "b")
        assert time.monotonic() - begin > 0.4
        timer.join()
    check(image, "b")


@pytest.mark.volumes("tmpfs")
def test_a_reader_that_stays(volume: tuple[str, Path], image: Path) -> None:
    with open(image, "rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        result = xenstream("config", "set", image, "name=b")
    assert result.rc == IO and "another process" in result.stderr
    assert image.read_bytes() == IMAGE


def test_planted_journals_are_ignored(image: Path) -> None:
    """A journal of another user, in a folder where everyone may write."""
    journal = image.parent / ".a.save.xenstream-journal"
    for plant in ("file", "fifo", "link", "folder"):
        if plant == "file":
            journal.write_bytes(b"xenstream change" + bytes(1000))
            os.chown(journal, NOBODY, NOBODY)
        elif plant == "fifo":
            os.mkfifo(journal)
        elif plant == "link":
            journal.symlink_to(image)
        else:
            journal.mkdir()
        result = xenstream("info", image)
        assert result.rc == FINE and "is ignored" in result.stderr, plant
        result = xenstream("config", "set", image, "name=b")
        assert result.rc == INVALID and "is ignored" in result.stderr
        assert image.read_bytes() == IMAGE and journal.exists()
        journal.rmdir() if plant == "folder" else journal.unlink()


@pytest.mark.volumes("ext4")
def test_block_devices(volume: tuple[str, Path], image: Path) -> None:
    size = (len(IMAGE) + 511) // 512 * 512
    os.truncate(image, size)
    done = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"no loop device: {done.stderr.decode().strip()}")
    device = Path(done.stdout.decode().strip())
    try:
        assert xenstream("config", "get", device, "name").stdout == b"mini1\n"
        result = xenstream("config", "set", device, "name=b")
        assert result.rc == INVALID and "another output" in result.stderr
        out = xenstream("config", "set", device, "name=b", "-o", "-")
        assert out.rc == FINE and front.split(out.stdout)[1][: len(PAYLOAD)] == PAYLOAD
    finally:
        subprocess.run(["losetup", "-d", device], check=True)
