"""Session: trees with their facts and links, ready for queries."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.config.run import machines_of
from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings, harvest
from caplint.facts.learnt_attributes import read_with_own_attributes
from caplint.facts.store.store import FactStore
from caplint.knowledge.capability_names import PREFIX
from caplint.knowledge.languages import language_of
from caplint.link.buildconfig.configurations import Configurations
from caplint.link.core.loaded_trees import Loaded
from caplint.link.linker import link
from caplint.link.linking import RunScope
from caplint.link.vmm.callers_elsewhere import read_callers_elsewhere
from caplint.trees.tree import File, Tree

Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Ignore progress."""


@dataclass
class Session:
    """Linked trees, ready for queries."""

    store: FactStore
    loaded: list[Loaded]
    configurations: Configurations
    deep: bool = False
    """Whether the views of the call graph are filled."""
    placed: set[tuple[str, str, str]] = field(default_factory=set)
    """Functions (tree, path, name) whose architectures the call graph has been asked for: view `function_arch`."""
    lacks: dict[str, str] = field(default_factory=dict)
    """Roles that a comparison lacks, with the reason; empty for the usual one."""

    @property
    def connection(self) -> sqlite3.Connection:
        """Database connection with the views."""
        return self.store.connection

    @property
    def trees(self) -> list[Tree]:
        """Trees of the run, in the given order."""
        return [entry.tree for entry in self.loaded]

    @property
    def roles(self) -> dict[str, str]:
        """Tree name → role."""
        return {tree.name: tree.role for tree in self.trees}


def open_session(
    trees: list[Tree],
    config: Config,
    progress: Progress = no_progress,
    *,
    narrow: str | None = None,
    results: tuple[str, ...] = (),
) -> Session:
    """Extract missing facts, link the trees and fill the views.

    A `narrow` session has only the views of capabilities, from the files that mention KVM or contain the given name.
    With `results`, only the links run that fill these tables, and what they need.
    If the store turns out to be damaged, it is discarded and all facts are extracted again.
    """
    path, part = config.store_path, _SessionPart(narrow, results)
    store = FactStore(path)
    try:
        return _open(trees, config, store, progress, part)
    except (sqlite3.Error, ValueError) as error:
        store.close()
        if path is None:
            raise
        # Damage may first show as invalid JSON or an invalid number.
        return _open(trees, config, FactStore.instead(path, error), progress, part)
    except BaseException:
        store.close()
        raise


class _SessionPart(NamedTuple):
    """Part of the views that a session has; see `open_session`."""

    narrow: str | None
    results: tuple[str, ...]


def _open(trees: list[Tree], config: Config, store: FactStore, progress: Progress, part: _SessionPart) -> Session:
    narrow = part.narrow

    def in_scope(tree: Tree | None, files: list[File]) -> list[File]:
        if tree is None or narrow is None:
            return files
        # Files that mention KVM are always read; an ioctl's name may also occur in other files.
        name = b"" if narrow.startswith(PREFIX) else narrow.encode()
        return [
            file
            for file in files
            if file.mentions_kvm or language_of(file.path) != "c" or (name and name in tree.read(file.path))
        ]

    for tree in trees:
        if tree.base is None and tree.taken_state is None:
            tree.state_id({})  # the search of its text is remembered by it; the walk serves `with_base` as well
    sides = [(tree, *tree.with_base(store)) for tree in trees]
    loaded = [Loaded(tree, in_scope(tree, now), in_scope(tree.base, base)) for tree, now, base in sides]
    wanted = [
        (tree, file)
        for entry in loaded
        for tree, files in ((entry.tree, entry.files), (entry.tree.base, entry.base_files))
        if tree is not None
        for file in files
    ]
    reading = ExtractionSettings(config.repairs, config.jobs)
    rows = read_with_own_attributes(store, wanted, harvest(store, wanted, reading, progress), reading)
    if narrow is None:
        rows = read_callers_elsewhere(store, loaded, rows, lambda more: harvest(store, more, reading, progress))
    configurations = link(
        store,
        loaded,
        rows,
        reading,
        RunScope(
            tuple(config.vendor_range),
            config.abis,
            narrow is not None,
            machines_of(config),
            config.oldest_kernel,
            part.results,
        ),
    )
    return Session(store, loaded, configurations)
