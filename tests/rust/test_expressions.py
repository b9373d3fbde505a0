"""Expressions as C writes them: what converts, borrows or handles an error is gone, and the value remains."""

from __future__ import annotations

import pytest
from rust_text import body_of, c_of

# Expression, and what it is as an argument in C.
EXPRESSIONS = [
    # Literals.
    ("0xFFu64", "0xFFull"), ("1_0", "10"), ("1.5", "1.0"), ("true", "true"), ("'c'", "'c'"), ("\"a\\\"b\"", "\"text\""),
    ("r#\"a\"#", "\"text\""), ("b\"a\"", "\"text\""), ("()", "0"),
    # Names.
    ("KVM_CAP_A", "KVM_CAP_A"), ("a::Cap::Hlt", "Cap__Hlt"), ("None", "NULL"), ("r#default", "default_"),
    # Conversions and borrows are gone.
    ("a as u32", "a"), ("u32::from(a)", "a"), ("a.into()", "a"), ("a.try_into().unwrap()", "a"), ("Some(a)", "a"),
    ("Ok(())", "0"), ("f()?", "f()"), ("f().await", "f()"), ("unsafe { f() }", "f()"), ("&a", "&a"), ("&mut a", "&a"),
    ("f().map_err(|e| E(e))?", "f()"), ("f().unwrap_or(g())", "f()"), ("f().ok()", "f()"),
    ("f().expect_err(\"\")", "f()"),
    # Operators: Rust's and C's precedence differ (`a & b == c`).
    ("a + b", "a + b"), ("a & b == c", "(a & b) == c"), ("!a", "!a"), ("-a", "-a"), ("*a", "*a"), ("(a)", "(a)"),
    ("a || b && c", "a || (b && c)"), ("a << 1 | b", "(a << 1) | b"), ("-f(a)?", "-f(a)"),
    # Places.
    ("a.b.c", "a.b.c"), ("a.0.r#default", "a._0.default_"), ("a[1]", "a[1]"), ("a[1..3]", "a"),
    ("a[b + 1]", "a[b + 1]"),
    ("&a.b[i].c", "&a.b[i].c"),
    # Lists and structures.
    ("[A, B]", "(int[]){ A, B, }"), ("[0; 4]", "(int[]){ 0 }"), ("vec![A, f()]", "(int[]){ A, f(), }"),
    ("(a, b)", "tuple(a, b)"), ("1..=f()", "range(1, f())"), ("a..", "range(a)"),
    ("a::S { x: 1, y, l: [A], ..d }", "(struct S){ .x = 1, .y = y, .l = { A, }, }"),
    ("S { 0: x, default: y }", "(struct S){ ._0 = x, .default_ = y, }"),
    ("S { #[cfg(unix)] x: 1, y: 2 }", "(struct S){ #if defined(__unix__) .x = 1, #endif .y = 2, }"),
    ("[A, #[cfg(unix)] B, #[cfg(test)] C]", "(int[]){ A, #if defined(__unix__) B, #endif #if 0 0, #endif }"),
    # Calls.
    ("f(a, /* two */ b)", "f(a, b)"), ("a::f::<u8>(1)", "f(1)"), ("Vm::new(a)", "new(a)"),
    ("(self.f)(a)", "call((self.f), a)"),
    ("fs[0](a)", "call(fs[0], a)"), ("KVM_RUN()", "KVM_RUN"), ("KVM_RUN(a)", "KVM_RUN(a)"),
    ("f(&vm)", "f((struct VmFd *)&vm)"),
    ("f(a, &vm)", "f(a, &vm)"),
    # Methods.
    ("vm.get(a)", "get((struct VmFd *)vm, a)"), ("other.get(a)", "get(other, a)"), ("a.b().c()", "c(b(a))"),
    ("vm.get::<u8>(a)", "get((struct VmFd *)vm, a)"), ("list.push(A)", "push(&list, A)"),
    ("a.default()", "default_(a)"),
    ("f().is_ok()", "is_ok(f())"), ("a.is_some()", "is_ok(a)"), ("f().is_err()", "is_err(f())"),
    ("a.is_none()", "is_err(a)"),
    ("l.iter().any(|x| f(x))", "any(({ int x = (l)[each]; each(f(x)); }))"),
    # Macros.
    ("need!(a, b)", "need_macro(a, b)"), ("log::need!(a)", "need_macro(a)"), ("need!()", "need_macro()"),
    ("need![a]", "need_macro(a)"), ("need! { a => b }", "need_macro()"), ("cfg!(unix)", "compiled_in"),
    # Choices and blocks.
    ("if a { 1 } else { 2 }", "(a ? 1 : 2)"),
    ("{ a }", "a"),
    ("{ f(); a }", "({ int value_1; { f(); value_1 = a; } value_1; })"),
    ("match a { A => 1, _ => 2 }",
     "({ int value_1; switch (a) { case A: { value_1 = 1; } break; default: { value_1 = 2; } break; } value_1; })"),
    ("if let Some(x) = a { x } else { 0 }",
     "({ int value_1; { if (!(a < 0)) { int x = a; { value_1 = x; } } else { { value_1 = 0; } }} value_1; })"),
    ("loop { break f(); }", "({ int value_1; while (1) { { value_1 = f(); break; } } value_1; })"),
    # Closures count where they stand.
    ("|x| f(x)", "f(x)"), ("move || { f(); g() }", "({ { f(); g(); } 0; })"), ("run(|| f(1))", "run(f(1))"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "lowered"), EXPRESSIONS, ids=[row[0] for row in EXPRESSIONS])
