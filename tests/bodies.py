"""Functions of a tiny kernel or VMM as links read them, so that a link's module can be asked at its own interface."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from conftest import X86, Files, bare_kernel, bare_qemu

from caplint.config.settings import Config
from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.constants import Constants
from caplint.link.handlers.capability_tables import CapabilityTables
from caplint.link.handlers.simulation_state import Facts
from caplint.link.handlers.sites import Numbered
from caplint.session import Session, open_session

KVM_X86 = "target/i386/kvm/kvm.c"


@dataclass(frozen=True)
class LinkedCode:
    """Linked kernel of one tree."""

    session: Session
    text: str
    """Text of its file x86.c, or of QEMU's kvm.c."""

    @property
    def connection(self) -> sqlite3.Connection:
        """Tables and views."""
        return self.session.connection

    @property
    def tree(self) -> str:
        """Name of the tree."""
        return self.session.trees[0].name

    @cached_property
    def helpers(self) -> Helpers:
        """Its functions and macros."""
        return Helpers(self.connection, "now", self.tree)

    @cached_property
    def constants(self) -> Constants:
        """Its constants."""
        return Constants(self.connection, "now", self.tree)

    def body(self, name: str, arch: str = "x86") -> Body:
        """Return the one function of a name."""
        (body,) = self.helpers.functions(name, arch)
        return body

    def facts(self, steps: int = 10_000, **named: frozenset[str]) -> Facts:
        """Return what simulations ask, with a number of statements; `check` and `enable` name handlers."""
        handlers = {"check": frozenset[str](), "enable": frozenset[str](), **named}
        return Facts(self.helpers, self.constants, self._numbered, self._tables, handlers, {}, steps)

    @cached_property
    def _numbered(self) -> Numbered:
        return Numbered(self.connection, "now", self.tree)

    @cached_property
    def _tables(self) -> CapabilityTables:
        return CapabilityTables(self.connection, "now", self.tree)

    def at(self, text: str, function: str = "") -> int:
        """Return the offset of a text in x86.c, or of the first one behind the begin of a function."""
        return self.text.index(text, self.body(function).start if function else 0)


@contextmanager
def linked(root: Path, text: str, files: Files | None = None) -> Iterator[LinkedCode]:
    """Link a kernel with a text as its x86.c, and with other files."""
    session = open_session([bare_kernel(root, {X86: text, **(files or {})})], Config(cache="none", jobs=1))
    try:
        yield LinkedCode(session, text)
    finally:
        session.store.close()


@contextmanager
def linked_vmm(root: Path, text: str, files: Files | None = None) -> Iterator[LinkedCode]:
    """Link a QEMU with a text as its target/i386/kvm/kvm.c, and with other files."""
    session = open_session([bare_qemu(root, {KVM_X86: text, **(files or {})})], Config(cache="none", jobs=1))
    try:
        yield LinkedCode(session, text)
    finally:
        session.store.close()
