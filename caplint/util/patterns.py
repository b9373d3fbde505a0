"""Regular expressions whose groups are repeated possessively, on each Python 3.11.

Until 3.11.5 a repeated group that takes all it can, `(?:a|b)*+`, matches too little or not at all where the group
itself can go back (gh-106052 and gh-100061 of CPython); Debian 12 has 3.11.2. An atomic group, `(?>(?:a|b)*)`, means
the same and matches rightly there. It remembers each repetition until it ends, so newer Pythons keep the other form.
"""

from __future__ import annotations

import re
import sys
from typing import AnyStr

_IS_WRONG = sys.version_info < (3, 11, 5)
_REPEATED = re.compile(r"\)([*+?]|\{[0-9,]+\})\+")


def compiled(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Compile a pattern; patterns with possessive groups must be compiled by this."""
    return re.compile(with_atomic_groups(pattern) if _IS_WRONG else pattern, flags)


def with_atomic_groups(pattern: AnyStr) -> AnyStr:
    """Return a pattern of the same meaning, with atomic groups in place of possessive ones."""
    if isinstance(pattern, bytes):
        return _atomic(pattern.decode("latin-1")).encode("latin-1")
    return _atomic(pattern)


def _atomic(pattern: str) -> str:
    while (found := _first(pattern)) is not None:
        begin, repeated = found
        group = pattern[begin : repeated.start() + 1]
        pattern = f"{pattern[:begin]}(?>{group}{repeated[1]}){pattern[repeated.end() :]}"
    return pattern


def _first(pattern: str) -> tuple[int, re.Match[str]] | None:
    """Return where the first possessive group that ends in a pattern begins, and its end with the repetition."""
    opened: list[int] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 1
        elif character == "[":
            at = _end_of_set(pattern, at)
        elif character == "(":
            opened.append(at)
        elif character == ")":
            begin = opened.pop()
            if repeated := _REPEATED.match(pattern, at):
                return begin, repeated
        at += 1
    return None


def _end_of_set(pattern: str, at: int) -> int:
    """Return the offset of the bracket that ends a set of characters; one that comes first is a member of the set."""
    at += 2 if pattern.startswith("^", at + 1) else 1
    if pattern.startswith("]", at):
        at += 1
    while pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at
