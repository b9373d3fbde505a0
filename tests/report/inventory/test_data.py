"""The inventory and its changes as plain data that fits its schema, with the steps of paths that a reader needs."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
from capabilities import answer, cap, inventory, section, support, use

from caplint.engine.outcome import Outcome
from caplint.graph.path_model import Path, Step
from caplint.inventory.difference import Change, InventoryDifference
from caplint.inventory.model import Inventory, TracedUse
from caplint.report.inventory.data import as_object, capability_object, difference_object

Mini = tuple[Inventory, Outcome]
ASK = Step("qemu", "ask", "a.c", 3, "entry")
CASE = Step("kernel", "check", "x86.c", 9, "case", "KVM_CAP_A")


def _valid(held: dict[str, Any]) -> Any:
    """The data as a reader gets it, which fits the schema."""
    schema = json.loads(resources.files("caplint").joinpath("schemas/inventory.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    data = json.loads(json.dumps(held))
    jsonschema.validate(data, schema)
    return data


def test_the_mini_trees_fit_the_schema(mini: Mini) -> None:
    data = _valid(as_object(mini[0]))
    assert [each["name"] for each in data["capabilities"]] == [each.name for each in mini[0].capabilities]
    assert any(each["paths"] for each in data["capabilities"])


def test_a_tree_is_an_object() -> None:
    data = _valid(as_object(inventory(cap("KVM_CAP_A", None), architectures=("x86", "s390"), vmms=("qemu",))))
    assert data["trees"] == [
        {"name": "kernel", "role": "kernel", "path": "/linux", "revision": "1f"},
        {"name": "qemu", "role": "vmm", "path": "/qemu", "revision": None},
    ]
    assert data["architectures"] == ["x86", "s390"]
    assert data["capabilities"][0]["number"] is None


def test_everything_about_a_capability() -> None:
    full = cap(
        "KVM_CAP_A", 7, architectures={"x86": support("always", "vm")}, documentation=[section()], vmm=[use("check")],
        machines=[answer(1)],
    )  # fmt: skip
    (data,) = _valid(as_object(inventory(full)))["capabilities"]
    assert data["architectures"]["x86"]["enables"][0]["scope"] == "vm"
    assert (data["vmm"][0]["verb"], data["vmm"][0]["place"]["path"]) == ("check", "a.c")
    assert data["machines"][0]["system"] == 1


def test_uses_of_a_log_are_there_only_with_a_log() -> None:
    assert "traced" not in capability_object(cap())
    data = capability_object(cap(traced=[TracedUse("log", "check", "vm", 2, ["1"], 5)]))
    assert [use["times"] for use in data["traced"]] == [2]


def test_each_path_has_its_verb_and_what_breaks_it() -> None:
    paths = [Path("check", "x86", (ASK, CASE)), Path("enable", None, (ASK,), "no caller", "no case")]
    whole, broken = _valid(as_object(inventory(cap(paths=paths))))["capabilities"][0]["paths"]
    assert (whole["verb"], whole["arch"], whole["broken"]) == ("check", "x86", [])
    assert [(step["function"], step["line"]) for step in whole["steps"]] == [("ask", 3), ("check", 9)]
    assert (broken["verb"], broken["arch"], broken["broken"]) == ("enable", None, ["no caller", "no case"])


def test_changes_stand_under_their_kind() -> None:
    found = InventoryDifference(
        inventory(),
        inventory(vmms=("qemu",)),
        [Change("KVM_CAP_B", "went", []), Change("KVM_CAP_A", "came", ["number 1"])],
    )
    data = difference_object(found)
    assert (data["came"], data["went"], data["changed"]) == (
        [{"name": "KVM_CAP_A", "details": ["number 1"]}], [{"name": "KVM_CAP_B", "details": []}], [],
    )  # fmt: skip
    assert [len(data[side]) for side in ("before", "after")] == [1, 2]
