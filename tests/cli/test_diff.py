"""Comparison of two revisions of a tree; `tests/engine/test_ranges.py` has the commits between them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import HEADER, UAPI, Caplint, commit, git, kernel, lay

from caplint.cli.diff import _REVISIONS

SELECT = ("--select", "CAP102", "--output-format", "json")
NEW, OLD = "CAP102 KVM_CAP_NEW", "CAP102 KVM_CAP_OLD"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kernel in which a finding came with one commit and went with the next, which brought another one."""
    root = kernel(tmp_path_factory.mktemp("diff") / "k")
    for tag, text in (("clean", ""), ("old", "#define KVM_CAP_OLD 1\n"), ("new", "#define KVM_CAP_NEW 9\n")):
        lay(root, {UAPI: HEADER + text})
        commit(root, tag)
        git(root, "tag", tag)
    return root


@pytest.fixture
def root(made: Path, apart: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """It, with one cache for all tests."""
    assert apart.is_dir()
    monkeypatch.setenv("CAPLINT_CACHE", str(made.parent / "cache"))
    return made


def _found(caplint: Caplint, *words: str | Path) -> tuple[int, list[str], list[str]]:
    run = caplint("diff", *words, *SELECT)
    found = json.loads(run.out)
    added, resolved = (
        [f"{entry['code']} {entry['subject']}" for entry in found[key]] for key in ("findings", "resolved")
    )
    return run.status, added, resolved


@pytest.mark.parametrize(
    ("revisions", "expected"),
    [
        ("clean..new", (1, [NEW], [])),
        ("old..new", (1, [NEW], [OLD])),
        ("new..old", (1, [OLD], [NEW])),
        ("new..clean", (0, [], [NEW])),
        ("old..", (1, [NEW], [OLD])),
        ("..old", (1, [OLD], [NEW])),
        ("old...new", (1, [NEW], [OLD])),
        ("HEAD~2..HEAD~1", (1, [OLD], [])),
        ("new..new", (0, [], [])),
    ],
)
def test_what_came_and_what_went(
    caplint: Caplint, root: Path, revisions: str, expected: tuple[int, list[str], list[str]]
) -> None:
    assert _found(caplint, revisions, root) == expected


def test_the_tree_of_the_working_directory_as_it_was_committed(
    caplint: Caplint, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(root, {"virt/kvm/mine.h": "#define KVM_CAP_MINE 0\n"})
    monkeypatch.chdir(root)
    assert _found(caplint, "old..new") == (1, [NEW], [OLD])


def test_what_makes_it_fail(caplint: Caplint, root: Path, apart: Path) -> None:
    assert _found(caplint, "old..new", root, "--fail-on", "never")[0] == 0
    (apart / "caplint.toml").write_text('fail-on = "never"\n')
    assert _found(caplint, "old..new", root)[0] == 0
    assert _found(caplint, "old..new", root, "--fail-on", "warning")[0] == 1


def test_fixes_are_printed_in_place_of_a_report(caplint: Caplint, root: Path) -> None:
    run = caplint("diff", "clean..new", root, "--select", "CAP102", "--diff")
    head, *lines = run.out.splitlines()
    assert (run.status, head) == (1, f"# kernel: {root}@new")
    assert [line for line in lines if line.startswith(("-#", "+#"))] == [
        "-#define KVM_CAP_NEW 9", "+#define KVM_CAP_NEW 10",
    ]  # fmt: skip
    assert all(line.startswith(("diff ", "-", "+", "@", " ")) for line in lines)


@pytest.mark.parametrize("word", ["", "v1", "..", "...", "a....b", "a....", ".", "a.b"])
def test_what_is_no_range_is_one_line(caplint: Caplint, root: Path, word: str) -> None:
    run = caplint("diff", word, root)
    assert (run.status, run.out) == (2, "")
    assert run.err == f"caplint: {word}: write REV..REV, such as v6.11..v6.12\n"


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("v6.11..v6.12", ("v6.11", "..", "v6.12")),
        ("a..", ("a", "..", "")),
        ("...b", ("", "...", "b")),
        ("v1.0-rc1...x/y.z", ("v1.0-rc1", "...", "x/y.z")),
        ("a\nb..c", ("a\nb", "..", "c")),
    ],
)
def test_parts_of_a_range(word: str, parts: tuple[str, ...]) -> None:
    found = _REVISIONS.fullmatch(word)
    assert found is not None
    assert found.groups() == parts


def test_a_revision_that_is_not_there(caplint: Caplint, root: Path) -> None:
    run = caplint("diff", "gone..new", root)
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert "no revision 'gone' in this repository" in run.err
