"""What every tree does, whatever holds its files: a tree of a dictionary."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from caplint.facts.store.store import FactStore
from caplint.knowledge.load import knowledge
from caplint.trees.tree import (
    ABSENT,
    LARGEST,
    File,
    StampCache,
    States,
    Tree,
    absent_id,
    object_id,
    oversize,
    oversize_id,
)
from caplint.util.errors import CaplintError


class _Held(Tree):
    """A tree whose files are given; an error stands for a file that cannot be read."""

    def __init__(
        self, files: dict[str, bytes | Exception], base: Tree | None = None, absent: tuple[str, ...] = ()
    ) -> None:
        self.name, self.role, self.location = "held", "kernel", "here"
        self.project = knowledge().projects[0]
        self.held, self.base = files, base
        self._absent = frozenset(absent)
        self.reads: list[str] = []

    def files(self, cache: StampCache) -> list[File]:  # noqa: ARG002
        self.absent = self._absent
        self.remedy = f"get {self.location}" if self._absent else ""
        contents = ((path, content) for path, content in sorted(self.held.items()) if isinstance(content, bytes))
        return [File(path, object_id(content), len(content)) for path, content in contents]

    def code_files(self, cache: StampCache) -> list[File]:
        return self.files(cache)

    def candidates(self) -> list[str]:
        return sorted(self.held)

    def state_id(self, known: States) -> str | None:  # noqa: ARG002
        return None

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        content = self.held[path]
        if isinstance(content, bytes):
            return content
        raise content

    def exists(self, path: str) -> bool:
        return any(name == path or name.startswith(f"{path}/") for name in self.held)

    def c_files_under(self, directory: str) -> list[str]:
        return [path for path in sorted(self.held) if path.startswith(f"{directory}/") and path.endswith((".c", ".h"))]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        (b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
        (b"\0" * 10, hashlib.sha1(b"blob 10\0" + b"\0" * 10, usedforsecurity=False).hexdigest()),
    ],
)
def test_the_id_of_a_content_is_gits(content: bytes, expected: str) -> None:
    assert object_id(content) == expected


def test_contents_that_replace_others() -> None:
    assert len(oversize()) == LARGEST + 1
    assert oversize_id() == object_id(oversize())
    assert absent_id() == object_id(ABSENT)
    assert len({oversize_id(), absent_id(), object_id(b"")}) == 3
    assert b"\0" in ABSENT  # no source, so that its facts say nothing


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, []),
        ({"k/a.c": b"A", "k/b.h": b"B", "k/c.txt": b"C", "other/d.c": b"D"}, [("k/a.c", b"A"), ("k/b.h", b"B")]),
        ({"k/a.c": OSError("gone"), "k/b.c": b"B"}, [("k/b.c", b"B")]),
        ({"k/a.c": CaplintError("too large"), "k/b.c": b"B"}, [("k/b.c", b"B")]),
        ({"k/sub/a.c": b""}, [("k/sub/a.c", b"")]),
    ],
)
def test_contents_below_a_directory(files: dict[str, Any], expected: list[tuple[str, bytes]]) -> None:
    assert list(_Held(files).c_contents_under("k")) == expected


def test_contents_are_read_one_by_one() -> None:
    tree = _Held({"k/a.c": b"A", "k/b.c": b"B"})
    assert next(tree.c_contents_under("k")) == ("k/a.c", b"A")
    assert tree.reads == ["k/a.c"]


def test_a_fault_of_the_program_is_not_hidden() -> None:
    with pytest.raises(RuntimeError):
        list(_Held({"k/a.c": RuntimeError("a fault")}).c_contents_under("k"))


def test_what_is_there_and_what_is_not() -> None:
    tree = _Held({"k/a.c": b"", "k/b.c": OSError("may not be read")})
    assert (tree.read_or_none("k/a.c"), tree.is_file("k/a.c")) == (b"", True)
    assert (tree.read_or_none("k/c.c"), tree.is_file("k/c.c")) == (None, False)
    with pytest.raises(OSError, match="may not be read"):
        tree.read_or_none("k/b.c")


def _shown(files: list[File]) -> list[tuple[str, str]]:
    return [(file.path, "absent" if file.oid == absent_id() else "there") for file in files]


@pytest.mark.parametrize(
    ("absent", "base_absent", "now", "before"),
    [
        ((), (), ["there", "there"], ["there", "there"]),
        (("a.c",), (), ["absent", "there"], ["absent", "there"]),
        ((), ("b.c",), ["there", "absent"], ["there", "absent"]),
        (("a.c",), ("b.c",), ["absent", "absent"], ["absent", "absent"]),
        (("z.c",), (), ["there", "there"], ["there", "there"]),
    ],
)
def test_what_is_absent_on_one_side_is_absent_on_both(
    absent: tuple[str, ...], base_absent: tuple[str, ...], now: list[str], before: list[str]
) -> None:
    base = _Held({"a.c": b"1", "b.c": b"2"}, absent=base_absent)
    base.location = "base"
    tree = _Held({"a.c": b"1", "b.c": b"3"}, base, absent)
    files, old = tree.with_base(FactStore(None))
    assert _shown(files) == [("a.c", now[0]), ("b.c", now[1])]
    assert _shown(old) == [("a.c", before[0]), ("b.c", before[1])]
    assert tree.absent == {*absent, *base_absent}
    assert tree.remedy == ("get here" if absent else "get base" if base_absent else "")
    assert {file.size for file in files if file.oid == absent_id()} <= {len(ABSENT)}


@pytest.mark.parametrize("absent", [(), ("a.c",)])
def test_without_a_base(absent: tuple[str, ...]) -> None:
    files, old = _Held({"a.c": b"1"}, absent=absent).with_base(FactStore(None))
    assert _shown(files) == [("a.c", "absent" if absent else "there")]
    assert old == []


def test_a_file_that_only_one_side_has() -> None:
    base = _Held({"a.c": b"1"}, absent=("a.c",))
    tree = _Held({"b.c": b"1"}, base)
    files, old = tree.with_base(FactStore(None))
    assert (_shown(files), _shown(old)) == ([("b.c", "there")], [("a.c", "absent")])
