"""Definition of the capability in the UAPI header or its copy, with the bits of its mask."""

from __future__ import annotations

from caplint.authoring.ioctl_argument import definition, has_structure
from caplint.authoring.request import CapabilityRequest, RequestedIoctl
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
    if request.arguments.bits:
        _define_bits(request, topic, path)
    if request.ioctl is not None:
        _define_ioctl(request, request.ioctl, topic, path)


def _end(topic: Topic, path: str, what: str) -> int:
    last = guard_end(topic.workshop, path)
    if last is None:
        raise topic.workshop.lacks(f"to define {what}", f"{path} has no guard at whose end it could stand")
    return last


def _define_ioctl(request: CapabilityRequest, ioctl: RequestedIoctl, topic: Topic, path: str) -> None:
    """Define the ioctl at the header's end, where new ones are added."""
    lines = [*definition(request), ""]
    topic.above(path, _end(topic, path, ioctl.name), lines, "number of the ioctl, and what it takes")
    topic.silent_decision(
        path,
        f"number of {ioctl.name}",
        f"Does another series take {ioctl.number:#x} of KVM's ioctls?",
        "It is the next number that this tree has free; whoever is merged later takes the one after it.",
        f"define {ioctl.name} ",
    )
    if has_structure(request):
        question = "Is one value enough, and how can it grow? Must it be read back?"
        default = "The other members have to be 0 until they get a meaning; whoever has set it knows the value."
        topic.silent_decision(path, f"argument of {ioctl.name}", question, default, f"struct {ioctl.struct} {{")


def _define_bits(request: CapabilityRequest, topic: Topic, path: str) -> None:
    bits = request.arguments.bits
    last = _end(topic, path, "the bits")
    macros = [f"#define {request.macro(bit.name)} (1ULL << {bit.position})" for bit in bits]
    head = f"/* Bits of {request.name} */"
    topic.above(path, last, [head, *macros, ""], "bits of the mask")
