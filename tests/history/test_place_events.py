"""Changes of places between two states, and the commits that are named for them, from logs made by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.history import place_events
from caplint.history.model import BROUGHT, CHANGED, PRESENT, REMOVED, RENAMED
from caplint.history.place_events import Causes, PlaceChange, Window, changes, event
from caplint.history.places import CapabilityPlace, Places, PlaceState
from caplint.trees.git_log import LoggedCommit, PathChange
from caplint.trees.repository import Repository

CHECK, DOC = CapabilityPlace("check", "x86"), CapabilityPlace("documentation", None)
A, B = "KVM_CAP_A", "KVM_CAP_B"
HERE, THERE = ("x86.c", "check"), ("vmx.c", "")


def _places(*entries: tuple[str, CapabilityPlace, str, tuple[tuple[str, str], ...]]) -> Places:
    found: Places = {}
    for cap, place, text, sites in entries:
        found.setdefault(cap, {})[place] = PlaceState(text, sites)
    return found


def _one(cap: str, text: str = "always", site: tuple[str, str] = HERE, place: CapabilityPlace = CHECK) -> Places:
    return _places((cap, place, text, (site,)))


def _brief(found: Iterator[PlaceChange]) -> list[tuple[str, str, str | None, str | None]]:
    return [(change.cap, change.kind, change.before, change.after) for change in found]


@pytest.mark.parametrize(
    ("old", "new", "renamed", "expected"),
    [
        (None, {}, {}, []),
        (None, _one(A), {}, [(A, PRESENT, None, "always")]),
        (None, _one(A), {B: A}, [(A, PRESENT, None, "always")]),
        ({}, _one(A), {}, [(A, BROUGHT, None, "always")]),
        (_one(A), {}, {}, [(A, REMOVED, "always", None)]),
        (_one(A), _one(A), {}, []),
        (_one(A), _one(A, site=THERE), {}, []),
        (_one(A), _one(A, "by VM"), {}, [(A, CHANGED, "always", "by VM")]),
        (_one(A), _one(A, place=DOC), {}, [(A, REMOVED, "always", None), (A, BROUGHT, None, "always")]),
        (_one(A), _one(B), {A: B}, [(A, RENAMED, A, B), (B, RENAMED, A, B)]),
        (_one(A), _one(B), {}, [(A, REMOVED, "always", None), (B, BROUGHT, None, "always")]),
        (_one(A), _one(B, "by VM"), {A: B}, [(A, REMOVED, "always", None), (B, BROUGHT, None, "by VM")]),
        (_one(A), _one(B, place=DOC), {A: B}, [(A, REMOVED, "always", None), (B, BROUGHT, None, "always")]),
        (_one(A), {**_one(A), **_one(B)}, {A: B}, [(B, RENAMED, A, B)]),
        (_one(A), {**_one(A, "by VM"), **_one(B)}, {A: B}, [(A, CHANGED, "always", "by VM"), (B, RENAMED, A, B)]),
        ({**_one(A), **_one(B)}, _one(B), {A: B}, [(A, RENAMED, A, B)]),
    ],
)
def test_changes(
    old: Places | None, new: Places, renamed: dict[str, str], expected: list[tuple[str, str, str | None, str | None]]
) -> None:
    assert _brief(changes(old, new, renamed, {A, B})) == expected


def test_only_wanted_capabilities_in_the_order_of_their_names() -> None:
    new = {**_one(B), **_one("KVM_CAP_C"), **_one(A)}
    assert [change.cap for change in changes({}, new, {}, {B, A, "KVM_CAP_Z"})] == [A, B]


def test_the_sites_are_those_of_both_states() -> None:
    (change,) = changes(_one(A), _one(A, "by VM", THERE), {}, {A})
    assert change.sites == {HERE, THERE}
    renames = list(changes(_one(A), _one(B, site=THERE), {A: B}, {A, B}))
    assert [change.sites for change in renames] == [{HERE, THERE}, {HERE, THERE}]
    (present,) = changes(None, _one(A), {}, {A})
    assert present.sites == frozenset()


def test_an_event_is_the_change_with_its_release() -> None:
    (change,) = changes({}, _one(A), {}, {A})
    found = event(change, "v6.1")
    assert (found.cap, found.place, found.arch, found.kind, found.release) == (A, "check", "x86", BROUGHT, "v6.1")
    assert (found.before, found.after, found.causes) == (None, "always", ())


class _Log:
    """A repository whose commits are texts of x86.c, one after the other."""

    def __init__(self, *texts: str | bytes) -> None:
        self.blobs = {f"blob{n}": text.encode() if isinstance(text, str) else text for n, text in enumerate(texts)}
        self.asked: list[tuple[str, str | None, list[str], str]] = []
        self._count = len(texts)

    def origins(self, last: str, first: str | None, paths: list[str], pattern: str = "") -> list[LoggedCommit]:
        self.asked.append((last, first, paths, pattern))
        return [self._commit(number) for number in range(1, self._count)]

    @staticmethod
    def _commit(number: int) -> LoggedCommit:
        change = PathChange("x86.c", (f"blob{number - 1}",), f"blob{number}")
        return LoggedCommit(f"c{number}", ("p",), "2020-01-01", f"step {number}", (change,))

    def read_all(self, oids: list[str]) -> Iterator[bytes]:
        return iter([self.blobs[oid] for oid in oids])


def _causes(log: _Log, *found: PlaceChange, ends: tuple[str, str] | None = ("old", "new")) -> list[list[str]]:
    causes = Causes(cast("Repository", log), Config(cache="none"))
    (events,) = causes.events([Window(list(found), "v1", ends)])
    return [[cause.oid for cause in entry.causes] for entry in events]


def _change(
    kind: str = BROUGHT, cap: str = A, site: tuple[str, str] = HERE, before: str | None = None, after: str | None = None
) -> PlaceChange:
    return PlaceChange(cap, CHECK, kind, before, after, frozenset({site}))


def _function(*lines: str, name: str = "check") -> str:
    return f"static int {name}(int x)\n{{\n" + "".join(f"\t{line}\n" for line in lines) + "}\n"


CASE = "case KVM_CAP_A:"


@pytest.mark.parametrize(
    ("texts", "kind", "expected"),
    [
        (["", _function(CASE)], BROUGHT, ["c1"]),
        ([_function(CASE), _function()], REMOVED, ["c1"]),
        # Brought, removed, and brought again: the last one counts.
        (["", _function(CASE), _function(), _function(CASE)], BROUGHT, ["c3"]),
        # What is changed after it has come brings nothing.
        (["", _function(CASE), _function(CASE + " /* more */")], BROUGHT, ["c1"]),
        (["", _function(CASE), _function(CASE + " /* more */")], CHANGED, ["c1", "c2"]),
        # White space is no change; nor is a line of another function, where one of this function changes.
        (["", _function(CASE), _function("   case  KVM_CAP_A:")], CHANGED, ["c1"]),
        (["", _function(CASE, name="other"), _function(CASE)], BROUGHT, ["c2"]),
        (["", _function() + "#define ALL \\\n\tKVM_CAP_A\n", _function(CASE)], BROUGHT, ["c2"]),
        # Where none changes in the function, those of the file count.
        (["", _function(CASE, name="other")], BROUGHT, ["c1"]),
        (["", "KVMCapabilityInfo all[] = {\n\tKVM_CAP_INFO(A),\n};\n"], BROUGHT, ["c1"]),
        ([_function("x"), _function("y")], BROUGHT, []),
        (["", "\tKVM_CAP_INFO(A_MORE),\n"], BROUGHT, []),
        (["", _function("case KVM_CAP_A_MORE:")], BROUGHT, []),
    ],
)
def test_the_commits_of_a_change(texts: list[str], kind: str, expected: list[str]) -> None:
    assert _causes(_Log(*texts), _change(kind)) == [expected]


def test_a_rename_has_the_commit_of_each_side() -> None:
    log = _Log(_function(CASE), _function(CASE, "case KVM_CAP_B:"), _function("case KVM_CAP_B:"))
    goes = _change(RENAMED, A, before=A, after=B)
    comes = _change(RENAMED, B, before=A, after=B)
    assert _causes(log, goes, comes) == [["c2"], ["c1"]]


@pytest.mark.parametrize(
    "head",
    [
        "static int check(int x)\n{",
        "int check(int x) {",
        "int\ncheck(int x)\n{",
        "static inline\nint check(struct kvm *kvm,\n\t\tlong ext)\n{",
        "long check (int x)\n{",
        "__must_check int check(int x)\n{",
        "int check(int x)\r\n{\r",
        "int other(void);\r\nint\r\ncheck(int x)\r\n{\r",
        "int f(int x)\n{\n}\nint check(int x)\n{",
        "void other(int x);\nint check(int x)\n{\nout:",
    ],
)
def test_heads_of_functions(head: str) -> None:
    other = _function("case KVM_CAP_A: other", name="other")
    text = f"{head}\n\t{CASE}\n}}\n"
    log = _Log("", other, other + text, other.replace("other\n}", "else\n}") + text)
    assert _causes(log, _change()) == [["c2"]]


def test_a_site_outside_of_functions_is_the_whole_file() -> None:
    log = _Log("", _function(CASE, name="other"), "int table[] = { KVM_CAP_A };\n" + _function(CASE, name="other"))
    assert _causes(log, _change(CHANGED, site=("x86.c", ""))) == [["c1", "c2"]]
    assert _causes(log, _change(CHANGED, site=("svm.c", ""))) == [[]]


@pytest.mark.parametrize("ends", [None, ("old", "new")])
def test_nothing_is_searched_for_without_ends_or_sites(ends: tuple[str, str] | None) -> None:
    log = _Log("", _function(CASE))
    change = _change()._replace(sites=frozenset()) if ends else _change()
    assert _causes(log, change, ends=ends) == [[]]
    assert log.asked == []


@pytest.mark.parametrize(("count", "begin"), [(1, "(KVM_CAP_000)"), (40, "(KVM_CAP_000|"), (41, "KVM_CAP_")])
def test_few_names_are_searched_for_by_themselves(count: int, begin: str) -> None:
    log = _Log("", "")
    _causes(log, *(_change(cap=f"KVM_CAP_{n:03}") for n in range(count)))
    ((last, first, files, pattern),) = log.asked
    assert (last, first, files) == ("new", "old", ["x86.c"])
    assert pattern.startswith(begin)
    assert ("([^A-Za-z0-9_]|$)" in pattern) == (count <= 40)


@pytest.mark.parametrize(
    "text",
    [b"\xff\xfe KVM_CAP_A \0\n", b"KVM_CAP_A" * 100_000, b"a" * 1_000_000 + b"(", b"a(" * 200_000, b"a (;" * 200_000],
)
def test_contents_that_are_no_code(text: bytes) -> None:
    begin = time.process_time()
    assert len(_causes(_Log("", text), _change())[0]) <= 1
    assert time.process_time() - begin < 2


def test_commits_are_kept_and_a_damaged_entry_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_events, "code_identity", lambda _: "this program")
    config = Config(cache=str(tmp_path))
    log = _Log("", _function(CASE))
    causes = Causes(cast("Repository", log), config)
    window = Window([_change()], "v1", ("old", "new"))
    for label in ("v1", "v2"):
        (events,) = causes.events([window._replace(label=label)])
        assert [(entry.release, entry.causes[0].oid) for entry in events] == [(label, "c1")]
    assert len(log.asked) == 1
    (key,) = filter(None, [place_events._cache_key(*window)])
    for damaged in ("", "{", "null", "[]", "[[1]]", "[[[1, 2]]]", "[[], []]"):
        store = FactStore(config.store_path)
        store.retain(key, damaged)
        store.close()
        asked = len(log.asked)
        (events,) = causes.events([window])
        assert events[0].causes[0].oid == "c1"
        assert len(log.asked) == asked + 1
    for other in ([_change(REMOVED)], "v1", ("old", "new")), ([_change()], "v1", ("old", "newer")):
        assert place_events._cache_key(*other) != key
