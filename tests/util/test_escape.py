"""Quoted text says the same and holds nothing that a terminal would obey."""

from __future__ import annotations

import json
import tomllib
import unicodedata

import pytest

from caplint.util.escape import json_text, toml_string, visible

CODES = (*range(0x100), 0x061C, *range(0x200B, 0x2070), 0xFEFF, 0x1F600, 0x115F, 0xE0041)
NASTY = "".join(map(chr, CODES)) + "::%0A<&>\"'\\"


@pytest.mark.parametrize("indent", [None, 2])
def test_json(indent: int | None) -> None:
    text = json_text({NASTY: [NASTY, b"\xff"]}, indent)
    assert json.loads(text) == {NASTY: [NASTY, "b'\\xff'"]}
    assert not _obeyed(text) - {"\n"}


def test_toml() -> None:
    text = toml_string(NASTY)
    assert tomllib.loads(f"x = {text}") == {"x": NASTY}
    assert not _obeyed(text)


def test_visible() -> None:
    assert _obeyed(visible(NASTY)) == {"\t"}


def test_names_that_differ_in_what_nobody_sees() -> None:
    unseen = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"]
    assert len(unseen) > 150
    for char in [*unseen, "\u115f", "\u3164"]:
        assert visible(f"a{char}") == (f"a\\x{ord(char):02x}" if ord(char) < 0x100 else f"a{_escaped(char)}")
        assert json_text(char).isascii()
        assert json.loads(json_text(char)) == char
        assert toml_string(char).isascii()
        assert tomllib.loads(f"x = {toml_string(char)}") == {"x": char}


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _obeyed(text: str) -> set[str]:
    """The control, separator and reordering characters of a text."""
    bidi = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    return {
        char
        for char in text
        if unicodedata.category(char) in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(char) in bidi
    }
