"""Reads of a VM's state before a vCPU is on the VM's list, and after."""

from __future__ import annotations

from pathlib import Path

import pytest
from bodies import linked

from caplint.link.handlers.vcpu_creation import misses

CREATE, POST = "int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)", "void kvm_arch_vcpu_postcreate(struct kvm_vcpu *vcpu)"
READ = "vcpu->arch.x = vcpu->kvm->arch.tea;"
RELAY = "".join(f"int f{n}(struct kvm_vcpu *vcpu) {{ return f{n + 1}(vcpu); }}\n" for n in range(250))


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        (f"{CREATE} {{ {READ} return 0; }}", True),
        (f"{CREATE} {{ return 0; }} {POST} {{ {READ} }}", False),
        (f"{CREATE} {{ {READ} return 0; }} {POST} {{ {READ} }}", False),
        (f"{CREATE} {{ return 0; }} {POST} {{ }}", False),
        ("int other(void) { return 0; }", False),
        # In functions that creation calls, as deep as they are; a circle of calls ends.
        (f"int deep(struct kvm_vcpu *vcpu) {{ {READ} return 0; }} "
         f"int init(struct kvm_vcpu *vcpu) {{ return deep(vcpu); }} {CREATE} {{ return init(vcpu); }}", True),
        (f"int deep(struct kvm_vcpu *vcpu) {{ {READ} return 0; }} {CREATE} {{ return deep(vcpu); }}"
         f"{POST} {{ deep(vcpu); }}", False),
        (f"int a(struct kvm_vcpu *vcpu) {{ return kvm_arch_vcpu_create(vcpu); }}"
         f" {CREATE} {{ return a(vcpu); }}", False),
        (f"int uncalled(struct kvm_vcpu *vcpu) {{ {READ} return 0; }} {CREATE} {{ return 0; }}", False),
        # Another member whose name begins, or ends, alike.
        (f"{CREATE} {{ vcpu->arch.x = kvm->arch.teapot + vcpu->kvm->arch.green_tea; return 0; }}", False),
        # A chain of calls that is too long to be read through
        (f"{RELAY}int f250(struct kvm_vcpu *vcpu) {{ {READ} return 0; }} {CREATE} {{ return f0(vcpu); }}", False),
        (f"{RELAY}int f250(struct kvm_vcpu *vcpu) {{ {READ} return 0; }} {CREATE} {{ return f60(vcpu); }}", True),
    ],
)  # fmt: skip
def test_misses(tmp_path: Path, text: str, missed: bool) -> None:
    with linked(tmp_path, text) as code:
        assert misses(code.helpers, "x86", "kvm->arch.tea") is missed
        assert misses(code.helpers, "s390", "kvm->arch.tea") is False
