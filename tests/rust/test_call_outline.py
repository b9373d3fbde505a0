"""Outline of a Rust file: items with their modules, owners, conditions and types, and the calls of each function."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caplint.c.syntax import UnreadableError
from caplint.rust.call_outline import TABLES, rust_outline


def _outline(source: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rust_outline(source.encode()))
    assert tuple(found) == TABLES
    return found


def _functions(source: str) -> list[tuple[str, str, str, str, str]]:
    """Return name, module, owner, trait and condition of each function."""
    found = _outline(source)
    return [(row[0], *row[3:6], found["texts"][row[6]]) for row in found["functions"]]


def test_places_of_functions() -> None:
    source = """fn a() {}
mod m { pub fn b() {} mod r#in { impl super::Vm { fn c(&self) {} } fn d() {} } }
impl<T: Run> a::Run<u8> for Vm<T> { fn e() {} }
trait Dev: Base { fn f(&self); fn g(&self) { fn h() {} } }
impl Run for Arc<Mutex<Vm>> { fn k() {} }"""
    assert [row[:4] for row in _functions(source)] == [
        ("a", "", "", ""), ("b", "m", "", ""), ("c", "m::in", "super::Vm", ""), ("d", "m::in", "", ""),
        ("e", "", "Vm", "a::Run"), ("f", "", "Dev", "Dev"), ("g", "", "Dev", "Dev"), ("h", "", "", ""),
        ("k", "", "Vm", "Run"),
    ]  # fmt: skip


def test_shapes_of_functions() -> None:
    source = """fn a(x: u8, y: u8) -> Result<Vm> {
}
impl S { fn b(&self, #[cfg(unix)] x: u8) -> Self { c() }
fn d(self: Arc<Self>) -> impl Run + Send {} }
trait T { fn e<R: Run>(&mut self) -> R; }"""
    # First and last line, result, number of arguments, whether there is `self`, and a body.
    assert [(row[0], *row[1:3], *row[7:]) for row in _outline(source)["functions"]] == [
        ("a", 1, 2, "?Vm", 2, 0, 1), ("b", 3, 3, "Self", -1, 1, 1), ("d", 4, 4, "Run", 1, 0, 1),
        ("e", 5, 5, "Run", 0, 1, 0),
    ]  # fmt: skip


def test_conditions() -> None:
    source = """#[cfg(unix)] mod m { #![cfg(feature = "kvm")] #[cfg(target_arch = "x86_64")] fn a() {} }
#[cfg(unix)] impl S { #[cfg(unix)] fn b() {} }
#[cfg(test)] mod tests { fn never() {} }
#[test] fn never() {}
cfg_if::cfg_if! { if #[cfg(unix)] { fn c() {} } else { mod n { fn d() {} } } }
fn e() {}"""
    unix = "defined(__unix__)"
    found = [(name, module, condition) for name, module, _, _, condition in _functions(source)]
    assert found == [
        ("a", "m", f"({unix}) && (defined(CFG_feature_kvm)) && (defined(__x86_64__))"), ("b", "", f"({unix})"),
        ("c", "", f"(({unix}))"), ("d", "n", f"((!({unix})) && (1))"), ("e", "", "1"),
    ]  # fmt: skip


def test_a_file_of_tests_is_empty() -> None:
    found = _outline("#![cfg(test)]\nuse a::b;\nmod m;\nfn f() { g(); }")
    assert {name: rows for name, rows in found.items() if rows} == {}


def test_modules_in_other_files() -> None:
    found = _outline('mod a;\n#[path = "b/c.rs"]\n// why\nmod d;\nmod e;\n#[cfg(unix)]\n#[path = "f.rs"]\npub mod g;')
    assert [(row[0], row[1], found["texts"][row[2]], row[3]) for row in found["modules"]] == [
        ("", "a", "1", ""), ("", "d", "1", "b/c.rs"), ("", "e", "1", ""), ("", "g", "(defined(__unix__))", "f.rs"),
    ]  # fmt: skip


USES = [
    ("use a::b;", [("b", "a::b")]),
    ("use a::b as c;", [("c", "a::b")]),
    ("use a::*;", [("*", "a")]),
    ("use a::{self, b::{c, d as e}, f::*};", [("a", "a"), ("c", "a::b::c"), ("e", "a::b::d"), ("*", "a::f")]),
    ("use ::a::{b};", [("b", "a::b")]),
    ("use {a, b::c};", [("a", "a"), ("c", "b::c")]),
    ("use crate::a;", [("a", "crate::a")]),
    ("use a;", [("a", "a")]),
]


@pytest.mark.parametrize(("source", "uses"), USES, ids=[row[0] for row in USES])
def test_uses(source: str, uses: list[tuple[str, str]]) -> None:
    assert [(row[1], row[2]) for row in _outline(source)["uses"]] == uses


def test_places_of_uses() -> None:
    rows = _outline("pub use a::b; mod m { #[cfg(unix)] use c::d; fn f() { use e::g; } }")["uses"]
    assert rows == [["", "b", "a::b", 0, 1], ["m", "d", "c::d", 1, 0], ["m", "g", "e::g", 0, 0]]


def test_types_with_the_fields_that_hold_one() -> None:
    source = """struct S<T: Run> { a: Arc<Vm>, #[x] b: T, c: u8 }
mod m { pub struct P(pub Vm, u8, /* last */ Vcpu); }
enum E { A(Vm), B { c: Option<Vm>, d: u8 }, C }
union U { v: ManuallyDrop<Vm> }
type Shared = Arc<Mutex<Vm>>; type Number = u8;
static ALL: OnceLock<Vm> = OnceLock::new(); const LIMIT: usize = 4; const DEV: Vm = Vm::new();
impl S { const OWN: Vm = Vm::new(); }"""
    found = _outline(source)
    assert found["types"] == [
        ["", "S", {"a": "Vm", "b": "Run"}], ["m", "P", {"0": "Vm", "2": "Vcpu"}], ["", "E", {}],
        ["", "E::A", {"0": "Vm"}], ["", "E::B", {"c": "?Vm"}], ["", "U", {"v": "?Vm"}],
    ]  # fmt: skip
    assert found["aliases"] == [["", "Shared", "?Vm"]]
    assert [row[1] for row in found["variables"] if row[1] != "LIMIT"] == ["ALL", "DEV"]


def test_traits_and_their_implementations() -> None:
    found = _outline(
        "trait A: Base + Send {}\ntrait B {}\nimpl A for Vm { type Out = Arc<Vcpu>; const N: u8 = 1; }\n"
        "#[cfg(unix)] impl<T: B> x::A<u8> for T {}\nimpl Vm {}"
    )
    assert found["traits"] == [["", "A", "Base"], ["", "B", ""]]
    assert found["impls"] == [["", "Vm", "A", {"Out": "Vcpu"}, 0], ["", "B", "x::A", {}, 1]]


def test_calls_belong_to_the_innermost_function() -> None:
    found = _outline(
        "#[cfg(unix)]\nfn f(vm: &Vm) { a();\n fn g(x: &T) { b(); x.d() }\n #[cfg(windows)] c(vm);\n Ok(1);\n K::A(2) }"
    )
    rows = [
        (found["functions"][row[0]][0], row[1], row[2], row[3], found["texts"][row[4]], row[5])
        for row in found["calls"]
    ]
    unix = "(defined(__unix__))"
    assert sorted(rows, key=lambda row: row[3]) == [
        ("f", "p", "a", 2, unix, 0), ("g", "p", "b", 3, unix, 0), ("g", "m", ["d", ["t", "T"]], 3, unix, 0),
        ("f", "p", "c", 4, f"{unix} && (defined(_WIN32))", 1),
    ]  # fmt: skip


def test_items_inside_a_method_know_nothing_of_it() -> None:
    source = "impl<T: Run> S<T> { fn f(&self) { fn g<T>(x: T) { x.go(); } fn h(x: T) { x.go(); } } }"
    found = _outline(source)
    assert [(row[0], row[4]) for row in found["functions"]] == [("f", "S"), ("g", ""), ("h", "")]
    # This T is a type of the file.
    assert [row[2] for row in found["calls"]] == [["go", None], ["go", ["t", "T"]]]


def test_macros_whose_rules_are_code() -> None:
    found = _outline(
        "macro_rules! m { ($e:expr) => { a($e, 1); };\n ($x:expr, $y:expr) => { b($x) };\n"
        "($($e:expr),*) => { c() $(,)* } }\n"
        "fn f() { m!(d()); }"
    )
    assert [(row[0], row[1], row[2]) for row in found["functions"]] == [("m!", 1, 3), ("f", 4, 4)]
    assert [(row[0], row[2]) for row in found["calls"] if row[1] == "p"] == [(0, "a"), (0, "b"), (1, "m!"), (1, "d")]


def test_what_is_wrong_costs_only_its_own_item() -> None:
    found = _outline("fn a() { x(); }\nfn ! {}\nfn b() { y(); }")
    assert [row[0] for row in found["functions"]] == ["a", "b"]
    with pytest.raises(UnreadableError):
        rust_outline(b"fn a() {}\0")
