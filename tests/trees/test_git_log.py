"""Commits that change a few files, as git tells of them: in repositories with merges, links, tags and odd names."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from conftest import commit, git, lay

from caplint.trees.git_log import LoggedCommit, PathChange, along_first_parents, first_parent_ids, origins, tags
from caplint.trees.git_place import locate
from caplint.trees.git_process import Git, GitFailedError
from caplint.trees.repository import Repository

HLT, TEA = "#define KVM_CAP_HLT 1\n", "#define KVM_CAP_TEA 2\n"


def _blob(root: Path, revision: str, path: str = "a.h") -> str:
    return git(root, "rev-parse", f"{revision}:{path}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A topic of one commit is merged; both sides have changed a.h, each another line of it."""
    root = lay(tmp_path_factory.mktemp("git_log") / "r", {"a.h": HLT + "\n" * 9, "b.h": ""})
    commit(root, "first")
    git(root, "tag", "v1")
    git(root, "checkout", "-q", "-b", "topic")
    lay(root, {"a.h": HLT + "\n" * 9 + TEA})
    commit(root, "on the topic")
    git(root, "checkout", "-q", "master")
    lay(root, {"a.h": "\n" + HLT + "\n" * 9})
    commit(root, "on master")
    lay(root, {"b.h": "x"})
    commit(root, "elsewhere")
    git(root, "merge", "-q", "--no-ff", "-m", "merge", "topic")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    shutil.copytree(made, tmp_path / "r", symlinks=True)
    return tmp_path / "r"


def _subjects(commits: list[LoggedCommit]) -> list[str]:
    return [commit.subject for commit in commits]


def test_the_line_of_first_parents_begins_with_the_oldest(root: Path) -> None:
    expected = [git(root, "rev-parse", name) for name in ("v1", "HEAD~2", "HEAD~1", "HEAD")]
    assert first_parent_ids(Git(locate(root)), expected[-1]) == expected


def test_a_merge_brings_all_of_a_topic_at_once(root: Path) -> None:
    found = along_first_parents(Git(locate(root)), git(root, "rev-parse", "HEAD"), ["a.h"])
    assert _subjects(found) == ["first", "on master", "merge"]
    first, _, merge = found
    assert (first.parents, first.changes) == ((), (PathChange("a.h", (None,), _blob(root, "v1")),))
    assert merge.parents == (git(root, "rev-parse", "HEAD~1"), git(root, "rev-parse", "topic"))
    assert merge.changes == (PathChange("a.h", (_blob(root, "HEAD~1"),), _blob(root, "HEAD")),)
    assert merge.oid == git(root, "rev-parse", "HEAD")
    assert merge.date == git(root, "log", "-1", "--format=%cs")


def test_origins_are_commits_whose_content_no_parent_has(root: Path) -> None:
    reader, last = Git(locate(root)), git(root, "rev-parse", "HEAD")
    found = origins(reader, last, None, ["a.h"])
    assert sorted(_subjects(found)) == ["first", "merge", "on master", "on the topic"]
    assert found[0].subject == "first"
    merge = found[-1]
    assert merge.changes == (
        PathChange("a.h", (_blob(root, "HEAD~1"), _blob(root, "topic")), _blob(root, "HEAD")),
    )  # fmt: skip
    after = origins(reader, last, git(root, "rev-parse", "HEAD~1"), ["a.h"])
    assert _subjects(after) == ["on the topic", "merge"]


def test_a_pattern_keeps_the_commits_that_change_such_a_line(root: Path) -> None:
    reader, last = Git(locate(root)), git(root, "rev-parse", "topic")
    assert _subjects(origins(reader, last, None, ["a.h"], "KVM_CAP_(TEA|SUGAR)")) == ["on the topic"]
    assert _subjects(origins(reader, last, None, ["a.h"], "KVM_CAP_MILK")) == []


def test_other_files_and_patterns_in_names_count_for_nothing(root: Path) -> None:
    reader, last = Git(locate(root)), git(root, "rev-parse", "HEAD")
    assert _subjects(along_first_parents(reader, last, ["b.h"])) == ["first", "elsewhere"]
    assert along_first_parents(reader, last, ["*.h", ":(top)a.h", "gone.h"]) == []


def test_only_regular_files_have_contents(root: Path) -> None:
    (root / "b.h").unlink()
    (root / "b.h").symlink_to("a.h")
    commit(root, "a link")
    (root / "b.h").unlink()
    lay(root, {"b.h": TEA})
    commit(root, "a file")
    (root / "b.h").unlink()
    commit(root, "nothing")
    last = git(root, "rev-parse", "HEAD")
    found = along_first_parents(Git(locate(root)), last, ["b.h"])[-3:]
    contents = [(change.before, change.after) for entry in found for change in entry.changes]
    blob = _blob(root, "HEAD~1", "b.h")
    assert contents == [((_blob(root, "HEAD~3", "b.h"),), None), ((None,), blob), ((blob,), None)]


def test_subjects_and_names_of_any_bytes(root: Path) -> None:
    odd = os.fsdecode(b":100644 \xff\n.h")
    (root / odd).write_text("x")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "two  words\n of one subject " + "x" * 300 + "\n\nbody")
    found = along_first_parents(Git(locate(root)), git(root, "rev-parse", "HEAD"), [odd, "a.h"])[-1]
    assert [change.path for change in found.changes] == [":100644 \\xff\n.h"]
    assert found.subject.startswith("two words of one subject xxx")
    assert len(found.subject) == 200


def test_tags_are_of_the_commit_that_they_mean(root: Path) -> None:
    git(root, "tag", "-a", "-m", "x", "v2/deep", "HEAD~1")
    assert Repository(root).tags() == [
        ("v1", git(root, "rev-parse", "v1")), ("v2/deep", git(root, "rev-parse", "HEAD~1")),
    ]  # fmt: skip
    assert tags(Git(locate(root))) == []  # the private directory has no references by itself


def test_a_history_that_cannot_be_read_is_an_error(root: Path) -> None:
    reader = Git(locate(root))
    for work in (lambda: first_parent_ids(reader, "1" * 40), lambda: origins(reader, "1" * 40, None, ["a.h"])):
        with pytest.raises(GitFailedError, match=r"bad object|not a valid"):
            work()
