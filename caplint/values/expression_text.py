"""Brackets and commas in the text of C expressions: matching partners, operands, arguments.

Every search for a matching bracket goes through this module, but for those of the C front end's repairs (which remember
every pair of a file, within limits) and of parsers that count levels while they read tokens for another purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")
_PARENTHESIS = re.compile(r"[()]")
_PARENTHESIS_BYTES = re.compile(rb"[()]")


def partner(words: Iterable[str]) -> int:
    """Index of the `)` that matches the first word, which is `(`; -1 where it does not close."""
    depth = 0
    for index, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return index
    return -1


def closing(text: str, opening: int = 0) -> int:
    """Index of the parenthesis that matches the one at `opening`, or -1."""
    depth = 0
    for match in _PARENTHESIS.finditer(text, opening):
        depth += 1 if match.group() == "(" else -1
        if depth <= 0:
            return match.start()
    return -1


def closing_byte(code: bytes, opening: int) -> int:
    """Index of the parenthesis in encoded source that matches the one at `opening`, or -1."""
    depth = 0
    for match in _PARENTHESIS_BYTES.finditer(code, opening):
        depth += 1 if match.group() == b"(" else -1
        if depth <= 0:
            return match.start()
    return -1


def balanced(text: str) -> bool:
    """Whether every parenthesis has a partner."""
    depth = 0
    for match in _PARENTHESIS.finditer(text):
        depth += 1 if match.group() == "(" else -1
        if depth < 0:
            return False
    return depth == 0


def stripped(expression: str) -> str:
    """Return the expression without the parentheses around the whole."""
    bare = expression.strip()
    while bare.startswith("(") and closing(bare) == len(bare) - 1:
        bare = bare[1:-1].strip()
    return bare


def split(expression: str, operator: str, brackets: str = "([{)]}") -> list[str]:
    """Return the operands of an operator, or with a comma the parts of a list; what stands in brackets stays whole."""
    parts, depth, last = [], 0, 0
    half = len(brackets) // 2
    for index, character in enumerate(expression):
        depth += (character in brackets[:half]) - (character in brackets[half:])
        if depth == 0 and index >= last and expression.startswith(operator, index):
            parts.append(expression[last:index])
            last = index + len(operator)
    return [*parts, expression[last:]]


def split_words(words: Iterable[str]) -> Iterator[list[str]]:
    """Yield the words between commas outside brackets; at least one list, which may be empty."""
    part: list[str] = []
    depth = 0
    for word in words:
        depth += (word in _OPENING) - (word in _CLOSING)
        if word == "," and depth == 0:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def arguments(text: str, opening: int) -> tuple[list[str], int] | None:
    """Return the arguments in the parentheses that open at an index, and the index behind these; None if unclosed.

    They are those of a macro: a comma in brackets or braces separates arguments (C11 6.10.3p11).
    """
    end = closing(text, opening)
    if end < 0:
        return None
    return [part.strip() for part in split(text[opening + 1 : end], ",", "()")], end + 1


def calls(text: str, names: Iterable[str] | re.Pattern[str]) -> Iterator[tuple[int, int, str, list[str]]]:
    """Yield start, end, name and arguments of every closed call of one of some functions, the outermost first.

    `names` may be a pattern that has the name as its first group and ends with the parenthesis.
    """
    if not isinstance(names, re.Pattern):
        words = "|".join(map(re.escape, sorted(names)))
        names = re.compile(rf"\b({words})\s*\(" if words else "(?!)")
    position = 0
    while match := names.search(text, position):
        found = arguments(text, match.end() - 1)
        if found is None:
            return
        yield match.start(), found[1], match.group(1), found[0]
        position = found[1]


def without_calls(text: str, names: Iterable[str]) -> str:
    """Return the text without the calls of some functions and their arguments."""
    pieces, position = [], 0
    for start, end, *_ in calls(text, names):
        pieces.append(text[position:start])
        position = end
    return "".join([*pieces, text[position:]])
