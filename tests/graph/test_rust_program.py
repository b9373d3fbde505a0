"""Index of a Rust program: its functions by what they are, its types, and its calls by the names they go by."""

from __future__ import annotations

from pathlib import Path

import pytest
from rust_programs import function, rust_program

from caplint.graph.rust_modules import Meaning, ModuleKey
from caplint.graph.rust_program import RustProgram

POT = """\
pub trait Brew { fn brew(&self); fn pour(&self, n: u8) { self.brew() } }
pub struct Pot { lid: Lid, n: u8 }
pub enum Lid { Open, Shut(Pot) }
pub type Can = Pot;
static OURS: Pot = Pot::new();
impl Brew for Pot { fn brew(&self) { self.ask(); } }
impl Pot {
    pub fn new() -> Self { Pot { n: 1 } }
    fn ask(&self) -> Result<Lid, ()> {
        fn inner() {}
        inner();
    }
}
macro_rules! go { ($a:expr) => { new($a) }; }
pub fn new(a: u8, b: u8) {}
#[cfg(target_arch = "x86_64")]
fn only() {}
"""
MAIN = "mod pot;\nuse pot::new as make;\nuse pot::*;\nfn main() { make(1, 2); Pot::new(); p.ask(); list.map(new); }\n"
KEY = ModuleKey("", ("pot",))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> RustProgram:
    files = {"Cargo.toml": '[package]\nname = "tea"\n', "src/pot.rs": POT, "src/main.rs": MAIN}
    return rust_program(tmp_path_factory.mktemp("tea"), files)


def test_functions_are_shown_with_their_types(program: RustProgram) -> None:
    shown = {one.function.name: (one.function.line, one.owner, one.trait) for one in program.functions}
    assert shown["Pot::brew"] == (6, "Pot", "Brew")
    assert shown["Brew::pour"] == (1, "Brew", "Brew")
    assert shown["Pot::ask"] == (9, "Pot", "")
    assert shown["new"] == (15, "", "")
    assert "inner" in shown
    assert shown["go!"][1] == ""
    assert {one.function.tree for one in program.functions} == {"tea"}


@pytest.mark.parametrize(
    ("shown", "parameters", "has_self"),
    [("new", 2, False), ("Pot::new", 0, False), ("Pot::ask", 0, True), ("Brew::pour", 1, True)],
)
def test_parameters_are_counted_without_self(program: RustProgram, shown: str, parameters: int, has_self: bool) -> None:
    found = function(program, shown)
    assert (found.parameters, found.has_self) == (parameters, has_self)


def test_a_declaration_of_a_trait_has_no_body(program: RustProgram) -> None:
    assert {one.function.name: one.has_body for one in program.by_name["brew"]} == {
        "Brew::brew": False, "Pot::brew": True,
    }  # fmt: skip


def test_only_functions_outside_types_are_free(program: RustProgram) -> None:
    assert [one.function.line for one in program.free[KEY, "new"]] == [15]
    assert (KEY, "ask") not in program.free
    assert (KEY, "go!") not in program.free
    assert program.modules.meanings(KEY, "new") == [Meaning("function", KEY, "new")]


def test_types_have_fields_and_variants_are_none_of_their_own(program: RustProgram) -> None:
    assert program.fields[KEY, "Pot"] == {"lid": "Lid"}  # no number has methods of the program
    assert (KEY, "Lid::Shut") in program.fields
    assert sorted(program.types_by_name) == ["Brew", "Lid", "Pot"]
    assert (program.aliases[KEY, "Can"], program.variables[KEY, "OURS"]) == ("Pot", "Pot")


def test_an_implementation_names_trait_and_type(program: RustProgram) -> None:
    assert [(one.module, one.owner, one.trait) for one in program.implementations] == [(KEY, "Pot", "Brew")]


def test_calls_are_listed_under_their_own_name_and_the_imported_one(program: RustProgram) -> None:
    by_new = [(call.caller.function.name, call.kind, call.path, call.arguments) for call in program.calls["new"]]
    assert ("main", "p", "make", 2) in by_new
    assert ("main", "p", "Pot::new", 0) in by_new
    assert [call.kind for call in program.calls["new"] if call.path == "new" and call.caller.name == "main"] == ["v"]
    assert [call.path for call in program.calls["make"]] == ["make"]
    (ask,) = [call for call in program.calls["ask"] if call.caller.name == "main"]
    assert (ask.kind, ask.path, ask.line) == ("m", "", 4)


@pytest.mark.parametrize(("line", "name"), [(9, "Pot::ask"), (10, "inner"), (11, "Pot::ask"), (5, None), (99, None)])
def test_the_innermost_function_around_a_line(program: RustProgram, line: int, name: str | None) -> None:
    found = program.around("src/pot.rs", line)
    assert (found.function.name if found is not None else None) == name
    assert program.around("src/none.rs", line) is None


@pytest.mark.parametrize(
    ("around", "condition"),
    [("1", "(defined(__x86_64__))"), ("defined(A)", "(defined(A)) && ((defined(__x86_64__)))")],
)
def test_conditions_around_a_file_hold_in_it(tmp_path: Path, around: str, condition: str) -> None:
    program = rust_program(tmp_path, {"src/pot.rs": POT}, "x86", around)
    only, new = (program.by_name[name][0] for name in ("only", "new"))
    assert only.condition == condition
    assert new.condition == around
    assert only.arch == "x86"
