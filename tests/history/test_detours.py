"""Changes of code that are taken back between two releases, held against git's own search for their lines."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest
from conftest import API, CHECK, HEADER, KERNEL_FILES, UAPI, X86, Caplint, commit, git, lay, qemu
from histories import Made

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.history import commit_steps, detours
from caplint.history.build import HistoryRun, of_repository
from caplint.history.detours import _lines_of, _returns
from caplint.history.model import Event, Track
from caplint.history.wanted import Wanted

HLT = "\tcase KVM_CAP_HLT:\n"
WITHOUT = CHECK.replace(HLT, "")
VCPUS = "\tcase KVM_CAP_NR_VCPUS:\n\t\tr = kvm && kvm->max;\n"
FOO = "#define KVM_CAP_FROB 2\n"
WITH_FOO = CHECK.replace(HLT, f"{HLT}\tcase KVM_CAP_FROB:\n")
TEXT = "Documentation/virt/kvm/api.rst"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return _made(tmp_path / "k")


def _made(root: Path, **files: str) -> Made:
    made = Made(root)
    made.files("first", {path: str(text) for path, text in KERNEL_FILES.items()} | files)
    made.tag("v1.0")
    return made


Told = tuple[str, str, "str | None", "str | None", "str | None", list[str]]


def _of(track: Track, cap: str, release: str | None = "v1.1") -> list[Told]:
    """Place, kind, before, after, release and commits of the events of code from a release on."""
    return [
        (event.place, event.kind, event.before, event.after, event.release, [cause.oid for cause in event.causes])
        for event in track.events
        if event.cap == f"KVM_CAP_{cap}" and event.place != "header" and event.release == release
    ]


def _changing(made: Made, text: str, path: str = X86) -> list[str]:
    """The commits after which the number of a text in a file differs, as `git log -S` says, oldest first."""
    words = ["log", "--full-history", "--topo-order", "--reverse", "--format=%H", f"-S{text}", "v1.0..HEAD"]
    commits: list[str] = git(made.root, *words, "--", path).split()
    return commits


def test_a_check_that_is_removed_and_put_back(made: Made) -> None:
    removed = made.files("remove", {X86: WITHOUT})
    made.files("else", {"virt/kvm/new.c": ""})
    back = made.files("put back", {X86: CHECK})
    made.tag("v1.1")
    assert _of(made.track("HLT", code=True), "HLT") == [
        ("check", "removed", "always", None, "v1.1", [removed]),
        ("check", "brought", None, "always", "v1.1", [back]),
    ]
    assert [removed, back] == _changing(made, "case KVM_CAP_HLT:")


def test_an_answer_that_is_changed_and_changed_back(made: Made) -> None:
    """No line that names the capability changes."""
    changed = made.files("change", {X86: CHECK.replace("r = 1;", "r = kvm->arch.foo;")})
    back = made.files("change back", {X86: CHECK})
    made.tag("v1.1")
    assert _of(made.track("HLT", code=True), "HLT") == [
        ("check", "changed", "always", "by VM", "v1.1", [changed]),
        ("check", "changed", "by VM", "always", "v1.1", [back]),
    ]
    assert [changed, back] == _changing(made, "r = 1;")


def test_what_neither_release_has(made: Made) -> None:
    made.files("define", {UAPI: HEADER + FOO})
    made.tag("v1.0.1")
    added = made.files("add", {X86: WITH_FOO})
    documented = made.files("document", {TEXT: API + "\nKVM_CAP_FROB too.\n"})
    dropped = made.files("drop", {X86: CHECK})
    silent = made.files("no more", {TEXT: API})
    made.tag("v1.1")
    assert _of(made.track("FROB", code=True), "FROB") == [
        ("check", "brought", None, "always", "v1.1", [added]),
        ("documentation", "brought", None, "mentioned", "v1.1", [documented]),
        ("check", "removed", "always", None, "v1.1", [dropped]),
        ("documentation", "removed", "mentioned", None, "v1.1", [silent]),
    ]
    assert [added, dropped] == _changing(made, "KVM_CAP_FROB")
    assert [documented, silent] == _changing(made, "KVM_CAP_FROB", TEXT)


def test_it_comes_goes_and_comes_again_otherwise(made: Made) -> None:
    """The last state is not one that was there before."""
    one = made.files("remove", {X86: WITHOUT})
    text = WITHOUT.replace(VCPUS, f"{HLT}\t\tr = kvm && kvm->foo;\n\t\tbreak;\n{VCPUS}")
    two = made.files("put back", {X86: text})
    made.tag("v1.1")
    assert _of(made.track("HLT", code=True), "HLT") == [
        ("check", "removed", "always", None, "v1.1", [one]),
        ("check", "brought", None, "by VM", "v1.1", [two]),
    ]


def test_within_a_branch_that_is_merged(made: Made) -> None:
    made.branch("side")
    removed = made.files("remove", {X86: WITHOUT})
    back = made.files("put back", {X86: CHECK})
    made.back()
    made.files("else", {"virt/kvm/new.c": ""})
    git(made.root, "merge", "-q", "--no-ff", "-m", "merge", "side")
    made.tag("v1.1")
    found = _of(made.track("HLT", code=True), "HLT")
    assert [(kind, causes) for _, kind, *_, causes in found] == [("removed", [removed]), ("brought", [back])]
    assert [removed, back] == _changing(made, "case KVM_CAP_HLT:")


def test_the_same_change_on_two_branches_is_no_detour(made: Made) -> None:
    """A stable branch that has picked the change, and is merged."""
    made.files("define", {UAPI: HEADER + FOO})
    made.branch("stable")
    made.back()
    first = made.files("add", {X86: WITH_FOO})
    text = WITH_FOO.replace("\tint r;\n", "\tint r; /* KVM_CAP_FROB */\n")
    made.files("comment", {X86: text})
    git(made.root, "checkout", "-q", "stable")
    picked = made.files("pick", {X86: WITH_FOO})
    made.back()
    git(made.root, "merge", "-q", "--no-ff", "-X", "ours", "-m", "merge stable", "stable")
    made.tag("v1.1")
    ((place, kind, before, after, release, causes),) = _of(made.track("FROB", code=True), "FROB")
    assert (place, kind, before, after, release) == ("check", "brought", None, "always", "v1.1")
    assert set(causes) <= {first, picked}
    assert causes


def test_merged_and_reverted_behind_the_merge(made: Made) -> None:
    made.files("define", {UAPI: HEADER + FOO})
    made.branch("side")
    added = made.files("add", {X86: WITH_FOO})
    made.back()
    made.files("else", {"virt/kvm/new.c": ""})
    git(made.root, "merge", "-q", "--no-ff", "-m", "merge", "side")
    reverted = made.files("revert", {X86: CHECK})
    made.tag("v1.1")
    found = _of(made.track("FROB", code=True), "FROB")
    assert [(kind, causes) for _, kind, *_, causes in found] == [("brought", [added]), ("removed", [reverted])]
    assert [added, reverted] == _changing(made, "KVM_CAP_FROB")


def test_a_conflict_that_takes_it_back(made: Made) -> None:
    """The merge has neither side's lines."""
    made.files("define", {UAPI: HEADER + FOO})
    made.branch("side")
    added = made.files("add", {X86: WITH_FOO})
    made.back()
    other = made.files(
        "add it elsewhere",
        {X86: CHECK.replace("\tdefault:", "\tcase KVM_CAP_FROB:\n\t\tr = kvm->foo;\n\t\tbreak;\n\tdefault:")},
    )
    words = ["-c", "merge.conflictStyle=merge", "merge", "-q", "--no-ff", "--no-commit", "-X", "ours", "side"]
    git(made.root, *words)
    lay(made.root, {X86: CHECK})
    merge = commit(made.root, "merge without either")
    made.tag("v1.1")
    found = _of(made.track("FROB", code=True), "FROB")
    told = {(kind, after, *causes) for _, kind, _, after, _, causes in found}
    assert told == {("brought", "always", added), ("brought", "by VM", other), ("removed", None, merge)}


