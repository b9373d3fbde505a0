"""Fixes on the command line: --diff prints them, --fix makes them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from caplint.report.style import safe
from caplint.report.wording import place_text, plural
from caplint.trees.directory import DirectoryTree
from caplint.trees.names import on_disk, path_bytes
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.engine.outcome import Outcome
    from caplint.findings.finding import Finding
    from caplint.fixes.draft import Draft
    from caplint.fixes.lay import Drafts
    from caplint.rules.page import Rule
    from caplint.trees.tree import Tree


def add_fix(parser: argparse.ArgumentParser, *, writes: bool = True) -> None:
    """Add --diff and, for a command that may write, --fix and --force."""
    fixes = parser.add_argument_group("fixes")
    fixes.add_argument(
        "--diff",
        action="store_true",
        help="print the fixes as a unified diff for each tree, and no report",
    )
    if writes:
        fixes.add_argument(
            "--fix", action="store_true", help="make the fixes in the working trees, and report what remains"
        )
        fixes.add_argument("--force", action="store_true", help="with --fix: also over lines that are not committed")


def is_asked(options: argparse.Namespace) -> bool:
    """Return whether fixes are to be printed or made. Raises `CaplintError` for options that exclude each other."""
    fix = getattr(options, "fix", False)
    if options.diff and fix:
        raise CaplintError("--diff prints the fixes, but --fix makes them; leave one of them out")
    if getattr(options, "force", False) and not fix:
        raise CaplintError("--force is for --fix only; add --fix, or leave --force out")
    return options.diff or fix


def fixed(
    trees: list[Tree], outcome: Outcome, check: Callable[[list[Tree]], Outcome], options: argparse.Namespace
) -> Outcome:
    """Print or make the fixes of an outcome, and return the outcome after them; with --diff, the given one.

    `check` returns the outcome of changed trees. Raises `CaplintError`, with nothing written, if a tree cannot be.
    """
    from caplint.engine.mending import mend  # noqa: PLC0415 - most runs fix nothing
    from caplint.fixes.lay import laid, overlaid  # noqa: PLC0415

    def lay(drafts: Drafts, findings: list[Finding]) -> tuple[Drafts, list[tuple[Finding, str]]]:
        return laid(trees, drafts, findings), []

    nothing: Drafts = {}
    mended = mend(nothing, outcome, lay, lambda drafts: check(overlaid(trees, drafts)))
    drafts = {place: draft for place, draft in mended.state.items() if draft.blocks()}
    tell_refused(mended.refused)
    if options.diff:
        print_diffs(trees, drafts)
        return outcome
    _write(trees, drafts, force=options.force)
    files = f" in {plural(len(drafts), 'file')}" if drafts else ""
    sys.stderr.write(f"fixed {plural(len(mended.fixed), 'finding')}{files}\n")
    return mended.outcome


def tell_refused(refused: Iterable[tuple[Finding, str]]) -> None:
    """Say which findings are not fixed, and why."""
    for finding, reason in refused:
        what = f"{finding.code} {safe(finding.subject)} ({place_text(finding.place)})"
        sys.stderr.write(f"not fixed: {what}: {safe(reason)}\n")


def tell_left(findings: Iterable[Finding], rules: Iterable[Rule], refused: Iterable[tuple[Finding, str]]) -> None:
    """Name the decision that each error and warning without a fix leaves to a person."""
    reasons = {rule.code: rule.decide for rule in rules}
    said = {finding.fingerprint for finding, _ in refused}
    for finding in findings:
        if finding.severity != "note" and finding.fingerprint not in said:
            reason = reasons.get(finding.code) or "its rule has no fix"
            what = f"{finding.code} {safe(finding.subject)} ({place_text(finding.place)})"
            sys.stderr.write(f"left to you: {what}: {safe(reason)}\n")


def print_diffs(trees: list[Tree], drafts: Drafts) -> None:
    """Print the diff of each tree; a line before it, which git ignores, names the tree."""
    for tree in trees:
        own = {path: draft for (name, path), draft in sorted(drafts.items()) if name == tree.name}
        if own:
            print(f"# {safe(tree.name)}: {safe(tree.location)}")
            for path, draft in own.items():
                print(_shown(draft.diff(path_bytes(path))), end="")


def _shown(diff: bytes) -> str:
    """Return a diff as text that no terminal obeys. It stays exact: files with other characters get no fixes."""
    return "\n".join(map(safe, diff.decode("utf-8", "backslashreplace").split("\n")))


def _write(trees: list[Tree], drafts: Drafts, *, force: bool) -> None:
    """Write the drafts into their trees, all or none. Raises `CaplintError` if one must not be changed."""
    from caplint.fixes.uncommitted import uncommitted  # noqa: PLC0415 - only --fix asks git
    from caplint.util.replace_files import replace_files  # noqa: PLC0415

    by_tree: dict[str, dict[str, Draft]] = {}
    for (name, path), draft in drafts.items():
        by_tree.setdefault(name, {})[path] = draft
    contents = {}
    for tree in trees:
        own = by_tree.get(tree.name)
        if not own:
            continue
        if not isinstance(tree, DirectoryTree):
            raise CaplintError(f"{tree.name}: {tree.location} is not a working tree, so --fix cannot write; use --diff")
        if not force and (lines := uncommitted(tree, own)):
            path, line = lines[0]
            more = f" and {plural(len(lines) - 1, 'other place')}" if len(lines) > 1 else ""
            raise CaplintError(
                f"{tree.name}:{path}:{line}{more}: not committed, and a fix changes it; commit first, or add --force. "
                "Nothing was written"
            )
        for path, draft in own.items():
            contents[tree.root, on_disk(path)] = (draft.before, draft.content)
    replace_files(contents)
