"""What every extractor needs to know of the file that it reads."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from operator import attrgetter

import tree_sitter

from caplint.c.syntax import Unit, View, language

SHARED_NODES = """
(function_definition) @function
(switch_statement) @switch
(case_statement) @case
(call_expression) @call
(assignment_expression) @assignment
(update_expression) @update
(init_declarator) @initialiser
(declaration) @declaration
(if_statement) @if
(while_statement) @while
(do_statement) @do
(for_statement) @for
(conditional_expression) @ternary
(return_statement) @return
(binary_expression) @binary
(labeled_statement) @label
(goto_statement) @goto
(struct_specifier body: (_)) @aggregate
(union_specifier body: (_)) @aggregate
"""
"""Node kinds that several extractors ask for; an extractor's own are in its file."""


OUTLINE_NODES = """
(function_definition) @function
(switch_statement) @switch
(call_expression) @call
(assignment_expression) @assignment
(declaration) @declaration
(struct_specifier body: (_)) @aggregate
(union_specifier body: (_)) @aggregate
(type_definition) @typedef
(compound_literal_expression) @literal
"""
"""Those that an outline asks for."""


@lru_cache(maxsize=2)
def _query(nodes: str) -> tree_sitter.Query:
    return tree_sitter.Query(language(), nodes)


@dataclass(frozen=True, slots=True)
class FunctionScope:
    """A function's extent and what is local to it."""

    name: str
    start: int
    stop: int
    locals: set[str]
    """Parameters and variables."""
    arrays: set[str]
    """Those of the variables that are arrays, so that an element is local too."""


@dataclass
class AstView:
    """One view of a file, with its nodes by kind and its functions by offset."""

    unit: Unit
    view: View
    nodes: dict[str, list[tree_sitter.Node]]
    seen: dict[str, set[object]]
    """The places of the facts that some view has given, by kind."""
    scopes: list[FunctionScope] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)

    def fresh(self, kind: str, asker: str = "") -> list[tree_sitter.Node]:
        """The nodes of a kind that no earlier view has shown to this asker, in file order."""
        seen = self.seen.setdefault(kind + asker, set())
        nesting = kind in _NESTING
        found = []
        for node in self.nodes.get(kind, ()):
            place = (node.start_byte, node.end_byte) if nesting else node.start_byte
            if place not in seen:
                seen.add(place)
                found.append(node)
        return found

    def enter(self, scope: FunctionScope) -> None:
        """Add a function; functions come in file order."""
        self.scopes.append(scope)
        self._starts.append(scope.start)

    def scope(self, offset: int) -> FunctionScope | None:
        """The function that holds the offset."""
        index = bisect_right(self._starts, offset) - 1
        if index >= 0 and offset < self.scopes[index].stop:
            return self.scopes[index]
        return None

    def place(self, offset: int) -> tuple[str | None, int, str]:
        """The name of the function that holds the offset, its line, and its presence condition."""
        index = bisect_right(self._starts, offset) - 1
        inside = index >= 0 and offset < self.scopes[index].stop
        line = bisect_right(self.unit.lexed.line_starts, offset)
        return self.scopes[index].name if inside else None, line, self.unit.conditionals.text(offset)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        return self.unit.lexed.position(offset)

    def column(self, line: int, offset: int) -> int:
        """Column of an offset in a line, from 1."""
        return offset - self.unit.lexed.line_starts[line - 1] + 1

    def line(self, offset: int) -> int:
        """Line of an offset, from 1."""
        return self.unit.lexed.line(offset)

    def condition(self, offset: int) -> str:
        """Canonical presence condition of the byte at the offset."""
        return self.unit.conditionals.text(offset)


_OPERATORS = {"==": "comparison", "!=": "comparison", "&&": "logic", "||": "logic"}
_START, _END = attrgetter("start_byte"), attrgetter("end_byte")
_NAMES = frozenset({"identifier", "type_identifier", "field_identifier"})
# Kinds whose nodes may begin where another of the same kind begins: `a == b == c`, `f(x)(y)`.
_NESTING = frozenset({"call", "comparison", "assignment", "ternary", "update", "logic"})


def readings(unit: Unit, nodes: str) -> list[AstView]:
    """One reading per view; facts found by an earlier one are not found again."""
    seen: dict[str, set[object]] = {}
    return [AstView(unit, view, _nodes(view, nodes), seen) for view in unit.views]


def _nodes(view: View, nodes: str) -> dict[str, list[tree_sitter.Node]]:
    """The nodes of each kind in file order, of those that begin together the outermost first."""
    found = tree_sitter.QueryCursor(_query(nodes)).captures(view.root)
    # Asking for the operator in the query would cost the square of the depth of `a || b || c …`.
    for node in found.pop("binary", ()):
        operator = node.child_by_field_name("operator")
        if operator is not None and (kind := _OPERATORS.get(operator.type)):
            found.setdefault(kind, []).append(node)
    for nodes_of_kind in found.values():
        nodes_of_kind.sort(key=_END, reverse=True)
        nodes_of_kind.sort(key=_START)
    return found


def name_of(declarator: tree_sitter.Node | None) -> tree_sitter.Node | None:
    """The identifier that a declarator declares."""
    return declared_by(declarator)[0]


def declared_by(declarator: tree_sitter.Node | None) -> tuple[tree_sitter.Node | None, str]:
    """The identifier that a declarator declares, and the kind of declarator that directly holds it."""
    holder = ""
    while declarator is not None and (kind := declarator.type) not in _NAMES:
        holder = kind
        inner = declarator.child_by_field_name("declarator")
        if inner is None:
            inner = next(iter(declarator.named_children), None)
        declarator = inner
    return declarator, holder


def json_list(texts: list[str]) -> str:
    """As `json.dumps` writes it, in a third of its time."""
    return f"[{', '.join(map(encode_basestring_ascii, texts))}]"
