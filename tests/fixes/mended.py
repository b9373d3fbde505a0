"""Fixes made in memory on patched mini-trees or edited real ones, with everything that they must keep."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.engine.compare import compare
from caplint.engine.mending import Mended, mend
from caplint.engine.outcome import Outcome
from caplint.engine.rule_examples import mini_trees
from caplint.findings.finding import Finding
from caplint.fixes.lay import Drafts, laid, overlaid
from caplint.rules import page
from caplint.rules.page import Rule
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util import shipped_files

Check = Callable[[list[Tree]], Outcome]
Change = tuple[str, str, str]
"""Path, text, and what replaces it; an empty text stands for the beginning of the file."""


def fix_all(trees: list[Tree], outcome: Outcome, check: Check) -> Mended[Drafts]:
    """Make every fix, and check again what they leave."""

    def lay(drafts: Drafts, findings: list[Finding]) -> tuple[Drafts, list[tuple[Finding, str]]]:
        return laid(trees, drafts, findings), []

    nothing: Drafts = {}
    return mend(nothing, outcome, lay, lambda drafts: check(overlaid(trees, drafts)))


def row(finding: Finding) -> tuple[str, str, str]:
    """Code, subject and path of a finding."""
    return finding.code, finding.subject, finding.place.path


def holds(trees: list[Tree], outcome: Outcome, check: Check) -> Mended[Drafts]:
    """Demand that every fix is made, that its finding goes and none comes, and that a second time changes nothing."""
    mended = fix_all(trees, outcome, check)
    assert not mended.refused
    before, after = {row(found) for found in outcome.findings}, {row(found) for found in mended.outcome.findings}
    brought = {code for found in mended.fixed if found.fix for code in found.fix.brings}
    assert {code for code, _, _ in after - before} <= brought
    assert not {row(found) for found in mended.fixed} & after
    again = overlaid(trees, mended.state)
    twice = fix_all(again, mended.outcome, check)
    assert not twice.state
    assert mended.outcome.coverage.total("blind_bytes") <= outcome.coverage.total("blind_bytes")
    return mended


@cache
def rules() -> list[Rule]:
    return page.load([shipped_files.RULES])


def mend_edited(changes: tuple[Change, ...], based: bool, store: str) -> tuple[str, list[str]]:
    """Make the edits of the mini-trees and every fix; the lines that fixes add, and what could not be fixed."""
    edited: dict[str, dict[str, bytes | None]] = {}
    trees = mini_trees()
    for path, old, new in changes:
        name = next(name for name in ("kernel", "qemu") if trees[name].exists(path))
        tree, own = trees[name], edited.setdefault(name, {})
        text = (own.get(path) or tree.read(path)).decode()
        assert text.count(old) == 1 or not old
        own[path] = (text.replace(old, new) if old else new + text).encode()
    laid = [OverlayTree(tree, edited[name]) if name in edited else tree for name, tree in trees.items()]
    given: list[Tree] = [tree if based or not isinstance(tree, OverlayTree) else tree.without_base() for tree in laid]
    config = Config(cache=store, jobs=1)
    run: Callable[[list[Tree]], Outcome] = (
        (lambda trees: compare(trees, rules(), config)) if based else (lambda trees: check(trees, rules(), config))
    )
    mended = fix_all(given, run(given), run)
    lines = []
    for draft in mended.state.values():
        lines += [line[1:] for line in draft.diff(b"x").decode().splitlines() if line[:1] == "+" and line[:3] != "+++"]
    assert not fix_all(overlaid(given, mended.state), mended.outcome, run).state
    return "\n".join(lines), [found.code for found, _ in mended.refused]
