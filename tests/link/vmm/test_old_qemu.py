"""QEMU before 2.9: target-i386/ in place of target/i386/, and kvm-all.c at the top."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import QEMU_UAPI, ask, lay

from caplint.trees.detect import directory_tree

CHECK = "int f(KVMState *s)\n{\n\treturn kvm_check_extension(s, KVM_CAP_A);\n}\n"
SAVE = "void kvm_put_msrs(X86CPU *cpu)\n{\n\tkvm_msr_entry_add(cpu, MSR_IA32_PAT, 0);\n}\n"


def test_what_each_architecture_asks_for(tmp_path: Path) -> None:
    files = {
        QEMU_UAPI: "#define KVM_CAP_A 1\n",
        "kvm-all.c": CHECK,
        "target-i386/kvm.c": CHECK + SAVE,
        "target-i386/cpu.h": "#define MSR_IA32_PAT 0x277\n",
        "target-s390x/kvm.c": CHECK,
        "hw/intc/xics_kvm.c": CHECK,
    }
    tree = directory_tree(str(lay(tmp_path, files)))
    assert tree.project.name == "qemu"
    assert ask([tree], "SELECT path, arch FROM vmm_check ORDER BY path") == [
        ("hw/intc/xics_kvm.c", "powerpc"),
        ("kvm-all.c", None),
        ("target-i386/kvm.c", "x86"),
        ("target-s390x/kvm.c", "s390"),
    ]
    assert ask([tree], "SELECT DISTINCT msr, number FROM vmm_msr") == [("MSR_IA32_PAT", 0x277)]


@pytest.mark.parametrize("header", ["include/standard-headers/asm-x86/hyperv.h", "linux-headers/asm-x86/kvm_para.h"])
def test_headers_that_number_msrs(tmp_path: Path, header: str) -> None:
    files = {QEMU_UAPI: "", "kvm-all.c": "", "target-i386/kvm.c": SAVE, header: "#define MSR_IA32_PAT 0x277\n"}
    tree = directory_tree(str(lay(tmp_path, files)))
    assert ask([tree], "SELECT DISTINCT msr, number FROM vmm_msr") == [("MSR_IA32_PAT", 0x277)]
