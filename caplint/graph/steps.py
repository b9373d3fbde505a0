"""What a path is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Function:
    """A function of a tree, told apart from its namesakes by its file."""

    tree: str
    path: str
    name: str
    line: int
    """Where it is defined."""


@dataclass(frozen=True, slots=True)
class Edge:
    """How one function leads to another."""

    kind: str
    """`direct`, `table` (through a field that it is assigned to), `callback` (handed on as an argument)."""
    path: str
    line: int
    """Of the call, or of the place that hands it on."""
    condition: str
    via: str = ""
    """The field, or the function that it is handed to."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a path. The first is the program's entry."""

    tree: str
    function: str
    path: str
    line: int
    """Where control passes on to it; of the first where it is defined."""
    edge: str
    """`entry`, `direct`, `table`, `callback`, `ioctl`, `exec`, `case`."""
    case: str | None = None
    """The label that the call stands under, where that decides."""
    condition: str = "1"
    note: str = ""
    """What a reader should know: the field, what is returned."""


# The more certain edge is the shorter one. A field's candidates are found by its name only.
COST = {"direct": 1.0, "callback": 1.5, "table": 3.0}
