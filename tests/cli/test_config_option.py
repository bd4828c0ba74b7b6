"""convert --config: the given configuration in place of the stored one, as xl would store it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from support import containers as box

from .common import (
    FINE, HVM_XL_JSON, INVALID, IO, MODERN_PV, PV, REFUSED, USAGE, Word, case, document, octets,
    stream, xenstream,
)
from .test_containers import converted, put, samples

HVM_TEXT = case("hvm-ts64-xltext")
TEXT = b"# mine\nname = \"given\"\nmemory = 64 # MiB\nvcpus=2\n"
JSON = b'{\n    "c_info": {\n        "type": "pv",\n        "name": "given"\n    },\n    "b_info": {}\n}'
JSON_FLAG = 1


def parts(data: bytes) -> tuple[int, bytes, bytes]:
    """Mandatory flags, configuration and stream of an xl image whose lengths agree."""
    assert data.startswith(b"Xen saved domain, xl format\n \0 \r")
    flags, optional, size, length = struct.unpack_from("<IIII", data, 36)
    assert optional == 0 and size == length + 4
    return flags, data[52:52 + length], data[52 + length:]


def configured(scratch: Path, config: bytes, source: Word, *words: Word) -> bytes:
    """The result of `convert --config` for an input."""
    path = scratch / "config"
    path.write_bytes(config)
    result = xenstream("convert", "-q", "--config", path, *words, source, "-")
    assert result.rc == FINE, result
    return result.stdout


@pytest.mark.parametrize("config, flag", [(TEXT, 0), (JSON, JSON_FLAG), (JSON + b"\0", JSON_FLAG)],
                         ids=["text", "json", "json-nul"])
@pytest.mark.parametrize("name", ["bare", "text", "json", "modern", "libvirt", "xend", "xenserver"])
def test_given(name: str, config: bytes, flag: int, scratch: Path) -> None:
    """Text without a NUL, JSON with one that is counted, whatever stood there."""
    data = {
        "bare": stream(PV), "text": stream(HVM_TEXT), "json": stream(HVM_XL_JSON),
        "modern": octets(MODERN_PV), "libvirt": samples()["libvirt"].data,
        "xend": samples()["xend-pv"].data, "xenserver": samples()["xenserver-hvm"].data,
    }[name]
    flags, stored, rest = parts(configured(scratch, config, put(scratch, data)))
    assert flags == 2 | flag
    assert stored == (config.rstrip(b"\0") + b"\0" if flag else config)
    assert rest == converted(data, "libxl")


def test_what_no_xen_takes_is_told_of_a_given_one(scratch: Path) -> None:
    """But not of a stored one, which is not the caller's doing."""
    path, image = scratch / "config", put(scratch, octets(MODERN_PV))
    path.write_bytes(b"name = 'x'\nmemory = '-1'\n")
    result = xenstream("convert", "--config", path, image, scratch / "out")
    assert result.rc == FINE and f"remark: {path}:2:10: memory: -1 is not between" in result.stderr
    again = xenstream("convert", "--config-format", "cfg", scratch / "out", scratch / "again")
    assert again.rc == FINE and "memory" not in again.stderr


@pytest.mark.parametrize("config, says", [
    (b"name = 'x'\nmemory = 64\nname = 'y'\n", ":3:1: name: already set; it is stored unchanged"),
    (b"name = 'x'\n# caf\xe9\n", ":2:6: not UTF-8; it is stored unchanged"),
], ids=["twice", "latin-1"])
def test_what_xl_reads_but_hardly_as_it_was_meant(config: bytes, says: str, scratch: Path) -> None:
    path, image = scratch / "config", put(scratch, octets(MODERN_PV))
    path.write_bytes(config)
    result = xenstream("convert", "--config", path, image, scratch / "out")
    assert result.rc == FINE and f"remark: {path}{says} [convert.config]" in result.stderr, str(result)
    assert parts((scratch / "out").read_bytes())[1] == config
    again = xenstream("convert", "--config-format", "cfg", scratch / "out", scratch / "again")
    assert again.rc == FINE and "stored unchanged" not in again.stderr


