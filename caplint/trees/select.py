"""Which trees a command line means: those that it names, the configured ones, and that of the working directory."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.errors import CaplintError
from caplint.trees.detect import against, detect, directory_tree, parse_tree, revision_tree, staged_tree, tree_of
from caplint.trees.directory import DirectoryTree
from caplint.trees.tree import Tree

if TYPE_CHECKING:
    from caplint.config import Config


@dataclass(frozen=True)
class Asked:
    """Trees as a command line names them: `DIR` or `DIR@REV`."""

    kernel: str | None = None
    qemu: str | None = None
    libvirt: str | None = None
    paths: tuple[str, ...] = ()
    """Bare paths, whose project is recognised."""
    trees: tuple[str, ...] = ()
    """`NAME=ROLE:PATH[@REV]`."""
    staged: bool = False
    """Compare the index of the tree that is meant."""
    base: str | None = None
    """Compare with this revision."""


def chosen(asked: Asked, config: Config) -> list[Tree]:
    """Return the trees that are asked for, else those of the configuration; with a base where one is asked for."""
    if not asked.staged and asked.base is None:
        trees = _named(asked)
        return _unambiguous(trees + _configured(config, {tree.role for tree in trees}))
    trees = _with_tree_here(asked, config)
    return _with_base(trees, asked)


def _with_tree_here(asked: Asked, config: Config) -> list[Tree]:
    """Return the trees, and that of the working directory unless one PATH says which is meant."""
    trees = _named(asked)
    if len(asked.paths) != 1:
        trees += _tree_here(trees)
    return _unambiguous(trees + _configured(config, {tree.role for tree in trees}))


def around(asked: Asked, config: Config) -> list[Tree]:
    """Return the same, and the tree of the working directory, if no other has its role; perhaps none at all."""
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
    """The environment's trees of roles that are not given, then the configuration's."""
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
            "no tree given; name a directory, or use --kernel, --qemu, --libvirt, or [trees] in caplint.toml"
            + _hint(Path())
        )
    names = [tree.name for tree in trees]
    for name in names:
        if names.count(name) > 1:
            raise CaplintError(f"two trees are named {name}; name one of them with --tree NAME=ROLE:PATH")
    return trees


def _with_base(trees: list[Tree], asked: Asked) -> list[Tree]:
    """The trees, the one that --staged or --base means with what it is compared with."""
    meant = _meant(trees, asked)
    changed = (
        staged_tree(meant, asked.base)
        if asked.staged or asked.base is None
        else against(meant, asked.base, meant.given)
    )
    return [changed if tree is meant else tree for tree in trees]


def _meant(trees: list[Tree], asked: Asked) -> DirectoryTree:
    """The one tree that is named by a bare PATH, or else the one here, or else the only one."""
    if len(asked.paths) == 1:
        root = Path(asked.paths[0]).resolve()
        found = [tree for tree in trees if isinstance(tree, DirectoryTree) and tree.root == root]
    else:
        found = [tree for tree in trees if isinstance(tree, DirectoryTree) and (_is_here(tree) or len(trees) == 1)]
    if not found:
        raise CaplintError("which tree is compared with a revision? Run in it, or name its directory as PATH")
    return max(found, key=lambda tree: len(tree.root.parts))


def _is_here(tree: Tree) -> bool:
    return isinstance(tree, DirectoryTree) and Path.cwd().resolve().is_relative_to(tree.root)


def _tree_here(trees: list[Tree]) -> list[Tree]:
    """The tree of the working directory, or of one above it, unless it is given already or another has its name."""
    if any(_is_here(tree) for tree in trees):
        return []
    for directory in (Path.cwd(), *Path.cwd().parents):
        with suppress(CaplintError):
            tree = directory_tree(str(directory))
            return [] if tree.name in {other.name for other in trees} else [tree]
    return []


def between(asked: Asked, config: Config, revisions: tuple[str, str]) -> list[Tree]:
    """Return the trees, the one that is meant as its later revision, with the earlier one as its base."""
    trees = _with_tree_here(asked, config)
    meant = _meant(trees, asked)
    later = revision_tree(meant.given, revisions[1], meant.role, meant.name)
    return [against(later, revisions[0], meant.given) if tree is meant else tree for tree in trees]


def _hint(directory: Path) -> str:
    """What to type where the working directory is a tree itself."""
    try:
        return f"; the working directory is one ({detect(directory).title}): name it as ."
    except CaplintError:
        return ""
