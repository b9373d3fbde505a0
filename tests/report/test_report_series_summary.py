"""Summary of a series as mail text."""

from __future__ import annotations

import io
import json

import pytest

from caplint.coverage.summary import Coverage
from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding, Location
from caplint.inventory.series_summary import SeriesSummary, TouchedCapability
from caplint.report import writer
from caplint.report.series_summary import SummarisedSeries, lines
from caplint.report.style import Style

OUTCOME = Outcome([], {}, [], 0, [], [], Coverage([], [], [], {}), [], resolved=[])


def _cap(name: str = "KVM_CAP_A", touches: tuple[str, ...] = ("number",), owes: int = 0) -> TouchedCapability:
    findings = tuple(
        Finding(f"CAP{n}", "a", "note", name, None, None, "word " * 40, Location("k", "a.c", 1), (), str(n))
        for n in range(101, 101 + owes)
    )
    return TouchedCapability(name, 9, "new", touches, findings, ("a self-test",))


def _lines(*caps: TouchedCapability) -> list[str]:
    return list(lines(SummarisedSeries(OUTCOME, [("s", SeriesSummary(caps, ()))])))


def test_an_entry() -> None:
    assert _lines(_cap(touches=("number", "answer on x86", "answer on arm64", "check in qemu"))) == [
        "KVM_CAP_A (9), new",
        "  touches  number; answer on x86, arm64; check in qemu",
        "  absent   a self-test",
    ]


@pytest.mark.parametrize("owes", [0, 1, 5, 6, 7, 8, 40])
@pytest.mark.parametrize("places", [0, 1, 60])
def test_ten_lines_of_seventy_two_columns(owes: int, places: int) -> None:
    text = _lines(_cap(touches=tuple(f"answer on arch{n}" for n in range(places)), owes=owes))
    assert len(text) <= 10
    assert max(map(len, text)) <= 72
    shown = sum(": word" in line for line in text)
    more = next((line for line in text if "more finding" in line), "")
    assert shown + (int(more.split()[-3]) if more else 0) == owes


@pytest.mark.parametrize(("owes", "shown"), [(7, 7), (8, 6)])
def test_findings_fill_the_lines_that_are_left(owes: int, shown: int) -> None:
    text = _lines(_cap(owes=owes))
    assert len(text) == 10
    assert sum(": word" in line for line in text) == shown


def test_many_architectures_are_counted() -> None:
    archs = ("x86", "arm64", "s390", "riscv", "mips")
    places = (*(f"answer on {arch}" for arch in archs), *(f"enable (vm) on {arch}" for arch in archs[:4]), "self-test")
    assert _lines(_cap(touches=places))[1:-1] == [
        "  touches  answer on x86, arm64, s390 and 2 more; enable (vm) on x86,",
        "           arm64, s390, riscv; self-test",
    ]


def test_a_header_sync_is_one_entry() -> None:
    text = _lines(*(_cap(f"KVM_CAP_{n}", ("number in qemu",)) for n in range(30)))
    assert text[0] == "KVM_CAP_0 (9), KVM_CAP_1 (9), KVM_CAP_2 (9) and 27 more, new"
    assert len(text) == 3


def test_several_series_and_none() -> None:
    empty = SeriesSummary((), ())
    assert list(lines(SummarisedSeries(OUTCOME, [("a\x1b", empty), ("b", empty)]))) == [
        "a\\x1b:",
        "the series touches no place of a capability that caplint reads",
        "",
        "b:",
        "the series touches no place of a capability that caplint reads",
    ]


def test_text_of_trees_is_made_visible() -> None:
    text = "\n".join(_lines(_cap("KVM_CAP_\u202e", ("check in \x1b[31m",), 1)))
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_b4() -> None:
    out = io.StringIO()
    writer("patch --summary", "b4")(SummarisedSeries(OUTCOME, [("s", SeriesSummary((_cap(),), ()))]), out, Style())
    (check,) = json.loads(out.getvalue())
    assert check["status"] == "pass"
    assert check["details"].splitlines()[:4] == [*_lines(_cap()), ""]


def _owing(*messages: str, places: int = 1) -> list[str]:
    findings = tuple(
        Finding(f"CAP{n}", "a", "note", "KVM_CAP_A", None, None, message, Location("k", "a.c", 1), (), str(n))
        for n, message in enumerate(messages, 101)
    )
    touches = tuple(f"check in tree{n}" for n in range(places))
    return _lines(TouchedCapability("KVM_CAP_A", 9, "new", touches, findings, ("a self-test",)))


def test_findings_are_whole_while_there_is_room() -> None:
    step = '(patch 2 of 3, "KVM: x86: Add the capability that this is about")'
    assert _owing(f"takes 249; the next free number is 239 {step}", "is not named anywhere")[2:] == [
        "  owes     CAP101 note: takes 249; the next free number is 239 (patch 2",
        '             of 3, "KVM: x86: Add the capability that this is about")',
        "           CAP102 note: is not named anywhere",
        "  absent   a self-test",
    ]


@pytest.mark.parametrize(("long", "cut"), [(1, 0), (2, 0), (3, 1), (6, 6), (7, 7)])
def test_what_does_not_fit_is_cut_at_the_end(long: int, cut: int) -> None:
    text = _owing(*["word " * 30 + "end"] * long)
    assert len(text) <= 10
    assert sum(line.endswith("…") for line in text) == cut
    assert sum(line.endswith("end") for line in text) == long - cut


def test_words_without_spaces_and_no_words() -> None:
    for message in ("x" * 500, "", " "):
        text = _owing(message)
        assert max(map(len, text)) <= 72
        assert "CAP101 note:" in text[2]
