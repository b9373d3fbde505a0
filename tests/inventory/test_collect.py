"""What the inventory says of the mini-trees, entry by entry."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import CHECK, HEADER, UAPI, X86, bare_kernel

from caplint.config.settings import Config
from caplint.engine.outcome import Outcome
from caplint.inventory.builder import build
from caplint.inventory.model import ALWAYS, BY_VM, CONDITIONALLY, Capability, Inventory
from caplint.trees.detect import directory_tree
from caplint.util.errors import CaplintError

ENABLE = """\
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_HLT:
		if (cap->args[0] & ~KVM_HLT_VALID)
			return -EINVAL;
		kvm->arch.hlt = cap->args[0];
		return 0;
	default:
		return -EINVAL;
	}
}
"""


def test_of_the_mini_trees(mini: tuple[Inventory, Outcome]) -> None:
    inventory, outcome = mini
    assert inventory.architectures[:1] == ["x86"]
    assert [cap.number for cap in inventory.capabilities] == sorted(cap.number or 0 for cap in inventory.capabilities)
    for cap in inventory.capabilities:
        assert cap.definitions
        assert all(support.answers or support.enables for support in cap.architectures.values())
    assert any(cap.paths for cap in inventory.capabilities)
    assert any(cap.section for cap in inventory.capabilities)
    found = sum(len(cap.findings) for cap in inventory.capabilities)
    names = {cap.name for cap in inventory.capabilities}
    assert found == sum(1 for finding in outcome.findings if finding.subject in names)


def test_what_decides_whether_it_is_advertised(tmp_path: Path) -> None:
    caps = _caps(
        tmp_path,
        CHECK.replace("\tdefault:", "\tcase KVM_CAP_B:\n\t\tr = boot_cpu_has(7);\n\t\tbreak;\n\tdefault:"),
        HEADER + "#define KVM_CAP_B 10\n#define KVM_CAP_C 11\n",
    )
    known = {name: cap.architectures["x86"].advertised for name, cap in caps.items() if cap.architectures}
    assert known == {
        "KVM_CAP_IRQCHIP": ALWAYS, "KVM_CAP_HLT": ALWAYS, "KVM_CAP_NR_VCPUS": BY_VM, "KVM_CAP_B": CONDITIONALLY,
    }  # fmt: skip


def test_enabling_and_its_arguments(tmp_path: Path) -> None:
    cap = _caps(tmp_path, CHECK + ENABLE, HEADER)["KVM_CAP_HLT"]
    (enable,) = cap.architectures["x86"].enables
    assert (enable.scope, enable.place.function) == ("vm", "kvm_vm_ioctl_enable_cap")
    assert [(row.position, row.use, row.validated) for row in enable.arguments] == [(0, "stored", True)]


def test_self_tests_are_found_once_per_file(tmp_path: Path) -> None:
    test = {"tools/testing/selftests/kvm/a.c": "// KVM_CAP_HLT\nint a = KVM_CAP_HLT;\n"}
    cap = _caps(tmp_path, CHECK, HEADER, test)["KVM_CAP_HLT"]
    assert [(place.path, place.line) for place in cap.selftests] == [("tools/testing/selftests/kvm/a.c", 2)]


def test_two_kernels_are_refused(tmp_path: Path) -> None:
    places = [bare_kernel(tmp_path / name, _FILES).location for name in ("one", "two")]
    first, second = (directory_tree(place, name=Path(place).name) for place in places)
    with pytest.raises(CaplintError, match="one and two are given; compare them with --compare"):
        build([first, second], [], Config(cache="none", jobs=1))


_FILES = {UAPI: HEADER, X86: CHECK}


def _caps(place: Path, code: str, header: str, more: dict[str, str] | None = None) -> dict[str, Capability]:
    tree = bare_kernel(place / "k", {UAPI: header, X86: code, **(more or {})})
    inventory, _ = build([tree], [], Config(cache="none", jobs=1))
    return {cap.name: cap for cap in inventory.capabilities}
