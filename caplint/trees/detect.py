"""Project detection for directories and revisions, and creation of trees from command-line arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.knowledge.load import knowledge
from caplint.knowledge.project import Project
from caplint.trees.directory import DirectoryTree
from caplint.trees.names import shown
from caplint.trees.tree import PatchFile, Tree
from caplint.util.errors import CaplintError
from caplint.util.suggest import suggestion

if TYPE_CHECKING:
    from caplint.trees.repository import Repository
    from caplint.trees.revision import RevisionTree

# Projects whose files a message names.
_FIRST = frozenset({"linux", "qemu", "libvirt", "kvmtool"})
ROLES = ("kernel", "vmm", "manager", "reference")


class UnknownProjectError(CaplintError):
    """Tree that has the marker files of no project, and nothing of KVM."""


def detect(root: Path) -> Project:
    """Return the project of a directory.

    Raises `CaplintError` for an unknown project, with the files that were searched for.
    """
    if not root.exists():
        raise CaplintError(f"{root}: no such directory")
    if not root.is_dir():
        raise CaplintError(f"{root}: not a directory")
    try:
        return _recognise(str(root), lambda marker: (root / marker).exists())
    except UnknownProjectError:
        if (root / "objects").is_dir() and (root / "HEAD").is_file() and not (root / ".git").exists():
            raise CaplintError(f"{root}: a bare repository; name a revision of it, such as {root}@HEAD") from None
        raise


def _recognise(label: str, has: Callable[[str], bool]) -> Project:
    """Return the project whose marker files and directories exist; among several, the one with the most of them."""
    marked = [
        (len(markers), project)
        for project in knowledge().projects
        for markers in project.markers
        if all(map(has, markers))
    ]
    if marked:
        return max(marked, key=lambda found: found[0])[1]
    known = [project for project in knowledge().projects if project.markers]
    first = [project for project in known if project.name in _FIRST]
    wanted = "; ".join(f"{project.title}: {' and '.join(project.markers[0])}" for project in first)
    others = ", ".join(project.title for project in known if project not in first)
    advice = "For another VMM use --tree NAME=vmm:DIR, which reads the C and Rust files that use KVM"
    raise UnknownProjectError(f"{label}: unknown project. Looked for {wanted}; and for files of {others}. {advice}")


def directory_tree(path: str, role: str | None = None, name: str | None = None) -> DirectoryTree:
    """Return a directory as a tree; role and name default to those of its project."""
    _check_role(role)
    project = _project(role, lambda: detect(Path(path)), there=Path(path).is_dir())
    tree = DirectoryTree(*_identity(path, project, role, name), project, Path(path))
    _known_by_headers(tree, path)
    return tree


def split_revision(text: str) -> tuple[str, str | None]:
    """Split `DIR@REV` at the last `@` that follows an existing directory; None if the text names no revision.

    An existing path is not split.
    """
    if "@" not in text or Path(text).exists():
        return text, None
    path, _, revision = text.rpartition("@")
    while not Path(path).is_dir() and "@" in path:
        path, _, rest = path.rpartition("@")
        revision = f"{rest}@{revision}"
    return (path, revision) if Path(path).is_dir() else (text, None)


def tree_of(text: str, role: str | None = None, name: str | None = None) -> Tree:
    """Return the tree of `DIR` or `DIR@REV`; role and name default to those of its project.

    The text is split as by `split_revision`.
    """
    path, revision = split_revision(text)
    if revision is None:
        return directory_tree(text, role, name)
    return revision_tree(path, revision, role, name)


def revision_tree(path: str, revision: str, role: str | None = None, name: str | None = None) -> RevisionTree:
    """Return a directory at a revision of its repository."""
    from caplint.trees.repository import NoDirectoryError, Repository  # noqa: PLC0415 - a check of directories runs no git
    from caplint.trees.revision import RevisionTree  # noqa: PLC0415

    _check_role(role)
    repository = Repository(Path(path))
    try:
        commit, found = repository.tree(revision)
    except NoDirectoryError as error:
        raise UnknownProjectError(str(error)) from None
    label = shown(f"{path}@{revision}")
    project = _project(role, lambda: _of_object(label, repository, found))
    tree = RevisionTree(_identity(label, project, role, name), project, repository, None, found)
    tree.location, tree.revision = label, commit
    _known_by_headers(tree, label)
    return tree


def staged_tree(tree: DirectoryTree, revision: str | None = None) -> RevisionTree:
    """Return the index of a directory's repository as a tree, with a revision (default: HEAD) as its base."""
    from caplint.trees.repository import Repository  # noqa: PLC0415 - as above
    from caplint.trees.revision import RevisionTree  # noqa: PLC0415

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
    if revision is None and not first:  # staged changes count as one patch, except for a first commit
        staged.patch_files = [PatchFile("index", 1, "index", *change) for change in staged.differences(base)]
    return staged


def against(tree: Tree, revision: str, directory: str) -> Tree:
    """Return the tree with a revision of the directory's repository as its base."""
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
        raise CaplintError(f"unknown role {role!r}{hint}")


def _identity(label: str, project: Project, role: str | None, name: str | None) -> tuple[str, str]:
    """Return the name and role of a tree."""
    expected = {"reference": "kernel"}.get(role or "", role)
    if expected is not None and expected != project.role:
        raise CaplintError(
            f"{label}: is {project.title} ({project.role}), but {role} is asked for; name it as {project.role}"
        )
    return name or name_of(project), role or project.role


def _project(role: str | None, recognise: Callable[[], Project], *, there: bool = True) -> Project:
    """Return the detected project; a tree given as VMM may be an unknown program."""
    program = next(project for project in knowledge().projects if not project.markers)
    try:
        found = recognise()
    except CaplintError:
        if role != program.role or not there:
            raise
        return program
    # A manager may also contain copies of the headers.
    return program if role == program.role and found.role == "manager" else found


def _known_by_headers(tree: Tree, label: str) -> None:
    """Raise `CaplintError` for an unknown program without a copy of KVM's headers and without code that uses KVM."""
    if tree.project.markers:
        return
    files = tree.candidates()
    if any(tree.project.header_kind(file) for file in files):
        return
    if not any(knowledge().is_interesting(tree.read(file)) for file in files):
        raise UnknownProjectError(
            f"{label}: unknown program without a copy of linux/kvm.h, and no C or Rust file in it uses KVM; "
            "name a source tree that does"
        )


def name_of(project: Project) -> str:
    """Return the default name of a project's tree."""
    return {"linux": "kernel"}.get(project.name, project.name)


def parse_tree(option: str) -> Tree:
    """Return the tree of `--tree NAME=ROLE:PATH[@REV]`."""
    name, equals, rest = option.partition("=")
    role, colon, path = rest.partition(":")
    if not (equals and colon and name and role and path):
        raise CaplintError(f"--tree {option}: write NAME=ROLE:PATH, such as upstream=reference:linux")
    return tree_of(path, role, name)
