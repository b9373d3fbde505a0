"""Bits that a VMM passes when it enables a capability, and what its code does with the answers of checks."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu

ALL = "accel/kvm/kvm-all.c"


def _function(*lines: str, head: str = "static int f(KVMState *s)") -> str:
    return "\n".join([head, "{", *(f"\t{line}" for line in lines), "}", ""])


BITS = "#define BIT_A (1 << 2)\n#define BIT_B (1 << 3)\n"


@pytest.mark.parametrize(
    ("lines", "bits"),
    [
        (["int x = BIT_A;"], 4),
        (["int x = 0;", "if (a) {", "x |= BIT_A;", "}", "if (b) {", "x |= BIT_B | 1;", "}"], 13),
        (["int x = a;"], None),
        (["int x = BIT_A;", "x |= a;"], None),
        (["int x = BIT_A;", "x &= BIT_A;"], None),
        (["int x;"], None),
    ],
)
def test_bits_that_are_passed(tmp_path: Path, lines: list[str], bits: int | None) -> None:
    files = {ALL: _function(*lines, "kvm_vm_enable_cap(s, KVM_CAP_A, 0, x);"), "linux-headers/linux/kvm.h": BITS}
    assert ask([bare_qemu(tmp_path, files)], "SELECT value, bits FROM vmm_argument") == [(None, bits)]


CHECK = "kvm_check_extension(s, KVM_CAP_A)"


PASS = "kvm_vm_enable_cap(s, KVM_CAP_A, 0, BIT_A);"


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ([f"if ({CHECK}) {{", PASS, "}"], 0),
        ([f"int n = {CHECK};", "if (n <= 0 || quiet)", "return 0;", PASS], 0),
        ([f"s->has = {CHECK} > 0;", "if (s->has && !quiet) {", PASS, "}"], 0),
        ([f"int n = {CHECK};", "if (!n) {", 'error_report("no: %s", strerror(-n));', "return n;", "}", PASS], 0),
        ([f"if ({CHECK} & BIT_A) {{", PASS, "}"], 1),
        ([f"int n = {CHECK};", "if (n & BIT_A) {", PASS, "}"], 1),
        ([f"int n = {CHECK};", "n &= BIT_A;", "if (n) {", PASS, "}"], 1),
        ([f"int n = {CHECK};", "if (n == BIT_A) {", PASS, "}"], 1),
        ([f"int n = {CHECK};", "if (n && has_bits(n)) {", PASS, "}"], 1),
        ([f"int n = {CHECK};", "if (n) {", "kvm_vm_enable_cap(s, KVM_CAP_A, 0, n);", "}"], 1),
        ([f"int n = {CHECK};", "int x = n & BIT_A;", "if (n) {", "kvm_vm_enable_cap(s, KVM_CAP_A, 0, x);", "}"], 1),
        ([PASS], None),
        ([f"int n = {CHECK};", PASS], None),
    ],
)
def test_whether_what_is_passed_was_asked_for(tmp_path: Path, lines: list[str], asked: int | None) -> None:
    files = {ALL: _function(*lines), "linux-headers/linux/kvm.h": BITS}
    assert ask([bare_qemu(tmp_path, files)], "SELECT asked FROM vmm_argument") == [(asked,)]


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("BIT_A", 4), ("BIT_A | 1", 5), ("x", None), ("f(1)", None), ("UNKNOWN", None)]
)
def test_constants_that_are_passed(tmp_path: Path, text: str, value: int | None) -> None:
    files = {
        ALL: _function(f"kvm_vm_enable_cap(s, KVM_CAP_A, 0, {text});"),
        "linux-headers/linux/kvm.h": "#define BIT_A (1 << 2)\n",
    }
    query = "SELECT position, text, value FROM vmm_argument"
    assert ask([bare_qemu(tmp_path, files)], query) == [(0, text, value)]


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
