"""Decides presence conditions in the light of what is known of an architecture's configurations."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from caplint.c.expression import parse
from caplint.c.formula import Formula, conjunction, negation, satisfiable, substitute

Key = tuple[str, str, str]
"""Side, tree and architecture."""


class Configurations:
    """Decides presence conditions under what is known of an architecture's configurations."""

    def __init__(self, known: Mapping[Key, dict[str, bool]], rules: Mapping[Key, list[Formula]]) -> None:
        self._known = known
        self._rules = rules
        self._trees = list(dict.fromkeys(tree for side, tree, _ in known if side == "now"))
        self._cache: dict[tuple[str, str | None, str | None, str], Formula] = {}

    def unpatched(self) -> Configurations:
        """The same of the trees without their patches: what holds on side `base` holds now."""
        known, rules = dict(self._known), dict(self._rules)
        known.update({("now", *key[1:]): value for key, value in self._known.items() if key[0] == "base"})
        rules.update({("now", *key[1:]): value for key, value in self._rules.items() if key[0] == "base"})
        return Configurations(known, rules)

    def add_functions(self, connection: sqlite3.Connection) -> None:
        """Make `possible`, `consistent` and `certain` known to queries."""
        connection.create_function("possible", -1, self.possible, deterministic=True)
        connection.create_function("consistent", -1, self.consistent, deterministic=True)
        connection.create_function("certain", -1, self.certain, deterministic=True)

    def possible(
        self, arch: str | None, condition: str | None, tree: str | None = None, side: str = "now"
    ) -> int | None:
        """Whether some configuration of the architecture with KVM satisfies the condition; None for no condition.

        Without a tree, the first one that has the architecture is meant.
        """
        return None if condition is None else int(satisfiable(self._decided(condition, arch, tree, side)))

    def certain(
        self, arch: str | None, condition: str | None, tree: str | None = None, side: str = "now"
    ) -> int | None:
        """Whether every configuration of the architecture with KVM satisfies the condition; else as `possible`."""
        return None if condition is None else int(not satisfiable(negation(self._decided(condition, arch, tree, side))))

    def consistent(
        self, arch: str | None, condition: str | None, tree: str | None = None, side: str = "now"
    ) -> int | None:
        """Like `possible`, but all that Kconfig says of the symbols has to hold at once."""
        if condition is None:
            return None
        formula = self._decided(condition, arch, tree, side)
        if not satisfiable(formula):
            return 0
        names = [tree] if tree is not None else self._trees
        keys = [(side, name, arch) for name in names if arch and (side, name, arch) in self._rules]
        return int(satisfiable(conjunction([formula, *self._rules[keys[0]]]))) if keys else 1

    def _decided(self, condition: str, arch: str | None, tree: str | None, side: str) -> Formula:
        key = (condition, arch, tree, side)
        if key not in self._cache:
            names = [tree] if tree is not None else self._trees
            known = [self._known[side, name, arch] for name in names if arch and (side, name, arch) in self._known]
            self._cache[key] = substitute(parse(condition), known[0] if known else {})
        return self._cache[key]
