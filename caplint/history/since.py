"""First releases of Linux with each capability, as the tags of a kernel's repository show them.

Only the header is read, once per release; the history between the releases is not.
"""

from __future__ import annotations

from collections.abc import Iterable

from caplint.history.headers import definitions
from caplint.history.needs import AT_LATEST, version
from caplint.inventory.model import Inventory
from caplint.knowledge.load import knowledge
from caplint.trees.directory import DirectoryTree
from caplint.trees.git_place import NoRepositoryError
from caplint.trees.repository import Repository
from caplint.trees.revision import RevisionTree
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

MOST_RELEASES = 400
"""Releases whose headers are read, each by a process of git; Linux has had a hundred."""
_Numbered = tuple[str, int | None]
"""Capability and number."""


def add_releases(inventory: Inventory, trees: Iterable[Tree]) -> list[str]:
    """Set the first release of capabilities for which caplint's data has a bound at best, from the tags of kernels.

    Return a remark on each kernel whose repository cannot be read; a kernel without a repository needs none.
    """
    vague = [cap for cap in inventory.capabilities if cap.since is None or cap.since.startswith(AT_LATEST)]
    remarks = []
    for tree in trees if vague else ():
        try:
            found = _first_releases(tree) if tree.role == "kernel" else {}
        except CaplintError as error:  # the tree itself has been read
            remarks.append(f"{tree.name}: `since` is from caplint's own data; the tags cannot be read: {error}")
            continue
        for cap in vague:
            since = found.get((cap.name, cap.number))
            if since is not None and (cap.since is None or version(since) <= version(cap.since)):
                cap.since = since
    return remarks


def _first_releases(tree: Tree) -> dict[_Numbered, str]:
    if isinstance(tree, RevisionTree):
        return first_releases(tree.repository, tree.project.name)
    if isinstance(tree, DirectoryTree):
        try:
            repository = Repository(tree.root)
        except NoRepositoryError:
            return {}
        return first_releases(repository, tree.project.name)
    return {}


def first_releases(repository: Repository, project: str) -> dict[_Numbered, str]:
    """Return the first release with each capability and number, such as `v5.10`, or `<= v5.10`.

    It is a bound if the tag of the release before is not there, or lacks a header that an earlier release has.
    Raises `CaplintError` if git cannot read it.
    """
    tags = {release: commit for tag, commit in repository.tags() if (release := knowledge().linux_release(tag))}
    if len(tags) > MOST_RELEASES:
        raise CaplintError(f"{len(tags):,} tags name releases, of which caplint reads {MOST_RELEASES}")
    paths = [f"{repository.prefix}{path}" for path in knowledge().number_headers(project)]
    listed = {release: repository.entries(commit, paths) for release, commit in tags.items()} if paths else {}
    texts = {oid: list[_Numbered]() for files in listed.values() for oid in files.values()}
    # A content that is not there is an error, and no release without the header.
    for oid, content in zip(texts, repository.read_all(list(texts)), strict=True):
        texts[oid] = [(cap, entries[0].number) for cap, entries in definitions(content).items()]
    repository.close()
    found: dict[_Numbered, str] = {}
    telling: set[tuple[str, int]] = set()
    for release in sorted(listed, key=lambda entry: (version(entry[0]), entry[1])):
        files = (listed[release].get(path) for path in paths)
        defined = next((texts[oid] for oid in files if oid is not None and texts[oid]), [])
        if defined or not found:
            telling.add(release)
        prefix = "" if knowledge().release_before(release) in telling else AT_LATEST
        for numbered in defined:
            found.setdefault(numbered, f"{prefix}v{release[0]}.{release[1]}")
    return found
