"""Reads and writes of members: every chain of `->` and `.`, and what is done with it.

There are more than a hundred thousand of them, so they are found in the text and not in the tree:
all that decides is what stands before and behind a chain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.c.masks import blank
from caplint.facts.reading import Reading
from caplint.facts.records import Access

_INDEX = rb"(?:[ \t]*+\[[^\[\]]*+(?:\[[^\[\]]*+\][^\[\]]*+)*+\])*+"
_CHAIN = re.compile(
    rb"(?:\b[A-Za-z_]\w*+(?:[ \t]*+\([^()]*+(?:\([^()]*+\)[^()]*+)*+\))?+|(?<=[)\]]))" + _INDEX
    + rb"(?:\s*+(?:->|\.(?!\.))\s*+[A-Za-z_]\w*+" + _INDEX + rb")++"
)  # fmt: skip
_BEHIND = re.compile(rb"\s*+(\+\+|--|<<=|>>=|[-+*/%&|^]=|=(?!=)|\()")
_BEFORE = re.compile(rb"(\+\+|--|&+|\b(?:sizeof|typeof|__typeof__|offsetof)[ \t]*\()[ \t(*]*\Z")
_MAX_CHAIN = 200
_UPDATES = frozenset({b"++", b"--"})


def accesses(reading: Reading) -> Iterator[Access]:
    """Every chain, once per line, mode and text."""
    code = blank(reading.view.text, reading.unit.lexed.strings.extents)
    pending = [(0, len(code))]
    seen = reading.seen.setdefault("access", set())
    while pending:
        for match in _CHAIN.finditer(code, *pending.pop()):
            start, end = match.span()
            if b"(" in match.group() or b"[" in match.group():
                pending.extend(_inner(code, start, end))
            if start in seen:
                continue
            seen.add(start)
            yield Access(
                chain=reading.view.span(start, end)[:_MAX_CHAIN],
                mode=_mode(code, start, end),
                line=reading.line(start),
                start=start,
                condition=reading.condition(start),
            )


def _inner(code: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What stands in the brackets of a chain, where chains of their own may be."""
    depth, opened = 0, 0
    for position in range(start, end):
        character = code[position : position + 1]
        if character in b"([":
            depth += 1
            if depth == 1:
                opened = position + 1
        elif character in b")]":
            depth -= 1
            if depth == 0 and opened < position:
                yield opened, position


def _mode(code: bytes, start: int, end: int) -> str:
    behind = _BEHIND.match(code, end)
    operator = behind.group(1) if behind else b""
    if operator == b"=":
        mode = "write"
    elif operator == b"(":
        mode = "call"
    elif operator:
        mode = "update"
    else:
        mode = _before(code, start)
    if mode in {"write", "update"} and code[max(0, start - 8) : start].rstrip(b" (").endswith(b"*"):
        return "read"  # what the chain points to is written
    return mode


def _before(code: bytes, start: int) -> str:
    before = _BEFORE.search(code, max(0, start - 40), start)
    if before is None:
        return "read"
    operator = before.group(1)
    if operator in _UPDATES:
        return "update"
    if operator.endswith(b"("):
        return "sizeof"
    if operator != b"&":
        return "read"
    previous = code[max(0, before.start() - 20) : before.start()].rstrip()[-1:]
    binary = previous.isalnum() or previous in {b"_", b"]"}
    return "read" if binary and not _is_keyword(code, before.start()) else "address"


def _is_keyword(code: bytes, offset: int) -> bool:
    return code[max(0, offset - 20) : offset].rstrip().endswith((b"return", b"case", b"else"))
