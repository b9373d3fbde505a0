"""Edits of the real sources: other names for wrappers and handlers, and answers that an ioctl narrows."""

from __future__ import annotations

import re

import pytest
import real_trees
from editing import NEW, Edit, before, both, brings_and_takes_exactly, every, rows, swap
from real_trees import Corpus, root

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

_CODE = ("*.c", "*.h", "*.c.inc")
_OF_KERNEL = ("virt/kvm", "arch/*/kvm", "arch/*/include/asm", "include/linux")
_OF_VMM = ("accel", "target", "hw", "include/system")


def _renamed(tree: str, old: str, new: str) -> Edit:
    """Give a function or macro another name, in every file of a tree."""
    word = re.compile(rf"\b{old}\b")
    below = _OF_VMM if tree == NEW[1] else _OF_KERNEL
    files = {path for part in below for shape in _CODE for path in root(tree).glob(f"{part}/**/{shape}")}
    paths = [path for path in sorted(files) if word.search(path.read_text("utf-8", "replace"))]
    changes = {str(path.relative_to(root(tree))): every(rf"\b{old}\b", new) for path in paths}
    return Edit(f"{tree}: {old} is {new}", {**changes})


NAMES = [
    (NEW[1], "kvm_check_extension", "kvm_system_has"),
    (NEW[1], "kvm_vm_check_extension", "kvm_machine_has"),
    (NEW[1], "kvm_vm_enable_cap", "kvm_turn_on"),
    (NEW[1], "kvm_vcpu_enable_cap", "kvm_turn_on_for_cpu"),
    (NEW[1], "kvm_ioctl", "kvm_system_request"),
    (NEW[1], "kvm_device_ioctl", "kvm_device_request"),
    (NEW[0], "kvm_vm_ioctl_check_extension_generic", "kvm_answer"),
    (NEW[0], "kvm_vm_ioctl_check_extension", "kvm_arch_answer"),
    (NEW[0], "kvm_vm_ioctl_enable_cap_generic", "kvm_turn_on"),
    (NEW[0], "kvm_vm_ioctl_enable_cap", "kvm_arch_turn_on"),
    (NEW[0], "kvm_vcpu_ioctl_enable_cap", "kvm_arch_turn_on_for_vcpu"),
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: f"{name[0]}: {name[1]}")
def test_names_of_wrappers_and_handlers_tell_nothing(corpus: Corpus, name: tuple[str, str, str]) -> None:
    brings_and_takes_exactly(corpus, _renamed(*name))


X86 = "arch/x86/kvm/x86.c"
_TYPES = "\t\tr = kvm_caps.supported_vm_types;\n"
_KNOWN = "static int kvm_known_types(void)\n{\n\treturn BIT(KVM_X86_DEFAULT_VM) | BIT(KVM_X86_SNP_VM);\n}\n"

EDITS = [
    Edit(
        "types of VMs are answered whatever the machine is",
        {X86: swap(_TYPES, "\t\tr = BIT(KVM_X86_DEFAULT_VM) | BIT(KVM_X86_SEV_VM);\n")},
        rows("warning", "CAP213", "VM_TYPES", "x86"),
    ),
    Edit(
        "types of VMs are answered whatever the machine is, in two steps",
        {X86: swap(_TYPES, "\t\tr = BIT(KVM_X86_DEFAULT_VM);\n\t\tr |= BIT(KVM_X86_SEV_ES_VM);\n")},
        rows("warning", "CAP213", "VM_TYPES", "x86"),
    ),
    Edit(
        "types of VMs are answered by a function that does not look at the machine",
        {X86: both(before("kvm_vm_ioctl_check_extension", _KNOWN), swap(_TYPES, "\t\tr = kvm_known_types();\n"))},
        rows("warning", "CAP213", "VM_TYPES", "x86"),
    ),
    Edit(
        "types of VMs are answered by other words for what the machine has",
        {X86: swap(_TYPES, "\t\tr = kvm_caps.supported_vm_types & GENMASK(31, 0);\n")},
    ),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_edits_bring_exactly_their_findings(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
