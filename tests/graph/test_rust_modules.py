"""Modules of a Rust program: the module of a file, and what a path means in each, through imports of every sort."""

from __future__ import annotations

import time

import pytest

from caplint.graph.rust_modules import Meaning, ModuleKey, RustModules

ROOT = ModuleKey("", ())
POT = ModuleKey("", ("pot",))
LID = ModuleKey("", ("pot", "lid"))
BREW = Meaning("function", POT, "brew")
TYPE = Meaning("type", POT, "Pot")
TRAIT = Meaning("trait", LID, "Shut")


def _modules() -> RustModules:
    """`mod pot { pub fn brew; pub struct Pot; mod lid { pub trait Shut } }` in the root."""
    modules = RustModules({"kettle": "lib/kettle"}, ["", "lib/kettle"])
    for item in (BREW, TYPE):
        modules.add(POT, item)
    modules.add(LID, TRAIT)
    return modules


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("src/main.rs", ROOT),
        ("src/lib.rs", ROOT),
        ("src/pot.rs", POT),
        ("src/pot/mod.rs", POT),
        ("src/pot/lid.rs", LID),
        ("src/pot/main.rs", ModuleKey("", ("pot", "main"))),
        ("lib/kettle/src/lib.rs", ModuleKey("lib/kettle", ())),
        ("lib/kettle/src/pot.rs", ModuleKey("lib/kettle", ("pot",))),
        ("lib/kettle2/src/pot.rs", ModuleKey("", ("lib", "kettle2", "src", "pot"))),
        ("lib/kettle/tests/all.rs", ModuleKey("lib/kettle", ("tests", "all"))),
    ],
)
def test_the_module_of_a_file(path: str, module: ModuleKey) -> None:
    assert _modules().of_file(path) == module


def test_without_a_manifest_a_crate_begins_above_src() -> None:
    modules = RustModules({}, [])
    assert modules.of_file("a/b/src/pot/lid.rs") == ModuleKey("a/b", ("pot", "lid"))
    assert modules.of_file("a/src/b/src/lib.rs") == ModuleKey("a/src/b", ())
    assert modules.of_file("main.rs") == ROOT


def test_an_attribute_moves_a_file() -> None:
    modules = _modules()
    modules.moved["src/odd/place.rs"] = LID
    assert modules.of_file("src/odd/place.rs") == LID


@pytest.mark.parametrize(
    ("module", "path", "items"),
    [
        (ROOT, "pot::brew", [BREW]),
        (POT, "brew", [BREW]),
        (POT, "self::brew", [BREW]),
        (LID, "super::brew", [BREW]),
        (LID, "super::super::pot::brew", [BREW]),
        (LID, "self::super::brew", [BREW]),
        (LID, "crate::pot::Pot", [TYPE]),
        (ROOT, "pot::lid::Shut", [TRAIT]),
        (ROOT, "pot::Pot::new", [Meaning("inside", POT, "Pot", "new")]),
        (ROOT, "pot::lid::Shut::a::b", [Meaning("inside", LID, "Shut", "a::b")]),
        (ROOT, "pot", [Meaning("module", POT, "pot")]),
        (ROOT, "brew", []),
        (LID, "brew", []),
        (ROOT, "pot::brew::x", []),
        (ROOT, "pot::milk", []),
        (ROOT, "std::fs", []),
        (ROOT, "pot::", []),
        (ROOT, "", []),
        (ROOT, "super::super::pot::brew", [BREW]),
    ],
)
def test_a_path_from_a_module(module: ModuleKey, path: str, items: list[Meaning]) -> None:
    assert _modules().meanings(module, path) == items


def _with(module: ModuleKey, **imports: str) -> RustModules:
    """The modules with `use target as name` in one of them; `everything` for `use target::*`."""
    modules = _modules()
    scope = modules.scope(module)
    for name, target in imports.items():
        if name == "everything":
            scope.everything.append(target)
        else:
            scope.imports.setdefault(name, []).append(target)
    return modules


