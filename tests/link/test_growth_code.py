"""Links over code and documents in time that grows with the input, whatever a stranger writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, X86, ask, bare_kernel, bare_qemu
from growth import assert_proportionate, seconds_of_check

from caplint.trees.tree import Tree
from caplint.values.expression_tree import text_of, tree_of

API = "Documentation/virt/kvm/api.rst"
MSR_INDEX = "arch/x86/include/asm/msr-index.h"
VMM = "target/i386/kvm/kvm.c"
CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)"
ENABLE = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)"
ANSWER = "\tcase KVM_CAP_C{0}:\n\t\tr = 1;\n\t\tbreak;\n"
GET = "int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)"
SET = "int kvm_set_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)"
ADD = """static void kvm_msr_entry_add(X86CPU *cpu, uint32_t index, uint64_t value)
{
    struct kvm_msr_entry *entry = &cpu->kvm_msr_buf->entries[cpu->kvm_msr_buf->nmsrs];
    entry->index = index;
    entry->data = value;
}
"""

Files = dict[str, str]


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is bounded by a number of steps takes a second, not ten."""
    monkeypatch.setattr("caplint.link.msr.access_tables._MOST_STEPS", 3_000)
    monkeypatch.setattr("caplint.link.handlers.device_attributes._MOST_STEPS", 3_000)
    monkeypatch.setattr("caplint.link.handlers.request_tests.MOST_STEPS", 2_000)
    monkeypatch.setattr("caplint.link.handlers.request_tests.MOST_STEPS_OF_TREE", 10_000)


def _each(count: int, text: str) -> str:
    """A text for each number, `{0}` replaced by it, `{1}` by its successor and `{2}` by its triple, in a circle."""
    return "".join(text.format(at, (at + 1) % count, at * 3 % count) for at in range(count))


def _handlers(count: int, enable: str, check: str = ANSWER, before: str = "") -> Files:
    heads = ((CHECK, "ext", check), (ENABLE, "cap->cap", enable))
    bodies = (
        f"{head}\n{{\n\tint r = 0;\n\tswitch ({over}) {{\n{_each(count, case)}\t}}\n\treturn r;\n}}\n"
        for head, over, case in heads
    )
    return {UAPI: _each(count, "#define KVM_CAP_C{0} {0}\n"), X86: before + "".join(bodies)}


def _device(count: int, attributes: str) -> Files:
    head = "static int d_{}(struct kvm_device *dev, struct kvm_device_attr *attr)\n{{\n"
    body = f"\tswitch (attr->group) {{\n{_each(count, attributes)}\t}}\n\treturn -ENXIO;\n}}\n"
    code = "".join(head.format(verb) + body for verb in ("has", "set", "get"))
    table = "struct kvm_device_ops ops = { .has_attr = d_has, .set_attr = d_set, .get_attr = d_get };\n"
    return {UAPI: _each(count, "#define KVM_G{0} {0}\n"), X86: code + table}


def _registers(count: int, read: str, write: str = "", before: str = "") -> Files:
    listed = f"static const u32 msrs_to_save_base[] = {{\n{_each(count, 'MSR_M{0},')}}};\n"
    bodies = (
        f"{head}\n{{\n\tswitch (msr_info->index) {{\n{_each(count, case)}\tdefault:\n\t\treturn 1;\n\t}}\n\treturn 0;\n}}\n"  # noqa: E501
        for head, case in ((GET, read), (SET, write or read))
    )
    return {MSR_INDEX: _each(count, "#define MSR_M{0} ({0} + 16)\n"), X86: before + listed + "".join(bodies)}


def _answers(count: int, tests: str) -> Files:
    body = f"\tcase KVM_CAP_C0:\n{_each(count, tests)}"
    return {
        UAPI: "#define KVM_CAP_C0 0\n",
        X86: f"{CHECK}\n{{\n\tint r = 0;\n\tswitch (ext) {{\n{body}\t}}\n\treturn r;\n}}\n",
    }


