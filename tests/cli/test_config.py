"""xenstream config as a user has it, on files and in pipes, and as an attacker."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from support import front
from support.front import JSON, STREAM_V2, Front

from .common import (
    FINE,
    HVM,
    INVALID,
    IO,
    MODERN_HVM,
    MODERN_PV,
    PV,
    REFUSED,
    REMARKS,
    USAGE,
    listing,
    octets,
    program,
    run,
    stream,
    xenstream,
)

TEXT = b"""# a comment that stays
name = "old"
uuid = "11111111-2222-3333-4444-555555555509"
memory = 128; vcpus=2
disk = [ 'phy:/dev/a,xvda,w', # the root
         'phy:/dev/b,xvdb,w' ]
"""
UNKNOWN_DATA = b"\x07unknown optional data\xff"


@pytest.fixture
def image(scratch: Path) -> Path:
    """A PV image of today, with JSON."""
    path = scratch / "a.save"
    path.write_bytes(octets(MODERN_PV))
    return path


@pytest.fixture
def text_image(scratch: Path) -> Path:
    """The same stream after a configuration of Xen 4.4's."""
    path = scratch / "text.save"
    path.write_bytes(front.with_config(octets(MODERN_PV), TEXT, STREAM_V2))
    return path


def payload(path: Path) -> bytes:
    """The data after the front."""
    return front.split(path.read_bytes())[1]


PAYLOAD = front.split(octets(MODERN_PV))[1]


def get(path: Path, key: str) -> str:
    """A setting, or AssertionError."""
    result = xenstream("config", "get", path, key)
    assert result.rc == FINE, result
    return result.stdout.decode().rstrip("\n")


# --- show, get -------------------------------------------------------------------------------


def test_show_as_stored_is_octet_for_octet(image: Path, text_image: Path) -> None:
    for path in (image, text_image):
        result = xenstream("config", "show", "--as-stored", path)
        assert result.rc == FINE and result.stdout == front.of(path).config
    assert front.of(image).config.endswith(b"}\n\0")
    assert xenstream("config", "show", image).stdout == front.of(image).config[:-1]
    assert xenstream("config", "show", text_image).stdout == TEXT


def test_show_in_the_other_language(image: Path, text_image: Path) -> None:
    cfg = xenstream("config", "show", "--cfg", image)
    assert cfg.rc == FINE and b'name = "mini1"' in cfg.stdout and b"memory = 4" in cfg.stdout
    as_json = xenstream("config", "show", "--json", text_image)
    document = json.loads(as_json.stdout)
    assert document["c_info"]["name"] == "old" and document["b_info"]["max_vcpus"] == 2
    assert [disk["pdev_path"] for disk in document["disks"]] == ["/dev/a", "/dev/b"]
    same = xenstream("config", "show", "--json", image)
    assert json.loads(same.stdout) == json.loads(front.of(image).config[:-1])


def test_get_by_key_and_by_path(image: Path, text_image: Path) -> None:
    assert get(image, "name") == "mini1" and get(image, "c_info.name") == "mini1"
    assert get(image, "memory") == "4" and get(image, "b_info.max_memkb") == "4096"
    assert get(text_image, "disk") == "phy:/dev/a,xvda,w\nphy:/dev/b,xvdb,w"
    several = xenstream("config", "get", image, "name", "memory")
    assert several.stdout == b"mini1\n4\n"
    missing = xenstream("config", "get", text_image, "kernel")
    assert missing.rc == REMARKS and missing.stdout == b"" and "kernel" in missing.stderr


def test_reading_writes_nothing(image: Path) -> None:
    before = (image.read_bytes(), image.stat().st_mtime_ns)
    for words in (["show"], ["show", "--cfg"], ["get"]):
        assert xenstream("config", *words, image, *["name"] * (words == ["get"])).rc == FINE
    assert (image.read_bytes(), image.stat().st_mtime_ns) == before
    assert listing(image.parent) == ["a.save"]


def test_compressed_images_are_read(scratch: Path, image: Path) -> None:
    packed = scratch / "a.save.gz"
    packed.write_bytes(run(["gzip", "-c", image]).stdout)
    assert get(packed, "name") == "mini1"
    result = xenstream("config", "set", packed, "name=b")
    assert result.rc == INVALID and "--compress" in result.stderr
    out = scratch / "b.save.zst"
    result = xenstream("config", "set", packed, "name=b", "-o", out, "--compress", "zstd")
    assert result.rc == FINE, result
    assert get(out, "name") == "b"
    plain = run(["zstd", "-dc", out]).stdout
    assert front.split(plain)[1] == PAYLOAD


