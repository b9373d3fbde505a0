"""Data model of a path: functions, edges, steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class ProgramFunction(NamedTuple):
    """Function of a tree, or a macro that calls functions; tree, path and line distinguish namesakes."""

    tree: str
    path: str
    name: str
    line: int
    """Line of the definition."""


class Edge(NamedTuple):
    """Edge of the call graph from one function to another."""

    kind: str
    """`direct`, `macro`, `table` (through a function pointer), `callback` (passed as an argument), `registered`
    (passed to a function that stores it for a later call), `rpc` (procedure that another process serves), `trait`
    (a method of Rust on a value of which only a trait is known)."""
    path: str
    line: int
    """Line of the call, or of the place that passes the function."""
    condition: str
    labels: str = ""
    """`case` labels in capitals around the call, separated by blanks."""
    via: str = ""
    """Function pointer, or the function or macro that receives the argument."""
    sure: str = "exact"
    """Certainty: `exact`; for a table also `type` (structure type matches) or `field` (only the member's name)."""

    @property
    def cost(self) -> float:
        """Length for the path search: longer for less certain edges, and for calls under a case label."""
        cost = _COST[self.kind] if self.sure != "field" else 5.0
        return cost + 0.5 * bool(self.labels)


_COST = {"direct": 1.0, "macro": 1.0, "callback": 1.5, "table": 2.0, "registered": 4.0, "rpc": 4.0, "trait": 2.0}


@dataclass(frozen=True, slots=True)
class Step:
    """Step of a path. The first step is the program's entry."""

    tree: str
    function: str
    path: str
    line: int
    """Line of the call that leads to the function; its definition for the first step and behind a bridge."""
    edge: str
    """`entry`, `direct`, `macro`, `table`, `callback`, `registered`, `rpc`, `trait`, `exec`, `ioctl`, `case`."""
    case: str | None = None
    """`case` labels around the call, separated by blanks."""
    condition: str = "1"
    note: str = ""
    """Additional information for a reader: the pointer, the returned value."""
    sure: str = "exact"
    why: str = ""
    """Reason why this definition is chosen among its namesakes."""
    defined: str = ""
    """`path:line` of the definition."""


@dataclass(frozen=True, slots=True)
class Path:
    """Path from a program's entry to a target, possibly incomplete at either end."""

    verb: str
    """`check`, `enable` or `require`; `issue` for an ioctl; `reach` between two functions."""
    arch: str | None
    steps: tuple[Step, ...]
    above: str = ""
    """Reason why it does not begin at the program's entry; empty if it does."""
    below: str = ""
    """Reason why it does not end at a case label of the kernel; empty if it does."""

    @property
    def whole(self) -> bool:
        """Whether it leads from the entry to the case label."""
        return not (self.above or self.below)
