"""Capabilities made by hand, for the tests of the inventory's formats."""

from __future__ import annotations

from typing import Any

from caplint.inventory.model import (
    ALWAYS,
    Capability,
    CapabilityDefinition,
    CheckAnswer,
    Enable,
    EnableArgument,
    Found,
    Inventory,
    MachineAnswer,
    Section,
    SourceLine,
    Support,
    VmmPlace,
)

PLACE = SourceLine("kernel", "a.c", 3, "f")


def cap(name: str = "KVM_CAP_A", number: int | None = 1, **more: Any) -> Capability:
    """A capability; `more` as the attributes of the model."""
    values: dict[str, Any] = {"alias": None, "condition": "1", "comment": None, "definitions": [], **more}
    return Capability(name, number, **values)


def support(advertised: str | None = ALWAYS, *scopes: str, arguments: tuple[EnableArgument, ...] = ()) -> Support:
    """What an architecture does, at one place."""
    answers = [CheckAnswer("1", "1", False, PLACE)] if advertised else []
    return Support(advertised, answers, [Enable(scope, "1", True, list(arguments), PLACE) for scope in scopes])


def argument(position: int, mask: str | None = None) -> EnableArgument:
    return EnableArgument(position, "stored", True, mask)


def section(number: str | None = "7.1", *, heading: bool = True, **more: str | None) -> Section:
    """A section of api.rst that documents the capability, or mentions it."""
    return Section(number, "KVM_CAP_A", heading, more.get("type"), more.get("architectures"), None, PLACE)


def use(verb: str, place: SourceLine = PLACE) -> VmmPlace:
    return VmmPlace(verb, "vm", None, "tested", "1", place)


def found(severity: str, code: str = "CAP101") -> Found:
    return Found(code, "made-up", severity, None, "m", PLACE)


def answer(system: int, vm: int | None = None, difference: str | None = None) -> MachineAnswer:
    return MachineAnswer("box", "x86", "6.12", system, vm, difference)


def definition(place: SourceLine = PLACE) -> CapabilityDefinition:
    return CapabilityDefinition("uapi", 1, "1", None, place)


def inventory(
    *capabilities: Capability, architectures: tuple[str, ...] = ("x86",), vmms: tuple[str, ...] = ()
) -> Inventory:
    trees: list[tuple[str, str, str, str | None]] = [("kernel", "kernel", "/linux", "1f")]
    return Inventory(
        list(capabilities), list(architectures), [*trees, *((vmm, "vmm", f"/{vmm}", None) for vmm in vmms)]
    )