def test_other_containers_are_shown_and_not_changed(scratch: Path) -> None:
    xml = b"<domain type='xen'><name>lv</name><memory unit='KiB'>262144</memory></domain>\0"
    path = scratch / "lv.save"
    path.write_bytes(struct.pack("<16sII40s", b"libvirt-xml\n \0 \r", 2, len(xml), b"") + xml + PAYLOAD)
    result = xenstream("config", "show", "--as-stored", path)
    assert result.rc == FINE and result.stdout == xml
    assert get(path, "name") == "lv" and get(path, "memory") == "256"
    result = xenstream("config", "show", "--cfg", path)
    assert result.rc == FINE and b'name = "lv"' in result.stdout and "libvirt" in result.stderr
    for words in (["set", path, "name=b"], ["drop", path], ["set", path, "name=b", "-o", "-"]):
        before = path.read_bytes()
        result = xenstream("config", *words)
        assert result.rc == INVALID and "convert" in result.stderr, words
        assert path.read_bytes() == before


def test_bare_streams_have_none(scratch: Path) -> None:
    path = scratch / "bare"
    for data in (PAYLOAD, stream(PV)):
        path.write_bytes(data)
        result = xenstream("config", "show", path)
        assert result.rc == INVALID and "convert --to xl" in result.stderr


# --- set, unset ------------------------------------------------------------------------------


def test_set_keeps_everything_else(image: Path) -> None:
    before = json.loads(front.of(image).config[:-1])
    result = xenstream("config", "set", image, "name=clone")
    assert result.rc == FINE and result.stderr == f"xenstream: {image}: changed in place\n"
    after = front.of(image)
    assert after.config.endswith(b"\0") and after.config.count(b"\0") == 1
    document = json.loads(after.config[:-1])
    assert document["c_info"].pop("name") == "clone" and before["c_info"].pop("name") == "mini1"
    assert document == before
    assert after.flags == JSON | STREAM_V2 and payload(image) == PAYLOAD
    assert xenstream("verify", image).rc == FINE
    assert listing(image.parent) == ["a.save"]


def test_set_in_text_keeps_comments_and_order(text_image: Path) -> None:
    result = xenstream("config", "set", text_image, "name=new", "vcpus=3")
    assert result.rc == FINE, result
    assert front.of(text_image).config == TEXT.replace(b'"old"', b'"new"').replace(b"vcpus=2", b"vcpus=3")
    assert front.of(text_image).flags == STREAM_V2 and payload(text_image) == PAYLOAD


def test_append_and_lists(text_image: Path) -> None:
    result = xenstream("config", "set", text_image, "disk+=['phy:/dev/c,xvdc,r']")
    assert result.rc == FINE, result
    assert get(text_image, "disk").splitlines()[2] == "phy:/dev/c,xvdc,r"


def test_unset(image: Path, text_image: Path) -> None:
    assert xenstream("config", "unset", image, "uuid").rc == FINE
    assert "uuid" not in json.loads(front.of(image).config[:-1])["c_info"]
    assert xenstream("config", "unset", text_image, "vcpus").rc == FINE
    assert b"vcpus" not in front.of(text_image).config
    again = xenstream("config", "unset", text_image, "vcpus")
    assert again.rc != FINE and "vcpus" in again.stderr


@pytest.mark.parametrize("step", range(0, 12000, 1111))
def test_longer_and_shorter_again(step: int, image: Path) -> None:
    for length in (1 + step, 1, 5 + step, 3):
        result = xenstream("config", "set", image, "name=" + "n" * length)
        assert result.rc == FINE and get(image, "name") == "n" * length
        assert payload(image) == PAYLOAD
        assert set(front.of(image).rest) <= {0}, "padding is zeros"
    assert "in place" in result.stderr
    assert xenstream("verify", image).rc == FINE


def test_nothing_to_change(image: Path) -> None:
    assert xenstream("config", "set", image, "name=b").rc == FINE
    before = image.stat()
    result = xenstream("config", "set", image, "name=b")
    assert result.rc == FINE and "nothing to change" in result.stderr
    assert image.stat() == before


def test_a_place_in_a_value_is_none_in_the_image(image: Path, text_image: Path) -> None:
    for path in (image, text_image):
        result = xenstream("config", "set", path, 'disk=["/x,raw,xvda,w"')
        assert result.rc == USAGE and f"{path}: disk: in its value, 1:1: a list" in result.stderr


