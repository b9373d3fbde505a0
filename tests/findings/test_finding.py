"""Findings: what they are known by, their order, and what makes one superfluous."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from caplint.findings.finding import Finding, Location, difference, identify, sort_key, supersede

BASE = Finding("CAP101", "number-mismatch", "error", "KVM_CAP_X", "x86", "f", "text", Location("kernel", "a.c", 10))
ROLES = {"kernel": "kernel", "qemu": "vmm"}
TWO_KERNELS = {"kernel": "kernel", "next": "kernel"}


def _one(finding: Finding, roles: dict[str, str] = ROLES) -> str:
    return identify([finding], roles)[0].fingerprint


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, place=Location("kernel", "a.c", 99, 7)),
        replace(BASE, message="other words"),
        replace(BASE, severity="note"),
        replace(BASE, name="renamed"),
        replace(BASE, place=Location("kernel", "moved.c", 10)),
    ],
    ids=["line", "message", "severity", "name", "file, with the function"],
)
def test_what_a_fingerprint_does_not_depend_on(other: Finding) -> None:
    assert _one(other) == _one(BASE)


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, code="CAP102"),
        replace(BASE, subject="KVM_CAP_Y"),
        replace(BASE, arch="arm64"),
        replace(BASE, arch=None),
        replace(BASE, function="g"),
        replace(BASE, function=None),
        replace(BASE, place=Location("qemu", "a.c", 10)),
    ],
)
def test_what_it_depends_on(other: Finding) -> None:
    assert _one(other) != _one(BASE)


def test_without_a_function_the_path_counts() -> None:
    here = replace(BASE, function=None)
    assert _one(here) != _one(replace(here, place=Location("kernel", "b.c", 10)))


def test_it_is_the_same_for_ever() -> None:
    """Baselines in others' repositories hold these."""
    assert _one(BASE) == "5753f99b8fc37225"
    assert _one(replace(BASE, arch=None, function=None)) == "cb30cf926e170e22"
    equals = [replace(BASE, place=Location("kernel", "a.c", line)) for line in (10, 20, 30)]
    assert [finding.fingerprint for finding in identify(equals, ROLES)] == [
        "5753f99b8fc37225",
        "5f886e251081d301",
        "173cdecdfa18c479",
    ]


def test_a_tree_counts_by_its_role_unless_two_share_it() -> None:
    renamed = replace(BASE, place=Location("mine", "a.c", 10))
    assert _one(renamed, {"mine": "kernel"}) == _one(BASE)
    in_next = replace(BASE, place=Location("next", "a.c", 10))
    first, second = identify([BASE, in_next], TWO_KERNELS)
    assert first.fingerprint != second.fingerprint
    assert _one(in_next, TWO_KERNELS) != _one(in_next, {"next": "kernel"})


def test_equals_are_told_apart_by_their_order() -> None:
    lines = [replace(BASE, place=Location("kernel", "a.c", line)) for line in (10, 20, 30)]
    prints = [finding.fingerprint for finding in identify(lines, ROLES)]
    assert len(set(prints)) == 3
    moved = [replace(finding, place=replace(finding.place, line=finding.place.line + 100)) for finding in lines]
    assert [finding.fingerprint for finding in identify(moved, ROLES)] == prints
    assert [finding.fingerprint for finding in identify(reversed(lines), ROLES)] == prints
    assert prints[0] == _one(BASE)


def test_order() -> None:
    ordered = [
        replace(BASE, code="CAP202"),
        replace(BASE, severity="warning"),
        replace(BASE, severity="warning", place=Location("kernel", "a.c", 11)),
        replace(BASE, severity="warning", place=Location("kernel", "b.c", 1)),
        replace(BASE, severity="warning", place=Location("qemu", "a.c", 1)),
        replace(BASE, severity="warning", code="CAP102"),
        replace(BASE, severity="note", code="CAP100", arch=None),
        replace(BASE, severity="note", code="CAP100"),
    ]
    for shuffled in itertools.islice(itertools.permutations(ordered), 0, 40_000, 1_999):
        found = identify(shuffled, ROLES)
        assert [replace(finding, fingerprint="") for finding in found] == ordered
    assert [sort_key(finding) for finding in ordered] == sorted(map(sort_key, ordered))


