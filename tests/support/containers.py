"""Containers around streams, written from the formats' description, byte by byte."""

from __future__ import annotations

import struct

XML = (
    b"<domain type='xen'>\n  <name>mail</name>\n"
    b"  <uuid>11111111-2222-3333-4444-555555555555</uuid>\n"
    b"  <memory unit='KiB'>65536</memory>\n  <vcpu placement='static'>2</vcpu>\n"
    b"  <os><type arch='x86_64' machine='xenfv'>hvm</type></os>\n</domain>\n"
)
PV_XML = XML.replace(b">hvm<", b">xen<")
SEXPR = (
    b"(domain (domid 3) (uuid 11111111-2222-3333-4444-555555555555) (vcpus 2) (memory 64)"
    b" (maxmem 128) (name mail) (image (hvm (kernel '/usr/lib/xen/boot/hvmloader'))))"
)
PV_SEXPR = SEXPR.replace(b"(image (hvm ", b"(image (linux ").replace(b"(vcpus 2)", b"(vcpus 4)")
XENOPS = b'((time 20260101T00:00:00Z)(word_size 64)(vm_str "((id mail)(name mail))")(xs_subtree ()))'

LIBVIRT_LEGACY = 1
LIBVIRT_LIBXL = 2

XENOPS_TYPE = 0x000F
LIBXC_TYPE = 0x00F0
LIBXL_TYPE = 0x00F1
LIBXC_LEGACY_TYPE = 0x00F2
QEMU_TRAD_TYPE = 0x0F00
QEMU_XEN_TYPE = 0x0F01
DEMU_TYPE = 0x0F10
VARSTORED_TYPE = 0x0F11
SWTPM0_TYPE = 0x0F12
SWTPM_TYPE = 0x0F13
END_TYPE = 0xFFFF


def libvirt(stream: bytes, version: int, xml: bytes = XML) -> bytes:
    """A file of libvirt's Xen driver; the XML gets its NUL."""
    head = b"libvirt-xml\n \0 \r" + struct.pack("<II", version, len(xml) + 1) + bytes(40)
    return head + xml + b"\0" + stream


def xend(stream: bytes, config: bytes = SEXPR, request: bytes = b"") -> bytes:
    """A file of `xm save`, or with a request in front what `xm migrate` sends."""
    return request + b"LinuxGuestRecord" + struct.pack(">i", len(config)) + config + stream


def record(number: int, body: bytes = b"", length: int = -1) -> bytes:
    """A record of XenServer's; the length is the body's, unless another is wanted."""
    return struct.pack("<QQ", number, len(body) if length < 0 else length) + body


def image(number: int, stream: bytes) -> bytes:
    """A record whose length is unknown, and what follows it."""
    return record(number, stream, 0)


def xenserver(*records: bytes) -> bytes:
    """A suspend image of XenServer or XCP-ng: these records, and the end."""
    return b"XenSavedDomv2-\n" + b"".join(records) + record(END_TYPE)


def suspended(stream: bytes, *more: bytes) -> bytes:
    """A suspend image in its writer's order: xenops, a libxc image, more."""
    return xenserver(record(XENOPS_TYPE, XENOPS), image(LIBXC_TYPE, stream), *more)


def xenserver6(stream: bytes, qemu: bytes = b"") -> bytes:
    """A suspend image of XenServer 6 or older; the stream has no device model's record."""
    return b"XenSavedDomain\n" + stream + (newline_record(qemu) if qemu else b"")


def newline_record(state: bytes) -> bytes:
    """A device model's record as XenServer 6 wrote it."""
    return b"QemuDeviceModelRecord\n" + struct.pack(">I", len(state)) + state


def libxl_record(state: bytes) -> bytes:
    """The same as libxl 4.2 to 4.5 wrote it."""
    return b"DeviceModelRecord0002" + struct.pack("<I", len(state)) + state