def test_a_guest_stays_of_its_type(image: Path, text_image: Path) -> None:
    other = text_image.parent / "other.cfg"
    other.write_text('name = "x"\nmemory = 4\ntype = "pvh"\n')
    for words in (["set", text_image, "type=hvm"], ["set", image, ".c_info.type=hvm"],
                  ["replace", image, other], ["replace", text_image, other]):
        before = words[1].read_bytes()
        result = xenstream("config", *words)
        assert result.rc == REFUSED and "type: this guest is of type pv" in result.stderr, result
        assert words[1].read_bytes() == before
    assert xenstream("config", "set", text_image, "type=pv").rc == FINE
    assert xenstream("config", "replace", image, other, "--force").rc == FINE


def test_nonsense_is_refused_without_force(image: Path, text_image: Path) -> None:
    for path in (image, text_image):
        before = path.read_bytes()
        nonsense = ("memory=-1", "memory=lots", "vcpus=0", "vcpus=many", "pci=['zz']", "cpuid=['x']")
        for setting in (*nonsense, "ioports=['zz']"):
            result = xenstream("config", "set", path, setting)
            assert result.rc in (REFUSED, INVALID, USAGE), (path, setting)
            assert setting.split("=", maxsplit=1)[0] in result.stderr
            assert path.read_bytes() == before
    result = xenstream("config", "set", text_image, "memory=-1", "--force")
    assert result.rc == FINE and get(text_image, "memory") == "-1"
    assert xenstream("config", "set", text_image, "name=other").rc == FINE, "it is no news any more"


def test_wrong_settings(image: Path) -> None:
    before = image.read_bytes()
    for setting in ("name", "=x", "memroy=1", "disk=[ 'a", "name='x"):
        result = xenstream("config", "set", image, setting)
        assert result.rc == USAGE, setting
        assert image.read_bytes() == before
    assert xenstream("config", "set", image, "memroy=1", "--force").rc == FINE


def test_only_json_has_paths(image: Path, text_image: Path) -> None:
    for path, says in ((image, True), (text_image, False)):
        result = xenstream("config", "set", path, "memroy=1")
        assert result.rc == USAGE and ("means a path in JSON" in result.stderr) == says


def test_a_path_that_no_key_stands_for_is_remarked_on(image: Path) -> None:
    """libxl would never say a word about it.  It is stored all the same: later Xens have more members."""
    result = xenstream("config", "set", image, ".b_info.max_vcpu=4")
    assert result.rc == FINE and get(image, ".b_info.max_vcpu") == "4"
    assert "remark: b_info.max_vcpu: xl.cfg has no key for it" in result.stderr, str(result)
    known = (".b_info.max_vcpus=4", ".c_info.name=other", ".b_info.shadow_memkb=8192", "memory=33",
             ".b_info.claim_mode=False", ".on_crash=preserve", "b_info.event_channels=7")
    for setting in known:
        result = xenstream("config", "set", image, setting)
        assert result.rc == FINE and "remark" not in result.stderr, (setting, str(result))
    result = xenstream("config", "set", "-q", image, ".nics[0].mca=1")
    assert result.rc == FINE and result.stderr == ""


def test_dry_run_changes_nothing(image: Path) -> None:
    before = image.read_bytes()
    fits = xenstream("config", "set", image, "name=b", "--dry-run")
    grows = xenstream("config", "set", image, "name=" + "b" * 9000, "-n")
    assert fits.rc == grows.rc == FINE and image.read_bytes() == before
    assert "fit in place" in fits.stderr and "blocks must be inserted" in grows.stderr
    assert xenstream("config", "set", image, "memory=-1", "-n").rc == REFUSED


# --- flags, lengths, unknown data ------------------------------------------------------------


def test_optional_flags_and_data_are_kept(image: Path) -> None:
    whole, rest = front.split(image.read_bytes())
    image.write_bytes(replace(whole, optional_flags=0x80000001, rest=UNKNOWN_DATA).build() + rest)
    for name in ("b", "c" * 6000, "d"):
        assert xenstream("config", "set", image, f"name={name}").rc == FINE
        now = front.of(image)
        assert now.optional_flags == 0x80000001
        assert now.rest.rstrip(b"\0") == UNKNOWN_DATA and payload(image) == rest
    out = xenstream("config", "set", image, "name=e", "-o", "-").stdout
    assert front.split(out)[0].rest == UNKNOWN_DATA, "without padding"


