"""cap_fall_through: answers that are lost where control falls into another case, and shapes of code that lose none."""

# ruff: noqa: E501 - each shape of code is one line
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = "".join(f"#define KVM_CAP_{name} {number}\n" for number, name in enumerate("ABCD", 1))
KEYWORD = {
    "virt/kvm/kvm_main.c": "int kvm_other_ioctl_check_extension(int x)\n{\n\tswitch (x) {\n\tcase 1: x = 2; fallthrough;\n"
    "\tdefault: return x;\n\t}\n}\n"
}
CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n\tint r = 0, i;\n\tswitch (ext) {\n\t%s\n\t}\n\treturn r;\n}\n"
ENABLE = (
    "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n\tint r = -EINVAL;\n\tswitch (cap->cap) {\n"
    "\t%s\n\tdefault: break;\n\t}\nout:\n\treturn r;\n}\n"
)
B = "case KVM_CAP_B: r = 2; break;"


def found(root: Path, text: str, more: dict[str, str] = KEYWORD) -> list[tuple[Any, ...]]:
    tree = bare_kernel(root, {UAPI: HEADER, X86: text, **more})
    return ask([tree], "SELECT cap, kind, value, replaced_by, fallen_into FROM cap_fall_through ORDER BY line")


LOST = {
    "no break": (CHECK % f"case KVM_CAP_A: r = 1; {B}", "1"),
    "said to fall": (CHECK % f"case KVM_CAP_A: r = 1; fallthrough; {B}", "1"),
    "an attribute": (CHECK % f"case KVM_CAP_A: r = 1; __attribute__((fallthrough)); {B}", "1"),
    "braces": (CHECK % f"case KVM_CAP_A: {{ r = kvm->x; }} {B}", "kvm->x"),
    "a branch": (CHECK % f"case KVM_CAP_A: if (kvm) r = 1; {B}", "1"),
    "both branches": (CHECK % f"case KVM_CAP_A: if (kvm) r = 1; else r = 3; {B}", "1"),
    "behind an early break": (CHECK % f"case KVM_CAP_A: if (!kvm) break; r = 1; {B}", "1"),
    "behind an early return": (CHECK % f"case KVM_CAP_A: r = 1; if (!kvm) return 0; {B}", "1"),
    "into the default": (CHECK % "case KVM_CAP_A: r = 1; default: r = 0; break;", "1"),
    "into a return": (CHECK % "case KVM_CAP_A: r = 1; case KVM_CAP_B: return kvm->y;", "1"),
    "into two branches": (CHECK % "case KVM_CAP_A: r = 1; case KVM_CAP_B: if (kvm) r = 2; else r = 3; break;", "1"),
    "two labels": (CHECK % f"case KVM_CAP_A: case KVM_CAP_C: r = 1; {B}", "1"),
    "through an empty case": (CHECK % f"case KVM_CAP_A: r = 1; case KVM_CAP_C: (void)kvm; {B}", "1"),
    "added bits": (CHECK % f"case KVM_CAP_A: r |= 1; {B}", "r |= 1"),
    "a loop before": (CHECK % f"case KVM_CAP_A: for (i = 0; i < 3; i++) {{ if (kvm->x) break; }} r = 1; {B}", "1"),
    "in some configurations": (CHECK % f"\n#ifdef CONFIG_X\n\tcase KVM_CAP_A: r = 1;\n#endif\n\t{B}", "1"),
    "enabling": (ENABLE % "case KVM_CAP_A: kvm->x = 1; r = 0; case KVM_CAP_B: r = -EINVAL; if (kvm->y) break; r = 0; break;", "0"),
    "a delegate": (
        "static int more(struct kvm *kvm, long ext)\n{\n\tint r;\n\tswitch (ext) {\n\tcase KVM_CAP_A: r = 1;\n\tcase KVM_CAP_B: "
        "r = 2; break;\n\tdefault: r = 0;\n\t}\n\treturn r;\n}\n" + CHECK % "default: r = more(kvm, ext);",
        "1",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), LOST.values(), ids=LOST)
