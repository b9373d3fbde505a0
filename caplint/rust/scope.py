"""State of lowering: the file, the text written so far, and the names in view."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import tree_sitter

from caplint.rust.cfg import ALWAYS, NEVER, condition_of
from caplint.rust.output import Output
from caplint.rust.syntax import RustFile

Fate = tuple[str, str]
"""Use of the value of an expression in statement position: `return`, `drop`, or `assign` and a target."""
DROP: Fate = ("drop", "")
RETURN: Fate = ("return", "")
# Nodes of which the tree shows the attributes inside; in a block, those are the attributes of its statements.
_OWNING = frozenset({"match_arm", "field_initializer", "shorthand_field_initializer"})


@dataclass
class RustScope:
    """Place in the file that is lowered."""

    file: RustFile
    out: Output
    imports: dict[str, list[str]]
    members: dict[tuple[str, str], str]
    """Structure, member → type of the member."""
    statement: Callable[[RustScope, tree_sitter.Node, Fate], None]
    """Writer of an expression in statement position."""
    own_type: str = ""
    types: dict[str, str] = field(default_factory=dict)
    """Variable → its type."""
    closures: dict[str, str] = field(default_factory=dict)
    """Variable → the macro that its closure is lowered to."""
    macros: dict[str, str] = field(default_factory=dict)
    """Macro of the file → the macro that it is lowered to."""
    left: list[tuple[str, str, Fate]] = field(default_factory=list)
    """Loops and blocks with labels around the place: kind, label, and fate of the value that `break` gives them."""
    hoisted: list[tree_sitter.Node] = field(default_factory=list)
    """Items inside functions, which are written behind them."""

    skipped: list[tuple[int, int]] = field(default_factory=list)
    """Extents that are compiled into no program."""

    def skips(self, conditions: list[str], node: tree_sitter.Node) -> bool:
        """Tell whether a node is compiled into no program, and record that."""
        if NEVER in conditions:
            self.skipped.append((node.start_byte, node.end_byte))
        return NEVER in conditions

    def fresh(self, kind: str, node: tree_sitter.Node) -> str:
        """Return a name that no other place of the file gets."""
        return f"{kind}_{node.start_byte}"


def conditioned(file: RustFile, children: Iterable[tree_sitter.Node]) -> Iterator[tuple[list[str], tree_sitter.Node]]:
    """Yield the nodes that are neither attributes nor comments, each with the conditions of its attributes."""
    found: list[str] = []
    for child in children:
        if child.type == "attribute_item":
            found.append(condition_of(file.plain(child)))
        elif child.type not in {"line_comment", "block_comment", "inner_attribute_item"}:
            own = list(found)
            for inner in child.named_children[:8] if child.type in _OWNING else ():
                if inner.type != "attribute_item":
                    break
                own.append(condition_of(file.plain(inner)))
            yield [condition for condition in own if condition != ALWAYS], child
            found = []