def test_unknown_mandatory_flags_are_refused(image: Path) -> None:
    whole, rest = front.split(image.read_bytes())
    image.write_bytes(replace(whole, flags=whole.flags | 4).build() + rest)
    before = image.read_bytes()
    for words in (["show", image], ["set", image, "name=b"], ["set", image, "name=b", "-o", "-"]):
        result = xenstream("config", *words)
        assert result.rc == INVALID and "later Xen" in result.stderr and result.stdout == b""
    assert image.read_bytes() == before


def test_big_endian_headers_stay_big_endian(image: Path) -> None:
    whole, rest = front.split(image.read_bytes())
    image.write_bytes(replace(whole, order=">").build() + rest)
    assert xenstream("config", "set", image, "name=" + "b" * 5000).rc == FINE
    now = front.of(image)
    assert now.order == ">" and now.flags == JSON | STREAM_V2 and payload(image) == rest
    assert json.loads(now.config[:-1])["c_info"]["name"] == "b" * 5000


def test_config_format(image: Path, text_image: Path) -> None:
    result = xenstream("config", "set", text_image, "name=b", "--config-format", "json")
    assert result.rc == FINE, result
    now = front.of(text_image)
    assert now.flags == JSON | STREAM_V2 and now.config.endswith(b"}\n\0")
    assert json.loads(now.config[:-1])["c_info"]["name"] == "b"
    result = xenstream("config", "set", image, "name=b", "--config-format", "cfg", "--force")
    assert result.rc == FINE, result
    now = front.of(image)
    assert now.flags == STREAM_V2 and b"\0" not in now.config and b'name = "b"' in now.config
    assert payload(image) == payload(text_image) == PAYLOAD


def test_what_the_other_language_has_no_place_for_is_named(scratch: Path) -> None:
    path = scratch / "odd.save"
    odd = {"c_info": {"name": "x", "type": "pv"}, "b_info": {"max_memkb": 4096}, "odd": [1, 2]}
    path.write_bytes(front.with_config(octets(MODERN_PV), json.dumps(odd).encode() + b"\0", 3))
    before = path.read_bytes()
    result = xenstream("config", "set", path, "name=y", "--config-format", "cfg")
    assert result.rc == REFUSED and "odd" in result.stderr and path.read_bytes() == before
    assert xenstream("config", "set", path, "name=y", "--config-format", "cfg", "-f").rc == FINE
    assert get(path, "name") == "y"


def test_flag_that_contradicts_the_language(image: Path) -> None:
    whole, rest = front.split(image.read_bytes())
    image.write_bytes(replace(whole, flags=STREAM_V2).build() + rest)
    result = xenstream("config", "get", image, "name")
    assert result.rc == FINE and "remark" in result.stderr
    assert xenstream("config", "set", image, "name=b").rc == FINE
    assert front.of(image).flags == JSON | STREAM_V2


# --- replace, drop, edit ---------------------------------------------------------------------


def test_replace(image: Path, scratch: Path) -> None:
    new = scratch / "new.cfg"
    new.write_bytes(TEXT)
    assert xenstream("config", "replace", image, new).rc == FINE
    assert front.of(image).config == TEXT and front.of(image).flags == STREAM_V2
    document = b'{"c_info": {"name": "j", "type": "pv"}, "b_info": {"max_memkb": 8192}}'
    assert xenstream("config", "replace", image, "-", stdin=document).rc == FINE
    now = front.of(image)
    assert json.loads(now.config[:-1]) == json.loads(document) and now.flags == 3
    assert now.config[-1] == 0 and payload(image) == PAYLOAD
    assert xenstream("config", "replace", image, new, "--config-format", "json").rc == FINE
    assert json.loads(front.of(image).config[:-1])["c_info"]["name"] == "old"


