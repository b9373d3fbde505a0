"""Fixes in the patches of series: each fix goes into the mail whose patch brought the defect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from caplint.engine.mending import Mended, mend
from caplint.engine.outcome import Outcome
from caplint.engine.split_syncs import split_syncs
from caplint.findings.finding import Finding
from caplint.fixes.fold import FoldError, Versions, folded
from caplint.fixes.rewrite import rewritten
from caplint.trees.mail import FROM_LINE
from caplint.trees.names import path_bytes
from caplint.trees.patch_text import PatchText
from caplint.trees.series import Patch, PatchedTrees, Series
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

Texts = tuple[PatchText, ...]
"""Files of patches."""
_Key = tuple[str, str]


def fix_series(
    texts: Texts, outcome: Outcome, lay: Callable[[Texts], PatchedTrees], check: Callable[[PatchedTrees], Outcome]
) -> Mended[Texts]:
    """Return the files of patches with the fixes of an outcome's findings folded into their patches.

    `lay` applies files of patches to the trees, and `check` returns the outcome of the patched trees.
    """

    def fold(texts: Texts, findings: list[Finding]) -> tuple[Texts, list[tuple[Finding, str]]]:
        patched = lay(texts)
        files = _versions(
            patched, {(edit.tree, edit.path) for found in findings if found.fix for edit in found.fix.edits}
        )
        files |= _versions(patched, {(found.place.tree, found.place.path) for found in findings} - files.keys())
        refused: list[tuple[Finding, str]] = []
        for finding in findings:
            try:
                _written(texts, patched, files, folded([finding], files), lay)
            except FoldError as error:
                refused.append((finding, f"{error}"))
        left = {finding for finding, _ in refused}
        wanted = [finding for finding in findings if finding not in left]
        try:
            return _written(texts, patched, files, folded(wanted, files), lay), refused
        except FoldError as error:
            return texts, refused + [(finding, f"{error}") for finding in wanted]

    split, done = split_syncs(texts, lay(texts), outcome.findings)
    if done:
        after = check(lay(split))
        gone = {(finding.code, finding.subject) for finding in done}
        if not gone & {(finding.code, finding.subject) for finding in after.findings}:
            texts, outcome = split, after
        else:
            done = []
    mended = mend(texts, outcome, fold, lambda texts: check(lay(texts)))
    mended.fixed[:0] = done
    return mended


def _versions(patched: PatchedTrees, keys: set[_Key]) -> dict[_Key, Versions]:
    """Return the versions of files that one series changes and whose every version is known."""
    found: dict[_Key, Versions] = {}
    for tree in patched.trees:
        steps = _steps(patched, tree)
        for name, path in keys:
            if name == tree.name and steps:
                found[name, path] = [step.read_or_none(path) for step in steps]
    return found


def _steps(patched: PatchedTrees, tree: Tree) -> list[Tree]:
    """Return the tree before its series and after each patch; none if that is not known."""
    series = _series(patched, tree)
    if series is None or tree.base is None:
        return []
    if len(series.patches) == 1:
        return [tree.base, tree]
    steps = next((steps for steps in patched.steps if steps[0].series == series.label), [])
    return [tree.base, *(step.trees[tree.name] for step in steps)] if len(steps) == len(series.patches) else []


def _series(patched: PatchedTrees, tree: Tree) -> Series | None:
    """Return the one series that changes a tree."""
    labels = {row.series for row in tree.patch_files}
    found = [series for series in patched.series if series.label in labels]
    return found[0] if len(labels) == len(found) == 1 else None


def _written(
    texts: Texts, patched: PatchedTrees, before: dict[_Key, Versions], after: dict[_Key, Versions],
    lay: Callable[[Texts], PatchedTrees],
) -> Texts:  # fmt: skip
    """Return the files with the patches that lead to other versions. Raises `FoldError` unless they do when applied."""
    mails: dict[int, bytes] = {}
    for (name, path), versions in after.items():
        if versions == before[name, path]:
            continue
        tree = next(tree for tree in patched.trees if tree.name == name)
        series = _series(patched, tree)
        for step, patch in enumerate(series.patches if series else (), 1):
            pair = (versions[step - 1], versions[step])
            former = (before[name, path][step - 1], before[name, path][step])
            if pair != former and not (pair[0] == pair[1] and former[0] == former[1]):
                text = mails.get(id(patch), patch.mail.text if patch.mail else b"")
                mails[id(patch)] = rewritten(text, path_bytes(path), *pair)
    made = tuple(_joined(text, list(_patches(patched, text)), mails) for text in texts)
    try:
        result = lay(made)
    except CaplintError as error:
        raise FoldError(f"the corrected patch does not apply: {error}") from error
    if any(_now(result, key) != versions[-1] for key, versions in after.items()):
        raise FoldError("its patch is not written as git does; use --diff")
    return made


def _now(patched: PatchedTrees, key: _Key) -> bytes | None:
    return next(tree for tree in patched.trees if tree.name == key[0]).read_or_none(key[1])


def _patches(patched: PatchedTrees, text: PatchText) -> Iterator[Patch]:
    for series in patched.series:
        yield from (patch for patch in series.patches if patch.source == text.label)


def _joined(text: PatchText, patches: list[Patch], mails: dict[int, bytes]) -> PatchText:
    """Return a file with some of its mails replaced; mails without a patch are left out then."""
    if not any(id(patch) in mails for patch in patches):
        return text
    parts = []
    for patch in patches:
        if patch.mail is None or patch.mail.head is None or (not patch.mail.head and len(patches) > 1):
            raise FoldError("the mail is encoded or in several parts; use --diff")
        body = mails.get(id(patch), patch.mail.text)
        parts.append(
            (FROM_LINE + patch.mail.head if patch.mail.head else b"") + body + b"\n" * (not body.endswith(b"\n"))
        )
    return replace_content(text, b"".join(parts))


def replace_content(text: PatchText, content: bytes) -> PatchText:
    """Return a file of patches with another content."""
    return PatchText(text.label, content, text.group, text.mailbox, text.strip)


def refuse_equal_names(texts: Texts) -> None:
    """Raise `CaplintError` if two files have the same name, so that their patches cannot be told apart."""
    labels = Counter(text.label for text in texts)
    for label, count in labels.items():
        if count > 1:
            raise CaplintError(f"{label}: is given twice; --fix needs each file once")


def only(patched: list[PatchedTrees]) -> PatchedTrees:
    """Return the one application of some series. Raises `CaplintError` if they exclude each other."""
    if len(patched) != 1:
        raise CaplintError("--fix takes series that can be applied together; run it for each of these")
    return replace(patched[0])
