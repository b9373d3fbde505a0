"""The presence condition of whole files, from the build rules of their tree."""

from __future__ import annotations

import posixpath
import sqlite3
from functools import lru_cache

from caplint.c.expression import is_quoted, parse
from caplint.c.formula import Formula, Junction, Literal, conjunction, disjunction, literals, substitute, text
from caplint.knowledge.load import GENERIC

_KVM = "CONFIG_KVM"
Place = tuple[str, str, str]
"""Side, tree and path, or architecture."""
_Rules = dict[Place, list[tuple[str, str]]]
"""What is built → the directory of each build file that has it built, and the condition there."""

_RULES = """
    SELECT f.side, f.tree, f.path, f.arch, r.object, c.text
    FROM temp.all_file f JOIN main.build_rule r ON r.blob = f.blob JOIN main.condition c ON c.id = r.condition
    ORDER BY f.side, f.tree, f.path, r.line
"""


def link_build(connection: sqlite3.Connection) -> dict[Place, Formula]:
    """Fill `all_file_condition`, and say for side, tree and architecture when KVM itself is built."""
    rows = connection.execute(_RULES).fetchall()
    built = _module_conditions(rows)
    rules: _Rules = {}
    for side, tree, path, _, item, condition in rows:
        rules.setdefault((side, tree, _target(path, item)), []).append((posixpath.dirname(path), condition))
    settled: dict[Place, Formula] = {}
    texts: dict[tuple[Formula, Formula], str] = {}  # few differ, of many files
    for side, tree, path, arch in connection.execute(
        "SELECT DISTINCT side, tree, path, arch FROM temp.all_file"
    ).fetchall():
        given = built.get((side, tree, arch or GENERIC), True)
        whole = _presence(rules, (side, tree, path), settled)
        if (condition := texts.get((given, whole))) is None:
            condition = texts[given, whole] = _beside(given, whole)
        connection.execute("INSERT INTO temp.all_file_condition VALUES (?, ?, ?, ?)", (side, tree, path, condition))
    return built


def _beside(given: Formula, whole: Formula) -> str:
    """What a condition still says where KVM is built."""
    known = {_KVM: True} | {literal.atom: literal.positive for literal in literals(given)}
    parts = whole.operands if isinstance(whole, Junction) and whole.operator == "&&" else (whole,)
    return text(substitute(conjunction(part for part in parts if part != given), known))


def _module_conditions(rows: list[tuple[str, ...]]) -> dict[Place, Formula]:
    """Side, tree and architecture → when KVM itself, the module kvm.o, is built."""
    found: dict[Place, list[Formula]] = {}
    for side, tree, path, arch, item, condition in rows:
        if item == "kvm.o" and path.endswith("/kvm/Makefile"):
            found.setdefault((side, tree, arch), []).append(_readable(parse(condition)))
    return {place: disjunction(conditions) for place, conditions in found.items()}


def file_conditions(connection: sqlite3.Connection) -> dict[Place, str]:
    """Side, tree and path of every file → its presence condition."""
    rows = connection.execute("SELECT side, tree, path, condition FROM temp.all_file_condition")
    return {(side, tree, path): condition for side, tree, path, condition in rows}


@lru_cache(maxsize=4096)
def conjoin(left: str, right: str) -> str:
    """The canonical text of both conditions together."""
    if "1" in {left, right}:
        return right if left == "1" else left
    return text(conjunction([parse(left), parse(right)]))


@lru_cache(maxsize=8192)
def _target(path: str, item: str) -> str:
    """The source or directory that a rule of a build file speaks of, relative to the tree's root."""
    place = item if item.startswith("virt/kvm/") else posixpath.join(posixpath.dirname(path), item)
    source = posixpath.normpath(place)
    return source.removesuffix(".o") + ".c" if source.endswith(".o") else source


def _presence(rules: _Rules, place: Place, settled: dict[Place, Formula]) -> Formula:
    """Any of the rules for a file or directory, each where the directory of its build file is built."""
    if place not in settled:
        settled[place] = True  # for directories that have one another built
        side, tree, _ = place
        settled[place] = not rules.get(place) or disjunction(
            conjunction([_readable(parse(condition)), _presence(rules, (side, tree, directory), settled)])
            for directory, condition in rules[place]
        )
    return settled[place]


def _readable(formula: Formula) -> Formula:
    """The formula without the atoms that were not understood; it holds at least where that one does."""
    if isinstance(formula, Literal):
        return is_quoted(formula.atom) or formula
    if isinstance(formula, Junction):
        join = conjunction if formula.operator == "&&" else disjunction
        return join(map(_readable, formula.operands))
    return formula
