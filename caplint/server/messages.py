"""Messages between the server and the processes of its checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from caplint.findings.fix import Fix
from caplint.server.positions import Span


@dataclass(frozen=True)
class ServedTree:
    """Tree that the server checks."""

    name: str
    role: str
    location: str
    root: str | None
    """Directory, without links; None for a revision, whose files an editor cannot open."""


@dataclass(frozen=True)
class Planned:
    """Trees and settings of the server; `error` says why there are none."""

    trees: tuple[ServedTree, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Order:
    """Buffers and cache of a check that is to be made."""

    overlays: dict[str, dict[str, bytes]]
    """Tree → path → content that replaces the file's."""
    encoding: str
    """Unit of columns."""
    cache: Path | None = None
    """Directory of a cache of its own; None: the user's."""


@dataclass(frozen=True)
class EditorPlace:
    """Stretch of a line in a tree."""

    tree: str
    path: str
    span: Span
    text: str = ""
    """Source text there, or the reason why the place is listed."""


@dataclass(frozen=True)
class Diagnosed:
    """Finding, for an editor."""

    code: str
    severity: str
    message: str
    place: EditorPlace
    related: tuple[EditorPlace, ...]
    fingerprint: str
    fix: Fix | None


@dataclass(frozen=True)
class Checked:
    """Result of a check."""

    findings: list[Diagnosed]
    coverage: str
    """The ledger in one line."""
    known: int
    """Number of findings that are known upstream."""
    remarks: list[str]
    """Skipped rules and the like, one line each."""
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A check that could not be made, with the reason in one line."""

    reason: str


@dataclass(frozen=True)
class NameQuestion:
    """Question about a name to the process of a check that is done."""

    kind: str
    """`card`, `definition`, `references`, or `copy`: write a copy of the store, `name` is its directory."""
    name: str


@dataclass(frozen=True)
class NameCard:
    """All about a name: a title, and labelled lines of text. Nothing in it is markup."""

    title: str
    lines: list[tuple[str, str]] = field(default_factory=list)
