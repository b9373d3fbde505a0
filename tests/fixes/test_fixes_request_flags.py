"""Refusal of the flags of KVM_ENABLE_CAP: where it is put, and which cases go on accepting any."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Rows, bench, edited, finding

from caplint.fixes.request_flags import propose

FILE = "virt/kvm/a.c"
SITES = "enable_site(tree, path, function, cap, line, first_line, kind, flags_checked, arch, scope)"
BASE = "base_cap_enable(tree, cap, arch, scope, flags_checked)"
HEAD = "static int f(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n"
END = "\tdefault:\n\t\treturn -EINVAL;\n\t}\n}\n"
TEST = "if (cap->flags)\n"


def _mended(
    root: Path,
    cases: str,
    *,
    checked: tuple[int | None, ...] = (0,),
    base: Rows = [],  # noqa: B006
    patched: int = 1,
    kind: str = "case",
    head: str = HEAD,
    end: str = END,
) -> str | None:
    """The cases after the fix of the first one, with what stands above the switch if that changes."""
    text = f"{head}\tswitch (cap->cap) {{\n{cases}{end}"
    lines = text.splitlines()
    labels = [number for number, line in enumerate(lines, 1) if line.startswith("\tcase KVM_CAP_")]
    rows: Rows = []
    first = 0
    for number, is_checked in zip(labels, checked, strict=True):
        first = first if lines[number - 2].startswith("\tcase KVM_CAP_") else number
        name = lines[number - 1].partition("case ")[2].partition(":")[0]
        rows.append(("kernel", FILE, "f", name, number, first, kind, is_checked, "x86", "vm"))
    tables = {SITES: rows, BASE: [("kernel", *row) for row in base], "tree(name, patched)": [("kernel", patched)]}
    name = str(rows[0][3])
    after = edited(propose, finding(labels[0], name, FILE), bench(root, {FILE: text}, tables))
    return None if after is None else after.removeprefix(f"{head}\tswitch (cap->cap) {{\n").removesuffix(end)


A, B = "\tcase KVM_CAP_A:\n", "\tcase KVM_CAP_B:\n"
BODY = "\t\tkvm->a = cap->args[0];\n\t\treturn 0;\n"
IN_CASE = f"\t\t{TEST}\t\t\treturn -EINVAL;\n"


def test_one_test_above_the_switch_for_all_cases(tmp_path: Path) -> None:
    expected = f"{HEAD}\t{TEST}\t\treturn -EINVAL;\n\n\tswitch (cap->cap) {{\n{A}{BODY}{B}{BODY}"
    assert _mended(tmp_path / "a", A + BODY + B + BODY, checked=(0, 0)) == expected
    assert _mended(tmp_path / "b", A + BODY + B + IN_CASE + BODY, checked=(0, 1)) is not None


@pytest.mark.parametrize(
    ("checked", "base", "end"),
    [
        # Another case is not understood, or has always accepted any flags, or others decide about the request.
        ((0, None), [], END),
        ((0, 0), [("KVM_CAP_B", "x86", "vm", 0)], END),
        ((0, 0), [], "\tdefault:\n\t\treturn other(kvm, cap);\n\t}\n}\n"),
    ],
)
def test_in_the_case_where_others_may_accept_flags(
    tmp_path: Path, checked: tuple[int | None, ...], base: Rows, end: str
) -> None:
    assert _mended(tmp_path, A + BODY + B + BODY, checked=checked, base=base, end=end) == A + IN_CASE + BODY + B + BODY


def test_the_test_of_some_flags_becomes_one_of_all(tmp_path: Path) -> None:
    partial = "\t\tif (cap->flags & ~KVM_BELL_FLAGS)\n\t\t\treturn -EINVAL;\n"
    found = _mended(tmp_path, A + partial + BODY + B + BODY, checked=(0, None))
    assert found == A + IN_CASE + BODY + B + BODY
    other = partial.replace("return -EINVAL", "kvm->b = 1")
    found = _mended(tmp_path / "b", A + other + BODY + B + BODY, checked=(0, None))
    assert found == A + IN_CASE + other + BODY + B + BODY


def test_labels_that_share_a_case_share_its_test(tmp_path: Path) -> None:
    cases = A + B + BODY + "\tcase KVM_CAP_C:\n" + BODY
    assert _mended(tmp_path / "a", cases, checked=(0, 0, None)) == cases.replace(B, B + IN_CASE)
    released: Rows = [("KVM_CAP_B", "x86", "vm", 0)]
    assert _mended(tmp_path / "b", cases, checked=(0, 0, None), base=released) is None


@pytest.mark.parametrize("base", [[("KVM_CAP_A", "x86", "vm", 1)], [("KVM_CAP_A", "arm64", "vm", 0)],
                                  [("KVM_CAP_A", "x86", "vcpu", 0)]])  # fmt: skip
def test_what_was_refused_before_is_refused_again(tmp_path: Path, base: Rows) -> None:
    assert _mended(tmp_path, A + BODY, base=base) is not None


def test_what_a_released_kernel_accepts_stays(tmp_path: Path) -> None:
    assert _mended(tmp_path / "a", A + BODY, base=[("KVM_CAP_A", "x86", "vm", 0)]) is None
    assert _mended(tmp_path / "b", A + BODY, patched=0) is None


@pytest.mark.parametrize("checked", [1, None])
def test_a_case_that_tests_them_or_is_not_understood(tmp_path: Path, checked: int | None) -> None:
    assert _mended(tmp_path, A + BODY, checked=(checked,)) is None


def test_a_comparison_is_no_case(tmp_path: Path) -> None:
    assert _mended(tmp_path, A + BODY, kind="comparison") is None


def test_nothing_is_returned_from_where_a_lock_may_be_held(tmp_path: Path) -> None:
    assert _mended(tmp_path / "a", A + BODY, head=f"{HEAD}\tmutex_lock(&kvm->lock);\n") is None
    assert _mended(tmp_path / "b", A + BODY.replace("return 0", "x = 1") + B + BODY, checked=(0, None)) is not None
    fallen = "\tcase KVM_CAP_Z:\n\t\tx = 1;\n" + A + BODY
    assert _mended(tmp_path / "c", fallen.replace("KVM_CAP_Z", "OTHER"), checked=(0,)) is None
