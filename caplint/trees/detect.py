"""Says which project a directory holds, and makes trees of what the command line names."""

from __future__ import annotations

import difflib
from pathlib import Path

from caplint.errors import CaplintError
from caplint.knowledge import Project, knowledge
from caplint.trees.directory import DirectoryTree
from caplint.trees.tree import Tree

ROLES = ("kernel", "vmm", "manager", "reference")


def detect(root: Path) -> Project:
    """The project that the directory holds.

    Raises `CaplintError`, with what was looked for, where it is none that caplint knows.
    """
    if not root.exists():
        raise CaplintError(f"{root}: no such directory")
    if not root.is_dir():
        raise CaplintError(f"{root}: not a directory")
    for project in knowledge().projects:
        if any(all((root / marker).exists() for marker in markers) for markers in project.markers):
            return project
    wanted = "; ".join(f"{project.title}: {' and '.join(project.markers[0])}" for project in knowledge().projects)
    raise CaplintError(f"{root}: no tree that caplint knows. Looked for {wanted}")


def directory_tree(path: str, role: str | None = None, name: str | None = None) -> DirectoryTree:
    """A directory as a tree; role and name follow from what it holds unless they are given."""
    if role is not None and role not in ROLES:
        near = difflib.get_close_matches(role, ROLES, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; roles are {', '.join(ROLES)}"
        raise CaplintError(f"{role!r} is no role{hint}")
    project = detect(Path(path))
    expected = {"reference": "kernel"}.get(role or "", role)
    if expected is not None and expected != project.role:
        raise CaplintError(f"{path}: is {project.title} ({project.role}), given as {role}")
    return DirectoryTree(name or _NAMES.get(project.name, project.name), role or project.role, project, Path(path))


_NAMES = {"linux": "kernel"}


def parse_tree(option: str) -> Tree:
    """The tree of `--tree NAME=ROLE:PATH`."""
    name, equals, rest = option.partition("=")
    role, colon, path = rest.partition(":")
    if not (equals and colon and name and role and path):
        raise CaplintError(f"--tree {option}: write NAME=ROLE:PATH, such as upstream=reference:linux")
    return directory_tree(path, role, name)
