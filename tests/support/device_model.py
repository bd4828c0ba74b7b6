"""Streams with a device model's keys and state: a save image's libxl records, changed."""

from __future__ import annotations

import struct
from typing import Mapping

EMULATOR_XENSTORE_DATA = 2
EMULATOR_CONTEXT = 3
QEMU_XEN = 2
END = struct.pack("<II", 0, 0)
STATE_MAGIC = b"QEVM"

PHYSMAP = {
    "physmap/1000000/start_addr": b"f0000000",
    "physmap/1000000/size": b"1000000",
    "physmap/1000000/name": b"vga.vram",
}


def record(kind: int, body: bytes) -> bytes:
    """A libxl record of the upstream device model's, padded."""
    body = struct.pack("<II", QEMU_XEN, 0) + body
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def keys_record(keys: Mapping[str, bytes]) -> bytes:
    """EMULATOR_XENSTORE_DATA."""
    body = b"".join(key.encode() + b"\0" + value + b"\0" for key, value in keys.items())
    return record(EMULATOR_XENSTORE_DATA, body)


def split(stream: bytes) -> tuple[bytes, bytes]:
    """A plain image of an HVM domain up to its device model's state, and that state."""
    at = stream.rindex(STATE_MAGIC) - 16
    kind, size = struct.unpack_from("<II", stream, at)
    if kind != EMULATOR_CONTEXT or at + 8 + size + -size % 8 + len(END) != len(stream):
        raise ValueError("the stream does not end with a device model's state")
    return stream[:at], stream[at + 16 : at + 8 + size]


def with_records(stream: bytes, *records: bytes) -> bytes:
    """The same image with other records of a device model's."""
    return split(stream)[0] + b"".join(records) + END


def with_keys(stream: bytes, keys: Mapping[str, bytes]) -> bytes:
    """The same image with a device model's keys in front of its state."""
    return with_records(stream, keys_record(keys), record(EMULATOR_CONTEXT, split(stream)[1]))


def with_state(stream: bytes, state: bytes) -> bytes:
    """The same image with another state."""
    return with_records(stream, record(EMULATOR_CONTEXT, state))
