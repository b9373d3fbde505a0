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
    known = [project for project in knowledge().projects if project.markers]
    wanted = "; ".join(f"{project.title}: {' and '.join(project.markers[0])}" for project in known)
    raise CaplintError(f"{root}: no tree that caplint knows. Looked for {wanted}")


def directory_tree(path: str, role: str | None = None, name: str | None = None) -> DirectoryTree:
    """A directory as a tree; role and name follow from what it holds unless they are given."""
    if role is not None and role not in ROLES:
        near = difflib.get_close_matches(role, ROLES, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; roles are {', '.join(ROLES)}"
        raise CaplintError(f"{role!r} is no role{hint}")
    project = _project(Path(path), role)
    expected = {"reference": "kernel"}.get(role or "", role)
    if expected is not None and expected != project.role:
        raise CaplintError(f"{path}: is {project.title} ({project.role}), given as {role}")
    tree = DirectoryTree(name or _NAMES.get(project.name, project.name), role or project.role, project, Path(path))
    if not project.markers and not any(project.header_kind(file) for file in tree.sources()):
        raise CaplintError(
            f"{path}: no program that caplint knows, and no linux/kvm.h below it that it could be known by"
        )
    return tree


def _project(root: Path, role: str | None) -> Project:
    """What the directory holds; what is given as a VMM and is none that is known, is any program."""
    program = next(project for project in knowledge().projects if not project.markers)
    try:
        found = detect(root)
    except CaplintError:
        if role != program.role or not root.is_dir():
            raise
        return program
    # A manager may carry copies of the headers too.
    return program if role == program.role and found.role == "manager" else found


_NAMES = {"linux": "kernel"}


def parse_tree(option: str) -> Tree:
    """The tree of `--tree NAME=ROLE:PATH`."""
    name, equals, rest = option.partition("=")
    role, colon, path = rest.partition(":")
    if not (equals and colon and name and role and path):
        raise CaplintError(f"--tree {option}: write NAME=ROLE:PATH, such as upstream=reference:linux")
    return directory_tree(path, role, name)
