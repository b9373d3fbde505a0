"""No report lets a name from a tree do anything."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest
from ci_outcome import finding, hostile, outcome, text

from caplint.report import FORMATS


@pytest.mark.parametrize("output_format", FORMATS)
def test_nothing_in_a_report_controls_a_terminal(tmp_path: Path, output_format: str) -> None:
    found = text(outcome(tmp_path, hostile()), output_format)
    assert "KVM_CAP_X" in found
    assert not {char for char in found if unicodedata.category(char) == "Cc" and char not in "\n\t"}
    assert "\u202e" not in found


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_right_to_left_name_is_kept_and_turns_nothing(tmp_path: Path, output_format: str) -> None:
    """Its letters are shown; what would turn the text behind them is not."""
    name = "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627"
    found = text(outcome(tmp_path, finding(path=f"arch/x86/kvm/{name}.c", words=f"{name}\u200f\u2067")), output_format)
    spellings = (name, json.dumps(name)[1:-1], quote(name, safe=" "), quote(name))
    assert any(spelling in found for spelling in spellings)
    assert not {char for char in found if unicodedata.bidirectional(char) in {"RLE", "RLO", "RLI", "PDI", "LRE", "LRO"}}
    assert "\u200f" not in found


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_hostile_finding_takes_no_more_lines_than_another(tmp_path: Path, output_format: str) -> None:
    runs = (outcome(tmp_path, finding()), outcome(tmp_path, hostile()))
    first, second = (text(run, output_format).count("\n") for run in runs)
    # These quote the source line, which the hostile path does not have.
    assert first == second + {"text": 1, "sarif": 3}.get(output_format, 0)
