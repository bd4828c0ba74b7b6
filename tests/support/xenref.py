"""Xen's own converter and verifier, as references."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Optional

from . import xen_script
from .command import Result, run

PACKAGE = "xen-utils-4.17"
WRAPPER = Path(xen_script.__file__)


def why_missing() -> Optional[str]:
    """Why the references cannot be used, or None."""
    for tool in xen_script.SCRIPTS:
        path = xen_script.script_path(tool)
        if not path.exists():
            return f"{path} is not installed (Debian: {PACKAGE}): no comparison with Xen's scripts"
    return None


def converter_options(facts: dict[str, Any], form: str, skip_qemu: bool = False) -> list[str]:
    """Options of `convert-legacy-stream` for a stream that `facts`, its JSON, describes."""
    args = facts["converter_args"]
    options = ["-w", str(args["width"]), "-g", args["guest_type"], "-f", form]
    return options + ["-x"] * args["xl"] + ["--skip-qemu"] * skip_qemu


def convert(source: Path, target: Path, options: list[str]) -> Result:
    """Converts the file `source` into the file `target` by Xen's converter."""
    words = ["-i", str(source), "-o", str(target)]
    return run([sys.executable, WRAPPER, "convert", *words, *options])


def verify(source: Path, form: str) -> Result:
    """Lets Xen's verifier judge a file; `form` is libxc, libxl or xl. Accepted: exit code 0."""
    return run([sys.executable, WRAPPER, "verify", "-i", str(source), "-f", form])
