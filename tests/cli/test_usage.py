"""Help, versions, wrong use."""

from __future__ import annotations

import re

import pytest

from support.corpus import REPOSITORY

from .common import FINE, IO, PV, USAGE, lines, program, run, stream, xenstream

VERBS = (
    "info",
    "records",
    "cpu",
    "cpuid",
    "verify",
    "explain",
    "convert",
    "salvage",
    "config",
    "restore",
    "receive",
    "pack",
)
READERS = ("info", "records", "cpu", "cpuid", "verify", "convert", "salvage")
OPTION = re.compile(r"^ +(?:-(\w)(?: \S+)?, )?--([a-z-]+)", re.MULTILINE)
DOCUMENTED_OPTION = re.compile(r"^\*-(?:-|\w\*)[^\n]*\n\t", re.MULTILINE)


def page(name: str) -> str:
    """The source of a manual page."""
    return (REPOSITORY / "man" / f"{name}.1.scd").read_text(encoding="utf-8")


def section(text: str, level: str, *names: str) -> str:
    """The text below the heading with one of these names."""
    parts = re.split(rf"^{level} (.*)$", text, flags=re.MULTILINE)
    found = [body for title, body in zip(parts[1::2], parts[2::2]) if set(names) & set(title.split(", "))]
    assert len(found) == 1, names
    return found[0].split("\n# ")[0]


def offered(words: str) -> set[tuple[str, str]]:
    """Options of a help text: their letter, if any, and their name."""
    return {(letter, name) for letter, name in OPTION.findall(words) if name != "version"}


def described(text: str) -> set[tuple[str, str]]:
    """Options that have a paragraph of their own in a part of a manual page."""
    found: set[tuple[str, str]] = set()
    for line in DOCUMENTED_OPTION.findall(text):
        letter = re.search(r"\*-(\w)\*", line)
        names = re.findall(r"\*--([a-z-]+)\*", line)
        found |= {(letter[1] if letter and len(names) == 1 else "", name) for name in names}
    return found


@pytest.mark.parametrize("option", ["--help", "-h", "help"])
def test_help_names_every_verb(option: str) -> None:
    result = xenstream(option)
    assert result.rc == FINE and result.stderr == ""
    assert tuple(re.findall(r"^  ([a-z]+)  ?", result.stdout.decode(), re.MULTILINE)) == VERBS


def test_manual_has_every_verb_in_order() -> None:
    synopsis = section(page("xenstream"), "#", "SYNOPSIS")
    named = re.findall(r"^\*xenstream ([a-z]+)\*", synopsis, re.MULTILINE)
    assert tuple(dict.fromkeys(named)) == VERBS
    titles = re.findall(r"^## (.*)$", page("xenstream"), re.MULTILINE)
    assert tuple(verb for title in titles for verb in title.split(", ")) == VERBS


@pytest.mark.parametrize("verb, option", [("convert", "to"), ("pack", "to"), ("restore", "format")])
def test_formats_that_are_offered(verb: str, option: str) -> None:
    """Help, complaint and manual have the same ones in one order."""
    refused = xenstream(verb, f"--{option}", "no", "a", *["b"] * (verb != "restore")).stderr
    found = re.search(rf"--{option} no: not (.*) or (\S+) \(", refused)
    assert found, refused
    words = [*found[1].split(", "), found[2]]
    paragraph = section(page("xenstream"), "##", verb).split(f"*--{option}* _")[1].split("\n*-")[0]
    in_manual = [word for word in re.findall(r"\*(\w+)\*", paragraph) if word in words]
    assert list(dict.fromkeys(in_manual)) == words, paragraph
    helped = " ".join(xenstream(verb, "--help").stdout.decode().split())
    assert all(re.search(rf"\b{word}\b", helped) for word in words)


@pytest.mark.parametrize("verb", VERBS)
def test_manual_has_every_option_of_a_verb(verb: str) -> None:
    own, common = xenstream(verb, "--help").stdout.decode().split("Options of every verb:")
    text = page("xenstream")
    assert offered(own) == described(section(text, "##", verb))
    assert offered(common) == described(section(text, "#", "OPTIONS OF EVERY VERB"))


@pytest.mark.parametrize("name", ["convert-legacy-stream", "verify-stream-v2"])
def test_manual_has_every_option_of_a_drop_in(name: str) -> None:
    words = run([program(name), "--help"]).stdout.decode()
    assert {n for _, n in offered(words)} == {
        n for _, n in described(section(page(name), "#", "OPTIONS")) if n != "version"
    }


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(verb: str) -> None:
    result = xenstream(verb, "--help")
    words = result.stdout.decode()
    assert result.rc == FINE and result.stderr == ""
    sentence, nothing, usage, *_ = words.splitlines()
    assert re.fullmatch(r"[A-Z][^.]*\.", sentence) and nothing == ""
    assert usage.startswith(f"Usage: xenstream {verb} [OPTION...] ")
    assert "Example:\n  " in words and f"xenstream {verb} " in words.split("Example:")[1]
    assert "Exit codes: 0 success" in words
    assert max(map(len, words.splitlines())) <= 80


def test_help_fits_a_terminal_and_wins_over_errors() -> None:
    assert xenstream("info", "--help", "a", "b").rc == FINE


def test_version() -> None:
    result = xenstream("--version")
    version = re.search(r"version: '(.*)'", (REPOSITORY / "meson.build").read_text())
    assert version and result.rc == FINE
    assert result.stdout.decode() == f"xenstream {version[1]}\n"


