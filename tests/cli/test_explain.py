"""xenstream explain: the catalogue, one rule or all, in words and for programs."""

from __future__ import annotations

from support.corpus import REPOSITORY

from .common import FINE, USAGE, lines, xenstream

KEYS = {"rule", "severity", "section", "why", "example", "like_xen"}


def test_one_rule_in_words() -> None:
    result = xenstream("explain", "libxc.page-data.twice")
    assert result.rc == FINE and result.stderr == ""
    text = result.stdout.decode()
    assert text.startswith("libxc.page-data.twice\n")
    for word in ("Rule", "Example", "Severity", "Layer", "Section"):
        assert f"\n  {word} " in text
    assert "error: no Xen restores such an image" in text


def test_several_rules_for_programs() -> None:
    result = xenstream("explain", "--json", "record.padding", "config.vcpus")
    padding, vcpus = lines(result)
    assert set(padding) == KEYS and set(vcpus) == KEYS
    assert padding["rule"] == "record.padding" and padding["like_xen"] is True
    assert vcpus["severity"] == "remark"


def test_the_catalogue_is_that_of_the_documentation() -> None:
    listed = lines(xenstream("explain", "--json"))
    documented = [
        row.split("`")[1]
        for row in (REPOSITORY / "docs" / "rules.md").read_text().splitlines()
        if row.startswith("| `")
    ]
    assert [rule["rule"] for rule in listed] == documented
    words = xenstream("explain").stdout.decode().splitlines()
    assert [line.split()[0] for line in words] == documented
    assert xenstream("verify", "--rules").stdout.decode().splitlines() == words


def test_a_rule_that_does_not_exist() -> None:
    result = xenstream("explain", "no.such.rule")
    assert result.rc == USAGE and result.stdout == b"" and "no.such.rule" in result.stderr
