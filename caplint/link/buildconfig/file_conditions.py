"""Presence conditions of whole files, from the build rules of their tree."""

from __future__ import annotations

import hashlib
import posixpath
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from caplint.c.expression import MAX_LENGTH, is_quoted, parse, quoted
from caplint.c.formula import Formula, Junction, Literal, conjunction, disjunction, literals, substitute, text
from caplint.knowledge.load import GENERIC
from caplint.link.buildconfig.rows import FileConditionRow
from caplint.link.core.rows import CutRow, insert

_KVM = "CONFIG_KVM"
_TOO_LONG = f"conditions of one object that are longer than {MAX_LENGTH:,} characters together"
Place = tuple[str, str, str]
"""Side and tree, with a path or an architecture."""
_BuildRules = dict[Place, list["_BuildRule"]]
"""Built file or directory → the rules that build it."""

_RULES = """
    SELECT f.side, f.tree, f.path, f.arch, r.object, c.text, r.line
    FROM temp.all_file f JOIN main.build_rule r ON r.blob = f.blob JOIN main.condition c ON c.id = r.condition
    ORDER BY f.side, f.tree, f.path, r.line
"""


class _BuildRule(NamedTuple):
    """Rule of a build file."""

    path: str
    line: int
    condition: str


def link_build(connection: sqlite3.Connection) -> dict[Place, Formula]:
    """Fill `all_file_condition`; return when KVM itself is built, by side, tree and architecture."""
    rules: _BuildRules = {}
    of_modules: _BuildRules = {}
    for side, tree, path, arch, item, condition, line in connection.execute(_RULES).fetchall():
        rule = _BuildRule(path, line, condition)
        rules.setdefault((side, tree, _target(path, item)), []).append(rule)
        if item == "kvm.o" and path.endswith("/kvm/Makefile"):
            of_modules.setdefault((side, tree, arch), []).append(rule)
    cuts: list[CutRow] = []
    built = {place: _any(place, given, lambda _: True, cuts) for place, given in of_modules.items()}
    presences = _Presences(rules, cuts)
    texts: dict[tuple[Formula, Formula], str] = {}  # many files share few distinct conditions
    for side, tree, path, arch in connection.execute(
        "SELECT DISTINCT side, tree, path, arch FROM temp.all_file"
    ).fetchall():
        kvm_built = built.get((side, tree, arch or GENERIC), True)
        presence = presences.of((side, tree, path))
        if (condition := texts.get((kvm_built, presence))) is None:
            condition = texts[kvm_built, presence] = _beside(kvm_built, presence)
        insert(
            connection, "all_file_condition", [FileConditionRow(side=side, tree=tree, path=path, condition=condition)]
        )
    insert(connection, "all_cut", cuts)
    return built


def _beside(kvm_built: Formula, presence: Formula) -> str:
    """Return the rest of a condition, given that KVM is built."""
    states = {_KVM: True} | {literal.atom: literal.positive for literal in literals(kvm_built)}
    parts = presence.operands if isinstance(presence, Junction) and presence.operator == "&&" else (presence,)
    return text(substitute(conjunction(part for part in parts if part != kvm_built), states))


def file_conditions(connection: sqlite3.Connection) -> dict[Place, str]:
    """Map side, tree and path of every file to its presence condition."""
    rows = connection.execute("SELECT side, tree, path, condition FROM temp.all_file_condition")
    return {(side, tree, path): condition for side, tree, path, condition in rows}


@lru_cache(maxsize=4096)
def conjoin(left: str, right: str) -> str:
    """Return the canonical text of the conjunction of two conditions."""
    if "1" in {left, right}:
        return right if left == "1" else left
    return text(conjunction([parse(left), parse(right)]))


@lru_cache(maxsize=8192)
def _target(path: str, item: str) -> str:
    """Return the source or directory that a build rule names, relative to the tree's root."""
    joined = item if item.startswith("virt/kvm/") else posixpath.join(posixpath.dirname(path), item)
    source = posixpath.normpath(joined)
    return source.removesuffix(".o") + ".c" if source.endswith(".o") else source


class _Presences:
    """Conditions under which files and directories are built."""

    def __init__(self, rules: _BuildRules, cuts: list[CutRow]) -> None:
        self._rules = rules
        self._cuts = cuts
        self._settled: dict[Place, Formula] = {}

    def of(self, place: Place) -> Formula:
        """Return the disjunction of all rules for a path, each with the condition of its build file's directory."""
        if place not in self._settled:
            self._settled[place] = True  # directories that build each other
            given = self._rules.get(place)
            side, tree, _ = place
            if given:
                self._settled[place] = _any(
                    place, given, lambda path: self.of((side, tree, posixpath.dirname(path))), self._cuts
                )
        return self._settled[place]


def _any(place: Place, rules: list[_BuildRule], of_file: Callable[[str], Formula], cuts: list[CutRow]) -> Formula:
    """Return the condition under which some rule applies; `of_file` gives the condition of a build file.

    Every use of code conjoins the result with its own condition. A longer one than people write would make that take
    time without bound; it becomes an atom that nothing is known of, and is recorded as cut.
    """
    alternatives: dict[Formula, None] = {}
    left = MAX_LENGTH
    for path, _, condition in rules:
        alternative = conjunction([_readable(parse(condition)), of_file(path)])
        if alternative not in alternatives:
            left -= len(text(alternative))
            alternatives[alternative] = None
        if left < 0:
            side, tree, item = place
            cuts.append(CutRow(side, tree, rules[0].path, rules[0].line, 0, 0, _TOO_LONG))
            return quoted(f"one of the many rules for {hashlib.sha256(item.encode()).hexdigest()[:16]}")
    return disjunction(alternatives)


def _readable(formula: Formula) -> Formula:
    """Return the formula without the atoms that were not understood; it is implied by the original."""
    if isinstance(formula, Literal):
        return is_quoted(formula.atom) or formula
    if isinstance(formula, Junction):
        join = conjunction if formula.operator == "&&" else disjunction
        return join(map(_readable, formula.operands))
    return formula
