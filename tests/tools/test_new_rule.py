"""make new-rule: the page passes its own tests, and what cannot be a rule is refused and leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplint import __version__
from caplint.config import Config
from caplint.examples import cases, problem
from caplint.rules import load
from tools.new_rule import main


def test_the_page_passes_its_tests_and_the_steps_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["CAP199", "what-is-wrong", "--directory", str(tmp_path)]) == 0
    (rule,) = load([tmp_path])
    assert (rule.path.name, rule.since) == ("CAP199-what-is-wrong.md", __version__)
    assert (len(rule.bad), len(rule.good)) == (1, 1)
    assert [problem(case, Config(cache="none", jobs=1)) for case in cases(rule)] == [None, None, None]
    assert "**How to fix it.**" in rule.text
    assert "**Known limits.**" in rule.text
    steps = capsys.readouterr().out
    assert all(word in steps for word in ("docs/findings.md", "make golden", "CHANGELOG.md", "make test lint"))


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [("CAP101", "new", "the code or name is taken"), ("CAP199", "number-mismatch", "the code or name is taken"),
     ("CAP1", "new", "'CAP1' is not letters and three digits"), ("CAP199", "New", "New"),
     ("CAP199", "../x", "no file")],
)  # fmt: skip
def test_what_cannot_be_a_rule_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str, name: str, message: str
) -> None:
    page = Path(__file__).parents[2] / "rules" / "CAP101-number-mismatch.md"
    (tmp_path / page.name).write_bytes(page.read_bytes())
    assert main([code, name, "--directory", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("new-rule: ")
    assert message in error
    assert [file.name for file in tmp_path.iterdir()] == [page.name]