@pytest.mark.parametrize(
    "bad, says",
    [
        (b"name = 'x\n", ":1:"),
        (b"memory = 1\nname = [ 'x'\n", ":"),
        (b'{"c_info": {"name": "x"}', ":1:"),
        (b'{"c_info": {"name": "a", "name": "b"}}', ":1:"),
        (b'{"c_info": {"name": "\xff\xfe"}}', ":1:"),
        (b"name = 'a\0b'\n", ":1:"),
        (b"[" * 100000, ":1:"),
        (b'{"a":' * 50000, ":1:"),
        (b"name = " + b"[" * 50000, ":1:"),
        (b"x = [ " + b"1, " * 120000 + b"]\n", ":1:"),
    ],
    ids=["string", "list", "json", "twice", "utf8", "nul", "brackets", "bomb", "deep", "huge"],
)
def test_bad_configurations_are_refused_with_their_place(
    bad: bytes, says: str, image: Path, scratch: Path
) -> None:
    before = image.read_bytes()
    new = scratch / "bad"
    new.write_bytes(bad)
    result = xenstream("config", "replace", image, new)
    assert result.rc == INVALID and f"{new}{says}" in result.stderr, result
    assert image.read_bytes() == before
    image.write_bytes(front.with_config(before, bad, STREAM_V2))
    result = xenstream("config", "set", image, "name=b")
    assert result.rc == INVALID and f"configuration{says}" in result.stderr, result


@pytest.mark.parametrize(
    "new, says", [(b"name = 'a'\nname = 'b'\n", ":2:1: name"), (b"name = 'a\xff'\n", ":1:10: ")]
)
def test_what_xl_takes_in_silence_needs_force(
    new: bytes, says: str, image: Path, scratch: Path
) -> None:
    path = scratch / "new"
    path.write_bytes(new)
    result = xenstream("config", "replace", image, path)
    assert result.rc == INVALID and f"{path}{says}" in result.stderr, result
    assert image.read_bytes() == octets(MODERN_PV)
    assert xenstream("config", "replace", image, path, "--force").rc == FINE
    assert front.of(image).config == new


def test_nothing_at_all_is_no_configuration(image: Path, scratch: Path) -> None:
    """The text left by an editor or a pipe that has failed."""
    for nothing in (b"", b" \n\n"):
        result = xenstream("config", "replace", image, "-", stdin=nothing)
        assert result.rc == INVALID and "config drop" in result.stderr
    result = edit(image, ': > "$1"\n')
    assert result.rc == INVALID and "config drop" in result.stderr
    assert image.read_bytes() == octets(MODERN_PV)


def test_a_configuration_that_is_no_file(image: Path, scratch: Path) -> None:
    huge = scratch / "huge"
    with open(huge, "wb") as file:
        file.truncate(5 << 20)
    for name, rc in ((scratch / "missing", IO), (scratch, IO), (huge, INVALID), ("/dev/zero", INVALID)):
        assert xenstream("config", "replace", image, name).rc == rc
    assert xenstream("config", "replace", "-", "-", "-o", "-").rc == USAGE
    assert image.read_bytes() == octets(MODERN_PV)


def test_drop_and_replace_again(image: Path) -> None:
    assert xenstream("config", "drop", image).rc == FINE
    now = front.of(image)
    assert now.config == b"" and now.flags == STREAM_V2 and payload(image) == PAYLOAD
    assert set(now.rest) == {0}
    for words in (["show", image], ["get", image, "name"], ["set", image, "name=b"]):
        result = xenstream("config", *words)
        assert result.rc == INVALID and "no configuration" in result.stderr
    assert xenstream("verify", image).rc in (FINE, REMARKS)
    assert xenstream("config", "replace", image, "-", stdin=b"name='b'\nmemory=4\n").rc == FINE
    assert get(image, "name") == "b" and payload(image) == PAYLOAD


def test_a_header_without_optional_data(scratch: Path) -> None:
    path = scratch / "none.save"
    header = front.MAGIC + struct.pack("<4I", 0x01020304, STREAM_V2, 0, 0)
    path.write_bytes(header + PAYLOAD)
    assert "nothing to change" in xenstream("config", "drop", path).stderr
    assert path.read_bytes() == header + PAYLOAD
    assert xenstream("config", "replace", path, "-", stdin=b"name='b'\nmemory=4\n").rc == FINE
    assert get(path, "name") == "b" and payload(path) == PAYLOAD


def edit(path: Path, script: str, *options: str, answers: bytes = b"") -> "object":
    """Runs config edit with a shell script as the editor, which finds the file's name in $1."""
    editor = path.parent / "editor"
    editor.write_text("#!/bin/sh\nset -e\n" + script)
    editor.chmod(0o755)
    drafts = path.parent / "drafts"
    drafts.mkdir(exist_ok=True)
    environment = {**os.environ, "VISUAL": str(editor), "TMPDIR": str(drafts)}
    return xenstream("config", "edit", path, *options, stdin=answers, env=environment)


