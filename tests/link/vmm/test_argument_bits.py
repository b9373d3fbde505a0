"""Bits that a VMM passes when it enables a capability, and what its code does with the answers of checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from bodies import LinkedCode, linked_vmm

CHECK = "kvm_check_extension(s, KVM_CAP_A)"
PASS = "kvm_vm_enable_cap(s, KVM_CAP_A, 0, BIT_A);"
HEADER = "#define BIT_A (1 << 2)\n#define BIT_B (1 << 3)\n"
BITS: list[tuple[list[str], int | None]] = [
    (["int x = BIT_A;"], 4),
    (["int x = 0;", "if (a) {", "x |= BIT_A;", "}", "if (b) {", "x |= BIT_B | 1;", "}"], 13),
    (["int x = a;"], None),
    (["int x = BIT_A;", "x |= a;"], None),
    (["int x = BIT_A;", "x &= BIT_A;"], None),
    (["int x;"], None),
]
ASKED: list[tuple[list[str], int | None]] = [
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
]
CONSTANTS = [("3", 3), ("BIT_A", 4), ("BIT_A | 1", 5), ("x", None), ("f(1)", None), ("UNKNOWN", None)]
USES = [
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
]
PAIRS = [
    (f"s->a = {CHECK} > 0;", f"s->b = {CHECK} * 8;", ["value", "number"]),
    (f"s->b = 8 * {CHECK};", f"s->a = {CHECK} > 0;", ["number", "value"]),
    (f"s->b = 8 * {CHECK};", f"s->c = 8 * {CHECK};", ["number", "number"]),
    (f"s->a = {CHECK};", f"s->b = s->a == A_BIT;\n\ts->c = {CHECK} * 8;", ["whole", "number"]),
]
TEXTS = {
    **{
        f"bits{at}": "\n\t".join([*lines, "kvm_vm_enable_cap(s, KVM_CAP_A, 0, x);"])
        for at, (lines, _) in enumerate(BITS)
    },
    **{f"asked{at}": "\n\t".join(lines) for at, (lines, _) in enumerate(ASKED)},
    **{f"constant{at}": f"kvm_vm_enable_cap(s, KVM_CAP_A, 0, {text});" for at, (text, _) in enumerate(CONSTANTS)},
    **{f"use{at}": text for at, (text, _) in enumerate(USES)},
    **{f"pair{at}": f"{first}\n\t{second}" for at, (first, second, _) in enumerate(PAIRS)},
    "elsewhere": f"s->bits = {CHECK};",
}
"""Name of a function → its body; each asks for a capability and sets members of its own."""


def _own(name: str, text: str) -> str:
    return re.sub(r"s->(\w+)", rf"s->{name}_\1", text.replace("KVM_CAP_A", f"KVM_CAP_{name.upper()}"))


TEXT = "".join(f"static int {name}(KVMState *s)\n{{\n\t{_own(name, text)}\n}}\n" for name, text in TEXTS.items())
TEXT += "static int compares(KVMState *s)\n{\n\treturn s->elsewhere_bits == A_BIT;\n}\n"


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TEXT, {"linux-headers/linux/kvm.h": HEADER}) as found:
        yield found


def _rows(vmm: LinkedCode, columns: str, view: str, name: str) -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM {view} WHERE cap = ? ORDER BY line"
    return vmm.connection.execute(query, (f"KVM_CAP_{name.upper()}",)).fetchall()


@pytest.mark.parametrize("at", range(len(BITS)))
def test_bits_that_are_passed(vmm: LinkedCode, at: int) -> None:
    """Those of a local variable that constants alone are gathered in."""
    assert _rows(vmm, "value, bits", "vmm_argument", f"bits{at}") == [(None, BITS[at][1])]


@pytest.mark.parametrize("at", range(len(ASKED)))
def test_whether_what_is_passed_was_asked_for(vmm: LinkedCode, at: int) -> None:
    """0 where the answer is only a yes or no, None without a check in front."""
    assert _rows(vmm, "asked", "vmm_argument", f"asked{at}") == [(ASKED[at][1],)]


@pytest.mark.parametrize("at", range(len(CONSTANTS)))
def test_constants_that_are_passed(vmm: LinkedCode, at: int) -> None:
    assert _rows(vmm, "position, text, value", "vmm_argument", f"constant{at}") == [(0, *CONSTANTS[at])]


@pytest.mark.parametrize("at", range(len(USES)))
def test_a_use(vmm: LinkedCode, at: int) -> None:
    assert _rows(vmm, "used", "vmm_answer", f"use{at}") == [(USES[at][1],)]


@pytest.mark.parametrize("at", range(len(PAIRS)))
def test_only_the_check_that_is_calculated_with_is_a_number(vmm: LinkedCode, at: int) -> None:
    assert _rows(vmm, "used", "vmm_answer", f"pair{at}") == [(way,) for way in PAIRS[at][2]]


def test_an_answer_that_is_compared_in_another_function_is_compared_as_a_whole(vmm: LinkedCode) -> None:
    assert _rows(vmm, "used, text", "vmm_answer", "elsewhere") == [("whole", "s->elsewhere_bits == A_BIT")]
