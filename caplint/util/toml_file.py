"""Reader of possibly hostile TOML: it rejects keys that take the parser quadratic time."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from caplint.util.errors import CaplintError
from caplint.util.patterns import compiled

MOST_PARTS = 32
"""Most parts of a dotted key; tomllib takes quadratic time in their number."""
# Parts begin at word boundaries and quoted parts are short, so that each byte is scanned at most some hundred times.
_PART = r"""(?:"(?:[^"\\\n]|\\.){0,300}+"|'[^'\n]{0,300}+'|[\w-]++)"""
_LONG_KEY = compiled(rf"(?<![\w-])(?:{_PART}[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}", re.ASCII)
_LONGEST_REASON = 200


def parse_toml(content: bytes, label: str) -> dict[str, Any]:
    """Return the tables of a file's bytes. Raises `CaplintError`, one line that begins with the label."""
    try:
        text = content.decode("utf-8")
        if long := _LONG_KEY.search(text):
            line = text.count("\n", 0, long.start()) + 1
            raise CaplintError(f"{label}: not valid TOML: a key of more than {MOST_PARTS} parts (at line {line})")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # invalid bytes, syntax, numbers or nesting
        raise CaplintError(f"{label}: not valid TOML: {str(error)[:_LONGEST_REASON]}") from error
