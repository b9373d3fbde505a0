"""Types of expressions in a Rust program, and the functions that a name means on a value of a type."""

from __future__ import annotations

from pathlib import Path

import pytest
from rust_programs import function, rust_program

from caplint.graph.rust_modules import ModuleKey
from caplint.graph.rust_program import RustProgram
from caplint.graph.rust_types import RustTypes, TypeUse

POT = """\
pub trait Brew { fn brew(&self); fn pour(&self) { self.brew() } }
pub trait Both: Brew { fn both(&self); }
pub struct Pot { pub lid: Option<Lid>, pub pair: (u8, Lid) }
pub struct Lid;
pub struct Cup;
pub struct Wrap(Pot);
pub type Can = Pot;
pub static OURS: Pot = Pot::new();
impl Deref for Wrap { type Target = Pot; fn deref(&self) -> &Pot { &self.0 } }
impl Brew for Pot { fn brew(&self) {} }
impl Brew for Cup { fn brew(&self) {} fn pour(&self) {} }
impl Both for Cup { fn both(&self) {} }
impl From<u8> for Pot { fn from(a: u8) -> Self { x } }
impl From<u16> for Pot { fn from(a: u16) -> Self { x } }
impl Drop for Cup { fn drop(&mut self) {} }
impl Pot {
    pub fn new() -> Result<Self, ()> { x }
    pub fn lid(&self) -> &Lid { x }
    pub fn user(&self) { self.lid.as_ref(); }
}
impl Lid { pub fn shut(&self) {} }
macro_rules! go { () => {}; }
pub fn free(pot: &Pot) -> Cup { go!() }
"""
LOOP = "type A = B;\ntype B = A;\npub fn around(a: A) { a.b() }\n"
KEY = ModuleKey("", ("pot",))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> RustProgram:
    files = {"Cargo.toml": '[package]\nname = "tea"\n', "src/pot.rs": POT, "src/main.rs": "mod pot;\nmod loops;\n",
             "src/loops.rs": LOOP}  # fmt: skip
    return rust_program(tmp_path_factory.mktemp("tea"), files)


@pytest.fixture(scope="module")
def types(program: RustProgram) -> RustTypes:
    return RustTypes(program)


def _names(types: RustTypes, text: str, module: ModuleKey = KEY, own: str = "") -> list[str]:
    return [item.name for item in types.items(TypeUse(text, module, own))]


@pytest.mark.parametrize(
    ("text", "own", "names"),
    [
        ("Pot", "", ["Pot"]),
        ("?Pot", "", ["Pot"]),
        ("Can", "", ["Pot"]),
        ("self::Pot", "", ["Pot"]),
        ("crate::pot::Lid", "", ["Lid"]),
        ("Self", "Cup", ["Cup"]),
        ("Self::Target", "Wrap", ["Pot"]),
        ("Self::Nothing", "Wrap", []),
        ("Brew+Both", "", ["Brew", "Both"]),
        ("Pot+Pot", "", ["Pot"]),
        ("elsewhere::File", "", ["File"]),
        ("(Pot,Lid)", "", []),
        ("", "", []),
    ],
)
def test_a_type_as_it_is_written(types: RustTypes, text: str, own: str, names: list[str]) -> None:
    assert _names(types, text, own=own) == names


def test_an_alias_of_itself_ends(types: RustTypes) -> None:
    assert _names(types, "A", ModuleKey("", ("loops",))) == []


@pytest.mark.parametrize(("length", "found"), [(20, True), (100, False), (3_000, False)])
def test_a_chain_of_aliases_is_followed_to_a_bound(tmp_path: Path, length: int, found: bool) -> None:
    text = "".join(f"pub type A{number} = A{number + 1};\n" for number in range(length))
    types = RustTypes(rust_program(tmp_path, {"src/main.rs": f"{text}pub struct A{length};\n"}))
    root = ModuleKey("", ())
    assert _names(types, f"A{length - 10}", root) == [f"A{length}"]
    assert _names(types, "A0", root) == ([f"A{length}"] if found else [])


@pytest.mark.parametrize(("text", "elsewhere"), [("Pot", False), ("std::fs::File", True), ("Pot+Send", False)])
def test_types_of_other_crates(types: RustTypes, text: str, elsewhere: bool) -> None:
    assert types.is_elsewhere(TypeUse(text, KEY)) is elsewhere


def _methods(types: RustTypes, text: str, name: str) -> list[tuple[str, str]]:
    return [(target.function.function.name, target.trait) for target in types.methods(TypeUse(text, KEY), name)]


