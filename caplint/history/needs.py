"""Kernels that a VMM needs: the oldest with everything that it requires, and the first with each other capability."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from caplint.config.settings import Config
from caplint.history.model import HEADER, PRESENT, REMOVED, Track
from caplint.inventory.model import SourceLine
from caplint.knowledge.load import knowledge
from caplint.session import open_session
from caplint.trees.tree import Tree

REQUIRED, ENABLED, OPTIONAL = "required", "enabled", "optional"
KINDS = (REQUIRED, ENABLED, OPTIONAL)
"""A list of required capabilities names it; it is enabled, and the VMM gives up or fails if that is refused, without
asking for it anywhere; or the VMM asks for it or goes on without it."""
AT_LATEST = "<= "
"""Prefix of a release that has a capability, where an earlier one may be the first."""

_USES = """
    SELECT cap, arch, verb, fails, tree, path, line, function FROM all_vmm_use WHERE side = 'now'
    ORDER BY cap, verb <> 'require', verb <> 'check', path, line
"""
_NUMBERS = "SELECT name, number FROM cap WHERE number IS NOT NULL ORDER BY name"
_VERSION = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Need:
    """Capability that a VMM uses on an architecture."""

    cap: str
    arch: str | None
    """None for code of all architectures."""
    kind: str
    since: str | None
    """First release of Linux with it, such as `v5.10`, or `<= v4.6`; None if unknown."""
    place: SourceLine


@dataclass(frozen=True, slots=True)
class Needs:
    """Capabilities that a VMM uses, and the oldest kernel per architecture."""

    name: str
    location: str
    source: str
    """Where the releases are from."""
    needs: tuple[Need, ...]
    oldest: dict[str, str | None]
    """Architecture → oldest release with everything that is required; None if one of them is unknown."""
    whole: dict[str, str | None]
    """Architecture → oldest release that has also everything that is enabled without asking."""


def needs_of(tree: Tree, config: Config, kernel: Track | None) -> Needs:
    """Return the needs of a VMM; `kernel` is a history to take the releases from. Raises `CaplintError`."""
    session = open_session([tree], config)
    try:
        uses = session.connection.execute(_USES).fetchall()
        numbers = _numbers(session.connection)
    finally:
        session.store.close()
    releases = _Releases(numbers, kernel)
    asked = {(cap, arch) for cap, arch, verb, *_ in uses if verb != "enable"}
    found: dict[tuple[str, str | None], Need] = {}
    for cap, arch, verb, fails, *place in uses:
        asks = (cap, arch) in asked or (cap, None) in asked
        kind = REQUIRED if verb == "require" else ENABLED if verb == "enable" and fails and not asks else OPTIONAL
        known = found.get((cap, arch))
        if known is None or KINDS.index(kind) < KINDS.index(known.kind):
            found[cap, arch] = Need(cap, arch, kind, releases.since(cap, arch), SourceLine(*place))
    needs = sorted(found.values(), key=lambda need: (KINDS.index(need.kind), *_rank(need)))
    archs = knowledge().ordered({need.arch for need in needs if need.arch})
    oldest, whole = (
        {arch: _oldest(need for need in needs if need.kind in kinds and need.arch in {None, arch}) for arch in archs}
        for kinds in ((REQUIRED,), (REQUIRED, ENABLED))
    )
    source = "caplint's own data" if kernel is None else kernel.location
    return Needs(tree.name, tree.location, source, tuple(needs), oldest, whole)


def _rank(need: Need) -> tuple[bool, tuple[int, ...], str, str]:
    return need.since is None, version(need.since or ""), need.cap, need.arch or ""


def version(release: str) -> tuple[int, ...]:
    """Return the numbers of a release, to compare."""
    return tuple(int(part) for part in _VERSION.findall(release))


def _oldest(needs: Iterable[Need]) -> str | None:
    """Return the latest of the first releases; the bound if a bound is the latest."""
    releases = [need.since for need in needs]
    if None in releases:
        return None
    return max((release for release in releases if release), key=lambda text: (version(text), text), default=None)


def _numbers(connection: sqlite3.Connection) -> dict[str, int]:
    return {name: int(number) for name, number in reversed(connection.execute(_NUMBERS).fetchall())}


class _Releases:
    """First releases of capabilities: of a kernel's history, or else of the shipped data."""

    def __init__(self, numbers: dict[str, int], kernel: Track | None) -> None:
        self._numbers = numbers
        self._kernel = kernel
        self._first: dict[tuple[str, str, str | None], str] = {}
        for event in kernel.events if kernel else ():
            if event.kind != REMOVED and event.release is not None:
                label = f"{AT_LATEST if event.kind == PRESENT else ''}{event.release}"
                self._first.setdefault((event.cap, event.place, event.arch), label)

    def since(self, cap: str, arch: str | None) -> str | None:
        """Return the first release that answers a capability on an architecture, or else defines it."""
        if self._kernel is None:
            # A VMM without a copy of the header, such as one on the crate kvm-bindings, has the numbers of Linux.
            number = self._numbers[cap] if cap in self._numbers else knowledge().number_in_linux(cap)
            return knowledge().since(cap, number)
        answered = self._first.get((cap, "check", arch)) if arch else None
        return answered or self._first.get((cap, HEADER, None))
