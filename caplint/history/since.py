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
from caplint.trees.repository import Repository
from caplint.trees.revision import RevisionTree
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

_Release = tuple[str, int]
_Numbered = tuple[str, int | None]
"""Capability and number."""


def add_releases(inventory: Inventory, trees: Iterable[Tree]) -> None:
    """Say since when there is a capability, where caplint's own data has a bound at best and a kernel's tags know more.

    A kernel without a repository, or with a damaged one, adds nothing.
    """
    vague = [cap for cap in inventory.capabilities if cap.since is None or cap.since.startswith(AT_LATEST)]
    for tree in trees if vague else ():
        found = _first_releases(tree) if tree.role == "kernel" else {}
        for cap in vague:
            since = found.get((cap.name, cap.number))
            if since is not None and (cap.since is None or version(since) <= version(cap.since)):
                cap.since = since


def _first_releases(tree: Tree) -> dict[_Numbered, str]:
    try:
        if isinstance(tree, RevisionTree):
            return first_releases(tree.repository, tree.project.name)
        if isinstance(tree, DirectoryTree):
            return first_releases(Repository(tree.root), tree.project.name)
    except CaplintError:  # no repository, or one that git cannot read: the tree itself has been read
        pass
    return {}


def first_releases(repository: Repository, project: str) -> dict[_Numbered, str]:
    """Return the first release with each capability and number, such as `v5.10`, or `<= v5.10`.

    It is a bound if the tag of the release before is not there. Raises `CaplintError` if git cannot read it.
    """
    tags = {release: commit for tag, commit in repository.tags() if (release := knowledge().linux_release(tag))}
    paths = [f"{repository.prefix}{path}" for path in knowledge().number_headers(project)]
    listed = {release: repository.entries(commit, paths) for release, commit in tags.items()} if paths else {}
    texts = {oid: list[_Numbered]() for files in listed.values() for oid in files.values()}
    # A content that is not there is an error, and no release without the header.
    for oid, content in zip(texts, repository.read_all(list(texts)), strict=True):
        texts[oid] = [(cap, entries[0].number) for cap, entries in definitions(content).items()]
    repository.close()
    found: dict[_Numbered, str] = {}
    for release in sorted(listed, key=lambda entry: (version(entry[0]), entry[1])):
        prefix = "" if knowledge().release_before(release) in tags else AT_LATEST
        files = (listed[release].get(path) for path in paths)
        defined = next((texts[oid] for oid in files if oid is not None and texts[oid]), [])
        for numbered in defined:
            found.setdefault(numbered, f"{prefix}v{release[0]}.{release[1]}")
    return found
