"""Runner for the examples of rule pages: applied to the mini-trees, they must give exactly the marked findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from caplint.config.run import with_machines
from caplint.config.settings import Config
from caplint.engine.check import deepen, run_rules, with_sessions
from caplint.engine.compare import compare_series
from caplint.engine.outcome import Outcome
from caplint.engine.rows_of_null import try_rows_of_null
from caplint.machine.record import Machine
from caplint.machine.record import parse as parse_machine
from caplint.rules.page import Example, Rule, is_marked, load, strip_marks
from caplint.session import Session, no_progress
from caplint.trees.apply import changes
from caplint.trees.detect import directory_tree
from caplint.trees.series import PatchedTrees, Series, overlay
from caplint.trees.tree import PatchFile, SeriesStep, Tree
from caplint.trees.unified import parse
from caplint.util import shipped_files
from caplint.util.errors import CaplintError

BARE = "bare"
"""Kind of the case that runs the rule on the unchanged mini-trees."""
Line = tuple[str, str, int]
"""Tree, path, line."""


@dataclass(frozen=True)
class Case:
    """One example of a page: its files and patches together."""

    rule: Rule
    kind: str
    """`bad`, `good` or `BARE`."""
    number: int
    parts: tuple[Example, ...] = ()

    def __str__(self) -> str:
        return f"{self.rule.code} {self.kind} {self.number}"


def cases(rule: Rule) -> Iterator[Case]:
    """Yield every example of a page, and the unchanged mini-trees."""
    yield Case(rule, BARE, 0)
    for kind, groups in (("bad", rule.bad), ("good", rule.good)):
        for number, parts in enumerate(groups, 1):
            yield Case(rule, kind, number, tuple(parts))


def problem(case: Case, config: Config) -> str | None:
    """Return the error of a failed example, else None."""
    try:
        laid, expected = _lay(case)
        machines = machines_of(case)
        if case.kind == "bad" and not expected:
            return f"{case}: marks no line"
        if case.kind != "bad" and expected:
            return f"{case}: marks a line, but only a bad example may"
        outcome = _run(laid, case.rule, with_machines(config, machines))
    except CaplintError as error:
        return f"{case}: {error}"
    reported = sorted((finding.place.tree, finding.place.path, finding.place.line) for finding in outcome.findings)
    if reported == sorted(expected):
        return None
    return f"{case}: expected {_text(sorted(expected))}, found {_text(reported)}"


def machines_of(case: Case) -> tuple[Machine, ...]:
    """Return the records of machines in an example."""
    parts = [part for part in case.parts if _is_machine(part)]
    return tuple(parse_machine(part.content.encode(), f"{case.rule.path}:{part.line}") for part in parts)


def _text(lines: list[Line]) -> str:
    return ", ".join(f"{tree}:{path}:{line}" for tree, path, line in lines) or "nothing"


def _run(laid: list[PatchedTrees], rule: Rule, config: Config) -> Outcome:
    """Return the rule's findings in the example's trees; several series are compared with each other."""
    if len(laid) > 1 or "step_finding" in rule.query:
        rules = (
            [rule, *(other for other in load([shipped_files.RULES]) if other.code != rule.code)]
            if laid[0].steps
            else [rule]
        )
        outcome = compare_series(laid, rules, config)[0]
        return replace(outcome, findings=[finding for finding in outcome.findings if finding.code == rule.code])
    return _checked(laid[0].trees, rule, config)


def _checked(trees: list[Tree], rule: Rule, config: Config) -> Outcome:
    """Return the findings in one state of the trees. Raises `CaplintError` if the query fails on rows of NULL."""

    def run(sessions: list[Session]) -> list[Outcome]:
        if "deep" in rule.needs:
            deepen(sessions[0], config)
        outcome = run_rules(sessions[0], [rule], config)
        try_rows_of_null(sessions[0], rule)
        return [outcome]

    return with_sessions([trees], config, no_progress, run)[0]


def laid_trees(case: Case) -> list[PatchedTrees]:
    """Return the mini-trees with an example applied, once for each of its series. Raises `CaplintError`."""
    return _lay(case)[0]


def _lay(case: Case) -> tuple[list[PatchedTrees], list[Line]]:
    """Apply an example's files and patches to the mini-trees, per series; also return the expected lines."""
    laid = {"": PatchedTrees(list(mini_trees().values()), [Series("example", [])])}
    expected: list[Line] = []
    steps: dict[str, list[SeriesStep]] = {"": []}
    for ordinal, part in enumerate([part for part in case.parts if not _is_machine(part)], 1):
        patched = laid.setdefault(part.series, PatchedTrees(list(mini_trees().values()), [Series(part.series, [])]))
        tree = next((tree for tree in patched.trees if tree.name == part.tree), None)
        if tree is None:
            raise CaplintError(
                f"line {part.line} of {case.rule.path}: unknown mini-tree {part.tree}; "
                f"write {' or '.join(mini_trees())}"
            )
        if part.kind == "diff":
            diff, label = strip_marks(part.content).encode(), f"{case.rule.path}:{part.line}"
            changed = changes(tree, diff, label)
            rows = [
                PatchFile("example", ordinal, f"patch {ordinal}", file.path, file.kind) for file in parse(diff, label)
            ]
            expected += [(part.tree, path, line) for path, line in _marks(part.content)]
        else:
            changed, rows = {part.path: part.content.encode()}, []
        expected += [(part.tree, part.path or rows[0].path, line) for line in part.expected]
        patched.trees = [overlay(other, changed, rows) if other is tree else other for other in patched.trees]
        trees = {other.name: other for other in patched.trees}
        steps.setdefault(part.series, []).append(SeriesStep("example", ordinal, f"patch {ordinal}", trees))
    if len(steps[""]) > 1:
        laid[""].steps.append(steps[""])
    return list(laid.values()), expected


def _is_machine(part: Example) -> bool:
    """Return whether a part of an example is a machine's record instead of a tree's file."""
    return part.tree == "machine"


def _marks(diff: str) -> Iterator[tuple[str, int]]:
    """Yield path and new line number of every marked line of a diff."""
    for file in parse(diff.encode(), "example"):
        for hunk in file.hunks:
            for number, text in hunk.side(b"+"):
                if is_marked(text.decode()):
                    yield file.path, number


def mini_trees(root: Path = shipped_files.FIXTURES) -> dict[str, Tree]:
    """Return the shipped mini-trees by name."""
    trees: list[Tree] = [directory_tree(str(root / name)) for name in ("linux", "qemu", "libvirt")]
    return {tree.name: tree for tree in trees}