def test_a_name_that_is_changed_and_changed_back(made: Made) -> None:
    halt = {path: str(text).replace("KVM_CAP_HLT", "KVM_CAP_HALT") for path, text in KERNEL_FILES.items()}
    renamed = made.files("rename", halt)
    back = made.files("rename back", {path: str(text) for path, text in KERNEL_FILES.items()})
    made.tag("v1.1")
    track = made.track("HLT", "HALT", code=True)
    for cap in ("HLT", "HALT"):
        assert [entry for entry in _of(track, cap) if entry[0] == "check"] == [
            ("check", "renamed", "KVM_CAP_HLT", "KVM_CAP_HALT", "v1.1", [renamed]),
            ("check", "renamed", "KVM_CAP_HALT", "KVM_CAP_HLT", "v1.1", [back]),
        ]


def test_what_changes_otherwise_afterwards(made: Made) -> None:
    """A line far behind the capability changes the answer behind the last step."""
    far = f"{HLT}" + "\t\t;\n" * 25
    text = CHECK.replace(HLT, far)
    made.files("far", {X86: text})
    made.tag("v1.0.1")
    removed = made.files("remove", {X86: text.replace(HLT, "")})
    back = made.files("put back", {X86: text})
    made.files("other answer", {X86: text.replace("r = 1;", "r = kvm->arch.foo;")})
    made.tag("v1.1")
    found = _of(made.track("HLT", code=True), "HLT")
    assert [entry[:5] for entry in found] == [
        ("check", "removed", "always", None, "v1.1"),
        ("check", "brought", None, "always", "v1.1"),
        ("check", "changed", "always", "by VM", "v1.1"),
    ]
    assert [entry[5] for entry in found[:2]] == [[removed], [back]]