def test_edit(image: Path, text_image: Path) -> None:
    result = edit(text_image, "test \"$(stat -c %a \"$1\")\" = 600\nsed -i s/old/edited/ \"$1\"\n")
    assert result.rc == FINE, result
    assert front.of(text_image).config == TEXT.replace(b"old", b"edited")
    result = edit(image, 'sed -i s/mini1/edited/ "$1"\n')
    assert result.rc == FINE and get(image, "name") == "edited"
    assert front.of(image).config.endswith(b"\n\0") and payload(image) == PAYLOAD
    assert listing(image.parent / "drafts") == []


def test_edit_as_text_what_is_stored_as_json(image: Path) -> None:
    result = edit(image, 'grep -q "^name = " "$1"\nsed -i s/mini1/edited/ "$1"\n', "--cfg", "--force")
    assert result.rc == FINE, result
    assert json.loads(front.of(image).config[:-1])["c_info"]["name"] == "edited"


def test_edit_without_a_change_or_with_a_failing_editor(image: Path) -> None:
    before = image.stat()
    result = edit(image, 'touch "$1"\n')
    assert result.rc == FINE and "nothing to change" in result.stderr
    result = edit(image, "exit 3\n")
    assert result.rc == IO and "editor" in result.stderr
    assert image.stat() == before and listing(image.parent / "drafts") == []
    result = edit(image, 'echo mine > "$1"\nkill -9 $$\n')
    assert result.rc == IO and "text is kept in" in result.stderr and image.stat() == before
    (draft,) = listing(image.parent / "drafts")
    assert (image.parent / "drafts" / draft).read_bytes() == b"mine\n"
    result = xenstream("config", "edit", "-", "-o", "-", stdin=image.read_bytes())
    assert result.rc == USAGE


def test_edit_says_before_that_it_can_not_be_stored(image: Path) -> None:
    packed = image.parent / "a.save.gz"
    packed.write_bytes(run(["gzip", "-c", image]).stdout)
    result = edit(packed, f'touch "{image.parent}/asked"\n')
    assert result.rc == INVALID and "--output" in result.stderr
    assert "asked" not in listing(image.parent) and listing(image.parent / "drafts") == []
    out = image.parent / "b.save"
    assert edit(packed, 'sed -i s/mini1/edited/ "$1"\n', "-o", str(out)).rc == FINE
    assert get(out, "name") == "edited"


def test_edit_is_asked_again_on_errors(text_image: Path) -> None:
    script = (
        'if grep -q round "$1"; then sed -i "s/round//; s/\'broken/broken/" "$1"\n'
        'else sed -i "s/old/round/" "$1"; echo "kernel = \'broken" >> "$1"; fi\n'
        'grep -q round "$1" || sed -i "s/^kernel.*/kernel = \'mended\'/; s/\\"\\"/\\"mended\\"/" "$1"\n'
    )
    result = edit(text_image, script, answers=b"y\n")
    assert result.rc == FINE and "again" in result.stderr and ":7:" in result.stderr, result
    assert get(text_image, "kernel") == "mended" and get(text_image, "name") == "mended"
    before = text_image.read_bytes()
    result = edit(text_image, 'echo "memory = \'-1\'" > "$1"\n', answers=b"n\n")
    assert result.rc == REFUSED and "text is kept in" in result.stderr
    assert text_image.read_bytes() == before
    (draft,) = listing(text_image.parent / "drafts")
    assert (text_image.parent / "drafts" / draft).read_text() == "memory = '-1'\n"


def test_edit_while_somebody_else_changes_it(image: Path) -> None:
    script = f'"{program()}" config set "{image}" name=theirs\nsed -i s/mini1/mine/ "$1"\n'
    result = edit(image, script)
    assert result.rc == IO and "in the meantime" in result.stderr, result
    assert get(image, "name") == "theirs" and len(listing(image.parent / "drafts")) == 1


# --- pipes -----------------------------------------------------------------------------------


def test_a_filter_passes_on_everything_after_it(scratch: Path) -> None:
    tail = os.urandom(3_000_000)
    image = octets(MODERN_HVM) + tail
    result = xenstream("config", "set", "-", "name=clone1", "-o", "-", stdin=image)
    assert result.rc == FINE, result
    before, rest = front.split(image)
    now, passed = front.split(result.stdout)
    assert passed == rest and now.flags == before.flags and now.rest == b""
    assert json.loads(now.config[:-1])["c_info"]["name"] == "clone1"
    assert listing(scratch) == []


