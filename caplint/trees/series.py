"""Patch series: reading them, routing their files to trees, and applying them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from caplint.knowledge.languages import language_of
from caplint.trees.apply import Changes, DoesNotApplyError, Warn, apply
from caplint.trees.overlay import OverlayTree
from caplint.trees.patch_paths import refuse_repositories
from caplint.trees.patch_text import PatchText
from caplint.trees.routing import Routed, route
from caplint.trees.tree import PatchFile, SeriesStep, Tree
from caplint.trees.unified import FileDiff, parse
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.trees.mail import Mail


# After a patch that does not apply, if the user gave several files one after another.
_ORDER = "if it needs another patch, give the files in the order of the package (its .spec or series file)"
_MOST_STEPS = 100
"""Maximum patches of a series to check one by one; a mbox of a megabyte may hold thousands."""
_MOST_BYTES = 24_000_000
"""Maximum bytes of the files after each patch of a series, if it is checked one by one: half a minute's reading."""


@dataclass(frozen=True)
class Patch:
    """One patch: its subject or the file it was read from, and its changes to files."""

    label: str
    files: list[FileDiff]
    source: str = ""
    """File that it was read from."""
    mail: Mail | None = None
    """The patch as it was sent."""


@dataclass(frozen=True)
class Series:
    """Patches that follow one another."""

    label: str
    """File that the series was read from, or the first of several files."""
    patches: list[Patch]

    @property
    def title(self) -> str:
        """The label, with the number of further files that were read."""
        sources = {patch.source for patch in self.patches}
        more = len(sources) - 1 if self.label in sources else 0
        return f"{self.label} and {more:,} more" if more else self.label


@dataclass
class PatchedTrees:
    """Trees with series applied to them."""

    trees: list[Tree]
    series: list[Series]
    steps: list[list[SeriesStep]] = field(default_factory=list)
    """Trees after each patch, for each series of two patches to `_MOST_STEPS`."""
    unstepped: str = ""
    """Reason why the trees after each patch are not known; empty if they are."""


def read_series(files: Iterable[PatchText | tuple[str, bytes]], warn: Warn, *, in_order: bool = False) -> list[Series]:
    """Read the series in some files.

    Each file is a series. Consecutive files of one mail each, numbered as parts of one series, are joined, as are the
    files of a maildir or quilt directory, and all files if they are `in_order`.
    """
    found: list[Series] = []
    last: Mail | None = None
    group = label = ""
    for group_texts in _groups(files):
        text = group_texts[0]
        label = label or text.label
        read = _mails(group_texts)
        patches = [_patch(mail, text, warn) for mail, text in read]
        mail = read[0][0] if len(read) == 1 else None
        follows = in_order or (text.group and text.group == group) or (mail and last and _follows(mail, last))
        if patches and found and follows:
            found[-1].patches.extend(patches)
        elif patches:
            found.append(Series(text.group or read[0][1].label, patches))
        last, group = mail, text.group
    if not found:
        raise CaplintError(f"{label}: contains no diff; name the file of a patch, or the whole mail")
    for series in found:
        paths = [file.new for patch in series.patches for file in patch.files if file.new is not None]
        refuse_repositories(paths, series.label)
    return found


def _groups(files: Iterable[PatchText | tuple[str, bytes]]) -> Iterator[list[PatchText]]:
    """Yield the files, those of a maildir together."""
    texts = (PatchText(*file) for file in files)
    for _, group in groupby(enumerate(texts), lambda entry: entry[1].group if entry[1].mailbox else entry[0]):
        yield [text for _, text in group]


def _mails(texts: list[PatchText]) -> list[tuple[Mail, PatchText]]:
    """Return the patches of a file, or of all files of a maildir, in the order of application."""
    from caplint.trees.mail import mails, sequence  # noqa: PLC0415 - a comparison without patches reads no mail

    read = [(mail, text) for text in texts for mail in mails(text.content, text.label, talk=text.mailbox)]
    return [read[number] for number in sequence([mail for mail, _ in read])] if texts[0].mailbox else read


def _patch(mail: Mail, text: PatchText, warn: Warn) -> Patch:
    files = _kept(parse(mail.text, text.label, text.strip), text.label, warn)
    for file in files:
        if file.edited:
            numbers = ", ".join(map(str, file.edited))
            warn(f"{text.label}: the lines of {file.path} were counted anew; its @@ headers are wrong (hunk {numbers})")
    return Patch(mail.subject or _name(text), files, text.label, mail)


def _name(text: PatchText) -> str:
    """Return the name of a patch without a subject: its file's, below the directory that it belongs to."""
    return text.label.removeprefix(f"{text.group}/") if text.group and not text.mailbox else text.label


