"""cap_late: enabling that vCPUs which exist do not see, and shapes in which they do or in which it is refused."""

# ruff: noqa: E501 - each shape of code is one line
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

ENABLE = (
    "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\n\tint r = -EINVAL;\n\t{above}\n"
    "\tswitch (cap->cap) {{\n\tcase KVM_CAP_A:\n\t\t{case}\n\t\tr = 0;\n\t\tbreak;\n\tdefault:\n\t\tbreak;\n\t}}\n\treturn r;\n}}\n"
)
CREATE = "int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)\n{{\n\t{}\n\treturn 0;\n}}\n"
COPY = CREATE.format("vcpu->arch.x = vcpu->kvm->arch.x;")
SET = "kvm->arch.x = cap->args[0];"
RUN = "int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)\n{{\n\t{}\n\treturn 0;\n}}\n"


def enable(case: str = SET, above: str = "") -> str:
    return ENABLE.format(case=case, above=above)


def function(head: str, *lines: str) -> str:
    body = "\n\t".join(lines)
    return f"{head}\n{{\n\t{body}\n}}\n"


def found(root: Path, text: str) -> list[tuple[Any, ...]]:
    tree = bare_kernel(root, {UAPI: "#define KVM_CAP_A 1\n", X86: text})
    return ask([tree], "SELECT cap, target, reader FROM cap_late")


LATE = {
    "copied": COPY + enable(),
    "decides": CREATE.format("if (vcpu->kvm->arch.x)\n\t\tvcpu->arch.y = 1;") + enable(),
    "under the lock": COPY + enable(f"mutex_lock(&kvm->lock);\n\t\t{SET}\n\t\tmutex_unlock(&kvm->lock);"),
    "in some branch": COPY + enable(f"if (cap->args[0])\n\t\t\t{SET}"),
    "or'ed": COPY + enable("kvm->arch.x |= cap->args[0];"),
    "WRITE_ONCE": COPY + enable("WRITE_ONCE(kvm->arch.x, cap->args[0]);"),
    "READ_ONCE": CREATE.format("vcpu->arch.x = READ_ONCE(vcpu->kvm->arch.x);") + enable(),
    "a pointer into the VM": COPY + enable("struct kvm_arch *ka = &kvm->arch;\n\t\tka->x = cap->args[0];"),
    "read through a pointer": CREATE.format("struct kvm_arch *ka = &vcpu->kvm->arch;\n\tvcpu->arch.x = ka->x;") + enable(),
    "set by a helper": COPY + function("static void set(struct kvm *kvm, u64 v)", "kvm->arch.x = v;") + enable("set(kvm, 1);"),
    "read by a helper": function("static bool has_x(struct kvm *kvm)", "return kvm->arch.x;")
    + CREATE.format("vcpu->arch.y = has_x(vcpu->kvm);") + enable(),
    "a callback": function("static int v_create(struct kvm_vcpu *vcpu)", "return vcpu->kvm->arch.x;")
    + "static struct kvm_x86_ops ops = { .vcpu_create = v_create };\n"
    + CREATE.format("kvm_x86_call(vcpu_create)(vcpu);") + enable(),
    "the first reset": function("static void init(struct kvm_vcpu *vcpu)", "vcpu->arch.x = vcpu->kvm->arch.x;")
    + function("void kvm_vcpu_reset(struct kvm_vcpu *vcpu, bool init_event)", "if (!init_event)", "\tinit(vcpu);")
    + RUN.format("kvm_vcpu_reset(vcpu, true);") + enable(),
    "in front of the switch": COPY + enable("", f"if (cap->cap == KVM_CAP_A) {{\n\t\t{SET}\n\t\treturn 0;\n\t}}"),
}  # fmt: skip


@pytest.mark.parametrize("text", LATE.values(), ids=LATE)
def test_late(tmp_path: Path, text: str) -> None:
    assert [(cap, target.endswith("x")) for cap, target, _ in found(tmp_path, text)] == [("KVM_CAP_A", True)]


