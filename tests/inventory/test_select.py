"""Which capabilities are shown."""

from __future__ import annotations

import pytest

from caplint.inventory.model import (
    Capability,
    CapabilityDefinition,
    CheckAnswer,
    Inventory,
    Section,
    SourceLine,
    Support,
    VmmPlace,
)
from caplint.inventory.select import ONLY, select, within

PLACE = SourceLine("kernel", "a.c", 1)
DEFINED = [CapabilityDefinition("uapi", 1, "1", None, PLACE)]
ANSWERED = Support("always", [CheckAnswer("1", "1", False, PLACE)], [])
UNANSWERED = Support(None, [], [])


def _cap(name: str, **more: object) -> Capability:
    return Capability(f"KVM_CAP_{name}", 1, None, "1", None, DEFINED, **more)  # type: ignore[arg-type]


INVENTORY = Inventory(
    [
        _cap("X86_A", architectures={"x86": ANSWERED}),
        _cap("X86_B", architectures={"x86": UNANSWERED}, vmm=[VmmPlace("check", "vm", "x86", "tested", "1", PLACE)]),
        _cap("PPC_C", architectures={"powerpc": ANSWERED}),
        _cap("D", documentation=[Section("7.1", "D", True, None, None, None, PLACE)]),
    ],
    ["x86", "powerpc"],
    [("kernel", "kernel", "linux", None)],
)


@pytest.mark.parametrize(
    ("archs", "globs", "only", "names"),
    [
        ([], [], [], ["X86_A", "X86_B", "PPC_C", "D"]),
        (["x86"], [], [], ["X86_A", "X86_B"]),
        ([], ["x86_*"], [], ["X86_A", "X86_B"]),
        ([], ["KVM_CAP_PPC_*", "d"], [], ["PPC_C", "D"]),
        ([], ["?"], [], ["D"]),
        ([], [], ["advertised"], ["X86_A", "PPC_C"]),
        (["x86"], [], ["advertised"], ["X86_A"]),
        ([], [], ["unadvertised", "used-by-vmm"], ["X86_B"]),
        ([], [], ["documented"], ["D"]),
        ([], [], ["undocumented", "unused-by-vmm"], ["X86_A", "PPC_C"]),
        ([], [], ["found"], []),
    ],
)
def test_select(archs: list[str], globs: list[str], only: list[str], names: list[str]) -> None:
    kept = select(INVENTORY, archs, globs, only)
    assert [cap.name.removeprefix("KVM_CAP_") for cap in kept.capabilities] == names
    assert kept.architectures == (archs or INVENTORY.architectures)


def test_every_word_of_only_decides_for_every_capability() -> None:
    for word in ONLY:
        assert len(select(INVENTORY, [], [], [word]).capabilities) <= len(INVENTORY.capabilities)


def test_within_keeps_names_that_no_architecture_knows() -> None:
    kept = within(INVENTORY, ["powerpc"], {"KVM_CAP_X86_A", "KVM_CAP_PPC_C"})
    assert [(cap.name, list(cap.architectures)) for cap in kept.capabilities] == [
        ("KVM_CAP_X86_A", []), ("KVM_CAP_PPC_C", ["powerpc"]),
    ]  # fmt: skip
