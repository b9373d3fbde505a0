"""Structures that KVM's documentation prints as C, with their members.

A structure stands in a literal block (`::`, `.. code-block::`), in plain text anywhere. One that goes on in further
blocks, with prose in between, is read as a whole: `struct kvm_run` of api.rst.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from caplint.c.syntax import UnreadableError, parse
from caplint.c.tables import tables
from caplint.facts.kinds.members import members
from caplint.facts.store.records import BlindSpot, Member
from caplint.facts.syntax.ast_view import ast_views

_NODES = "(struct_specifier body: (_)) @aggregate\n(union_specifier body: (_)) @aggregate"
_HEAD = r"^[ \t]*(?:typedef[ \t]+)?(?:struct|union)\b[ \t]*\w*[ \t]*(?:\n[ \t]*)?\{"
_TOKEN = re.compile(rf"(?P<head>{_HEAD})|/\*.*?\*/|//[^\n]*|\"[^\"\n]*\"|[{{}}]", re.MULTILINE | re.DOTALL)
_TAIL = re.compile(r"[^\n;{}]*;")
_TAGGED = r"\b(?:struct|union)\s+{}\b"
# Something is left out on purpose; it may stand in a comment.
_ELLIPSIS = re.compile(r"\.{3,}|\u2026")
_CODE = re.compile(r"\.\. (?:code|code-block|sourcecode|parsed-literal)::")
_OPTION = re.compile(r":[\w-]+:")
# More structures in one file, and longer ones, are not read; Linux 6.12 has 117 in api.rst, the longest of 700 lines.
_MOST = 2_000
_LONGEST = 200_000


class DocStructure(NamedTuple):
    """A structure or union that a document prints."""

    name: str
    line: int
    column: int
    excerpt: int
    members: str


def structures(text: str, begin: int, stop: int, first: int, *, literal: bool) -> Iterator[DocStructure | BlindSpot]:
    """Yield the structures of one section of a text, and those that are not understood as blind spots.

    The section extends from `begin` to `stop`, and its first line is number `first`. If `literal`, C stands in literal
    blocks only.
    """
    section = text[begin:stop]
    if "struct" not in section and "union" not in section:
        return
    code = _literal(section) if literal else section
    for start, end, depth in _extents(code):
        line = first + code.count("\n", 0, start)
        found: list[DocStructure] = []
        # The last brace of kvm_run, whose section tells about each of its parts, is not printed.
        closing = "};" if depth == 1 and literal else ""
        problem = "does not end in its section" if depth and not closing else ""
        problem = problem or _read(code[start:end].rstrip() + closing, line, found)
        if problem:
            offset = len(text[: begin + start].encode())
            size = len(section[start:end].encode())
            yield BlindSpot(offset, offset + size, line, f"a printed structure {problem}")
        else:
            yield from found


def _literal(section: str) -> str:
    """Return a section with all but its literal blocks blanked."""
    kept: list[str] = []
    indent, waiting = -1, False
    for line in section.split("\n"):
        text = line.expandtabs().rstrip()
        stripped = text.lstrip()
        depth = len(text) - len(stripped)
        if stripped and not 0 <= indent < depth:
            waiting = _begins_literal(stripped)
            indent = depth if waiting else -1
            stripped = ""
        elif stripped:
            waiting = waiting and _OPTION.match(stripped) is not None
        kept.append(line if stripped and not waiting else " " * len(line))
    return "\n".join(kept)


def _begins_literal(line: str) -> bool:
    """Tell whether a line without its indentation announces a literal block."""
    return _CODE.match(line) is not None if line.startswith(".. ") else line.endswith("::")


def _extents(code: str) -> Iterator[tuple[int, int, int]]:
    """Yield where each structure begins and ends, without those inside, and the number of braces left open."""
    start, depth, number, resume = -1, 0, 0, 0
    for token in _TOKEN.finditer(code):
        if token.start() < resume or number >= _MOST:
            continue
        if token.group("head") is not None:
            if depth == 0:
                start = token.start()
            depth += 1
        elif depth and token.group() in "{}":
            depth += 1 if token.group() == "{" else -1
            if depth == 0:
                tail = _TAIL.match(code, token.end())
                resume = tail.end() if tail else token.end()
                number += 1
                yield start, resume, 0
    if depth and number < _MOST:
        yield start, len(code), depth


def _read(code: str, first: int, found: list[DocStructure]) -> str:
    """Append the structures of an extent, the printed one and those inside; return the problem if there is one."""
    text = code if code.endswith(";") else f"{code};"
    source = _ELLIPSIS.sub(lambda match: " " * len(match.group()), text)
    try:
        if len(source) > _LONGEST:
            raise UnreadableError("is too long")
        unit = parse(source.encode(), tables())
        views = ast_views(unit, _NODES)
    except UnreadableError as error:
        return str(error)
    if unit.problems:
        return "is not understood"
    by_owner: dict[str, list[Member]] = {}
    for view in views:
        for member in members(view):
            by_owner.setdefault(member.owner, []).append(member)
    for owner, listed in by_owner.items():
        if owner:
            found.append(_structure(owner, sorted(listed, key=lambda member: member.start), code, first))
    return ""


def _structure(owner: str, listed: list[Member], code: str, first: int) -> DocStructure:
    head = re.search(_TAGGED.format(re.escape(owner)), code)
    start = head.start() if head else len(code) - len(code.lstrip())
    rows = [[member.name, member.type, member.array] for member in listed]
    return DocStructure(
        owner,
        first + code.count("\n", 0, start),
        start - (code.rfind("\n", 0, start) + 1) + 1,
        int(_ELLIPSIS.search(code) is not None),
        json.dumps(rows),
    )
