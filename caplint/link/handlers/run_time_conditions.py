"""Conditions that hold or fail for a host, or for a VM as long as it exists: what code can ask before anything is done.

Conditions on state that user space changes (whether there are vCPUs, an interrupt controller, memory) are none of them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import GENERIC
from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.handlers.watching import is_constant, operand_of
from caplint.values.expression_tree import Node, text_of, tree_of

_VM = re.compile(r"(?:\w+->)*\w*kvm(?:->|\.)(?P<member>\w+(?:(?:->|\.)\w+)*)\Z")
_DEEPEST = 4
_MOST_PARTS = 32


class RunTimeCondition(NamedTuple):
    """Kind of a condition, and for a function pointer the tables of functions that lack it."""

    kind: str
    """operation (a function pointer), host, vm."""
    lacking: tuple[str, ...] = ()


@dataclass
class RunTimeConditions:
    """Conditions of one side of a tree."""

    helpers: Helpers
    _globals: dict[str, bool] = field(default_factory=dict)
    _operations: dict[tuple[str, str, str], tuple[str, ...] | None] = field(default_factory=dict)
    _fixed: dict[str, bool] = field(default_factory=dict)

    def of(self, node: Node, body: Body) -> RunTimeCondition | None:
        """Return the kind of a condition in a function; None if it is of another kind, or not understood."""
        kinds = self._kinds(node, body, 0)
        if not kinds:
            return None
        lacking = tuple(sorted({name for one in kinds for name in one.lacking}))
        names = {one.kind for one in kinds}
        return RunTimeCondition(next(kind for kind in ("operation", "vm", "host") if kind in names), lacking)

    def may_be(self, node: Node, body: Body) -> bool:
        """Tell whether `of` may return a kind: a cheap question, asked of every condition."""
        part = operand_of(node) or node
        if part.kind == "call":
            name, idioms = part.parts[0].text, kernel_idioms()
            settled = idioms.is_fixed_vm_test(name) or idioms.is_host_test(name)
            return settled or bool(self.helpers.functions(name, body.handler.arch))
        text, root = _resolved(part, body)
        if match := _VM.match(text):
            return not kernel_idioms().is_vm_lock(match["member"])
        return not _is_local(root, body)

    def _kinds(self, node: Node, body: Body, depth: int) -> set[RunTimeCondition] | None:
        """Return the kinds of all parts of an expression; None if one is not understood."""
        found: set[RunTimeCondition] = set()
        pending = [node]
        for _ in range(_MOST_PARTS):
            if not pending:
                return found
            part = pending.pop()
            if is_constant(part):
                continue
            if part.kind in {"unary", "binary", "ternary", "cast"} and part.text not in {"++", "--", "*"}:
                pending += part.parts
                continue
            kinds = self._of_call(part, body, depth) if part.kind == "call" else self._of_chain(part, body)
            if kinds is None:
                return None
            found |= kinds
        return None

    # Variables and members

    def _of_chain(self, node: Node, body: Body) -> set[RunTimeCondition] | None:
        if node.kind not in {"name", "member"}:
            return None
        text, root = _resolved(node, body)
        if node.kind == "member" and (lacking := self._operation(node, body.handler.arch)) is not None:
            return {RunTimeCondition("operation", lacking)} if lacking else None
        if match := _VM.match(text):
            return {RunTimeCondition("vm")} if self._is_fixed(match["member"]) else None
        return {RunTimeCondition("host")} if not _is_local(root, body) and self._is_global(root) else None

    def _is_global(self, name: str) -> bool:
        """Tell whether a name is known to be a variable outside functions."""
        if name not in self._globals:
            self._globals[name] = any(self._rows(query, name).fetchone() for query in _GLOBALS)
        return self._globals[name]

    def _operation(self, node: Node, arch: str) -> tuple[str, ...] | None:
        """Return the tables of functions that lack a member which is a function pointer; None of another member.

        Empty if all have it, or if none is in view.
        """
        name, holder = node.text.lstrip("->."), node.parts[0]
        key = (name, arch, holder.text.lstrip("->."))
        if key not in self._operations:
            found = {owner for owner, where in self._pointers.get(name, ()) if where in {arch, GENERIC}}
            owners = set(found)
            if len(owners) > 1:
                types = " ".join(kind for (kind,) in self._rows(_TYPES, key[2])) if holder.kind == "member" else key[2]
                owners &= set(re.findall(r"\w+", types))
            self._operations[key] = self._lacking(owners.pop(), name, arch) if len(owners) == 1 else ()
            if not found:
                self._operations[key] = None
        return self._operations[key]

    def _lacking(self, owner: str, name: str, arch: str) -> tuple[str, ...]:
        tables = self._rows(_TABLES, name, arch, GENERIC, owner).fetchall()
        return tuple(variable for variable, full in tables if not full or f"{variable}.{name}" in self._cleared)

    def _rows(self, query: str, *values: str) -> sqlite3.Cursor:
        return self.helpers.connection.execute(query, (self.helpers.side, self.helpers.tree, *values))

    @cached_property
    def _pointers(self) -> dict[str, list[tuple[str, str]]]:
        """Name of a member that is a function pointer → structures that have it, and their architectures."""
        found: dict[str, list[tuple[str, str]]] = {}
        for name, owner, arch in self._rows(_OPERATIONS, GENERIC):
            found.setdefault(name, []).append((owner, arch))
        return found

    @cached_property
    def _cleared(self) -> frozenset[str]:
        """Targets to which some function assigns 0."""
        return frozenset(target for (target,) in self._rows(_CLEARED))

    @cached_property
    def _written(self) -> list[tuple[str, str]]:
        """Functions that write to the state of a VM, and the chains."""
        return [(function or "", chain) for function, chain in self._rows(_WRITES)]

    def _is_fixed(self, member: str) -> bool:
        """Tell whether a member of the VM gets its value where the VM is created, and nowhere else."""
        if member not in self._fixed:
            ends = re.compile(rf"kvm(?:->|\.){re.escape(member)}\Z")
            writers = {function for function, chain in self._written if ends.search(chain)}
            self._fixed[member] = bool(writers) and all(map(kernel_idioms().creates_vm, writers))
        return self._fixed[member]

    # Calls

    def _of_call(self, node: Node, body: Body, depth: int) -> set[RunTimeCondition] | None:
        callee, *given = node.parts
        if callee.kind != "name" or depth == _DEEPEST:
            return None
        idioms = kernel_idioms()
        if idioms.is_fixed_vm_test(callee.text):
            return {RunTimeCondition("vm")}
        if idioms.is_host_test(callee.text) and all(map(is_constant, given)):
            return {RunTimeCondition("host")}
        definitions = self.helpers.functions(callee.text, body.handler.arch)
        if not definitions or len(definitions) > _DEEPEST:
            return None
        found: set[RunTimeCondition] = set()
        for definition in definitions:
            for text in _decisive(definition):
                kinds = self._kinds(tree_of(text), definition, depth + 1)
                if kinds is None:
                    return None
                found |= kinds
        return found


def _decisive(body: Body) -> Iterator[str]:
    """Yield the expressions that decide the result of a function, one that only tests and returns."""
    if any(not row.local for row in body.stores):
        yield "("  # it does something
    yield from (test.expression for test in body.tests)
    yield from (entry.value for entry in body.returns)


def _resolved(node: Node, body: Body) -> tuple[str, str]:
    """Return the text of a chain and its first name; a local copy of a pointer is replaced by its source."""
    text = text_of(node).replace(" ", "")
    for _ in range(_DEEPEST):
        root = re.match(r"\w*", text)
        name = root.group() if root else ""
        copies = body.assigned.get(name, [])
        if len(copies) != 1 or copies[0].operator not in {"=", "init"} or not copies[0].local:
            return text, name
        value = copies[0].text.replace(" ", "")
        if not re.fullmatch(r"\w+(?:(?:->|\.)\w+)*", value) or name == re.split(r"\W", value)[0]:
            return text, name
        text = f"{value}{text[len(name) :]}"
    return text, ""


def _is_local(name: str, body: Body) -> bool:
    stores = body.assigned.get(name, [])
    address = re.compile(rf"&\s*{re.escape(name)}\b")
    return (
        not name
        or name in body.handler.parameters
        or name in body.bools
        or any(row.local for row in stores)
        or any(address.search(row.text) for row in body.calls)
    )


_GLOBALS = (
    """SELECT 1 FROM temp.all_file f JOIN main.file_variable x ON x.blob = f.blob
       WHERE f.side = ?1 AND f.tree = ?2 AND x.name = ?3 LIMIT 1""",
    """SELECT 1 FROM temp.all_file f JOIN main.member x ON x.blob = f.blob
       WHERE f.side = ?1 AND f.tree = ?2 AND x.owner = ?3 LIMIT 1""",
    """SELECT 1 FROM temp.all_file f JOIN main.macro_use x ON x.blob = f.blob
       WHERE f.side = ?1 AND f.tree = ?2 AND x.function IS NULL
         AND (x.name GLOB 'EXPORT_SYMBOL*' OR x.name GLOB 'module_param*')
         AND (x.arguments = ?3 OR x.arguments GLOB ?3 || '[ ,]*') LIMIT 1""",
)
_OPERATIONS = """
    SELECT DISTINCT x.name, x.owner, coalesce(f.arch, ?3)
    FROM temp.all_file f CROSS JOIN main.member x ON x.blob = f.blob
    WHERE f.side = ?1 AND f.tree = ?2 AND x.type GLOB '*(*'
