"""Statements as C writes them: what a block gives is used as in Rust, and errors leave where they do."""

from __future__ import annotations

import pytest
from rust_text import body_of, c_of

# Statements of a function that gives nothing, and what they are in C.
STATEMENTS = [
    # Uses of a result.
    ("f();", "f();"),
    ("f()?;", "if (f() < 0) return -1;"),
    ("f().unwrap();", "if (f() < 0) panic();"),
    ("f().unwrap_err();", "if (f() < 0) { }"),
    ("f().ok();", "(void)f();"),
    ("let _ = f();", "(void)f();"),
    ("let _unused = f();", "(void)f();"),
    ("let _ = f()?;", "if (f() < 0) return -1;"),
    ("_ = f();", "(void)f();"),
    ("_ = f().expect(\"no\");", "if (f() < 0) panic();"),
    # Variables.
    ("let x = f()?;", "int x = f(); if (x < 0) return -1;"),
    ("let x: u32;", "__u32 x;"),
    ("let (a, b) = f();", "int a = f(); int b = a;"),
    ("let Some(x) = f() else { return };", "int x = f(); if (x < 0) { return; }"),
    ("let v = vec![A, B];", "unsigned long v[] = { A, B, };"),
    ("let v = [A, 2];", "unsigned long v[] = { A, 2, };"),
    ("let default = 1;", "int default_ = 1;"),
    ("let x = { a(); g() }?;", "int x; { a(); x = g(); } if (x < 0) return -1;"),
    ("let x = unsafe { f() }.unwrap();", "int x = f(); if (x < 0) panic();"),
    # Assignments.
    ("x = f();", "x = f();"),
    ("self.x = f()?;", "self.x = f(); if (self.x < 0) return -1;"),
    ("x |= f().unwrap();", "x |= f(); if (x < 0) panic();"),
    # The place is named by a call: it may not be made twice.
    ("*at(1) = f()?;", "*at(1) = f();"),
    # Jumps.
    ("return;", "return;"),
    ("while a < 3 { continue; }", "while (a < 3) { { continue; } }"),
    ("loop { break; }", "while (1) { { break; } }"),
    ("for (i, x) in list { g(x); }", "while (more) { int x = (list)[each]; { g(x); } }"),
    ("for _ in list { g(); }", "while (more) { { g(); } }"),
    # Macros that leave.
    ("assert!(f());", "if (!(f())) panic();"),
    ("assert_eq!(f(), 0, \"why\");", "if (!(f() == 0)) panic();"),
    ("debug_assert_ne!(f(), 0);", "if (!(f() != 0)) panic();"),
    ("anyhow::ensure!(f(), \"no\");", "if (!(f())) panic();"),
    ("bail!(\"no\");", "panic();"),
    ("unreachable!();", "panic();"),
    ("assert(f());", "assert(f());"),
    ("warn!(\"{}\", f());", "warn_macro(\"text\", f());"),
    # Blocks.
    ("unsafe { f(); }", "{ f(); }"),
    ("async { f(); };", "{ f(); }"),
    ("(match a { A => f(), _ => g() }).unwrap();",
     "int value_1; switch (a) { case A: { value_1 = f(); } break; default: { value_1 = g(); } break; } "
     "if (value_1 < 0) panic();"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "lowered"), STATEMENTS, ids=[row[0] for row in STATEMENTS])
def test_statement(written: str, lowered: str) -> None:
    assert body_of(written, gives=False) == lowered


