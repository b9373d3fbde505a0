"""Rows of the fact tables. Field names and their order are the columns of schema.sql after `blob`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, repeat
from typing import Any, NamedTuple


class Function(NamedTuple):
    """A function definition."""

    name: str
    line: int
    start: int
    stop: int
    static: int
    parameters: str
    bools: str
    condition: str


class Macro(NamedTuple):
    """A `#define`."""

    name: str
    parameters: str | None
    body: str
    comment: str | None
    line: int
    column: int
    condition: str


class Undefinition(NamedTuple):
    """An `#undef`."""

    name: str
    line: int
    condition: str


class Crate(NamedTuple):
    """Version of a crate; a row without a name for a file that cannot be read."""

    name: str
    version: str
    role: str
    line: int


class Include(NamedTuple):
    """An `#include`."""

    path: str
    system: int
    line: int
    start: int
    condition: str


class CaseLabel(NamedTuple):
    """A `case` or `default` label."""

    function: str | None
    selector: str
    low: str | None
    high: str
    line: int
    column: int
    start: int
    stop: int
    condition: str


class Call(NamedTuple):
    """A call."""

    function: str | None
    callee: str
    arguments: str
    use: str
    line: int
    column: int
    start: int
    condition: str


class Store(NamedTuple):
    """An assignment."""

    function: str | None
    target: str
    operator: str
    value: str
    local: int
    line: int
    start: int
    condition: str


class Test(NamedTuple):
    """Condition of a statement or of `?:`."""

    function: str | None
    kind: str
    expression: str
    leaves: int
    line: int
    start: int
    stop: int
    condition: str


class GuardExtent(NamedTuple):
    """Extent over which a condition is known to hold, or (`negated`) not to hold."""

    function: str
    kind: str
    negated: int
    expression: str
    line: int
    start: int
    stop: int
    condition: str


class ReturnValue(NamedTuple):
    """A `return`."""

    function: str | None
    value: str
    line: int
    start: int
    condition: str


class Jump(NamedTuple):
    """A `goto`."""

    function: str | None
    label: str
    line: int
    start: int
    condition: str


class Comparison(NamedTuple):
    """A comparison with a constant-like name."""

    function: str | None
    operand: str
    operator: str
    constant: str
    line: int
    column: int
    start: int
    condition: str


class TableEntry(NamedTuple):
    """A designated initialiser."""

    variable: str | None
    type: str | None
    field: str
    value: str
    line: int
    column: int
    condition: str


class Member(NamedTuple):
    """A member of a struct or union."""

    owner: str
    name: str
    type: str
    array: str
    bits: str
    line: int
    column: int
    start: int
    condition: str


class Access(NamedTuple):
    """Access to a member, through a chain."""

    function: str | None
    chain: str
    mode: str
    line: int
    column: int
    start: int
    condition: str


class MacroUse(NamedTuple):
    """Macro invocation that is not an expression."""

    function: str | None
    name: str
    kind: str
    arguments: str
    line: int
    column: int
    start: int
    stop: int
    condition: str


class Token(NamedTuple):
    """Occurrences of a name, by their syntactic kind; None if unexplained."""

    name: str
    kind: str | None
    occurrences: int
    line: int
    column: int


class BlindSpot(NamedTuple):
    """Extent `[start, stop)` that could not be understood, with the reason."""

    start: int
    stop: int
    line: int
    reason: str


class DocMention(NamedTuple):
    """A capability named in the documentation."""

    name: str
    line: int
    column: int
    section: str | None
    title: str | None
    heading: int
    pattern: int
    type: str | None
    architectures: str | None
    parameters: str | None


class DocSection(NamedTuple):
    """A heading of the documentation."""

    number: str | None
    title: str
    line: int


class DocField(NamedTuple):
    """A field of a section of the documentation."""

    section: str | None
    title: str
    name: str
    value: str
    line: int


class KconfigSymbol(NamedTuple):
    """A `config` entry."""

    name: str
    type: str
    prompt: int
    depends: str
    line: int


class KconfigSelect(NamedTuple):
    """A `select` or `imply`."""

    symbol: str
    target: str
    kind: str
    condition: str
    line: int


class KconfigDefault(NamedTuple):
    """A default value."""

    symbol: str
    value: str
    condition: str
    line: int


class BuildRule(NamedTuple):
    """Object of a build rule, with the condition under which it is built."""

    object: str
    condition: str
    line: int


class Outline(NamedTuple):
    """Part of a file that the call graph needs, as JSON."""

    text: str


class NameIndex(NamedTuple):
    """Names that a file calls, passes on and defines."""

    text: str


Record = tuple[Any, ...]
"""Any row: a named tuple of this file, or of the extractor that alone fills its table."""


@cache
def table_of(record: type) -> str:
    """Return the table that a record type fills: `KconfigSymbol` fills `kconfig_symbol`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", record.__name__).lower()


@dataclass
class FileFacts:
    """Facts of one file."""

    records: list[Record] = field(default_factory=list)
    functions: int = 0
    """Function definitions seen."""
    damaged: int = 0
    """Function definitions of which a part was not understood."""

    def __reduce__(self) -> tuple[object, ...]:
        # Pickling plain tuples takes a fifth of the time of named ones.
        runs = [(kind, [tuple(record) for record in run]) for kind, run in groupby(self.records, type)]
        return _file_facts, (runs, self.functions, self.damaged)


def _file_facts(runs: list[tuple[type, list[tuple[object, ...]]]], functions: int, damaged: int) -> FileFacts:
    facts = FileFacts([], functions, damaged)
    for kind, rows in runs:
        facts.records.extend(map(tuple.__new__, repeat(kind), rows))
    return facts
