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