@pytest.mark.parametrize(
    "words, says",
    [
        ([], "Usage: xenstream VERB"),
        (["frob"], "frob: no such verb"),
        (["info"], "info needs one name: FILE"),
        (["info", "a", "b"], "info needs one name: FILE"),
        (["records"], "records needs one name: FILE"),
        (["records", "a", "b"], "records needs one name: FILE"),
        (["cpu"], "cpu needs one name: FILE"),
        (["cpu", "--vcpu", "-1", "a"], "--vcpu -1: the first is 0"),
        (["cpu", "--vcpu", "x", "a"], "invalid numeric value"),
        (["cpuid", "a", "b"], "cpuid needs one name: FILE"),
        (["verify"], "verify needs at least one name: FILE"),
        (["convert", "a"], "convert needs two names: IN and OUT"),
        (["convert", "a", "b", "c"], "convert needs two names: IN and OUT"),
        (["convert", "--config", "-", "-", "b"], "only one of IN and --config may be standard input"),
        (["salvage", "a"], "salvage needs two names: IN and OUT"),
        (["pack", "a"], "pack needs two names: DIR and OUT"),
        (["restore"], "restore needs one source: FILE, -, unix:PATH or tcp:HOST:PORT"),
        (["receive"], "receive needs one address: unix:PATH or tcp:HOST:PORT"),
        (["info", "--bogus", "a"], "--bogus: unknown option"),
        (["info", "--json=5", "a"], "does not take an argument"),
        (["convert", "--to", "qcow2", "a", "b"], "--to qcow2: not xl, libxl, libxc, libvirt or xenserver"),
        (["convert", "--to", "", "a", "b"], "--to : not xl, libxl, libxc, libvirt or xenserver"),
        (["convert", "--to"], "missing argument"),
        (["convert", "--image-version", "4", "a", "b"], "--image-version 4: not 2 or 3"),
        (["convert", "--image-version", "0", "a", "b"], "--image-version 0: not 2 or 3"),
        (["convert", "--image-version", "x", "a", "b"], "invalid numeric value"),
        (["convert", "--image-version", "-1", "a", "b"], "--image-version -1: not 2 or 3"),
        (["pack", "--image-version", "-1", "a", "b"], "--image-version -1: not 2 or 3"),
        (["convert", "--checkpoint", "-1", "a", "b"], "--checkpoint -1: the first is 1"),
        (["convert", "--width", "-1", "a", "b"], "--width -1: not 32 or 64"),
        (["convert", "--width", "16", "a", "b"], "--width 16: not 32 or 64"),
        (["convert", "--width", "0", "a", "b"], "--width 0: not 32 or 64"),
        (["convert", "--width", "99999999999", "a", "b"], "too large or too small"),
        (["convert", "--guest", "PV", "a", "b"], "--guest PV: not pv or hvm"),
        (["verify", "--progress", "often", "a"], "--progress=often: not always, never or"),
        (["verify", "--progress=", "a"], "--progress=: not always, never or"),
        (["verify", "--progress=99", "a"], "--progress=99: not always, never or"),
    ],
    ids=" ".join,
)
def test_wrong_use(words: list[str], says: str) -> None:
    result = xenstream(*words)
    assert result.rc == USAGE
    assert says in result.stderr and result.stdout == b""
    assert "--help)" in result.stderr or "--help" in result.stderr


@pytest.mark.parametrize("verb", READERS)
def test_file_that_is_not_there(verb: str) -> None:
    result = xenstream(verb, "/nonexistent", *["/dev/null"] * (verb in ("convert", "salvage")))
    assert result.rc == IO
    assert result.stderr == "xenstream: /nonexistent: No such file or directory\n"
    assert result.stdout == b""


@pytest.mark.parametrize("verb", READERS)
def test_folder_as_input(verb: str) -> None:
    result = xenstream(verb, "/", *["/dev/null"] * (verb in ("convert", "salvage")))
    assert result.rc == IO and "/: Is a directory; name a file" in result.stderr


def test_words_after_two_dashes_are_files() -> None:
    assert "--json: No such file" in xenstream("info", "--", "--json").stderr


def test_name_with_newline_and_escape_stays_json() -> None:
    name = "a\n\x1b[31m\udcff.save"
    assert xenstream("verify", "--json", name).rc == IO
    result = xenstream("verify", "--json", "-", stdin=stream(PV))
    assert lines(result)[0]["file"] == "(standard input)"


CHOICES = (
    ("convert", "--guest"),
    ("convert", "--checkpoints"),
    ("convert", "--config-format"),
    ("convert", "--compress"),
    ("pack", "--config-format"),
    ("pack", "--compress"),
    ("config", "--config-format"),
    ("config", "--compress"),
)


@pytest.mark.parametrize("verb, option", CHOICES)
def test_choices_are_the_same_in_complaint_help_and_check(verb: str, option: str) -> None:
    names = ("set", "/nonexistent", "a=1", "-o", "-") if verb == "config" else ("/nonexistent", "-")
    complaint = xenstream(verb, option, "nonsense", *names).stderr
    words = re.findall(r"[a-z0-9]+", complaint.partition(": not ")[2].partition(" (")[0].partition(", or not")[0])
    words.remove("or")
    assert len(words) >= 2
    help_text = re.sub(r"\s+", " ", xenstream(verb, "--help").stdout.decode())
    described_here = help_text[help_text.index(f"{option}=") :].partition(" --")[0]
    for word in words:
        assert re.search(rf"\b{word}\b", described_here)
        for wrong in (word[:-1], word + "x", word.upper(), f"{word} (", ""):
            result = xenstream(verb, option, wrong, *names)
            assert result.rc == USAGE and f"{option} {wrong}: not" in result.stderr
        assert xenstream(verb, option, word, *names).rc != USAGE
