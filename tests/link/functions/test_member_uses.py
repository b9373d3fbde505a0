"""What a file does to members, by their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, bare_kernel

from caplint.config.settings import Config
from caplint.link.functions.member_uses import Members, is_chain, last_name, members_of
from caplint.session import open_session


def _members(root: Path, text: str) -> Members:
    tree = bare_kernel(root, {X86: text})
    session = open_session([tree], Config(cache="none", jobs=1))
    try:
        found = [members for arch, members in members_of(session.store, "now", tree.name) if arch == "x86"]
    finally:
        session.store.close()
    assert len(found) == 1
    return found[0]


def _in_function(*lines: str) -> str:
    return "\n".join(["void f(struct kvm *k)", "{", *(f"\t{line}" for line in lines), "}", ""])


@pytest.mark.parametrize(
    ("line", "members"),
    [
        ("k->a.b = 1;", Members({"a": [1, 0], "b": [0, 1]}, written=["b"], read=["a"])),
        ("g(k->a.b + 1);", Members({"a": [1, 0], "b": [1, 0]}, passed=["b"], read=["a", "b"])),
        ("k->a += 1;", Members({"a": [1, 1]}, written=["a"], read=["a"])),
        ("x = &k->a;", Members({"a": [1, 1]}, written=["a"], read=["a"])),
        ("k->a[k->i] = 1;", Members({"a": [0, 1], "i": [1, 0]}, written=["a"], passed=["i"], read=["a", "i"])),
    ],
)
def test_what_is_done_to_members(tmp_path: Path, line: str, members: Members) -> None:
    assert _members(tmp_path, _in_function(line)) == members


def test_macros_may_do_both_and_fields_of_initialisers_are_written(tmp_path: Path) -> None:
    found = _members(tmp_path, "#define M(k) ((k)->a.b)\nstruct s v = { .c = f };\n")
    assert (found.counts, found.written, found.read) == ({}, ["a", "b", "c"], ["a", "b"])


def test_what_is_handed_to_whom(tmp_path: Path) -> None:
    found = _members(tmp_path, _in_function("g(k->a, 1, k->b[2].c);", "g(k->d);", "h(k->e + 1);", "h(k);"))
    assert found.handed == {"g": ["a", "c", "d"]}


@pytest.mark.parametrize(
    ("chain", "name"), [("k->a.b", ["b"]), ("k->a[k->i]", ["a"]), ("k", []), ("f(x)->a", ["a"]), ("a . b -> c", ["c"])]
)
def test_the_last_name(chain: str, name: list[str]) -> None:
    assert last_name(chain) == name


@pytest.mark.parametrize(
    ("expression", "chain"),
    [("k->a", True), ("f(x)->a[1].b", True), ("k", False), ("k->a + 1", False), ("!k->a", False), ("k->a->", False)],
)
def test_a_chain_and_nothing_else(expression: str, chain: bool) -> None:
    assert is_chain(expression) is chain
