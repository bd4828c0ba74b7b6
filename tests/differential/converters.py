"""Xen's converter and ours, in this process and in a helper: thousands of streams a minute."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Iterator

from support import command, xen_script

HELPER = "tests/dropin"
ERROR, WARNING = 3, 4


@dataclass(frozen=True)
class Call:
    """How the converter is called."""

    width: int
    hvm: bool
    libxl: bool
    xl: bool
    skip_qemu: bool
    pipe: bool

    def bits(self) -> int:
        """As the helper wants it."""
        flags = (self.width == 64, self.hvm, self.libxl, self.xl, self.skip_qemu, self.pipe)
        return sum(1 << i for i, flag in enumerate(flags) if flag)

    def words(self) -> str:
        """For a shell."""
        return (f"-w {self.width} -g {'hvm' if self.hvm else 'pv'} -f {'libxl' if self.libxl else 'libxc'}"
                + " -x" * self.xl + " --skip-qemu" * self.skip_qemu + " (a pipe)" * self.pipe)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A line of the log."""

    priority: int
    rule: str
    text: str


@dataclass(frozen=True)
class Result:
    """What became of a stream."""

    code: int
    out: bytes
    said: tuple[Said, ...]

    @property
    def rules(self) -> set[str]:
        """All that were told."""
        return {line.rule for line in self.said}

    @property
    def error(self) -> str:
        """The rule that ended it, or nothing."""
        return next((line.rule for line in self.said if line.priority == ERROR), "") if self.code else ""

    @property
    def words(self) -> str:
        """The last line."""
        return self.said[-1].text if self.said else ""


def _said(line: str) -> Said:
    priority, text = line.split(" ", 1)
    return Said(int(priority), text[text.rfind("[") + 1 :].rstrip("]"), text)


def ask(*words: str, stdin: bytes = b"") -> bytes:
    """What the helper prints."""
    return subprocess.run(
        [command.built(HELPER), *words], input=stdin, stdout=subprocess.PIPE, check=True, timeout=240
    ).stdout


def ours(calls: list[tuple[Call, bytes]]) -> Iterator[Result]:
    """The drop-in's results."""
    framed = b"".join(struct.pack("<BI", call.bits(), len(data)) + data for call, data in calls)
    answers, at = ask(stdin=framed), 0
    for _ in calls:
        code, text, out = struct.unpack_from("<BII", answers, at)
        at += 9
        lines = answers[at : at + text].decode("utf-8", "replace").splitlines()
        yield Result(code, answers[at + text : at + text + out], tuple(map(_said, lines)))
        at += text + out
    assert at == len(answers)


@lru_cache(maxsize=1)
def _script() -> Any:
    """The script, as `xen_script` mends it, and without strings of gigabytes for what is not there."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(xen_script.XEN / "lib" / "python"))
    script = xen_script.load("convert")
    xen_script.MEND["convert"](script)
    unpack = script.unpack_ulongs

    def unpack_ulongs(count: int) -> Any:
        if script.twidth // 8 * count > script.fin.getbuffer().nbytes:
            raise OSError("Stream truncated")
        return unpack(count)

    script.unpack_ulongs = unpack_ulongs
    return script


def theirs(call: Call, data: bytes) -> Result:
    """The script's exit code, output, and the last line of what it says."""
    script = _script()
    words: list[str] = []
    script.fin, script.fout = io.BytesIO(data), io.BytesIO()
    script.twidth, script.pv, script.qemu = call.width, not call.hvm, not call.skip_qemu
    script.err = words.append
    form = "libxl" if call.libxl else "libxc"
    try:
        if call.xl:
            script.skip_xl_header(form)
        code: int = script.read_legacy_stream(script.VM(form))
    except Exception as error:  # it ends with a traceback then
        code, words = 1, [f"{type(error).__name__}: {error}"]
    lines = [line for text in words for line in text.splitlines() if line and line != "Please fix me"]
    last = (Said(ERROR, "", lines[-1]),) if lines else ()
    return Result(code, script.fout.getvalue(), last)
