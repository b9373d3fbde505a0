"""`if` and `match` as C writes them: a switch of values, a chain of tests of everything else."""

from __future__ import annotations

import pytest
from rust_text import body_of

IFS = [
    ("if a { b() } else if c { d() } else { e() }",
     "if (a) { return b(); } else if (c) { return d(); } else { { return e(); } }"),
    ("if a { b() } /* rare */ else /* else */ { c() }", "if (a) { return b(); } else { { return c(); } }"),
    ("if let Err(e) = vm.x { a(e); }", "{ if (vm.x < 0) { int e = vm.x; { a(e); } } }"),
    ("if let Some(v) = vm.x { a(v); }", "{ if (!(vm.x < 0)) { int v = vm.x; { a(v); } } }"),
    # A call is made once, whatever the pattern takes out of it.
    ("if let Ok((a, b)) = get(1)? { g(a, b); }",
     "{ int held_1 = get(1); if (!(held_1 < 0)) { int a = held_1; int b = held_1; { g(a, b); } } }"),
    ("if let Ok(()) = get(1) { g(); }", "{ if (!(get(1) < 0)) { { g(); } } }"),
    ("if let Kind::Odd { default } = x { g(default); }",
     "{ if (matches(x)) { int default_ = x; { g(default_); } } }"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "lowered"), IFS, ids=[row[0] for row in IFS])
def test_if(written: str, lowered: str) -> None:
    assert body_of(written, gives="else" in written) == lowered


def test_if_let_may_have_an_else_of_its_own_kind() -> None:
    found = body_of("if let Err(e) = vm.x { a(e) } else if let Ok(y) = vm.y { b(y) } else { c() }")
    assert found == (
        "{ if (vm.x < 0) { int e = vm.x; { return a(e); } } else { "
        "{ if (!(vm.y < 0)) { int y = vm.y; { return b(y); } } else { { return c(); } }} }}"
    )


def test_values_make_a_switch() -> None:
    found = body_of("match x { Cap::A | 3 => b(), 4..=9 => d(), -1 => m(), 'c' => n(), _ => c() }")
    labels = [part.partition("{")[0].strip() for part in found.split("break;")]
    assert labels[0].startswith("switch (x)")
    assert [part.split("{")[1].strip() for part in found.split("break;")[:1]] == ["case Cap__A: case 3:"]
    assert labels[1:-1] == ["case 4 ... 9:", "case -1:", "case 'c':", "default:"]
    assert [name for name in "bdmnc" if f"return {name}();" in found] == list("bdmnc")


CHAINS = [
    # One arm that binds or takes apart makes all of them tests.
    ("match x { 1 => a(), y => c(y) }", "{ if (x == 1) { { a(); } } else { int y = x; { c(y); } } }"),
    ("match x { None => a(), _ => c() }", "{ if (x < 0) { { a(); } } else { { c(); } } }"),
    ("match x { Some(1) | None => a(), _ => c() }",
     "{ if (!(x < 0) || x < 0) { { a(); } } else { { c(); } } }"),
    # No arm takes all values: none may be held to be the last one.
    ("match x { Ok(v) => a(v), Err(_) => c() }",
     "{ if (!(x < 0)) { int v = x; { a(v); } } else if (x < 0) { { c(); } } else { } }"),
    ("match x { 1..=3 => r(), KVM_CAP_A => k(), Some(_) => s(), _ => c() }",
     "{ if (x == range) { { r(); } } else if (x == KVM_CAP_A) { { k(); } } else if (!(x < 0)) { { s(); } } "
     "else { { c(); } } }"),
    ("match x { A if ready(vm) => a(), _ => c() }", "{ if (x == A && ready(vm)) { { a(); } } else { { c(); } } }"),
    # A guard belongs to all alternatives, and is one operand.
    ("match x { A | B if x => a(), _ => c() }", "{ if ((x == A || x == B) && x) { { a(); } } else { { c(); } } }"),
    ("match x { A if y || z => a(), _ => c() }", "{ if (x == A && (y || z)) { { a(); } } else { { c(); } } }"),
    ("match x { _ if ready() => a(), _ => c() }", "{ if (1 && ready()) { { a(); } } else { { c(); } } }"),
    ("match get(1) { Err(e) => a(e), _ => {} }",
     "{ int held_1 = get(1); if (held_1 < 0) { int e = held_1; { a(e); } } else { { { } } } }"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "lowered"), CHAINS, ids=[row[0] for row in CHAINS])
def test_other_patterns_make_a_chain(written: str, lowered: str) -> None:
    assert body_of(f"{written};", gives=False) == lowered


def test_arms_under_conditions() -> None:
    switch = body_of("match x { #[cfg(unix)] A => a(), #[cfg(test)] B => b(), _ => c() }")
    assert switch.count("#if defined(__unix__) case A: { return a(); } break; #endif") == 1
    assert "b()" not in switch
    chain = body_of("match x { Some(_) => a(), #[cfg(unix)] y => b(y) }")
    # Without the last arm the chain has no last `else`.
    assert chain.endswith("#if defined(__unix__) if (1) { int y = x; { return b(y); } } else #endif { } }")


def test_a_name_that_a_pattern_binds_hides_a_variable_only_inside() -> None:
    inside = body_of("if let Some(vm) = other { vm.run(); } else { vm.run(); } vm.run();", gives=False)
    assert [part.partition(";")[0] for part in inside.split("run(")[1:]] == [
        "vm)", "(struct VmFd *)vm)", "(struct VmFd *)vm)"
    ]  # fmt: skip
    arms = body_of("match other { Some(vm) => vm.run(), None => vm.run(), } vm.run();", gives=False)
    assert [part.partition(";")[0] for part in arms.split("run(")[1:]] == [
        "vm)", "(struct VmFd *)vm)", "(struct VmFd *)vm)"
    ]  # fmt: skip


def test_long_chains_of_else_if_are_not_nested() -> None:
    many = " else ".join(f"if x == {n} {{ a({n}) }}" for n in range(30))
    found = body_of(many, gives=False)
    assert found.count("if (x == ") == 30
    assert found.count("else if (") == 29
