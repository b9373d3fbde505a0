"""Calls that create objects or set properties, and the methods that they lead to."""

from __future__ import annotations

import pytest

from caplint.knowledge.made_objects import MadeObjects

MADE = MadeObjects(
    [
        {"method": "DeviceClass.realize", "calls": {"qdev_realize": [0], "sysbus_realize": [0]}},
        {"method": "ObjectProperty.set", "calls": {"object_property_set_bool": [1], "object_property_set": [1, 2]}},
        {"method": "Other.realize", "calls": {"other_realize": [2]}},
    ],
    ["type", "set"],
)


@pytest.mark.parametrize(
    ("members", "calls"),
    [
        (["realize"], ["qdev_realize", "sysbus_realize", "other_realize"]),
        (["set"], ["object_property_set_bool", "object_property_set"]),
        (["set", "realize"], list(MADE.makers)),
        (["DeviceClass.realize"], []),
        (["missing"], []),
        ([], []),
    ],
)
def test_functions_that_lead_to_methods(members: list[str], calls: list[str]) -> None:
    assert sorted(MADE.leading_to(members)) == sorted(calls)


def test_arguments_and_methods() -> None:
    assert MADE.makers["object_property_set"] == [1, 2]
    assert MADE.calls["ObjectProperty.set"] == {"object_property_set_bool", "object_property_set"}


@pytest.mark.parametrize(
    ("made", "method", "tells"),
    [
        ("DEVICE(cpuobj)", "kvm_cpu_realize", True), ("cpu", "kvm_cpu_realize", True),
        ("TYPE_CPU", "cpu_realize", True),
        ("DEVICE(gic)", "kvm_cpu_realize", False), ("DEVICE(gicobj)", "kvm_gic_realize", True),
        ('"kernel-irqchip"', "set_kernel_irqchip", True), ('"kernel-irqchip"', "set_kernel", False),
        ("kernel_irqchip", "set_kernel", True), ('"type"', "set_type", False), ("type", "type", False),
        ("", "cpu_realize", False), ("cpu", "", False), ('""', "cpu", False), ("ab", "ab", False),
        ("CPU", "CPU", True),
        ('"split-irqchip"', "set_irqchip_split", True),
    ],
)  # fmt: skip
def test_what_an_object_tells(made: str, method: str, tells: bool) -> None:
    """One word of an object is enough; of a property in quotes, the method has all words that are not general."""
    assert MADE.tells(made, method) is tells
