"""Data model of an inventory: what its entries tell beyond their own fields."""

from __future__ import annotations

import pytest

from caplint.inventory.model import (
    Capability,
    Enable,
    Inventory,
    MachineAnswer,
    Section,
    SourceLine,
    Support,
    TracedUse,
)

PLACE = SourceLine("kernel", "a.c", 1)


def _cap(**more: object) -> Capability:
    values: dict[str, object] = {"alias": None, "condition": "1", "comment": None, "definitions": [], **more}
    return Capability("KVM_CAP_A", 1, **values)  # type: ignore[arg-type]  # by the names of the fields


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [((), []), (("vcpu",), ["vcpu"]), (("vcpu", "vm", "vcpu"), ["vm", "vcpu"]), (("vm", "vm"), ["vm"])],
)
def test_each_descriptor_stands_once_and_the_vm_first(scopes: tuple[str, ...], expected: list[str]) -> None:
    enables = [Enable(scope, "1", None, [], PLACE) for scope in scopes]
    assert Support(None, [], enables).scopes == expected


def _section(number: str, *, heading: bool) -> Section:
    return Section(number, "T", heading, None, None, None, PLACE)


def test_only_a_section_with_its_heading_documents_it() -> None:
    mention, first, second = (
        _section("4.1", heading=False),
        _section("7.1", heading=True),
        _section("8.1", heading=True),
    )
    assert _cap(documentation=[mention, first, second]).section == first
    assert _cap(documentation=[mention]).section is None
    assert _cap().section is None


def test_two_capabilities_share_no_list() -> None:
    one, other = _cap(), _cap()
    one.findings.extend([])
    one.selftests.append(PLACE)
    one.architectures["x86"] = Support(None, [], [])
    assert (other.selftests, other.architectures) == ([], {})


def test_what_is_in_view() -> None:
    trees: list[tuple[str, str, str, str | None]] = [
        ("linux", "kernel", "/l", None), ("one", "vmm", "/1", None), ("libvirt", "manager", "/v", None),
        ("two", "vmm", "/2", "abc"),
    ]  # fmt: skip
    traced = TracedUse("log", "check", "vm", 1, ["1"], 1)
    answer = MachineAnswer("box", "x86", "6.12", 1, None, None)
    plain = Inventory([_cap(), _cap()], [], trees)
    assert (plain.vmms, plain.traced, plain.probed) == (["one", "two"], False, False)
    assert Inventory([_cap(), _cap(traced=[traced])], [], trees).traced
    assert Inventory([_cap(machines=[answer]), _cap()], [], trees).probed
    assert not Inventory([_cap(machines=[answer])], [], []).traced