"""
_TYPES = """
    SELECT DISTINCT x.type FROM temp.all_file f CROSS JOIN main.member x ON x.blob = f.blob
    WHERE f.side = ?1 AND f.tree = ?2 AND x.name = ?3
"""
_TABLES = """
    SELECT x.variable, max(x.field = ?3 AND x.value NOT IN ('NULL', '0'))
    FROM temp.all_file f JOIN main.table_entry x ON x.blob = f.blob
    WHERE f.side = ?1 AND f.tree = ?2 AND coalesce(f.arch, ?5) IN (?4, ?5) AND x.variable <> ''
      AND x.type IN ('struct ' || ?6, 'const struct ' || ?6)
    GROUP BY x.variable ORDER BY 1
"""
_CLEARED = """
    SELECT DISTINCT x.target FROM temp.all_file f JOIN main.store x ON x.blob = f.blob
    WHERE f.side = ?1 AND f.tree = ?2 AND x.value IN ('NULL', '0')
"""
_WRITES = """
    SELECT x.function, x.chain FROM temp.all_file f JOIN main.access x ON x.blob = f.blob
    WHERE f.side = ?1 AND f.tree = ?2 AND x.mode NOT IN ('read', 'call', 'sizeof') AND x.chain GLOB '*kvm[-.]*'
"""
