"""Modules of a Rust program, and the meaning of a path in each of them.

A file's module follows from its place below the crate, which begins where a Cargo.toml is. Imports, re-exports and
imports of all of a module are followed, as far as the tree has them; a path that leads out of it means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

# Meanings of one path, modules that are looked into for it, and its parts; imports and modules that it leads through.
_MOST = 24
_MOST_STEPS = 500
_LONGEST = 24
_DEEPEST = 64
_ROOTS = frozenset({"lib", "main"})


class ModuleKey(NamedTuple):
    """Module: the directory of its crate, and its path within it."""

    crate: str
    path: tuple[str, ...]


class Meaning(NamedTuple):
    """Item that a path means."""

    kind: str
    """`type`, `trait`, `alias`, `variable`, `function`, `module`; `inside` for an item of a type or trait."""
    module: ModuleKey
    name: str
    member: str = ""
    """Name within the type, for `inside`."""


@dataclass
class ModuleScope:
    """Names of one module."""

    items: dict[str, list[Meaning]] = field(default_factory=dict)
    imports: dict[str, list[str]] = field(default_factory=dict)
    everything: list[str] = field(default_factory=list)
    """Modules of which all is imported."""


class RustModules:
    """Modules of one program."""

    def __init__(self, crates: dict[str, str], directories: Iterable[str]) -> None:
        self.crates = crates
        """Name of a crate, as code writes it → its directory."""
        self._directories = sorted(directories, key=len, reverse=True)
        self.scopes: dict[ModuleKey, ModuleScope] = {}
        self.moved: dict[str, ModuleKey] = {}
        """File → its module, where an attribute names the file."""
        self._known: dict[tuple[ModuleKey, str], list[Meaning]] = {}
        self._open: dict[ModuleKey, list[ModuleKey]] = {}

    def of_file(self, path: str) -> ModuleKey:
        """Return the module of a file."""
        if path in self.moved:
            return self.moved[path]
        crate = next((place for place in self._directories if not place or path.startswith(f"{place}/")), "")
        inside = path.removeprefix(f"{crate}/" if crate else "").removesuffix(".rs").split("/")
        if "src" in inside and not any(crate == place for place in self._directories):
            cut = len(inside) - 1 - inside[::-1].index("src")
            crate, inside = "/".join(inside[:cut]), inside[cut:]
        if inside and inside[0] == "src":
            inside = inside[1:]
        if inside and (inside[-1] == "mod" or (len(inside) == 1 and inside[0] in _ROOTS)):
            inside = inside[:-1]
        return ModuleKey(crate, tuple(inside))

    def scope(self, module: ModuleKey) -> ModuleScope:
        """Return the names of a module, made if there is none."""
        if module not in self.scopes:
            self.scopes[module] = ModuleScope()
            if module.path:
                above = ModuleKey(module.crate, module.path[:-1])
                self.add(above, Meaning("module", module, module.path[-1]))
        return self.scopes[module]

    def add(self, module: ModuleKey, item: Meaning) -> None:
        """Add an item to a module."""
        entries = self.scope(module).items.setdefault(item.name, [])
        if item not in entries:
            entries.append(item)

    def meanings(self, module: ModuleKey, path: str) -> list[Meaning]:
        """Return the items that a path means in a module; several where conditions of compilation choose."""
        key = (module, path)
        if key not in self._known:
            parts = tuple(path.split("::"))
            found = self._resolved(module, parts, _PathSearch()) if all(parts) else ()
            self._known[key] = list(dict.fromkeys(islice(found, _MOST)))
        return self._known[key]

    def _opened(self, module: ModuleKey) -> list[ModuleKey]:
        """Return the modules of which a module imports everything."""
        if module not in self._open:
            scope = self.scopes.get(module)
            searches = (
                self._resolved(module, tuple(path.split("::")), _PathSearch(explicit=True))
                for path in dict.fromkeys(scope.everything if scope is not None else ())
            )
            found = dict.fromkeys(
                item.module for search in searches for item in islice(search, _MOST) if item.kind == "module"
            )
            self._open[module] = [other for other in found if other != module]
        return self._open[module]

    def _resolved(self, module: ModuleKey, parts: tuple[str, ...], search: _PathSearch) -> Iterator[Meaning]:
        if not search.begins(module, parts):
            return
        first, rest = parts[0], parts[1:]
        if first == "crate":
            yield from self._inside(ModuleKey(module.crate, ()), rest, search)
        elif first == "self":
            yield from self._inside(module, rest, search)
        elif first == "super":
            yield from self._inside(ModuleKey(module.crate, module.path[:-1]), rest, search)
        else:
            found = False
            for item in self._inside(module, parts, search):
                found = True
                yield item
            if not found and first in self.crates:
                yield from self._inside(ModuleKey(self.crates[first], ()), rest, search)

    def _inside(self, module: ModuleKey, parts: tuple[str, ...], search: _PathSearch) -> Iterator[Meaning]:
        """Yield the items that a path names, searched from a module downwards."""
        while parts and parts[0] in {"super", "self"}:
            module = ModuleKey(module.crate, module.path[:-1]) if parts[0] == "super" else module
            parts = parts[1:]
        if not parts:
            yield Meaning("module", module, module.path[-1] if module.path else "")
            return
        scope = self.scopes.get(module)
        if scope is None or not search.enters(module, parts):
            return
        search.depth += 1
        found = False
        for item in self._named(scope, module, parts, search):
            found = True
            yield item
        if not found and not search.explicit:
            for other in self._opened(module):
                yield from self._inside(other, parts, search)
        search.depth -= 1

    def _named(
        self, scope: ModuleScope, module: ModuleKey, parts: tuple[str, ...], search: _PathSearch
    ) -> Iterator[Meaning]:
        name, rest = parts[0], parts[1:]
        for item in scope.items.get(name, ()):
            if item.kind == "module":
                yield from self._inside(item.module, rest, search)
            elif not rest:
                yield item
            elif item.kind in {"type", "trait", "alias"}:
                yield Meaning("inside", item.module, item.name, "::".join(rest))
        for path in dict.fromkeys(scope.imports.get(name, ())):
            if path != name:
                yield from self._resolved(module, (*path.split("::"), *rest), search)
            elif name in self.crates:
                yield from self._inside(ModuleKey(self.crates[name], ()), rest, search)


class _PathSearch:
    """Search for one path, which goes into each module once for each rest of the path."""

    def __init__(self, *, explicit: bool = False) -> None:
        self.explicit = explicit
        """Whether imports of all of a module are left out."""
        self.depth = 0
        """Number of modules that are being looked into, each for the sake of the one before."""
        self._begun: set[tuple[ModuleKey, tuple[str, ...]]] = set()
        self._entered: set[tuple[ModuleKey, tuple[str, ...]]] = set()

    def begins(self, module: ModuleKey, parts: tuple[str, ...]) -> bool:
        """Tell whether a path has not been resolved in a module yet, and remember it."""
        return self._once(self._begun, module, parts)

    def enters(self, module: ModuleKey, parts: tuple[str, ...]) -> bool:
        """Tell the same for the names in a module, unless the path has led too far."""
        return self.depth < _DEEPEST and self._once(self._entered, module, parts)

    @staticmethod
    def _once(seen: set[tuple[ModuleKey, tuple[str, ...]]], module: ModuleKey, parts: tuple[str, ...]) -> bool:
        if (module, parts) in seen or len(seen) >= _MOST_STEPS or len(parts) > _LONGEST:
            return False
        seen.add((module, parts))
        return True
