"""Facts of macro-expanded code: parts of a file, each with the macros to expand in it.

A link that knows which definitions are visible where (`caplint/link/macros/expanded_code.py`) packs the parts. The
packed text is content like any file's, and its facts are stored by content. Lines and columns of the facts refer to
the original file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from caplint.facts.preprocess import Expander, ExpansionError, Macros
from caplint.facts.store.records import BlindSpot, FileFacts, NameIndex, Outline, Record, Token

LinePosition = tuple[int, int]
"""Line in the original file, and a column, or 0 to keep the fact's column."""


@dataclass(frozen=True)
class Part:
    """Text in which invocations of the macros are expanded."""

    line: int
    """First line in its file."""
    column: int
    """Column of an invocation, whose facts all get its position; 0 for text that keeps its own lines."""
    text: str
    macros: Macros


@dataclass(frozen=True)
class Piece:
    """Function or file-scope invocation, in one or several parts."""

    condition: str
    """Canonical presence condition of its first byte."""
    parts: list[Part]


def packed(pieces: list[Piece]) -> bytes:
    """Return the pieces as bytes; equal pieces give equal bytes."""
    return json.dumps([[p.condition, [[q.line, q.column, q.text, q.macros] for q in p.parts]] for p in pieces]).encode()


def expanded_facts(content: bytes, extract: Callable[[bytes], FileFacts]) -> FileFacts:
    """Return the facts of packed pieces, each extracted separately. A failed expansion is a blind spot at its line."""
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
        piece_facts = extract(text)
        facts.records += _placed(piece_facts.records, [place for _, place in lines], base)
        facts.functions += piece_facts.functions
        facts.damaged += piece_facts.damaged
        base += len(text)
    return facts


def _lines(piece: Piece) -> Iterator[tuple[bytes, LinePosition]]:
    """Yield the expanded text by lines, each with its position in the original file."""
    begin = (piece.parts[0].line, piece.parts[0].column)
    yield b"#if " + piece.condition.encode(), begin
    for part in piece.parts:
        for number, line in enumerate(_expander(json.dumps(part.macros)).text(part.text.encode()).split(b"\n")):
            yield line, (part.line, part.column) if part.column else (part.line + number, 0)
    yield b"#endif", begin


@lru_cache(maxsize=64)
def _expander(macros: str) -> Expander:
    """Return an expander for macros as JSON; cached because many parts have the same macros."""
    return Expander(json.loads(macros))


def _placed(records: list[Any], positions: list[LinePosition], base: int) -> Iterator[Record]:
    """Yield the records with line and column in the original file, and with offsets moved by `base`."""
    for record in records:
        if isinstance(record, Token | Outline | NameIndex):
            continue  # the ledger counts only the original text
        line, column = positions[min(record.line, len(positions)) - 1]
        changes: dict[str, int] = {"line": line}
        if column and "column" in record._fields:
            changes["column"] = column
        if isinstance(record, BlindSpot):
            record = record._replace(reason=f"in the macro expansion: {record.reason}")  # noqa: PLW2901
        for offset in {"start", "stop"}.intersection(record._fields):
            changes[offset] = getattr(record, offset) + base
        yield record._replace(**changes)
