"""Links in time that grows with the input: twice the cases take about twice the time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, X86, ask, bare_kernel, bare_qemu
from growth import assert_proportionate, seconds_of_check

from caplint.config.settings import Config


def _header(cases: int) -> str:
    return "".join(f"#define KVM_CAP_C{at} {at}\n" for at in range(cases))


def _handler(head: str, cases: int, case: Callable[[int], str]) -> dict[str, str]:
    body = "".join(f"\tcase KVM_CAP_C{at}:\n{case(at)}" for at in range(cases))
    return {UAPI: _header(cases), X86: f"{head}\n{{\n\tint r;\n\tswitch (ext) {{\n{body}\t}}\n\treturn r;\n}}\n"}


API = "Documentation/virt/kvm/api.rst"
MSR_INDEX = "arch/x86/include/asm/msr-index.h"
KCONFIG, MAKEFILE = "arch/x86/kvm/Kconfig", "arch/x86/kvm/Makefile"
CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)"
ENABLE = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)"
SWITCH = f"{ENABLE}\n{{\n\tint r;\n\tswitch (cap->cap) {{\n"


def _ranges(cases: int, each: Callable[[int], tuple[int, int]]) -> dict[str, str]:
    labels = "".join("\tcase KVM_CAP_C{} ... KVM_CAP_C{}:\n\t\treturn 1;\n".format(*each(at)) for at in range(cases))
    return {UAPI: _header(cases), X86: f"{CHECK}\n{{\n\tswitch (ext) {{\n{labels}\t}}\n\treturn 0;\n}}\n"}


def _enable(cases: int, case: Callable[[int], str]) -> dict[str, str]:
    return _handler(ENABLE, cases, case) | {
        X86: _handler(ENABLE, cases, case)[X86].replace("switch (ext)", "switch (cap->cap)")
    }


def _one(cases: int, head: str, line: Callable[[int], str]) -> dict[str, str]:
    body = "".join(map(line, range(cases)))
    return {UAPI: "#define KVM_CAP_A 1\n", X86: f"{head}\n{{\n\tint r;\n{body}\treturn r;\n}}\n"}


def _helpers(cases: int) -> dict[str, str]:
    same = "static int h(struct kvm *kvm, u64 v)\n{\n\treturn h(kvm, v);\n}\n" * cases
    asked = "\tcase KVM_CAP_A:\n\t\treturn h(kvm, cap->args[0]);\n\t}\n\treturn r;\n}\n"
    return {UAPI: "#define KVM_CAP_A 1\n", X86: f"{same}{SWITCH}{asked}"}


def _macros(cases: int) -> dict[str, str]:
    again = "#undef M\n#define M(x) int x##{0}(void) {{ return 0; }}\nM(a)\n"
    return {X86: "".join(again.format(at) for at in range(cases // 8))}


def _condition(at: int, shift: int) -> str:
    return f"#if defined(CONFIG_A{at}) && defined(CONFIG_A{(at * 7 + shift) % 100})\n"


def _two_conditions(cases: int) -> dict[str, str]:
    """Cases that are checked under one condition and enabled under another, and symbols that depend on each other."""
    checks = "".join(f"{_condition(at, 3)}\tcase KVM_CAP_C{at}:\n\t\treturn 1;\n#endif\n" for at in range(cases))
    enables = "".join(
        f"{_condition(at, 5)}\tcase KVM_CAP_C{at}:\n\t\tkvm->a = 1;\n\t\tbreak;\n#endif\n" for at in range(cases)
    )
    symbols = "".join(f'config A{at}\n\tbool "x"\n\tdepends on A{at + 1} || B{at}\n' for at in range(cases // 2))
    code = f"{CHECK}\n{{\n\tswitch (ext) {{\n{checks}\t}}\n\treturn 0;\n}}\n{SWITCH}{enables}\t}}\n\treturn r;\n}}\n"
    return {UAPI: _header(cases), KCONFIG: f'config KVM\n\tbool "KVM"\n{symbols}', X86: code}


def _registers(cases: int, test: str, answer: str) -> dict[str, str]:
    body = "".join(test.format(at) + answer.format(at) for at in range(cases))
    function = "int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)"
    names = "".join(f"#define MSR_M{at} {at}\n" for at in range(cases))
    return {MSR_INDEX: names, X86: f"{function}\n{{\n{body}\treturn 0;\n}}\n"}


def _kconfig(cases: int, entry: Callable[[int], str]) -> dict[str, str]:
    return {KCONFIG: f'config KVM\n\tbool "KVM"\n\tselect A{cases}\n{"".join(map(entry, range(cases)))}'}


def _built(cases: int, rule: Callable[[int], str]) -> dict[str, str]:
    return SHAPES["labels"](cases) | {MAKEFILE: "".join(map(rule, range(cases)))}


SHAPES: dict[str, Callable[[int], dict[str, str]]] = {
    "labels": lambda cases: _handler(CHECK, cases, lambda _: "\n"),
    "answers": lambda cases: _handler(CHECK, cases, lambda at: f"\t\tr = {at};\n\t\tbreak;\n"),
    "tests": lambda cases: _handler(CHECK, cases, lambda at: f"\t\tif (kvm->a{at})\n\t\t\treturn 1;\n\t\tbreak;\n"),
    "ranges": lambda cases: _ranges(cases, lambda at: (0, at)),
    "fallthrough": lambda cases: _handler(CHECK, cases, lambda at: f"\t\tr = f{at}(kvm);\n"),
    "enabling": lambda cases: _enable(cases, lambda at: f"\t\tkvm->arch.a{at} = cap->args[0];\n\t\tbreak;\n"),
    "enabling on": lambda cases: _enable(cases, lambda at: f"\t\tkvm->arch.a{at} = cap->args[0];\n"),
    "locks": lambda cases: _enable(
        cases,
        lambda _: (
            "\t\tmutex_lock(&kvm->lock);\n\t\tif (kvm->created_vcpus)\n\t\t\tr = 1;\n"
            "\t\tmutex_unlock(&kvm->lock);\n\t\tbreak;\n"
        ),
    ),
    "comparisons": lambda cases: _one(cases, CHECK, lambda at: f"\tif (ext == KVM_CAP_C{at})\n\t\treturn {at};\n"),
    "one capability": lambda cases: _one(cases, CHECK, lambda at: f"\tif (ext == KVM_CAP_A)\n\t\tr = {at};\n"),
    "one number": lambda cases: {UAPI: "".join(f"#define KVM_CAP_C{at} 1\n" for at in range(cases))},
    "one name": lambda cases: {UAPI: "".join(f"#define KVM_CAP_A {at}\n" for at in range(cases))},
    "helpers": _helpers,
    "macros": _macros,
    "conditions of an object": lambda cases: _built(cases, lambda at: f"obj-$(CONFIG_A{at}) += x86.o\n"),
    "two conditions": _two_conditions,
    "registers": lambda cases: _registers(cases, "\tif (msr_info->index == MSR_M{})\n", "\t\treturn 1;\n"),
    "unknown names": lambda cases: {UAPI: _header(cases), API: "".join(f"KVM_CAP_Z{at}\n" for at in range(cases))},
    "sections of one number": lambda cases: {API: "7.1 A\n-----\n\n" * cases},
    "sections that leave out numbers": lambda cases: {
        API: "".join(f"7.{at * 3} A\n-------\n\n" for at in range(cases))
    },
    "enumeration": lambda cases: {UAPI: "enum e {\n" + "".join(f"\tE{at},\n" for at in range(3 * cases)) + "};\n"},
    "selects": lambda cases: _kconfig(cases, lambda at: f"config A{at + 1}\n\tbool\n\tselect A{at}\n"),
    "dependencies": lambda cases: _kconfig(cases, lambda at: f'config A{at}\n\tbool "x"\n\tdepends on A{at + 1}\n'),
}
VMM: dict[str, Callable[[int], str]] = {
    "requests": lambda at: f"    c.cap = KVM_CAP_C{at};\n    r = kvm_vm_ioctl(s, KVM_ENABLE_CAP, &c);\n",
    "asked": lambda at: f"    r |= kvm_check_extension(s, KVM_CAP_C{at});\n",
    "enabled": lambda at: (
        f"    if (kvm_check_extension(s, KVM_CAP_C{at})) {{\n"
        f"        r = kvm_vm_enable_cap(s, KVM_CAP_C{at}, 0, {at});\n        if (r < 0) {{ return r; }}\n    }}\n"
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_the_input(tmp_path: Path, shape: str) -> None:
    assert_proportionate(
        lambda cases: seconds_of_check([bare_kernel(tmp_path / str(cases), SHAPES[shape](cases))]), 500, 2_000, 0.3
    )


@pytest.mark.parametrize("shape", VMM)
def test_time_grows_with_the_uses_of_a_vmm(tmp_path: Path, shape: str) -> None:
    def seconds(cases: int) -> float:
        code = f"int f(KVMState *s)\n{{\n    int r = 0;\n{''.join(map(VMM[shape], range(cases)))}    return r;\n}}\n"
        files = {QEMU_UAPI: _header(cases), "accel/kvm/kvm-all.c": code}
        kernel = bare_kernel(tmp_path / f"k{cases}", {UAPI: _header(cases)})
        return seconds_of_check([kernel, bare_qemu(tmp_path / f"q{cases}", files)])

    assert_proportionate(seconds, 500, 2_000, 0.3)


CUT: dict[str, tuple[dict[str, str], str]] = {
    "ranges": (_ranges(2_100, lambda at: (0, at)), "ranges of cases beyond 2,000 capabilities"),
    "fallthrough": (SHAPES["fallthrough"](800), "cases that run into so many others"),
    "one capability": (SHAPES["one capability"](70), "more than 64 cases of one capability"),
    "one name": (SHAPES["one name"](70), "a capability that has more than 64 definitions"),
    "helpers": (SHAPES["helpers"](70), "more than 64 definitions is not followed"),
    "conditions of an object": (SHAPES["conditions of an object"](400), "conditions of one object that are longer"),
    "conditions of the module": (
        _built(400, lambda at: f"obj-$(CONFIG_A{at}) += kvm.o\n"),
        "conditions of one object that are longer",
    ),
    "two conditions": (_two_conditions(8_000) | {X86: ""}, "Kconfig conditions of x86"),
    "registers": (SHAPES["registers"](110), "more than 100 conditions above an access to an MSR"),
    "selects": (SHAPES["selects"](6_000), "Kconfig conditions of x86"),
}


@pytest.mark.parametrize("shape", CUT)
def test_coverage_names_what_was_cut_with_and_without_memory(tmp_path: Path, shape: str) -> None:
    files, reason = CUT[shape]
    tree = bare_kernel(tmp_path / "k", files)

    def blind() -> list[tuple[object, ...]]:
        return ask([tree], "SELECT path, line, start, stop, reason FROM blind ORDER BY 1, 2, 5", config)

    config = Config(cache=str(tmp_path / "cache"), jobs=1)
    cold = blind()
    assert [row for row in cold if reason in str(row[-1])]
    assert blind() == cold


def test_coverage_is_silent_where_nothing_was_cut(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, _ranges(30, lambda at: (0, at)))
    assert ask([tree], "SELECT * FROM blind") == []
