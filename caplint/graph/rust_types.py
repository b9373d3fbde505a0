"""Types of expressions in a Rust program, and the functions that a name means on a value of a type.

What another crate defines is a type without fields and methods, except those that this program implements for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from caplint.graph.rust_modules import Meaning, ModuleKey
from caplint.graph.rust_program import Key, RustFunction, RustProgram
from caplint.rust.words import words

_ELSEWHERE = ModuleKey("", ("",))
"""Module of the types of other crates."""
_DEPTH = 14
_MOST = 12
_MOST_ALIASES = 32
"""Aliases and associated types that lead from one to the next."""
GIVING = frozenset(
    [
        "as_mut_any",
        "back",
        "back_mut",
        "by_ref",
        "collect",
        "downgrade",
        "drain",
        "entry",
        "enumerate",
        "err",
        "filter",
        "find",
        "first",
        "first_mut",
        "front",
        "front_mut",
        "get",
        "get_mut",
        "get_or_init",
        "get_or_insert_with",
        "insert",
        "last",
        "last_mut",
        "make_mut",
        "next",
        "nth",
        "ok",
        "or_insert",
        "or_insert_with",
        "peekable",
        "pop",
        "pop_front",
        "remove",
        "replace",
        "rev",
        "skip",
        "swap_remove",
        "take",
        "try_borrow",
        "try_borrow_mut",
        "try_lock",
        "unwrap_unchecked",
        "upgrade",
        "values",
        "values_mut",
        "with_context",
        "zip",
    ]
)
"""Methods that return the value inside their receiver, besides those of rust/tables.toml."""
_MAKING = frozenset({"new", "default", "open"})


class TypeUse(NamedTuple):
    """Type as a place of the program writes it."""

    text: str
    module: ModuleKey
    own: str = ""
    """Type that `Self` means there."""


class CallTarget(NamedTuple):
    """Function that a call may mean."""

    function: RustFunction
    trait: str = ""
    """Trait through which it is called on a value of unknown type; '' for a call of this function alone."""


class RustTypes:
    """Types of one program, all of whose files have been added."""

    def __init__(self, program: RustProgram) -> None:
        self._program = program
        self._methods: dict[tuple[Key, str], list[RustFunction]] = {}
        self._declared: dict[Key, dict[str, RustFunction]] = {}
        """Trait → its methods, as it declares them."""
        self._implementers: dict[Key, list[Key]] = {}
        self._implements: dict[Key, list[Key]] = {}
        self._assigned: dict[tuple[Key, str], TypeUse] = {}
        self._known: dict[TypeUse, list[Meaning]] = {}
        self._aliases = 0
        """Number of types whose meaning is being looked for, each for the sake of the one before."""
        self._fill()

    def _fill(self) -> None:
        for function in self._program.functions:
            if not function.owner:
                continue
            use = TypeUse(function.owner, function.module)
            for item in self.items(use):
                key = (item.module, item.name)
                if function.trait == function.owner and item.kind == "trait":
                    self._declared.setdefault(key, {})[function.name] = function
                else:
                    self._methods.setdefault((key, function.name), []).append(function)
        for one in self._program.implementations:
            traits = [(item.module, item.name) for item in self.items(TypeUse(one.trait, one.module))]
            for item in self.items(TypeUse(one.owner, one.module)):
                owner = (item.module, item.name)
                for trait in traits:
                    self._implementers.setdefault(trait, []).append(owner)
                    self._implements.setdefault(owner, []).append(trait)
                for name, held in one.assigned.items():
                    self._assigned.setdefault((owner, name), TypeUse(held, one.module, one.owner))

    def items(self, use: TypeUse) -> list[Meaning]:
        """Return the types and traits that a type means."""
        if use not in self._known:
            if self._aliases >= _MOST_ALIASES:
                return []
            self._known[use] = []  # an alias that leads to itself
            self._aliases += 1
            self._known[use] = list(dict.fromkeys(islice(self._items(use), _MOST)))
            self._aliases -= 1
        return self._known[use]

    def _items(self, use: TypeUse) -> Iterator[Meaning]:
        text = use.text.lstrip("?")
        if not text or text.startswith("("):
            return
        for part in text.split("+"):
            if part == "Self" and use.own:
                yield from self.items(TypeUse(use.own, use.module))
            elif part.startswith("Self::") and use.own:
                yield from self._within_own(use, part.removeprefix("Self::"))
            else:
                yield from self._named(use.module, part)

    def _within_own(self, use: TypeUse, name: str) -> Iterator[Meaning]:
        """Yield the meanings of `Self::name`: an associated type, or a variant."""
        for item in self.items(TypeUse(use.own, use.module)):
            held = self._assigned.get(((item.module, item.name), name))
            if held is not None:
                yield from self.items(held)
            elif (item.module, f"{item.name}::{name}") in self._program.fields:
                yield Meaning("type", item.module, f"{item.name}::{name}")

    def _named(self, module: ModuleKey, path: str) -> Iterator[Meaning]:
        found = False
        for item in self._program.modules.meanings(module, path):
            found = found or item.kind in {"type", "trait", "alias"}
            if item.kind in {"type", "trait"}:
                yield item
            elif item.kind == "alias":
                yield from self.items(TypeUse(self._program.aliases[item.module, item.name], item.module))
            elif item.kind == "inside" and (item.module, f"{item.name}::{item.member}") in self._program.fields:
                found = True
                yield Meaning("type", item.module, f"{item.name}::{item.member}")
        if not found:
            yield Meaning("type", _ELSEWHERE, path.rpartition("::")[2])

    def of(self, chain: Any, function: RustFunction, depth: int = 0) -> list[TypeUse]:
        """Return the types that the value of a chain may have; empty if that is not known."""
        if chain is None or depth > _DEPTH:
            return []
        match chain[0]:
            case "self":
                return [TypeUse(function.owner, function.module)] if function.owner else []
            case "t":
                return [TypeUse(chain[1], function.module, function.owner)]
            case "g":
                return self._variable(function.module, chain[1])
            case "c":
                return self._result_of_path(chain[1], function)
            case "f":
                return self._each(self.of(chain[1], function, depth + 1), lambda use: self._field(use, chain[2]))
            case "m":
                return self._each(self.of(chain[1], function, depth + 1), lambda use: self._result(use, chain[2]))
        return []

    @staticmethod
    def _each(uses: list[TypeUse], found: Any) -> list[TypeUse]:
        return list(dict.fromkeys(result for use in uses for result in found(use)))[:_MOST]

    def _variable(self, module: ModuleKey, name: str) -> list[TypeUse]:
        items = self._program.modules.meanings(module, name)
        return [
            TypeUse(self._program.variables[item.module, item.name], item.module)
            for item in items
            if item.kind == "variable"
        ]

    def _result_of_path(self, path: str, function: RustFunction) -> list[TypeUse]:
        targets = self.path_targets(path, function)
        found = [result for target in targets for result in _result(target.function, None)]
        kind, _, last = path.rpartition("::")
        if not targets and kind and last in _MAKING and kind.rpartition("::")[2][:1].isupper():
            found = [TypeUse(kind, function.module, function.owner)]
        return list(dict.fromkeys(found))[:_MOST]

    def _field(self, use: TypeUse, name: str) -> Iterator[TypeUse]:
        text = use.text.lstrip("?")
        if text.startswith("("):
            parts = text[1:-1].split(",")
            if name.isdigit() and int(name) < len(parts) and parts[int(name)]:
                yield use._replace(text=parts[int(name)])
            return
        found = False
        for item in self._with_targets(use):
            held = self._program.fields.get((item.module, item.name), {}).get(name)
            if held is not None:
                found = True
                yield TypeUse(held, item.module, item.name)
        if not found and name == "1":
            yield use  # the entry, which follows its number or key

    def _with_targets(self, use: TypeUse) -> Iterator[Meaning]:
        """Yield the types of a use, and those that they stand for by `Deref`."""
        for item in self.items(use):
            yield item
            target = self._assigned.get(((item.module, item.name), "Target"))
            if target is not None and target != use:
                yield from self.items(target)

    def _result(self, use: TypeUse, method: str) -> Iterator[TypeUse]:
        targets = self.methods(use, method)
        for target in targets:
            yield from _result(target.function, use)
        if not targets and (method in words().transparent | words().fatal or method in GIVING):
            yield use

    def methods(self, use: TypeUse, name: str) -> list[CallTarget]:
        """Return the functions that a method's name means on a value of a type."""
        if use.text.startswith("?") and (name in words().transparent | words().fatal or name in GIVING):
            return []  # a method of what holds the value
        found: dict[CallTarget, None] = {}
        for item in self.items(use):
            found.update(dict.fromkeys(self._of_item(item, name)))
        for item in self._with_targets(use) if not found else ():
            found.update(dict.fromkeys(self._of_item(item, name)))
        return list(found)

    def _of_item(self, item: Meaning, name: str) -> Iterator[CallTarget]:
        key = (item.module, item.name)
        if item.kind == "trait":
            yield from self._of_trait(key, name, self._implementers.get(key, ()))
            return
        own = [function for function in self._methods.get((key, name), ()) if function.has_body]
        # A method of the type itself comes before those of traits.
        yield from map(CallTarget, [function for function in own if not function.trait] or _clear(own))
        if not own:
            for trait in self._implements.get(key, ()):
                declared = self._declared.get(trait, {}).get(name)
                if declared is not None and declared.has_body:
                    yield CallTarget(declared)

    def _of_trait(self, trait: Key, name: str, owners: Iterable[Key], depth: int = 0) -> Iterator[CallTarget]:
        """Yield the methods that some types have by a trait or a trait above it."""
        declared = self._declared.get(trait, {}).get(name)
        if declared is not None:
            for owner in dict.fromkeys(owners or self._implementers.get(trait, ())):
                for function in self._methods.get((owner, name), ()):
                    if function.has_body and function.trait:
                        yield CallTarget(function, trait[1])
            if declared.has_body:
                yield CallTarget(declared, trait[1])
            return
        yield from (CallTarget(function) for function in self._methods.get((trait, name), ()) if function.has_body)
        above = self._program.supertraits.get(trait, "")
        for item in self.items(TypeUse(above, trait[0])) if above and depth < _DEPTH else ():
            if item.kind == "trait" and (item.module, item.name) != trait:
                yield from self._of_trait((item.module, item.name), name, owners, depth + 1)

    def path_targets(self, path: str, function: RustFunction) -> list[CallTarget]:
        """Return the functions that a path means in a function; empty for those of other crates."""
        kind, _, last = path.rpartition("::")
        if path.endswith("!"):
            return [CallTarget(one) for one in self._macros(last, function)]
        if kind in {"Self", ""} and kind:
            return self.methods(TypeUse(function.owner, function.module), last) if function.owner else []
        if "+" in kind or kind.startswith("Self::"):
            return self.methods(TypeUse(kind, function.module, function.owner), last)
        found: dict[CallTarget, None] = {}
        for item in self._program.modules.meanings(function.module, path):
            found.update(dict.fromkeys(self._meant(item)))
        return list(found)

    def _meant(self, item: Meaning) -> Iterable[CallTarget]:
        if item.kind == "function":
            return map(CallTarget, self._program.free.get((item.module, item.name), ()))
        if item.kind == "inside" and "::" not in item.member:
            return self.methods(TypeUse(item.name, item.module), item.member)
        return ()

    def _macros(self, name: str, function: RustFunction) -> list[RustFunction]:
        """Return the nearest definitions of a macro: of the file, else of the crate, else the only one."""
        known = self._program.by_name.get(name, [])
        for near in (
            [one for one in known if one.function.path == function.function.path],
            [one for one in known if one.module.crate == function.module.crate],
        ):
            if near:
                return near
        return known if len(known) == 1 else []

    def implemented(self, function: RustFunction) -> str:
        """Return the trait of another crate whose method a function is, '' for none."""
        if not function.trait:
            return ""
        for item in self.items(TypeUse(function.trait, function.module)):
            if item.module == _ELSEWHERE:
                return item.name
        return ""

    def is_elsewhere(self, use: TypeUse) -> bool:
        """Tell whether another crate defines a type."""
        return all(item.module == _ELSEWHERE for item in self.items(use))


def _clear(functions: list[RustFunction]) -> list[RustFunction]:
    """Return the methods of one name without those of which a type has several at once, such as `From::from`."""
    places = Counter((function.trait, function.condition, function.arch) for function in functions if function.trait)
    return [function for function in functions if places[function.trait, function.condition, function.arch] <= 1]


def _result(function: RustFunction, receiver: TypeUse | None) -> list[TypeUse]:
    text = function.result.lstrip("?")
    if text == "Self" and receiver is not None:
        return [receiver]
    return [TypeUse(function.result, function.module, function.owner)] if text else []
