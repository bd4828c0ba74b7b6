"""Runs Xen 4.17's own stream scripts under Python 3.

    python3 xen_script.py convert|verify ARGUMENTS...

The arguments, the exit code and the output are those of `convert-legacy-stream` and
`verify-stream-v2`. Three faults that the scripts have under Python 3 are mended in memory: the
converter's xl magic becomes bytes, the verifier's check of EMULATOR_XENSTORE_DATA becomes one
that knows bytes, and a short read from a pipe is not the end of the stream.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import struct
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

XEN = Path(os.environ.get("XENSTREAM_XEN_TOOLS", "/usr/lib/xen-4.17"))
SCRIPTS = {"convert": "convert-legacy-stream", "verify": "verify-stream-v2"}
KNOWN_EMULATORS = 3


def script_path(tool: str) -> Path:
    """Where the script for `convert` or `verify` is, if it is installed."""
    return XEN / "bin" / SCRIPTS[tool]


def load(tool: str) -> Any:
    """The script for `convert` or `verify` as a module."""
    path = script_path(tool)
    name = f"xen_{tool}"
    loader = SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def _mend_convert(_script: Any) -> None:
    header: Any = importlib.import_module("xen.migration.xl")
    if isinstance(header.MAGIC, str):
        header.MAGIC = header.MAGIC.encode("latin-1")


def _mend_verify(script: Any) -> None:
    libxl: Any = importlib.import_module("xen.migration.libxl")
    libxl.record_verifiers[libxl.REC_TYPE_emulator_xenstore_data] = _verify_xenstore
    script.stream_read = lambda size: _read_fully(script.fin, size)


def _read_fully(source: Any, size: int) -> bytes:
    """Up to `size` bytes; fewer only at the end of the source."""
    parts = []
    while size:
        part = source.read(size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _verify_xenstore(verifier: Any, content: bytes) -> None:
    """Judges the body of an EMULATOR_XENSTORE_DATA record."""
    errors: Any = importlib.import_module("xen.migration.verify")
    if len(content) < 8:
        raise errors.RecordError("EMULATOR_XENSTORE_DATA: no emulator header")
    emulator, index = struct.unpack_from("=II", content)
    if emulator >= KNOWN_EMULATORS:
        raise errors.RecordError(f"EMULATOR_XENSTORE_DATA: emulator id {emulator}")
    *strings, rest = content[8:].split(b"\0")
    if rest:
        raise errors.RecordError("EMULATOR_XENSTORE_DATA: last string not terminated")
    if len(strings) % 2:
        raise errors.RecordError("EMULATOR_XENSTORE_DATA: odd number of strings")
    verifier.info(f"  {len(strings) // 2} keys of emulator {emulator}, index {index}")


MEND = {"convert": _mend_convert, "verify": _mend_verify}


def main() -> int:
    """Runs the script that the first argument names with the arguments after it."""
    if len(sys.argv) < 2 or sys.argv[1] not in SCRIPTS:
        print(__doc__, file=sys.stderr)
        return 64
    tool = sys.argv[1]
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(XEN / "lib" / "python"))
    script = load(tool)
    MEND[tool](script)
    sys.argv = [str(script_path(tool)), *sys.argv[2:]]
    code: int = script.main()
    return code


if __name__ == "__main__":
    sys.exit(main())