@pytest.mark.parametrize(
    "texts",
    [
        [CHECK.replace(HLT, f"{HLT}\tcase KVM_CAP_FROB:\n"), CHECK],
        [CHECK.replace(HLT, "").replace("\tcase KVM_CAP_IRQCHIP:\n", f"{HLT}\tcase KVM_CAP_IRQCHIP:\n"), CHECK],
        [CHECK.replace("KVM_CAP_HLT:", "KVM_CAP_HLT: /* halts */"), CHECK],
        [CHECK.replace("long ext", "long extension").replace("(ext)", "(extension)"), CHECK],
        [CHECK.replace("\t", "        "), CHECK],
        [CHECK + "/* KVM_CAP_HLT */\n", CHECK],
    ],
)
def test_lines_that_come_back_without_an_event(made: Made, texts: list[str]) -> None:
    for number, text in enumerate(texts):
        made.files(f"step {number}", {X86: text})
    made.tag("v1.1")
    assert _of(made.track("HLT", code=True), "HLT") == []


def test_commits_behind_the_last_tag(made: Made) -> None:
    removed = made.files("remove", {X86: WITHOUT})
    back = made.files("put back", {X86: CHECK})
    found = _of(made.track("HLT", code=True), "HLT", None)
    assert [causes for *_, causes in found] == [[removed], [back]]


def test_a_file_that_only_its_content_makes_one_of_kvm(tmp_path: Path) -> None:
    files = {"hw/misc/foo.c": "int f(KVMState *s) { return kvm_check_extension(s, KVM_CAP_HLT); }\n"}
    root = qemu(tmp_path / "q", {**files})
    commit(root, "first")
    git(root, "tag", "v8.0.0")
    removed = commit(lay(root, {"hw/misc/foo.c": "int f(KVMState *s) { return 0; }\n"}), "remove")
    back = commit(lay(root, {**files}), "put back")
    git(root, "tag", "v8.1.0")
    run = HistoryRun(Wanted(("HLT",)), Config(cache="none", jobs=1), lambda *_: None)
    found = _of(of_repository(str(root), "HEAD", ("vmm", None), run), "HLT", "v8.1.0")
    assert [(place, kind, causes) for place, kind, *_, causes in found] == [
        ("VMM check", "removed", [removed]), ("VMM check", "brought", [back]),
    ]  # fmt: skip