@pytest.mark.parametrize(
    ("text", "name", "functions"),
    [
        ("Pot", "lid", [("Pot::lid", "")]),
        ("Pot", "brew", [("Pot::brew", "")]),
        ("Pot", "pour", [("Brew::pour", "")]),
        ("Cup", "pour", [("Cup::pour", "")]),
        ("Wrap", "lid", [("Pot::lid", "")]),
        ("Brew", "brew", [("Pot::brew", "Brew"), ("Cup::brew", "Brew")]),
        ("Brew", "pour", [("Cup::pour", "Brew"), ("Brew::pour", "Brew")]),
        ("Both", "brew", [("Cup::brew", "Brew")]),
        ("Pot", "shut", []),
        ("Pot", "from", []),
        ("?Pot", "unwrap", []),
        ("File", "lid", []),
    ],
)
def test_methods(types: RustTypes, text: str, name: str, functions: list[tuple[str, str]]) -> None:
    assert _methods(types, text, name) == functions


@pytest.mark.parametrize(
    ("chain", "texts"),
    [
        (["self"], ["Pot"]),
        (["t", "Lid"], ["Lid"]),
        (["g", "OURS"], ["Pot"]),
        (["g", "THEIRS"], []),
        (["f", ["self"], "lid"], ["?Lid"]),
        (["f", ["f", ["self"], "pair"], "1"], ["Lid"]),
        (["f", ["f", ["self"], "pair"], "2"], []),
        (["f", ["self"], "none"], []),
        (["m", ["self"], "lid"], ["Lid"]),
        (["m", ["f", ["self"], "lid"], "as_ref"], ["?Lid"]),
        (["m", ["self"], "unknown"], []),
        (["c", "free"], ["Cup"]),
        (["c", "Self::new"], ["?Self"]),
        (["c", "Other::new"], ["Other"]),
        (["c", "other::new"], []),
        (["c", "Other::make"], []),
        (None, []),
        (["?"], []),
    ],
)
def test_the_type_of_a_chain(program: RustProgram, types: RustTypes, chain: list[object], texts: list[str]) -> None:
    found = types.of(chain, function(program, "Pot::user"))
    assert [use.text for use in found] == texts


def test_a_chain_without_end_is_not_followed(program: RustProgram, types: RustTypes) -> None:
    chain: list[object] = ["self"]
    for _ in range(5_000):
        chain = ["m", chain, "clone"]
    assert types.of(chain, function(program, "Pot::user")) == []


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("free", ["free"]),
        ("self::free", ["free"]),
        ("Pot::lid", ["Pot::lid"]),
        ("Can::lid", ["Pot::lid"]),
        ("Self::lid", ["Pot::lid"]),
        ("Self::none", []),
        ("go!", ["go!"]),
        ("none!", []),
        ("std::fs::read", []),
    ],
)
def test_the_functions_that_a_path_means(program: RustProgram, types: RustTypes, path: str, names: list[str]) -> None:
    found = types.path_targets(path, function(program, "Pot::user"))
    assert [target.function.function.name for target in found] == names


def test_a_method_of_another_crates_trait(program: RustProgram, types: RustTypes) -> None:
    assert types.implemented(function(program, "Cup::drop")) == "Drop"
    assert types.implemented(function(program, "Cup::both")) == ""
    assert types.implemented(function(program, "Pot::lid")) == ""


def test_a_macro_is_that_of_the_file_else_of_the_crate_else_the_only_one(tmp_path: Path) -> None:
    rules = "macro_rules! go {{ () => {{ {0}() }}; }}\npub fn {0}() {{}}\n"
    files = {
        "a/Cargo.toml": '[package]\nname = "a"\n', "b/Cargo.toml": '[package]\nname = "b"\n',
        "c/Cargo.toml": '[package]\nname = "c"\n',
        "a/src/lib.rs": rules.format("one"), "a/src/more.rs": "pub fn two() {}\n",
        "b/src/lib.rs": rules.format("three"), "c/src/lib.rs": "pub fn four() {}\n",
    }  # fmt: skip
    program = rust_program(tmp_path, files)
    types = RustTypes(program)
    found = {name: types.path_targets("go!", function(program, name)) for name in ("one", "two", "three", "four")}
    assert {name: [each.function.function.path for each in targets] for name, targets in found.items()} == {
        "one": ["a/src/lib.rs"], "two": ["a/src/lib.rs"], "three": ["b/src/lib.rs"], "four": [],
    }  # fmt: skip
