"""Changes by single commits between two states, where one takes another back, from repositories of a few commits."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import CHECK, HEADER, KERNEL_FILES, UAPI, X86, git
from histories import Made

from caplint.config.settings import Config
from caplint.history import commit_steps
from caplint.history.commit_steps import CommitStep, CommitSteps, remaining
from caplint.history.detours import DetourSearch, StatePair
from caplint.history.model import BROUGHT, CHANGED, REMOVED, RENAMED
from caplint.history.place_events import PlaceChange
from caplint.history.places import CapabilityPlace, Places, PlaceState
from caplint.trees.detect import directory_tree
from caplint.trees.git_log import LoggedCommit
from caplint.trees.repository import Repository

HLT = "KVM_CAP_HLT"
PLACE = CapabilityPlace("check", "x86")
GONE = CHECK.replace("\tcase KVM_CAP_HLT:\n", "")
BY_VM = CHECK.replace("r = 1;", "r = kvm->arch.foo;")
TEXTS = {CHECK: "always", BY_VM: "by VM", GONE: None}


def _state(text: str | None, cap: str = HLT) -> Places:
    return {cap: {PLACE: PlaceState(text, ((X86, "f"),))}} if text else {}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path / "k")
    made.files("first", {path: str(text) for path, text in KERNEL_FILES.items()})
    made.tag("v1.0")
    return made


class _Asked:
    """The steps of a repository between v1.0 and HEAD, and the commits whose trees were read for them."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self.read: list[str] = []
        repository = Repository(made.root)
        search = DetourSearch(repository, Config(cache="none"), directory_tree(str(made.root)).project)
        self.steps = CommitSteps(repository, search, [UAPI], self._read)

    def _at(self, commit: str) -> Places:
        return _state(TEXTS[git(self.made.root, "show", f"{commit}:{X86}") + "\n"])

    def _read(self, commits: list[str]) -> dict[str, Places]:
        self.read += commits
        return {commit: self._at(commit) for commit in commits}

    def __call__(self, *, wanted: bool = True) -> list[tuple[str, str | None, str | None, str]]:
        ids = [git(self.made.root, "rev-parse", name) for name in ("v1.0", "HEAD")]
        pair = StatePair(self._at(ids[0]), self._at(ids[1]), ids[0], ids[1])
        (found,) = self.steps.of([pair], lambda _cap: wanted)
        return [(step.change.kind, step.change.before, step.change.after, step.commit.oid) for step in found]


def test_a_change_and_the_one_that_takes_it_back(made: Made) -> None:
    one = made.files("remove", {X86: GONE})
    two = made.files("put back", {X86: CHECK})
    asked = _Asked(made)
    assert asked() == [(REMOVED, "always", None, one), (BROUGHT, None, "always", two)]
    assert set(asked.read) == {one, two, git(made.root, "rev-parse", "v1.0")}


def test_a_change_that_stays_is_no_detour(made: Made) -> None:
    made.files("change", {X86: BY_VM})
    made.files("remove", {X86: GONE})
    assert _Asked(made)() == []


def test_what_is_not_wanted_is_not_read(made: Made) -> None:
    made.files("remove", {X86: GONE})
    made.files("put back", {X86: CHECK})
    asked = _Asked(made)
    assert (asked(wanted=False), asked.read) == ([], [])


def test_too_many_commits_are_said(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        made.files(f"remove {number}", {X86: GONE})
        made.files(f"put back {number}", {X86: CHECK})
    monkeypatch.setattr(commit_steps, "_MOST_COMMITS", 4)
    asked = _Asked(made)
    assert len(asked()) == 4
    assert asked.steps.remarks == ["2 commits that may take changes back are not read; name fewer capabilities"]


def test_an_event_names_its_commit(made: Made) -> None:
    commit = LoggedCommit("1" * 40, ("2" * 40,), "2024-01-02", "KVM: do", ())
    event = CommitStep(_change("always", None), commit).event("v1.1")
    assert (event.cap, event.place, event.arch, event.kind, event.release) == (HLT, "check", "x86", REMOVED, "v1.1")
    assert [(cause.oid, cause.date, cause.subject, cause.is_merge) for cause in event.causes] == [
        ("1" * 40, "2024-01-02", "KVM: do", False)
    ]


def _change(before: str | None, after: str | None, kind: str = "") -> PlaceChange:
    return PlaceChange(
        HLT, PLACE, kind or (CHANGED if before and after else BROUGHT if after else REMOVED), before, after, frozenset()
    )


def _step(before: str | None, after: str | None) -> CommitStep:
    return CommitStep(_change(before, after), LoggedCommit("1" * 40, (), "2024-01-02", "s", ()))


@pytest.mark.parametrize(
    ("steps", "changes", "new", "left"),
    [
        ([], [_change(None, "always")], "always", []),
        ([_step("always", None), _step(None, "always")], [], "always", []),
        ([_step("always", None), _step(None, "always")], [_change("always", "by VM")], "by VM",
         [(CHANGED, "always", "by VM")]),
        ([_step("always", None)], [], "always", [(BROUGHT, None, "always")]),
        ([_step(None, "always")], [], None, [(REMOVED, "always", None)]),
        ([_step("always", None), _step(None, "by VM")], [_change("always", "by VM")], "by VM", []),
        ([_step("always", None)], [_change("KVM_CAP_OLD", HLT, RENAMED)], "always", []),
    ],
)  # fmt: skip
def test_what_the_steps_leave_to_the_later_state(
    steps: list[CommitStep], changes: list[PlaceChange], new: str | None, left: list[tuple[str, str | None, str | None]]
) -> None:
    found = remaining(changes, steps, _state(new))
    assert [(change.kind, change.before, change.after) for change in found] == left


def test_headers_are_those_of_the_commit(made: Made) -> None:
    """A capability that is renamed and renamed back is in neither step gone."""
    names = {path: str(text).replace("KVM_CAP_HLT", "KVM_CAP_HALT") for path, text in KERNEL_FILES.items()}
    one = made.files("rename", {X86: names[X86], UAPI: HEADER.replace("KVM_CAP_HLT", "KVM_CAP_HALT")})
    two = made.files("back", {X86: CHECK, UAPI: HEADER})
    asked = _Asked(made)
    old, new = _state("always"), _state("always", "KVM_CAP_HALT")
    states = {git(made.root, "rev-parse", name): old for name in ("v1.0", "HEAD")} | {one: new}
    steps = CommitSteps(
        Repository(made.root), asked.steps._search, [UAPI], lambda ids: {oid: states[oid] for oid in ids}
    )
    first, last = git(made.root, "rev-parse", "v1.0"), two
    (found,) = steps.of([StatePair(old, old, first, last)], lambda _cap: True)
    assert found
    assert {step.change.kind for step in found} == {RENAMED}
