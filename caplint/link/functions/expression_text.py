"""Expressions as text: what parentheses hold, and what operators stand between."""

from __future__ import annotations

import re
from collections.abc import Iterable


def stripped(expression: str) -> str:
    """Without the parentheses around the whole."""
    bare = expression.strip()
    while bare.startswith("(") and closing(bare) == len(bare) - 1:
        bare = bare[1:-1].strip()
    return bare


def closing(text: str, opening: int = 0) -> int:
    """Where the bracket closes that opens at an index; -1 where it does not."""
    depth = 0
    for index in range(opening, len(text)):
        depth += (text[index] == "(") - (text[index] == ")")
        if depth == 0:
            return index
    return -1


def split(expression: str, operator: str) -> list[str]:
    """The operands of an operator, outside brackets."""
    parts, depth, last = [], 0, 0
    for index, character in enumerate(expression):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and expression.startswith(operator, index):
            parts.append(expression[last:index])
            last = index + len(operator)
    return [*parts, expression[last:]]


def without_calls(text: str, names: Iterable[str]) -> str:
    """Without the calls of some functions and all that is handed to them."""
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\s*\(") if names else re.compile("(?!)")
    position = 0
    while match := pattern.search(text, position):
        end = closing(text, match.end() - 1)
        if end < 0:
            break
        text = f"{text[: match.start()]}{text[end + 1 :]}"
        position = match.start()
    return text
