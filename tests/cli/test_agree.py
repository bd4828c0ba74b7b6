"""One verdict in every verb: what verify says that no Xen restores, convert, restore and pack refuse, naming the same
rule; --force goes on.  Here with small inputs; tests/truth/test_agree.py has the corpus and mutants."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from support import image

from .common import FINE, INVALID, MODERN_HVM, MODERN_PV, PV, REMARKS, lines, octets, stream, xenstream
from .test_restorable import with_record

CR3 = 0x1390  # in a 64-bit guest's registers
NO_TABLE = struct.pack("<Q", 0x7FFFFFF << 12)


def bad_cr3(body: bytes) -> bytes:
    """Registers, after vCPU and reserved field, whose CR3 is no page table."""
    return body[: 8 + CR3] + NO_TABLE + body[16 + CR3 :]


INPUTS = {
    "context of three bytes": (MODERN_HVM, image.HVM_CONTEXT, lambda _: b"abc", "libxc.hvm-context.entry"),
    "no page table": (MODERN_PV, image.X86_PV_VCPU_BASIC, bad_cr3, "libxc.vcpu.cr3"),
}


def put(scratch: Path, data: bytes) -> Path:
    """A file with these bytes."""
    path = scratch / "in"
    path.write_bytes(data)
    return path


def bad(name: str) -> tuple[bytes, str]:
    """An image that no Xen restores, and the rule that says so."""
    sample, kind, change, rule = INPUTS[name]
    return with_record(octets(sample), kind, change), rule


def refuses(rule: str, *words: object, stdin: bytes = b"") -> None:
    """The command refuses, and names the rule."""
    result = xenstream(*words, stdin=stdin)
    assert result.rc == INVALID and f"[{rule}]" in result.stderr + result.stdout.decode(), str(result)


@pytest.mark.parametrize("name", list(INPUTS))
@pytest.mark.parametrize("from_pipe", [False, True], ids=["file", "pipe"])
def test_what_no_xen_restores_is_refused(name: str, from_pipe: bool, scratch: Path) -> None:
    data, rule = bad(name)
    source: object = "-" if from_pipe else put(scratch, data)
    stdin = data if from_pipe else b""
    refuses(rule, "verify", source, stdin=stdin)
    refuses(rule, "convert", source, scratch / "out", stdin=stdin)
    refuses(rule, "salvage", source, scratch / "out", stdin=stdin)
    refuses(rule, "restore", "--into", scratch / "d", source, stdin=stdin)
    assert not (scratch / "out").exists() and not (scratch / "d").exists()


@pytest.mark.parametrize("name", list(INPUTS))
def test_force_goes_on(name: str, scratch: Path) -> None:
    data, rule = bad(name)
    source, out, d = put(scratch, data), scratch / "out", scratch / "d"
    result = xenstream("convert", "--force", source, out)
    assert result.rc in (FINE, REMARKS) and f"[{rule}]" in result.stderr
    assert out.read_bytes() == data  # the checker has taken nothing away
    result = xenstream("restore", "--force", "--into", d, source)
    assert result.rc in (FINE, REMARKS) and f"[{rule}]" in result.stderr
    refuses(rule, "pack", d, scratch / "packed")
    result = xenstream("pack", "--force", d, scratch / "packed")
    assert result.rc in (FINE, REMARKS), str(result)
    refuses(rule, "verify", scratch / "packed")


def test_the_registers_of_a_legacy_guest(scratch: Path) -> None:
    """Its verdict is that of its conversion."""
    data, rule = stream(PV), "libxc.vcpu.cr3"
    records = lines(xenstream("records", "--json", "-", stdin=data))
    at = next(r["offset"] for r in records if r.get("type") == "VCPU_BASIC") + CR3
    source, out = put(scratch, data[:at] + NO_TABLE + data[at + 8 :]), scratch / "out"
    refuses(rule, "verify", source)
    refuses(rule, "convert", source, out)
    refuses(rule, "restore", "--no-config", "--into", scratch / "d", source)
    assert xenstream("convert", "--force", source, out).rc in (FINE, REMARKS)
    refuses(rule, "verify", out)
    assert xenstream("verify", "-", stdin=data).rc in (FINE, REMARKS)
