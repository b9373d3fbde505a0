"""Members of a VM's or vCPU's state that chains lead to, and whether KVM writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

INDEX = "arch/x86/include/asm/msr-index.h"


HOST = "arch/x86/include/asm/kvm_host.h"


HELD = "struct kvm_vcpu_arch { u64 tea; struct { u64 msr_val; } st; struct fpu_guest fpu; };\n"


NUMBERED = "#define MSR_TEA 0xc0000010\n#define MSR_CUP (MSR_TEA + 1)\n#define MSR_POT MSR_CUP\n"


HEAD = (
    "int kvm_{verb}_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)\n{{\n\tswitch (msr_info->index) {{\n"
)


TAIL = "\tdefault:\n\t\treturn 1;\n\t}\n\treturn 0;\n}\n"


def _handler(body: str, verb: str = "get") -> dict[str, str]:
    return {INDEX: NUMBERED, HOST: HELD, X86: HEAD.format(verb=verb) + body + TAIL}


@pytest.mark.parametrize(
    ("chain", "state"),
    [
        ("vcpu->arch.tea", ("tea", "", 0)),
        ("vcpu->arch.st.msr_val", ("st.msr_val", "", 0)),
        ("vcpu->arch.cup", ("", "cup", 0)),
        ("vcpu->arch.st.cup", ("st", "cup", 0)),
        ("vcpu->arch.fpu.state->xfd", ("fpu", "", 1)),
    ],
)
def test_members_that_a_handler_reads(tmp_path: Path, chain: str, state: tuple[str, str, int]) -> None:
    body = f"\tcase MSR_TEA:\n\t\tmsr_info->data = {chain};\n\t\tbreak;\n"
    tree = bare_kernel(tmp_path, _handler(body))
    assert ask([tree], "SELECT owner, member, unknown, outside FROM msr_state") == [("kvm_vcpu_arch", *state)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tv->arch.tea = 1;\n}\n", 1),
        ("void f(struct kvm_vcpu_arch *a)\n{\n\ta->tea |= 1;\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\tcopy_from_user(&v->arch.tea, p, 8);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\trdmsrl(MSR_TEA, v->arch.tea);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\tWRITE_ONCE(v->arch.tea, 1);\n}\n", 1),
        ("int f(struct kvm_vcpu *v)\n{\n\treturn READ_ONCE(v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\ttrace_kvm_tea(v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tunknown(v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\twrmsrl(MSR_TEA, v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tput_user(v->arch.tea, p);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tx = min(v->arch.tea, 7);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tops->f(v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tget_user(v->arch.tea, p);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\trdtscll(v->arch.tea);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\tswap(v->arch.tea, x);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\tunknown(&v->arch.tea);\n}\n", 1),
        ("#define set(x) ((x) = 1)\nvoid f(struct kvm_vcpu *v)\n{\n\tset(v->arch.tea);\n}\n", 1),
        ("#define SET(v) ((v)->arch.tea = 1)\n", 1),
        ("int f(struct kvm_vcpu *v)\n{\n\treturn v->arch.tea;\n}\n", 0),
    ],
)
def test_whether_anything_writes_a_member(tmp_path: Path, written: str, expected: int) -> None:
    files = _handler("\tcase MSR_TEA:\n\t\tmsr_info->data = vcpu->arch.tea;\n\t\tbreak;\n")
    files["arch/x86/kvm/other.c"] = written
    assert ask([bare_kernel(tmp_path, files)], "SELECT written FROM msr_state") == [(expected,)]
