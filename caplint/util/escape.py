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
# What nobody sees, so that two names look alike (general category Cf, and the fillers of Hangul).
_UNSEEN = (
    "\\xad\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u115f\\u1160\\u180e\\u200b-\\u200d\\u2060-\\u2065\\u206a-\\u206f"
    "\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\U000110bd\\U000110cd\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a"
    "\\U000e0000-\\U000e0fff"
)
_UNSAFE = re.compile(f"[{_CONTROLS}{_REORDERING}{_NO_CHARACTERS}{_UNSEEN}]")


def visible(text: str) -> str:
    """Return the text with every character escaped that a terminal would interpret."""
    return _UNSAFE.sub(lambda match: _escape(match[0], "\\x{:02x}"), text)


def json_text(value: Any, indent: int | None = None) -> str:
    """Return JSON that is safe to print on a terminal; other types, such as bytes, become their Python literal."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=repr)
    # JSON's own quoting ends at 0x1f; the line breaks that are left are between values.
    return _UNSAFE.sub(lambda match: match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1], text)


def _escape(char: str, short: str) -> str:
    code = ord(char)
    return (short if code < 0x100 else "\\u{:04x}" if code < 0x10000 else "\\U{:08x}").format(code)


def toml_string(text: str) -> str:
    """Return a basic string of TOML; JSON's escapes are among TOML's, but for characters of two halves."""
    return _UNSAFE.sub(lambda match: _escape(match[0], "\\u{:04x}"), json.dumps(text, ensure_ascii=False))
