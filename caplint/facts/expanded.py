"""Facts of code that macros make: parts of a file, each with the macros that are to be expanded in it.

The parts are put together by the link that knows which definitions hold where
(`caplint/link/macros/expanded_code.py`); from then on they are content like any other, so that their facts are
kept by content too. Lines and columns of the facts are those of the file that the parts are from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from caplint.facts.preprocess import Expander, ExpansionError, Macros
from caplint.facts.store.records import BlindSpot, FileFacts, NameIndex, Outline, Record, Token

Place = tuple[int, int]
"""A line, and a column, or 0 where the fact's own column is right."""


@dataclass(frozen=True)
class Part:
    """Text in which invocations of the macros are to be expanded."""

    line: int
    """Where it begins in its file."""
    column: int
    """Of an invocation: all of its facts stand at its beginning. 0 for text whose own lines count."""
    text: str
    macros: Macros


@dataclass(frozen=True)
class Piece:
    """A function or a file-scope invocation, in one or several parts."""

    condition: str
    """Canonical presence condition of its first byte."""
    parts: list[Part]


def packed(pieces: list[Piece]) -> bytes:
    """The pieces as content: equal pieces are equal bytes."""
    return json.dumps([[p.condition, [[q.line, q.column, q.text, q.macros] for q in p.parts]] for p in pieces]).encode()


def made(content: bytes, extract: Callable[[bytes], FileFacts]) -> FileFacts:
    """The facts of packed pieces, each read by itself. What cannot be expanded is a blind spot at its line."""
    facts = FileFacts()
    base = 0
    for condition, parts in json.loads(content):
        piece = Piece(condition, [Part(*part) for part in parts])
        try:
            lines = list(_lines(piece))
        except ExpansionError as error:
            facts.records.append(BlindSpot(base, base, piece.parts[0].line, f"macro not expanded: {error}"))
            continue
        text = b"\n".join([*(line for line, _ in lines), b""])
        found = extract(text)
        facts.records += _placed(found.records, [place for _, place in lines], base)
        facts.functions += found.functions
        facts.damaged += found.damaged
        base += len(text)
    return facts


def _lines(piece: Piece) -> Iterator[tuple[bytes, Place]]:
    """The expanded text by lines, with the place in the file that each stands for."""
    begin = (piece.parts[0].line, piece.parts[0].column)
    yield b"#if " + piece.condition.encode(), begin
    for part in piece.parts:
        for number, line in enumerate(_expander(json.dumps(part.macros)).text(part.text.encode()).split(b"\n")):
            yield line, (part.line, part.column) if part.column else (part.line + number, 0)
    yield b"#endif", begin


@lru_cache(maxsize=64)
def _expander(macros: str) -> Expander:
    """Many parts have the same macros."""
    return Expander(json.loads(macros))


def _placed(records: list[Any], places: list[Place], base: int) -> Iterator[Record]:
    """The records with line and column of their file, and with offsets that no other piece has."""
    for record in records:
        if isinstance(record, Token | Outline | NameIndex):
            continue  # the ledger counts what people wrote
        line, column = places[min(record.line, len(places)) - 1]
        changes: dict[str, int] = {"line": line}
        if column and "column" in record._fields:
            changes["column"] = column
        if isinstance(record, BlindSpot):
            record = record._replace(reason=f"what a macro expands to here: {record.reason}")  # noqa: PLW2901
        for offset in {"start", "stop"}.intersection(record._fields):
            changes[offset] = getattr(record, offset) + base
        yield record._replace(**changes)
