"""Card of a capability: one statement per line, each with its places."""

from __future__ import annotations

from dataclasses import replace

from caplint.engine.outcome import Outcome
from caplint.inventory.card import Card, CardLine, card_of
from caplint.inventory.model import (
    Capability,
    CapabilityDefinition,
    CheckAnswer,
    Enable,
    EnableArgument,
    Inventory,
    MachineAnswer,
    Msr,
    Section,
    SourceLine,
    Support,
    VmmPlace,
)

UAPI = SourceLine("kernel", "include/uapi/linux/kvm.h", 9)
X86 = SourceLine("kernel", "arch/x86/kvm/x86.c", 5, "kvm_vm_ioctl_check_extension")
GENERIC = SourceLine("kernel", "virt/kvm/kvm_main.c", 7, "kvm_vm_ioctl_check_extension_generic")
KERNEL = ("kernel", "kernel", "linux", None)
QEMU = ("qemu", "vmm", "qemu", None)
ALWAYS_1 = Support("always", [CheckAnswer("1", "1", False, GENERIC)], [])


def _cap(**more: object) -> Capability:
    definitions = [CapabilityDefinition("uapi", 9, "1", None, UAPI)]
    return Capability("KVM_CAP_A", 9, None, "1", None, definitions, **more)  # type: ignore[arg-type]


def _card(cap: Capability, *trees: tuple[str, str, str, None]) -> dict[str, list[str]]:
    card = card_of(cap, Inventory([cap], ["x86", "arm64"], list(trees or (KERNEL, QEMU))))
    return {line.label: [other.text for other in card.lines if other.label == line.label] for line in card.lines}


def test_all_that_is_known() -> None:
    enable = Enable("vm", "1", True, [EnableArgument(0, "stored", True, "A_VALID")], X86)
    use = VmmPlace("enable", "vm", "x86", "tested", "1", SourceLine("qemu", "accel/kvm/kvm-all.c", 3, "kvm_init"))
    cap = _cap(
        since="v5.1",
        architectures={"x86": Support("by VM", [CheckAnswer("1", "kvm->a", True, X86)], [enable])},
        msrs=[Msr("MSR_A", 0x10, ["its name"])],
        documentation=[Section("7.1", "A", True, "vm", "x86", "none", UAPI)],
        selftests=[UAPI],
        vmm=[use],
        machines=[MachineAnswer("box", "x86", "6.1", 0, 1, None)],
    )
    assert _card(cap) == {
        "number": ["9"],
        "since": ["Linux v5.1"],
        "answered": ["x86: depends on the VM, kvm->a"],
        "enabled": ["x86: on the vm args[0]"],
        "MSR": ["MSR_A (0x10): its name"],
        "documented": ["section 7.1; type vm; architectures x86; parameters none"],
        "tested": ["by self-tests that name it"],
        "used": ["qemu enables it in kvm_init() on x86"],
        "machine": ["box answers 0, 1 on a VM"],
    }


def test_nothing_known_is_told_from_nothing_there() -> None:
    assert _card(_cap(), KERNEL, QEMU) == {
        "number": ["9"],
        "answered": ["by no architecture"],
        "enabled": ["by no architecture: it is only a question"],
        "documented": ["nowhere"],
        "used": ["by no VMM in view"],
    }
    assert _card(_cap(), QEMU)["answered"] == ["unknown: no kernel is in view"]
    assert _card(_cap(), KERNEL)["used"] == ["unknown: no VMM is in view"]


def test_architectures_that_say_the_same_share_a_line() -> None:
    assert _card(_cap(architectures={"x86": ALWAYS_1, "arm64": ALWAYS_1}))["answered"] == [
        "every architecture: always, 1"
    ]
    other = replace(ALWAYS_1, answers=[replace(ALWAYS_1.answers[0], place=X86)])
    assert _card(_cap(architectures={"x86": other, "arm64": ALWAYS_1}))["answered"] == [
        "x86: always, 1",
        "arm64: always, 1",
    ]


def test_other_numbers_and_many_uses() -> None:
    cap = _cap(vmm=[VmmPlace("check", "vm", None, "tested", "1", replace(X86, function=f"f{n}")) for n in range(9)])
    cap.definitions.append(replace(cap.definitions[0], number=10, place=X86))
    card = _card(cap)
    assert card["number"] == ["9", "10 here"]
    assert card["used"][-1] == "… and 3 more"
    assert len(card["used"]) == 7


def test_of_the_mini_trees(mini: tuple[Inventory, Outcome]) -> None:
    inventory, _ = mini
    for cap in inventory.capabilities:
        card = card_of(cap, inventory)
        assert isinstance(card, Card)
        labels = [line.label for line in card.lines]
        assert labels[0] == "number"
        assert {"answered", "enabled", "documented", "used"} <= set(labels)
        assert all(isinstance(line, CardLine) and line.text for line in card.lines)
        assert len(card.lines) < 40
