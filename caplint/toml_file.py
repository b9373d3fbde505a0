"""Reads TOML that may be hostile: without keys that cost the parser the square of their length."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from caplint.errors import CaplintError

MOST_PARTS = 32
"""A dotted key of more parts is refused: tomllib takes time in proportion to the square of their number."""
# Each part begins where no word goes on, and a quoted one is short: no text is looked at more than some hundred times.
_PART = r"""(?:"(?:[^"\\\n]|\\.){0,300}+"|'[^'\n]{0,300}+'|[\w-]++)"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_PART}[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}", re.ASCII)
_LONGEST_REASON = 200


def parse_toml(content: bytes, label: str) -> dict[str, Any]:
    """Return the tables of a file's bytes. Raises `CaplintError`, one line that begins with the label."""
    try:
        text = content.decode("utf-8")
        if long := _LONG_KEY.search(text):
            line = text.count("\n", 0, long.start()) + 1
            raise CaplintError(f"{label}: not valid TOML: a key of more than {MOST_PARTS} parts (at line {line})")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # bytes, syntax, numbers and nesting that are none
        raise CaplintError(f"{label}: not valid TOML: {str(error)[:_LONGEST_REASON]}") from error
