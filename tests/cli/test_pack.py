"""restore --into and pack: a directory is whole or not there, and nothing in it is believed."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path
from typing import Callable

import pytest

from support import directory, image, namespace

from .common import (
    BOOT_HVM,
    FINE,
    HVM,
    INVALID,
    IO,
    MODERN_HVM,
    MODERN_PV,
    PV,
    REFUSED,
    USAGE,
    Unpack,
    listing,
    octets,
    program,
    start,
    wait_for,
    xenstream,
)

PAGE = 4096
CONFIG = b"name = 'clone'\nmemory = 4\n"


@pytest.fixture
def whole(unpacked: Unpack, scratch: Path) -> Path:
    """A directory with an HVM guest and its device model."""
    return into(unpacked(MODERN_HVM), scratch / "d")


def into(source: Path, target: Path, *options: str) -> Path:
    """Restores an image, which has to succeed."""
    result = xenstream("restore", "--into", target, *options, source)
    assert result.rc == FINE, str(result)
    return target


def pack(source: Path, *options: str) -> bytes:
    """Packs a directory, which has to succeed."""
    result = xenstream("pack", *options, source, "-")
    assert result.rc == FINE, str(result)
    return result.stdout


def record(folder: Path, name: str) -> Path:
    """The file of a record."""
    (found,) = (folder / "records").glob("*." + name)
    return found


# ---- what is written ----


def test_manifest_tells_of_every_file(whole: Path) -> None:
    manifest = json.loads((whole / "manifest.json").read_bytes())
    assert manifest["format"] == "xenstream image directory" and manifest["version"] == 1
    assert manifest["guest"] == "hvm" and manifest["xen"] == "4.17"
    assert manifest["image_version"] == 3
    told = {entry["file"] for entry in manifest["records"]}
    assert told == {f"records/{name}" for name in listing(whole / "records")}
    for entry in manifest["records"]:
        assert (whole / entry["file"]).stat().st_size == entry["octets"]
    found = directory.load(whole)
    data = sum(page is not None for _, page in found.memory.values())
    assert manifest["pages"]["with_contents"] == data
    assert manifest["pages"]["described"] == sum(manifest["pages"]["types"].values())
    state = manifest["emulator"]
    assert (whole / state["file"]).stat().st_size == state["octets"]


def test_config_is_the_one_that_counts(unpacked: Unpack, scratch: Path) -> None:
    stored = image.load(unpacked(MODERN_PV)).xl
    assert stored is not None
    found = into(unpacked(MODERN_PV), scratch / "d")
    assert (found / "config").read_bytes() + b"\0" == stored.config
    given = scratch / "given.cfg"
    given.write_bytes(CONFIG)
    replaced = into(unpacked(MODERN_PV), scratch / "other", "--config", str(given))
    assert (replaced / "config").read_bytes() == CONFIG
    header = image.xl_header(pack(replaced))
    assert header.config == CONFIG
    assert not header.mandatory_flags & image.XL_JSON_CONFIG


def test_pack_takes_another_config(whole: Path, scratch: Path) -> None:
    given = scratch / "given.cfg"
    given.write_bytes(CONFIG)
    one, other = image.decode(pack(whole)), image.decode(pack(whole, "--config", str(given)))
    assert other.xl is not None and other.xl.config == CONFIG
    assert image.differences(one, other) == []
    assert one.emulator_contexts == other.emulator_contexts


def test_pack_takes_an_edited_config(whole: Path) -> None:
    text = json.loads((whole / "config").read_bytes())
    text["c_info"]["name"] = "clone"
    (whole / "config").write_text(json.dumps(text))
    header = image.xl_header(pack(whole))
    assert json.loads(header.config[:-1]) == text
    assert header.config[-1:] == b"\0"


def test_config_may_change_its_language(whole: Path) -> None:
    (whole / "config").write_bytes(CONFIG)
    header = image.xl_header(pack(whole))
    assert header.config == CONFIG
    assert not header.mandatory_flags & image.XL_JSON_CONFIG
    (whole / "config").write_bytes(b" \n{ \"c_info\": {} }\n")
    header = image.xl_header(pack(whole))
    assert header.config == b" \n{ \"c_info\": {} }\n\0"
    assert header.mandatory_flags & image.XL_JSON_CONFIG
    (whole / "config").unlink()
    assert image.xl_header(pack(whole)).config == b""


def test_edited_files_count(whole: Path) -> None:
    found = directory.load(whole)
    pfn = min(found.memory)
    with (whole / "memory").open("r+b") as memory:
        memory.seek(pfn * PAGE)
        memory.write(b"new contents")
    context = record(whole, "HVM_CONTEXT")
    state = context.read_bytes()
    context.write_bytes(state[:-9] + b"\x5a" + state[-8:])  # before END
    changed = image.decode(pack(whole))
    contents = changed.memory[pfn][1]
    assert contents is not None and bytes(contents[:12]) == b"new contents"
    assert changed.hvm_context is not None and changed.hvm_context[-9:-8] == b"\x5a"


def test_memory_is_sparse(whole: Path) -> None:
    found = directory.load(whole)
    pages = sum(page is not None for _, page in found.memory.values())
    size = (whole / "memory").stat()
    assert size.st_blocks * 512 <= (pages + 64) * PAGE < size.st_size


def test_optional_data_as_long_as_it_may_be(unpacked: Unpack, scratch: Path) -> None:
    """The data after the configuration; 16 MiB together."""
    data = bytearray(octets(MODERN_PV))
    length = int.from_bytes(data[44:48], "little")
    data[48 + length:48 + length] = b"o" * ((16 << 20) - length)
    data[44:48] = (16 << 20).to_bytes(4, "little")
    (scratch / "in").write_bytes(data)
    assert pack(into(scratch / "in", scratch / "d")) == data


def test_batches_are_those_of_xen(whole: Path) -> None:
    """Ascending, 1024 in each but the last, as superpages need."""
    first = []
    for one in image.decode(pack(whole)).libxc.records:
        if one.type == image.PAGE_DATA:
            first.append((int.from_bytes(one.body[:4], "little"),
                          int.from_bytes(one.body[8:16], "little") & image.ENTRY_PFN_MASK))
    assert [n for n, _ in first[:-1]] == [1024] * (len(first) - 1)
    assert [pfn for _, pfn in first] == sorted(pfn for _, pfn in first)


def test_only_the_owner_reads_it(whole: Path) -> None:
    assert whole.stat().st_mode & 0o777 == 0o700
    for name in ("memory", "qemu-resume.1", "config"):
        assert (whole / name).stat().st_mode & 0o777 == 0o600


def test_without_device_model(unpacked: Unpack, scratch: Path) -> None:
    """Data for other sinks is neither in the directory nor in a packed image."""
    source = unpacked(BOOT_HVM)
    found = into(source, scratch / "d", "--xenstore", "none:", "--emulator", "none:")
    assert not list(found.glob("qemu-resume*")) and not (found / "xenstore").exists()
    assert not image.decode(pack(found)).emulator_contexts


def test_state_is_named_after_the_domain(unpacked: Unpack, scratch: Path) -> None:
    found = into(unpacked(MODERN_HVM), scratch / "d", "--domid", "77")
    assert (found / "qemu-resume.77").exists()
    assert pack(found) == octets(MODERN_HVM)


def test_sync_and_compression(unpacked: Unpack, scratch: Path) -> None:
    found = into(unpacked(MODERN_PV), scratch / "d", "--sync")
    out = scratch / "out.zst"
    result = xenstream("pack", "--compress", "zstd", "--sync", found, out)
    assert result.rc == FINE, str(result)
    plain = subprocess.run(["zstd", "-dcq", out], check=True, capture_output=True).stdout
    assert plain == octets(MODERN_PV)


# ---- its place ----


def test_what_is_there_stays(unpacked: Unpack, scratch: Path) -> None:
    (scratch / "d").mkdir()
    (scratch / "d" / "kept").write_bytes(b"kept")
    result = xenstream("restore", "--into", scratch / "d", unpacked(MODERN_PV))
    assert result.rc == IO and "not empty" in result.stderr, str(result)
    assert listing(scratch) == ["d"] and listing(scratch / "d") == ["kept"]
    (scratch / "file").write_bytes(b"kept")
    result = xenstream("restore", "--into", scratch / "file", unpacked(MODERN_PV))
    assert result.rc == IO, str(result)
    assert (scratch / "file").read_bytes() == b"kept"
    (scratch / "link").symlink_to(scratch / "nowhere")
    result = xenstream("restore", "--into", scratch / "link", unpacked(MODERN_PV))
    assert result.rc == IO, str(result)
    assert listing(scratch) == ["d", "file", "link"]


def test_an_empty_directory_is_filled(unpacked: Unpack, scratch: Path) -> None:
    (scratch / "d").mkdir()
    into(unpacked(MODERN_PV), scratch / "d")
    assert pack(scratch / "d") == octets(MODERN_PV)


@pytest.mark.parametrize("name", (".", "..", "sub/.", "sub/..", "/"))
def test_a_place_without_a_name(name: str, unpacked: Unpack, scratch: Path) -> None:
    """Known before the first byte is written, not at the last rename."""
    (scratch / "here" / "sub").mkdir(parents=True)
    result = xenstream("restore", "--into", name, unpacked(MODERN_HVM), cwd=scratch / "here")
    assert result.rc == IO and "own name" in result.stderr, str(result)
    assert listing(scratch) == ["here"] and listing(scratch / "here") == ["sub"]


def need_mounts(loss: str) -> None:
    """Skips the test where it can't mount anything."""
    why = namespace.why_not()
    if why:
        pytest.skip(f"{why}: {loss}")


