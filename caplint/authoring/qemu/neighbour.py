"""Neighbour: a register that QEMU reads, writes and migrates already, beside which a new one gets its places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from caplint.authoring.workshop import Workshop

_USES = """
    SELECT p.path, p.msr, p.line, g.line, g.function
    FROM vmm_msr p JOIN vmm_msr g ON g.tree = p.tree AND g.path = p.path AND g.msr = p.msr AND g.verb = 'get'
    WHERE p.tree = ?1 AND p.verb = 'put' AND p.value = 'state' AND p.asked IN ('list', 'capability')
    ORDER BY p.path, p.line DESC
"""
_CASE = """
    SELECT l.line FROM file f JOIN main.case_label l ON l.blob = f.blob
    WHERE f.tree = ?1 AND f.path = ?2 AND l.function = ?3 AND l.low = ?4
"""
_OPEN = re.compile(r"    if \((\w+)\) \{$")
_PUT = re.compile(r"\s*\w+\((\w+), (\w+), (\w+)->(\w+)\);$")


@dataclass(frozen=True)
class QemuNeighbour:
    """Places of a register in the code that reads and writes registers; lines are those below which a new one goes."""

    msr: str
    path: str
    put: int
    """End of `if (flag) { add(…); }` in the function that writes registers."""
    get: int
    """End of the same statement in the function that reads registers."""
    taken: int
    """Last line of the case that stores the value that was read."""
    flag: int
    """Line of the declaration of its flag."""
    call: str
    """Function that adds an entry: `kvm_msr_entry_add`."""
    target: str
    """First argument of that function."""
    env: str
    """Variable of the CPU's state."""
    member: str
    """Member of the state that holds its value."""
    source: str
    """Expression that is assigned to it, as written: `msrs[i].data`."""


def neighbour(workshop: Workshop) -> QemuNeighbour:
    """Return the last register whose code has exactly this shape. Raises `CaplintError` if QEMU has none."""
    for row in workshop.rows(_USES):
        found = _read(workshop, row)
        if found is not None:
            return found
    raise workshop.lacks("to get and set an MSR", "it has none with a flag, one member and one case to put it beside")


def _read(workshop: Workshop, row: tuple[Any, ...]) -> QemuNeighbour | None:
    path, msr, put_line, get_line, getter = row
    put, flag = _block(workshop, path, put_line)
    get, same = _block(workshop, path, get_line)
    match = _PUT.match(workshop.line(path, put_line))
    cases = workshop.rows(_CASE, path, getter, msr)
    flags = declared(workshop, path, flag)
    if not (put and get and flag == same and match and match[2] == msr and len(cases) == 1 and len(flags) == 1):
        return None
    case = cases[0][0]
    taken = re.match(rf"\s*{match[3]}->{match[4]} = ([^;]+);$", workshop.line(path, case + 1))
    if taken is None or workshop.line(path, case + 2).strip() != "break;":
        return None
    call = workshop.line(path, put_line).partition("(")[0].strip()
    return QemuNeighbour(msr, path, put, get, case + 2, flags[0], call, match[1], match[3], match[4], taken[1])


def declared(workshop: Workshop, path: str, name: str) -> list[int]:
    """Return the lines of a file that declare a flag of this name outside functions."""
    return [number for number, text in enumerate(workshop.lines(path), 1) if text == f"static bool {name};"]


def _block(workshop: Workshop, path: str, line: int) -> tuple[int, str]:
    """Return the last line and the flag of `if (flag) {` around one line; zero if it is written otherwise."""
    match = _OPEN.match(workshop.line(path, line - 1))
    return (line + 1, match[1]) if match and workshop.line(path, line + 1) == "    }" else (0, "")
