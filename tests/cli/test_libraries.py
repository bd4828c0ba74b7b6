"""Libraries that are loaded at run time: one that is missing is named, with the package that has it."""

from __future__ import annotations

import bz2
import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support import containers as box

from .common import FINE, IO, PV, stream, xenstream


TROUBLE = 70


def without(library: str, folder: Path) -> dict[str, str]:
    """An environment in which that library can't be loaded: an empty file is found in its place."""
    hiding = folder / "libraries"
    hiding.mkdir()
    (hiding / library).touch()
    return {**os.environ, "LD_LIBRARY_PATH": str(hiding)}


@pytest.mark.parametrize("library, package", [
    ("libz.so.1", "zlib1g"), ("libarchive.so.13", "libarchive13"), ("libzstd.so.1", "libzstd1"),
])
def test_decompressing(library: str, package: str, scratch: Path) -> None:
    source = scratch / "compressed"
    plain = stream(PV)
    if library == "libzstd.so.1":
        if not shutil.which("zstd"):
            pytest.skip("zstd is not installed")
        source.write_bytes(subprocess.run(["zstd", "-c"], input=plain, stdout=subprocess.PIPE, check=True).stdout)
    else:
        source.write_bytes(gzip.compress(plain) if library == "libz.so.1" else bz2.compress(plain))
    result = xenstream("verify", source, env=without(library, scratch))
    assert result.rc == IO
    assert f"{library} can't be loaded" in result.stderr and f"package {package})" in result.stderr


def test_compressing(scratch: Path) -> None:
    (scratch / "plain").write_bytes(stream(PV))
    result = xenstream("convert", "--compress", "gzip", scratch / "plain", scratch / "out",
                       env=without("libarchive.so.13", scratch))
    assert result.rc == IO
    assert "libarchive.so.13 can't be loaded: install it (Debian package libarchive13)" in result.stderr
    assert not (scratch / "out").exists()


def test_tables(scratch: Path) -> None:
    (scratch / "plain").write_bytes(stream(PV))
    environment = without("libsmartcols.so.1", scratch)
    result = xenstream("records", scratch / "plain", env=environment)
    assert result.rc == TROUBLE and result.stdout == b""
    assert "(Debian package libsmartcols1)" in result.stderr and "--json" in result.stderr
    assert xenstream("records", "--json", scratch / "plain", env=environment).rc == FINE


def test_xml(scratch: Path) -> None:
    (scratch / "domain.xml").write_bytes(box.XML)
    (scratch / "plain").write_bytes(stream(PV))
    result = xenstream("convert", "--to", "xl", "--config", scratch / "domain.xml", scratch / "plain", scratch / "out",
                       env=without("libexpat.so.1", scratch))
    assert result.rc != FINE and "libexpat.so.1 can't be loaded" in result.stderr
    assert "(Debian package libexpat1)" in result.stderr
