"""Quoted text says the same and holds nothing that a terminal would obey."""

from __future__ import annotations

import json
import tomllib
import unicodedata

import pytest

from caplint.util.escape import json_text, toml_string, visible

NASTY = "".join(map(chr, (*range(0x100), 0x061C, *range(0x200B, 0x2070), 0xFEFF, 0x1F600))) + "::%0A<&>\"'\\"


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


def _obeyed(text: str) -> set[str]:
    """The control, separator and reordering characters of a text."""
    bidi = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    return {
        char
        for char in text
        if unicodedata.category(char) in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(char) in bidi
    }
