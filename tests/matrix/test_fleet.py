"""What a fleet's patterns name, in which order, and what each of its trees is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import commit, git, kernel, lay

from caplint.matrix.fleet import members, named
from caplint.matrix.model import FleetMember
from caplint.trees.labels import split
from caplint.util.errors import CaplintError


def _labels(*texts: str | Path) -> list[str]:
    return [member.label for member in members(map(str, texts), "kernel", "kernel")]


def test_a_pattern_names_directories_lower_versions_first(tmp_path: Path) -> None:
    for name in ("v6.12", "v6.2", "v6.1"):
        (tmp_path / name).mkdir()
    (tmp_path / "v6.3").write_text("no directory")
    found = members([f"{tmp_path}/v6.*"], "vmm", "qemu")
    assert [member.label for member in found] == ["v6.1", "v6.2", "v6.12"]
    assert found[0] == FleetMember("v6.1", f"{tmp_path}/v6.1", "vmm", "qemu")


def test_a_pattern_in_quotes_begins_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = kernel(tmp_path / "linux")
    commit(root)
    git(root, "tag", "v6.1")
    assert members(["~/linux@v6.*", "~/lin*"], "kernel", "kernel") == members(
        [f"{root}@v6.1", str(root)], "kernel", "kernel"
    )
    assert _labels("~nobody-of-this-name/linux") == ["linux"]


def test_a_pattern_of_revisions_names_tags_and_branches(tmp_path: Path) -> None:
    root = kernel(tmp_path / "linux")
    commit(root)
    for tag in ("v6.12", "v6.2", "v6.12-rc1", "other"):
        git(root, "tag", tag)
    git(root, "branch", "stable/linux-6.1.y")
    assert _labels(f"{root}@v6.*") == ["linux@v6.2", "linux@v6.12-rc1", "linux@v6.12"]
    assert _labels(f"{root}@stable/linux-*.y") == ["linux@stable/linux-6.1.y"]
    assert _labels(f"{tmp_path}/lin*@v6.?", f"{tmp_path}/lin*@other") == ["linux@v6.2", "linux@other"]


def test_tags_of_repositories_without_a_revision(tmp_path: Path) -> None:
    root = kernel(tmp_path / "linux")
    commit(root)
    for tag in ("v6.12", "v6.2", "v6.2-rc1", "other/v6.3", "--x"):
        git(root, "update-ref", f"refs/tags/{tag}", "HEAD")
    (tmp_path / "plain").mkdir()

    def labels(*texts: str, tags: tuple[str, ...]) -> list[str]:
        given = [f"{tmp_path}/{text}" for text in texts]
        return [member.label for member in members(given, "kernel", "kernel", tags)]

    assert labels("linux", tags=("v6.*", "other/*")) == [
        "linux@other/v6.3",
        "linux@v6.2",
        "linux@v6.2-rc1",
        "linux@v6.12",
    ]
    assert labels("linux@HEAD", "plain", "gone", tags=("v6.*",)) == ["linux@HEAD", "plain", "gone"]
    assert labels("lin*", tags=("--*",)) == ["linux@--x"]
    with pytest.raises(CaplintError, match=r"no tag matches v7\.\*; `git tag` shows them"):
        labels("plain", "linux", tags=("v7.*",))


def test_a_pattern_in_quotes_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = kernel(tmp_path / "linux")
    commit(root)
    git(root, "tag", "v6.1")
    assert _labels("~/linux@v6.*", "~/lin*") == ["linux@v6.1", "linux"]


def test_a_tree_that_is_named_twice_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    assert _labels("a", "./a", tmp_path / "a", "a*") == ["a"]


def test_labels_are_as_long_as_they_must_be(tmp_path: Path) -> None:
    for path in ("suse/linux", "debian/linux", "debian/other"):
        (tmp_path / path).mkdir(parents=True)
    assert _labels(*(tmp_path / path for path in ("suse/linux", "debian/linux", "debian/other"))) == [
        "suse/linux", "debian/linux", "other",
    ]  # fmt: skip


def test_a_directory_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    for name in ("a[bc]", "ab", "x@y*", "x@yz"):
        (tmp_path / name).mkdir()
    assert _labels(tmp_path / "a[bc]", tmp_path / "x@y*") == ["a[bc]", "x@y*"]
    assert _labels(tmp_path / "x@y?") == ["x@y*", "x@yz"]


def test_what_is_not_there_is_left_to_its_cells(tmp_path: Path) -> None:
    assert _labels(tmp_path / "gone", "/") == ["gone", "/"]


@pytest.mark.parametrize("text", ["gone*", "gone*@v1", "here@v9.*", "nul\0*"])
def test_a_pattern_that_matches_nothing_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    commit(lay(tmp_path / "here", {"a": ""}))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CaplintError, match="match"):
        members([text], "kernel", "kernel")


def test_a_pattern_of_revisions_needs_a_repository(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="git"):
        members([f"{tmp_path}@v*"], "kernel", "kernel")


def test_ways_to_ask_for_a_commit_are_no_patterns(tmp_path: Path) -> None:
    assert _labels(f"{tmp_path}@HEAD^{{/fix.*}}", f"{tmp_path}@:/fix*") == [
        f"{tmp_path.name}@HEAD^{{/fix.*}}", f"{tmp_path.name}@:/fix*",
    ]  # fmt: skip


def test_a_revision_is_split_off_where_a_directory_stands_before(tmp_path: Path) -> None:
    assert split(f"{tmp_path}@HEAD@{{1}}") == (str(tmp_path), "HEAD@{1}")
    assert split(f"{tmp_path}/gone@v1") == (f"{tmp_path}/gone@v1", "")


def test_any_vmm_may_be_named() -> None:
    assert named("crosvm=vmm:/src/crosvm") == FleetMember("crosvm", "/src/crosvm", "vmm", "crosvm")


@pytest.mark.parametrize("option", ["a", "a=vmm", "a=vmm:", "=vmm:/x", "a=manager:/x", "a=reference:/x"])
def test_other_roles_are_refused(option: str) -> None:
    with pytest.raises(CaplintError, match="NAME=kernel:PATH"):
        named(option)
