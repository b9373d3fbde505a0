"""Architectures whose code leads to a function of generic code, and CAP406, which asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel, bare_qemu

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.rules import page as rule_pages
from caplint.trees.detect import directory_tree
from caplint.util import shipped_files

HANDLER = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_A:
		return kvm ? has_a(kvm) : 1;
	}
	return 0;
}
"""
ASKS = "int kvm_max_a(KVMState *s)\n{\n\treturn kvm_check_extension(s, KVM_CAP_A);\n}\n"
CALLS = "int use(KVMState *s)\n{\n\treturn kvm_max_a(s);\n}\n"
TREES = {
    "called by another architecture": ({"hw/ppc/spapr.c": CALLS}, []),
    "called by its architecture": ({"hw/arm/virt.c": CALLS}, ["arm64"]),
    "called by generic code": ({"hw/ppc/spapr.c": CALLS, "hw/core/machine.c": CALLS.replace("use", "any")}, ["arm64"]),
    "through a generic helper": (
        {"hw/core/helper.c": CALLS, "hw/ppc/spapr.c": CALLS.replace("use", "board").replace("kvm_max_a(s)", "use(s)")},
        [],
    ),
    "through a pointer": (
        {"hw/ppc/spapr.c": CALLS, "hw/core/ops.c": "struct ops o = { .max = kvm_max_a };\n"},
        ["arm64"],
    ),
    "no caller": ({}, ["arm64"]),
}


@pytest.mark.parametrize(("files", "archs"), TREES.values(), ids=TREES)
def test_only_architectures_that_reach_the_site_count(tmp_path: Path, files: dict[str, str], archs: list[str]) -> None:
    header = "#define KVM_CAP_A 1\n"
    kernel = bare_kernel(
        tmp_path / "k", {UAPI: header, "arch/arm64/kvm/arm.c": HANDLER, "arch/powerpc/kvm/powerpc.c": HANDLER.replace(
            "kvm ? has_a(kvm) : 1", "1")}
    )  # fmt: skip
    bare_qemu(tmp_path / "q", {"accel/kvm/kvm-all.c": ASKS, "linux-headers/linux/kvm.h": header, **files})
    rules = [rule for rule in rule_pages.load([shipped_files.RULES]) if rule.code == "CAP406"]
    trees = [kernel, directory_tree(str(tmp_path / "q"))]
    for cache in ("none", str(tmp_path / "cache"), str(tmp_path / "cache")):
        assert [finding.arch for finding in check(trees, rules, Config(cache=cache, jobs=1)).findings] == archs
