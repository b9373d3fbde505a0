"""Drafts: edits exactly, and diffs that git applies."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.findings.fix import LineEdit
from caplint.fixes.draft import Draft, EditError


def _edit(line: int, old: list[str], new: list[str]) -> LineEdit:
    return LineEdit("kernel", "a.c", line, tuple(old), tuple(new))


def test_an_edit_replaces_lines_exactly() -> None:
    draft = Draft(b"one\ntwo\nthree\n")
    draft.edit([_edit(2, ["two"], ["2", "2.5"]), _edit(1, ["one"], [])])
    assert draft.content == b"2\n2.5\nthree\n"


@pytest.mark.parametrize(
    "edit", [_edit(2, ["other"], []), _edit(9, ["two"], []), _edit(3, ["three", "four"], []), _edit(1, [], ["x"])]
)
def test_an_edit_that_does_not_fit_is_refused(edit: LineEdit) -> None:
    draft = Draft(b"one\ntwo\nthree\n")
    with pytest.raises(EditError):
        draft.edit([edit])
    assert draft.content == b"one\ntwo\nthree\n"


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(EditError):
        Draft(b"one\ntwo\nthree\n").edit([_edit(1, ["one", "two"], []), _edit(2, ["two"], [])])


def test_a_last_line_without_an_end_is_not_edited() -> None:
    with pytest.raises(EditError):
        Draft(b"one\ntwo").edit([_edit(2, ["two"], ["2"])])


def test_the_diff_is_one_of_git() -> None:
    draft = Draft(b"".join(b"%d\n" % number for number in range(1, 21)))
    draft.edit([_edit(10, ["10"], ["10", "new"])])
    assert draft.diff(b"a b.c") == (
        b'diff --git "a/a b.c" "b/a b.c"\n--- "a/a b.c"\n+++ "b/a b.c"\n'
        b"@@ -8,6 +8,7 @@\n 8\n 9\n 10\n+new\n 11\n 12\n 13\n"
    )


def test_a_copy_keeps_the_original() -> None:
    draft = Draft(b"one\n")
    other = draft.copy()
    other.edit([_edit(1, ["one"], ["1"])])
    other.edit([_edit(1, ["1"], ["one"])])
    assert draft.content == b"one\n"
    assert other.content == b"one\n"


_WORDS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=12)


@settings(deadline=None, max_examples=15)
@given(
    start=_WORDS,
    rounds=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 3), _WORDS), max_size=4),
    bare=st.booleans(),
)
def test_git_makes_the_same_of_the_diff(
    tmp_path_factory: pytest.TempPathFactory, start: list[str], rounds: list[tuple[int, int, list[str]]], bare: bool
) -> None:
    content = "".join(f"{word}\n" for word in start).encode() + (b"end" if bare else b"")
    draft = Draft(content)
    for line, count, new in rounds:
        old = draft.content.decode().split("\n")[:-1][line - 1 : line - 1 + count]
        if old:
            draft.edit([_edit(line, old, new)])
    diff = draft.diff(b"file")
    if not diff:
        assert draft.content == content
        return
    place = tmp_path_factory.mktemp("git")
    (place / "file").write_bytes(content)
    run = subprocess.run(["git", "apply", "-"], cwd=place, input=diff, capture_output=True, check=False)
    assert run.returncode == 0, (run.stderr, diff)
    after = Path(place / "file")
    assert (after.read_bytes() if after.exists() else b"") == draft.content
