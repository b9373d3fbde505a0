"""Forms of expressions by which a value is chosen, from their text alone."""

from __future__ import annotations

import pytest

from caplint.link.vmm.value_text import bare, call_of, choices, fields, is_number, last_accessor, without_strings


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("a", "a"), ("(a)", "a"), ("((a))", "a"), ("(int)a", "a"), ("(u32)(a)", "a"), ("(const struct x *)a", "a"),
        ("(struct kvm_x *)(void *)a", "(void *)a"), ("(unsigned long)a", "a"), ("(uint64_t)&a", "&a"),
        ("(__u32)*a", "*a"), ("(KVMState *)a", "a"), ("(enum e)a", "a"), ("(KVM_CAP_A)", "KVM_CAP_A"),
        ("(MAX)(a)", "(MAX)(a)"), ("(a) + (b)", "(a) + (b)"), ("(int)(long)a", "a"), ("(struct x){ 1 }", "{ 1 }"),
        ("f(a)", "f(a)"), ("", ""), ("(int)", "int"),
    ],
)  # fmt: skip
def test_bare(expression: str, text: str) -> None:
    assert bare(expression) == text


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a", ["a"]), ("(int)a", ["a"]), ("a ? b : c", ["b", "c"]), ("(a ? b : c)", ["b", "c"]),
        ("a ?: c", ["a", "c"]), ("a ? b : c ? d : e", ["b", "d", "e"]), ("a ? b ? c : d : e", ["c", "d", "e"]),
        ("a ? (b ? c : d) : e", ["c", "d", "e"]), ("a ? b ? c : d : e ? f : g", ["c", "d", "f", "g"]),
        ("(x, a)", ["a"]), ("x, a ? b : c", ["b", "c"]), ("f(a ? b : c)", ["f(a ? b : c)"]),
        ("a ? f(x, y) : c", ["f(x, y)", "c"]), ("a ? (int)b : (c)", ["b", "c"]), ("a == b ? c : d", ["c", "d"]),
        ("a ? b : (c ? d : e)", ["b", "d", "e"]), ("a ? (b) : c ?: d", ["b", "c", "d"]), ("a ? b", ["b", "a"]),
    ],
)  # fmt: skip
def test_choices(expression: str, found: list[str]) -> None:
    assert choices(expression) == found


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", True), ("0x1F", True), ("-1", True), ("~0UL", True), ("- 3", True), ("NULL", True), ("false", True),
        ("{}", True), ("{ 0 }", True), ("12ull", True), ("true", False), ("KVM_CAP_A", False), ("1 + 2", False),
        ("f(0)", False), ("", False), ("{ 1 }", False), ("NULLS", False),
    ],
)  # fmt: skip
def test_numbers_name_nothing(text: str, number: bool) -> None:
    assert is_number(text) is number


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("f(a)", ("f", 1)), ("f (a, g(b))", ("f", 2)), ("f()", ("f", 1)), ("f(a) + 1", None), ("f(a)(b)", None),
        ("x->f(a)", None), ("f", None), ("(f)(a)", None), ("f(a", None), ("", None),
    ],
)  # fmt: skip
def test_calls(text: str, call: tuple[str, int] | None) -> None:
    assert call_of(text) == call


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("rows[i].cap", ("rows[i]", "cap", "")), ("row->cap", ("row", "cap", "")), ("a.b.c", ("a.b", "c", "")),
        ("rows[i]", ("rows", "", "i")), ("rows[a[i]]", ("rows", "", "a[i]")), ("a[i][j]", ("a[i]", "", "j")),
        ("f(x)->y", ("f(x)", "y", "")), ("a . b", ("a", "b", "")), ("rows", None), ("f(x)", None), ("[i]", None),
        ("a]", None), ("", None), ("a->b(c)", None),
    ],
)  # fmt: skip
def test_last_accessor(text: str, parts: tuple[str, str, str] | None) -> None:
    assert last_accessor(text) == parts


@pytest.mark.parametrize(
    ("row", "entries"),
    [
        ("{ 1, a }", [("", "1"), ("", "a")]), ("{ .cap = A, .n = f(1, 2) }", [("cap", "A"), ("n", "f(1, 2)")]),
        ("{ . cap=A }", [("cap", "A")]), ("{ 1, .b = { 2, 3 } }", [("", "1"), ("b", "{ 2, 3 }")]), ("{}", []),
        ("{ 1, }", [("", "1")]), ("{ .a == b }", [("", ".a == b")]), (' { "", c } ', [("", '""'), ("", "c")]),
        ("{ 1, 2", [("", "1"), ("", "2")]), ("a", None), ("", None), ("(struct x){ 1 }", None),
    ],
)  # fmt: skip
def test_fields(row: str, entries: list[tuple[str, str]] | None) -> None:
    assert fields(row) == entries


@pytest.mark.parametrize(
    ("text", "emptied"),
    [('f("a", b)', 'f("", b)'), (r'"a\"b" c "d"', '"" c ""'), ('"open', '"open'), ("a", "a"), ('""', '""')],
)
def test_strings_are_emptied(text: str, emptied: str) -> None:
    assert without_strings(text) == emptied


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("a ? b : " * 400 + "c", 401),
        ("a ? " * 400 + "b" + " : c" * 400, 401),
        ("a ? (" * 300 + "b" + ") : c" * 300, 301),
    ],
)
def test_chains_are_followed_without_recursion(expression: str, count: int) -> None:
    found = choices(expression)
    assert len(found) == count
    assert set(found) == {"b", "c"}


@pytest.mark.parametrize("expression", ["a ? b : " * 30_000 + "c", "?" * 100_000, "a ? (" * 30_000])
def test_a_text_that_no_fact_holds_is_taken_as_a_whole(expression: str) -> None:
    assert choices(expression) == [expression.strip()]
