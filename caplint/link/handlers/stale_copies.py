"""Copies of a VM's state that the creation of a vCPU makes and nothing renews: vCPUs that exist keep the old ones.

The state itself may be read at run time as well; the copy is stale all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from caplint.link.functions.member_uses import BRACKETS, POINTED
from caplint.link.handlers.creation_reads import OF_VCPU, CreationReads, Use

_STORES = """
    SELECT target, value, local, start FROM main.store WHERE blob = ? AND function = ? ORDER BY start
"""
_GUARDS = """
    SELECT expression FROM main.guard_extent
    WHERE blob = ? AND function = ? AND kind = 'enclosing' AND start <= ? AND stop > ?
"""
_RETURNS = "SELECT value FROM main.return_value WHERE blob = ? AND function = ?"
_MACROS = """
    SELECT m.body FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
    WHERE f.side = ? AND f.tree = ? AND instr(m.body, ?) AND (instr(m.body, '->') OR instr(m.body, '.'))
"""
_ROOT = re.compile(r"\W*(\w+)")
_OF_A_VM = re.compile(r"\bkvm\s*->|\bkvm\s*\.")


class StaleCopy(NamedTuple):
    """A member of the vCPU, as the creation writes it, and the read of the VM's state that it is written from."""

    target: str
    use: Use


class _Stretch(NamedTuple):
    """A function of the creation, and how its text names the state."""

    function: str
    blob: int
    named: re.Pattern[str]


def stale_copy(reads: CreationReads, member: str, arch: str, ignored: frozenset[str]) -> StaleCopy | None:
    """Return a copy of a VM's member that only the creation writes and that is read afterwards; None if none is known.

    `ignored` are functions that enable the capability.
    """
    for use in reads.uses(member):
        if use.mode != "read" or use.arch not in {arch, "generic"} or OF_VCPU.match(use.chain):
            continue
        if use.function in ignored or use.function in reads.handlers:
            continue
        for stretch in _stretches(reads, member, use, arch):
            for target, name in _written(reads, stretch):
                if _is_kept(reads, name, arch):
                    return StaleCopy(target, use._replace(function=stretch.function))
    return None


def _stretches(reads: CreationReads, member: str, use: Use, arch: str) -> Iterator[_Stretch]:
    """Yield the reader, and the callers of a function that returns the state, as far as they are of the creation."""
    named = re.compile(rf"(?:->|\.)\s*{re.escape(member)}\b")
    if reads.is_creation(use.function, arch):
        yield _Stretch(use.function, use.blob, named)
    if any(named.search(value) for (value,) in reads.helpers.connection.execute(_RETURNS, (use.blob, use.function))):
        called = re.compile(rf"\b{re.escape(use.function)}\s*\(")
        for call in reads.calls(use.function, arch):
            if call.caller and reads.is_creation(call.caller, arch):
                yield _Stretch(call.caller, call.blob, called)


def _written(reads: CreationReads, stretch: _Stretch) -> Iterator[tuple[str, str]]:
    """Yield the members of the vCPU, as written and by name, that get the state, or a value where it is tested."""
    stores = reads.helpers.connection.execute(_STORES, (stretch.blob, stretch.function)).fetchall()
    of_vcpu = {"vcpu"} | {target for target, value, local, _ in stores if local and re.search(r"\bvcpu\b", value)}
    for target, value, local, start in stores:
        names = POINTED.findall(BRACKETS.sub("", target))
        root = _ROOT.match(target)
        if local or not names or _OF_A_VM.search(target) or root is None or root[1] not in of_vcpu:
            continue
        place = (stretch.blob, stretch.function, start, start)
        texts = [value, *(text for (text,) in reads.helpers.connection.execute(_GUARDS, place))]
        if any(stretch.named.search(text) for text in texts):
            yield target, names[-1]


def _is_kept(reads: CreationReads, name: str, arch: str) -> bool:
    """Tell whether only the creation writes a member of the vCPU, and something else reads it."""
    if _in_macro(reads, name):
        return False
    uses = [use for use in reads.uses(name) if use.arch in {arch, "generic"} and not _OF_A_VM.search(use.chain)]
    later = [use for use in uses if not reads.is_creation(use.function, arch)]
    return bool(later) and all(use.mode == "read" for use in later)


def _in_macro(reads: CreationReads, name: str) -> bool:
    """Tell whether a macro mentions a member: who expands it is not known."""
    bodies = reads.helpers.connection.execute(_MACROS, (reads.helpers.side, reads.helpers.tree, name))
    return any(name in POINTED.findall(body) for (body,) in bodies)
