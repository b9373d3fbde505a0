"""What a path is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class ProgramFunction(NamedTuple):
    """A function of a tree, or a macro that calls, told apart from its namesakes by its file."""

    tree: str
    path: str
    name: str
    line: int
    """Where it is defined."""


class Edge(NamedTuple):
    """How one function leads to another."""

    kind: str
    """`direct`, `macro`, `table` (through a pointer that it is assigned to), `callback` (handed on as an argument),
    `registered` (handed to what keeps it for somebody else to call), `rpc` (the name of a procedure that another
    process serves)."""
    path: str
    line: int
    """Of the call, or of the place that hands it on."""
    condition: str
    labels: str = ""
    """`case` labels in capitals that the call stands under, separated by blanks."""
    via: str = ""
    """The pointer, or what it is handed to."""
    sure: str = "exact"
    """`exact`; of a table `type` (the structure's type says so) or `field` (only the member's name does)."""

    @property
    def cost(self) -> float:
        """The more certain edge is the shorter one; what runs in one case of several is less so."""
        cost = _COST[self.kind] if self.sure != "field" else 5.0
        return cost + 0.5 * bool(self.labels)


_COST = {"direct": 1.0, "macro": 1.0, "callback": 1.5, "table": 2.0, "registered": 4.0, "rpc": 4.0}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a path. The first is the program's entry."""

    tree: str
    function: str
    path: str
    line: int
    """Where control passes on to it; of the first, and of what is reached over a bridge, where it is defined."""
    edge: str
    """`entry`, `direct`, `macro`, `table`, `callback`, `registered`, `rpc`, `exec`, `ioctl`, `case`."""
    case: str | None = None
    """The labels that the call stands under, separated by blanks."""
    condition: str = "1"
    note: str = ""
    """What a reader should know: the pointer, what is returned."""
    sure: str = "exact"
    why: str = ""
    """Why this definition and none of its namesakes."""
    defined: str = ""
    """`path:line` of the definition."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path, or as much of one as could be found."""

    verb: str
    """`check`, `enable`, `require`; of an ioctl `issue`; between two functions `reach`."""
    arch: str | None
    steps: tuple[Step, ...]
    above: str = ""
    """Why it does not begin at the program's entry; empty where it does."""
    below: str = ""
    """Why it does not end at a case of the kernel; empty where it does."""

    @property
    def whole(self) -> bool:
        """Whether it leads from the entry to the case."""
        return not (self.above or self.below)
