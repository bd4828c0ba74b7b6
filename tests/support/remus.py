"""Checkpointed legacy streams of a tiny HVM guest, plain or compressed, from its memory's states."""

from __future__ import annotations

import struct

PAGE = 4096
P2M_SIZE = 4096
MOST_WORDS = 127

Memory = dict[int, bytes]

VCPU_INFO = struct.pack("<iiQ", -2, 0, 1)
ENABLE_COMPRESSION = struct.pack("<i", -13)
LAST_CHECKPOINT = struct.pack("<i", -9)
END_OF_BODY = struct.pack("<i", 0)


def context() -> bytes:
    """An HVM context of a header and its end."""
    head = struct.pack("<IIQII", 0x54381286, 1, 2**64 - 1, 0x306A9, 0)
    return struct.pack("<HHI", 1, 0, len(head)) + head + struct.pack("<HHI", 0, 0, 0)


def tail(number: int) -> bytes:
    """What follows a body: three pfns, the context, the device model's state."""
    blob = b"QEVM" + struct.pack(">I", 3) + bytes([number]) * 100
    return (
        struct.pack("<QQQI", 3, 2, 1, len(context())) + context()
        + b"DeviceModelRecord0002" + struct.pack("<I", len(blob)) + blob
    )


def difference(old: bytes, new: bytes) -> bytes:
    """What a page has become, as runs of words that are the same or are not."""
    if old == new:
        return b"\0"
    out, at = b"", 0
    while at < PAGE:
        same = old[at:at + 4] == new[at:at + 4]
        words = 1
        while (words < MOST_WORDS and at + 4 * words < PAGE
               and (old[at + 4 * words:][:4] == new[at + 4 * words:][:4]) == same):
            words += 1
        out += bytes([words | 0x80]) if same else bytes([words]) + new[at:at + 4 * words]
        at += 4 * words
    return out


def batch(pages: Memory, contents: bool) -> bytes:
    """A batch of these pages."""
    head = struct.pack("<i", len(pages)) + b"".join(struct.pack("<I", pfn) for pfn in pages)
    return head + (b"".join(pages.values()) if contents else b"")


def stream(states: list[Memory], compressed: bool) -> bytes:
    """A 32-bit toolstack's stream: each state is what has changed since the one before."""
    out, now = struct.pack("<I", P2M_SIZE), Memory()
    for number, state in enumerate(states):
        deltas = compressed and number > 0
        out += batch(state, not deltas)
        if deltas:
            data = b"".join(difference(now[pfn], state[pfn]) for pfn in state)
            out += struct.pack("<iI", -12, len(data)) + data
        now |= state
        out += VCPU_INFO + (ENABLE_COMPRESSION if compressed and not number else b"")
        out += END_OF_BODY + tail(number)
    return out


def memory(states: list[Memory]) -> Memory:
    """What the guest's memory is in the end."""
    now = Memory()
    for state in states:
        now |= state
    return now
