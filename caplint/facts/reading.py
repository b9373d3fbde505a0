"""What every extractor needs to know of the file that it reads."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache

import tree_sitter

from caplint.c.formula import text
from caplint.c.syntax import Unit, View, language

# All node kinds that some extractor asks for, found in one pass of tree-sitter's own matcher.
_QUERY = """
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
(binary_expression operator: ["==" "!="]) @comparison
(initializer_pair) @pair
(binary_expression operator: ["&&" "||"]) @logic
(labeled_statement) @label
(goto_statement) @goto
(struct_specifier body: (_)) @aggregate
(union_specifier body: (_)) @aggregate
(enumerator) @enumerator
"""


@lru_cache(maxsize=1)
def _query() -> tree_sitter.Query:
    return tree_sitter.Query(language(), _QUERY)


@dataclass(frozen=True, slots=True)
class Scope:
    """A function's extent and what is local to it."""

    name: str
    start: int
    stop: int
    locals: set[str]
    """Parameters and variables."""
    arrays: set[str]
    """Those of the variables that are arrays, so that an element is local too."""


@dataclass
class Reading:
    """One view of a file, with its nodes by kind and its functions by offset."""

    unit: Unit
    view: View
    nodes: dict[str, list[tree_sitter.Node]]
    seen: set[tuple[str, int]]
    """Kind and offset of every fact that an earlier view has given."""
    scopes: list[Scope] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)

    def fresh(self, kind: str, asker: str = "") -> list[tree_sitter.Node]:
        """The nodes of a kind that no earlier view has shown to this asker, in file order."""
        found = []
        for node in sorted(self.nodes.get(kind, ()), key=lambda node: (node.start_byte, -node.end_byte)):
            key = (kind + asker, node.start_byte)
            if kind in _NESTING:
                key = (kind + asker, node.start_byte << 32 | node.end_byte)
            if key not in self.seen:
                self.seen.add(key)
                found.append(node)
        return found

    def enter(self, scope: Scope) -> None:
        """Add a function; functions come in file order."""
        self.scopes.append(scope)
        self._starts.append(scope.start)

    def scope(self, offset: int) -> Scope | None:
        """The function that holds the offset."""
        index = bisect_right(self._starts, offset) - 1
        if index >= 0 and offset < self.scopes[index].stop:
            return self.scopes[index]
        return None

    def function(self, offset: int) -> str | None:
        """Its name."""
        scope = self.scope(offset)
        return scope.name if scope else None

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        return self.unit.lexed.position(offset)

    def line(self, offset: int) -> int:
        """Line of an offset, from 1."""
        return self.unit.lexed.line(offset)

    def condition(self, offset: int) -> str:
        """Canonical presence condition of the byte at the offset."""
        return text(self.unit.conditionals.presence(offset))


# Kinds whose nodes may begin where another of the same kind begins: `a == b == c`, `f(x)(y)`.
_NESTING = frozenset({"call", "comparison", "assignment", "ternary", "update", "logic"})


def readings(unit: Unit) -> list[Reading]:
    """One reading per view; facts found by an earlier one are not found again."""
    seen: set[tuple[str, int]] = set()
    return [Reading(unit, view, tree_sitter.QueryCursor(_query()).captures(view.root), seen) for view in unit.views]


def name_of(declarator: tree_sitter.Node | None) -> tree_sitter.Node | None:
    """The identifier that a declarator declares."""
    while declarator is not None and declarator.type not in {
        "identifier",
        "type_identifier",
        "field_identifier",
    }:
        inner = declarator.child_by_field_name("declarator")
        if inner is None:
            inner = next(iter(declarator.named_children), None)
        declarator = inner
    return declarator
