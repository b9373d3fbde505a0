"""Structures that the documentation prints, compared with those of the UAPI headers by their members.

A tag that several architectures define is compared with the definitions of the architectures for which the text is
written: by its directory, the section's field or a heading. It is right if it matches one of them.
"""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from caplint.abi.reserved import is_reserved
from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.core.rows import insert
from caplint.link.docs.doc_scopes import documented_architectures
from caplint.link.docs.rows import PrintedStructureRow

_FIXED = re.compile(r"(?:__)?(?:[us]|[bl]e|u?int)(8|16|32|64)(?:_t)?")
_PLAIN = {
    "char": "8", "unsigned char": "8", "signed char": "8", "bool": "8", "short": "16", "unsigned short": "16",
    "int": "32", "unsigned": "32", "unsigned int": "32", "long long": "64", "unsigned long long": "64",
}  # fmt: skip
_TAGGED = re.compile(r"(?:struct|union) \w+")
_LENGTH = re.compile(r"\[(\d+)\]")


class DocumentedMember(NamedTuple):
    """Member of a structure, with its dotted path; `optional` if it exists in some configurations only."""

    name: str
    type: str
    array: str
    optional: bool = False


class UapiStructure(NamedTuple):
    """Definition of a structure in a UAPI header."""

    path: str
    line: int
    arch: str
    members: dict[str, DocumentedMember]


class StructureDifference(NamedTuple):
    """Differences of a printed structure from a definition."""

    lacks: list[str]
    """Members that it lacks, of a nested structure that is missing as a whole that alone."""
    has: list[str]
    """Members that the definition lacks."""
    differs: list[str]
    """Texts such as `state is __u8 and not __u32`."""


def link_printed_structures(connection: sqlite3.Connection) -> None:
    """Fill `all_printed_structure`. A structure that no UAPI header of the tree defines has no row."""
    printed = connection.execute(
        """SELECT f.side, f.tree, f.path, f.blob, d.name, d.line, d.column, d.excerpt, d.members
           FROM temp.all_file f JOIN main.doc_structure d ON d.blob = f.blob
           WHERE f.role = 'kernel' ORDER BY f.side, f.tree, f.path, d.line, d.column, d.name"""
    ).fetchall()
    definitions = _definitions(connection, sorted({row[4] for row in printed}))
    audiences: dict[int, _Audience] = {}
    for side, tree, path, blob, name, line, column, excerpt, members in printed:
        defined = definitions.get((side, tree, name), [])
        if not defined:
            continue
        if blob not in audiences:
            audiences[blob] = _Audience(connection, blob)
        addressed = audiences[blob].architectures(path, line)
        candidates = [one for one in defined if one.arch in addressed or one.arch == GENERIC] or defined
        shown = {entry[0]: DocumentedMember(*entry) for entry in json.loads(members)}
        differences = [(difference(shown, one.members, excerpt=bool(excerpt)), one) for one in candidates]
        least, one = min(differences, key=lambda pair: (sum(map(len, pair[0])), pair[1].path))
        lacks, has, differs = map(json.dumps, least)
        row = PrintedStructureRow(
            side, tree, path, line, column, name, one.arch, lacks, has, differs, one.path, one.line
        )
        insert(connection, "all_printed_structure", [row])


def difference(
    shown: Mapping[str, DocumentedMember], defined: Mapping[str, DocumentedMember], *, excerpt: bool
) -> StructureDifference:
    """Return how a printed structure differs from a definition. An excerpt lacks nothing."""
    lacks = [name for name in _only_in(defined, shown) if not defined[name].optional]
    differs = [
        text for name, member in shown.items() if name in defined and (text := _typed_otherwise(member, defined[name]))
    ]
    return StructureDifference([] if excerpt else _outermost(lacks), _outermost(_only_in(shown, defined)), differs)


def _only_in(these: Mapping[str, DocumentedMember], others: Mapping[str, DocumentedMember]) -> list[str]:
    """Return the members that the others lack, but for reserved space and the inside of structures with a tag."""
    return [
        name
        for name in these
        if name not in others
        and not any(is_reserved(part) for part in name.split("."))
        and not any(prefix in others and _TAGGED.match(others[prefix].type) for prefix in _prefixes(name))
    ]


