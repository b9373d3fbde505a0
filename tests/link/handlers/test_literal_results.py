"""Results that functions write out: signs of what they return, and functions of which every result is 0."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.literal_results import is_always_zero, literal_result

# Name → body, and the signs of its result.
BODIES = {
    "one": ("return 1;", "P"),
    "zero": ("return 0;", "Z"),
    "error": ("return -EINVAL;", "N"),
    "error_in_parentheses": ("return (-EINVAL);", "N"),
    "minus": ("return -1;", "N"),
    "long_zero": ("return 0UL;", "Z"),
    "truth": ("return true;", "P"),
    "falsehood": ("return false;", "Z"),
    "null": ("return NULL;", "Z"),
    "hexadecimal": ("return 0x10;", "n p z"),
    "variable": ("return kvm->x;", "n p z"),
    "both": ("if (kvm) return 0; return -EINVAL;", "N Z"),
    "no_return": ("kvm->x = 1;", "n p z"),
    "choice": ("return kvm ? 0 : -EINVAL;", "N Z"),
    "nested_choice": ("return a ? 1 : b ? 0 : -EINVAL;", "N P Z"),
    "choice_of_unknown": ("return a ? 1 : b;", "P n p z"),
    "result": ("int r = 0; return r;", "Z"),
    "result_replaced": ("int r = -EINVAL; r = 0; return r;", "Z"),
    "result_replaced_sometimes": ("int r = -EINVAL; if (kvm) r = 0; return r;", "N Z"),
    "result_in_branches": ("int r; if (kvm) r = 1; else r = 0; return r;", "P Z"),
    "result_three_times": ("int r = 1; if (a) r = 0; if (b) r = -EIO; return r;", "N Z n p z"),
    "result_not_built": ("int r = 0;\n#ifdef CONFIG_X\nr = 1;\n#endif\nreturn r;", "P Z"),
    "result_counted": ("int r = 0; r++; return r;", "n p z"),
    "result_by_address": ("int r = 0; fill(&r); return r;", "n p z"),
    "result_in_a_loop": ("int r = 0; while (kvm->x) r = 1; return r;", "n p z"),
    "result_behind_a_jump": ("int r = 0; if (kvm) goto out; r = 1; out: return r;", "n p z"),
    "parameter": ("kvm = NULL; return kvm;", "n p z"),
    "ask": ("return zero(kvm);", "n p z"),
    "many": ("".join(f"if (a == {n}) return 0;" for n in range(30)) + "return 0;", "n p z"),
    "some": ("".join(f"if (a == {n}) return 0;" for n in range(20)) + "return 0;", "Z"),
    "long_choice": ("return " + "a ? 1 : " * 40 + "0;", "P n p z"),
}
TEXT = "#define zero_macro(k) 0\n#define masked(k) 0\nint masked(struct kvm *kvm)\n{\n\treturn 0;\n}\n" + "".join(
    f"int {name}(struct kvm *kvm)\n{{\n{body}\n}}\n" for name, (body, _) in BODIES.items()
)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    files = {f"arch/x86/kvm/{n}.c": f"int shared{n % 2}(void) {{ return {n // 3}; }}\n" for n in range(4)}
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, files) as found:
        yield found


@pytest.mark.parametrize("name", BODIES)
def test_signs_of_what_is_returned(code: LinkedCode, name: str) -> None:
    value = literal_result(code.body(name))
    assert " ".join(sorted(value.signs)) == BODIES[name][1]
    assert all(condition is True for condition in value.signs.values())


@pytest.mark.parametrize(
    ("text", "zero"),
    [
        ("zero(kvm)", True), ("result_replaced(kvm)", True), ("falsehood(kvm)", True), ("one(kvm)", False),
        ("both(kvm)", False), ("(zero(kvm))", True), ("((zero(kvm)))", True), ("zero(kvm) + 1", False),
        ("!zero(kvm)", False), ("zero", False), ("0", False), ("nowhere(kvm)", False), ("zero_macro(kvm)", False),
        ("masked(kvm)", False), ("shared0()", True), ("shared1()", False), ("", False),
    ],
)  # fmt: skip
def test_calls_that_are_always_zero(code: LinkedCode, text: str, zero: bool) -> None:
    """`shared1` has two definitions, of which one returns 1; a macro of the name may hide the function."""
    assert is_always_zero(code.helpers, code.body("ask"), text) is zero
