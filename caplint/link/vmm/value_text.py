"""Forms of C expressions by which a value is chosen, from their text: casts, `?:`, members, entries of a table."""

from __future__ import annotations

import re
from typing import NamedTuple

from caplint.values.expression_text import closing, split, stripped

_CAST = re.compile(
    r"\(\s*(?:const\s+|struct\s+|enum\s+|unsigned\s+|signed\s+)*"
    r"(?:[a-z]\w*_t|__?[su]\d+|[us]\d+|u?int\w*|long|short|char|bool|unsigned|struct\s+\w+|enum\s+\w+|[A-Z]\w*[a-z]\w*)"
    r"(?:\s+(?:int|long|char|const))*\s*\**\s*\)\s*(?=[\w(*&{])"
)
_MEMBER = re.compile(r"(?:->|\.)\s*([A-Za-z_]\w*)\Z")
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_DESIGNATED = re.compile(r"\.\s*(\w+)\s*=(?!=)\s*(.*)\Z", re.DOTALL)
_NUMBER = re.compile(r"[-+~]?\s*(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\Z|NULL\Z|false\Z|\{\s*0?\s*\}\Z")

# Maximum number of characters of an expression in which `?:` is looked for; those of the facts are shorter.
_LONGEST = 4_000


class Accessor(NamedTuple):
    """Expression split at its last accessor: `rows[i].cap` is `rows[i]` and member `cap`."""

    base: str
    member: str
    """Name of the member; empty for an index."""
    element: str
    """Index as written; empty for a member."""


def bare(expression: str) -> str:
    """Return an expression without enclosing parentheses and leading casts."""
    text = stripped(expression)
    while match := _CAST.match(text):
        text = stripped(text[match.end() :])
    return text


def choices(expression: str) -> list[str]:
    """Return the expressions of which an expression has the value: the branches of `?:`, what follows a comma.

    An expression of more than `_LONGEST` characters is taken as a whole.
    """
    found, pending = [], [expression]
    while pending:
        text = bare(split(bare(pending.pop()), ",")[-1])
        condition, *rest = split(text, "?") if len(text) <= _LONGEST else [text]
        if rest:
            first, second = _branches(rest)
            pending += [branch if branch.strip() else condition for branch in (second, first)]
        else:
            found.append(text)
    return found


def _branches(parts: list[str]) -> tuple[str, str]:
    """Return the two branches of a `?:`, from the texts that the question marks behind its condition separate."""
    open_marks = 0
    for index, part in enumerate(parts):
        open_marks += 1
        sides = split(part, ":")
        if len(sides) > open_marks:  # one of its colons belongs to the first question mark
            first = ":".join(sides[:open_marks])
            second = ":".join(sides[open_marks:])
            return "?".join([*parts[:index], first]), "?".join([second, *parts[index + 1 :]])
        open_marks -= len(sides) - 1
    return "?".join(parts), ""


def is_number(text: str) -> bool:
    """Tell whether an expression is a plain number, a null pointer or an empty entry, and so names nothing."""
    return _NUMBER.match(text) is not None


def call_of(text: str) -> tuple[str, int] | None:
    """Return the name of the called function and the offset of its `(` if the expression is a call, else None."""
    match = _CALL.match(text)
    if match is None or closing(text, match.end() - 1) != len(text) - 1:
        return None
    return match.group(1), match.end() - 1


def last_accessor(text: str) -> Accessor | None:
    """Return an expression split at its last member or index; None if it has neither."""
    if match := _MEMBER.search(text):
        return Accessor(text[: match.start()].strip(), match.group(1), "")
    if text.endswith("]"):
        opening = _opening(text)
        if opening > 0:
            return Accessor(text[:opening].strip(), "", text[opening + 1 : -1].strip())
    return None


def _opening(text: str) -> int:
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        depth += (text[index] == "]") - (text[index] == "[")
        if depth == 0:
            return index
    return -1


def without_strings(text: str) -> str:
    """Return a text with its string literals emptied."""
    return _STRING.sub('""', text)


def fields(row: str) -> list[tuple[str, str]] | None:
    """Return the entries of a list in braces as member ('' without a designator) and value; None if it is no list."""
    text = row.strip()
    if not text.startswith("{"):
        return None
    inner = text[1:-1] if text.endswith("}") else text[1:]
    entries = []
    for entry in split(inner, ","):
        match = _DESIGNATED.match(entry.strip())
        entries.append((match.group(1), match.group(2).strip()) if match else ("", entry.strip()))
    return [entry for entry in entries if entry != ("", "")]
