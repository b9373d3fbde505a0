"""Numbers of a new capability: its own, settled before any patch is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from caplint.authoring.kernel.ioctl_number import settled_ioctl
from caplint.authoring.request import CapabilityRequest, RequestedRegister
from caplint.authoring.workshop import Workshop
from caplint.fixes.next_number import next_number
from caplint.util.errors import CaplintError

# Also numbers of VMMs: a capability of a VMM's header that this kernel lacks is another kernel's.
_TAKEN = """
    SELECT DISTINCT number FROM cap
    WHERE number IS NOT NULL AND header IN ('uapi', 'vmm') AND typeof(number) = 'integer'
"""
_UPSTREAM = """
    SELECT DISTINCT number FROM cap c
    WHERE tree = ?1 AND header = 'uapi' AND typeof(number) = 'integer'
      AND NOT EXISTS (SELECT 1 FROM vendor_range v WHERE c.number BETWEEN v.low AND v.high)
"""
_DEFINED = """
    SELECT tree || ':' || path || ':' || line FROM cap WHERE name = ?2 AND ?1 <> '' ORDER BY role, tree, path, line
"""
_MACRO = """
    SELECT f.path || ':' || m.line FROM all_file f JOIN macro m ON m.blob = f.blob
    WHERE f.side = 'now' AND f.tree = ?1 AND m.name = ?2 ORDER BY f.path, m.line
"""
_KNOWN = "SELECT number, release FROM cap_release WHERE name = ?2 AND ?1 <> ''"
_HOLDERS = """
    SELECT name || ' of ' || tree FROM cap WHERE number = ?2 AND header IN ('uapi', 'vmm') AND ?1 <> ''
    UNION ALL SELECT name || ' of former kernels' FROM former_cap WHERE number = ?2
"""
_RANGES = "SELECT low, high FROM vendor_range WHERE ?1 <> '' ORDER BY low"
# A header of MSRs also defines bits and masks of registers: only names of registers are looked at.
_NAMED = "SELECT path, line, number FROM msr WHERE tree = ?1 AND name = ?2 ORDER BY path, line"
_NUMBERED = """
    SELECT path, line, name FROM msr m WHERE tree = ?1 AND number = ?2 AND number > 63
      AND path = (SELECT path FROM msr WHERE tree = ?1 GROUP BY path ORDER BY count(*) DESC LIMIT 1)
    ORDER BY line
"""
_HANDLED = """
    SELECT path || ':' || line FROM all_msr_site
    WHERE side = 'now' AND tree = ?1 AND verb IN ('get', 'set') AND kind = 'case' AND ?2 BETWEEN number AND last
    ORDER BY path, line
"""
_HIGHEST = 2**31 - 1


def settled(request: CapabilityRequest, workshop: Workshop, wish: str = "next") -> CapabilityRequest:
    """Return the request with the number of its capability.

    `wish` is next, the next free one; vendor, one of the vendor range; or a number. Raises `CaplintError` if a name
    or the number is taken, or no number is left.
    """
    if places := workshop.rows(_DEFINED, request.name):
        raise CaplintError(f"{request.name}: exists already, at {places[0][0]}; choose another name")
    if known := workshop.rows(_KNOWN, request.name):
        number, release = known[0]
        raise CaplintError(
            f"{request.name}: is number {number} of Linux {release.removeprefix('v')}; choose another name"
        )
    for macro in (request.macro(bit.name) for bit in request.arguments.bits):
        if places := workshop.rows(_MACRO, macro):
            raise CaplintError(f"--args mask: {macro}: is defined already, at {places[0][0]}; choose another name")
    request = replace(request, register=_register(request, workshop), ioctl=settled_ioctl(request, workshop))
    taken = {number for (number,) in workshop.bench.rows(_TAKEN)}
    if wish == "vendor":
        return replace(request, number=_of_vendor(workshop, taken))
    if wish != "next":
        return replace(request, number=_given(wish, workshop))
    free = next_number(number for (number,) in workshop.rows(_UPSTREAM))
    while free in taken:
        free += 1
    return replace(request, number=free)


def _register(request: CapabilityRequest, workshop: Workshop) -> RequestedRegister | None:
    """Return the register with its number. Raises `CaplintError` if its name or number stands for another one."""
    register = request.register
    if register is None:
        return None
    for path, line, number in workshop.rows(_NAMED, register.name):
        if number is None or register.number not in {None, number}:
            value = "no number that can be computed" if number is None else f"{number:#x}"
            raise CaplintError(f"--msr {register.name}: has {value} at {path}:{line}; leave its number out")
        if handled := workshop.rows(_HANDLED, number):
            raise CaplintError(f"--msr {register.name}: is handled already, at {handled[0][0]}; leave it out")
        return replace(register, number=number, is_defined=True)
    if register.number is None:
        raise CaplintError(f"--msr {register.name}: no header defines it; give its number: {register.name}=0x...")
    for path, line, name in workshop.rows(_NUMBERED, register.number):
        raise CaplintError(f"--msr {register.name}: {register.number:#x} is {name} at {path}:{line}; use that name")
    if handled := workshop.rows(_HANDLED, register.number):
        raise CaplintError(
            f"--msr {register.name}: {register.number:#x} is handled already, at {handled[0][0]}; leave it out"
        )
    return register


def _given(wish: str, workshop: Workshop) -> int:
    """Return the number that somebody asks for, which is free."""
    if not re.fullmatch(r"(0|[1-9][0-9]{0,9})", wish, re.ASCII) or int(wish) > _HIGHEST:
        raise CaplintError(f"--number {wish}: write next, vendor, or a number of 0 to {_HIGHEST}")
    if holders := workshop.rows(_HOLDERS, int(wish)):
        raise CaplintError(f"--number {wish}: is taken by {holders[0][0]}; leave the option out for the next free one")
    return int(wish)


def _of_vendor(workshop: Workshop, taken: Iterable[int]) -> int:
    ranges = workshop.rows(_RANGES)
    if not ranges:
        raise CaplintError("--number vendor: the configuration has no vendor-range; add one to caplint.toml")
    used = set(taken)
    for low, high in ranges:
        # As many numbers as are taken, and one more, hold a free one.
        for number in range(low, min(high, low + len(used)) + 1):
            if number not in used:
                return number
    raise CaplintError("--number vendor: no number of the vendor-range is free; widen it in caplint.toml")