def test_what_follows_the_front_is_not_looked_at() -> None:
    """A stream of a later Xen, or of none, is passed on as it is."""
    for rest in (b"", b"x", b"no stream at all" * 100000):
        image = Front(3, 0, b'{"c_info":{"name":"a"},"b_info":{"max_memkb":4096}}\0', b"").build()
        result = xenstream("config", "set", "-", "name=b", "-o", "-", stdin=image + rest)
        assert result.rc == FINE and front.split(result.stdout)[1] == rest


def test_legacy_streams_are_passed_on(scratch: Path) -> None:
    image = stream(HVM)
    result = xenstream("config", "set", "-", "name=clone1", "-o", "-", stdin=image)
    assert result.rc == FINE, result
    now, passed = front.split(result.stdout)
    assert passed == front.split(image)[1] and not now.flags & STREAM_V2
    path = scratch / "old.save"
    path.write_bytes(image)
    assert xenstream("config", "set", path, "name=" + "c" * 500).rc == FINE
    assert payload(path) == passed and get(path, "name") == "c" * 500


def test_the_issue_of_a_clone_over_a_pipe(image: Path, scratch: Path) -> None:
    """cat stands in for xl save, with the head and the rest in small pieces."""
    out = scratch / "b.save"
    command = (
        'dd if="$1" bs=1000 status=none | "$0" config set - name=b memory=3 -o - '
        '| "$0" config unset - uuid -o - | cat > "$2"'
    )
    done = run(["bash", "-o", "pipefail", "-c", command, program(), image, out])
    assert done.rc == FINE, done
    assert get(out, "name") == "b" and get(out, "memory") == "3" and payload(out) == PAYLOAD
    assert xenstream("verify", out).rc == FINE


def test_show_takes_only_the_front_of_a_pipe(image: Path) -> None:
    command = 'cat "$1" | { "$0" config get - name; cat; }'
    done = run(["sh", "-c", command, program(), image])
    assert done.stdout == b"mini1\n" + PAYLOAD


def test_output_to_a_file(image: Path, scratch: Path) -> None:
    out = scratch / "b.save"
    before = image.read_bytes()
    assert xenstream("config", "set", image, "name=b", "-o", out).rc == FINE
    assert image.read_bytes() == before and payload(out) == PAYLOAD and get(out, "name") == "b"
    assert xenstream("config", "set", out, "name=c", "-o", out).rc == FINE
    assert get(out, "name") == "c" and payload(out) == PAYLOAD
    assert listing(scratch) == ["a.save", "b.save"]


def test_input_that_breaks_off(scratch: Path) -> None:
    image = octets(MODERN_PV)
    end = len(image) - len(PAYLOAD)
    for cut in (0, 10, 47, 48, 51, 52, 60, end - 1):
        result = xenstream("config", "set", "-", "name=b", "-o", scratch / "out", stdin=image[:cut])
        assert result.rc == INVALID, cut
    assert listing(scratch) == []


def test_output_that_cannot_be_written(image: Path) -> None:
    with open("/dev/full", "wb") as full:
        result = xenstream("config", "set", image, "name=b", "-o", "-", stdout=full)
    assert result.rc == IO and "no space left" in result.stderr
    read, write = os.pipe()
    os.close(read)
    result = xenstream("config", "set", image, "name=b", "-o", "-", stdout=write)
    os.close(write)
    assert result.rc == IO


# --- backups, usage, attackers -----------------------------------------------------------------


def test_backup(image: Path, scratch: Path) -> None:
    end = len(octets(MODERN_PV)) - len(PAYLOAD)
    first = front.of(image).config
    for name in ("b", "c" * 7000):
        assert xenstream("config", "set", image, f"name={name}", "--backup").rc == FINE
        assert listing(scratch) == ["a.save", "a.save.bak"]
    assert get(scratch / "a.save.bak", "name") == "b"
    backup = (scratch / "a.save.bak").read_bytes()
    assert len(backup) == end and (scratch / "a.save.bak").stat().st_mode & 0o777 == 0o600
    stored = xenstream("config", "show", "--as-stored", scratch / "a.save.bak").stdout
    assert xenstream("config", "replace", image, "-", stdin=stored).rc == FINE
    assert get(image, "name") == "b" and len(stored) <= len(first)


