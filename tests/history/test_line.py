"""Every event of a header is found with its commit, over branches, conflicts, reverts and renames."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, git, lay
from histories import Made, brief, commits, header

from caplint.util.errors import CaplintError


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "k")


def test_a_line_without_branches(made: Made) -> None:
    first = made.state("first", A=0, B=1)
    made.tag("v1.0")
    added = made.state("add", A=0, B=1, X=2)
    renumbered = made.state("renumber", A=0, B=1, X=3)
    made.tag("v1.1-rc1")
    made.tag("v1.1")
    renamed = made.state("rename", A=0, BB=1, X=3)
    removed = made.state("remove", A=0, BB=1)
    made.tag("v2.0")
    again = made.state("revert", A=0, BB=1, X=3)
    track = made.track()
    assert [brief(event) for event in track.events] == [
        ("A", "brought", None, "0", "v1.0"),
        ("B", "brought", None, "1", "v1.0"),
        ("B", "renamed", "KVM_CAP_B", "KVM_CAP_BB", "v2.0"),
        ("BB", "renamed", "KVM_CAP_B", "KVM_CAP_BB", "v2.0"),
        ("X", "brought", None, "2", "v1.1"),
        ("X", "renumbered", "2", "3", "v1.1"),
        ("X", "removed", "3", None, "v2.0"),
        ("X", "brought", None, "3", None),
    ]
    assert commits(track, "A") == [first]
    assert commits(track, "B") == [first, renamed] == made.lines_of("B")
    assert commits(track, "BB") == [renamed] == made.lines_of("BB")
    assert commits(track, "X") == [added, renumbered, removed, again] == made.lines_of("X")
    assert [point.label for point in track.points] == ["v1.0", "v1.1", "v2.0", "HEAD"]


def test_a_merge_without_conflict_shows_the_merged_commits(made: Made) -> None:
    made.state("first", A=0)
    made.branch("side")
    added = made.state("add", A=0, X=2)
    renumbered = made.state("renumber", A=0, X=3)
    made.back()
    other = made.state("other", Y=9, A=0)
    made.tag("v1")
    made.merge("side", Y=9, A=0, X=3)
    made.tag("v2")
    track = made.track("X", "Y", tags=("v*",))
    assert [brief(event) for event in track.events] == [
        ("X", "brought", None, "2", "v2"),
        ("X", "renumbered", "2", "3", "v2"),
        ("Y", "brought", None, "9", "v1"),
    ]
    assert commits(track, "X") == [added, renumbered] == made.lines_of("X")
    assert commits(track, "Y") == [other] == made.lines_of("Y")


def test_a_conflict_that_the_merge_resolves_by_another_number(made: Made) -> None:
    made.state("first", A=0)
    made.branch("side")
    side = made.state("z", A=0, Z=4)
    made.back()
    made.state("w", A=0, W=4)
    made.tag("v1.0")
    merge = made.merge("side", A=0, W=4, Z=5)
    made.tag("v2.0")
    track = made.track("Z")
    assert [brief(event) for event in track.events] == [
        ("Z", "brought", None, "4", "v2.0"), ("Z", "renumbered", "4", "5", "v2.0"),
    ]  # fmt: skip
    assert commits(track, "Z") == [side, merge]
    assert [cause.is_merge for event in track.events for cause in event.causes] == [False, True]


def test_a_conflict_in_a_merged_branch(made: Made) -> None:
    made.state("first", A=0)
    made.branch("tree")
    made.branch("arch")
    arch = made.state("z", A=0, Z=4)
    git(made.root, "checkout", "-q", "tree")
    made.state("w", A=0, W=4)
    inner = made.merge("arch", A=0, W=4, Z=5)
    made.back()
    made.state("y", Y=7, A=0)
    outer = made.merge("tree", Y=7, A=0, W=4, Z=5)
    track = made.track("Z")
    assert commits(track, "Z") == [arch, inner]
    assert outer not in commits(track, "Z")
    assert [brief(event)[:4] for event in track.events] == [("Z", "brought", None, "4"), ("Z", "renumbered", "4", "5")]


def test_work_on_two_branches_is_not_removed_and_brought_again(made: Made) -> None:
    made.state("first", A=0)
    made.branch("one")
    one = made.state("x", A=0, X=1)
    git(made.root, "checkout", "-q", "master")
    made.branch("two")
    two = made.state("y", A=0, Y=2)
    made.back()
    made.merge("one", A=0, X=1)
    made.merge("two", A=0, X=1, Y=2)
    track = made.track("X", "Y")
    assert [brief(event)[1] for event in track.events] == ["brought", "brought"]
    assert commits(track, "X") == [one]
    assert commits(track, "Y") == [two]


def test_what_a_branch_takes_back_was_never_there(made: Made) -> None:
    made.state("first", A=0)
    made.branch("side")
    made.state("q", A=0, Q=6)
    made.state("revert", A=0)
    made.back()
    made.state("y", A=0, Y=1)
    made.merge("side", A=0, Y=1)
    assert made.track("Q").events == ()


def test_a_merge_that_drops_what_it_merges(made: Made) -> None:
    made.state("first", A=0)
    made.branch("side")
    brought = made.state("q", A=0, Q=6)
    made.back()
    made.state("y", A=0, Y=1)
    made.merge("side", A=0, Y=1, Q=6)
    made.tag("v1.0")
    made.branch("old")
    made.files("else", {"virt/kvm/new.c": ""})
    made.back()
    gone = made.merge("old", A=0, Y=1)
    track = made.track("Q")
    assert [brief(event) for event in track.events] == [
        ("Q", "brought", None, "6", "v1.0"), ("Q", "removed", "6", None, None),
    ]  # fmt: skip
    assert commits(track, "Q") == [brought, gone]


def test_a_header_that_moves_changes_nothing(made: Made) -> None:
    first = made.files("first", {"include/linux/kvm.h": header(A=0, B=1)})
    git(made.root, "rm", "-q", "include/linux/kvm.h")
    made.state("move", A=0, B=1)
    track = made.track()
    assert [brief(event)[1] for event in track.events] == ["brought", "brought"]
    assert commits(track, "A") == [first]


def test_a_rename_that_leaves_the_old_name_as_an_alias(made: Made) -> None:
    made.state("first", A=7)
    renamed = made.state("rename", B=7, A="KVM_CAP_B")
    track = made.track()
    assert [brief(event)[:4] for event in track.events] == [
        ("A", "brought", None, "7"),
        ("A", "renamed", "KVM_CAP_A", "KVM_CAP_B"),
        ("B", "renamed", "KVM_CAP_A", "KVM_CAP_B"),
    ]
    assert commits(track, "B") == [renamed]


def test_a_condition_is_a_change(made: Made) -> None:
    made.state("first", A=0)
    made.files("if", {UAPI: "#ifdef __KVM_HAVE_A\n#define KVM_CAP_A 0\n#endif\n"})
    changed = made.track().events[1]
    assert (changed.kind, changed.before, changed.after) == ("changed", "0", "0 if defined(__KVM_HAVE_A)")


def test_tags_elsewhere_are_named(made: Made) -> None:
    made.state("first", A=0)
    made.tag("v1.0")
    made.branch("stable")
    made.state("fix", A=0, S=1)
    made.tag("v1.0.1")
    made.back()
    made.state("second", A=0, B=1)
    made.tag("v1.1")
    track = made.track()
    assert track.remarks == (
        "1 tags are not on the line of first parents, and are left out (v1.0.1); "
        "give REPO@TAG to follow the line of one of them",
    )
    assert [point.label for point in track.points] == ["v1.0", "v1.1"]
    stable = made.track(revision="v1.0.1")
    assert [(event.cap, event.release) for event in stable.events] == [("KVM_CAP_A", "v1.0"), ("KVM_CAP_S", "v1.0.1")]


def test_tags_with_dashes_and_of_any_name(made: Made) -> None:
    made.state("first", A=0)
    made.tag("kernel-5.14.0-1.el9")
    made.state("second", A=0, B=1)
    oid = git(made.root, "rev-parse", "HEAD")
    (made.root / ".git/refs/tags/--upload-pack=touch x").write_text(f"{oid}\n")
    (made.root / ".git/refs/tags/-v9").write_text(f"{oid}\n")
    track = made.track()
    assert [point.label for point in track.points] == ["kernel-5.14.0-1.el9", "-v9"]
    assert track.events[1].release == "-v9"


def test_without_tags_events_have_commits_alone(made: Made) -> None:
    made.state("first", A=0)
    track = made.track()
    assert track.remarks == ("no tag names a release: events have commits alone",)
    assert track.events[0].release is None


def test_commits_that_copy_headers_stand_for_releases(made: Made) -> None:
    made.state("Sync-up headers with Linux-6.9", A=0)
    made.state("something else", A=0, B=1)
    made.state("linux-headers: Update to Linux v6.10-rc5", A=0, B=1, C=2)
    track = made.track()
    assert [(event.cap[-1], event.release, event.sync) for event in track.events] == [
        ("A", "Linux 6.9", "6.9"), ("B", None, None), ("C", "Linux 6.10-rc5", "6.10-rc5"),
    ]  # fmt: skip
    assert [point.label for point in track.points] == ["Linux 6.9", "Linux 6.10-rc5"]


def test_a_tag_that_nothing_matches(made: Made) -> None:
    made.state("first", A=0)
    made.tag("v1")
    with pytest.raises(CaplintError, match=r"no tag that matches w\* is on the line"):
        made.track(tags=("w*",))


def test_a_repository_in_a_directory_of_another(tmp_path: Path) -> None:
    made = Made(tmp_path / "k")
    lay(made.root / "sub", {"virt/kvm/kvm_main.c": ""})
    first = made.files("first", {f"sub/{UAPI}": header(A=0)})
    made.root /= "sub"
    assert commits(made.track(), "A") == [first]
