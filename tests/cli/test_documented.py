"""The examples of README.md and xenstream(1) print what they show."""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path
from typing import Iterator

import pytest

from support.corpus import REPOSITORY, Item

from .common import BOOT_PV, BOOT_PV32, TIMEOUT_SECONDS, octets, program

README = REPOSITORY / "README.md"
MANUAL = REPOSITORY / "man" / "xenstream.1.scd"
ELSEWHERE = re.compile(r"\b(xl|ssh|virsh|jq|VERB)\b|/var/lib/|mail\.|\*")


def blocks(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if path == MANUAL:
        yield from re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    else:
        yield from map(textwrap.dedent, re.findall(r"(?:^    .*\n)+", text, re.MULTILINE))


def examples(path: Path) -> list[tuple[str, list[str]]]:
    """Commands that need nothing but this program, with the lines that are shown after each."""
    found: list[tuple[str, list[str]]] = []
    for block in blocks(path):
        for part in re.split(r"^(?=[$#] )", block, flags=re.MULTILINE):
            command, *shown = part.splitlines() or [""]
            if command.startswith("$ xenstream ") and not ELSEWHERE.search(command):
                found.append((command[2:], shown))
    return found


def without_way(line: str) -> str:
    """The way in which a file is changed is the file system's."""
    return re.sub(r": changed(, | in ).*", ": changed", line)


@pytest.mark.parametrize("path, old, count", [(README, BOOT_PV32, 8), (MANUAL, BOOT_PV, 4)],
                         ids=["README.md", "xenstream.1"])
def test_examples_print_what_they_show(path: Path, old: Item, count: int, tmp_path: Path) -> None:
    (tmp_path / "old.save").write_bytes(octets(old))
    shown_in = examples(path)
    assert len(shown_in) == count
    for command, shown in shown_in:
        done = subprocess.run(
            ["bash", "-c", f'xenstream() {{ "{program()}" "$@"; }}; {command}'], cwd=tmp_path,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS, check=False, text=True,
        )
        said = done.stdout.splitlines()
        if shown and shown[-1].strip() == "...":
            shown = shown[:-1]
            said = said[: len(shown)]
        if shown:
            assert list(map(without_way, said)) == list(map(without_way, shown)), command
        if command.startswith("xenstream convert"):
            new = (tmp_path / "new.save").read_bytes()
            (tmp_path / "cut.save").write_bytes(new[:0x300000])
            (tmp_path / "a.save").write_bytes(new)
