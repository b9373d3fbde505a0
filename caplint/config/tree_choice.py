"""Selection of the trees for a run: from the command line, the configuration and the working directory."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.trees.detect import detect, directory_tree, parse_tree, revision_tree, staged_tree, tree_of
from caplint.trees.directory import DirectoryTree
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.config.settings import Config


@dataclass(frozen=True)
class Asked:
    """Trees of a command line, each as `DIR` or `DIR@REV`."""

    kernel: str | None = None
    qemu: str | None = None
    libvirt: str | None = None
    paths: tuple[str, ...] = ()
    """Positional paths, whose project is detected."""
    trees: tuple[str, ...] = ()
    """Options of the form `NAME=ROLE:PATH[@REV]`."""
    staged: bool = False
    """Compare the index of the selected tree with its HEAD or `base`."""
    base: str | None = None
    """Revision to compare with."""


def chosen(asked: Asked, config: Config) -> list[Tree]:
    """Return the trees of the command line and the configuration; with a base if one is requested.

    If the command line names none, the tree of the working directory is taken too, unless the configuration has another
    one of its role.
    """
    if not asked.staged and asked.base is None:
        trees = _named(asked)
        named = bool(trees)
        trees += _configured(config, {tree.role for tree in trees})
        if not named:
            given = {tree.role for tree in trees}
            trees += [tree for tree in _tree_here(trees) if tree.role not in given]
        return _unambiguous(trees)
    trees = _with_tree_here(asked, config)
    return _with_base(trees, asked)


def _with_tree_here(asked: Asked, config: Config) -> list[Tree]:
    """Return the trees, with the tree of the working directory unless one PATH selects the compared tree."""
    trees = _named(asked)
    if len(asked.paths) != 1:
        trees += _tree_here(trees)
    return _unambiguous(trees + _configured(config, {tree.role for tree in trees}))


def around(asked: Asked, config: Config) -> list[Tree]:
    """Return the trees, with the tree of the working directory if its role is free; may be empty."""
    trees = _named(asked)
    given = {tree.role for tree in trees}
    trees += [tree for tree in _tree_here(trees) if tree.role not in given]
    trees += _configured(config, {tree.role for tree in trees})
    return _unambiguous(trees) if trees else []


def _named(asked: Asked) -> list[Tree]:
    trees: list[Tree] = []
    for path, name, role in (
        (asked.kernel, "kernel", "kernel"),
        (asked.qemu, "qemu", "vmm"),
        (asked.libvirt, "libvirt", "manager"),
    ):
        if path is not None:
            trees.append(tree_of(path, role, name))
    trees += [tree_of(path) for path in asked.paths]
    return trees + [parse_tree(option) for option in asked.trees]


def _configured(config: Config, given: set[str]) -> list[Tree]:
    """Return the environment's trees whose roles are free, then those of the configuration."""
    trees = []
    for entry in config.trees:
        if entry.role in given:
            continue
        try:
            tree = tree_of(entry.path, entry.role, entry.name)
        except CaplintError as error:
            raise CaplintError(f"{entry.variable or f'{config.source}: trees.{entry.name}'}: {error}") from None
        if tree.role not in given:
            trees.append(tree)
        if entry.variable:
            given = given | {tree.role}
    return trees


def _unambiguous(trees: list[Tree]) -> list[Tree]:
    if not trees:
        raise CaplintError(
            "no tree given, and the working directory is in none; name a directory, or use --kernel, --qemu, "
            "--libvirt, or [trees] in caplint.toml"
        )
    names: set[str] = set()
    for tree in trees:
        if tree.name in names:
            meant = f"--tree NAME={tree.role}:{tree.location}"
            raise CaplintError(f"two trees are named {tree.name}; rename one with {meant}")
        names.add(tree.name)
    return trees


