"""Outlines of a tree's files: looked up by words, parsed once, and kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import bare_qemu
from programs import READING

from caplint.facts import harvest as facts_harvest
from caplint.facts.store.store import FactStore
from caplint.graph import outlines as module
from caplint.graph.outlines import Outlines
from caplint.graph.tree_files import code_of

FILES = {
    "a.c": "int one(void)\n{\n    return two();\n}\n",
    "target/i386/b.c": "int two(void)\n{\n    return three();\n}\n",
    "c.c": "int four;\n",
}


def _outlines(root: Path, store: FactStore, files: dict[str, str] | None = None) -> Outlines:
    tree = bare_qemu(root, FILES if files is None else files)
    return Outlines(store, tree, code_of(tree, store), READING)


def test_files_with_a_word_are_returned_once(tmp_path: Path) -> None:
    outlines = _outlines(tmp_path, FactStore(None))
    (first,) = outlines.mentioning(["one", "nobody"])
    assert (first.path, [row[0] for row in first.functions], [row[1] for row in first.calls]) == (
        "a.c", ["one"], ["two"],
    )  # fmt: skip
    assert outlines.mentioning(["one"]) == []
    (second,) = outlines.mentioning(iter(["two", "one"]))
    assert (second.path, second.arch, first.arch) == ("target/i386/b.c", "x86", None)
    assert "c.c" in [file.path for file in outlines.all()]
    assert outlines.all() == []
    assert outlines.mentioning(["three"]) == []


def test_counts_are_of_files(tmp_path: Path) -> None:
    outlines = _outlines(tmp_path, FactStore(None), {**FILES, "d.c": "int g(void)\n{\n    two();\n    two();\n}\n"})
    assert [outlines.count(word) for word in ("two", "three", "nobody", "")] == [3, 1, 0, 0]


def test_the_state_is_that_of_all_files(tmp_path: Path) -> None:
    store = FactStore(None)
    state = _outlines(tmp_path / "a", store).state
    assert _outlines(tmp_path / "b", store).state == state
    assert _outlines(tmp_path / "c", store, {**FILES, "c.c": "int five;\n"}).state != state
    moved = {("d.c" if path == "c.c" else path): text for path, text in FILES.items()}
    assert _outlines(tmp_path / "d", store, moved).state != state


def test_what_was_read_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FactStore(None)
    read: list[tuple[str, int]] = []
    harvest = facts_harvest.harvest

    def counted(*given: object, **named: object) -> object:
        files = given[1]
        assert isinstance(files, list)
        read.append((str(given[4]), len(files)))
        return harvest(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "harvest", counted)
    first = _outlines(tmp_path, store)
    first.prepare_all()
    first.mentioning(["one"])
    before = list(read)
    second = _outlines(tmp_path, store)
    assert [file.path for file in second.mentioning(["one"])] == ["a.c"]
    assert second.count("three") == 1
    assert ("outline", len(first.files)) in before
    assert read == before