def test_a_place_that_is_mounted(scratch: Path) -> None:
    """Known before the first byte is written, too."""
    (scratch / "half").write_bytes(octets(MODERN_HVM)[:100000])
    (scratch / "d").mkdir()
    need_mounts("A MOUNTED PLACE IS NOT TESTED")
    words = (
        f"mount -t tmpfs none d || exit 99; '{program()}' restore --into d half; code=$?; "
        "umount d; exit $code"
    )
    result = subprocess.run(namespace.shell(words), cwd=scratch, capture_output=True, check=False)
    assert result.returncode == IO and b"d: Device or resource busy" in result.stderr, result.stderr


def test_nowhere_to_put_it(unpacked: Unpack, scratch: Path) -> None:
    result = xenstream("restore", "--into", scratch / "no" / "d", unpacked(MODERN_PV))
    assert result.rc == IO and "no/d" in result.stderr, str(result)


def test_damaged_input_leaves_nothing(scratch: Path) -> None:
    data = octets(MODERN_HVM)
    for size in (60, 2000, len(data) // 3, len(data) - 9000, len(data) - 9):
        result = xenstream("restore", "--into", scratch / "d", "-", stdin=data[:size])
        assert result.rc == INVALID, str(result)
        assert listing(scratch) == []


@pytest.mark.parametrize("how", (signal.SIGTERM, signal.SIGINT, signal.SIGKILL))
def test_signals(how: signal.Signals, scratch: Path) -> None:
    """No partial result has the name, and all that can be undone is undone."""
    data = octets(MODERN_PV)
    running = start("restore", "--into", scratch / "d", "-")
    assert running.stdin is not None
    running.stdin.write(data[: len(data) // 2])
    running.stdin.flush()
    wait_for(lambda: listing(scratch) != [])
    running.send_signal(how)
    running.communicate()
    assert running.returncode != FINE
    assert not (scratch / "d").exists()
    if how is not signal.SIGKILL:
        assert listing(scratch) == []


def test_full_disk(unpacked: Unpack, scratch: Path) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    result = xenstream("restore", "--into", scratch / "d", unpacked(MODERN_PV), preexec_fn=limit)
    assert result.rc == IO and "d/memory: File too large" in result.stderr, str(result)
    assert listing(scratch) == []


def test_no_more_descriptors(unpacked: Unpack, scratch: Path) -> None:
    """However far it came: there must be some to take it back with."""
    source, codes = unpacked(MODERN_HVM), []
    for limit in range(7, 24):
        few = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (limit, limit))
        result = xenstream("restore", "--into", scratch / "d", source, preexec_fn=few)
        codes.append(result.rc)
        assert result.rc in (FINE, IO), (limit, str(result))
        assert listing(scratch) == (["d"] if result.rc == FINE else []), (limit, str(result))
        shutil.rmtree(scratch / "d", ignore_errors=True)
    assert codes[0] == IO and codes[-1] == FINE


def test_full_file_system(unpacked: Unpack, scratch: Path) -> None:
    """A tmpfs of its own, in a namespace of its own."""
    source = unpacked(MODERN_HVM)
    words = (
        f"mount -t tmpfs -o size=4m none '{scratch}' || exit 99; "
        f"'{program()}' restore --into '{scratch}/d' '{source}'; code=$?; "
        f"ls -A '{scratch}'; umount '{scratch}'; exit $code"
    )
    need_mounts("A FULL FILE SYSTEM IS NOT TESTED")
    result = subprocess.run(namespace.shell(words), capture_output=True, check=False)
    assert result.returncode == IO, result.stderr
    assert b"no space left on the device" in result.stderr
    assert result.stdout == b""


def test_output_that_is_full(whole: Path, scratch: Path) -> None:
    result = xenstream("pack", whole, "/dev/full")
    assert result.rc == IO and "no space left" in result.stderr, str(result)
    (scratch / "old").write_bytes(b"kept")
    shutil.rmtree(whole / "records")
    result = xenstream("pack", whole, scratch / "old")
    assert result.rc == IO, str(result)
    assert (scratch / "old").read_bytes() == b"kept"


# ---- directories from strangers ----


def secret(whole: Path) -> Path:
    """A file that nothing in the directory may lead to."""
    path = whole.parent / "secret"
    path.write_bytes(b"secret" * 1000)
    return path


def link(name: str) -> Callable[[Path], None]:
    """Puts a symbolic link out of the directory into the place of a file."""

    def change(whole: Path) -> None:
        (found,) = whole.glob(name)
        found.unlink()
        found.symlink_to(secret(whole))

    return change


def fifo(name: str) -> Callable[[Path], None]:
    def change(whole: Path) -> None:
        (found,) = whole.glob(name)
        found.unlink()
        os.mkfifo(found)

    return change


def remove(name: str) -> Callable[[Path], None]:
    def change(whole: Path) -> None:
        (found,) = whole.glob(name)
        found.unlink()

    return change


def write(name: str, data: bytes) -> Callable[[Path], None]:
    def change(whole: Path) -> None:
        found = list(whole.glob(name)) or [whole / name]
        found[0].write_bytes(data)

    return change


def huge(name: str, size: int) -> Callable[[Path], None]:
    def change(whole: Path) -> None:
        (found,) = whole.glob(name)
        os.truncate(found, size)

    return change


def into_a_folder(name: str) -> Callable[[Path], None]:
    def change(whole: Path) -> None:
        (found,) = whole.glob(name)
        found.unlink()
        found.mkdir()

    return change


def linked_folder(whole: Path) -> None:
    (whole / "records").rename(whole.parent / "elsewhere")
    (whole / "records").symlink_to(whole.parent / "elsewhere")


def twice(whole: Path) -> None:
    shutil.copy(record(whole, "HVM_CONTEXT"), whole / "records" / "00000.HVM_CONTEXT")


def pages_twice(whole: Path) -> None:
    (whole / "records" / "00099.PAGE_DATA").write_bytes(b"")


def last_page(pfn: int) -> Callable[[Path], None]:
    def change(whole: Path) -> None:
        with (whole / "pages").open("r+b") as pages:
            pages.seek(pfn)
            pages.write(b"\x10")

    return change


HOSTILE: tuple[tuple[str, Callable[[Path], None], int, str], ...] = (
    ("no format", remove("format"), INVALID, "not an image directory"),
    ("another version", write("format", b"xenstream image directory 2\n"), INVALID, "version"),
    ("another format", write("format", b"something else\n"), INVALID, "format"),
    ("large format", huge("format", 1 << 40), INVALID, "format: larger"),
    ("no memory", remove("memory"), IO, "memory: No such file"),
    ("no pages", remove("pages"), IO, "pages: No such file"),
    ("no state", remove("qemu-resume.1"), IO, "qemu-resume.1: No such file"),
    ("memory too short", huge("memory", PAGE), INVALID, "memory: ends"),
    ("linked memory", link("memory"), INVALID, "memory: not a regular file"),
    ("linked pages", link("pages"), INVALID, "pages: not a regular file"),
    ("linked config", link("config"), INVALID, "config: not a regular file"),
    ("linked record", link("records/*.HVM_CONTEXT"), INVALID, "HVM_CONTEXT: not a regular file"),
    ("linked state", link("qemu-resume.1"), INVALID, "qemu-resume.1: not a regular file"),
    ("linked records", linked_folder, IO, "records: "),
    ("fifo memory", fifo("memory"), INVALID, "memory: not a regular file"),
    ("fifo record", fifo("records/*.X86_TSC_INFO"), INVALID, "X86_TSC_INFO: not a regular file"),
    ("fifo header", fifo("records/*.IMAGE_HEADER"), INVALID, "IMAGE_HEADER: not a regular file"),
    ("folder", into_a_folder("records/*.HVM_PARAMS"), INVALID, "HVM_PARAMS: not a regular file"),
    ("huge record", huge("records/*.HVM_CONTEXT", 1 << 40), INVALID, "too long"),
    ("large record", huge("records/*.HVM_CONTEXT", 200 << 20), INVALID, "HVM_CONTEXT"),
    ("huge config", huge("config", 1 << 40), INVALID, "config: larger"),
    ("huge state", huge("qemu-resume.1", 1 << 40), INVALID, "too long"),
    ("huge header", huge("records/*.XL_HEADER", 1 << 40), INVALID, "XL_HEADER: larger"),
    ("short header", write("records/*.IMAGE_HEADER", b"\0"), INVALID, "1 bytes instead of 24"),
    ("no byte order", write("records/*.XL_HEADER", bytes(48)), INVALID, "no byte order"),
    ("version 9", write("records/*.IMAGE_HEADER", b"\xff" * 8 + b"XENF\0\0\0\x09" + bytes(8)),
     INVALID, "version 9"),
    ("no image header", remove("records/*.IMAGE_HEADER"), INVALID, "no IMAGE_HEADER"),
    ("no domain header", remove("records/*.DOMAIN_HEADER"), INVALID, "DOMAIN_HEADER"),
    ("no context", remove("records/*.HVM_CONTEXT"), INVALID, "HVM_CONTEXT"),
    ("strange name", write("records/passwd", b""), INVALID, "passwd: not a record's name"),
    ("negative number", write("records/-0001.X86_TSC_INFO", b""), INVALID, "not a record's name"),
    ("framing", write("records/00050.END", b""), INVALID, "not a record's name"),
    ("one number twice", twice, INVALID, "two records with number 0"),
    ("pages twice", pages_twice, INVALID, "there are two PAGE_DATA files"),
    ("no such type", write("pages", b"\x10\x20"), INVALID, "pfn 0x1: 0x20"),
    ("type without its mark", write("pages", b"\x10\x07"), INVALID, "pfn 0x1: 0x7"),
    ("type that Xen has not", write("pages", b"\x10\x17"), INVALID, "PAGE_DATA"),
    ("type beyond the contents", last_page(1 << 40), INVALID, "memory: ends"),
    ("state elsewhere", write("records/*.EMULATOR_CONTEXT", bytes(8) + b"../secret\0"), INVALID,
     "names no file"),
    ("state without a name", write("records/*.EMULATOR_CONTEXT", bytes(3)), INVALID, "too short"),
)


@pytest.mark.parametrize("what", HOSTILE, ids=lambda what: what[0])
def test_hostile_directory(
    what: tuple[str, Callable[[Path], None], int, str], whole: Path, scratch: Path
) -> None:
    _, change, code, words = what
    change(whole)
    out = scratch / "out"
    result = xenstream("pack", whole, out)
    assert result.rc == code, str(result)
    assert words in result.stderr, str(result)
    assert len(result.stderr.splitlines()) == 1, str(result)
    assert not out.exists()
    assert b"secret" not in result.stdout


def keys(*names: bytes) -> bytes:
    """The file of a record of keys."""
    return bytes(8) + b"".join(name + b"\0" for name in names)


@pytest.mark.parametrize("key", (b"../config", b"/etc/passwd", b"a//b", b"a/", b"", b"a.b", b"a b",
                                 b"a" * 3000, b"/".join([b"a"] * 64)))
def test_hostile_keys(key: bytes, whole: Path, scratch: Path) -> None:
    (whole / "records" / "00090.EMULATOR_XENSTORE_DATA").write_bytes(keys(key))
    result = xenstream("pack", whole, scratch / "out")
    assert result.rc == INVALID and "not a xenstore key" in result.stderr, str(result)


def test_linked_keys(whole: Path, scratch: Path) -> None:
    (whole / "records" / "00090.EMULATOR_XENSTORE_DATA").write_bytes(keys(b"a/b"))
    result = xenstream("pack", whole, scratch / "out")
    assert result.rc == IO and "a/b.value: No such file" in result.stderr, str(result)
    (whole / "xenstore").mkdir()
    (whole / "xenstore" / "a").symlink_to(scratch)
    (scratch / "b.value").write_bytes(b"secret")
    result = xenstream("pack", whole, scratch / "out")
    assert result.rc in (IO, INVALID) and "a/b.value" in result.stderr, str(result)
    (whole / "xenstore" / "a").unlink()
    (whole / "xenstore" / "a").mkdir()
    (whole / "xenstore" / "a" / "b.value").write_bytes(b"value")
    (whole / "records" / "00090.EMULATOR_XENSTORE_DATA").rename(
        whole / "records" / "00010.EMULATOR_XENSTORE_DATA.new")
    (whole / "records" / "00010.EMULATOR_XENSTORE_DATA.new").rename(
        whole / "records" / "00089.EMULATOR_XENSTORE_DATA")
    found = image.decode(pack(whole))
    assert found.emulator_xenstore == {(0, 0): [(b"a/b", b"value")]}


def test_a_value_that_would_be_a_key_as_well(whole: Path, scratch: Path) -> None:
    (whole / "records" / "00090.EMULATOR_XENSTORE_DATA").write_bytes(keys(b"physmap/a"))
    (whole / "xenstore" / "physmap").mkdir(parents=True)
    (whole / "xenstore" / "physmap" / "a.value").write_bytes(b"1\0physmap/b\0002")
    result = xenstream("pack", whole, scratch / "out")
    assert result.rc == INVALID and "physmap/a.value: a NUL" in result.stderr, str(result)
    assert not (scratch / "out").exists()


def test_a_page_far_away(whole: Path) -> None:
    """It is found without reading the data before it."""
    last_page(1 << 31)(whole)
    os.truncate(whole / "memory", ((1 << 31) + 1) * PAGE)
    found = image.decode(pack(whole))
    assert max(found.memory) == 1 << 31


def change_somewhere(whole: Path, dice: random.Random) -> None:
    """Changes, cuts or stretches one of the files."""
    files = sorted(path for path in whole.rglob("*") if path.is_file())
    path = dice.choice(files)
    with path.open("rb") as file:
        data = bytearray(file.read(1 << 16))
    at = dice.randrange(len(data) + 1)
    what = dice.randrange(5)
    if what == 0 or not data:
        data[at:at] = dice.randbytes(dice.randrange(1, 40))
    elif what == 1:
        del data[at:]
    elif what == 2:
        path.unlink()
        return
    else:
        data[at - 1] ^= 1 << dice.randrange(8)
    with path.open("r+b") as file:
        file.write(data)
        if what == 1:
            file.truncate(at)


def test_changed_anyhow(unpacked: Unpack, scratch: Path) -> None:
    """Whatever is changed: an image that the converter takes as it is, or one clear error."""
    dice = random.Random(20)
    whole = into(unpacked(HVM.stream), scratch / "d", "--no-config")
    for number in range(150):
        victim = scratch / f"v{number}"
        subprocess.run(["cp", "-r", "--sparse=always", whole, victim], check=True)
        change_somewhere(victim, dice)
        result = xenstream("pack", "-q", victim, scratch / "out")
        assert result.rc in (FINE, INVALID, IO, REFUSED), (number, str(result))
        assert len(result.stderr.splitlines()) == (result.rc != FINE), (number, str(result))
        if result.rc == FINE:
            again = xenstream("convert", "-q", scratch / "out", scratch / "again")
            assert again.rc == FINE, (number, str(again))
            assert (scratch / "again").read_bytes() == (scratch / "out").read_bytes()
            (scratch / "out").unlink()
        assert not (scratch / "out").exists()
        shutil.rmtree(victim)


# ---- usage ----


@pytest.mark.parametrize("words", (
    ("pack",), ("pack", "d"), ("pack", "d", "o", "x"), ("pack", "--to", "elf", "d", "o"),
    ("pack", "--image-version", "4", "d", "o"), ("pack", "--compress", "rar", "d", "o"),
    ("pack", "--to", "libxl", "--config", "c", "d", "o"),
    ("pack", "--config-format", "xml", "d", "o"),
    ("restore", "--domain", "image:", "-"),
    ("restore", "--domain", "null:", "--xenstore", "dir:", "-"),
    ("restore", "--domain", "null:", "--emulator", "file:", "-"),
))
def test_wrong_use(words: tuple[str, ...]) -> None:
    result = xenstream(*words)
    assert result.rc == USAGE and result.stderr, str(result)


def test_no_such_directory(scratch: Path) -> None:
    result = xenstream("pack", scratch / "no", scratch / "out")
    assert result.rc == IO and "no: No such file" in result.stderr, str(result)
    result = xenstream("pack", "/dev/null", scratch / "out")
    assert result.rc == IO and "not a directory" in result.stderr, str(result)
    result = xenstream("pack", scratch, scratch / "out")
    assert result.rc == INVALID and "not an image directory" in result.stderr, str(result)


def test_what_a_container_has_no_place_for(whole: Path, scratch: Path) -> None:
    result = xenstream("pack", "--to", "libxc", whole, scratch / "out")
    assert result.rc == REFUSED and "--force" in result.stderr, str(result)
    assert not (scratch / "out").exists()


@pytest.mark.parametrize("case", (PV, HVM), ids=lambda case: case.name)
def test_legacy_streams(case: object, scratch: Path) -> None:
    data = octets(case.stream)  # type: ignore[attr-defined]
    result = xenstream("restore", "--no-config", "--into", scratch / "d", "-", stdin=data)
    assert result.rc == FINE, str(result)
    converted = xenstream("convert", "-", "-", stdin=data)
    one, other = image.decode(converted.stdout), image.decode(pack(scratch / "d"))
    assert image.differences(one, other) == []
