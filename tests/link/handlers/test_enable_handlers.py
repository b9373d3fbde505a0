"""cap_enable: what is accepted, whether flags are tested, and whether anything happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import X86, ask, bare_kernel

VM = "kvm_vm_ioctl_enable_cap"
VCPU = "kvm_vcpu_ioctl_enable_cap"


def _function(*lines: str, name: str = VM, parameters: str = "struct kvm *kvm, struct kvm_enable_cap *cap") -> str:
    return "\n".join([f"static int {name}({parameters})", "{", *(f"\t{line}" for line in lines), "}", ""])


def _case(*lines: str, before: tuple[str, ...] = (), after: tuple[str, ...] = ("return r;",)) -> str:
    inside = [f"\t{line}" for line in lines]
    return _function("int r = -EINVAL;", *before, "switch (cap->cap) {", "case KVM_CAP_A:", *inside, "}", *after)


def _ask(root: Path, text: str, columns: str) -> list[tuple[Any, ...]]:
    return ask([bare_kernel(root, {X86: text})], f"SELECT {columns} FROM enable_site ORDER BY path, line")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (_case("return 0;"), [("KVM_CAP_A", "x86", VM, "vm", "case", "1", 5)]),
        (
            _function("switch (cap->cap) {", "case KVM_CAP_A:", "\treturn 0;", "}", name=VCPU),
            [("KVM_CAP_A", "x86", VCPU, "vcpu", "case", "1", 4)],
        ),
        (
            _function("if (cap->cap == KVM_CAP_A)", "\treturn 0;", "return -EINVAL;"),
            [("KVM_CAP_A", "x86", VM, "vm", "comparison", "1", 3)],
        ),
        (
            _function("switch (cap->cap) {", "#ifdef CONFIG_X", "case KVM_CAP_A:", "\treturn 0;", "#endif", "}"),
            [("KVM_CAP_A", "x86", VM, "vm", "case", "CONFIG_X", 5)],
        ),
        (
            _function("switch (cap->cap) {", "case KVM_CAP_B:", "\treturn 0;", "}", name="more")
            + _function("return more(kvm, cap);"),
            [("KVM_CAP_B", "x86", "more", "vm", "case", "1", 4)],
        ),
        (_function("return 0;"), []),
    ],
    ids=["vm", "vcpu", "comparison", "condition", "delegation", "none"],
)
def test_what_is_accepted(tmp_path: Path, text: str, rows: list[Any]) -> None:
    assert _ask(tmp_path, text, "cap, arch, function, scope, kind, condition, line") == rows


TEST = "if (cap->flags)"
HELPER = "static int helper(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n\t%s\n}\n"


@pytest.mark.parametrize(
    ("text", "checked"),
    [
        (_case("return 0;"), 0),
        (_case("return 0;", before=(TEST, "\treturn -EINVAL;")), 1),
        (_case("return 0;", before=("if (cap->flags & ~VALID)", "\treturn -EINVAL;")), 1),
        (_case(TEST, "\treturn -EINVAL;", "return 0;"), 1),
        (_case("r = cap->flags ? -EINVAL : 0;", "break;"), 1),
        (_case("return use(kvm, cap->flags);"), None),
        (_case("return 0;", before=("u64 flags = cap->flags;", "if (flags)", "\treturn -EINVAL;")), 1),
        (_case("return 0;", before=(TEST, "\tpr_info();")), 0),
        (_case("return 0;", after=(TEST, "\treturn -EINVAL;", "return r;")), 0),
        (HELPER % "if (cap->flags) return -EINVAL; return 0;" + _case("return helper(kvm, cap);"), 1),
        (HELPER % "return cap->flags ? -EINVAL : 0;" + _case("return helper(kvm, cap);"), 1),
        (HELPER % "return 0;" + _case("return helper(kvm, cap);"), 0),
        (_case("return helper(kvm, cap);"), None),
        (_case("pr_info(cap);", "return 0;"), 0),
    ],
    ids=[
        "nowhere",
        "above",
        "some of them",
        "under the case",
        "ternary",
        "handed on",
        "through a copy",
        "looked at, and let pass",
        "too late",
        "by a helper",
        "in a helper's answer",
        "not by the helper",
        "helper not in view",
        "printed",
    ],
)
def test_whether_flags_are_tested(tmp_path: Path, text: str, checked: int | None) -> None:
    rows = _ask(tmp_path, text, "cap, flags_checked, function")
    assert [row[:2] for row in rows if row[2] == VM] == [("KVM_CAP_A", checked)]


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        (_case("return 0;"), (0, 0, 1)),
        (_case("r = 0;", "break;"), (0, 0, 1)),
        (_case("kvm->arch.x = true;", "r = 0;", "break;"), (1, 0, 1)),
        (_case("kvm->arch.x = cap->args[0];", "kvm->arch.y |= 1;", "return 0;"), (2, 0, 1)),
        (_case("r = set(kvm);", "break;"), (0, 1, None)),
        (_case("return set(kvm);"), (0, 1, None)),
        (_case('pr_info("x");', "trace_kvm_x(kvm);", "r = 0;", "break;"), (0, 0, 1)),
        (_case("r = -EBUSY;", "break;"), (0, 0, 0)),
        (_case("return -EINVAL;"), (0, 0, 0)),
        (_case("r = -EBUSY;", "if (kvm->x)", "\tr = 0;", "break;"), (0, 0, 1)),
        (_case("break;"), (0, 0, 0)),
        (_function("int r = 0;", "switch (cap->cap) {", "case KVM_CAP_A:", "\tbreak;", "}", "return r;"), (0, 0, 1)),
    ],
    ids=[
        "return 0",
        "r = 0",
        "one store",
        "two stores",
        "a call's answer assigned",
        "a call's answer returned",
        "logging",
        "r = -E",
        "return -E",
        "sometimes",
        "falls out with failure",
        "falls out with success",
    ],
)
def test_what_happens(tmp_path: Path, text: str, effect: tuple[int, int, int | None]) -> None:
    assert _ask(tmp_path, text, "stores, calls, succeeds") == [effect]


@pytest.mark.parametrize(
    ("line", "highest"),
    [
        ("return 0;", None),
        ("return f(cap->args[0]);", 0),
        ("kvm->x = cap->args[1] + cap->args[3];", 3),
        ("if (cap->args[2]) return 0;", 2),
        ("kvm->x = cap->args[ 0x1 ];", 1),
    ],
)
def test_the_highest_argument_that_is_read(tmp_path: Path, line: str, highest: int | None) -> None:
    assert _ask(tmp_path, _case(line, "break;"), "max_argument") == [(highest,)]


def test_cases_do_not_leak_into_each_other(tmp_path: Path) -> None:
    text = _function(
        "int r;",
        "switch (cap->cap) {",
        "case KVM_CAP_A:",
        "\tkvm->a = cap->args[3];",
        "\tr = 0;",
        "\tbreak;",
        "case KVM_CAP_B:",
        "\tkvm->b = 1;",
        "\tfallthrough;",
        "case KVM_CAP_C:",
        "\tkvm->c = 1;",
        "\tr = -EINVAL;",
        "\tbreak;",
        "}",
        "return r;",
    )
    assert _ask(tmp_path, text, "cap, stores, max_argument, succeeds") == [
        ("KVM_CAP_A", 1, 3, 1),
        ("KVM_CAP_B", 2, None, 0),
        ("KVM_CAP_C", 1, None, 0),
    ]