def _follows(mail: Mail, before: Mail) -> bool:
    if not (mail.number and before.number) or mail.version != before.version:
        return False
    return mail.number[1] == before.number[1] and mail.number[0] == before.number[0] + 1


def _kept(files: list[FileDiff], label: str, warn: Warn) -> list[FileDiff]:
    """Return the files that can be read; warn of the files that are left out."""
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


@dataclass(frozen=True)
class _Way:
    """Options of an application of series."""

    preferred: str | None
    warn: Warn
    less_context: bool


def apply_series(
    series: list[Series], trees: list[Tree], preferred: str | None, warn: Warn, *, less_context: bool = False
) -> list[PatchedTrees]:
    """Apply series to trees; with `less_context`, one line of context of a hunk is enough.

    Series that change different trees are applied together. A series that changes an already changed tree is applied to
    the unchanged trees separately, or if it does not apply there, on top.
    Raises `CaplintError` for a file that fits no tree or several, and for a hunk that does not apply.
    """
    laid: list[PatchedTrees] = []
    way = _Way(preferred, warn, less_context)
    for entry in series:
        try:
            _lay_beside(entry, laid, trees, way)
        except CaplintError as error:
            if not laid:
                raise
            try:
                _add(laid[-1], entry, way)
            except CaplintError:
                raise error from None
    return laid


def _lay_beside(series: Series, laid: list[PatchedTrees], trees: list[Tree], way: _Way) -> None:
    """Apply a series to trees that no other series has changed."""
    touched = {name for patch in _routed(series, trees, way.preferred) for name, _ in patch}
    free = next((each for each in laid if not touched & _changed(each)), None)
    if free is not None:
        _add(free, series, way)
    else:
        fresh = PatchedTrees(list(trees), [])
        _add(fresh, series, way)
        laid.append(fresh)


def _routed(series: Series, trees: list[Tree], preferred: str | None, warn: Warn | None = None) -> list[Routed]:
    return route([patch.files for patch in series.patches], trees, preferred, series.title, warn)


def _changed(laid: PatchedTrees) -> set[str]:
    return {tree.name for tree in laid.trees if tree.patch_files}


def _add(laid: PatchedTrees, series: Series, way: _Way) -> None:
    """Apply one more series to the trees, patch by patch."""
    state = {tree.name: tree for tree in laid.trees}
    steps = []
    size = 0
    touched: set[str] = set()
    for ordinal, (patch, routed) in enumerate(
        zip(series.patches, _routed(series, laid.trees, way.preferred, way.warn), strict=True), 1
    ):
        files: dict[str, list[FileDiff]] = {}
        for name, file in routed:
            files.setdefault(name, []).append(file)
        for name, own in files.items():
            try:
                changes = apply(state[name], own, _label(series, patch), way.warn, less_context=way.less_context)
            except DoesNotApplyError as error:
                if series.title == series.label:
                    raise
                raise DoesNotApplyError(f"{error}; {_ORDER}") from error
            size += sum(len(content) for content in changes.values() if content is not None)
            state[name] = overlay(state[name], changes, [_row(series, ordinal, patch, file) for file in own])
        steps.append((ordinal, patch.label, dict(state)))
        touched |= files.keys()
    laid.trees = list(state.values())
    laid.series.append(series)
    if len(steps) > _MOST_STEPS:
        laid.unstepped = f"{series.title}: more than {_MOST_STEPS} patches, too many to check the tree after each"
        way.warn(f"{series.title}: {len(steps):,} patches; only their combined result is checked, not each patch")
    elif len(steps) > 1 and size > _MOST_BYTES:
        laid.unstepped = f"the patches of {series.label} change too large files to check the tree after each"
        way.warn(
            f"{series.label}: the files after each patch have {size:,} bytes together; only the patches' combined "
            "result is checked, not each patch"
        )
    elif len(steps) > 1:
        laid.steps.append(
            [
                SeriesStep(series.label, ordinal, patch, {name: after[name] for name in touched}, len(steps))
                for ordinal, patch, after in steps
            ]
        )


def _label(series: Series, patch: Patch) -> str:
    """Return the words for a patch in messages: its file, and its subject if the file may have several patches."""
    source = patch.source or series.label
    return source if len(series.patches) == 1 or patch.label == source else f"{source} ({patch.label})"


def _row(series: Series, ordinal: int, patch: Patch, file: FileDiff) -> PatchFile:
    return PatchFile(series.label, ordinal, patch.label, file.path, file.kind)


def overlay(tree: Tree, changes: Changes, rows: list[PatchFile]) -> Tree:
    """Return one overlay over the unpatched tree, however many patches there are."""
    if isinstance(tree, OverlayTree) and tree.base is not None:
        together = OverlayTree(tree.base, {**tree.changes, **changes})
        together.patch_files = (*tree.patch_files, *rows)
        return together
    return OverlayTree(tree, changes, rows)