def test_an_empty_one_is_none(scratch: Path) -> None:
    image = put(scratch, octets(MODERN_PV))
    for nothing in (b"", b"\n \n"):
        result = xenstream("convert", "--config", "-", image, scratch / "out", stdin=nothing)
        assert result.rc == INVALID and "is empty" in result.stderr
    assert not (scratch / "out").exists()


def test_nothing_else_changes(scratch: Path) -> None:
    """A new header around the same configuration equals the old one."""
    data = octets(MODERN_PV)
    _, config, _ = parts(data)
    assert configured(scratch, config, put(scratch, data)) == data
    assert xenstream("convert", "-q", put(scratch, data), "-").stdout == data


def test_format(scratch: Path) -> None:
    """From either language into the other, for a stored configuration, too."""
    source = put(scratch, octets(MODERN_PV))
    flags, stored, _ = parts(configured(scratch, TEXT, source, "--config-format", "json"))
    assert flags == 2 | JSON_FLAG and stored.endswith(b"}\n\0") or stored.endswith(b"}\0")
    assert json.loads(stored.rstrip(b"\0"))["c_info"]["name"] == "given"
    flags, stored, _ = parts(configured(scratch, JSON, source, "--config-format", "cfg"))
    assert flags == 2 and b'name = "given"' in stored and b"\0" not in stored
    result = xenstream("convert", "-q", "--config-format", "cfg", source, "-")
    flags, stored, rest = parts(result.stdout)
    assert flags == 2 and b"name = " in stored and rest == converted(octets(MODERN_PV), "libxl")


@pytest.mark.parametrize("config, name", [
    (box.XML, "libvirt's XML"), (box.SEXPR, "xend's s-expression"),
    (box.XENOPS, "XenServer's xenops record"),
], ids=["xml", "sexpr", "xenops"])  # fmt: skip
def test_given_in_another_language(config: bytes, name: str, scratch: Path) -> None:
    """A configuration of another toolstack is translated, wherever it comes from."""
    path = scratch / "config"
    path.write_bytes(config)
    result = xenstream("convert", "--config", path, put(scratch, stream(PV)), "-")
    assert result.rc == FINE and f"translated from {name}" in result.stderr
    _, stored, _ = parts(result.stdout)
    assert stored.startswith(f"# Translated from {name}".encode()) and b'name = "mail"' in stored


def test_given_to_libvirt(scratch: Path) -> None:
    libxl = converted(stream(PV), "libxl")
    for config in (box.XML, box.XML + b"\0"):
        made = configured(scratch, config, put(scratch, stream(PV)), "--to", "libvirt")
        assert made == box.libvirt(libxl, box.LIBVIRT_LIBXL)
    other = b"<domain type='xen'><name>other</name></domain>"
    source = put(scratch, samples()["libvirt"].data)
    made = configured(scratch, other, source, "--to", "libvirt")
    assert made == box.libvirt(samples()["libvirt"].bare, box.LIBVIRT_LIBXL, other)


def test_given_to_xenserver(scratch: Path) -> None:
    image = converted(octets(MODERN_PV), "libxc")
    made = configured(scratch, box.XENOPS, put(scratch, octets(MODERN_PV)), "--to", "xenserver")
    assert made == box.suspended(image)


@pytest.mark.parametrize("config, words, says", [
    (b"name = ", [], "config:1:"),
    (b"name = 'a'\nmemory 5\n", [], "config:2:"),
    (b'{ "c_info": ', [], "config:1:"),
    (b"<domain><name>", [], "config:1:"),
    (b"(domain (name a)", [], "config:1:"),
    (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><domain>&b;</domain>", [],
     "a document type"),
    (b"<domain>", ["--to", "libvirt"], "config:1:"),
    (b"((vm_str 'x'", ["--to", "xenserver"], "config:1:"),
], ids=range(8))
def test_refused(config: bytes, words: list[str], says: str, scratch: Path) -> None:
    """A configuration that can't be parsed is not stored, and the message says where it is wrong."""
    path, out = scratch / "config", scratch / "out"
    path.write_bytes(config)
    result = xenstream("convert", "--config", path, *words, put(scratch, stream(PV)), out)
    assert result.rc == INVALID and says in result.stderr, result
    assert not out.exists()


