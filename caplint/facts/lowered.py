"""Facts of a Rust file: those of the C text that it is lowered to, at their places in the source.

Offsets are those of the C text, which are only compared with each other; lines and columns are the file's own. The
ledger is read from the source itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from caplint.c.conditions import Problem
from caplint.c.lexer import lex
from caplint.facts.kinds.rust_tokens import rust_tokens
from caplint.facts.store.records import BlindSpot, FileFacts, MacroUse, NameIndex, Outline, Record, Token
from caplint.rust.lower import lower
from caplint.rust.output import OriginMap


class SourceFile(Protocol):
    """Source of a lowered text."""

    @property
    def line_starts(self) -> list[int]:
        """Offset of the first byte of each line."""

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of an offset, both from 1."""


class LoweredText(Protocol):
    """C text that a file was lowered to."""

    @property
    def file(self) -> SourceFile:
        """Source."""

    @property
    def text(self) -> bytes:
        """C text."""

    @property
    def origins(self) -> OriginMap:
        """Origin of each piece of the text."""

    @property
    def problems(self) -> list[Problem]:
        """Extents of the source that were not understood."""


def rust_facts(source: bytes, extract: Callable[[bytes], FileFacts], *, ledger: bool = True) -> FileFacts:
    """Return the facts of a Rust file; `extract` returns those of C text. Raises `UnreadableError` as `lower` does."""
    lowered = lower(source)
    facts = facts_of(lowered, extract)
    if ledger:
        facts.records.extend(rust_tokens(lowered))
    return facts


def facts_of(lowered: LoweredText, extract: Callable[[bytes], FileFacts]) -> FileFacts:
    """Return the facts of a text, at their places in the source that it was lowered from."""
    facts = extract(lowered.text)
    records = list(_placed(lowered, facts.records))
    records += _blind_spots(lowered)
    return FileFacts(records, facts.functions, facts.damaged)


def _placed(lowered: LoweredText, records: list[Record]) -> Iterator[Record]:
    """Yield the records at their places in the source."""
    starts = lex(lowered.text).line_starts
    for record in records:
        if isinstance(record, Token | MacroUse):
            continue  # no macro is expanded in the C text, whose offsets are not the file's
        if isinstance(record, Outline | NameIndex):
            yield record
            continue
        if isinstance(record, BlindSpot):
            start, stop = lowered.origins.at(record.start), lowered.origins.at(max(record.start, record.stop - 1))
            line = lowered.file.position(start)[0]
            yield BlindSpot(start, max(start, stop), line, f"not understood when written as C: {record.reason}")
            continue
        yield _at(lowered, starts, record)


def _at(lowered: LoweredText, starts: list[int], record: Any) -> Record:
    fields = record._fields
    offset = starts[record.line - 1]
    if "column" in fields:
        offset += record.column - 1
    else:
        offset = max(offset, _first(lowered, offset))
    line, column = lowered.file.position(lowered.origins.at(offset))
    placed: Record = record._replace(line=line, column=column) if "column" in fields else record._replace(line=line)
    return placed


def _first(lowered: LoweredText, offset: int) -> int:
    """Return the offset of the first piece that begins in a line."""
    text = lowered.text
    while offset < len(text) - 1 and text[offset] in b" \t\n":
        offset += 1
    return offset


def _blind_spots(lowered: LoweredText) -> Iterator[BlindSpot]:
    """Yield the extents that were not understood; overlapping bytes belong to the problem that begins first."""
    reached = 0
    for problem in sorted(set(lowered.problems), key=lambda problem: (problem.offset, -problem.end)):
        start = max(problem.offset, min(reached, problem.end))
        if start < problem.end or problem.offset == problem.end >= reached:
            line = bisect_right(lowered.file.line_starts, problem.offset)
            yield BlindSpot(start, problem.end, line, problem.reason)
        reached = max(reached, problem.end)
