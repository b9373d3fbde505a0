"""Runs a rule page's examples: laid over the mini-trees, they must give exactly the marked lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from caplint import share
from caplint.check import check
from caplint.config import Config
from caplint.errors import CaplintError
from caplint.rules import Example, Rule, is_marked, strip_marks
from caplint.trees.apply import changes
from caplint.trees.detect import directory_tree
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.trees.unified import parse

Line = tuple[str, str, int]
"""Tree, path, line."""


@dataclass(frozen=True)
class Case:
    """One example of a page: its files and patches together."""

    rule: Rule
    kind: str
    """`bad`, `good` or `bare`."""
    number: int
    parts: tuple[Example, ...] = ()

    def __str__(self) -> str:
        return f"{self.rule.code} {self.kind} {self.number}"


def cases(rule: Rule) -> Iterator[Case]:
    """Every example of a page, and the mini-trees as they are."""
    yield Case(rule, "bare", 0)
    for kind, groups in (("bad", rule.bad), ("good", rule.good)):
        for number, parts in enumerate(groups, 1):
            yield Case(rule, kind, number, tuple(parts))


def problem(case: Case, config: Config) -> str | None:
    """What is wrong with an example, None where it is as it should be."""
    try:
        trees, expected = _lay(case)
        if case.kind == "bad" and not expected:
            return f"{case}: marks no line"
        if case.kind != "bad" and expected:
            return f"{case}: marks a line, but nothing is wrong with it"
        outcome = check(trees, [case.rule], config)
    except CaplintError as error:
        return f"{case}: {error}"
    found = sorted((finding.place.tree, finding.place.path, finding.place.line) for finding in outcome.findings)
    if found == sorted(expected):
        return None
    return f"{case}: expected {_text(sorted(expected))}, found {_text(found)}"


def _text(lines: list[Line]) -> str:
    return ", ".join(f"{tree}:{path}:{line}" for tree, path, line in lines) or "nothing"


def _lay(case: Case) -> tuple[list[Tree], list[Line]]:
    trees = mini_trees()
    expected: list[Line] = []
    for part in case.parts:
        tree = trees.get(part.tree)
        if tree is None:
            raise CaplintError(f"line {part.line} of {case.rule.path}: no mini-tree is called {part.tree}")
        if part.kind == "diff":
            changed = changes(tree, strip_marks(part.content).encode(), f"{case.rule.path}:{part.line}")
            expected += [(part.tree, path, line) for path, line in _marks(part.content)]
        else:
            changed = {part.path: part.content.encode()}
        expected += [(part.tree, part.path, line) for line in part.expected]
        trees[part.tree] = OverlayTree(tree, changed)
    return list(trees.values()), expected


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
