"""Definition of the capability in the UAPI header or its copy, with the bits of its mask."""

from __future__ import annotations

from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import guard_end
from caplint.authoring.topic import Topic

_DEFINED = """
    SELECT path, line, number FROM cap
    WHERE tree = ?1 AND header IN ('uapi', 'vmm') AND typeof(number) = 'integer' AND condition = '1'
    ORDER BY number
"""
_LATER = "SELECT name, release FROM cap_release WHERE number = ?2 AND ?1 <> ''"


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Define the number below the capability with the number before it, and bits of a mask at the header's end."""
    defined = topic.workshop.rows(_DEFINED)
    before = [row for row in defined if row[2] < (request.number or 0)] or defined[:1]
    if not before:
        raise topic.workshop.lacks(f"to define {request.name}", "no header of the UAPI defines a capability")
    path, line, _ = before[-1]
    topic.below(path, line, [f"#define {request.name} {request.number}"], "number of the capability")
    for name, release in topic.workshop.rows(_LATER, request.number):
        topic.silent_decision(
            path,
            "number",
            f"Linux {release.removeprefix('v')} gives {request.number} to {name}: is the series for this tree alone?",
            "It takes this tree's next free number; --number vendor takes one that Linux never will.",
            f"{request.name} {request.number}",
        )
    _define_bits(request, topic, path)


def _define_bits(request: CapabilityRequest, topic: Topic, path: str) -> None:
    bits = request.arguments.bits
    if not bits:
        return
    last = guard_end(topic.workshop, path)
    if last is None:
        raise topic.workshop.lacks("to define the bits", f"{path} has no guard at whose end they could stand")
    macros = [f"#define {request.macro(bit.name)} (1ULL << {bit.position})" for bit in bits]
    head = f"/* Bits of {request.name} */"
    topic.above(path, last, [head, *macros, ""], "bits of the mask")