def test_without_an_architecture_comes_before_any() -> None:
    anywhere = replace(BASE, arch=None)
    for name in ("PPC", "arm64", "x86"):
        assert sort_key(anywhere) < sort_key(replace(BASE, arch=name))


def test_a_rule_that_says_no_more_gives_no_more() -> None:
    assert (BASE.place.column, BASE.related, BASE.fingerprint) == (1, (), "")


def test_a_difference_goes_by_fingerprints() -> None:
    stays, goes, comes = (replace(BASE, subject=name, fingerprint=name) for name in ("stays", "goes", "comes"))
    moved = replace(stays, place=Location("kernel", "a.c", 99))
    assert difference(iter([moved, comes]), iter([stays, goes])) == ([comes], [goes])
    assert difference([stays], [stays]) == ([], [])
    assert difference([stays, comes], []) == ([stays, comes], [])
    assert difference([], [goes, stays]) == ([], [goes, stays])


@pytest.mark.parametrize(
    ("before", "after", "is_added"),
    [
        (replace(BASE, severity="note"), replace(BASE, severity="warning"), True),
        (replace(BASE, severity="warning"), replace(BASE, severity="note"), False),
        (replace(BASE, parts=("a",)), replace(BASE, parts=("a", "b")), True),
        (replace(BASE, parts=("a",)), replace(BASE, parts=("b",)), True),
        (replace(BASE, parts=("a", "b")), replace(BASE, parts=("a",)), False),
        (replace(BASE, parts=("a",)), replace(BASE, parts=("a",), message="other words"), False),
        (BASE, replace(BASE, parts=("a",)), False),
    ],
    ids=["risen", "fallen", "one more", "another", "one less", "the same", "recorded without parts"],
)
def test_a_finding_that_got_worse_is_added(before: Finding, after: Finding, *, is_added: bool) -> None:
    added, resolved = difference([after], [before])
    assert [replace(finding, message=after.message) for finding in added] == ([after] if is_added else [])
    assert resolved == []


@pytest.mark.parametrize(
    ("was", "parts", "news"),
    [
        (("a",), ("a", "b"), "; new: b"),
        (("a", "gone"), ("a", "b", "c"), "; new: b, c"),
        (("a",), ("a", f"{BASE.subject} s390"), "; new: s390"),
        (("a",), ("a", *"bcdefghijk"), "; new: b, c, d, e, f, g, h, i and 2 more"),
        (("a",), ("b",), ""),
        ((), ("a",), ""),
    ],
)
def test_what_is_new_of_a_finding_is_told(was: tuple[str, ...], parts: tuple[str, ...], news: str) -> None:
    before, after = replace(BASE, parts=was, severity="note"), replace(BASE, parts=parts, severity="warning")
    ((added,), _) = difference([after], [before])
    assert added.message == BASE.message + news


@pytest.mark.parametrize(
    ("severity", "in_patch", "shown"),
    [("note", None, "note"), ("note", "warning", "warning"), ("error", "warning", "error"), ("note", "note", "note")],
)
def test_a_patch_may_raise_the_severity_of_what_it_adds(severity: str, in_patch: str | None, shown: str) -> None:
    added, _ = difference([replace(BASE, severity=severity, in_patch=in_patch)], [])
    assert [finding.severity for finding in added] == [shown]


WEAK = replace(BASE, code="CAP202")


@pytest.mark.parametrize(
    ("weaker", "stays"),
    [
        (WEAK, False),
        (replace(WEAK, place=Location("kernel", "a.c", 10, 5)), False),
        (replace(WEAK, place=Location("kernel", "a.c", 11)), True),
        (replace(WEAK, place=Location("kernel", "b.c", 11)), False),
        (replace(WEAK, place=Location("qemu", "a.c", 11)), False),
        (replace(WEAK, subject="KVM_CAP_Y"), True),
        (replace(WEAK, code="CAP205"), True),
    ],
    ids=[
        "same line",
        "same line, other column",
        "other line",
        "other file",
        "other tree",
        "other subject",
        "other code",
    ],
)
def test_a_more_telling_finding_supersedes(weaker: Finding, stays: bool) -> None:
    assert supersede([weaker, BASE], {"CAP101": ["CAP202"]}) == ([weaker, BASE] if stays else [BASE])
    assert supersede([weaker, BASE], {}) == [weaker, BASE]
    assert supersede([weaker], {"CAP101": ["CAP202"]}) == [weaker]
