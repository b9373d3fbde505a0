"""Says which project a directory or revision holds, and makes trees of what the command line names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from caplint.errors import CaplintError
from caplint.knowledge import Project, knowledge
from caplint.trees.directory import DirectoryTree
from caplint.trees.names import shown
from caplint.trees.repository import Repository
from caplint.trees.revision import RevisionTree
from caplint.trees.tree import PatchFile, Tree
from caplint.util.suggest import suggestion

ROLES = ("kernel", "vmm", "manager", "reference")


def detect(root: Path) -> Project:
    """The project that the directory holds.

    Raises `CaplintError`, with what was looked for, where it is none that caplint knows.
    """
    if not root.exists():
        raise CaplintError(f"{root}: no such directory")
    if not root.is_dir():
        raise CaplintError(f"{root}: not a directory")
    return _recognise(str(root), lambda marker: (root / marker).exists())


def _recognise(label: str, has: Callable[[str], bool]) -> Project:
    """The project whose files and directories are there."""
    for project in knowledge().projects:
        if any(all(map(has, markers)) for markers in project.markers):
            return project
    known = [project for project in knowledge().projects if project.markers]
    wanted = "; ".join(f"{project.title}: {' and '.join(project.markers[0])}" for project in known)
    advice = "Another VMM is given as --tree NAME=vmm:DIR"
    raise CaplintError(f"{label}: no tree that caplint knows. Looked for {wanted}. {advice}")


def directory_tree(path: str, role: str | None = None, name: str | None = None) -> DirectoryTree:
    """A directory as a tree; role and name follow from what it holds unless they are given."""
    _check_role(role)
    project = _project(role, lambda: detect(Path(path)), there=Path(path).is_dir())
    tree = DirectoryTree(*_identity(path, project, role, name), project, Path(path))
    _known_by_headers(tree, path)
    return tree


def tree_of(text: str, role: str | None = None, name: str | None = None) -> Tree:
    """The tree of `DIR` or `DIR@REV`; role and name follow from what it holds unless they are given.

    The text is split at the last `@` that a directory stands before, unless the whole is an existing path.
    """
    if "@" not in text or Path(text).exists():
        return directory_tree(text, role, name)
    path, revision = text.rpartition("@")[::2]
    while not Path(path).is_dir() and "@" in path:
        path, _, rest = path.rpartition("@")
        revision = f"{rest}@{revision}"
    if not Path(path).is_dir():
        return directory_tree(text, role, name)  # which says what is wrong
    return revision_tree(path, revision, role, name)


def revision_tree(path: str, revision: str, role: str | None = None, name: str | None = None) -> RevisionTree:
    """The directory as a revision of its repository has it."""
    _check_role(role)
    repository = Repository(Path(path))
    commit, found = repository.tree(revision)
    label = shown(f"{path}@{revision}")
    project = _project(role, lambda: _of_object(label, repository, found))
    tree = RevisionTree(
        _identity(label, project, role, name), project, repository, repository.entries(found, project.roots), found
    )
    tree.location, tree.revision = label, commit
    _known_by_headers(tree, label)
    return tree


def staged_tree(tree: DirectoryTree, revision: str | None = None) -> RevisionTree:
    """What the index of a directory's repository has of it, with a revision (default: HEAD) as its base."""
    repository = Repository(tree.root)
    blobs = repository.staged()
    directories = {parent for path in blobs for parent in _parents(path)}
    project = _recognise(f"{tree.location}: index", lambda marker: marker in blobs or marker in directories)
    staged = RevisionTree((tree.name, tree.role), project, repository, blobs)
    staged.location, staged.revision = tree.location, "index"
    first = revision is None and not repository.has_head()
    if first:
        base = RevisionTree((tree.name, tree.role), project, repository, {})
        base.location = f"{tree.location}@HEAD"
    else:
        base = revision_tree(tree.given, revision or "HEAD", tree.role, tree.name)
    staged.base = base
    if revision is None and not first:  # what is staged becomes one commit; a repository's first one changes nothing
        staged.patch_files = [PatchFile("index", 1, "index", *change) for change in staged.differences(base)]
    return staged


def against(tree: Tree, revision: str, directory: str) -> Tree:
    """The tree with a revision of the directory's repository as its base."""
    tree.base = revision_tree(directory, revision, tree.role, tree.name)
    return tree


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _of_object(label: str, repository: Repository, found: str) -> Project:
    markers = {marker for project in knowledge().projects for marker in chain(*project.markers)}
    present = repository.holds(found, sorted(markers))
    return _recognise(label, present.__contains__)


def _check_role(role: str | None) -> None:
    if role is not None and role not in ROLES:
        hint = suggestion(role, ROLES, otherwise=f"roles are {', '.join(ROLES)}")
        raise CaplintError(f"{role!r} is no role{hint}")


def _identity(label: str, project: Project, role: str | None, name: str | None) -> tuple[str, str]:
    """The name and role of a tree."""
    expected = {"reference": "kernel"}.get(role or "", role)
    if expected is not None and expected != project.role:
        raise CaplintError(f"{label}: is {project.title} ({project.role}), given as {role}")
    return name or name_of(project), role or project.role


def _project(role: str | None, recognise: Callable[[], Project], *, there: bool = True) -> Project:
    """What is recognised; what is given as a VMM and is none that is known, is any program."""
    program = next(project for project in knowledge().projects if not project.markers)
    try:
        found = recognise()
    except CaplintError:
        if role != program.role or not there:
            raise
        return program
    # A manager may carry copies of the headers too.
    return program if role == program.role and found.role == "manager" else found


def _known_by_headers(tree: Tree, label: str) -> None:
    """Any program is only one if it has a copy of KVM's headers."""
    if not tree.project.markers and not any(tree.project.header_kind(file) for file in tree.sources()):
        raise CaplintError(
            f"{label}: no program that caplint knows, and no linux/kvm.h below it that it could be known by"
        )


def name_of(project: Project) -> str:
    """What a project's tree is called unless it is named."""
    return {"linux": "kernel"}.get(project.name, project.name)


def parse_tree(option: str) -> Tree:
    """The tree of `--tree NAME=ROLE:PATH[@REV]`."""
    name, equals, rest = option.partition("=")
    role, colon, path = rest.partition(":")
    if not (equals and colon and name and role and path):
        raise CaplintError(f"--tree {option}: write NAME=ROLE:PATH, such as upstream=reference:linux")
    return tree_of(path, role, name)
