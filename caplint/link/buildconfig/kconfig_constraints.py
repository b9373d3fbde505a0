"""Kconfig as formulas: what must hold of an architecture's symbols in any configuration that Kconfig can make.

Dependencies, selects and prompts say more together than symbol by symbol: that KVM_BOOK3S_HV_POSSIBLE is on means
that something which selects it is, and that selects KVM_BOOK3S_64_HANDLER too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Protocol

from caplint.c.formula import Formula, Literal, conjunction, disjunction, negation


class KconfigEntry(Protocol):
    """One `config` entry, as far as constraints need it."""

    name: str
    prompt: bool
    depends: Formula
    selects: list[tuple[str, str, Formula, int]]
    defaults: list[Formula]


def constraints(
    entries: Iterable[KconfigEntry], elsewhere: Iterable[str], exclusive: Iterable[Iterable[str]]
) -> list[Formula]:
    """Formulas that hold in every configuration.

    `elsewhere` are symbols that files which are not read may turn on; of each group of `exclusive` at most one is on.
    """
    by_name: dict[str, list[KconfigEntry]] = {}
    for entry in entries:
        by_name.setdefault(entry.name, []).append(entry)
    sources = _sources(by_name)
    found: list[Formula] = []
    for name, own in by_name.items():
        symbol = _on(name)
        for entry in own:
            found += [
                _implication(conjunction([symbol, condition]), _on(target))
                for target, kind, condition, _ in entry.selects
                if kind == "select" and len(own) == 1
            ]
        if name in elsewhere:
            continue
        chosen = [entry.depends for entry in own if entry.prompt]
        by_default = [conjunction([entry.depends, default]) for entry in own for default in entry.defaults]
        found.append(_implication(symbol, disjunction([*chosen, *by_default, *sources.get(name, [])])))
    for group in exclusive:
        found += [negation(conjunction([_on(one), _on(other)])) for one, other in combinations(group, 2)]
    return [formula for formula in found if formula is not True]


def _on(name: str) -> Formula:
    return Literal(f"CONFIG_{name}")


def _implication(stronger: Formula, weaker: Formula) -> Formula:
    return disjunction([negation(stronger), weaker])


def _sources(by_name: dict[str, list[KconfigEntry]]) -> dict[str, list[Formula]]:
    """For each symbol, when another one turns it on."""
    found: dict[str, list[Formula]] = {}
    for target, formula in _selections(by_name):
        found.setdefault(target, []).append(formula)
    return found


def _selections(by_name: dict[str, list[KconfigEntry]]) -> Iterator[tuple[str, Formula]]:
    for name, own in by_name.items():
        for entry in own:
            for target, _, condition, _ in entry.selects:
                yield target, conjunction([_on(name), condition])
