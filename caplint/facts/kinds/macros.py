"""`#define`, `#undef` and `#include`, read directly from the directives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from caplint.c.lexer import BLANK, Directive, Lexed, plain
from caplint.c.syntax import Unit
from caplint.facts.store.records import Include, Macro, Undefinition
from caplint.util.patterns import compiled

_DEFINE = compiled(BLANK + rb"([A-Za-z_]\w*)(\(([^)]*)\))?")
_INCLUDE = re.compile(r'([<"])([^>"]+)[>"]')
_MARKS = re.compile(r"/\*+/|\*+/|/\*+|^[ \t]*(?://+|\*+(?!\*|/))", re.MULTILINE)
_MAX_BODY = 2000


def macros(unit: Unit) -> Iterator[Macro]:
    """Yield every definition, including those that no variant compiles."""
    for directive in unit.lexed.directives:
        if directive.keyword == "define" and (macro := _macro(unit, directive)):
            yield macro


def defined_name(lexed: Lexed, directive: Directive) -> str | None:
    """Return the name that a `#define` defines; None if it is malformed."""
    match = _DEFINE.match(lexed.source, directive.body, directive.end)
    return match.group(1).decode() if match else None


def _macro(unit: Unit, directive: Directive) -> Macro | None:
    lexed = unit.lexed
    match = _DEFINE.match(lexed.source, directive.body, directive.end)
    if match is None:
        return None
    parameters = None
    if match.group(2) is not None:
        parameters = json.dumps([name.strip() for name in plain(match.group(3)).split(",") if name.strip()])
    line, column = lexed.position(match.start(1))
    return Macro(
        name=match.group(1).decode(),
        parameters=parameters,
        body=lexed.text(match.end(), directive.end)[:_MAX_BODY],
        comment=_comment(unit, directive),
        line=line,
        column=column,
        condition=unit.conditionals.text(directive.start),
    )


def undefinitions(unit: Unit) -> Iterator[Undefinition]:
    """Yield every `#undef`."""
    for directive in unit.lexed.directives:
        if directive.keyword == "undef" and (name := unit.lexed.text(directive.body, directive.end)).isidentifier():
            line = unit.lexed.line(directive.start)
            yield Undefinition(name, line, unit.conditionals.text(directive.start))


def _comment(unit: Unit, directive: Directive) -> str | None:
    """Return the comments inside the directive as one line without comment marks."""
    extents = unit.lexed.comments
    texts = [unit.lexed.source[start:stop] for start, stop in extents.between(directive.body, directive.end)]
    return " ".join(filter(None, map(prose, texts))) or None


def prose(comments: bytes) -> str:
    """Return the text of comments as one line, without comment marks and leading stars."""
    return " ".join(_MARKS.sub(" ", comments.decode("utf-8", "replace")).split())


def includes(unit: Unit) -> Iterator[Include]:
    """Yield every include with a literal path."""
    for directive in unit.lexed.directives:
        if directive.keyword not in {"include", "include_next"}:
            continue
        if match := _INCLUDE.match(unit.lexed.text(directive.body, directive.end)):
            yield Include(
                path=match.group(2),
                system=int(match.group(1) == "<"),
                line=unit.lexed.line(directive.start),
                start=directive.start,
                condition=unit.conditionals.text(directive.start),
            )
