"""What the demonstration prints, byte for byte; `make golden` renews the files."""

from __future__ import annotations

import json
import os
import re
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from caplint.cli.main import main
from caplint.report import FORMATS
from caplint.util import shipped_files

_GOLDEN = Path(__file__).parents[1] / "golden"


def _demo(output_format: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["demo", "--output-format", output_format, "--color", "never"]) == 0
    text = capsys.readouterr().out.replace(str(shipped_files.FIXTURES), "fixtures")
    return re.sub(r"in \d+\.\d\d s", "in 0.00 s", text)


@pytest.mark.parametrize("output_format", FORMATS)
def test_golden(
    output_format: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAPLINT_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    text = _demo(output_format, capsys)
    file = _GOLDEN / f"demo.{output_format}"
    if os.environ.get("CAPLINT_GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_json_fits_its_schema(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAPLINT_CACHE", str(tmp_path))
    schema = json.loads(resources.files("caplint").joinpath("schemas/check.json").read_text("utf-8"))
    jsonschema.validate(json.loads(_demo("json", capsys)), schema)


def test_the_pair_gives_what_it_should_and_nothing_else_above_a_note(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAPLINT_CACHE", str(tmp_path))
    findings = json.loads(_demo("json", capsys))["findings"]
    above = {(entry["code"], entry["subject"], entry["severity"]) for entry in findings if entry["severity"] != "note"}
    assert above == {
        ("CAP105", "KVM_CAP_PPIN", "warning"),
        ("CAP203", "KVM_CAP_PPIN", "warning"),
        ("CAP204", "KVM_CAP_PPIN", "warning"),
        ("CAP302", "MSR_PPIN", "warning"),
        ("CAP303", "MSR_PPIN", "warning"),
        ("CAP304", "MSR_PPIN", "warning"),
        ("CAP305", "MSR_PPIN", "warning"),
        ("CAP401", "KVM_CAP_PPIN", "warning"),
        ("CAP501", "KVM_CAP_PPIN", "warning"),
        ("CAP601", "linux-headers/linux/kvm.h", "warning"),
    }