def _with_base(trees: list[Tree], asked: Asked) -> list[Tree]:
    """Return the trees; the tree that --staged or --base selects gets its base."""
    meant = _meant(trees, asked)
    changed: Tree = staged_tree(meant, asked.base) if asked.staged or asked.base is None else meant
    if asked.base is not None:
        from caplint.trees.comparison import compared  # noqa: PLC0415 - a check without a base runs no git

        rest = "staged changes" if asked.staged else "uncommitted changes"
        changed = compared(changed, meant.given, (asked.base, None), fork=True, rest=rest)
    return [changed if tree is meant else tree for tree in trees]


def _meant(trees: list[Tree], asked: Asked) -> DirectoryTree:
    """Return the compared tree: the one PATH, else the tree of the working directory, else the only tree."""
    if len(asked.paths) == 1:
        root = Path(asked.paths[0]).resolve()
        candidates = [tree for tree in trees if isinstance(tree, DirectoryTree) and tree.root == root]
    else:
        candidates = [tree for tree in trees if isinstance(tree, DirectoryTree) and (_is_here(tree) or len(trees) == 1)]
    if not candidates:
        raise CaplintError("no tree to compare with a revision; run inside the tree, or give its directory as PATH")
    return max(candidates, key=lambda tree: len(tree.root.parts))


def _is_here(tree: Tree) -> bool:
    return isinstance(tree, DirectoryTree) and Path.cwd().resolve().is_relative_to(tree.root)


def _tree_here(trees: list[Tree]) -> list[Tree]:
    """Return the tree at or above the working directory, unless it is already given or its name is taken."""
    if any(_is_here(tree) for tree in trees):
        return []
    for directory in (Path.cwd(), *Path.cwd().parents):
        with suppress(CaplintError):
            tree = directory_tree(str(directory))
            return [] if tree.name in {other.name for other in trees} else [tree]
    return []


def between(asked: Asked, config: Config, revisions: tuple[str, str], *, fork: bool) -> list[Tree]:
    """Return the trees, with the compared tree at its later revision and the earlier revision as its base.

    `fork`: the base is the commit at which the later revision diverged from the earlier one. The compared tree needs
    no files in its directory, which may be a bare repository or a clone without checkout.
    """
    from caplint.trees.comparison import compared  # noqa: PLC0415 - as above

    trees, meant, later = _at_revision(asked, config, revisions[1])
    given = compared(later, meant, revisions, fork=fork)
    return _unambiguous([given if tree is later else tree for tree in trees])


def _at_revision(asked: Asked, config: Config, revision: str) -> tuple[list[Tree], str, Tree]:
    """Return all trees, the directory of the compared one, and that one at a revision."""
    path, role, name, others = _only_directory(asked)
    if path is None:
        try:
            trees = _with_tree_here(asked, config)
            meant = _meant(trees, asked)
        except CaplintError:
            with suppress(CaplintError):
                return _with_others(revision_tree(".", revision), ".", asked, config)
            raise
        later = revision_tree(meant.given, revision, meant.role, meant.name)
        return [later if tree is meant else tree for tree in trees], meant.given, later
    return _with_others(revision_tree(path, revision, role, name), path, others, config)


def _with_others(later: Tree, path: str, asked: Asked, config: Config) -> tuple[list[Tree], str, Tree]:
    trees = [*_named(asked), later]
    return trees + _configured(config, {tree.role for tree in trees}), path, later


def _only_directory(asked: Asked) -> tuple[str | None, str | None, str | None, Asked]:
    """Return path, role and name of the compared tree if one is named, and the other trees.

    It is the one PATH, or the one tree option whose directory holds no tree, such as a bare repository.
    """
    if len(asked.paths) == 1 and Path(asked.paths[0]).is_dir():
        return asked.paths[0], None, None, replace(asked, paths=())
    options = [(asked.kernel, "kernel", "kernel"), (asked.qemu, "vmm", "qemu"), (asked.libvirt, "manager", "libvirt")]
    given = [option for option in options if option[0] is not None]
    if len(given) == 1 and not asked.paths and not asked.trees and Path(given[0][0] or "").is_dir():
        try:
            detect(Path(given[0][0] or ""))
        except CaplintError:
            return *given[0], Asked()
    return None, None, None, asked
