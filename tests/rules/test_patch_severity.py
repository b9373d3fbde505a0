"""Rules about documentation: notes of a whole tree that are warnings where a patch brings them, and old gaps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import API, HEADER, UAPI, X86, Caplint, Files, commit, kernel, lay

RST = "Documentation/virt/kvm/api.rst"
ENABLE = """
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	if (cap->flags)
		return -EINVAL;
	switch (cap->cap) {
	case KVM_CAP_HLT:
		kvm->arch.hlt = cap->args[0];
		return 0;
	}
	return -EINVAL;
}
"""
SECTION = """
7. Capabilities that can be enabled on VMs
==========================================

7.1 KVM_CAP_HLT
---------------

"""
FIELDS = ":Architectures: x86\n:Type: vm\n:Parameters: none\n"
OTHER = "\n8. Others\n=========\n\n8.1 KVM_CAP_IRQCHIP\n-------------------\n\n:Architectures: x86\n"
ARM = "arch/arm64/kvm/arm.c"
ANSWER = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_IRQCHIP:
		return 1;
	}
	return 0;
}
"""
GAP = "\n1.1 One\n-------\n\n1.3 Three\n---------\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: Path) -> Path:
    """A kernel that is the working directory."""
    root = kernel(tmp_path / "k")
    monkeypatch.chdir(root)
    return root


def _found(caplint: Caplint, *words: str) -> list[tuple[str, str, str]]:
    run = caplint("check", *words, "--output-format", "json")
    return [(entry["code"], entry["severity"], entry["subject"]) for entry in json.loads(run.out)["findings"]]


CHANGES = [
    # A new capability without documentation, and an old one that loses it.
    ("CAP501", {}, {UAPI: f"{HEADER}#define KVM_CAP_NEW 10\n"}, "KVM_CAP_NEW"),
    ("CAP501", {}, {RST: API.replace("KVM_CAP_HLT and ", "")}, "KVM_CAP_HLT"),
    # A section that lacks a field, and one that lacks a further field.
    ("CAP505", {RST: API + SECTION + FIELDS}, {RST: API + SECTION + FIELDS.replace(":Param", "Param")}, "KVM_CAP_HLT"),
    ("CAP505", {RST: API + SECTION + FIELDS.replace(":Param", "Param")}, {RST: API + SECTION}, "KVM_CAP_HLT"),
    # An architecture that gains a capability.
    ("CAP504", {RST: API + OTHER, ARM: ANSWER.replace("IRQCHIP", "HLT")}, {ARM: ANSWER}, "KVM_CAP_IRQCHIP"),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_patch_raises_a_note(caplint: Caplint, root: Path, change: tuple[str, Files, Files, str]) -> None:
    code, before, after, subject = change
    lay(root, {X86: (root / X86).read_text("utf-8") + ENABLE, **before})
    commit(root)
    lay(root, after)
    words = ("--select", code)
    assert _found(caplint, ".", *words, "--base", "HEAD") == [(code, "warning", subject)]
    assert (code, "note", subject) in _found(caplint, ".", *words)


def test_an_old_gap_between_sections_is_no_finding(caplint: Caplint, root: Path) -> None:
    lay(root, {RST: API})
    commit(root)
    lay(root, {RST: API + GAP})
    assert _found(caplint, ".", "--select", "CAP503") == []
    assert _found(caplint, ".", "--select", "CAP503", "--base", "HEAD") == [("CAP503", "note", "1.3")]
    commit(root)
    lay(root, {RST: f"{API}{GAP}\n1.4 Four\n--------\n"})
    assert _found(caplint, ".", "--select", "CAP503", "--base", "HEAD") == []


def test_a_gap_that_a_patch_closes_or_moves(caplint: Caplint, root: Path) -> None:
    lay(root, {RST: f"{API}{GAP}"})
    commit(root)
    lay(root, {RST: f"{API}{GAP}".replace("\n1.3 ", "\n1.2 Two\n-------\n\n1.3 ")})
    assert _found(caplint, ".", "--select", "CAP503", "--base", "HEAD") == []
    lay(root, {RST: f"{API}{GAP}".replace("1.3 ", "1.4 ")})
    assert _found(caplint, ".", "--select", "CAP503", "--base", "HEAD") == [("CAP503", "note", "1.4")]
