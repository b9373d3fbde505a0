"""Comments above definitions, which document the macros below them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from caplint.c.lexer import Directive, Lexed
from caplint.c.syntax import Unit
from caplint.facts.kinds.macros import defined_name, prose


class DefinitionComment(NamedTuple):
    """A comment above a definition."""

    name: str
    text: str
    position: int
    line: int
    comment_line: int


def definition_comments(unit: Unit) -> Iterator[DefinitionComment]:
    """Yield each comment with KVM_* once per definition below it, up to a blank line, code or another directive."""
    lexed = unit.lexed
    comment: tuple[int, int] | None = None
    position, expected = 0, -1
    for directive in lexed.directives:
        above = _directly_above(lexed, directive)
        if above is not None:
            comment, position = above, 0
        elif lexed.line(directive.start) != expected:
            comment = None
        expected = lexed.line(directive.end) + 1
        name = defined_name(lexed, directive) if directive.keyword == "define" else None
        if name is None:
            comment = None
        elif comment is not None:
            text = prose(lexed.source[slice(*comment)])
            if "KVM_" in text:
                yield DefinitionComment(name, text, position, lexed.line(directive.start), lexed.line(comment[0]))
            position += 1


def _directly_above(lexed: Lexed, directive: Directive) -> tuple[int, int] | None:
    """Return the extent of the comments on separate lines that end on the line above; adjacent ones are merged."""
    extents = lexed.comments.extents
    index = bisect_left(extents, (directive.start, directive.start)) - 1
    start = stop = -1
    line = lexed.line(directive.start)
    while index >= 0 and lexed.line(extents[index][1] - 1) == line - 1 and _alone(lexed, *extents[index]):
        start, stop = extents[index][0], max(stop, extents[index][1])
        line = lexed.line(start)
        index -= 1
    return (start, stop) if stop >= 0 else None


def _alone(lexed: Lexed, start: int, stop: int) -> bool:
    """Tell whether the lines of a comment contain nothing else."""
    begin = lexed.source.rfind(b"\n", 0, start) + 1
    end = lexed.source.find(b"\n", stop)
    return not (lexed.source[begin:start] + lexed.source[stop : end if end >= 0 else len(lexed.source)]).strip()
