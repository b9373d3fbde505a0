"""Capabilities, or ioctls, that an expression of a VMM names.

All rules rely on this one decision. An expression is followed through casts, `?:`, local variables, macros,
enumerators, variables outside functions, tables by index or pointer, and values that functions return. Where a value
comes from code that is not followed, the result says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.knowledge.capability_names import capabilities_in
from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import Assignment
from caplint.link.functions.reaching import reaching
from caplint.link.vmm.tree_values import TableRow, TreeValues, arguments_of, substituted
from caplint.link.vmm.value_text import (
    call_of,
    choices,
    fields,
    is_number,
    last_accessor,
    without_strings,
)  # fmt: skip

_DEPTH = 12
_MOST_DEFINITIONS = 16
_POINTER = re.compile(r"([A-Za-z_][\w.\[\]]*(?:->\w+)*)\s*[-+]\s*[^-+]+\Z")
_PLAIN_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]{1,8}|[1-9][0-9]{0,8})[uUlL]*")
_VARIANT = re.compile(r"\b[A-Z]\w*__[A-Z]\w*")

Names = Callable[[str], list[str]]
"""Function that returns the names that a text spells out, in order."""
Path = tuple[str, ...]
"""Members and indexes (`[i]`; `[]` for `*p`) that are applied to a value, the first one first."""


def spelt(expression: str) -> list[str]:
    """Return the capabilities that an expression spells out, in order."""
    names = dict.fromkeys(capabilities_in(expression))
    return [name for name in names if name not in knowledge().not_capabilities]


@dataclass
class Resolution:
    """Capabilities that an expression may stand for."""

    caps: dict[str, str] = field(default_factory=dict)
    """Capability → how it is named; see `all_vmm_use.resolved_via`."""
    archs: dict[str, set[str | None]] = field(default_factory=dict)
    """Capability → architectures of the files whose tables name it; None for any, as without an entry."""
    parameters: dict[tuple[str, Path], None] = field(default_factory=dict)
    """Parameters of the function that the value comes from, with the members that are taken of them."""
    unknown: bool = False
    """Whether a value may come from code that is not followed."""
    required: bool = False
    """Whether some are entries of a list of capabilities that a VMM requires to start."""

    def archs_of(self, cap: str) -> list[str | None]:
        """Return the architectures on which the expression stands for a capability; None alone for any."""
        archs = self.archs.get(cap, {None})
        return [None] if None in archs else sorted(archs, key=str)


class _At(NamedTuple):
    """Place of an expression: a file, and in a function an offset."""

    blob: int
    function: CodeFunction | None
    offset: int


class _Trail(NamedTuple):
    """Steps from the call's argument to an expression."""

    path: Path = ()
    via: str = "direct"
    depth: int = _DEPTH
    """Number of further steps."""

    def by(self, via: str) -> _Trail:
        """Return the way with a name for how it goes, unless it has one."""
        return self._replace(via=via) if self.via == "direct" else self

    def into(self, *path: str) -> _Trail:
        """Return the way with another path."""
        return self._replace(path=path)

    @property
    def indexed(self) -> bool:
        """Whether the next accessor is an index."""
        return self.path[:1] != () and self.path[0].startswith("[")


class Capabilities:
    """Resolver of expressions in one tree's functions.

    `names` returns the names that a text spells out: those of capabilities, unless another function is given.
    """

    def __init__(self, values: TreeValues, code: Code, names: Names = spelt) -> None:
        self._code = code
        self._returned: dict[tuple[int, int, Path], Resolution] = {}
        self.values = values
        self._names = names

    def of(self, function: CodeFunction, expression: str, offset: int, path: Path = ()) -> Resolution:
        """Return the capabilities that the expression may stand for at an offset of the function."""
        search = _ValueSearch(self._code, self.values, self._names, self._returned)
        search.follow(_At(function.blob, function, offset), expression, _Trail(path))
        return search.result