def test_a_name_that_a_macro_makes(tmp_path: Path) -> None:
    head = '#define KVM_CAP_INFO(CAP) { "KVM_CAP_" stringify(CAP), KVM_CAP_##CAP }\n'
    text = "const KVMCapabilityInfo kvm_arch_required_capabilities[] = {\n%s\tKVM_CAP_LAST_INFO\n};\n"
    one, none = (head + text % line for line in ("\tKVM_CAP_INFO(HLT),\n", ""))
    file = "target/i386/kvm/kvm.c"
    root = qemu(tmp_path / "q", {file: one})
    commit(root, "first")
    git(root, "tag", "v8.0.0")
    removed = commit(lay(root, {file: none}), "remove")
    back = commit(lay(root, {file: one}), "put back")
    git(root, "tag", "v8.1.0")
    last = commit(lay(root, {file: none}), "remove again")
    git(root, "tag", "v8.2.0")
    run = HistoryRun(Wanted(("HLT",)), Config(cache="none", jobs=1), lambda *_: None)
    track = of_repository(str(root), "HEAD", ("vmm", None), run)
    found = _of(track, "HLT", "v8.1.0") + _of(track, "HLT", "v8.2.0")
    assert [(place, kind, causes) for place, kind, *_, causes in found] == [
        ("VMM check", "removed", [removed]), ("VMM check", "brought", [back]), ("VMM check", "removed", [last]),
    ]  # fmt: skip


def test_a_directory_below_the_top_of_its_repository(tmp_path: Path) -> None:
    made = _made(tmp_path / "top" / "k")
    top = tmp_path / "top"
    (made.root / ".git").rename(top / ".git")
    commit(top, "below")
    git(top, "tag", "v1.0.1")
    removed = commit(lay(top, {f"k/{X86}": WITHOUT}), "remove")
    back = commit(lay(top, {f"k/{X86}": CHECK}), "put back")
    git(top, "tag", "v1.1")
    found = _of(made.track("HLT", code=True), "HLT")
    assert [causes for *_, causes in found] == [[removed], [back]]


def test_a_parent_without_the_directory_is_left_out(tmp_path: Path) -> None:
    """A merge that has another project as its second parent, as of `git subtree`."""
    top = tmp_path / "top"
    lay(top, {f"k/{path}": text for path, text in KERNEL_FILES.items()})
    commit(top, "first")
    git(top, "tag", "v1.0")
    git(top, "checkout", "-q", "--orphan", "other")
    git(top, "rm", "-rfq", "--cached", ".")
    git(top, "clean", "-fdq")
    lay(top, {"else.c": ""})
    commit(top, "another project")
    git(top, "checkout", "-q", "master")
    git(top, "merge", "-q", "--no-ff", "--no-commit", "--allow-unrelated-histories", "other")
    lay(top, {f"k/{X86}": WITHOUT})
    merge = commit(top, "merge without the case")
    back = commit(lay(top, {f"k/{X86}": CHECK}), "put back")
    git(top, "tag", "v1.1")
    run = HistoryRun(Wanted(("HLT",)), Config(cache="none", jobs=1), lambda *_: None)
    track = of_repository(str(top / "k"), "HEAD", ("kernel", None), run)
    assert [causes for *_, causes in _of(track, "HLT")] == [[merge], [back]]
    assert track.remarks == ()


def test_every_format_has_both_events(made: Made, caplint: Caplint) -> None:
    removed, back = made.files("remove", {X86: WITHOUT}), made.files("put back", {X86: CHECK})
    made.tag("v1.1")
    words = ["history", "HLT", "--kernel", str(made.root)]
    text = caplint(*words).out.splitlines()
    at = text.index("  v1.1  check on x86: removed, always")
    assert text[at + 1].split()[0] == removed[:12]
    assert text[at + 2] == "  v1.1  check on x86: brought, always"
    assert text[at + 3].split()[0] == back[:12]
    (tree,) = json.loads(caplint(*words, "--output-format", "json").out)["trees"]
    assert [(entry["kind"], entry["commits"][0]["id"]) for entry in tree["events"] if entry["release"] == "v1.1"] == [
        ("removed", removed), ("brought", back),
    ]  # fmt: skip
    assert [state["label"] for state in tree["states"]] == ["v1.0", "v1.1"]
    rows = list(csv.DictReader(io.StringIO(caplint(*words, "--output-format", "csv").out)))
    assert [(row["event"], row["commits"]) for row in rows if row["release"] == "v1.1"] == [
        ("removed", removed), ("brought", back),
    ]  # fmt: skip


