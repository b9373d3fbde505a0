"""Names for the parts of a KVM_ENABLE_CAP request in a function: the request, its flags, its arguments, and copies."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from caplint.link.functions.body import Body
from caplint.link.functions.function_facts import ConditionTest
from caplint.values.expression_tree import Node, tree_of

Part = tuple[str, ...]
"""Part of a request: `()` the whole, `("flags",)`, `("cap",)`, `("args",)`, or `("args", "0")` for an element."""
WHOLE: Part = ()
Bindings = tuple[tuple[str, Part], ...]
"""Names that hold a part of the request when a function begins: its parameters."""

_MEMBERS = {"flags", "args", "cap"}
_COPY = frozenset({"memcpy", "__memcpy", "memmove", "__builtin_memcpy"})
# An index that an array can have; a larger one is no element of a request.
_INDEX = re.compile(r"(?:0[xX](?P<hex>[0-9a-fA-F]{1,7})|0(?P<octal>[0-7]{1,9})|(?P<decimal>\d{1,9}))[uUlL]*\Z")
_BASES = {"hex": 16, "octal": 8, "decimal": 10}
_WORD = re.compile(r"[A-Za-z_]\w*")


class Subject(NamedTuple):
    """Part of the request that a reader looks at."""

    value: Part
    capability: str
    """Capability that the request names; empty if the conditions of the function name none."""
    depth: int
    """Number of calls that are still followed."""


@dataclass
class RequestNames:
    """Names of the parts of a request in a function's body, which change as copies are made."""

    body: Body
    bindings: Bindings
    _copies: dict[str, list[tuple[int, Part]]] = field(default_factory=dict)
    """Local variable → offsets at which a part is copied into it, in file order."""

    def __post_init__(self) -> None:
        self.words = {name for name, _ in self.bindings}
        """Names that may hold a part of the request anywhere in the function."""
        for offset, name, value in sorted(self._assigned()):
            if name in self.body.bools or not self.mentions(value):
                continue
            part = self.part(tree_of(value), offset)
            if part is not None and part != ("cap",):
                self._copies.setdefault(name, []).append((offset, part))
                self.words.add(name)

    def _assigned(self) -> Iterator[tuple[int, str, str]]:
        """Yield offset, name and value of each plain assignment to a variable, memcpy() included."""
        for row in self.body.stores:
            if row.operator in {"=", "init"} and row.target.isidentifier():
                yield row.start, row.target, row.text
        for callee in _COPY & self.body.calls_of.keys():
            for call in self.body.calls_of[callee]:
                tree = tree_of(f"f({call.text})")
                target = _bare(tree.parts[1]) if len(tree.parts) > 2 else tree
                if target.kind == "name":
                    yield call.start, target.text, call.arguments[1]

    def mentions(self, text: str) -> bool:
        """Tell whether a text contains a name that may hold a part of the request."""
        return not self.words.isdisjoint(_WORD.findall(text))

    @cached_property
    def tests(self) -> list[ConditionTest]:
        """Tests of the function that mention the request; found once for all of its parts."""
        return [row for row in self.body.tests if self.mentions(row.text)]

    def part(self, node: Node, offset: int) -> Part | None:
        """Return the part of the request that an expression is, through casts, `*` and `&`; None if it is none."""
        pointed = self._pointed_to(_uncast(node), offset)
        if pointed is not None:
            return pointed
        bare = _bare(node)
        if bare.kind == "name":
            return self._named(bare.text, offset)
        if bare.kind == "member":
            member = bare.text.lstrip("->.")
            return (member,) if member in _MEMBERS and self.part(bare.parts[0], offset) == WHOLE else None
        if bare.kind == "index":
            return _element(self.part(bare.parts[0], offset), bare.parts[1].text)
        return None

    def _pointed_to(self, node: Node, offset: int) -> Part | None:
        """Return the argument that `*cap->args` or `*(cap->args + 1)` is."""
        if node.kind != "unary" or node.text != "*":
            return None
        inner, index = _uncast(node.parts[0]), "0"
        if inner.kind == "binary" and inner.text == "+" and len(inner.parts) == 2:
            number = 0 if _INDEX.match(inner.parts[0].text) else 1
            inner, index = inner.parts[1 - number], inner.parts[number].text
        return _element(self.part(inner, offset), index)

    def _named(self, name: str, offset: int) -> Part | None:
        copies = self._copies.get(name, [])
        index = bisect_left(copies, (offset,))
        if index:
            return copies[index - 1][1]
        return dict(self.bindings).get(name)

    def holders(self, part: Part) -> list[str]:
        """Return the names that may hold exactly this part."""
        names = [name for name, copies in self._copies.items() if any(copy == part for _, copy in copies)]
        return [*names, *(name for name, bound in self.bindings if bound == part)]

    def copied_at(self, name: str, offset: int) -> int:
        """Return the offset of the last copy of a part into a variable before an offset, -1 without any."""
        copies = self._copies.get(name, [])
        index = bisect_left(copies, (offset,))
        return copies[index - 1][0] if index else -1


def _element(base: Part | None, index: str) -> Part | None:
    """Return the argument so many places behind another one, or behind the first; None of anything else."""
    match = _INDEX.match(index)
    if base is None or base[:1] != ("args",) or match is None:
        return None
    kind = match.lastgroup or ""
    return ("args", str((int(base[1]) if len(base) > 1 else 0) + int(match[kind], _BASES[kind])))


def _uncast(node: Node) -> Node:
    """Return the node below casts, but for those to bool."""
    while node.kind == "cast" and node.text not in {"bool", "_Bool"}:
        node = node.parts[0]
    return node


def _bare(node: Node) -> Node:
    """Return the node below casts, dereferences and address operators; a cast to bool makes another value."""
    passing = {"cast": node.text not in {"bool", "_Bool"}, "unary": node.text in {"*", "&"}}
    return _bare(node.parts[0]) if passing.get(node.kind) else node


def arguments(text: str) -> list[str]:
    """Return the arguments of a call from its JSON list; any other text is one argument."""
    return list(map(str, json.loads(text))) if text.startswith("[") else [text]
