"""Commits of a range, from what git would print."""

from __future__ import annotations

from typing import cast

import pytest

from caplint.trees.git_history import Commit, FileChange, first_parents, merge_base
from caplint.trees.git_process import Git, GitFailedError

A, B, C, NONE = "a" * 40, "b" * 40, "c" * 40, "0" * 40


class FakeGit:
    """Answers every command with the same output, or fails."""

    def __init__(self, output: str | bytes, error: str = "") -> None:
        self.output, self.error = output.encode() if isinstance(output, str) else output, error
        self.words: tuple[str, ...] = ()

    def run(self, *words: str) -> bytes:
        self.words = words
        if self.error:
            raise GitFailedError(self.error)
        return self.output


def _commits(output: str | bytes, prefix: str = "") -> list[Commit]:
    return first_parents(cast("Git", FakeGit(output)), A, B, prefix, 5)


def _log(oid: str, parents: str, subject: str, *files: str) -> str:
    return "\0".join([oid, parents, subject, "", *(files and ("", *files))]) + "\0"


ADDED, CHANGED = f":000000 100644 {NONE} {C} A", f":100644 100755 {A} {C} M"
REMOVED, LINKED = f":100644 000000 {A} {NONE} D", f":100644 120000 {A} {C} T"
LINK, MODULE = f":120000 120000 {A} {C} M", f":000000 160000 {NONE} {C} A"


def test_the_oldest_commit_is_the_first() -> None:
    found = _commits(_log(C, B, "later", ADDED, "a.c") + _log(B, A, "sooner"))
    assert found == [
        Commit(B, (A,), "sooner", ()), Commit(C, (B,), "later", (FileChange("a.c", "added", C),)),
    ]  # fmt: skip
    assert found[1].name == f"{C[:12]} later"
    assert Commit(C, (), "", ()).name == C[:12]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (ADDED, [("a.c", "added", C)]), (CHANGED, [("a.c", "modified", C)]), (REMOVED, [("a.c", "removed", None)]),
        (LINKED, [("a.c", "removed", None)]), (LINK, []), (MODULE, []),
    ],
)  # fmt: skip
def test_kinds_of_changes(facts: str, expected: list[tuple[str, str, str | None]]) -> None:
    (commit,) = _commits(_log(B, A, "x", facts, "a.c"))
    assert [tuple(change) for change in commit.changes] == expected


def test_only_files_below_the_prefix() -> None:
    (commit,) = _commits(_log(B, A, "x", ADDED, "sub/a.c", ADDED, "subway/b.c", ADDED, "c.c"), "sub/")
    assert [change.path for change in commit.changes] == ["a.c"]


def test_odd_names_and_subjects() -> None:
    raw = _log(B, f"{A} {C}", "two  words\ttab " + "x" * 300, ADDED, "NAME").encode().replace(b"NAME", b":a\n\xff.c")
    (commit,) = _commits(raw.replace(b"two", b"tw\xff"))
    assert commit.parents == (A, C)
    assert commit.subject.startswith("tw\ufffd words tab xxx")
    assert len(commit.subject) == 200
    assert [change.path for change in commit.changes] == [":a\n\\xff.c"]


def test_no_commit() -> None:
    assert _commits("") == []
    git = FakeGit("")
    first_parents(cast("Git", git), A, B, "", 7)
    assert git.words[-2:] == (B, f"^{A}")
    assert "--max-count=7" in git.words


@pytest.mark.parametrize(("output", "expected"), [(f"{C}\n", C), ("", None), ("\n", None)])
def test_where_two_commits_have_parted(output: str, expected: str | None) -> None:
    assert merge_base(cast("Git", FakeGit(output)), A, B) == expected


def test_no_common_ancestor_and_other_faults() -> None:
    assert merge_base(cast("Git", FakeGit("", "exit code 1")), A, B) is None
    with pytest.raises(GitFailedError, match="exit code 128"):
        merge_base(cast("Git", FakeGit("", "exit code 128")), A, B)