def _enabled(tests: str, cases: str, before: str = "") -> Files:
    body = f"{{\n\tint r = 0;\n{tests}\tswitch (cap->cap) {{\n{cases}\t}}\n\treturn r;\n}}\n"
    return {UAPI: _each(400, "#define KVM_CAP_C{0} {0}\n"), X86: f"{before}{ENABLE}\n{body}"}


def _structures(count: int, printed: str, defined: str) -> Files:
    return {UAPI: defined, API: f"4.1 A\n-----\n\n::\n\n{printed}"}


FEATURE = "static bool f{0}(struct kvm_vcpu *vcpu)\n{{\n\treturn guest_cpuid_has(vcpu, X86_FEATURE_A{0}) || f{1}(vcpu) || f{2}(vcpu);\n}}\n"  # noqa: E501
STORE = "\tcase KVM_CAP_C{0}:\n\t\tkvm->arch.z = 1;\n\t\tbreak;\n"
READER = (
    "static void d{0}(struct kvm_vcpu *vcpu)\n{{\n\tstruct k *k = &vcpu->kvm->arch;\n\n\tif (k->z)\n\t\tx(vcpu);\n}}\n"
)
MEMBER = "    __u32 a{0};\n"
HELPED = "\tcase KVM_CAP_C{0}:\n\t\tif (h{0}(kvm, cap))\n\t\t\treturn 1;\n\t\tkvm->arch.a{0} = 1;\n\t\tbreak;\n"
ASKED = "".join(f"\tif (cap->args[{at}] == {at})\n\t\treturn h{{1}}(kvm, cap);\n" for at in range(4))
HELPER = f"static int h{{0}}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{{{\n{ASKED}\treturn 0;\n}}}}\n"

ANSWERED = "\t\tif (IS_ENABLED(CONFIG_A{0}))\n\t\t\treturn {0};\n"
MIXED = "\t\tif (IS_ENABLED(CONFIG_A{0}) && IS_ENABLED(CONFIG_B{2}) || IS_ENABLED(CONFIG_C{1}))\n\t\t\tr = kvm->a{0};\n"