@pytest.mark.parametrize(
    ("imports", "path", "items"),
    [
        ({"make": "pot::brew"}, "make", [BREW]),
        ({"make": "crate::pot::brew"}, "make", [BREW]),
        ({"Can": "pot::Pot"}, "Can::new", [Meaning("inside", POT, "Pot", "new")]),
        ({"p": "pot"}, "p::lid::Shut", [TRAIT]),
        ({"everything": "pot"}, "brew", [BREW]),
        ({"everything": "pot::lid"}, "Shut", [TRAIT]),
        ({"everything": "pot"}, "lid::Shut", [TRAIT]),
        ({"everything": "pot::Pot"}, "brew", []),
        ({"brew": "elsewhere::brew", "everything": "pot"}, "brew", [BREW]),
    ],
)
def test_imports(imports: dict[str, str], path: str, items: list[Meaning]) -> None:
    assert _with(ROOT, **imports).meanings(ROOT, path) == items


def test_a_name_of_its_own_comes_before_those_of_everything() -> None:
    modules = _with(ROOT, everything="pot")
    own = Meaning("function", ROOT, "brew")
    modules.add(ROOT, own)
    assert modules.meanings(ROOT, "brew") == [own]


def test_conditions_give_a_name_several_meanings() -> None:
    modules = _with(ROOT, make="pot::brew")
    modules.scope(ROOT).imports["make"].append("pot::Pot")
    assert modules.meanings(ROOT, "make") == [BREW, TYPE]


def test_another_crate_and_its_re_exports() -> None:
    modules = _modules()
    kettle = ModuleKey("lib/kettle", ())
    boil = Meaning("function", ModuleKey("lib/kettle", ("steam",)), "boil")
    modules.add(boil.module, boil)
    modules.scope(kettle).everything.append("steam")
    assert modules.meanings(LID, "kettle::boil") == [boil]
    modules.scope(POT).imports["kettle"] = ["kettle"]
    assert modules.meanings(POT, "kettle::steam::boil") == [boil]


def test_circles_end_and_what_is_in_them_is_found() -> None:
    modules = _with(ROOT, everything="pot")
    modules.scope(POT).everything += ["crate", "lid"]
    modules.scope(LID).everything.append("super")
    modules.scope(LID).imports["Pot"] = ["super::Pot"]
    assert modules.meanings(ROOT, "Shut") == [TRAIT]
    assert modules.meanings(LID, "brew") == [BREW]
    assert modules.meanings(LID, "milk") == []


def test_the_work_is_bounded() -> None:
    modules = _modules()
    for number in range(2_000):
        place = ModuleKey("", (f"m{number}",))
        modules.add(place, Meaning("function", place, "many"))
        modules.scope(place).everything += ["crate", f"crate::m{(number * 7) % 2_000}"]
        modules.scope(ROOT).everything.append(f"m{number}")
    start = time.process_time()
    assert len(modules.meanings(ROOT, "many")) <= 24
    assert modules.meanings(ROOT, "none") == []
    assert modules.meanings(ROOT, "::".join(["super"] * 5_000 + ["brew"])) == []
    assert time.process_time() - start < 2


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize(("length", "found"), [(25, True), (100, False), (5_000, False)])
def test_a_chain_of_imports_is_followed_to_a_bound(everything: bool, length: int, found: bool) -> None:
    modules = _modules()
    for number in range(length):
        scope = modules.scope(ModuleKey("", (f"m{number}",)))
        if everything:
            scope.everything.append(f"crate::m{number + 1}")
        else:
            scope.imports["f"] = [f"crate::m{number + 1}::f"]
    last = ModuleKey("", (f"m{length}",))
    item = Meaning("function", last, "f")
    modules.add(last, item)
    assert modules.meanings(ROOT, "m0::f") == ([item] if found else [])
    assert modules.meanings(ROOT, f"m{length - 20}::f") == [item]
