#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A new container is what CONTRIBUTING.md says: numbers, headers, one row, one parser, one writer.

    test_toy.py SOURCE-DIR MESON

Adds one to a copy of the tree, builds the library and the command there, and converts to it and
back. A switch that had to know the new format is a warning of the compiler, and so an error here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE, MESON = Path(sys.argv[1]).resolve(), sys.argv[2]
TOY = SOURCE / "tests" / "toy"
MAGIC = b"ToySavedDomain\n\0"
ROW = r"""
	FORMAT(TOY, toy, TOY, toy,                                                          \
	       .shown.role = XST_ROLE_CONTAINER, .shown.word = "toy",                       \
	       .shown.title = "toy save file", .shown.language = XST_LAYER_XL,              \
	       .magics = { WIRE_MAGIC(TOY_MAGIC) },                                         \
	       .headers = { &xst_wire_toy_header, &xst_wire_toy_config },                   \
	       .becomes = XST_CONTAINER_XL, .stream = XST_LAYER_LIBXL,                      \
	       .place = "a toy save file", .reader = "a toy",                               \
	       .holds = WIRE_HOLDS(CONFIG) | WIRE_HOLDS_LIBXL)                              \
"""
# what is added to which file, in front of what stands there
ADDED = [
    ("include/xenstream/finding.h", "XST_LAYER_COLO = 9", "XST_LAYER_TOY = 10,\n\t"),
    ("include/xenstream/parser.h", "XST_START_COLO = 9", "XST_START_TOY = 10,\n\t"),
    ("include/xenstream/emit.h", "XST_CONTAINER_XENSERVER = 6", "XST_CONTAINER_TOY = 7,\n\t"),
    ("include/xenstream/event.h", "XST_KIND_LIBXL_END = 20", "XST_KIND_TOY_HEADER = 18,\n\t"),
    ("src/wire/wire.h", "/* libxl.c */",
     '#define TOY_MAGIC "ToySavedDomain\\n\\0"\n'
     "extern const struct wire_record xst_wire_toy_header, xst_wire_toy_config;\n\n"),
    ("src/wire/formats.h", "FORMAT(COLO, ", ROW.strip() + "\n\t"),
    ("src/meson.build", "'wire/colo.c'",
     "'wire/toy.c', 'parse/layer_toy.c', 'emit/container_toy.c', "),
]


def add(root: Path) -> None:
    """The toy, to a copy of the tree."""
    shutil.copytree(TOY / "src", root / "src", dirs_exist_ok=True)
    for name, before, text in ADDED:
        old = (root / name).read_text(encoding="utf-8")
        assert old.count(before) == 1, f"{name}: {before}"
        (root / name).write_text(old.replace(before, text + before), encoding="utf-8")


def build(root: Path) -> Path:
    """The command."""
    options = ["-Dtests=false", "-Dhardening=false", "-Dman=disabled", "--buildtype=plain",
               "-Dwerror=true"]
    for words in ([MESON, "setup", *options, "build", "."],
                  [MESON, "compile", "-C", "build", "xenstream:executable"]):
        done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return root / "build" / "xenstream"


def check(program: Path) -> None:
    """To the toy and back, as every other container."""
    def run(*words: str, data: bytes = b"", code: int = 0) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run([program, *words], input=data, capture_output=True, check=False)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stderr.decode()}"
        return done

    def converted(to: str, data: bytes) -> bytes:
        return run("convert", "-q", "--to", to, "-", "-", data=data).stdout

    # a file of it is what its description says
    given = SOURCE / "tests" / "data" / "config" / "pv.cfg"
    image = run("convert", "-q", "--config", str(given), "--config-format", "json", "--to", "xl",
                str(SOURCE / "tests" / "data" / "modern" / "pv-mini-4m.save.zst"), "-").stdout
    libxl = converted("libxl", image)
    length = int.from_bytes(image[48:52], "little")
    toy = converted("toy", image)
    assert toy == MAGIC + length.to_bytes(4, "little") + image[52:52 + length] + libxl
    # and back, by default and through every other
    assert run("convert", "-q", "-", "-", data=toy).stdout == image
    assert converted("toy", toy) == toy
    assert converted("libxl", toy) == libxl
    left = run("convert", "--to", "xenserver", "-", "-", data=toy).stderr.decode()
    assert "the configuration is left out: XenServer does not read toy's (TOY_CONFIG)" in left, left
    # it is told, listed, offered, and does not nest
    told = run("info", "-", data=toy).stdout.decode()
    assert "toy save file > libxl stream v2 > libxc image v3" in told, told
    facts = json.loads(run("info", "--json", "-", data=toy).stdout)
    assert facts["layers"] == ["toy", "libxl", "libxc"] and facts["config"]["understood"], facts
    assert facts["config"]["language"] == "json", facts
    assert "TOY_HEADER" in run("records", "-", data=toy).stdout.decode()
    assert "toy" in run("convert", "--help").stdout.decode()
    assert "libvirt, xenserver or toy" in " ".join(
        run("convert", "--to", "no", "a", "b", code=64).stderr.decode().split())
    nested = image[:52 + length] + toy
    assert "container (toy) inside another" in run(
        "verify", "-", data=nested, code=2).stdout.decode()
    assert run("verify", "-", data=toy).returncode == 0
    # cut anywhere in its head it is damaged, never something else
    for size in range(16, 20 + length, 7):
        run("verify", "-q", "-", data=toy[:size], code=2)


def main() -> None:
    """In a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="xenstream-toy-") as folder:
        root = Path(folder) / "tree"
        root.mkdir()
        for name in ("include", "src", "meson.build", "meson_options.txt", "man"):
            where = SOURCE / name
            (shutil.copytree if where.is_dir() else shutil.copy)(where, root / name)
        add(root)
        check(build(root))


main()
