"""Xen's own verifier, in this process: thousands of streams a minute."""

from __future__ import annotations

import io
import sys
from functools import lru_cache
from typing import Any

from support import xen_script


@lru_cache(maxsize=1)
def _script() -> Any:
    """The script, as `xen_script` mends it, saying nothing."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(xen_script.XEN / "lib" / "python"))
    script = xen_script.load("verify")
    xen_script.MEND["verify"](script)
    return script


def judge(data: bytes, form: str) -> tuple[int, str]:
    """The script's exit code for a stream, and the last line of what it says."""
    script = _script()
    words: list[str] = []
    script.fin = io.BytesIO(data)
    script.err = words.append
    code: int = script.read_stream(form)
    lines = [line for text in words for line in text.splitlines() if line and line != "Please fix me"]
    return code, lines[-1] if lines else ""