@pytest.mark.parametrize("config, to", [(TEXT, "libvirt"), (box.SEXPR, "libvirt"), (box.XML, "xenserver")])
def test_of_the_wrong_language(config: bytes, to: str, scratch: Path) -> None:
    path = scratch / "config"
    path.write_bytes(config)
    result = xenstream("convert", "--config", path, "--to", to, put(scratch, stream(PV)), "-")
    assert result.rc == REFUSED and "and this configuration is not one" in result.stderr


def test_usage(scratch: Path) -> None:
    source, path = put(scratch, stream(PV)), scratch / "config"
    path.write_bytes(TEXT)
    for words in (["--config", path, "--to", "libxl"], ["--config", path, "--to", "libxc"],
                  ["--config-format", "yaml"],  ["--config-format", "json", "--to", "libxl"]):
        assert xenstream("convert", *words, source, scratch / "out").rc == USAGE
    assert xenstream("convert", "--config", "-", "-", scratch / "out").rc == USAGE
    assert xenstream("convert", "--config", scratch / "none", source, scratch / "out").rc == IO
    assert xenstream("convert", "--config", scratch, source, scratch / "out").rc == IO


def test_too_large(scratch: Path) -> None:
    path = scratch / "config"
    path.write_bytes(b"#" * ((4 << 20) + 1))
    result = xenstream("convert", "--config", path, put(scratch, stream(PV)), scratch / "out")
    assert result.rc == INVALID and "4 MiB" in result.stderr


@pytest.mark.parametrize("config", [b"(domain (name", b"(domain " + b"(" * 5000, b"(vm (name a))"])
def test_a_damaged_one_costs_no_guest(config: bytes, scratch: Path) -> None:
    """The guest is restored without it, and the message says what to do."""
    source, out = put(scratch, box.xend(stream(PV), config)), scratch / "out"
    result = xenstream("convert", source, out)
    assert result.rc == FINE and "give one with --config" in result.stderr
    flags, stored, rest = parts(out.read_bytes())
    assert flags == 2 and stored == b"" and rest == converted(stream(PV), "libxl")


def test_an_xl_image_without_one(scratch: Path) -> None:
    """As xl has it: neither stored nor given is worth a word."""
    bare = xenstream("convert", "--to", "xl", put(scratch, stream(PV)), "-")
    assert "give one to xl" in bare.stderr
    again = xenstream("convert", put(scratch, bare.stdout), "-")
    assert again.stdout == bare.stdout and "give one to xl" in again.stderr


def test_info_of_what_was_translated(scratch: Path) -> None:
    """The same facts in the container and after it."""
    for name in ("libvirt", "xend-pv", "xenserver-hvm"):
        data = samples()[name].data
        before = document(xenstream("info", "--json", put(scratch, data)))["config"]
        out = scratch / "out"
        assert xenstream("convert", "-q", put(scratch, data), out).rc == FINE
        after = document(xenstream("info", "--json", out))["config"]
        # the stream tells, whatever else does; of libxl's it is not known so early
        assert after["type"] == {"libvirt": "hvm", "xend-pv": "pv", "xenserver-hvm": "hvm"}[name]
        facts = ("name", "uuid", "memory_mib", "vcpus", "maxvcpus", "disks", "vifs")
        assert {k: before.get(k) for k in facts} == {k: after.get(k) for k in facts}


def test_a_type_that_contradicts_the_stream(scratch: Path) -> None:
    contradicting = box.xend(samples()["xend-pv"].bare, box.SEXPR)
    result = xenstream("convert", put(scratch, contradicting), "-")
    assert "of type hvm, but the stream holds one of type pv" in result.stderr
    assert b'type = "pv"' in parts(result.stdout)[1]


def test_salvage_translates_too(scratch: Path) -> None:
    source, out = put(scratch, samples()["libvirt"].data), scratch / "out"
    result = xenstream("salvage", source, out)
    assert result.rc == FINE and "translated from libvirt's XML" in result.stderr
    assert parts(out.read_bytes())[1].startswith(b"# Translated")
