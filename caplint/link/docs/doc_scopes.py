"""Architectures and scopes that KVM's documentation gives to capabilities and ioctls, in canonical words."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from itertools import starmap

from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.core.rows import insert
from caplint.link.docs.rows import DocArchitectureRow, DocTypeRow

_SUBJECT = re.compile(r"\bKVM_[A-Z0-9_]+")
_ASIDE = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"[^\s,;/&.]+")

_Place = tuple[str, str, str]
"""Side, tree, path."""
_Row = tuple[str, str, str, int, str | None, str, str, str, str]
"""Side, tree, path, line, section, title, text, subject, canonical word."""


def link_doc_scopes(connection: sqlite3.Connection) -> None:
    """Fill `all_doc_architecture` and `all_doc_type`. A field with an unknown word has no row."""
    architectures = _architectures(connection)
    chapters, informational = _chapters(connection), _informational(connection)
    typed: set[tuple[_Place, str | None, str]] = set()
    fields = connection.execute(
        """SELECT f.side, f.tree, f.path, d.section, d.title, d.line, d.name, d.value
           FROM temp.all_file f JOIN main.doc_field d ON d.blob = f.blob
           WHERE f.role = 'kernel' AND f.api AND d.name IN ('architecture', 'type', 'target')
           ORDER BY f.side, f.tree, f.path, d.line"""
    ).fetchall()
    for *location, section, title, line, name, value in fields:
        side, tree, path = location
        if name == "architecture":
            words = documented_architectures(value, architectures.get((side, tree), []))
            rows = _rows((side, tree, path), (line, section, title, value), words)
            insert(connection, "all_doc_architecture", starmap(DocArchitectureRow, rows))
        else:
            typed.add(((side, tree, path), section, title))
            words = documented_scopes(value)
            rows = _rows((side, tree, path), (line, section, title, value), words)
            chapter = chapters.get(((side, tree, path), (section or "").partition(".")[0]))
            enables = int(chapter is not None and ((side, tree, path), section, title) not in informational)
            insert(connection, "all_doc_type", (DocTypeRow(*row, enables) for row in rows))
    for in_file, number, title, line in _sections(connection):
        above, dot, _ = number.partition(".")
        chapter = chapters.get((in_file, above)) if dot and "KVM_CAP_" in title else None
        if chapter and (in_file, number, title) not in typed:
            text, scope = chapter
            rows = _rows(in_file, (line, number, title, text), [scope])
            enables = int((in_file, number, title) not in informational)
            insert(connection, "all_doc_type", (DocTypeRow(*row, enables) for row in rows))


def _informational(connection: sqlite3.Connection) -> set[tuple[_Place, str | None, str]]:
    """Return file, number and title of the sections that call their capability informational."""
    words = knowledge().documentation["informational"]
    return {
        ((side, tree, path), section, title)
        for side, tree, path, section, title, value in connection.execute(
            """SELECT f.side, f.tree, f.path, d.section, d.title, d.value
               FROM temp.all_file f JOIN main.doc_field d ON d.blob = f.blob
               WHERE f.role = 'kernel' AND f.api AND d.name = 'return'"""
        )
        if any(word in value.lower() for word in words)
    }


def _rows(place: _Place, field: tuple[int, str | None, str, str], words: list[str]) -> Iterator[_Row]:
    """Yield one row for each word, and each capability or ioctl that the title names."""
    for subject in dict.fromkeys(_SUBJECT.findall(field[2])):
        yield from ((*place, *field, subject, word) for word in words)


def documented_architectures(value: str, everywhere: list[str]) -> list[str]:
    """Return canonical names in the text's order: `none` for no architecture; an empty list for an unknown word."""
    words = knowledge().documentation
    names: list[str] = []
    excluding = False
    for word in _WORD.findall(_ASIDE.sub(" ", value).lower()):
        architecture = knowledge().architecture(word)
        if word in words["everywhere"]:
            names += everywhere
        elif word in words["nowhere"]:
            names.append("none")
        elif word in words["except"]:
            excluding = True
        elif architecture and excluding:
            names = [name for name in names if name != architecture]
        elif architecture:
            names.append(architecture)
        elif word not in words["between"]:
            return []
    return list(dict.fromkeys(names))


def documented_scopes(value: str) -> list[str]:
    """Return `system`, `vm`, `vcpu` and `device` in the text's order; an empty list for an unknown word."""
    words = knowledge().documentation
    scopes: list[str] = []
    for word in _WORD.findall(_ASIDE.sub(" ", value).lower()):
        if word in words["scopes"]:
            scopes.append(word)
        elif word not in words["between"]:
            return []
    return list(dict.fromkeys(scopes))


def _chapters(connection: sqlite3.Connection) -> dict[tuple[_Place, str], tuple[str, str]]:
    """Map file and chapter number to the chapter's title and the scope that it names."""
    return {
        (place, number): (title, scope)
        for place, number, title, _ in _sections(connection)
        for words, scope in knowledge().documentation["chapters"].items()
        if "." not in number and words.lower() in title.lower()
    }


def _sections(connection: sqlite3.Connection) -> Iterator[tuple[_Place, str, str, int]]:
    """Yield side, tree and path, then number, title and line, of each numbered section."""
    for side, tree, path, *section in connection.execute(
        """SELECT f.side, f.tree, f.path, d.number, d.title, d.line
           FROM temp.all_file f JOIN main.doc_section d ON d.blob = f.blob
           WHERE f.role = 'kernel' AND f.api AND d.number IS NOT NULL ORDER BY f.side, f.tree, f.path, d.line"""
    ):
        number, title, line = section
        yield (side, tree, path), number, title, line


def _architectures(connection: sqlite3.Connection) -> dict[tuple[str, str], list[str]]:
    """Map side and tree to the architectures with a check handler, which is the meaning of `all`."""
    architectures: dict[tuple[str, str], list[str]] = {}
    for side, tree, arch in connection.execute(
        "SELECT DISTINCT side, tree, arch FROM temp.all_handler WHERE verb = 'check' AND arch <> ? ORDER BY 1, 2, 3",
        (GENERIC,),
    ):
        architectures.setdefault((side, tree), []).append(arch)
    return architectures
