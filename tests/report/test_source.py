"""Lines of the trees' files, and columns in characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, bare_kernel

from caplint.findings.finding import Location
from caplint.report.source import Source


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A kernel with a file of three lines, one of them with bytes that are no UTF-8."""
    return Source([bare_kernel(tmp_path, {X86: "/* é */ one\ntwo\n".encode() + b"\xff three"})])


@pytest.mark.parametrize(("line", "text"), [(0, ""), (1, "/* é */ one"), (2, "two"), (3, "\ufffd three"), (4, "")])
def test_line(source: Source, line: int, text: str) -> None:
    assert source.line(Location("kernel", X86, line)) == text


@pytest.mark.parametrize(
    ("line", "column", "characters"), [(1, 1, 1), (1, 4, 4), (1, 10, 9), (2, 3, 3), (2, 99, 99), (3, 3, 3), (9, 7, 7)]
)
def test_column(source: Source, line: int, column: int, characters: int) -> None:
    assert source.column(Location("kernel", X86, line, column)) == characters


@pytest.mark.parametrize(
    "place", [Location("gone", X86, 1), Location("kernel", "gone", 1), Location("kernel", "\0", 1)]
)
def test_what_cannot_be_read_has_no_lines(source: Source, place: Location) -> None:
    assert source.line(place) == ""
    assert source.column(place) == 1
