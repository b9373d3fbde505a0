"""Kconfig symbols that are possible, certain or impossible on each architecture, given that KVM is built.

A symbol without a prompt is on only if another symbol selects it or one of its own defaults applies
(Documentation/kbuild/kconfig-language.rst). So for each architecture the files virt/kvm/Kconfig and
arch/*/kvm/Kconfig decide most symbols that KVM's code tests.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from caplint.c.expression import parse
from caplint.c.formula import Formula, conjunction, evaluate, literals, substitute, text
from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.buildconfig.configurations import Configurations, Key
from caplint.link.buildconfig.kconfig_constraints import constraints
from caplint.link.buildconfig.rows import KconfigRow
from caplint.link.core.rows import CutRow, insert

_ROOT = "KVM"
# Characters of conditions that are evaluated for one architecture, and of its constraints. Linux 6.12 has up to 3,600
# in its entries, evaluated some six times, and 6,100 in its constraints.
_MAX_EVALUATED = 4_000_000
_MAX_CONSTRAINTS = 100_000
_TOO_LONG = "too many or too long Kconfig conditions of {}: dependencies between symbols are known in part"
_STATES = {None: "possible", True: "always", False: "never"}
_Reasons = dict[str, tuple[str, int]]
"""Symbol → path and line that decide its state."""


@dataclass
class _ConfigEntry:
    """Kconfig `config` entry."""

    name: str
    prompt: bool
    depends: Formula
    path: str
    line: int
    kind: str
    """bool, tristate, or empty if another entry declares it."""
    selects: list[tuple[str, str, Formula, int]] = field(default_factory=list)
    """Target, kind, condition, line."""
    defaults: list[Formula] = field(default_factory=list)
    """Conditions under which each default turns the symbol on, in file order."""

    @property
    def size(self) -> int:
        """Characters of all conditions, and the number of lines."""
        conditions = [self.depends, *self.defaults, *(condition for _, _, condition, _ in self.selects)]
        return sum(len(text(condition)) for condition in conditions) + len(conditions)


def link_kconfig(connection: sqlite3.Connection, built: Mapping[Key, Formula]) -> Configurations:
    """Fill `all_kconfig`. `built` gives the condition under which KVM itself is built."""
    states_of: dict[Key, dict[str, bool]] = {}
    rules: dict[Key, list[Formula]] = {}
    architectures = _architectures(connection)
    every: dict[tuple[str, str], set[str]] = {}
    for key, entries in architectures.items():
        every.setdefault(key[:2], set()).update(entry.name for entry in entries)
    for (side, tree, arch), entries in architectures.items():
        symbols = {f"CONFIG_{name}": on for name, on in knowledge().architecture_symbols(arch).items()}
        # What only KVM's Kconfig of other architectures defines is off.
        elsewhere = every[side, tree] - {entry.name for entry in entries} - knowledge().selected_elsewhere
        symbols = {f"CONFIG_{name}": False for name in elsewhere} | symbols
        assumed = symbols | {
            literal.atom: literal.positive for literal in literals(built.get((side, tree, arch), True))
        }
        work = _Work(entries)
        states, reasons = _settle(entries, {**assumed, f"CONFIG_{_ROOT}": True}, work)
        states_of[side, tree, arch] = states | _never_modules(entries)
        formulas = constraints(entries, knowledge().selected_elsewhere, knowledge().exclusive_symbols(arch))
        remaining = [substitute(rule, states) for rule in formulas]
        is_long = sum(len(text(rule)) for rule in remaining) > _MAX_CONSTRAINTS
        rules[side, tree, arch] = [] if is_long else remaining
        if is_long or work.is_spent:
            reason = _TOO_LONG.format(arch)
            insert(connection, "all_cut", [CutRow(side, tree, entries[0].path, entries[0].line, 0, 0, reason)])
        reasons.update((entry.name, (entry.path, entry.line)) for entry in reversed(entries))
        own = {atom.removeprefix("CONFIG_") for atom in states} - elsewhere | {entry.name for entry in entries}
        for name in sorted(own):
            state = _STATES[states.get(f"CONFIG_{name}")]
            row = KconfigRow(side, tree, arch, name, state, *reasons.get(name, (None, None)))
            insert(connection, "all_kconfig", [row])
    return Configurations(states_of, rules)


def _never_modules(entries: list[_ConfigEntry]) -> dict[str, bool]:
    """Return the states of the atoms `CONFIG_X_MODULE` of symbols that cannot be modules."""
    others = {entry.name for entry in entries if entry.kind != "bool"}
    return {f"CONFIG_{entry.name}_MODULE": False for entry in entries if entry.name not in others}


def _architectures(connection: sqlite3.Connection) -> dict[Key, list[_ConfigEntry]]:
    """Return the boolean entries that each architecture with a Kconfig of KVM sees, its own before the shared ones."""
    files: dict[tuple[str, str, str, str], dict[str, list[_ConfigEntry]]] = {}
    place = "f.side, f.tree, f.arch, f.path"
    for *where, name, kind, prompt, depends, line in connection.execute(
        f"""SELECT {place}, k.name, k.type, k.prompt, k.depends, k.line
            FROM temp.all_file f JOIN main.kconfig_symbol k ON k.blob = f.blob ORDER BY f.path, k.line"""  # noqa: S608
    ):
        if kind in {"bool", "tristate", ""}:
            entry = _ConfigEntry(name, bool(prompt), parse(depends), where[3], line, kind)
            by_name = files.setdefault((where[0], where[1], where[2], where[3]), {})
            by_name.setdefault(name, []).append(entry)
    for *where, symbol, target, kind, condition, line in connection.execute(
        f"""SELECT {place}, k.symbol, k.target, k.kind, c.text, k.line FROM temp.all_file f
            JOIN main.kconfig_select k ON k.blob = f.blob JOIN main.condition c ON c.id = k.condition"""  # noqa: S608
    ):
        if (owner := _above(files.get((where[0], where[1], where[2], where[3]), {}), symbol, line)) is not None:
            owner.selects.append((target, kind, parse(condition), line))
    for *where, symbol, value, condition, line in connection.execute(
        f"""SELECT {place}, k.symbol, k.value, c.text, k.line FROM temp.all_file f
            JOIN main.kconfig_default k ON k.blob = f.blob JOIN main.condition c ON c.id = k.condition
            ORDER BY f.path, k.line"""  # noqa: S608
    ):
        if (owner := _above(files.get((where[0], where[1], where[2], where[3]), {}), symbol, line)) is not None:
            owner.defaults.append(conjunction([parse(value), parse(condition)]))
    shared = {key[:2]: _in_order(entries) for key, entries in files.items() if key[2] == GENERIC}
    own_entries: dict[Key, list[_ConfigEntry]] = {}
    for (side, tree, arch, _), entries in files.items():
        if arch != GENERIC:
            own_entries.setdefault((side, tree, arch), []).extend(_in_order(entries))
    return {key: [*entries, *shared.get(key[:2], [])] for key, entries in own_entries.items()}


def _in_order(entries: Mapping[str, list[_ConfigEntry]]) -> list[_ConfigEntry]:
    return sorted((entry for entries_of_name in entries.values() for entry in entries_of_name), key=attrgetter("line"))


def _above(entries: dict[str, list[_ConfigEntry]], name: str, line: int) -> _ConfigEntry | None:
    """Return the entry of a symbol that contains a line: the last that begins at or before it."""
    entries_of_name = entries.get(name, [])
    following = bisect_right(entries_of_name, line, key=attrgetter("line"))
    return entries_of_name[following - 1] if following else None


class _Work:
    """Budget for the conditions that are evaluated until nothing changes; every round evaluates all of them."""

    def __init__(self, entries: list[_ConfigEntry]) -> None:
        self._size = sum(entry.size for entry in entries)
        self._left = max(_MAX_EVALUATED, 2 * self._size)

    @property
    def is_spent(self) -> bool:
        """Whether a round was refused."""
        return self._left < 0

    def round(self) -> bool:
        """Tell whether another round may be made, and charge it."""
        self._left -= self._size
        return not self.is_spent


def _settle(entries: list[_ConfigEntry], assumed: Mapping[str, bool], work: _Work) -> tuple[dict[str, bool], _Reasons]:
    """Return the states of atoms that are equal in every configuration, and the reasons; omit other atoms.

    First come the given atoms and all their consequences. Only then are unreachable symbols ruled out. Each round
    builds on the results of the previous one, until nothing changes. Once `work` is spent, states that are not known
    yet are omitted.
    """
    certain, reasons = dict(assumed), _Reasons()
    _conclude(entries, certain, {}, reasons, work)
    while True:
        impossible = {f"CONFIG_{name}": False for name in _unreached(entries, certain, work)}
        if not _conclude(entries, certain, impossible, reasons, work):
            return impossible | certain, reasons


def _conclude(
    entries: list[_ConfigEntry],
    certain: dict[str, bool],
    impossible: Mapping[str, bool],
    reasons: _Reasons,
    work: _Work,
) -> bool:
    """Add all consequences to `certain`; return whether there was any."""
    before = len(certain)
    settled = -1
    while len(certain) > settled and work.round():
        settled = len(certain)
        for name, on, source in _consequences(entries, {**impossible, **certain}):
            if f"CONFIG_{name}" not in certain and f"CONFIG_{name}" not in impossible:
                certain[f"CONFIG_{name}"] = on
                reasons.setdefault(name, source)
    return len(certain) > before and not work.is_spent


def _unreached(entries: list[_ConfigEntry], certain: Mapping[str, bool], work: _Work) -> set[str]:
    """Return the symbols that no prompt, default or select can turn on, by turning on the others to a fixed point.

    The set is empty once `work` is spent: any symbol may be on.
    """
    off = {entry.name for entry in entries if not certain.get(f"CONFIG_{entry.name}")}
    off -= knowledge().selected_elsewhere
    states = {**{f"CONFIG_{name}": False for name in off}, **certain}
    depends: dict[str, list[Formula]] = {}
    for entry in entries:
        depends.setdefault(entry.name, []).append(entry.depends)
    before = len(off) + 1
    while len(off) < before:
        if not work.round():
            return set()
        before = len(off)
        for entry in entries:
            for name, kind in _turned_on(entry, states):
                # `select` ignores dependencies.
                allowed = kind != "imply" or any(
                    evaluate(formula, states) is not False for formula in depends.get(name, ())
                )
                if name in off and allowed:
                    off.discard(name)
                    states.pop(f"CONFIG_{name}")
    return off


def _turned_on(entry: _ConfigEntry, states: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    """Yield the symbols that an entry may turn on, each with its kind: `own`, or the kind of select."""
    if evaluate(entry.depends, states) is False:
        return
    if entry.prompt or any(evaluate(default, states) is not False for default in entry.defaults):
        yield entry.name, "own"
    if states.get(f"CONFIG_{entry.name}") is not False:
        for target, kind, condition, _ in entry.selects:
            if evaluate(condition, states) is not False:
                yield target, kind


def _consequences(
    entries: list[_ConfigEntry], states: Mapping[str, bool]
) -> Iterator[tuple[str, bool, tuple[str, int]]]:
    """Yield symbols that are on (or off) in every configuration, with path and line of the entry that decides it."""
    count = Counter(entry.name for entry in entries)
    prompts = {entry.name for entry in entries if entry.prompt}
    for entry in entries:
        source = (entry.path, entry.line)
        on = states.get(f"CONFIG_{entry.name}") is True
        holds = evaluate(entry.depends, states) is True
        if on and count[entry.name] == 1:
            # A symbol with a prompt, or a given one, has its dependencies; a selected one may lack them.
            if entry.prompt or entry.name == _ROOT:
                for literal in literals(entry.depends):
                    if literal.atom.startswith("CONFIG_"):
                        yield literal.atom.removeprefix("CONFIG_"), literal.positive, source
            holds = True
        if on and holds:
            for target, kind, condition, line in entry.selects:
                if kind == "select" and evaluate(condition, states) is True:
                    yield target, True, (entry.path, line)
        if holds and entry.name not in prompts and entry.defaults and evaluate(entry.defaults[0], states) is True:
            yield entry.name, True, source
