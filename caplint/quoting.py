"""Text from the linted trees, quoted so that no terminal, viewer or file obeys it."""

from __future__ import annotations

import json
from typing import Any

_CONTROLS = (*range(0x09), *range(0x0A, 0x20), 0x7F, *range(0x80, 0xA0))
# Line separators, directional marks, embeddings, overrides and isolates: they reorder a line, or begin one where no
# one looks for it (Unicode Standard Annex #9; CVE-2021-42574).
_REORDERING = (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
# Halves of characters, and what is none: UTF-8 cannot hold the first, XML neither.
_NO_CHARACTERS = (*range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
_VISIBLE = {code: f"\\x{code:02x}" for code in _CONTROLS} | {
    code: f"\\u{code:04x}" for code in (*_REORDERING, *_NO_CHARACTERS)
}
# JSON's own quoting ends at 0x1F.
_BEYOND_JSON = {code: f"\\u{code:04x}" for code in (*_CONTROLS, *_REORDERING, *_NO_CHARACTERS) if code >= 0x7F}


def visible(text: str) -> str:
    """The text with everything that a terminal would obey made visible."""
    return text.translate(_VISIBLE)


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON that says the same as any other and can be shown on a terminal as it is; bytes are their Python literal."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=repr).translate(_BEYOND_JSON)


def toml_string(text: str) -> str:
    """A basic string of TOML; JSON's escapes are among TOML's."""
    return json_text(text)
