"""Assignment of the files of a patch series to trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from caplint.knowledge.languages import RUST, language_of
from caplint.trees.tree import Tree
from caplint.trees.unified import FileDiff
from caplint.util.errors import CaplintError

Routed = list[tuple[str, FileDiff]]
"""Files of one patch with the names of their trees."""


def route(
    patches: Iterable[list[FileDiff]],
    trees: list[Tree],
    preferred: str | None,
    label: str,
    warn: Callable[[str], object] | None = None,
) -> list[Routed]:
    """Return, for each patch, its files with their trees.

    A file that no tree has, and that caplint would not read if one had it, is left out, which is reported by `warn`.

    If a path fits several trees, the tree that most other files of the patch fit is chosen, else the tree preferred by
    name or role, else the tree that most files of the series fit.
    Raises `CaplintError` for a file that fits no tree or remains ambiguous.
    """
    targets = [tree for tree in trees if tree.role != "reference"]
    if preferred is not None and not any(preferred in {tree.name, tree.role} for tree in targets):
        raise CaplintError(f"--for {preferred}: unknown tree; choose from {', '.join(tree.name for tree in targets)}")
    fits = _fits(patches, targets, label, warn)
    whole = _votes([place for patch in fits for place in patch])
    favoured = [tree for tree in targets if preferred in {tree.name, tree.role}]
    return [decide(patch, favoured, label, whole) for patch in fits]


def decide(
    places: list[tuple[FileDiff, list[str]]], favoured: Sequence[Tree], label: str, whole: Counter[str] | None = None
) -> Routed:
    """Choose one tree for each file of a patch. `whole` counts the trees that fit the files of the series."""
    opinions = [_votes(places), Counter(tree.name for tree in favoured), whole or Counter()]
    return [(_decide(file, names, opinions, label), file) for file, names in places]


def _votes(places: Iterable[tuple[FileDiff, list[str]]]) -> Counter[str]:
    return Counter(names[0] for _, names in places if len(names) == 1)


def _fits(
    patches: Iterable[list[FileDiff]], trees: list[Tree], label: str, warn: Callable[[str], object] | None
) -> list[list[tuple[FileDiff, list[str]]]]:
    """Return, for each patch, its files with the names of all trees that they fit."""
    made: dict[str, list[str]] = {}
    left_out: dict[str, None] = {}
    result = []
    for files in patches:
        found = []
        for file in files:
            names = made.get(file.old or file.path) or _trees_of(file, trees)
            if not names and _never_read(file, trees):
                left_out.setdefault(file.path)
                continue
            if not names:
                given = ", ".join(tree.name for tree in trees) or "none"
                raise CaplintError(
                    f"{label}: {file.path} fits none of the trees ({given}); add its tree, "
                    "or analyse only the diff with --diff-only"
                )
            if file.new is not None and file.new != file.old:
                made[file.new] = names
            found.append((file, names))
        result.append(found)
    if left_out and warn is not None:
        more = f" and {len(left_out) - 1:,} more" if len(left_out) > 1 else ""
        warn(f"{label}: left out {next(iter(left_out))}{more}: in none of the trees, and not read by caplint")
    return result


def _never_read(file: FileDiff, trees: list[Tree]) -> bool:
    """Return whether a file could not matter in any of the trees: by its name, or as its project has it unread."""
    language = language_of(file.path)
    # Linux and QEMU have Rust as well, of which nothing is read.
    if language is None or (language == RUST and all(tree.project.wants(file.path) is False for tree in trees)):
        return bool(trees)
    owners = [tree.project for tree in trees if tree.project.home.fullmatch(file.path)]
    if not owners or any(project.wants(file.path) is not False for project in owners):
        return False
    return language != "c" or all(project.exclude.fullmatch(file.path) for project in owners)


def _trees_of(file: FileDiff, trees: list[Tree]) -> list[str]:
    if file.old is not None:
        names = [tree.name for tree in trees if tree.exists(file.old)]
        if names or file.kind not in {"renamed", "removed"}:
            return names
        # The tree may have the patch already.
        after = file.new or file.old.rpartition("/")[0]
        return [tree.name for tree in trees if after and tree.exists(after)]
    depths = {tree.name: _depth(tree, file.path) for tree in trees}
    return [name for name, depth in depths.items() if depth == max(depths.values())]


def _depth(tree: Tree, path: str) -> int:
    """Return how many directories above a path exist in the tree."""
    parts = path.split("/")
    depth = 0
    while depth < len(parts) - 1 and tree.exists("/".join(parts[: depth + 1])):
        depth += 1
    return depth


def _decide(file: FileDiff, names: list[str], opinions: list[Counter[str]], label: str) -> str:
    for votes in opinions:
        if len(names) > 1:
            most = max(votes[name] for name in names)
            names = [name for name in names if votes[name] == most]
    if len(names) > 1:
        raise CaplintError(f"{label}: {file.path} fits {' and '.join(names)}; choose with --for NAME")
    return names[0]
