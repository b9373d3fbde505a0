"""Callers of the functions of a Rust program: one edge for each, and none for a call that is not understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from rust_programs import function, rust_program

from caplint.graph.path_model import Edge
from caplint.graph.rust_callers import RustCallers, is_built, shown_condition
from caplint.graph.search_work import Work

MAIN = "src/main.rs"
POT = """\
pub trait Brew { fn brew_tea(&self); }
pub struct Pot;
impl Pot { pub fn ask_hlt(&self, n: u8) {} pub fn size(&self) {} }
impl Brew for Pot { fn brew_tea(&self) {} }
"""


def _callers(root: Path, main: str) -> RustCallers:
    files = {"Cargo.toml": '[package]\nname = "tea"\n', "src/pot.rs": POT, MAIN: f"mod pot;\nuse pot::*;\n{main}\n"}
    return RustCallers(rust_program(root, files), Work())


def _of(callers: RustCallers, shown: str) -> list[tuple[str, Edge]]:
    target = function(callers.program, shown).function
    return [(caller.name, edge) for caller, edge in callers.of(target)]


@pytest.mark.parametrize(
    ("main", "shown", "edges"),
    [
        ("fn f(p: &Pot) { p.ask_hlt(1) }", "Pot::ask_hlt", [("f", "direct", "exact", "")]),
        ("fn f(p: &Pot) { Pot::ask_hlt(p, 1) }", "Pot::ask_hlt", [("f", "direct", "exact", "")]),
        ("fn f(b: &dyn Brew) { b.brew_tea() }", "Pot::brew_tea", [("f", "trait", "exact", "Brew::brew_tea")]),
        ("fn f() { list.map(Pot::size) }", "Pot::size", [("f", "callback", "exact", "")]),
        ("fn f() { x.ask_hlt(1) }", "Pot::ask_hlt", [("f", "direct", "field", "")]),
        ("macro_rules! go { () => {}; }\nfn f() { go!(1, 2) }", "go!", [("f", "macro", "exact", "")]),
        ("fn g(a: u8) {}\nfn f() { g(1) }\nfn e() { g(1) }", "g", [("e", "direct", "exact", ""),
                                                                  ("f", "direct", "exact", "")]),
    ],
)  # fmt: skip
def test_edges(tmp_path: Path, main: str, shown: str, edges: list[tuple[str, str, str, str]]) -> None:
    found = _of(_callers(tmp_path, main), shown)
    assert sorted((name, edge.kind, edge.sure, edge.via) for name, edge in found) == edges
    assert all(edge.path == MAIN for _, edge in found)


@pytest.mark.parametrize(
    ("main", "shown"),
    [
        ("fn f(p: &Pot) { p.ask_hlt() }", "Pot::ask_hlt"),
        ("fn f(p: &Pot) { Pot::ask_hlt(1) }", "Pot::ask_hlt"),
        ("fn f() { x.size() }", "Pot::size"),
        ("fn f() { x.ask_hlt(1, 2) }", "Pot::ask_hlt"),
        ("fn f(o: &other::Pan) { o.ask_hlt(1) }", "Pot::ask_hlt"),
        ("struct Pan;\nimpl Pan { fn ask_hlt(&self, n: u8) {} }\nfn f() { x.ask_hlt(1) }", "Pot::ask_hlt"),
        ("fn g(a: u8) { g(a) }", "g"),
        ("fn f() {}", "Pot::size"),
    ],
    ids=[
        "too few",
        "no receiver",
        "a name of one word",
        "too many",
        "of another crate",
        "two have it",
        "itself",
        "none",
    ],
)
def test_what_is_no_edge(tmp_path: Path, main: str, shown: str) -> None:
    assert _of(_callers(tmp_path, main), shown) == []


def test_of_two_calls_the_cheaper_counts(tmp_path: Path) -> None:
    main = 'fn g() {}\nfn f() {\n#[cfg(feature = "a")]\ng();\ng();\n}'
    ((_, edge),) = _of(_callers(tmp_path, main), "g")
    assert (edge.line, edge.condition) == (7, "1")
    ((_, dear),) = _of(_callers(tmp_path, main.replace("\ng();\n}", "\n}")), "g")
    assert dear.cost > edge.cost


def test_the_work_is_counted(tmp_path: Path) -> None:
    callers = _callers(tmp_path, "fn g() {}\nfn f() { g(); g(); g() }")
    before = callers.work.done
    _of(callers, "g")
    assert callers.work.done == before + 3
    _of(callers, "g")
    assert callers.work.done == before + 3


@pytest.mark.parametrize(
    ("main", "place"),
    [
        ("struct Pan;\nimpl Pan { fn ask_hlt(&self, n: u8) {} }\nfn f() {\n x.ask_hlt(1) }", f"{MAIN}:6"),
        ("struct Pan;\nimpl Pan { fn ask_hlt(&self, n: u8) {} }\nfn f() {\n x.ask_hlt() }", ""),
        ("struct Pan;\nimpl Pan { fn ask_hlt(&self, n: u8) {} }\nfn f(p: Pan) { p.ask_hlt(1) }", ""),
        ("fn f() { x.ask_hlt(1) }", ""),
    ],
    ids=["unknown receiver", "other arguments", "known receiver", "the only one"],
)
def test_a_call_that_may_mean_a_method_is_named(tmp_path: Path, main: str, place: str) -> None:
    callers = _callers(tmp_path, main)
    assert callers.unclear(function(callers.program, "Pot::ask_hlt")) == place


@pytest.mark.parametrize(
    ("condition", "arch", "built"),
    [
        ("1", None, True),
        ("defined(CFG_FEATURE_A)", None, True),
        ("defined(__linux__)", None, True),
        ("!defined(__linux__)", None, False),
        ("defined(__x86_64__)", None, True),
        ("defined(__x86_64__)", "x86", True),
        ("defined(__x86_64__)", "arm64", False),
        ("!defined(__x86_64__)", "arm64", True),
        ("defined(__aarch64__) || defined(__riscv)", "arm64", True),
        ("defined(__x86_64__) && !defined(__unix__)", "x86", False),
    ],
)
def test_code_that_can_be_part_of_a_vmm_on_linux(condition: str, arch: str | None, built: bool) -> None:
    assert is_built(condition, arch) is built


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ("1", "1"),
        ("defined(__x86_64__)", 'target_arch = "x86_64"'),
        ("(defined(__linux__)) && (defined(__x86_64__))", 'target_arch = "x86_64"'),
        ("defined(__unix__)", "1"),
    ],
)
def test_a_condition_is_shown_as_rust_writes_it(condition: str, shown: str) -> None:
    assert shown_condition(condition) == shown