def test_expression(written: str, lowered: str) -> None:
    assert body_of(f"g(z, {written});", gives=False) == f"g(z, {lowered});"


# Condition of an `if`, and what it is in C.
CONDITIONS = [
    ("a == KVM_CAP_A", "a == KVM_CAP_A"),
    ("let Some(x) = f() && x > 1", "is_ok(f()) && x > 1"),
    ("a && let Err(e) = f()", "a && is_err(f())"),
    ("let io::Result::Ok(x) = f() && x", "is_ok(f()) && x"),
    ("let Kind::A(x) = f() && x", "matches(f()) && x"),
    ("let &None = f() && x", "is_err(f()) && x"),
]


@pytest.mark.parametrize(("written", "lowered"), CONDITIONS)
def test_condition(written: str, lowered: str) -> None:
    assert body_of(f"if {written} {{ g(); }}", gives=False) == f"if ({lowered}) {{ g(); }}"


def test_expressions_that_leave() -> None:
    assert body_of("let x = f(return 4);", gives=False) == "int x = f(({ return 4; 0; }));"
    assert body_of("while a { f(continue); }", gives=False) == "while (a) { { f(({ continue; 0; })); } }"


def test_assignments_in_expressions() -> None:
    assert body_of("f(|x| y = x); f(|x| y += x);", gives=False) == "f(y = x); f(y += x);"


def test_names_that_use_brings_in() -> None:
    found = c_of("use a::{get_it as get, Cap, Cap::Hlt}; fn f() { get(Hlt, Cap::Hlt, get); }")
    assert "get_it(Cap__Hlt, Cap__Hlt, get_it);" in found


def test_self_stands_for_the_type_around() -> None:
    found = c_of("impl Vm { fn f(&self) { g(self, Self::A, Self { x: 1 }); self.h(); } }")
    assert "g((struct Vm *)self, Vm__A, (struct Vm){ .x = 1, });" in found
    assert "h((struct Vm *)self);" in found


def test_macros_and_closures_of_the_file_are_called_by_their_names_in_c() -> None:
    found = c_of("macro_rules! need { ($a:expr) => { f($a) } } fn g() { let has = |a| h(a); k(need!(1), has(2)); }")
    assert "k(need_macro(1), has_closure(2));" in found


def test_long_sums_take_time_in_proportion() -> None:
    # As deep as the parser lets an expression be.
    assert body_of(f"g({' + '.join(['a'] * 100)});", gives=False).count("a") == 100
