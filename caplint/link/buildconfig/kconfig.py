"""What each architecture's Kconfig makes possible, certain or impossible, given that KVM is built for it.

A symbol without a prompt is on only where something selects it or a default of its own applies
(Documentation/kbuild/kconfig-language.rst), so for each architecture the files virt/kvm/Kconfig and
arch/*/kvm/Kconfig decide most of what KVM's code asks for.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from caplint.c.expression import parse
from caplint.c.formula import Formula, conjunction, evaluate, literals, substitute
from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.buildconfig.configurations import Configurations, Key
from caplint.link.buildconfig.kconfig_constraints import constraints

_ROOT = "KVM"
_STATES = {None: "possible", True: "always", False: "never"}
_Reasons = dict[str, tuple[str, int]]
"""Symbol → path and line that decide it."""


@dataclass
class _ConfigEntry:
    """One `config` entry."""

    name: str
    prompt: bool
    depends: Formula
    path: str
    line: int
    selects: list[tuple[str, str, Formula, int]] = field(default_factory=list)
    """Target, kind, condition, line."""
    defaults: list[Formula] = field(default_factory=list)
    """When each of them turns it on, in their order."""


def link_kconfig(connection: sqlite3.Connection, built: Mapping[Key, Formula]) -> Configurations:
    """Fill `all_kconfig`. `built` says when KVM itself is built."""
    known: dict[Key, dict[str, bool]] = {}
    rules: dict[Key, list[Formula]] = {}
    for (side, tree, arch), entries in _architectures(connection).items():
        symbols = {f"CONFIG_{name}": on for name, on in knowledge().architecture_symbols(arch).items()}
        given = symbols | {literal.atom: literal.positive for literal in literals(built.get((side, tree, arch), True))}
        states, reasons = _settle(entries, {**given, f"CONFIG_{_ROOT}": True})
        known[side, tree, arch] = states
        held = constraints(entries, knowledge().selected_elsewhere, knowledge().exclusive_symbols(arch))
        rules[side, tree, arch] = [substitute(rule, states) for rule in held]
        reasons.update((entry.name, (entry.path, entry.line)) for entry in reversed(entries))
        for name in sorted({atom.removeprefix("CONFIG_") for atom in states} | {entry.name for entry in entries}):
            state = _STATES[states.get(f"CONFIG_{name}")]
            row = (side, tree, arch, name, state, *reasons.get(name, (None, None)))
            connection.execute("INSERT INTO temp.all_kconfig VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return Configurations(known, rules)


def _architectures(connection: sqlite3.Connection) -> dict[Key, list[_ConfigEntry]]:
    """The boolean entries that each architecture with a Kconfig of KVM sees, its own first."""
    files: dict[tuple[str, str, str, str], dict[int, _ConfigEntry]] = {}
    place = "f.side, f.tree, f.arch, f.path"
    for *where, name, kind, prompt, depends, line in connection.execute(
        f"""SELECT {place}, k.name, k.type, k.prompt, k.depends, k.line
            FROM temp.all_file f JOIN main.kconfig_symbol k ON k.blob = f.blob ORDER BY f.path, k.line"""  # noqa: S608
    ):
        if kind in {"bool", "tristate", ""}:
            entry = _ConfigEntry(name, bool(prompt), parse(depends), where[3], line)
            files.setdefault((where[0], where[1], where[2], where[3]), {})[line] = entry
    for *where, symbol, target, kind, condition, line in connection.execute(
        f"""SELECT {place}, k.symbol, k.target, k.kind, c.text, k.line FROM temp.all_file f
            JOIN main.kconfig_select k ON k.blob = f.blob JOIN main.condition c ON c.id = k.condition"""  # noqa: S608
    ):
        if (found := _above(files.get((where[0], where[1], where[2], where[3]), {}), symbol, line)) is not None:
            found.selects.append((target, kind, parse(condition), line))
    for *where, symbol, value, condition, line in connection.execute(
        f"""SELECT {place}, k.symbol, k.value, c.text, k.line FROM temp.all_file f
            JOIN main.kconfig_default k ON k.blob = f.blob JOIN main.condition c ON c.id = k.condition
            ORDER BY f.path, k.line"""  # noqa: S608
    ):
        if (found := _above(files.get((where[0], where[1], where[2], where[3]), {}), symbol, line)) is not None:
            found.defaults.append(conjunction([parse(value), parse(condition)]))
    shared = {key[:2]: list(entries.values()) for key, entries in files.items() if key[2] == GENERIC}
    own: dict[Key, list[_ConfigEntry]] = {}
    for (side, tree, arch, _), entries in files.items():
        if arch != GENERIC:
            own.setdefault((side, tree, arch), []).extend(entries.values())
    return {key: [*entries, *shared.get(key[:2], [])] for key, entries in own.items()}


def _above(entries: dict[int, _ConfigEntry], name: str, line: int) -> _ConfigEntry | None:
    """The entry of a symbol in which a line stands: the last that begins before it."""
    return next((entry for start, entry in reversed(entries.items()) if start <= line and entry.name == name), None)


def _settle(entries: list[_ConfigEntry], given: Mapping[str, bool]) -> tuple[dict[str, bool], _Reasons]:
    """Atom → what it is in every configuration; atoms that may be either are left out.

    What is given comes first with all that follows from it; only then is anything left over ruled out. Each round
    uses what the one before has found out, until there is nothing more to find.
    """
    certain, reasons = dict(given), _Reasons()
    _conclude(entries, certain, {}, reasons)
    while True:
        impossible = {f"CONFIG_{name}": False for name in _unreached(entries, certain)}
        if not _conclude(entries, certain, impossible, reasons):
            return impossible | certain, reasons


def _conclude(
    entries: list[_ConfigEntry], certain: dict[str, bool], impossible: Mapping[str, bool], reasons: _Reasons
) -> bool:
    """Add all that follows to what is certain; whether that was anything."""
    before = len(certain)
    while True:
        settled = len(certain)
        for name, on, place in _consequences(entries, {**impossible, **certain}):
            if f"CONFIG_{name}" not in certain and f"CONFIG_{name}" not in impossible:
                certain[f"CONFIG_{name}"] = on
                reasons.setdefault(name, place)
        if len(certain) == settled:
            return settled > before


def _unreached(entries: list[_ConfigEntry], certain: Mapping[str, bool]) -> set[str]:
    """Symbols that no prompt, default or select can turn on, found by turning on what can until nothing follows."""
    off = {entry.name for entry in entries if not certain.get(f"CONFIG_{entry.name}")}
    off -= knowledge().selected_elsewhere
    known = {**{f"CONFIG_{name}": False for name in off}, **certain}
    depends: dict[str, list[Formula]] = {}
    for entry in entries:
        depends.setdefault(entry.name, []).append(entry.depends)
    before = len(off) + 1
    while len(off) < before:
        before = len(off)
        for entry in entries:
            for name, kind in _turned_on(entry, known):
                # `select` asks for no dependencies.
                held = kind != "imply" or any(evaluate(each, known) is not False for each in depends.get(name, ()))
                if name in off and held:
                    off.discard(name)
                    known.pop(f"CONFIG_{name}")
    return off


def _turned_on(entry: _ConfigEntry, known: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    """The symbols that an entry may turn on, and how: its own, and those that it selects or implies."""
    if evaluate(entry.depends, known) is False:
        return
    if entry.prompt or any(evaluate(default, known) is not False for default in entry.defaults):
        yield entry.name, "own"
    if known.get(f"CONFIG_{entry.name}") is not False:
        for target, kind, condition, _ in entry.selects:
            if evaluate(condition, known) is not False:
                yield target, kind


def _consequences(
    entries: list[_ConfigEntry], known: Mapping[str, bool]
) -> Iterator[tuple[str, bool, tuple[str, int]]]:
    """Symbols that are on, or off, in every configuration, with the place that says so."""
    count = Counter(entry.name for entry in entries)
    prompts = {entry.name for entry in entries if entry.prompt}
    for entry in entries:
        place = (entry.path, entry.line)
        on = known.get(f"CONFIG_{entry.name}") is True
        holds = evaluate(entry.depends, known) is True
        if on and count[entry.name] == 1:
            # What a person chose, or what is given, has its dependencies; what is merely selected may lack them.
            if entry.prompt or entry.name == _ROOT:
                for literal in literals(entry.depends):
                    if literal.atom.startswith("CONFIG_"):
                        yield literal.atom.removeprefix("CONFIG_"), literal.positive, place
            holds = True
        if on and holds:
            for target, kind, condition, line in entry.selects:
                if kind == "select" and evaluate(condition, known) is True:
                    yield target, True, (entry.path, line)
        if holds and entry.name not in prompts and entry.defaults and evaluate(entry.defaults[0], known) is True:
            yield entry.name, True, place