def test_lost(tmp_path: Path, text: str, value: str) -> None:
    rows = found(tmp_path, text)
    assert [(cap, kind) for cap, kind, *_ in rows] == [("KVM_CAP_A", "answer")]
    assert rows[0][2].replace("(", "").replace(")", "") == value


KEPT = {
    "a break": CHECK % f"case KVM_CAP_A: r = 1; break; {B}",
    "nothing assigned": CHECK % f"case KVM_CAP_A: if (!kvm) break; fallthrough; {B}",
    "the error of an early break": ENABLE % f"case KVM_CAP_A: r = -EINVAL; if (!kvm->x) break; fallthrough; {B}",
    "an early jump": ENABLE % f"case KVM_CAP_A: r = -EPERM; if (!kvm->x) goto out; fallthrough; {B}",
    "read": CHECK % f"case KVM_CAP_A: r = kvm->x; if (r) return r; {B}",
    "read by the next case": CHECK % "case KVM_CAP_A: r = 1; case KVM_CAP_B: r = r + 1; break;",
    "added to by the next case": CHECK % "case KVM_CAP_A: r = 1; case KVM_CAP_B: r |= 2; break;",
    "kept by a way through the next case": CHECK % "case KVM_CAP_A: r = 1; case KVM_CAP_B: if (kvm) r = 2; break;",
    "the same again": CHECK % "case KVM_CAP_A: r = 2; case KVM_CAP_B: r = 2; break;",
    "into the default that leaves it": CHECK % "case KVM_CAP_A: r = 1; default: break;",
    "a break in every branch": CHECK % f"case KVM_CAP_A: if (kvm) {{ r = 1; break; }} else {{ r = 3; break; }} {B}",
    "returned": CHECK % f"case KVM_CAP_A: if (kvm) return 1; return 2; {B}",
    "another variable": CHECK % f"case KVM_CAP_A: i = 1; {B}",
    "in some configurations": CHECK % f"case KVM_CAP_A: r = 1;\n#ifdef CONFIG_X\n\tbreak;\n#endif\n\t{B}",
    "a case in some configurations": CHECK % f"\n#ifdef CONFIG_X\n\tcase KVM_CAP_A: {{ r = 1; break; }}\n#endif\n\t{B}",
    "another case in some configurations": CHECK % "case KVM_CAP_A: r = 1;\n#ifdef CONFIG_X\n\tcase KVM_CAP_B: r = 2;\n#endif\n\tbreak;",
    "no switch over capabilities": CHECK % "default: switch (kvm->x) { case 1: r = 1; case 2: r = 2; break; }",
    "a switch within": CHECK % f"case KVM_CAP_A: switch (kvm->x) {{ case 1: r = 1; break; default: r = 3; }} break; {B}",
    "work that is said to fall": ENABLE % "case KVM_CAP_A: kvm->x = 1; fallthrough; case KVM_CAP_B: kvm->y = 1; r = 0; break;",
    "work before a break": ENABLE % f"case KVM_CAP_A: if (kvm->z) {{ kvm->x = 1; r = 0; break; }} {B}",
    "work that falls to the default": ENABLE % "case KVM_CAP_A: kvm->x = 1; default: return -EINVAL;",
    "only a lock": ENABLE % f"case KVM_CAP_A: lockdep_assert_held(&kvm->lock); {B}",
}  # fmt: skip


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_kept(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == []


WORK = ENABLE % f"case KVM_CAP_A: kvm->x = 1; {B}"


def test_work_of_two_cases(tmp_path: Path) -> None:
    assert found(tmp_path, WORK) == [("KVM_CAP_A", "work", "", "", "KVM_CAP_B")]


def test_a_comment_may_say_that_work_goes_on(tmp_path: Path) -> None:
    assert found(tmp_path, WORK, {}) == []


def test_time_in_proportion_to_size(tmp_path: Path) -> None:
    cases = "\n\t".join(f"case {number}: if (kvm->x{number}) r = {number};" for number in range(3_000))
    assert found(tmp_path, CHECK % f"case KVM_CAP_A: r = 1; {cases}") == []
