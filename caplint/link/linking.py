"""State of one run of the links: its inputs, and the values that links pass to each other."""

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
    """Settings of a run that links depend on."""

    vendor_ranges: tuple[tuple[int, int], ...] = ()
    abis: tuple[str, ...] = ()
    """ABIs for which layouts are evaluated; empty: all."""
    narrow: bool = False
    """True if only the views of capabilities are needed."""
    machines: tuple[Machine, ...] = ()
    """Machines whose answers are compared with the trees."""
    oldest_kernel: str = ""
    """Oldest release of Linux that is supported; empty if the user has not said."""
    results: tuple[str, ...] = ()
    """Tables and other results of links that the run needs; empty: all."""


@dataclass
class Linking:
    """Inputs and intermediate values of one run of the links."""

    store: FactStore
    loaded: list[Loaded]
    rows: dict[BlobKey, int]
    """Blob key → id of the blob in the store."""
    reading: ExtractionSettings
    scope: RunScope
    stack: ExitStack
    """Closed when all links are done, or one has failed."""
    fill_layouts: Callable[[], None] = lambda: None
    """Callable that waits for the layouts evaluated in the background, and fills their tables."""
    built: Mapping[Key, Formula] = field(default_factory=dict)
    """Side, tree and architecture → condition under which KVM itself is built."""
    configurations: Configurations = field(default_factory=lambda: Configurations({}, {}))
    results: frozenset[str] | None = None
    """Tables and other results that are needed; None: all."""

    def needs(self, *results: str) -> bool:
        """Tell whether one of some results is needed."""
        return self.results is None or not self.results.isdisjoint(results)

    @property
    def connection(self) -> sqlite3.Connection:
        """Database connection with the tables."""
        return self.store.connection
