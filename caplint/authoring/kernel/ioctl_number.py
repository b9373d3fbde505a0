"""Number of a new ioctl: the next one of KVM's group, after a look at the names that it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from caplint.authoring.request import CapabilityRequest, RequestedIoctl
from caplint.authoring.workshop import Workshop
from caplint.util.errors import CaplintError

# Also those of VMMs and other kernels in view, as for capabilities. Numbers that can be computed, and definitions as
# written: one whose structure no architecture in view has is not computed.
_NUMBERED = """
    SELECT DISTINCT name, nr FROM ioctl_number WHERE type = 0xAE
    UNION SELECT DISTINCT m.name, m.body FROM all_file f JOIN macro m ON m.blob = f.blob
    WHERE f.side = 'now' AND m.parameters IS NULL AND m.body GLOB '_IO*(*KVMIO*'
"""
_WRITTEN = re.compile(r"_IOW?R?\(\s*KVMIO\s*,\s*(0[xX][0-9a-fA-F]{1,2}|[0-9]{1,3})\s*[,)]")
_APART = {"KVM_CREATE_DEVICE", "KVM_SET_DEVICE_ATTR", "KVM_GET_DEVICE_ATTR", "KVM_HAS_DEVICE_ATTR"}
"""Ioctls of devices. Their numbers, 0xe0 to 0xe3, stand apart: others are still counted up below them."""
_HIGHEST = 0xFF
_NAMED = """
    SELECT f.tree || ':' || f.path || ':' || m.line FROM all_file f JOIN macro m ON m.blob = f.blob
    WHERE f.side = 'now' AND m.name = ?2 AND ?1 <> '' ORDER BY f.tree = ?1 DESC, f.path, m.line
"""
_STRUCTURE = """
    SELECT f.tree || ':' || f.path || ':' || m.line FROM all_file f JOIN member m ON m.blob = f.blob
    WHERE f.side = 'now' AND m.owner = ?2 AND ?1 <> '' ORDER BY f.tree = ?1 DESC, f.path, m.line
"""


def settled_ioctl(request: CapabilityRequest, workshop: Workshop) -> RequestedIoctl | None:
    """Return the ioctl with its number.

    Raises `CaplintError` if a name that it needs is taken, or no number is left.
    """
    ioctl = request.ioctl
    if ioctl is None:
        return None
    if ioctl.name in {request.macro(bit.name) for bit in request.arguments.bits}:
        raise CaplintError(f"--ioctl {ioctl.name}: is the name of a bit of --args, too; choose another name")
    for query, name, what in ((_NAMED, ioctl.name, ""), (_STRUCTURE, ioctl.struct, f"struct {ioctl.struct} ")):
        if places := workshop.rows(query, name):
            raise CaplintError(f"--ioctl {ioctl.name}: {what}exists already, at {places[0][0]}; choose another name")
    taken = dict(_taken(workshop))
    if not taken:
        raise workshop.lacks(f"to define {ioctl.name}", "no header of the UAPI defines an ioctl of KVM")
    number = max((number for number, name in taken.items() if name not in _APART), default=0) + 1
    while number in taken:
        number += 1
    if number > _HIGHEST:
        raise CaplintError(f"--ioctl {ioctl.name}: no number of KVM's ioctls is free above {max(taken):#x}")
    return replace(ioctl, number=number)


def _taken(workshop: Workshop) -> Iterator[tuple[int, str]]:
    """Yield the numbers that ioctls have, with a name."""
    for name, value in workshop.bench.rows(_NUMBERED):
        if isinstance(value, int):
            yield value, name
        elif match := _WRITTEN.match(value):
            yield int(match[1], 16 if match[1][:2] in {"0x", "0X"} else 10), name
