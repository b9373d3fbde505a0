"""Kconfig constraints as formulas that hold in every configuration of an architecture.

Dependencies, selects and prompts together imply more than each symbol alone: if KVM_BOOK3S_HV_POSSIBLE is on,
some symbol that selects it is on, and that symbol selects KVM_BOOK3S_64_HANDLER too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Protocol

from caplint.c.formula import Formula, Literal, conjunction, disjunction, negation


class KconfigEntry(Protocol):
    """Part of a `config` entry that constraints need."""

    name: str
    prompt: bool
    depends: Formula
    selects: list[tuple[str, str, Formula, int]]
    defaults: list[Formula]


def constraints(
    entries: Iterable[KconfigEntry], elsewhere: Iterable[str], exclusive: Iterable[Iterable[str]]
) -> list[Formula]:
    """Return formulas that hold in every configuration.

    `elsewhere` are symbols that unread files may turn on. At most one symbol of each `exclusive` group is on.
    """
    by_name: dict[str, list[KconfigEntry]] = {}
    for entry in entries:
        by_name.setdefault(entry.name, []).append(entry)
    sources = _sources(by_name)
    formulas: list[Formula] = []
    for name, entries_of_name in by_name.items():
        symbol = _on(name)
        for entry in entries_of_name:
            formulas += [
                _implication(conjunction([symbol, condition]), _on(target))
                for target, kind, condition, _ in entry.selects
                if kind == "select" and len(entries_of_name) == 1
            ]
        if name in elsewhere:
            continue
        by_prompt = [entry.depends for entry in entries_of_name if entry.prompt]
        by_default = [conjunction([entry.depends, default]) for entry in entries_of_name for default in entry.defaults]
        formulas.append(_implication(symbol, disjunction([*by_prompt, *by_default, *sources.get(name, [])])))
    for group in exclusive:
        formulas += [negation(conjunction([_on(left), _on(right)])) for left, right in combinations(group, 2)]
    return [formula for formula in formulas if formula is not True]


def _on(name: str) -> Formula:
    return Literal(f"CONFIG_{name}")


def _implication(stronger: Formula, weaker: Formula) -> Formula:
    return disjunction([negation(stronger), weaker])


def _sources(by_name: dict[str, list[KconfigEntry]]) -> dict[str, list[Formula]]:
    """Map each symbol to the conditions under which another symbol turns it on."""
    conditions: dict[str, list[Formula]] = {}
    for target, formula in _selections(by_name):
        conditions.setdefault(target, []).append(formula)
    return conditions


def _selections(by_name: dict[str, list[KconfigEntry]]) -> Iterator[tuple[str, Formula]]:
    for name, entries in by_name.items():
        for entry in entries:
            for target, _, condition, _ in entry.selects:
                yield target, conjunction([_on(name), condition])
