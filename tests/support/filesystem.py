"""File systems of their own for tests, and where the blocks of a file are."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

FS_IOC_FIEMAP = 0xC020660B
FIEMAP_FLAG_SYNC = 1
FIEMAP_EXTENT_LAST = 1
EXTENT = struct.Struct("<QQQ2QI3I")
HEADER = struct.Struct("<QQIIII")
ONCE = 512

SIZES = {"ext4": "200M", "xfs": "400M", "btrfs": "200M", "tmpfs": "64M"}
OPTIONS = {"ext4": ("-b", "4096")}  # what a large one has


def why_not(kind: str) -> Optional[str]:
    """The reason why a file system of that kind can't be had, or None."""
    if os.geteuid() != 0:
        return f"no {kind}: mounting needs root"
    if kind != "tmpfs" and shutil.which(f"mkfs.{kind}") is None:
        return f"no {kind}: mkfs.{kind} is not installed"
    return None


def _run(*words: object) -> Optional[str]:
    """Runs a program. Returns what it complained about, or None."""
    done = subprocess.run([str(word) for word in words], capture_output=True, check=False)
    return None if done.returncode == 0 else done.stderr.decode("utf-8", "replace").strip() or "failed"


@contextmanager
def mounted(kind: str, folder: Path, size: Optional[str] = None) -> Iterator[Path]:
    """A fresh file system below a folder. Raises OSError where it can't be had."""
    image, point = folder / f"{kind}.img", folder / kind
    point.mkdir()
    size = size or SIZES[kind]
    if kind == "tmpfs":
        complaint = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", point)
    else:
        complaint = (
            _run("truncate", "-s", size, image)
            or _run(f"mkfs.{kind}", "-q", *OPTIONS.get(kind, ()), image)
            or _run("mount", "-o", "loop", image, point)
        )
    if complaint:
        raise OSError(f"no {kind}: {complaint}")
    try:
        yield point
    finally:
        # lazily: whoever still looks at it, a file indexer perhaps, must not leave it mounted
        subprocess.run(["umount", "-l", point], check=True)


def sync(path: Path) -> None:
    """Brings all of its file system to the disk, and nobody else's as os.sync() would."""
    subprocess.run(["sync", "--file-system", path], check=True)


def extents(path: Path) -> list[tuple[int, int, int]]:
    """Where the contents are: (offset in the file, offset on the disk, bytes), neighbours as one."""
    found: list[tuple[int, int, int]] = []
    start, last = 0, False
    with open(path, "rb") as file:
        while not last:
            request = bytearray(HEADER.size + ONCE * EXTENT.size)
            HEADER.pack_into(request, 0, start, 2**64 - 1 - start, FIEMAP_FLAG_SYNC, 0, ONCE, 0)
            fcntl.ioctl(file, FS_IOC_FIEMAP, request)
            count = HEADER.unpack_from(request)[3]
            last = count == 0
            for i in range(count):
                logical, physical, length, _, _, flags, *_ = EXTENT.unpack_from(
                    request, HEADER.size + i * EXTENT.size
                )
                _join(found, (logical, physical, length))
                start, last = logical + length, bool(flags & FIEMAP_EXTENT_LAST)
    return found


def _join(found: list[tuple[int, int, int]], extent: tuple[int, int, int]) -> None:
    if found:
        logical, physical, length = found[-1]
        if (logical + length, physical + length) == extent[:2]:
            found[-1] = (logical, physical, length + extent[2])
            return
    found.append(extent)


def place_of(path: Path, offset: int) -> Optional[int]:
    """Where on the disk the byte at an offset is; None in a hole."""
    for logical, physical, length in extents(path):
        if logical <= offset < logical + length:
            return physical + offset - logical
    return None