def test_a_remark_is_made_once(image: Path) -> None:
    image.write_bytes(replace(front.of(image), flags=STREAM_V2).build() + PAYLOAD)
    result = xenstream("config", "set", image, "name=b")
    assert result.rc == FINE and result.stderr.count("the header says the configuration is text") == 1
    assert front.of(image).flags == STREAM_V2 | JSON


def test_a_backup_that_is_no_file(image: Path, scratch: Path) -> None:
    name = scratch / "a.save.bak"
    for plant in (lambda: os.mkfifo(name), name.mkdir, lambda: name.symlink_to("nowhere")):
        plant()
        result = xenstream("config", "set", image, "name=b", "--backup")
        assert result.rc == IO and "is not a regular file" in result.stderr
        name.rmdir() if name.is_dir() else name.unlink()
    assert image.read_bytes() == octets(MODERN_PV)


def test_backup_never_overwrites_an_image(image: Path, scratch: Path) -> None:
    whole = scratch / "a.save.bak"
    for contents in (octets(MODERN_PV), b"", b"a letter"):
        whole.write_bytes(contents)
        result = xenstream("config", "set", image, "name=b", "--backup")
        assert result.rc == IO and "move it away" in result.stderr
        assert whole.read_bytes() == contents and image.read_bytes() == octets(MODERN_PV)


def test_usage(image: Path) -> None:
    wrong = [
        [],
        ["frobnicate", image],
        ["show"],
        ["show", image, "name"],
        ["get", image],
        ["set", image],
        ["set", "-", "name=b"],
        ["unset", image],
        ["replace", image],
        ["replace", image, "a", "b"],
        ["drop", image, "x"],
        ["get", image, "name", "--json"],
        ["show", image, "--json", "--cfg"],
        ["show", image, "--backup"],
        ["show", image, "-o", "-"],
        ["edit", image, "--as-stored"],
        ["set", image, "name=b", "--config-format", "yaml"],
        ["set", image, "name=b", "--backup", "-o", "-"],
        ["set", image, "name=b", "--compress", "zstd"],
        ["set", image, "name=b", "-o", "-", "--compress", "zip"],
    ]
    for words in wrong:
        result = xenstream("config", *words)
        assert result.rc == USAGE and "--help" in result.stderr, words
    assert image.read_bytes() == octets(MODERN_PV)
    assert b"--config-format" in xenstream("config", "--help").stdout


@pytest.mark.parametrize("where", ["file", "pipe"])
@pytest.mark.parametrize(
    "head",
    [
        struct.pack("<4I", 0x01020304, 3, 0, 0xFFFFFFFF) + struct.pack("<I", 0xFFFFFFF0),
        struct.pack("<4I", 0x01020304, 3, 0, 100) + struct.pack("<I", 97),
        struct.pack("<4I", 0x01020304, 3, 0, 100) + struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<4I", 0x01020304, 3, 0, 3) + b"abc",
        struct.pack("<4I", 0x04030201, 3, 0, 0x64000000) + struct.pack(">I", 0x70),
        struct.pack("<4I", 0x01020305, 3, 0, 100) + struct.pack("<I", 90),
        struct.pack("<4I", 0x01020304, 3, 0, 10 << 20) + struct.pack("<I", 9 << 20),
    ],
    ids=["4GiB", "beyond", "far-beyond", "no-room", "big-endian", "no-order", "9MiB"],
)
def test_hostile_headers(head: bytes, where: str, scratch: Path) -> None:
    data = front.MAGIC + head + b"{" * 200
    path = scratch / "evil.save"
    path.write_bytes(data)
    for words in (["show"], ["get", "name"], ["set", "name=b"], ["unset", "name"], ["drop"]):
        file = path if where == "file" else "-"
        to = ["-o", "-"] if where == "pipe" and words[0] not in ("show", "get") else []
        result = xenstream("config", words[0], file, *words[1:], *to, stdin=data)
        assert result.rc == INVALID and result.stdout == b"", words
        assert path.read_bytes() == data and listing(scratch) == ["evil.save"]


def test_a_terminal_is_not_told_what_to_do(scratch: Path) -> None:
    """Text from an image goes to a terminal without control characters."""
    path = scratch / "evil.save"
    path.write_bytes(front.with_config(octets(MODERN_PV), b"name = 'a\x1b]0;owned\x07b'\n", STREAM_V2))
    done = subprocess.run(
        ["script", "-qec", f"{program()} config show {path}", "/dev/null"],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    assert b"owned" in done.stdout and b"\x1b]0" not in done.stdout and b"\x07" not in done.stdout
