"""Runs a rule page's examples: laid over the mini-trees, they must give exactly the marked lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from caplint import share
from caplint.check import check
from caplint.compare import compare_series
from caplint.config import Config
from caplint.errors import CaplintError
from caplint.machine.record import parse as parse_machine
from caplint.outcome import Outcome
from caplint.rules import Example, Rule, is_marked, load, strip_marks
from caplint.run_config import with_machines
from caplint.trees.apply import changes
from caplint.trees.detect import directory_tree
from caplint.trees.series import Laid, Series, Step, over
from caplint.trees.tree import PatchFile, Tree
from caplint.trees.unified import parse

BARE = "bare"
"""The mini-trees as they are, with no example laid over them."""
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
    """Every example of a page, and the mini-trees as they are."""
    yield Case(rule, BARE, 0)
    for kind, groups in (("bad", rule.bad), ("good", rule.good)):
        for number, parts in enumerate(groups, 1):
            yield Case(rule, kind, number, tuple(parts))


def problem(case: Case, config: Config) -> str | None:
    """What is wrong with an example, None where it is as it should be."""
    try:
        laid, expected = _lay(case)
        machines = tuple(
            parse_machine(part.content.encode(), f"{case.rule.path}:{part.line}")
            for part in case.parts
            if _is_machine(part)
        )
        if case.kind == "bad" and not expected:
            return f"{case}: marks no line"
        if case.kind != "bad" and expected:
            return f"{case}: marks a line, but nothing is wrong with it"
        outcome = _run(laid, case.rule, with_machines(config, machines))
    except CaplintError as error:
        return f"{case}: {error}"
    found = sorted((finding.place.tree, finding.place.path, finding.place.line) for finding in outcome.findings)
    if found == sorted(expected):
        return None
    return f"{case}: expected {_text(sorted(expected))}, found {_text(found)}"


def _text(lines: list[Line]) -> str:
    return ", ".join(f"{tree}:{path}:{line}" for tree, path, line in lines) or "nothing"


def _run(laid: list[Laid], rule: Rule, config: Config) -> Outcome:
    """What the rule finds in the example's own trees. Only what speaks of series needs them told apart."""
    if len(laid) > 1 or "step_finding" in rule.query:
        rules = (
            [rule, *(other for other in load([share.RULES]) if other.code != rule.code)] if laid[0].steps else [rule]
        )
        outcome = compare_series(laid, rules, config)[0]
        return replace(outcome, findings=[found for found in outcome.findings if found.code == rule.code])
    return check(laid[0].trees, [rule], config, deep="deep" in rule.needs)


def _lay(case: Case) -> tuple[list[Laid], list[Line]]:
    """The mini-trees with an example's files and patches, and with those of each other series; the lines expected."""
    laid = {"": Laid(list(mini_trees().values()), [])}
    expected: list[Line] = []
    steps: dict[str, list[Step]] = {"": []}
    for ordinal, part in enumerate([part for part in case.parts if not _is_machine(part)], 1):
        own = laid.setdefault(part.series, Laid(list(mini_trees().values()), [Series(part.series, [])]))
        tree = next((tree for tree in own.trees if tree.name == part.tree), None)
        if tree is None:
            raise CaplintError(f"line {part.line} of {case.rule.path}: no mini-tree is called {part.tree}")
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
        own.trees = [over(other, changed, rows) if other is tree else other for other in own.trees]
        trees = {other.name: other for other in own.trees}
        steps.setdefault(part.series, []).append(Step("example", ordinal, f"patch {ordinal}", trees))
    if len(steps[""]) > 1:
        laid[""].steps.append(steps[""])
    return list(laid.values()), expected


def _is_machine(part: Example) -> bool:
    """Whether a part of an example is what a machine answers, and no tree's."""
    return part.tree == "machine"


def _marks(diff: str) -> Iterator[tuple[str, int]]:
    """Path and new line number of every marked line of a diff."""
    for file in parse(diff.encode(), "example"):
        for hunk in file.hunks:
            for number, text in hunk.side(b"+"):
                if is_marked(text.decode()):
                    yield file.path, number


def mini_trees(root: Path = share.FIXTURES) -> dict[str, Tree]:
    """The shipped mini-trees by name."""
    trees: list[Tree] = [directory_tree(str(root / name)) for name in ("linux", "qemu", "libvirt")]
    return {tree.name: tree for tree in trees}
