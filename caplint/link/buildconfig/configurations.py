"""Decisions about presence conditions, given an architecture's Kconfig."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from caplint.c.constraint_solver import ConstraintSolver
from caplint.c.expression import parse
from caplint.c.formula import Formula, negation, satisfiable, substitute

Key = tuple[str, str, str]
"""Side, tree and architecture."""


class Configurations:
    """Decider of presence conditions under the known Kconfig states of each architecture."""

    def __init__(self, known: Mapping[Key, dict[str, bool]], rules: Mapping[Key, list[Formula]]) -> None:
        self._known = known
        self._rules = rules
        self._trees = list(dict.fromkeys(tree for side, tree, _ in known if side == "now"))
        self._solvers: dict[Key, ConstraintSolver] = {}
        self._consistent: dict[tuple[Key, Formula], int] = {}
        self._cache: dict[tuple[str, str | None, str | None, str], Formula] = {}

    def unpatched(self) -> Configurations:
        """Return a copy for the unpatched trees: side `base` takes the place of side `now`."""
        states, rules = dict(self._known), dict(self._rules)
        states.update({("now", *key[1:]): value for key, value in self._known.items() if key[0] == "base"})
        rules.update({("now", *key[1:]): value for key, value in self._rules.items() if key[0] == "base"})
        return Configurations(states, rules)

    def text(self) -> str:
        """Return all that decides on conditions on the side `now`, as text."""
        states = [(key, sorted(states.items())) for key, states in self._known.items() if key[0] == "now"]
        rules = [(key, list(map(str, rules))) for key, rules in self._rules.items() if key[0] == "now"]
        return repr((states, rules))

    def add_functions(self, connection: sqlite3.Connection) -> None:
        """Register `possible`, `consistent` and `certain` as SQL functions."""
        connection.create_function("possible", -1, self.possible, deterministic=True)
        connection.create_function("consistent", -1, self.consistent, deterministic=True)
        connection.create_function("certain", -1, self.certain, deterministic=True)

    def possible(
        self, arch: str | None, condition: str | None, tree: str | None = None, side: str = "now"
    ) -> int | None:
        """Tell whether some configuration of the architecture with KVM satisfies the condition; None for no condition.

        Without `tree`, the first tree that has the architecture is used.
        """
        return None if condition is None else int(satisfiable(self._decided(condition, arch, tree, side)))

    def certain(
        self, arch: str | None, condition: str | None, tree: str | None = None, side: str = "now"
    ) -> int | None:
        """Tell whether every configuration of the architecture with KVM satisfies it; arguments as for `possible`."""
        return None if condition is None else int(not satisfiable(negation(self._decided(condition, arch, tree, side))))

    def consistent(
        self, arch: str | None, condition: str | None, tree: str | None = None, side: str = "now"
    ) -> int | None:
        """Tell the same as `possible`, but with all Kconfig constraints on the symbols holding at once."""
        if condition is None:
            return None
        formula = self._decided(condition, arch, tree, side)
        if not satisfiable(formula):
            return 0
        trees = [tree] if tree is not None else self._trees
        rule_keys = [(side, name, arch) for name in trees if arch and (side, name, arch) in self._rules]
        return self._allowed(rule_keys[0], formula) if rule_keys else 1

    def _allowed(self, key: Key, formula: Formula) -> int:
        """Tell whether an architecture's constraints allow a formula."""
        if (key, formula) not in self._consistent:
            if key not in self._solvers:
                self._solvers[key] = ConstraintSolver(self._rules[key])
            self._consistent[key, formula] = int(self._solvers[key].allows(formula))
        return self._consistent[key, formula]

    def _decided(self, condition: str, arch: str | None, tree: str | None, side: str) -> Formula:
        key = (condition, arch, tree, side)
        if key not in self._cache:
            trees = [tree] if tree is not None else self._trees
            states = [self._known[side, name, arch] for name in trees if arch and (side, name, arch) in self._known]
            self._cache[key] = substitute(parse(condition), states[0] if states else {})
        return self._cache[key]
