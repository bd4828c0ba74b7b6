"""Where our verdict and that of Xen's verifier may differ, each with its reason.

What only we refuse is explained if every error of ours is; what only Xen's refuses, by one
difference. The test fails for all else, and for a difference whose example does not show it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Callable

from support import image

from .mutate import HEADER, LIBXC, LIBXL, Piece

CHECKPOINT_RECORD = struct.pack("<II", image.CHECKPOINT, 0)
LIBXL_RECORDS = ("END", "LIBXC_CONTEXT", "EMULATOR_XENSTORE_DATA", "EMULATOR_CONTEXT",
                 "CHECKPOINT_END", "CHECKPOINT_STATE", "UNKNOWN")  # fmt: skip
CHECKPOINTED = ("libxl.libxc-context", "libxl.checkpoint", "libxl.checkpoint-state", "libxc.missing", "libxc.twice")
MAX_RECORD = 128 << 20


@dataclass(frozen=True)
class Error:
    """One error that we see."""

    rule: str
    record: str
    field: str
    code: str


@dataclass(frozen=True)
class Verdicts:
    """What both say of a stream."""

    form: str
    data: bytes
    ours: tuple[Error, ...]
    code: int  # of Xen's script
    words: str  # its last line

    @property
    def differ(self) -> bool:
        """Whether one accepts what the other refuses."""
        return bool(self.ours) != bool(self.code)

    @property
    def checkpointed(self) -> bool:
        """A libxl stream with a CHECKPOINT record."""
        return self.form != "libxc" and CHECKPOINT_RECORD in self.data


Example = tuple[str, Callable[[list[Piece]], list[Piece]]]


@dataclass(frozen=True)
class Difference:
    """A reason to differ, and how to make a stream that shows it out of which seed."""

    name: str
    why: str
    example: Example
    ours: Callable[[Verdicts, Error], bool] = lambda _verdicts, _error: False
    theirs: Callable[[Verdicts], bool] = lambda _verdicts: False


def error(rule: str, record: str, field: str) -> Callable[[Verdicts, Error], bool]:
    """An error of that rule, there."""
    return lambda _, e: (e.rule, e.record, e.field) == (rule, record, field)


def patched(layer: str, kind: object, edit: Callable[[bytes], bytes]) -> Callable[[list[Piece]], list[Piece]]:
    """The first piece of a kind with another body."""

    def apply(pieces: list[Piece]) -> list[Piece]:
        at = next(i for i, p in enumerate(pieces) if (p.layer, p.kind) == (layer, kind))
        return pieces[:at] + [replace(pieces[at], body=edit(pieces[at].body))] + pieces[at + 1 :]

    return apply


def added(piece: Piece) -> Callable[[list[Piece]], list[Piece]]:
    """One piece more, in front of the last one."""
    return lambda pieces: pieces[:-1] + [piece] + pieces[-1:]


DIFFERENCES = (
    Difference(
        "width and levels",
        "a guest of 32 bits has 3 levels of page tables, one of 64 bits 4; Xen's looks at each number alone",
        ("image-pv64-v2", patched(LIBXC, image.X86_PV_INFO, lambda b: b"\4" + b[1:])),
        ours=error("libxc.pv-info", "X86_PV_INFO", "guest_width"),
    ),
    Difference(
        "extended context",
        "Xen's receiver has room for 128 bytes of X86_PV_VCPU_EXTENDED; its verifier does not look",
        ("image-pv64-v2", added(Piece(LIBXC, image.X86_PV_VCPU_EXTENDED, bytes(144)))),
        ours=error("record.length", "X86_PV_VCPU_EXTENDED", "length"),
    ),
    Difference(
        "no p2m frames",
        "a p2m has at least one frame; Xen's takes a record without",
        ("image-pv64-v2", patched(LIBXC, image.X86_PV_P2M_FRAMES, lambda b: b[:8])),
        ours=error("record.length", "X86_PV_P2M_FRAMES", "length"),
    ),
    Difference(
        "checkpoint state",
        "CHECKPOINT_STATE has 8 bytes (or 4: without padding), the last 4 reserved; Xen's takes anything but nothing",
        ("xl-hvm-plain", added(Piece(LIBXL, image.LIBXL_CHECKPOINT_STATE, bytes(16)))),
        ours=lambda _, e: e.record == "CHECKPOINT_STATE" and e.rule in ("record.length", "stream.reserved"),
    ),
    Difference(
        "flags of an MSR",
        "the flags of an entry are reserved; Xen's looks at the length of the record only",
        ("image-hvm-qemu", added(Piece(LIBXC, image.X86_MSR_POLICY, struct.pack("<IIQ", 0xCE, 1, 0)))),
        ours=lambda _, e: (e.rule, e.record, e.field) in (
            ("stream.reserved", "X86_MSR_POLICY", "flags"),
            ("stream.reserved", "X86_PV_VCPU_MSRS", "reserved")),  # fmt: skip
    ),
    Difference(
        "byte order of xl",
        "the header must say in which order it is; Xen's does not look",
        ("xl-hvm-plain", patched(HEADER, "XL_HEADER", lambda b: b[:32] + bytes(4) + b[36:])),
        ours=error("xl.byte-order", "XL_HEADER", "byte_order"),
    ),
    Difference(
        "big-endian",
        "no Xen reads such records; Xen's test for the option can't be true, and so it reads them in its own order",
        ("xl-hvm-plain", patched(HEADER, "LIBXL_HEADER", lambda b: b[:12] + b"\4\0\0\1")),
        ours=lambda v, e: "stream.big-endian" in [x.rule for x in v.ours[: v.ours.index(e) + 1]],
    ),
    Difference(
        "long records",
        "Xen's receiver reads no record of more than 128 MiB; its verifier takes any length",
        ("image-hvm-v2", patched(LIBXC, image.HVM_CONTEXT, lambda b: b + bytes(MAX_RECORD))),
        ours=lambda _, e: (e.rule, e.field, e.code) == ("input.limit", "length", "above-limit"),
    ),
    Difference(
        "checkpointed libxl stream",
        "after CHECKPOINT the records are libxl's up to CHECKPOINT_END; Xen's takes them for libxc's",
        ("libxl-hvm-checkpoints", lambda pieces: pieces),
        ours=lambda v, e: v.checkpointed and (e.record in LIBXL_RECORDS or e.rule in CHECKPOINTED),
        theirs=lambda v: v.checkpointed,
    ),
)


def named(verdicts: Verdicts) -> list[Difference]:
    """The differences that explain why two verdicts differ; none if anything is left over."""
    if not verdicts.ours:
        return [d for d in DIFFERENCES if d.theirs(verdicts)]
    found = []
    for e in verdicts.ours:
        reasons = [d for d in DIFFERENCES if d.ours(verdicts, e)]
        if not reasons:
            return []
        found += reasons
    return found
