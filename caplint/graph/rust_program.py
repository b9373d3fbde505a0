"""Program in Rust: the functions, types, traits and calls of one tree's files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from caplint.graph.path_model import ProgramFunction
from caplint.graph.rust_crates import Crates
from caplint.graph.rust_modules import Meaning, ModuleKey, RustModules

Key = tuple[ModuleKey, str]
"""Type or trait; one of another crate has no crate and no module."""


class RustFunction(NamedTuple):
    """Definition of a function, method or macro."""

    function: ProgramFunction
    """Its name is shown: `Type::method`."""
    name: str
    end: int
    module: ModuleKey
    owner: str
    """Text of the type whose method it is, '' for none."""
    trait: str
    condition: str
    result: str
    parameters: int
    """Number of parameters without `self`; -1 if it depends on conditional compilation."""
    has_self: bool
    has_body: bool
    arch: str | None


class RustCall(NamedTuple):
    """Call, or function that is passed on (`v`)."""

    caller: RustFunction
    kind: str
    name: str
    path: str
    """Path of a function; '' for a method."""
    receiver: Any
    line: int
    condition: str
    arguments: int


@dataclass(frozen=True)
class Implementation:
    """Implementation of a trait."""

    module: ModuleKey
    owner: str
    trait: str
    assigned: dict[str, str]


class RustProgram:
    """Index of one tree's program."""

    def __init__(self, tree: str, crates: Crates) -> None:
        self.tree = tree
        self.crates = crates
        self.modules = RustModules(crates.by_name, crates.directories)
        self.functions: list[RustFunction] = []
        self.by_function: dict[ProgramFunction, RustFunction] = {}
        self.by_name: dict[str, list[RustFunction]] = {}
        self.free: dict[Key, list[RustFunction]] = {}
        """Functions outside types."""
        self.calls: dict[str, list[RustCall]] = {}
        """Name of the callee → calls; a path imported under another name is listed under both."""
        self.fields: dict[Key, dict[str, str]] = {}
        self.aliases: dict[Key, str] = {}
        self.variables: dict[Key, str] = {}
        self.supertraits: dict[Key, str] = {}
        self.implementations: list[Implementation] = []
        self.types_by_name: dict[str, list[Meaning]] = {}

    def add(self, path: str, arch: str | None, tables: dict[str, list[Any]], around: str) -> None:
        """Add a file's outline; `around` is the condition of the file's module."""
        base = self.modules.of_file(path)
        texts: list[str] = tables["texts"]
        own = [_both(around, text) for text in texts]

        def inner(module: str) -> ModuleKey:
            return ModuleKey(base.crate, (*base.path, *filter(None, module.split("::")))) if module else base

        self.modules.scope(base)
        self._add_types(tables, inner)
        functions = [self._function(path, arch, row, inner, own) for row in tables["functions"]]
        renamed: dict[str, str] = {}
        for module, name, target, _condition, _public in tables["uses"]:
            scope = self.modules.scope(inner(module))
            if name == "*":
                scope.everything.append(target)
            elif name != "_":
                scope.imports.setdefault(name, []).append(target)
                last = target.rpartition("::")[2]
                if last != name:
                    renamed[name] = last
        for number, kind, what, line, condition, count in tables["calls"]:
            caller = functions[number]
            called, receiver = what if kind == "m" else (what.rpartition("::")[2], None)
            call = RustCall(caller, kind, called, "" if kind == "m" else what, receiver, line, own[condition], count)
            for name in {called, renamed.get(called, called)}:
                self.calls.setdefault(name, []).append(call)

    def _add_types(self, tables: dict[str, list[Any]], inner: Any) -> None:
        modules = self.modules
        for module, name, fields in tables["types"]:
            key = inner(module)
            self.fields[key, name] = fields
            if "::" not in name:
                self._add_item(Meaning("type", key, name))
        for module, name, above in tables["traits"]:
            key = inner(module)
            self.supertraits[key, name] = above
            self._add_item(Meaning("trait", key, name))
        for table, kind, texts in (("aliases", "alias", self.aliases), ("variables", "variable", self.variables)):
            for module, name, held in tables[table]:
                key = inner(module)
                texts[key, name] = held
                modules.add(key, Meaning(kind, key, name))
        for module, owner, trait, assigned, _condition in tables["impls"]:
            self.implementations.append(Implementation(inner(module), owner, trait, assigned))

    def _add_item(self, item: Meaning) -> None:
        self.modules.add(item.module, item)
        self.types_by_name.setdefault(item.name, []).append(item)

    def _function(self, path: str, arch: str | None, row: list[Any], inner: Any, texts: list[str]) -> RustFunction:
        name, line, end, module, owner, trait, condition, result, parameters, has_self, has_body = row
        shown = f"{_short(owner)}::{name}" if owner else name
        key = inner(module)
        function = RustFunction(
            ProgramFunction(self.tree, path, shown, line), name, end, key, owner, trait, texts[condition], result,
            parameters, bool(has_self), bool(has_body), arch,
        )  # fmt: skip
        self.functions.append(function)
        self.by_function[function.function] = function
        self.by_name.setdefault(name, []).append(function)
        if not owner and not name.endswith("!"):
            self.free.setdefault((key, name), []).append(function)
            self.modules.add(key, Meaning("function", key, name))
        return function

    def around(self, path: str, line: int) -> RustFunction | None:
        """Return the innermost function around a line of a file."""
        holding = [
            known for known in self.functions
            if known.function.path == path and known.has_body and known.function.line <= line <= known.end
        ]  # fmt: skip
        return max(holding, key=lambda known: known.function.line, default=None)


def _both(one: str, other: str) -> str:
    if "1" in {one, other}:
        return other if one == "1" else one
    return f"({one}) && ({other})"


def _short(owner: str) -> str:
    return owner.partition("+")[0].rpartition("::")[2].lstrip("?")