def _cached(made: Made, cache: Path) -> list[Event]:
    run = HistoryRun(Wanted(("HLT",)), Config(cache=str(cache), jobs=2), lambda *_: None)
    return [*of_repository(str(made.root), "HEAD", ("kernel", None), run).events]


def test_a_cache_and_a_damaged_one_change_nothing(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detours, "code_identity", lambda _: "this program")
    made.files("remove", {X86: WITHOUT})
    made.files("put back", {X86: CHECK})
    made.tag("v1.1")
    first = _cached(made, tmp_path / "c")
    assert [event.kind for event in first if event.release == "v1.1"] == ["removed", "brought"]
    assert _cached(made, tmp_path / "c") == first
    store = FactStore(Config(cache=str(tmp_path / "c")).store_path)
    keys = [name for (name,) in store.connection.execute("SELECT name FROM memo WHERE name GLOB 'history detours *'")]
    store.close()
    assert len(keys) == 1
    for damaged in ("", "{", "null", "[]", '{"KVM_CAP_HLT": [[1]]}', '{"KVM_CAP_HLT": 3}'):
        store = FactStore(Config(cache=str(tmp_path / "c")).store_path)
        store.retain(keys[0], damaged)
        store.close()
        assert _cached(made, tmp_path / "c") == first


def test_too_many_texts_and_commits_are_said(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        made.files(f"remove {number}", {X86: WITHOUT})
        made.files(f"put back {number}", {X86: CHECK})
    made.tag("v1.1")
    assert len(_of(made.track("HLT", code=True), "HLT")) == 6
    monkeypatch.setattr(commit_steps, "_MOST_COMMITS", 4)
    track = made.track("HLT", code=True)
    assert len(_of(track, "HLT")) == 4
    assert track.remarks == ("2 commits that may take changes back are not read; name fewer capabilities",)
    monkeypatch.setattr(detours, "_MOST_TEXTS", 1)
    track = made.track("HLT", code=True)
    assert _of(track, "HLT") == []
    ends = [git(made.root, "rev-parse", f"{tag}^{{commit}}")[:12] for tag in ("v1.0", "v1.1")]
    words = f"changes that are taken back between {ends[0]} and {ends[1]} are not looked for: too much lies there"
    assert track.remarks == (words,)


def test_a_return_is_to_what_was_before() -> None:
    assert _returns([(["a"], "b"), (["b"], "a")])
    assert _returns([([None], "b"), (["b"], "c"), (["c"], None)])
    assert _returns([(["a"], "b"), (["b", "c"], "a")])
    assert not _returns([(["a"], "b"), (["b"], "c")])
    assert not _returns([(["a"], "b"), (["a"], "b")])
    assert not _returns([(["a", "b"], "b"), (["b", "a"], "a")])


@pytest.mark.parametrize(
    "text",
    [
        "KVM_CAP_A " * 200_000,
        "case KVM_CAP_A:\n" * 100_000,
        "".join(f"case KVM_CAP_A{number}:\n" for number in range(50_000)),
        ("KVM_CAP_A" + "x" * 1_000 + "\n") * 2_000,
        "\n" * 1_000_000 + "KVM_CAP_A\n" + "\n" * 1_000_000,
        "KVM_CAP_A" + "\0" * 1_000_000,
    ],
    ids=["one line", "cases", "many", "long names", "blank", "zeros"],
)
def test_hostile_texts_are_read_in_time(text: str) -> None:
    begun = time.process_time()
    found = _lines_of(text.encode())
    assert time.process_time() - begun < 2
    assert found
