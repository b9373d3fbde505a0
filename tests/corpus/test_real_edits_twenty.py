"""Edits of the real sources: names of wrappers and handlers, and public faults that no rule found."""

from __future__ import annotations

import re

import pytest
import real_trees
from editing import NEW, Edit, brings_and_takes_exactly, every
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
