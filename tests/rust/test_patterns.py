"""Patterns: the names that they bind, and those that are values."""

from __future__ import annotations

import pytest
import tree_sitter
from rust_text import nodes_of

from caplint.rust.patterns import alternatives, bindings, is_variable
from caplint.rust.syntax import RustFile


def _pattern(written: str) -> tuple[RustFile, tree_sitter.Node]:
    file, (arm,) = nodes_of("match_pattern", f"fn f() {{ match x {{ {written} => g() }} }}")
    return file, arm


BINDINGS = [
    ("x", ["x"]),
    ("mut x", ["x"]),
    ("ref x", ["x"]),
    ("r#type", ["type"]),
    ("Some(x)", ["x"]),
    ("a::Kind::Two(x, y)", ["x", "y"]),
    ("(a, (b, c), ..)", ["a", "b", "c"]),
    ("[first, .., last]", ["first", "last"]),
    ("&x", ["x"]),
    ("whole @ Some(part)", ["whole", "part"]),
    ("Point { x, y: other, .. }", ["x", "other"]),
    ("Point { x: Some(ref deep), mut y }", ["deep", "y"]),
    ("Ok(x) | Err(x)", ["x"]),
    ("x if x > limit", ["x"]),
    ("Some(x) if { let y = x; y > 1 }", ["x"]),
    # No names that get a value.
    ("_", []),
    ("_unused", []),
    ("Some(_rest)", []),
    ("KVM_CAP_A", []),
    ("Cap::A", []),
    ("None", []),
    ("0..=9", []),
    ("low..=HIGH", []),
    ("-1 | 'c' | \"text\"", []),
    ("Kind::Unit {}", []),
]


@pytest.mark.parametrize(("written", "names"), BINDINGS, ids=[row[0] for row in BINDINGS])
def test_bindings(written: str, names: list[str]) -> None:
    file, arm = _pattern(written)
    assert sorted(bindings(file, arm)) == sorted(names)


def test_bindings_are_in_the_order_of_the_source() -> None:
    file, (declared,) = nodes_of("let_declaration", "fn f() { let (at, cap, name) = x; }")
    pattern = declared.child_by_field_name("pattern")
    assert pattern is not None
    assert bindings(file, pattern) == ["at", "cap", "name"]


def test_parameters_of_a_closure() -> None:
    file, (parameters,) = nodes_of("closure_parameters", "fn f() { g(|vm: &VmFd, (a, b): (u8, u8), _| 1) }")
    assert sorted(bindings(file, parameters)) == ["a", "b", "vm"]


@pytest.mark.parametrize(
    ("written", "variable"),
    [("x", True), ("other_1", True), ("r#in", True), ("A", False), ("None", False), ("a::b", False)],
)  # fmt: skip
def test_variables(written: str, variable: bool) -> None:
    file, arm = _pattern(written)
    assert is_variable(file, arm.named_children[0]) is variable


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("A", ["A"]), ("A | B", ["A", "B"]), ("A | B | C(x) | 1..=3", ["A", "B", "C(x)", "1..=3"]),
        ("Some(A | B)", ["Some(A | B)"]), (" | ".join("ABCDEFGH"), list("ABCDEFGH")),
    ],
)  # fmt: skip
def test_alternatives(written: str, parts: list[str]) -> None:
    file, arm = _pattern(written)
    assert [file.plain(part) for part in alternatives(arm.named_children[0])] == parts


def test_many_alternatives_need_no_deep_stack() -> None:
    names = [f"A{n}" for n in range(150)]
    file, arm = _pattern(" | ".join(names))
    assert [file.plain(part) for part in alternatives(arm.named_children[0])] == names
