"""Patch series: which patches there are, which tree each of their files belongs to, and what they make of the trees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caplint.errors import CaplintError
from caplint.facts.languages import language_of
from caplint.trees.apply import Changes, Warn, apply
from caplint.trees.overlay import OverlayTree
from caplint.trees.patch_paths import refuse_repositories
from caplint.trees.routing import Routed, route
from caplint.trees.tree import PatchFile, Tree
from caplint.trees.unified import FileDiff, parse

if TYPE_CHECKING:
    from caplint.trees.mail import Mail


_MOST_STEPS = 100
"""Patches of a series after each of which the trees are checked; a mbox holds thousands in a megabyte."""


@dataclass(frozen=True)
class Patch:
    """One patch: its subject, or else the file that it was read from, and what it does to files."""

    label: str
    files: list[FileDiff]


@dataclass(frozen=True)
class Series:
    """Patches that follow one another."""

    label: str
    """The file that it was read from, or the first of several."""
    patches: list[Patch]


@dataclass(frozen=True)
class Step:
    """The trees after one of the patches of a series."""

    series: str
    ordinal: int
    patch: str
    trees: dict[str, Tree]


@dataclass
class Laid:
    """Series laid over trees."""

    trees: list[Tree]
    series: list[Series]
    steps: list[list[Step]] = field(default_factory=list)
    """Per series of more than one patch, and of not too many, the trees after each of them."""


def read_series(files: Iterable[tuple[str, bytes]], warn: Warn) -> list[Series]:
    """The series in some files.

    Each file is one, but files with one mail each that number themselves as parts of one series are one together.
    """
    from caplint.trees.mail import mails  # noqa: PLC0415 - a comparison without patches reads no mail

    found: list[Series] = []
    last: Mail | None = None
    for label, content in files:
        read = mails(content, label)
        patches = [Patch(mail.subject or label, _kept(parse(mail.text, label), label, warn)) for mail in read]
        mail = read[0] if len(read) == 1 else None
        if mail and last and _follows(mail, last):
            found[-1].patches.extend(patches)
        else:
            found.append(Series(label, patches))
        last = mail
    for series in found:
        paths = [file.new for patch in series.patches for file in patch.files if file.new is not None]
        refuse_repositories(paths, series.label)
    return found


def _follows(mail: Mail, before: Mail) -> bool:
    if not (mail.number and before.number) or mail.version != before.version:
        return False
    return mail.number[1] == before.number[1] and mail.number[0] == before.number[0] + 1


def _kept(files: list[FileDiff], label: str, warn: Warn) -> list[FileDiff]:
    """The files that can be read; of the others it is said that they are left out."""
    kept = []
    for file in files:
        reason = "a symbolic link or submodule" if file.link else "binary" if file.binary else None
        if reason and language_of(file.path) is not None:
            raise CaplintError(f"{label}: {file.path} is {reason} in this diff; caplint cannot read it")
        if reason:
            warn(f"{label}: {file.path} is {reason}; left out")
        else:
            kept.append(file)
    return kept


def lay(series: list[Series], trees: list[Tree], preferred: str | None, warn: Warn) -> list[Laid]:
    """Lay series over trees.

    Series that touch different trees are laid together; one that touches a tree which an earlier one has changed is
    laid over the unchanged trees beside it, or where it does not apply there, on top.
    Raises `CaplintError` for a file that fits no tree or several, and for a hunk that does not apply.
    """
    laid: list[Laid] = []
    for entry in series:
        try:
            _lay_beside(entry, laid, trees, preferred, warn)
        except CaplintError as error:
            if not laid:
                raise
            try:
                _add(laid[-1], entry, preferred, warn)
            except CaplintError:
                raise error from None
    return laid


def _lay_beside(series: Series, laid: list[Laid], trees: list[Tree], preferred: str | None, warn: Warn) -> None:
    """Lay a series over trees that no other has changed."""
    touched = {name for patch in _routed(series, trees, preferred) for name, _ in patch}
    free = next((each for each in laid if not touched & _changed(each)), None)
    if free is not None:
        _add(free, series, preferred, warn)
    else:
        fresh = Laid(list(trees), [])
        _add(fresh, series, preferred, warn)
        laid.append(fresh)


def _routed(series: Series, trees: list[Tree], preferred: str | None) -> list[Routed]:
    return route([patch.files for patch in series.patches], trees, preferred, series.label)


def _changed(laid: Laid) -> set[str]:
    return {tree.name for tree in laid.trees if tree.patch_files}


def _add(laid: Laid, series: Series, preferred: str | None, warn: Warn) -> None:
    """Lay one more series over the trees, patch by patch."""
    state = {tree.name: tree for tree in laid.trees}
    steps = []
    for ordinal, (patch, routed) in enumerate(
        zip(series.patches, _routed(series, laid.trees, preferred), strict=True), 1
    ):
        files: dict[str, list[FileDiff]] = {}
        for name, file in routed:
            files.setdefault(name, []).append(file)
        for name, own in files.items():
            changes = apply(state[name], own, _label(series, patch), warn)
            state[name] = over(state[name], changes, [_row(series, ordinal, patch, file) for file in own])
        steps.append(Step(series.label, ordinal, patch.label, dict(state)))
    laid.trees = list(state.values())
    laid.series.append(series)
    if len(steps) > _MOST_STEPS:
        warn(f"{series.label}: {len(steps):,} patches; only what they make together is checked, not each of them")
    elif len(steps) > 1:
        laid.steps.append(steps)


def _label(series: Series, patch: Patch) -> str:
    return series.label if len(series.patches) == 1 else f"{series.label} ({patch.label})"


def _row(series: Series, ordinal: int, patch: Patch, file: FileDiff) -> PatchFile:
    return PatchFile(series.label, ordinal, patch.label, file.path, file.kind)


def over(tree: Tree, changes: Changes, rows: list[PatchFile]) -> Tree:
    """One overlay over the tree as it was found, however many patches there are."""
    if isinstance(tree, OverlayTree) and tree.base is not None:
        together = OverlayTree(tree.base, {**tree.changes, **changes})
        together.patch_files = (*tree.patch_files, *rows)
        return together
    return OverlayTree(tree, changes, rows)