KERNELS: dict[str, Callable[[int], Files]] = {
    "enumerators that refer to each other in a circle": lambda n: {
        UAPI: _each(n, "enum e{0} {{ KVM_E{0} = KVM_E{1} }};\n")
    },
    "members": lambda n: _structures(
        n, f"  struct kvm_a {{\n{_each(n, MEMBER)}  }};\n", f"struct kvm_a {{\n{_each(n, '__u64 b{0};')}}};\n"
    ),
    "structures in structures": lambda n: _structures(n, "  struct {\n" * n + "  } a;\n" * n, ""),
    "structures of many sections": lambda n: {
        UAPI: _each(n, "struct kvm_a{0} {{ int a; }};\n"),
        API: _each(n, "4.{0} A\n------\n\n::\n\n  struct kvm_a{0} {{ int b; }};\n\n"),
    },
    "one member that many read": lambda n: _handlers(n, STORE, before=_each(n, READER)),
    "many members that the creation reads": lambda n: _handlers(
        n, "\tcase KVM_CAP_C{0}:\n\t\tkvm->arch.z{0} = 1;\n\t\tbreak;\n",
        before=_each(n, "int c{0}(struct kvm_vcpu *vcpu)\n{{\n\treturn vcpu->kvm->arch.z{0} + c{1}(vcpu);\n}}\n"),
    ),
    "conditions of enabling": lambda n: _handlers(
        n, "\tcase KVM_CAP_C{0}:\n\t\tif (!x{0})\n\t\t\treturn -EINVAL;\n\t\tbreak;\n",
        before=_each(n, "static bool x{0};\n"),
    ),
    "helpers that test every argument": lambda n: _handlers(n, HELPED, before=_each(n, HELPER)),
    "groups of attributes": lambda n: _device(n, "\tcase KVM_G{0}:\n\t\treturn 0;\n"),
    "attributes of each group": lambda n: _device(
        n, "\tcase KVM_G{0}:\n\t\tswitch (attr->attr) {{\n\t\tcase KVM_G{1}:\n\t\t\treturn 0;\n\t\t}}\n\t\tbreak;\n"
    ),
    "registers": lambda n: _registers(n, "\tcase MSR_M{0}:\n\t\tmsr_info->data = vcpu->arch.m{0};\n\t\tbreak;\n"),
    "ranges of registers": lambda n: _registers(n, "\tcase MSR_M{0} ... MSR_M{0} + 100:\n\t\tbreak;\n"),
    "registers of helpers in a circle": lambda n: _registers(
        n, "\tcase MSR_M{0}:\n\t\treturn f{0}(vcpu);\n", "\tcase MSR_M{0}:\n\t\treturn f{2}(vcpu);\n", _each(n, FEATURE)
    ),
    "features of one register": lambda n: _registers(
        1, "\tcase MSR_M0:\n" + _each(n, "\t\tif (!guest_cpuid_has(vcpu, X86_FEATURE_A{0}))\n\t\t\treturn 1;\n")
        .replace("{", "{{").replace("}", "}}") + "\t\tbreak;\n", "\tcase MSR_M0:\n\t\tbreak;\n",
    ),
    "parts of other cases that are not always compiled": lambda n: _handlers(
        n, "\tcase KVM_CAP_C{0}:\n#ifdef CONFIG_A{0}\n\t\tr = {0};\n#endif\n"
    ),
    "answers that are not always compiled": lambda n: _answers(n, ANSWERED),
    "answers that depend on each other": lambda n: _answers(n, MIXED),
    "switches in cases that go on": lambda n: _handlers(
        n, "\tcase KVM_CAP_C{0}:\n\t\tswitch (cap->cap) {{\n\t\tcase KVM_CAP_C{1}:\n\t\t\tr = {0};\n\t\t}}\n"
    ),
    "tests of arguments above all cases": lambda n: _enabled(
        _each(n, "\tif (cap->args[0] > {0} && cap->args[1] < kvm->a{0})\n\t\treturn -EINVAL;\n"),
        _each(n, "\tcase KVM_CAP_C{0}:\n\t\tkvm->arch.a{0} = cap->args[0] + cap->args[1];\n\t\tbreak;\n"),
    ),
    "arguments of one call": lambda n: _enabled(
        "", f"\tcase KVM_CAP_C0:\n\t\treturn h({', '.join(['cap->args[0]'] * n)});\n",
        f"static int h({', '.join(f'u64 p{at}' for at in range(n))})\n{{\n\treturn p0;\n}}\n",
    ),
}  # fmt: skip
VMMS: dict[str, str] = {
    "guards of writes": "    if (x{0}) {{\n        kvm_msr_entry_add(cpu, MSR_M{0}, env->m{0});\n    }}\n",
    "leaves before writes": "    if (x{0}) {{\n        return 1;\n    }}\n    kvm_msr_entry_add(cpu, MSR_M{0}, env->m{0});\n",  # noqa: E501
    "one member for all registers": "    s->m = MSR_M{0};\n    kvm_msr_entry_add(cpu, s->m, 0);\n",
    "members in a circle": "    s->m{0} = s->m{1};\n    kvm_msr_entry_add(cpu, s->m{0}, 0);\n",
    "entries of one table": "    kvm_msr_entry_add(cpu, table[i].msr, 0);\n",
    "counts": "    r = kvm_vcpu_ioctl(cpu, KVM_GET_MSRS, b{0});\n    if (r < {0}) {{\n        y(r);\n    }}\n",
    "counts in conditions": "    if (kvm_vcpu_ioctl(cpu, KVM_GET_MSRS, b{0}) != {0}) {{\n        return 1;\n    }}\n",
    "reads into variables": "    kvm_get_one_msr(cpu, MSR_M{0}, &v{0});\n    env->x{0} = v{0};\n",
}


