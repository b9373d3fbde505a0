"""The faults that are put into a source: mutmut's operators, over every function and what stands outside of them.

mutmut itself leaves decorated functions and modules' own statements alone, because it keeps all faults of a function in
one file; here each has a text of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

# As mutmut has it: whatever is put for these is noticed at once, so that they would only raise the figure.
_TOO_EASY = frozenset({"len", "isinstance"})
_SQL = re.compile(r"\W*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|WITH)\b")
_NOT_RUN = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)
_COMPOUND = (cst.BaseCompoundStatement, cst.MatchCase, cst.ExceptHandler)


@dataclass(frozen=True)
class Place:
    """Where in a source a node stands."""

    function: str = ""
    """The outermost function's qualified name; empty for what runs when the module is imported."""
    first_line: int = 0
    """Of that function, decorators included, as its code object has it."""
    statement: range = range(0)
    """The lines of the statement, without those that stand in its body."""


@dataclass(frozen=True)
class Mutant:
    """One fault in one source."""

    source: str
    place: Place
    line: int
    column: int
    lines: range
    """Those of the node that is replaced."""
    number: int
    """Among all of the source."""
    before: str
    after: str
    """The code that differs, spaces set right."""
    code: str
    """The whole source with the fault in it."""

    @property
    def name(self) -> str:
        """A line that tells it from all others."""
        return f"{self.source}:{self.line}:{self.column} #{self.number}: {self.before} → {self.after}"


class Mutants:
    """All mutants of a source. They are counted at once, and made one at a time."""

    def __init__(self, source: str, text: str) -> None:
        self._source, self._text = source, text
        wrapper = MetadataWrapper(cst.parse_module(text))
        self._module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self._pieces = [self._module.code_for_node(statement) for statement in self._module.body]
        self._found = [
            (index, *found)
            for index, statement in enumerate(self._module.body)
            for found in self._walk(statement, Place())
        ]

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, number: int) -> Mutant:
        index, node, other, place = self._found[number]
        code = self._code(index, node, other)
        before, after = _difference(self._text, code)
        where = self._positions[node]
        lines = range(where.start.line, where.end.line + 1)
        return Mutant(self._source, place, where.start.line, where.start.column + 1, lines, number, before, after, code)

    def _code(self, index: int, node: Any, other: Any) -> str:
        """Return the source with one node of the statement at `index` replaced; other statements keep their text."""
        statement = self._module.body[index]
        replaced = other if statement is node else statement.deep_replace(node, other)
        code: str = self._module.code_for_node(replaced)
        start = self._text.index("".join(self._pieces)) + sum(map(len, self._pieces[:index]))
        return self._text[:start] + code + self._text[start + len(self._pieces[index]) :]

    def _walk(self, node: Any, place: Place) -> Iterator[tuple[Any, Any, Place]]:
        if isinstance(node, _NOT_RUN) or _is_easy(node) or _is_for_types(node, place):
            return
        place = self._place(node, place)
        if node in self._positions:
            for kind, operator in mutation_operators:
                if isinstance(node, kind):
                    yield from ((node, other, place) for other in operator(node) if not _is_same(node, other))
        for child in node.children:
            is_at_import = isinstance(node, cst.FunctionDef) and child is node.params and "." not in place.function
            yield from self._walk(child, replace(place, function="") if is_at_import else place)

    def _place(self, node: Any, place: Place) -> Place:
        if isinstance(node, cst.SimpleStatementLine):
            where = self._positions[node]
            return replace(place, statement=range(where.start.line, where.end.line + 1))
        if not isinstance(node, _COMPOUND):
            return place
        start = self._positions[node].start.line
        body = node.cases[0] if isinstance(node, cst.Match) else node.body
        statement = range(start, max(start + 1, self._positions[body].start.line))
        return self._inside(node, replace(place, statement=statement))

    def _inside(self, node: Any, place: Place) -> Place:
        if not isinstance(node, cst.FunctionDef | cst.ClassDef) or place.function.endswith("()"):
            return place
        name = f"{place.function}{node.name.value}"
        if isinstance(node, cst.ClassDef):
            return replace(place, function=f"{name}.")
        line = self._positions[node.decorators[0] if node.decorators else node].start.line
        return replace(place, function=f"{name}()", first_line=line)


def _is_easy(node: Any) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _TOO_EASY


def _is_for_types(node: Any, place: Place) -> bool:
    """Whether only a checker of types reads the node: `if TYPE_CHECKING`, and names that are given to types."""
    if isinstance(node, cst.If) and isinstance(node.test, cst.Name):
        return bool(node.test.value == "TYPE_CHECKING")
    return isinstance(node, cst.Assign) and not place.function and _is_type(node.value)


def _is_type(node: Any) -> bool:
    if isinstance(node, cst.BinaryOperation):
        return isinstance(node.operator, cst.BitOr) and _is_type(node.left) and _is_type(node.right)
    return isinstance(node, cst.Subscript | cst.Name) and not isinstance(node, cst.SimpleString)


def _is_same(node: Any, other: Any) -> bool:
    """Whether a fault is none: SQLite's words and names have no case."""
    if not isinstance(node, cst.SimpleString) or not isinstance(other, cst.SimpleString):
        return False
    return node.value.lower() == other.value.lower() and _SQL.match(node.value) is not None


def _difference(before: str, after: str) -> tuple[str, str]:
    old, new = before.splitlines(), after.splitlines()
    start = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    tail = zip(reversed(old[start:]), reversed(new[start:]), strict=False)
    end = next((at for at, pair in enumerate(tail) if pair[0] != pair[1]), 0)
    return _words(old[start : len(old) - end]), _words(new[start : len(new) - end])


def _words(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())
