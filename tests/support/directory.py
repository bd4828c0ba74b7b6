"""Reader of image directories, as docs/image-directory.md describes them.

It shares nothing with the library but that description; what records mean it takes from the decoder
of streams beside it.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import Iterator, Optional

from . import image
from .image import Image, LibxcImage, LibxlStream, Record, XlHeader

KNOWN = 0x10
CHUNK = 1 << 20
EMULATOR_HEADER = 8
LIBXL = {
    "EMULATOR_XENSTORE_DATA": image.LIBXL_EMULATOR_XENSTORE_DATA,
    "EMULATOR_CONTEXT": image.LIBXL_EMULATOR_CONTEXT,
}
LIBXC = {
    "X86_PV_INFO": image.X86_PV_INFO,
    "X86_PV_P2M_FRAMES": image.X86_PV_P2M_FRAMES,
    "X86_PV_VCPU_BASIC": image.X86_PV_VCPU_BASIC,
    "X86_PV_VCPU_EXTENDED": image.X86_PV_VCPU_EXTENDED,
    "X86_PV_VCPU_XSAVE": image.X86_PV_VCPU_XSAVE,
    "X86_PV_VCPU_MSRS": image.X86_PV_VCPU_MSRS,
    "SHARED_INFO": image.SHARED_INFO,
    "X86_TSC_INFO": image.X86_TSC_INFO,
    "HVM_CONTEXT": image.HVM_CONTEXT,
    "HVM_PARAMS": image.HVM_PARAMS,
    "STATIC_DATA_END": image.STATIC_DATA_END,
    "X86_CPUID_POLICY": image.X86_CPUID_POLICY,
    "X86_MSR_POLICY": image.X86_MSR_POLICY,
}


def load(path: Path) -> Image:
    """The domain in a directory. Raises FormatError, KeyError or OSError for what is none."""
    if (path / "format").read_bytes() != b"xenstream image directory 1\n":
        raise image.FormatError("format")
    found = _read_headers(path)
    order = ">" if found.libxc.options & image.LIBXC_BIG_ENDIAN else "<"
    for name, body in _records(path):
        if name in LIBXC:
            image.apply_record(found, Record(LIBXC[name], memoryview(body), 0), order)
        elif name in LIBXL:
            _apply_device(path, found, name, body)
        elif name == "PAGE_DATA":
            _read_memory(path, found)
    return found


def _records(path: Path) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(os.listdir(path / "records")):
        yield entry.split(".", 1)[1], (path / "records" / entry).read_bytes()


def _read_headers(path: Path) -> Image:
    headers = dict(_records(path))
    marker, ident, version, options, *_ = struct.unpack(">8sIIHHI", headers["IMAGE_HEADER"])
    if marker != image.LIBXC_MARKER or ident != image.LIBXC_IDENT:
        raise image.FormatError("image header")
    order = ">" if options & image.LIBXC_BIG_ENDIAN else "<"
    kind, shift, _, major, minor = struct.unpack(order + "IHHII", headers["DOMAIN_HEADER"])
    found = Image(LibxcImage(version, options, kind, shift, major, minor))
    if "XL_HEADER" in headers:
        found.xl = _read_xl_header(path, headers["XL_HEADER"])
    if "LIBXL_HEADER" in headers:
        found.libxl = LibxlStream(struct.unpack(">QII", headers["LIBXL_HEADER"])[2])
    return found


def _optional(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _read_xl_header(path: Path, octets: bytes) -> XlHeader:
    mark = octets[32:36]
    order = {struct.pack(o + "I", image.XL_BYTEORDER): o for o in "<>"}[mark]
    mandatory, flags = struct.unpack_from(order + "II", octets, 36)
    config = _optional(path / "config")
    if config and mandatory & image.XL_JSON_CONFIG:
        config += b"\0"
    data = struct.pack(order + "I", len(config)) + config + _optional(path / "config.optional")
    return XlHeader(order, mandatory, flags, data, config)


def _apply_device(path: Path, found: Image, name: str, body: bytes) -> None:
    emulator = struct.unpack("<II", body[:EMULATOR_HEADER])
    rest = body[EMULATOR_HEADER:].split(b"\0")[:-1]
    if name == "EMULATOR_CONTEXT":
        (file,) = rest
        found.emulator_contexts[emulator] = memoryview((path / file.decode()).read_bytes())
    else:
        found.emulator_xenstore[emulator] = [
            (key, (path / "xenstore" / (key.decode() + ".value")).read_bytes()) for key in rest
        ]
    if found.libxl is not None:
        found.libxl.records.append(Record(LIBXL[name], memoryview(body), 0))


def _read_memory(path: Path, found: Image) -> None:
    contents: Optional[memoryview] = None
    if (path / "memory").stat().st_size:
        with (path / "memory").open("rb") as file:
            contents = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
    for pfn, octet in _pages(path / "pages"):
        kind = octet & ~KNOWN
        at = pfn * image.PAGE_SIZE
        page = None
        if kind < image.TYPE_BROKEN:
            assert contents is not None and at + image.PAGE_SIZE <= len(contents)
            page = contents[at : at + image.PAGE_SIZE]
        image.place_page(found, pfn, kind, page)


def _pages(path: Path) -> Iterator[tuple[int, int]]:
    """Each page that is told of, with its byte."""
    with path.open("rb") as file:
        start = 0
        while chunk := file.read(CHUNK):
            if any(chunk):
                yield from ((start + i, octet) for i, octet in enumerate(chunk) if octet)
            start += len(chunk)
