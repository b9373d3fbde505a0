"""Events of code, documentation and tests, with the commits that changed the lines; states without a repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import API, CHECK, HEADER, KERNEL_FILES, UAPI, X86, commit, git, kernel, lay, qemu
from histories import Made

from caplint.config.settings import Config
from caplint.history.build import HistoryRun, of_directories, of_repository
from caplint.history.code_events import CodeEvents, StateOfHistory
from caplint.history.model import Event, Point, Track
from caplint.history.places import CapabilityPlace, PlaceState
from caplint.history.wanted import Wanted

FOO = "#define KVM_CAP_FROB 2\n"
CASE = "\tcase KVM_CAP_HLT:\n"
WITH_FOO = CHECK.replace(CASE, f"{CASE}\tcase KVM_CAP_FROB:\n")
ENABLE = """\
static int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_FROB:
		kvm->foo = cap->args[0];
		return 0;
	default:
		return -EINVAL;
	}
}
"""


def _of(track: Track, cap: str) -> list[tuple[str, str | None, str, str | None, str | None, str | None]]:
    return [
        (event.place, event.arch, event.kind, event.before, event.after, event.release)
        for event in track.events
        if event.cap == f"KVM_CAP_{cap}"
    ]


def _causes(track: Track, cap: str, place: str) -> list[list[str]]:
    return [
        [cause.oid for cause in event.causes]
        for event in track.events
        if (event.cap, event.place) == (f"KVM_CAP_{cap}", place)
    ]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path / "k")
    made.files("first", {path: str(text) for path, text in KERNEL_FILES.items()})
    made.tag("v1.0")
    return made


def test_every_place_has_the_commit_that_brought_it(made: Made) -> None:
    defined = made.files("define", {UAPI: HEADER + FOO})
    checked = made.files("check", {X86: WITH_FOO})
    enabled = made.files("enable", {X86: WITH_FOO + ENABLE})
    documented = made.files("document", {"Documentation/virt/kvm/api.rst": API + "\nKVM_CAP_FROB too.\n"})
    test = made.files("test", {
        "tools/testing/selftests/kvm/foo.c": "int main(void) { return KVM_CAP_FROB; }\n",
        "tools/testing/selftests/kvm/Makefile": "TEST_GEN_PROGS_x86_64 += foo\n",
    })  # fmt: skip
    made.files("else", {"virt/kvm/new.c": ""})
    made.tag("v1.1")
    gone = made.files("no more", {X86: WITH_FOO})
    made.tag("v1.2")
    track = made.track("FROB", code=True)
    assert _of(track, "FROB") == [
        ("header", None, "brought", None, "2", "v1.1"),
        ("check", "x86", "brought", None, "always", "v1.1"),
        ("enable", "x86", "brought", None, "vm args[0]", "v1.1"),
        ("documentation", None, "brought", None, "mentioned", "v1.1"),
        ("self-test", None, "brought", None, "named", "v1.1"),
        ("enable", "x86", "removed", "vm args[0]", None, "v1.2"),
    ]
    causes = {place: _causes(track, "FROB", place) for place in ("header", "check", "enable", "documentation")}
    assert causes == {"header": [[defined]], "check": [[checked]], "enable": [[enabled], [gone]],
                      "documentation": [[documented]]}  # fmt: skip
    assert _causes(track, "FROB", "self-test") == [[test]]
    assert {commit for found in causes["check"] + causes["enable"] for commit in found} == {*made.lines_of("FROB", X86)}


def test_the_first_state_says_nothing_of_its_beginning(made: Made) -> None:
    track = made.track("HLT", code=True)
    assert _of(track, "HLT") == [
        ("header", None, "brought", None, "1", "v1.0"),
        ("check", "x86", "present", None, "always", "v1.0"),
        ("documentation", None, "present", None, "mentioned", "v1.0"),
    ]


def test_a_revert_of_a_revert_is_three_events(made: Made) -> None:
    made.files("define", {UAPI: HEADER + FOO})
    first = made.files("check", {X86: WITH_FOO})
    reverted = made.files("revert", {X86: CHECK})
    last = made.files("again", {X86: WITH_FOO})
    made.tag("v1.1")
    assert _causes(made.track("FROB", code=True), "FROB", "check") == [[first], [reverted], [last]]


def test_a_merged_branch_is_looked_into(made: Made) -> None:
    made.branch("side")
    made.files("define", {UAPI: HEADER + FOO})
    checked = made.files("check", {X86: WITH_FOO})
    made.back()
    made.files("else", {"virt/kvm/new.c": ""})
    git(made.root, "merge", "-q", "--no-ff", "-m", "merge", "side")
    made.tag("v1.1")
    assert _causes(made.track("FROB", code=True), "FROB", "check") == [[checked]]


def test_a_change_that_no_line_shows_has_no_commit(made: Made) -> None:
    made.files("helper", {X86: CHECK.replace("r = 1;", "r = kvm->arch.foo;")})
    made.tag("v1.1")
    track = made.track("HLT", code=True)
    assert _of(track, "HLT")[-1] == ("check", "x86", "changed", "always", "by VM", "v1.1")
    assert _causes(track, "HLT", "check")[-1] == []


def test_a_change_of_several_commits_names_all(made: Made) -> None:
    one = made.files("one", {X86: CHECK.replace(CASE, "\tcase KVM_CAP_HLT: /* one */\n")})
    text = CHECK.replace(CASE, "").replace("r = kvm &&", "r = kvm &&")
    two = made.files(
        "two", {X86: text.replace("\tdefault:", "\tcase KVM_CAP_HLT:\n\t\tr = kvm->foo;\n\t\tbreak;\n\tdefault:")}
    )
    made.tag("v1.1")
    assert _causes(made.track("HLT", code=True), "HLT", "check")[-1] == [one, two]


def test_a_renamed_capability_is_renamed_everywhere(made: Made) -> None:
    new = {path: str(text).replace("KVM_CAP_HLT", "KVM_CAP_HALT") for path, text in KERNEL_FILES.items()}
    renamed = made.files("rename", new)
    made.tag("v1.1")
    track = made.track("HLT", "HALT", code=True)
    ends = [event for event in track.events if event.release == "v1.1"]
    assert {(event.cap, event.place, event.kind) for event in ends} == {
        (cap, place, "renamed")
        for cap in ("KVM_CAP_HLT", "KVM_CAP_HALT")
        for place in ("header", "check", "documentation")
    }
    assert {cause.oid for event in ends for cause in event.causes} == {renamed}
    assert all((event.before, event.after) == ("KVM_CAP_HLT", "KVM_CAP_HALT") for event in ends)


def test_states_older_than_the_layout_are_named(tmp_path: Path) -> None:
    made = Made(tmp_path / "k")
    made.files("old", {"include/linux/kvm.h": HEADER})
    made.tag("v0.9")
    made.files("new", {path: str(text) for path, text in KERNEL_FILES.items()})
    made.tag("v1.0")
    track = made.track("HLT", code=True)
    assert track.remarks == ("1 states are older than the layout that caplint reads: v0.9",)
    assert [event.kind for event in track.events] == ["brought", "present", "present"]


def _run(*caps: str) -> HistoryRun:
    return HistoryRun(Wanted(caps), Config(cache="none", jobs=1), lambda _done, _total: None)


def _directories(tmp_path: Path, role: str = "kernel") -> Track:
    words = [(str(tmp_path / name), name) for name in ("one", "two")]
    return of_directories(words, (role, None), _run("FROB", "HLT"))


def test_directories_stand_for_releases(tmp_path: Path) -> None:
    kernel(tmp_path / "one")
    kernel(tmp_path / "two", {UAPI: HEADER + FOO, X86: WITH_FOO})
    track = _directories(tmp_path)
    assert _of(track, "HLT") == [
        ("header", None, "present", None, "1", "one"),
        ("check", "x86", "present", None, "always", "one"),
        ("documentation", None, "present", None, "mentioned", "one"),
    ]
    assert _of(track, "FROB") == [
        ("header", None, "brought", None, "2", "two"),
        ("check", "x86", "brought", None, "always", "two"),
    ]
    assert all(event.causes == () for event in track.events)


def test_a_vmms_uses(tmp_path: Path) -> None:
    root = commit_of_qemu(tmp_path / "q", {})
    git(root, "tag", "v8.0.0")
    use = "int f(KVMState *s) { return kvm_check_extension(s, KVM_CAP_HLT); }\n"
    made = commit(lay(root, {"target/i386/kvm/kvm.c": use}), "use")
    git(root, "tag", "v8.1.0")
    track = of_repository(str(root), "HEAD", ("vmm", None), _run("HLT"))
    assert _of(track, "HLT")[-1] == ("VMM check", "x86", "brought", None, "checked on system", "v8.1.0")
    assert _causes(track, "HLT", "VMM check") == [[made]]


def test_a_vmm_before_it_used_kvm(tmp_path: Path) -> None:
    """A release of an unknown program without anything of KVM does not end the history."""
    root = lay(tmp_path / "q", {"vl.c": "int main(void) { return 0; }\n"})
    commit(root, "first")
    git(root, "tag", "v0.1.0")
    commit_of_qemu(root, {})
    git(root, "tag", "v8.0.0")
    track = of_repository(str(root), "HEAD", ("vmm", None), _run("HLT"))
    assert [point.label for point in track.points] == ["v8.0.0"]
    assert track.remarks == ("1 states are older than the layout that caplint reads: v0.1.0",)


def commit_of_qemu(root: Path, files: dict[str, str]) -> Path:
    commit(qemu(root, files), "linux-headers: update to Linux v6.1")
    return root


def test_events_are_in_the_order_of_numbers(made: Made) -> None:
    caps = list(dict.fromkeys(event.cap for event in made.track(code=True).events))
    assert caps == ["KVM_CAP_IRQCHIP", "KVM_CAP_HLT", "KVM_CAP_NR_VCPUS"]


def test_a_cache_changes_nothing(made: Made, tmp_path: Path) -> None:
    made.files("define", {UAPI: HEADER + FOO})
    made.files("check", {X86: WITH_FOO})
    made.tag("v1.1")
    found: list[list[Event]] = []
    for cache in ("none", str(tmp_path / "c"), str(tmp_path / "c")):
        run = HistoryRun(Wanted(), Config(cache=cache, jobs=1), lambda _done, _total: None)
        found.append([*of_repository(str(made.root), "HEAD", ("kernel", None), run).events])
    assert found[0] == found[1] == found[2]


def _state(label: str, renamed: dict[str, str] | None = None, **texts: str) -> StateOfHistory:
    """A state without a commit, in which capabilities are answered on x86."""
    place = CapabilityPlace("check", "x86")
    return Point(label, None, ""), {cap: {place: PlaceState(text, ())} for cap, text in texts.items()}, renamed or {}


def _events(*states: StateOfHistory, labels: tuple[str, ...] = ("one", "two", "three")) -> list[list[tuple[str, ...]]]:
    found = CodeEvents(lambda cap: cap != "KVM_CAP_HIDDEN", set(labels)).of(list(states))
    return [
        [(event.cap, event.kind, str(event.before), str(event.after), str(event.release)) for event in events]
        for events in found
    ]


def test_states_made_by_hand_give_the_events_before_each() -> None:
    found = _events(
        _state("one", KVM_CAP_A="always", KVM_CAP_HIDDEN="always"),
        _state("two", KVM_CAP_A="by VM", KVM_CAP_B="always"),
        _state("three", KVM_CAP_A="by VM", KVM_CAP_HIDDEN="by VM"),
    )
    assert found == [
        [("KVM_CAP_A", "present", "None", "always", "one")],
        [("KVM_CAP_A", "changed", "always", "by VM", "two"), ("KVM_CAP_B", "brought", "None", "always", "two")],
        [("KVM_CAP_B", "removed", "always", "None", "three")],
    ]


def test_a_state_that_is_no_release_gives_none_its_name() -> None:
    states = (_state("one", KVM_CAP_A="always"), _state("HEAD", KVM_CAP_A="by VM"))
    assert [event[-1] for events in _events(*states, labels=("one",)) for event in events] == ["one", "None"]


def test_only_a_rename_since_the_state_before_counts() -> None:
    renamed = {"KVM_CAP_A": "KVM_CAP_B"}
    found = _events(
        _state("one", KVM_CAP_A="always"), _state("two", renamed, KVM_CAP_B="always"),
        _state("three", renamed, KVM_CAP_A="always"), _state("four", renamed, KVM_CAP_B="always"),
    )  # fmt: skip
    assert [sorted(event[1] for event in events) for events in found] == [
        ["present"], ["renamed", "renamed"], ["brought", "removed"], ["brought", "removed"],
    ]  # fmt: skip


def test_no_state_has_no_event() -> None:
    assert _events() == []
