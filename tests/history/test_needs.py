"""Kernels that a VMM needs: lists of required capabilities, enables without asking, and questions."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import QEMU_UAPI, Caplint, commit, git, kernel, lay, qemu
from histories import header

from caplint.config.settings import Config
from caplint.history.needs import Needs, needs_of
from caplint.trees.detect import directory_tree

HEADER = header(IRQCHIP=0, HLT=1, NR_VCPUS=9, X86_USER_SPACE_MSR=188, X86_GUEST_MODE=238, S390_HPAGE_1M=156, OURS=500)
REQUIRED = """\
#define KVM_CAP_INFO(CAP) { "KVM_CAP_" #CAP, KVM_CAP_##CAP }
const KVMCapabilityInfo kvm_arch_required_capabilities[] = {
    KVM_CAP_INFO(HLT),
    KVM_CAP_LAST_INFO
};
"""
ASKS = """\
int f(KVMState *s)
{
    if (kvm_check_extension(s, KVM_CAP_X86_GUEST_MODE)) {
        return kvm_vm_enable_cap(s, KVM_CAP_X86_GUEST_MODE, 0);
    }
    return 0;
}
"""
ENABLES = """\
int g(KVMState *s)
{
    int ret = kvm_vm_enable_cap(s, KVM_CAP_X86_USER_SPACE_MSR, 0);

    if (ret < 0) {
        error_report("no");
        return ret;
    }
    return 0;
}
"""
DROPS = "void h(KVMState *s)\n{\n    kvm_vm_enable_cap(s, KVM_CAP_S390_HPAGE_1M, 0);\n}\n"


def _needs(root: Path, **code: str) -> Needs:
    files = {f"target/{arch}/kvm.c": text for arch, text in code.items()}
    tree = directory_tree(str(qemu(root, {QEMU_UAPI: HEADER, **files})), "vmm")
    return needs_of(tree, Config(cache="none", jobs=1), None)


def _kinds(found: Needs) -> dict[str, tuple[str, str | None, str | None]]:
    return {need.cap.removeprefix("KVM_CAP_"): (need.kind, need.arch, need.since) for need in found.needs}


def test_kinds_and_releases(tmp_path: Path) -> None:
    found = _needs(tmp_path, i386=REQUIRED + ASKS + ENABLES, s390x=DROPS)
    assert _kinds(found) == {
        "HLT": ("required", "x86", "<= v4.6"),
        "X86_USER_SPACE_MSR": ("enabled", "x86", "v5.10"),
        "X86_GUEST_MODE": ("optional", "x86", "v6.11"),
        "S390_HPAGE_1M": ("optional", "s390", "<= v5.0"),
    }
    assert found.oldest == {"x86": "<= v4.6", "s390": None}
    assert found.whole == {"x86": "v5.10", "s390": None}


def test_a_requirement_that_no_release_is_known_of(tmp_path: Path) -> None:
    found = _needs(tmp_path, i386=REQUIRED.replace("HLT", "OURS"))
    assert _kinds(found) == {"OURS": ("required", "x86", None)}
    assert found.oldest == {"x86": None}


@pytest.fixture
def trees(apart: Path) -> Path:
    root = kernel(apart / "k")
    commit(root)
    git(root, "tag", "v1.0")
    qemu(apart / "q", {QEMU_UAPI: HEADER, "target/i386/kvm.c": REQUIRED + ASKS})
    return apart


def test_text_and_the_history_of_a_kernel(caplint: Caplint, trees: Path) -> None:
    assert caplint("history", "--needs", "--qemu", "q").out.splitlines() == [
        "qemu (q); releases of caplint's own data",
        "  oldest kernel on x86: <= v4.6",
        "required: it does not start without",
        "  <= v4.6  KVM_CAP_HLT on x86: target/i386/kvm.c:3",
        "asked for, or used where the kernel accepts it (code that gives up after asking is here, too)",
        "  v6.11    KVM_CAP_X86_GUEST_MODE on x86: target/i386/kvm.c:8",
    ]
    own = caplint("history", "--needs", "--qemu", "q", "--kernel", "k").out.splitlines()
    assert own[:4] == [
        "qemu (q); releases of k", "  oldest kernel on x86: <= v1.0", "required: it does not start without",
        "  <= v1.0  KVM_CAP_HLT on x86: target/i386/kvm.c:3",
    ]  # fmt: skip
    assert own[5].startswith("  unknown")


def test_json_and_csv(caplint: Caplint, trees: Path) -> None:
    found = json.loads(caplint("history", "--needs", "--qemu", "q", "--output-format", "json").out)
    schema = json.loads(resources.files("caplint").joinpath("schemas/needs.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    rows = caplint("history", "--needs", "--qemu", "q", "--output-format", "csv").out.splitlines()
    assert rows[1] == "KVM_CAP_HLT,x86,required,<= v4.6,target/i386/kvm.c,3,"


@pytest.mark.parametrize("words", [[], ["--kernel", "k"], ["--qemu", "q", "q"], ["--tree", "x=kernel:k"]])
def test_one_vmm_is_asked_for(caplint: Caplint, trees: Path, words: list[str]) -> None:
    run = caplint("history", "--needs", *words)
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert "--needs is about one VMM" in run.err


def test_another_program(caplint: Caplint, apart: Path) -> None:
    lay(
        apart / "v",
        {
            "include/linux/kvm.h": HEADER,
            "main.c": "int main(void) { return ioctl(f, KVM_CHECK_EXTENSION, KVM_CAP_HLT); }\n",
        },
    )
    run = caplint("history", "--needs", "--tree", "mine=vmm:v")
    assert run.out.startswith("mine (v); releases of caplint's own data\n")
    assert "  <= v4.6  KVM_CAP_HLT: main.c:1\n" in run.out


_RUST = """\
use kvm_ioctls::{Cap, Kvm};
pub fn required(kvm: &Kvm) -> bool {
    kvm.check_extension(Cap::Irqchip) && kvm.check_extension(Cap::X86UserSpaceMsr)
}
"""


def test_a_vmm_without_a_header_has_the_numbers_of_linux(tmp_path: Path) -> None:
    """Its constants are those of a crate, so that the names say which capabilities they are."""
    tree = directory_tree(str(lay(tmp_path, {"src/x86_64/vm.rs": _RUST})), "vmm")
    found = needs_of(tree, Config(cache="none", jobs=1), None)
    assert _kinds(found) == {
        "IRQCHIP": ("optional", "x86", "<= v4.6"), "X86_USER_SPACE_MSR": ("optional", "x86", "v5.10"),
    }  # fmt: skip


def test_a_constant_of_its_own_has_no_release(tmp_path: Path) -> None:
    own = "pub const KVM_CAP_X86_USER_SPACE_MSR: u32 = 777;\n"
    tree = directory_tree(str(lay(tmp_path, {"src/x86_64/vm.rs": _RUST + own})), "vmm")
    assert _kinds(needs_of(tree, Config(cache="none", jobs=1), None))["X86_USER_SPACE_MSR"][2] is None
