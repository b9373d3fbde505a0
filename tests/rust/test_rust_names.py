"""Names that `use` brings into a file, and paths and types as C writes them."""

from __future__ import annotations

import pytest

from caplint.rust.names import imports, joined, last_words, safe
from caplint.rust.syntax import parse

USES = [
    ("use a::b;", {"b": ["a", "b"]}),
    ("use a::{b, c::{self as d, e}};", {"b": ["a", "b"], "d": ["a", "c", "self"], "e": ["a", "c", "e"]}),
    ("use a::b as c;", {"c": ["a", "b"]}),
    ("mod m { use a::Kind; }", {"Kind": ["a", "Kind"]}),
    ("fn f() { use a::Kind; }", {"Kind": ["a", "Kind"]}),
    ("use a::*;", {}),
]


def _imports(source: str) -> dict[str, list[str]]:
    file = parse(source.encode())
    return imports(file, file.root)


@pytest.mark.parametrize(("source", "expected"), USES)
def test_uses(source: str, expected: dict[str, list[str]]) -> None:
    assert _imports(source) == expected


CODE = "fn f() { g(Tea, Self::X, Other::Cup, None, LID, m::Pot, Vec::<u8>::new(), Jar!()); }"
GLOBS = [
    ("use a::Kind::*;", {"Tea": ["a", "Kind", "Tea"]}),
    ("use a::{Kind::*, *};", {"Tea": ["a", "Kind", "Tea"]}),
    ("use a::Kind::{*};", {"Tea": ["a", "Kind", "Tea"]}),
    ("use a::Kind::*; use b::Tea;", {"Tea": ["b", "Tea"]}),
    ("use a::Kind::*; struct Tea;", {}),
    ("use a::Kind::*; use b::Sort::*;", {}),
    ("use a::Kind::*; mod m { use a::Kind::*; }", {"Tea": ["a", "Kind", "Tea"]}),
    ("use a::kind::*;", {}),
    ("use a::KIND::*;", {}),
]


@pytest.mark.parametrize(("head", "expected"), GLOBS)
def test_variants_that_a_glob_brings_in(head: str, expected: dict[str, list[str]]) -> None:
    found = {name: path for name, path in _imports(f"{head}\n{CODE}").items() if name != "Kind"}
    assert found == expected


@pytest.mark.parametrize(
    ("segments", "own", "expected"),
    [
        (["kvm_ioctls", "Cap", "Hlt"], "", "Cap__Hlt"),
        (["Self", "X"], "Vm", "Vm__X"),
        (["a", "b"], "", "b"),
        (["KVM", "X"], "", "X"),
        (["int"], "", "int_"),
        ([], "", "unknown"),
    ],
)
def test_joined(segments: list[str], own: str, expected: str) -> None:
    assert joined(segments, own) == expected


def test_words_of_a_path() -> None:
    assert last_words("a::Vec<u8>::b") == ["a", "Vec", "b"]
    assert safe("r#type") == "type"
    assert safe("default") == "default_"
