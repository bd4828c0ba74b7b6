"""The xl header of an image, taken apart and built, independent of the program under test."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path

MAGIC = b"Xen saved domain, xl format\n \0 \r"
SIZE = 48
JSON = 1
STREAM_V2 = 2


@dataclass(frozen=True)
class Front:
    """An xl header with its optional data; `rest` is what follows the configuration in there."""

    flags: int
    optional_flags: int
    config: bytes
    rest: bytes
    order: str = "<"

    def build(self) -> bytes:
        """The bytes."""
        data = struct.pack(self.order + "I", len(self.config)) + self.config + self.rest
        fields = (0x01020304, self.flags, self.optional_flags, len(data))
        return MAGIC + struct.pack(self.order + "4I", *fields) + data


def split(image: bytes) -> tuple[Front, bytes]:
    """An image's front and all that follows it. Raises ValueError where there is none."""
    if image[:32] != MAGIC:
        raise ValueError("no xl header")
    order = "<" if image[32] == 4 else ">"
    _, flags, optional, length = struct.unpack_from(order + "4I", image, 32)
    data = image[SIZE : SIZE + length]
    if len(data) != length:
        raise ValueError("cut off")
    size = struct.unpack_from(order + "I", data)[0] if length else 0
    front = Front(flags, optional, data[4 : 4 + size], data[4 + size :], order)
    return front, image[SIZE + length :]


def with_config(image: bytes, config: bytes, flags: int) -> bytes:
    """The same image with another configuration, and no padding."""
    front, payload = split(image)
    return replace(front, config=config, flags=flags, rest=b"").build() + payload


def of(path: Path) -> Front:
    """The front of a file."""
    return split(path.read_bytes())[0]
