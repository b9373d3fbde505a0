"""Escapes for text from the linted trees, so that terminals, viewers and files cannot interpret it."""

from __future__ import annotations

import json
import re
from typing import Any

# Characters that are always escaped: controls,
_CONTROLS = "\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f"
# line separators, directional marks, embeddings, overrides and isolates, which break or reorder lines
# (Unicode Standard Annex #9; CVE-2021-42574),
_REORDERING = "\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069"
# lone surrogates (not encodable in UTF-8) and noncharacters (not allowed in XML).
_NO_CHARACTERS = "\\ud800-\\udfff\\ufffe\\uffff"
_UNSAFE = re.compile(f"[{_CONTROLS}{_REORDERING}{_NO_CHARACTERS}]")


def visible(text: str) -> str:
    """Return the text with every character escaped that a terminal would interpret."""
    return _UNSAFE.sub(lambda match: _escape(match[0], "\\x{:02x}"), text)


def json_text(value: Any, indent: int | None = None) -> str:
    """Return JSON that is safe to print on a terminal; other types, such as bytes, become their Python literal."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=repr)
    # JSON escapes controls up to 0x1f; the remaining line breaks are between values.
    return _UNSAFE.sub(lambda match: match[0] if match[0] == "\n" else _escape(match[0], "\\u{:04x}"), text)


def _escape(char: str, short: str) -> str:
    return (short if ord(char) < 0x100 else "\\u{:04x}").format(ord(char))


def toml_string(text: str) -> str:
    """Return a basic string of TOML; TOML accepts JSON's escapes."""
    return json_text(text)