def _prefixes(name: str) -> Iterator[str]:
    """Yield the paths of the members around a member."""
    for match in re.finditer(r"\.", name):
        yield name[: match.start()]


def _outermost(names: list[str]) -> list[str]:
    """Leave out the members of a structure that is listed itself."""
    listed = set(names)
    return [name for name in names if listed.isdisjoint(_prefixes(name))]


def _typed_otherwise(shown: DocumentedMember, defined: DocumentedMember) -> str:
    """Return how type or length of a member differ; an empty text if they do not, or only in their notation."""
    if is_reserved(shown.name):
        return ""
    kinds = [_kind(member.type) for member in (shown, defined)]
    if kinds[0] != kinds[1] and all(kinds):
        return f"{shown.name} is {shown.type} and not {defined.type}"
    lengths = [_LENGTH.fullmatch(member.array) for member in (shown, defined)]
    if lengths[0] and lengths[1] and lengths[0][1] != lengths[1][1] and "0" not in (lengths[0][1], lengths[1][1]):
        return f"{shown.name} is {shown.array} and not {defined.array} long"
    return ""


def _kind(text: str) -> str | None:
    """Return a structure's tag, or the width of an integer that is the same everywhere; None for other types."""
    match = _FIXED.fullmatch(text)
    return text if _TAGGED.fullmatch(text) else match.group(1) if match else _PLAIN.get(text)


class _Audience:
    """Architectures for which the parts of a document are written."""

    def __init__(self, connection: sqlite3.Connection, blob: int) -> None:
        self._marks: list[tuple[int, int, list[str]]] = []
        """Line, 1 for a section with a number, architectures that a heading or field names from there on."""
        for number, title, line in connection.execute(
            "SELECT number, title, line FROM main.doc_section WHERE blob = ?", (blob,)
        ):
            self._marks.append((line, int(number is not None), documented_architectures(title.strip().rstrip(":"), [])))
        for line, value in connection.execute(
            "SELECT line, value FROM main.doc_field WHERE blob = ? AND name = 'architecture'", (blob,)
        ):
            self._marks.append((line, 0, documented_architectures(value, [])))
        self._marks.sort()
        self._lines = [line for line, *_ in self._marks]

    def architectures(self, path: str, line: int) -> list[str]:
        """Return those of the text at a line: of the innermost heading, else the section, else the directory."""
        for _, numbered, names in reversed(self._marks[: bisect_right(self._lines, line)]):
            if names:
                return names
            if numbered:
                break
        return [arch for part in path.split("/")[:-1] if (arch := knowledge().architecture(part))]


def _definitions(
    connection: sqlite3.Connection, names: Iterable[str]
) -> dict[tuple[str, str, str], list[UapiStructure]]:
    """Map side, tree and tag to the definitions in the tree's UAPI headers; copies below tools/ are none."""
    found: dict[tuple[str, str, str], list[UapiStructure]] = {}
    rows = connection.execute(
        """SELECT f.side, f.tree, f.path, coalesce(f.arch, ?), m.owner, m.name, m.type, m.array, m.line, c.text <> '1'
           FROM json_each(?) n CROSS JOIN main.member m ON m.owner = n.value
           JOIN temp.all_file f ON f.blob = m.blob JOIN main.condition c ON c.id = m.condition
           WHERE f.role = 'kernel' AND NOT f.expanded AND f.header IS NOT 'copy' AND f.path GLOB '*include/uapi/*'
           ORDER BY f.side, f.tree, m.owner, f.path, m.start""",
        (GENERIC, json.dumps(list(names))),
    )
    for side, tree, path, arch, owner, name, kind, array, line, optional in rows:
        structures = found.setdefault((side, tree, owner), [])
        if not structures or structures[-1].path != path:
            structures.append(UapiStructure(path, line, arch, {}))
        structures[-1].members[name] = DocumentedMember(name, kind, array, bool(optional))
    return found