@dataclass
class _ValueSearch:
    code: Code
    values: TreeValues
    names: Names
    returned: dict[tuple[int, int, Path], Resolution]
    """Blob and start of a function, members taken of its value → the capabilities that it returns."""
    result: Resolution = field(default_factory=Resolution)
    seen: set[tuple[int, int, int, str, Path]] = field(default_factory=set)

    def follow(self, at: _At, text: str, way: _Trail) -> None:
        """Add the capabilities of an expression to the result."""
        for choice in choices(text):
            key = (at.blob, at.function.start if at.function else -1, at.offset, choice, way.path)
            if key in self.seen:
                continue
            self.seen.add(key)
            if way.depth == 0 or not self.code.budget.spend():
                self.result.unknown = True
                return
            self._one(at, choice, way._replace(depth=way.depth - 1))

    def _one(self, at: _At, text: str, way: _Trail) -> None:
        if is_number(text):
            self._number(text, way)
        elif text[0] in "&*":
            self.follow(at, text[1:], way if text[0] == "&" else way.into("[]", *way.path))
        elif text.isidentifier():
            self._name(at, text, way)
        elif text.startswith("{") and ";" not in text:
            self._row(at, text, way)
        elif call := call_of(text):
            self._call(at, call[0], arguments_of(text, call[1]), way)
        elif accessor := last_accessor(text):
            member = accessor.member or f"[{accessor.element}]"
            if not self._assigned(at, text, way):
                self.follow(at, accessor.base, way.into(member, *way.path))
        elif way.path and (pointer := _POINTER.match(text)):
            self.follow(at, pointer.group(1), way.into("[]", *[entry for entry in way.path if entry != "[]"]))
        else:
            self._spelt(text, way)

    def _number(self, text: str, way: _Trail) -> None:
        """Take a capability by its number in Linux; 0 is what structures are cleared with."""
        match = _PLAIN_NUMBER.fullmatch(text) if self.names is spelt else None
        if match is not None and (number := int(match.group(1), 0)):
            name = knowledge().numbered_in_linux.get(number)
            self.result.unknown |= name is None
            if name is not None:
                self.result.caps.setdefault(name, way.via)

    def _spelt(self, text: str, way: _Trail) -> None:
        plain = without_strings(text)
        names = [*self.names(plain), *filter(None, map(knowledge().variant, _VARIANT.findall(plain)))]
        for name in names:
            self.result.caps.setdefault(name, way.via)
        self.result.unknown |= not names

    def _assigned(self, at: _At, target: str, way: _Trail) -> bool:
        """Follow the values that a target has at the place; tell whether they are all that it can have."""
        if at.function is None:
            return False
        reached = reaching(at.function, target, at.offset, self.code.budget)
        for store in reached.stores:
            self.follow(at._replace(offset=store.start), store.value, way.by("variable"))
        self.result.unknown |= reached.taken
        return reached.always

    def _name(self, at: _At, name: str, way: _Trail) -> None:
        if names := self.names(name):
            self.result.caps.setdefault(names[0], way.via)
            return
        if name in knowledge().not_capabilities:
            return
        if any(self._assigned(at, target, way.into(*way.path[1:])) for target in _member_targets(name, way.path)):
            return
        is_local = at.function is not None and _is_local(at.function, name)
        if is_local and way.indexed and (rows := self.values.own_rows(at.blob, name)):
            self._table(rows, way)
        elif self._assigned(at, name, way):
            return
        elif at.function is not None and name in at.function.parameters:
            if not self._member_elsewhere(at, way):
                self.result.parameters[name, way.path] = None
        elif not is_local:
            self._shared(at, name, way)

    def _shared(self, at: _At, name: str, way: _Trail) -> None:
        """Follow a name that is defined outside functions."""
        if rows := self.values.rows(at.blob, name):
            self.result.unknown |= not way.path
            self._shared_table(at, rows if way.path else [], way)
            return
        bodies = [
            entry.body for entry in self.values.macros(at.blob, name) if entry.parameters is None and entry.body.strip()
        ]
        for body in bodies:
            self.follow(at, body, way.by("constant"))
        initials = [] if bodies else self.values.initials(at.blob, name)
        for initial in initials:
            self.follow(_At(initial.blob, None, 0), initial.value, way.by("constant"))
        stores = [entry for entry in self.values.assigned(at.blob, name) if entry[1].target == name]
        for function, store in stores:
            self._elsewhere(function, store, way.by("variable"))
        if not (bodies or initials or stores) and (variant := knowledge().variant(name)):
            self.result.caps.setdefault(variant, way.by("constant").via)
            return
        if not (bodies or initials or stores) and not self._member_elsewhere(at, way):
            self.result.unknown = True

    def _shared_table(self, at: _At, rows: list[TableRow], way: _Trail) -> None:
        """Follow a table that each architecture may define in a file of its own."""
        own = at.function.arch if at.function is not None else None
        shared = own in {None, GENERIC}
        for arch in dict.fromkeys(row.arch for row in rows):
            if not shared and arch not in {None, GENERIC, own}:
                continue
            inner = self._other()
            inner._table([row for row in rows if row.arch == arch], way)
            self._add(inner.result)
            for cap in inner.result.caps:
                self.result.archs.setdefault(cap, set()).add(arch if shared and arch != GENERIC else None)

    def _elsewhere(self, function: CodeFunction, store: Assignment, way: _Trail) -> None:
        """Add the capabilities that another function assigns; those that its callers pass are unknown."""
        inner = self._other()
        inner.follow(_At(function.blob, function, store.start), store.value, way)
        self._add(inner.result)
        self.result.unknown |= bool(inner.result.parameters)

    def _other(self) -> _ValueSearch:
        return _ValueSearch(self.code, self.values, self.names, self.returned, Resolution(), self.seen)

    def _add(self, other: Resolution) -> None:
        for cap, via in other.caps.items():
            self.result.caps.setdefault(cap, via)
            if cap in other.archs:
                self.result.archs.setdefault(cap, set()).update(other.archs[cap])
        self.result.unknown |= other.unknown
        self.result.required |= other.required

    def _member_elsewhere(self, at: _At, way: _Trail) -> bool:
        """Follow the assignments of the same file to a member, if each of them names capabilities; tell whether."""
        if not way.path or way.indexed:
            return False
        inner = self._other()
        for function, store in self.values.assigned(at.blob, way.path[0]):
            if store.target != way.path[0]:
                place = _At(function.blob, function, store.start)
                inner.follow(place, store.value, way.into(*way.path[1:]).by("variable"))
        found = inner.result
        if not found.caps or found.unknown or found.parameters:
            return False
        self._add(found)
        return True

    def _call(self, at: _At, name: str, arguments: list[str], way: _Trail) -> None:
        self.result.required |= name in knowledge().requirements
        definitions = [entry for entry in self.values.macros(at.blob, name) if entry.parameters is not None]
        bodies = [body for entry in definitions if (body := substituted(entry, arguments))]
        for body in bodies:
            self.follow(at, body, way.by("pasted"))
        functions = [] if definitions else self._visible(at, name)
        for function in functions:
            self._returned(at, function, arguments, way)
        self.result.unknown |= not functions and not bodies

    def _visible(self, at: _At, name: str) -> list[CodeFunction]:
        functions = self.code.named(name)
        own = [function for function in functions if function.blob == at.blob]
        others = [function for function in functions if not function.static or function.path.endswith((".h", ".rs"))]
        return (own or others)[:_MOST_DEFINITIONS]

    def _returned(self, at: _At, function: CodeFunction, arguments: list[str], way: _Trail) -> None:
        result = self._values_of(function, way.path)
        for cap in result.caps:
            self.result.caps.setdefault(cap, way.by("returned").via)
        self._add(result)
        for name, members in result.parameters:
            index = function.parameters.index(name)
            if index < len(arguments):
                self.follow(at, arguments[index], way.into(*members))
            else:
                self.result.unknown = True

    def _values_of(self, function: CodeFunction, path: Path) -> Resolution:
        """Return the capabilities that a function returns; a recursive call adds none."""
        key = (function.blob, function.start, path)
        if key not in self.returned:
            self.returned[key] = Resolution()
            inner = _ValueSearch(self.code, self.values, self.names, self.returned)
            for start, value in function.returned.items():
                inner.follow(_At(function.blob, function, start), value, _Trail(path, "returned"))
            inner.result.unknown |= not function.returns
            self.returned[key] = inner.result
        return self.returned[key]

    def _table(self, rows: list[TableRow], way: _Trail) -> None:
        index = way.path[0][1:-1].strip() if way.indexed else ""
        members = way.path[1:] if way.indexed else way.path
        for row in _indexed(rows, index):
            self._row(_At(row.blob, None, 0), row.value, way.into(*members).by("table"))

    def _row(self, at: _At, text: str, way: _Trail) -> None:
        """Follow the entry of a table or the initial value of a structure."""
        entries = fields(without_strings(text))
        members = [entry for entry in way.path if not entry.startswith("[")]
        if entries is None:
            self.follow(at, text, way)
        elif not members:
            for _, value in entries:
                if self.names(value) or value.isidentifier() or value.startswith("{"):
                    self.follow(at, value, way.into())
        elif any(name for name, _ in entries):
            for name, value in entries:
                if name == members[0]:
                    self.follow(at, value, way.into(*members[1:]))
        else:
            self._positional(at, [value for _, value in entries], members[0], way.into(*members[1:]))

    def _positional(self, at: _At, values: list[str], member: str, way: _Trail) -> None:
        """Follow the value of a member in a list without designators."""
        naming = [value for value in values if self.names(value)]
        if not naming:
            naming = [value for value in values if value.isidentifier() and self._names_one(at, value)]
        if len(naming) > 1:
            ordinals = [ordinal for ordinal in self.values.position(member) if ordinal < len(values)]
            naming = [values[ordinals[0]]] if len(ordinals) == 1 else []
            self.result.unknown |= not naming
        for value in naming:
            self.follow(at, value, way)

    def _names_one(self, at: _At, value: str) -> bool:
        inner = _ValueSearch(self.code, self.values, self.names, self.returned)
        inner.follow(at, value, _Trail(via="table"))
        return bool(inner.result.caps)


def _indexed(rows: list[TableRow], index: str) -> list[TableRow]:
    """Return the rows that an index selects: all of them, unless it is a constant."""
    if chosen := [row for row in rows if index and row.designator == f"[{index}]"]:
        return chosen
    if index.isascii() and index.isdigit() and not any(row.designator for row in rows):
        return [row for row in rows if row.position == int(index)]
    return rows


def _member_targets(name: str, path: Path) -> list[str]:
    """Return the ways to write the first member of a path as a target of an assignment."""
    if not path or path[0].startswith("["):
        return []
    return [f"{name}.{path[0]}", f"{name}->{path[0]}"]


def _is_local(function: CodeFunction, name: str) -> bool:
    """Tell whether a name is assigned as a variable of the function."""
    return any(store.local for store in function.assigned.get(name, []))
