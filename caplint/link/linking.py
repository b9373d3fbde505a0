"""One run of the links: what it is given, and what its links leave to each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caplint.c.formula import Formula
from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import BlobKey, FactStore
from caplint.link.buildconfig.configurations import Configurations, Key
from caplint.link.core.loaded_trees import Loaded

if TYPE_CHECKING:
    from caplint.machine.record import Machine


@dataclass(frozen=True)
class RunScope:
    """The wishes of a run."""

    vendor_ranges: tuple[tuple[int, int], ...] = ()
    narrow: bool = False
    """Only the views of capabilities are wanted."""
    machines: tuple[Machine, ...] = ()
    """Whose answers are compared with the trees."""


@dataclass
class Linking:
    """A run of the links."""

    store: FactStore
    loaded: list[Loaded]
    rows: dict[BlobKey, int]
    """Where the store holds each blob."""
    reading: ExtractionSettings
    scope: RunScope
    stack: ExitStack
    """Closed when all links are made, or one has failed."""
    fill_layouts: Callable[[], None] = lambda: None
    """Waits for the layouts, which are evaluated meanwhile, and fills their tables."""
    built: Mapping[Key, Formula] = field(default_factory=dict)
    """Side, tree and architecture → when KVM itself is built."""
    configurations: Configurations = field(default_factory=lambda: Configurations({}, {}))

    @property
    def connection(self) -> sqlite3.Connection:
        """Where the tables are."""
        return self.store.connection
