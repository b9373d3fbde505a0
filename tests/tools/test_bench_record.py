"""Figures that are compared with recorded ones: more than 15 % above is too much."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench.measure import Row
from tools.bench.recorded import record, recorded, slower
from tools.errors import ToolError


def test_a_figure_that_rose_is_named() -> None:
    rows = [Row("check, cold", 24.0), Row("patch", 11.4), Row("warm", 0.3), Row("new", 99.0)]
    lines = slower(rows, 2.0, {"check, cold": 10.0, "patch": 5.0, "warm": 0.2, "gone": 1.0})
    assert lines == ["check, cold: 12.00 bare parses, 20% more than the recorded 10.00"]


@pytest.mark.parametrize(("seconds", "told"), [(11.4, 0), (11.6, 1), (5.0, 0)])
def test_fifteen_per_cent_are_allowed(seconds: float, told: int) -> None:
    assert len(slower([Row("check", seconds)], 1.0, {"check": 10.0})) == told


def test_a_few_hundredths_are_noise(tmp_path: Path) -> None:
    assert slower([Row("--version", 0.07)], 1.0, {"--version": 0.03}) == []
    assert slower([Row("--version", 0.09)], 1.0, {"--version": 0.03}) != []
    assert slower([Row("--version", 0.09)], 1.0, {"--version": 0.0}) != []


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "recorded.json"
    assert recorded(file) == {}
    record([Row("a", 3.0), Row("b", 1.0)], 2.0, file)
    assert recorded(file) == {"a": 1.5, "b": 0.5}
    record([Row("b", 2.0)], 2.0, file)
    assert recorded(file) == {"a": 1.5, "b": 1.0}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ratios": 3}', '{"ratios": {"a": "x"}}', '{"ratios": {"a": null}}'])
def test_a_damaged_record_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "recorded.json"
    file.write_text(text)
    with pytest.raises(ToolError, match=r"recorded\.json is no record of figures"):
        recorded(file)
