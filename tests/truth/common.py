"""Steps that several of these tests take."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from support import command
from support.corpus import Case, Item
from support.truth import Form

OK = 0
REFUSED = 4

VERSIONS = (3, 2)
FORMS = (Form.XL, Form.LIBXL, Form.LIBXC)
NEWEST = 3

Unpack = Callable[[Item], Path]


def name_of(parameter: object) -> str:
    """The id of a test's parameter."""
    if isinstance(parameter, Case):
        return parameter.name
    if isinstance(parameter, Item):
        return parameter.path.name
    if isinstance(parameter, Form):
        return parameter.value
    if isinstance(parameter, int):
        return f"v{parameter}"
    return str(parameter)


def convert(
    program: Path, form: Form, source: Path, target: Path, *options: str
) -> command.Result:
    """Runs `xenstream convert`."""
    return command.run([program, "convert", "--to", form.value, *options, source, target])


def version_options(version: int) -> list[str]:
    """The options that ask for an image version; none for the newest."""
    return [] if version == NEWEST else ["--image-version", str(version)]


def converted(
    program: Path, form: Form, source: Path, target: Path, *options: str
) -> bytes:
    """Runs `xenstream convert`, which has to succeed, and gives the output."""
    result = convert(program, form, source, target, *options)
    assert result.rc == OK, str(result)
    return target.read_bytes()


def drop_in_form(facts: dict[str, Any], form: str) -> Form:
    """The nesting that Xen's converter's `-f form` gives for a stream that `facts` describe."""
    if not facts["converter_args"]["xl"]:
        return Form(form)
    return {"libxl": Form.XL, "libxc": Form.XL_LIBXC}[form]


def without_emulator(facts: dict[str, Any]) -> bool:
    """Whether the stream is that of an HVM guest and ends without an emulator record."""
    return facts["guest_type"] == "hvm" and "qemu" not in facts["final"]
