"""cap_kind and vmm_answer: what an answer is, and what a VMM does with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel, bare_qemu


@pytest.mark.parametrize(
    ("cap", "answer", "kind"),
    [
        ("A", "r = 1;", "yes or no"),
        ("A", "r = !x;", "yes or no"),
        ("A", "r = kvm && kvm->a;", "yes or no"),
        ("A", "r = x ? 1 : 0;", "yes or no"),
        ("A", "r = ops->get != NULL;", "yes or no"),
        ("A", "r = 2;", None),
        ("A", "r = KVM_MAX_A;", None),
        ("A", "r = a && b | c;", None),
        ("A", "r = has(kvm);", None),
        ("A", "r = sizeof(struct a);", "size"),
        ("A", "r = MOST * sizeof(struct a);", "size"),
        ("A", "r = a_size(kvm);\n\t\tif (r < 9)\n\t\t\tr = 9;", "size"),
        ("XSAVE2", "r = required(kvm);", "size"),
        ("DISABLE_QUIRKS2", "r = supported;", "mask"),
    ],
)
def test_a_kind(tmp_path: Path, cap: str, answer: str, kind: str | None) -> None:
    lines = [
        "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)",
        "{",
        "\tint r;",
        "\tswitch (ext) {",
        f"\tcase KVM_CAP_{cap}:",
        f"\t\t{answer}",
        "\t\tbreak;",
        "\tdefault:",
        "\t\tr = 0;",
        "\t}",
        "\treturn r;",
        "}",
    ]
    body = "\n".join([*lines, ""])
    found = ask([bare_kernel(tmp_path, {X86: body})], "SELECT kind FROM cap_kind")
    assert found == ([(kind,)] if kind else [])


CHECK = "kvm_check_extension(s, KVM_CAP_A)"


@pytest.mark.parametrize(
    ("text", "used"),
    [
        (f"if ({CHECK}) g();", "tested"),
        (f"if ({CHECK} > 0) g();", "tested"),
        (f"g({CHECK});", "yes or no"),
        (f"s->a = {CHECK};", "yes or no"),
        (f"int r = {CHECK};\n\tif (r > 0) {{ g(); }}", "yes or no"),
        (f"if ({CHECK} == A_BIT) g();", "whole"),
        (f"int r = {CHECK};\n\treturn r == A_BIT;", "whole"),
        (f"int r = {CHECK};\n\treturn (A_BIT | B_BIT) != r ? 0 : 1;", "whole"),
        (f"int r = {CHECK};\n\treturn r == (1 << 4);", "whole"),
        (f"int r = {CHECK};\n\treturn (r & A_BIT) == A_BIT;", "value"),
        (f"int r = {CHECK};\n\treturn r == 1;", "yes or no"),
        (f"int r = {CHECK};\n\treturn r == want;", "value"),
        (f"s->n = {CHECK} ? 509 : 32;", "replaced"),
        (f"int r = {CHECK};\n\ts->n = r > 0 ? 0x20 : 0;", "replaced"),
        (f"int r = {CHECK};\n\ts->n = r ? r : 32;", "yes or no"),
        (f"s->n = {CHECK} ? 1 : 0;", "yes or no"),
        (f"s->a = {CHECK} * 8;", "number"),
        (f"s->a = {CHECK} - 1;", "number"),
        (f"int r = {CHECK};\n\ts->a = r << 2;", "number"),
        (f"int r = {CHECK};\n\tr = 9;\n\ts->a = r * 2;", "value"),
        (f"if ({CHECK} & KVM_BIT) g();", "value"),
        (f"g({CHECK} > 8);", "value"),
    ],
)
def test_a_use(tmp_path: Path, text: str, used: str) -> None:
    body = f"static int f(KVMState *s)\n{{\n\t{text}\n}}\n"
    found = ask([bare_qemu(tmp_path, {"accel/kvm/kvm-all.c": body})], "SELECT used FROM vmm_answer")
    assert found == [(used,)]


@pytest.mark.parametrize(
    ("first", "second", "used"),
    [
        (f"s->a = {CHECK} > 0;", f"s->b = {CHECK} * 8;", ["value", "number"]),
        (f"s->b = 8 * {CHECK};", f"s->a = {CHECK} > 0;", ["number", "value"]),
        (f"s->b = 8 * {CHECK};", f"s->c = 8 * {CHECK};", ["number", "number"]),
        (f"s->a = {CHECK};", f"s->b = s->a == A_BIT;\n\ts->c = {CHECK} * 8;", ["whole", "number"]),
    ],
)
def test_only_the_check_that_is_calculated_with_is_a_number(
    tmp_path: Path, first: str, second: str, used: list[str]
) -> None:
    body = f"static int f(KVMState *s)\n{{\n\t{first}\n\t{second}\n}}\n"
    found = ask([bare_qemu(tmp_path, {"accel/kvm/kvm-all.c": body})], "SELECT used FROM vmm_answer ORDER BY line")
    assert found == [(way,) for way in used]


def test_an_answer_that_is_compared_in_another_function_is_compared_as_a_whole(tmp_path: Path) -> None:
    setter = f"static void f(KVMState *s)\n{{\n\ts->bits = {CHECK};\n}}\n"
    body = setter + "static int g(KVMState *s)\n{\n\treturn s->bits == A_BIT;\n}\n"
    found = ask([bare_qemu(tmp_path, {"accel/kvm/kvm-all.c": body})], "SELECT used, text FROM vmm_answer")
    assert found == [("whole", "s->bits == A_BIT")]
