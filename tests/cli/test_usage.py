"""Help, versions, wrong use."""

from __future__ import annotations

import pytest

from .common import FINE, IO, PV, USAGE, lines, stream, xenstream

VERBS = ("info", "records", "verify", "convert")


@pytest.mark.parametrize("option", ["--help", "-h", "help"])
def test_help_names_every_verb(option: str) -> None:
    result = xenstream(option)
    assert result.rc == FINE and result.stderr == ""
    assert all(f"  {verb} " in result.stdout.decode() for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(verb: str) -> None:
    result = xenstream(verb, "--help")
    words = result.stdout.decode()
    assert result.rc == FINE and result.stderr == ""
    assert words.startswith(f"Usage: xenstream {verb} [OPTION...] ")
    assert "Example:\n  " in words and f"xenstream {verb} " in words.split("Example:")[1]
    assert "Exit codes: 0 fine" in words
    assert max(map(len, words.splitlines())) <= 100


def test_help_fits_a_terminal_and_wins_over_errors() -> None:
    assert xenstream("info", "--help", "a", "b").rc == FINE


def test_version() -> None:
    result = xenstream("--version")
    assert result.rc == FINE and result.stdout.startswith(b"xenstream ")


@pytest.mark.parametrize(
    "words, says",
    [
        ([], "Usage: xenstream VERB"),
        (["frob"], "frob: no such verb"),
        (["info"], "One name is wanted"),
        (["info", "a", "b"], "One name is wanted"),
        (["records"], "One name is wanted"),
        (["records", "a", "b"], "One name is wanted"),
        (["verify"], "which file?"),
        (["convert", "a"], "Two names are wanted"),
        (["convert", "a", "b", "c"], "Two names are wanted"),
        (["info", "--bogus", "a"], "--bogus: unknown option"),
        (["info", "--json=5", "a"], "does not take an argument"),
        (["convert", "--to", "qcow2", "a", "b"], "--to qcow2: not xl, libxl, libxc, libvirt or xenserver"),
        (["convert", "--to", "", "a", "b"], "--to : not xl, libxl, libxc, libvirt or xenserver"),
        (["convert", "--to"], "missing argument"),
        (["convert", "--image-version", "4", "a", "b"], "--image-version 4: not 2 or 3"),
        (["convert", "--image-version", "0", "a", "b"], "--image-version 0: not 2 or 3"),
        (["convert", "--image-version", "x", "a", "b"], "invalid numeric value"),
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


@pytest.mark.parametrize("verb", VERBS)
def test_file_that_is_not_there(verb: str) -> None:
    result = xenstream(verb, "/nonexistent", *["/dev/null"] * (verb == "convert"))
    assert result.rc == IO
    assert result.stderr == "xenstream: /nonexistent: No such file or directory\n"
    assert result.stdout == b""


@pytest.mark.parametrize("verb", VERBS)
def test_folder_as_input(verb: str) -> None:
    result = xenstream(verb, "/", *["/dev/null"] * (verb == "convert"))
    assert result.rc == IO and "Is a directory" in result.stderr


def test_words_behind_two_dashes_are_files() -> None:
    assert "--json: No such file" in xenstream("info", "--", "--json").stderr


def test_name_with_newline_and_escape_stays_json() -> None:
    name = "a\n\x1b[31m\udcff.save"
    assert xenstream("verify", "--json", name).rc == IO
    result = xenstream("verify", "--json", "-", stdin=stream(PV))
    assert lines(result)[0]["file"] == "(standard input)"