REFUSE = "if (kvm->created_vcpus)\n\t\t\treturn -EINVAL;"
SEEN = {
    "refused": COPY + enable(f"{REFUSE}\n\t\t{SET}"),
    "refused by a branch": COPY + enable(f"if (!kvm->created_vcpus)\n\t\t\t{SET}"),
    "refused above": COPY + enable(above=REFUSE),
    "refused by a helper": function("static bool too_late(struct kvm *kvm)", "return kvm->created_vcpus;")
    + COPY + enable(f"if (too_late(kvm))\n\t\t\tbreak;\n\t\t{SET}"),
    "refused by the number online": COPY + enable(f"if (atomic_read(&kvm->online_vcpus))\n\t\t\tbreak;\n\t\t{SET}"),
    "set by a helper that refuses": COPY
    + function("static int set(struct kvm *kvm, u64 v)", "if (kvm->created_vcpus)", "\treturn -EBUSY;", "kvm->arch.x = v;", "return 0;")
    + enable("r = set(kvm, 1);"),
    "requested": COPY + enable(f"{SET}\n\t\tkvm_make_all_cpus_request(kvm, KVM_REQ_X);"),
    "walked": COPY + enable(f"{SET}\n\t\tkvm_for_each_vcpu(i, vcpu, kvm)\n\t\t\tvcpu->arch.x = 1;"),
    "walked by a helper": COPY
    + function("static void tell(struct kvm *kvm)", "kvm_for_each_vcpu(i, vcpu, kvm)", "\tvcpu->arch.x = 1;")
    + enable(f"{SET}\n\t\ttell(kvm);"),
    "handed to code that is not in view": COPY + enable(f"{SET}\n\t\tkvm_x86_call(update)(kvm);"),
    "read at entry": COPY + RUN.format("return vcpu->kvm->arch.x;") + enable(),
    "read by nothing": CREATE.format("vcpu->arch.y = 1;") + enable(),
    "read by what runs at entry too": function("static void load(struct kvm_vcpu *vcpu)", "vcpu->arch.x = vcpu->kvm->arch.x;")
    + CREATE.format("load(vcpu);") + RUN.format("load(vcpu);") + enable(),
    "read by a callback of both": function("static void v_reset(struct kvm_vcpu *vcpu)", "vcpu->arch.x = vcpu->kvm->arch.x;")
    + "static struct kvm_x86_ops ops = { .vcpu_reset = v_reset };\n"
    + CREATE.format("kvm_x86_call(vcpu_reset)(vcpu);") + RUN.format("kvm_x86_call(vcpu_reset)(vcpu);") + enable(),
    "read by a macro": "#define HAS_X(kvm) ((kvm)->arch.x)\n" + COPY + enable(),
    "read by a function that nothing in view calls": COPY
    + function("bool kvm_has_x(struct kvm_vcpu *vcpu)", "return vcpu->kvm->arch.x;") + enable(),
    "set by the creation": CREATE.format("if (!vcpu->kvm->arch.x)\n\t\tvcpu->kvm->arch.x = 1;") + enable(),
    "refused always": COPY + ENABLE.format(above="", case=f"{SET}\n\t\treturn -EINVAL;"),
    "a reset that is repeated": function("static void init(struct kvm_vcpu *vcpu)", "vcpu->arch.x = vcpu->kvm->arch.x;")
    + function("void kvm_vcpu_reset(struct kvm_vcpu *vcpu, bool init_event)", "if (init_event)", "\tinit(vcpu);")
    + RUN.format("kvm_vcpu_reset(vcpu, true);") + enable(),
}  # fmt: skip


@pytest.mark.parametrize("text", SEEN.values(), ids=SEEN)
def test_seen_or_refused(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == []


ASKS = {
    "refuses": (COPY + enable(f"if (kvm->created_vcpus)\n\t\t\tbreak;\n\t\t{SET}"), (1, "kvm_arch_vcpu_create")),
    "in front": (COPY + enable(above="if (kvm->created_vcpus)\n\t\treturn -EBUSY;"), (1, "kvm_arch_vcpu_create")),
    "only then": (COPY + enable(f"if (!kvm->created_vcpus) {{\n\t\t\t{SET}\n\t\t}}"), (1, "kvm_arch_vcpu_create")),
    "a helper": (
        COPY + function("static bool busy(struct kvm *kvm)", "return kvm->created_vcpus;")
        + enable(f"if (busy(kvm))\n\t\t\tbreak;\n\t\t{SET}"),
        (1, "kvm_arch_vcpu_create"),
    ),
    "read at run time too": (
        COPY + RUN.format("vcpu->arch.y = vcpu->kvm->arch.x;") + enable(f"if (kvm->created_vcpus)\n\t\t\tbreak;\n\t\t{SET}"),
        (1, "kvm_arch_vcpu_create"),
    ),
    "read by a helper of both": (
        function("static bool has_x(struct kvm *kvm)", "return kvm->arch.x;") + CREATE.format("vcpu->arch.y = has_x(vcpu->kvm);")
        + RUN.format("vcpu->arch.y = has_x(vcpu->kvm);") + enable(f"if (kvm->created_vcpus)\n\t\t\tbreak;\n\t\t{SET}"),
        (1, "kvm_arch_vcpu_create"),
    ),
    "read at run time only": (
        RUN.format("vcpu->arch.y = vcpu->kvm->arch.x;") + enable(f"if (kvm->created_vcpus)\n\t\t\tbreak;\n\t\t{SET}"), (1, "")
    ),
    "does not ask": (COPY + enable(), (0, "")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ASKS.values(), ids=ASKS)
def test_cases_that_ask_whether_vcpus_exist(tmp_path: Path, text: str, expected: tuple[int, str]) -> None:
    tree = bare_kernel(tmp_path, {UAPI: "#define KVM_CAP_A 1\n", X86: text})
    assert ask([tree], "SELECT asks, reader FROM cap_order") == [expected]
