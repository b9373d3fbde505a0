"""Presence conditions of whole files, from the build rules of their tree."""

from __future__ import annotations

import posixpath
import sqlite3
from functools import lru_cache

from caplint.c.expression import is_quoted, parse
from caplint.c.formula import Formula, Junction, Literal, conjunction, disjunction, literals, substitute, text
from caplint.knowledge.load import GENERIC
from caplint.link.buildconfig.rows import FileConditionRow
from caplint.link.core.rows import insert

_KVM = "CONFIG_KVM"
Place = tuple[str, str, str]
"""Side and tree, with a path or an architecture."""
_Rules = dict[Place, list[tuple[str, str]]]
"""Built file or directory → the directory of each build file that builds it, with the condition there."""

_RULES = """
    SELECT f.side, f.tree, f.path, f.arch, r.object, c.text
    FROM temp.all_file f JOIN main.build_rule r ON r.blob = f.blob JOIN main.condition c ON c.id = r.condition
    ORDER BY f.side, f.tree, f.path, r.line
"""


def link_build(connection: sqlite3.Connection) -> dict[Place, Formula]:
    """Fill `all_file_condition`; return when KVM itself is built, by side, tree and architecture."""
    rows = connection.execute(_RULES).fetchall()
    built = _module_conditions(rows)
    rules: _Rules = {}
    for side, tree, path, _, item, condition in rows:
        rules.setdefault((side, tree, _target(path, item)), []).append((posixpath.dirname(path), condition))
    settled: dict[Place, Formula] = {}
    texts: dict[tuple[Formula, Formula], str] = {}  # many files share few distinct conditions
    for side, tree, path, arch in connection.execute(
        "SELECT DISTINCT side, tree, path, arch FROM temp.all_file"
    ).fetchall():
        kvm_built = built.get((side, tree, arch or GENERIC), True)
        presence = _presence(rules, (side, tree, path), settled)
        if (condition := texts.get((kvm_built, presence))) is None:
            condition = texts[kvm_built, presence] = _beside(kvm_built, presence)
        insert(
            connection, "all_file_condition", [FileConditionRow(side=side, tree=tree, path=path, condition=condition)]
        )
    return built


def _beside(kvm_built: Formula, presence: Formula) -> str:
    """Return the rest of a condition, given that KVM is built."""
    states = {_KVM: True} | {literal.atom: literal.positive for literal in literals(kvm_built)}
    parts = presence.operands if isinstance(presence, Junction) and presence.operator == "&&" else (presence,)
    return text(substitute(conjunction(part for part in parts if part != kvm_built), states))


def _module_conditions(rows: list[tuple[str, ...]]) -> dict[Place, Formula]:
    """Map side, tree and architecture to the condition under which the module kvm.o is built."""
    conditions_of: dict[Place, list[Formula]] = {}
    for side, tree, path, arch, item, condition in rows:
        if item == "kvm.o" and path.endswith("/kvm/Makefile"):
            conditions_of.setdefault((side, tree, arch), []).append(_readable(parse(condition)))
    return {place: disjunction(alternatives) for place, alternatives in conditions_of.items()}


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


def _presence(rules: _Rules, place: Place, settled: dict[Place, Formula]) -> Formula:
    """Return the disjunction of all rules for a path, each with the condition of its build file's directory."""
    if place not in settled:
        settled[place] = True  # directories that build each other
        side, tree, _ = place
        settled[place] = not rules.get(place) or disjunction(
            conjunction([_readable(parse(condition)), _presence(rules, (side, tree, directory), settled)])
            for directory, condition in rules[place]
        )
    return settled[place]


def _readable(formula: Formula) -> Formula:
    """Return the formula without the atoms that were not understood; it is implied by the original."""
    if isinstance(formula, Literal):
        return is_quoted(formula.atom) or formula
    if isinstance(formula, Junction):
        join = conjunction if formula.operator == "&&" else disjunction
        return join(map(_readable, formula.operands))
    return formula