# Body of a function that gives a value.
VALUES = [
    ("f()", "return f();"),
    ("f();", "f();"),
    ("return f();", "return f();"),
    ("{ a(); f() }", "{ a(); return f(); }"),
    ("Ok(f()?)", "return f();"),
    ("let x = 1;", "int x = 1;"),
    ("if a { f() } else { g() }", "if (a) { return f(); } else { { return g(); } }"),
    ("(if a { f() } else { g() })", "if (a) { return f(); } else { { return g(); } }"),
    # Each of several ends under conditions gives the value.
    ("#[cfg(unix)] { f() } #[cfg(windows)] { g() }",
     "#if defined(__unix__) { return f(); } #endif #if defined(_WIN32) { return g(); } #endif"),
    ("a(); #[cfg(unix)] f()", "a(); #if defined(__unix__) return f(); #endif"),
    ("#[cfg(test)] t(); f()", "return f();"),
    ("match x { A => 1, _ => panic!(\"no\") }",
     "switch (x) { case A: { return 1; } break; default: { panic(); } break; }"),
    ("let x = match k { A => 1, _ => unreachable!() }; x",
     "int x; switch (k) { case A: { x = 1; } break; default: { panic(); } break; } return x;"),
    ("let r = unsafe { match k { A => f(), _ => g() } }?; 1",
     "int r; { switch (k) { case A: { r = f(); } break; default: { r = g(); } break; } } if (r < 0) return -1; "
     "return 1;"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "lowered"), VALUES, ids=[row[0] for row in VALUES])
def test_value_of_a_body(written: str, lowered: str) -> None:
    assert body_of(written) == lowered


# Loops and blocks that `break` gives a value.
BREAKS = [
    ("let x = loop { if a { break f(); } };", "int x; while (1) { { if (a) { x = f(); break; } } }"),
    ("loop { break f(); }", "while (1) { { return f(); break; } }"),
    ("let x = 'outer: loop { loop { break 'outer f()?; } };",
     "int x; while (1) { { while (1) { { x = f(); if (x < 0) return -1; break; } } } }"),
    ("let x = 'found: { if a { break 'found f(); } 2 };", "int x; { if (a) { x = f(); break; } x = 2; }"),
    ("let x = 'found: { loop { break f(); } };", "int x; { while (1) { { x = f(); break; } } }"),
    # Behind an inner loop the outer one is meant again.
    ("let x = loop { while a { break; } break f(); };",
     "int x; while (1) { { while (a) { { break; } } x = f(); break; } }"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "lowered"), BREAKS, ids=[row[0] for row in BREAKS])
def test_values_of_loops(written: str, lowered: str) -> None:
    assert body_of(written) == lowered


def test_types_of_variables_end_with_their_block() -> None:
    found = body_of("let kvm = Kvm::new()?; kvm.a(); { let kvm = other(); kvm.b(); } kvm.c();", gives=False)
    assert [part for part in found.split(";") if "kvm)" in part] == [
        " a((struct Kvm *)kvm)", " b(kvm)", " } c((struct Kvm *)kvm)"
    ]  # fmt: skip
    assert found.startswith("struct Kvm kvm = new();")


def test_closures_with_names() -> None:
    found = body_of(
        "let has = |_, n: u32, _| { if a { return 1; } get(n) }; has(1, 2, 3); { let has = b; has(3); } has(4);"
    )
    assert "#define has_closure(unused_0, n, unused_2) ({ if (a) { return 1; } return get(n); })" in found
    assert [call for call in ("has_closure(1, 2, 3)", "has(3)", "has_closure(4)") if f"{call};" in found] == [
        "has_closure(1, 2, 3)", "has(3)", "has_closure(4)"
    ]  # fmt: skip


def test_a_closure_that_is_no_macro_is_read_all_the_same() -> None:
    conditioned = body_of("let has = || { #[cfg(unix)] get(1); }; has();", gives=False)
    assert "#define" not in conditioned
    assert "get(1);" in conditioned
    assert "has();" in conditioned
    long = body_of(f"let has = |n| {{ {'get(n); ' * 1000} }}; has(2);", gives=False)
    assert "#define" not in long
    assert long.count("get(n);") == 1000


def test_items_inside_functions_stand_behind_them() -> None:
    found = c_of("fn f() { const A: u32 = 4; fn g() { fn h() { k() } } use a::b; g(); }\nfn last() {}")
    places = [found.index(part) for part in ("f(void)", "g();", "#define A 4", "g(void)", "h(void)", "last(void)")]
    assert places == sorted(places)
