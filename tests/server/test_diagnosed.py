"""Findings with the stretches of lines that an editor marks, in its columns, and nothing that it would obey."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel

from caplint.findings.finding import Finding, Location, Related
from caplint.findings.fix import Fix
from caplint.report.source import Source
from caplint.report.wording import MAX_RELATED
from caplint.server.diagnosed import LineSpans, diagnosed
from caplint.server.messages import Diagnosed, EditorPlace
from caplint.server.positions import UTF8, UTF16, UTF32, Span

FACE = "\N{GRINNING FACE}"
TEXT = f"#define KVM_CAP_TEA 1\n/* {FACE} */ #define KVM_CAP_POT 2\n\tx\n"
FIX = Fix("take another number", ())


def _spans(root: Path, encoding: str = UTF16) -> LineSpans:
    return LineSpans(Source([bare_kernel(root, {UAPI: TEXT})]), encoding)


def _finding(place: Location, subject: str = "KVM_CAP_TEA", *related: Related) -> Finding:
    return Finding("CAP999", "odd", "warning", subject, "x86", "f", "is \x1b[31modd", place, related, "f" * 16, fix=FIX)


@pytest.mark.parametrize(
    ("place", "name", "expected"),
    [
        (Location("kernel", UAPI, 1, 9), "KVM_CAP_TEA", Span(0, 8, 19)),
        (Location("kernel", UAPI, 1, 2), "KVM_CAP_TEA", Span(0, 1, 7)),
        (Location("kernel", UAPI, 1, 9), "", Span(0, 8, 19)),
        (Location("kernel", UAPI, 1, 1), "KVM_CAP_OTHER", Span(0, 0, 21)),
        (Location("kernel", UAPI, 9, 1), "KVM_CAP_TEA", Span(8, 0, 0)),
        (Location("kernel", "gone.h", 1, 1), "KVM_CAP_TEA", Span(0, 0, 0)),
        (Location("elsewhere", UAPI, 1, 1), "", Span(0, 0, 0)),
    ],
)
def test_a_location_means_the_name_or_a_word_or_the_rest_of_its_line(
    tmp_path: Path, place: Location, name: str, expected: Span
) -> None:
    assert _spans(tmp_path).of(place, name) == expected


@pytest.mark.parametrize(("encoding", "start"), [(UTF8, 19), (UTF16, 17), (UTF32, 16)])
def test_columns_count_in_the_units_of_the_editor(tmp_path: Path, encoding: str, start: int) -> None:
    place = Location("kernel", UAPI, 2, 20)  # of bytes
    assert _spans(tmp_path, encoding).of(place, "KVM_CAP_POT") == Span(1, start, start + 11)


def test_the_text_of_a_place_is_shown_not_obeyed(tmp_path: Path) -> None:
    place = _spans(tmp_path).place(Location("kernel", UAPI, 1, 9), "KVM_CAP_TEA", "red \x1b[31m")
    assert place == EditorPlace("kernel", UAPI, Span(0, 8, 19), "red \\x1b[31m")


def test_a_finding_is_marked_at_its_subject_and_keeps_its_repair(tmp_path: Path) -> None:
    related = Related(Location("kernel", UAPI, 2, 1), f"here\n{FACE}")
    found = diagnosed(_finding(Location("kernel", UAPI, 1, 9), "KVM_CAP_TEA", related), _spans(tmp_path))
    assert found == Diagnosed(
        code="CAP999",
        severity="warning",
        message="KVM_CAP_TEA on x86: is \\x1b[31modd",
        place=EditorPlace("kernel", UAPI, Span(0, 8, 19)),
        related=(EditorPlace("kernel", UAPI, Span(1, 0, 30), f"here\\x0a{FACE}"),),
        fingerprint="f" * 16,
        fix=FIX,
    )


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (MAX_RELATED, MAX_RELATED), (MAX_RELATED + 1, MAX_RELATED)])
def test_so_many_related_places_and_no_more(tmp_path: Path, count: int, shown: int) -> None:
    related = [Related(Location("kernel", UAPI, 1), str(number)) for number in range(count)]
    found = diagnosed(_finding(Location("kernel", UAPI, 1), "KVM_CAP_TEA", *related), _spans(tmp_path))
    assert [place.text for place in found.related] == [str(number) for number in range(shown)]