@pytest.mark.parametrize("shape", KERNELS)
def test_time_grows_with_a_kernel(tmp_path: Path, shape: str) -> None:
    assert_proportionate(
        lambda count: seconds_of_check([bare_kernel(tmp_path / str(count), KERNELS[shape](count))]), 100, 400, 0.2
    )


def _vmm(root: Path, shape: str, count: int) -> list[Tree]:
    table = f"static struct e table[] = {{\n{_each(count, '    {{ MSR_M{0}, F{0} }},')}}};\n"
    names = _each(count, "#define MSR_M{0} {0}\n")
    body = f"{{\n    int r;\n{_each(count, VMMS[shape])}    return kvm_vcpu_ioctl(cpu, KVM_SET_MSRS, b);\n}}\n"
    code = f"{names}{ADD}{table}static int kvm_put_msrs(X86CPU *cpu)\n{body}"
    return [bare_kernel(root / f"k{count}", {}), bare_qemu(root / f"q{count}", {QEMU_UAPI: "", VMM: code})]


@pytest.mark.parametrize("shape", VMMS)
def test_time_grows_with_the_msrs_of_a_vmm(tmp_path: Path, shape: str) -> None:
    assert_proportionate(lambda count: seconds_of_check(_vmm(tmp_path, shape, count)), 100, 400, 0.2)


@pytest.mark.parametrize(
    ("before", "behind"), [("f(", ")"), ("a[", "]"), ("a && ", ""), ("a ? b : ", ""), ("!", ""), ("b.c->", "")]
)
def test_time_grows_with_the_depth_of_an_expression(before: str, behind: str) -> None:
    for depth in (10, 50, 400, 5_000):
        begun = time.process_time()
        text_of(tree_of(before * depth + "a" + behind * depth))
        assert time.process_time() - begun < 1.0


BLIND: dict[str, tuple[Callable[[int], Files], int, str]] = {
    "attributes": (KERNELS["groups of attributes"], 2_000, "a device whose attributes are not understood"),
    "conditions": (
        KERNELS["answers that depend on each other"],
        100,
        "a presence condition of more than 4,096 characters",
    ),
    "arguments": (KERNELS["tests of arguments above all cases"], 100, "conditions on the request of one function"),
    "helpers": (KERNELS["helpers that test every argument"], 100, "conditions on the request of one function, or"),
    "calls": (KERNELS["arguments of one call"], 100, "a call with 32 or more arguments"),
    "registers": (KERNELS["registers of helpers in a circle"], 60, "accesses to MSRs that take too many statements"),
}


@pytest.mark.parametrize("shape", BLIND)
def test_coverage_names_what_was_cut(tmp_path: Path, shape: str) -> None:
    made, count, reason = BLIND[shape]
    rows = ask([bare_kernel(tmp_path, made(min(count, 100)))], "SELECT reason FROM blind")
    assert [text for (text,) in rows if reason in text]


def test_nothing_is_said_of_arguments_behind_the_conditions_of_a_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every helper tests every argument; what is not looked at is not called untested."""
    monkeypatch.setattr("caplint.link.handlers.request_tests.MOST_STEPS", 1_000_000)
    monkeypatch.setattr("caplint.link.handlers.request_tests.MOST_STEPS_OF_TREE", 1_000)
    tree = bare_kernel(tmp_path, KERNELS["helpers that test every argument"](20))
    rows = ask([tree], "SELECT validated, zero, count(*) FROM cap_argument GROUP BY 1, 2")
    assert {row[:2] for row in rows} == {(None, "required"), (1, "accepted")}
    (untested,) = ask([tree], "SELECT count(*) FROM cap_enable WHERE flags_checked = 0")
    assert untested[0] < 20
