"""What is made of pip-audit's account: an advisory fails, and silence is not taken for a clean bill."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tools import audit

CLEAN = {"name": "a", "version": "1", "vulns": []}
BAD = {
    "name": "b",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("dependencies", "status", "lines"),
    [
        ([CLEAN], 0, ["audit: 1 of 1 locked dependencies audited, 0 advisories"]),
        (
            [CLEAN, BAD],
            1,
            [
                "audit: b 2: PYSEC-1, mended in 3",
                "audit: b 2: PYSEC-2, mended in no version yet",
                "audit: 2 of 2 locked dependencies audited, 2 advisories",
            ],
        ),
        (
            [CLEAN, SKIPPED],
            0,
            ["audit: 1 of 2 locked dependencies audited, 0 advisories; the index does not answer for c"],
        ),
        (
            [SKIPPED, SKIPPED],
            0,
            ["audit: nothing was audited: the index has no advisories on any of 2 locked dependencies"],
        ),
    ],
)
def test_verdict(dependencies: list[dict[str, Any]], status: int, lines: list[str]) -> None:
    assert audit.verdict(dependencies) == (status, lines)


@pytest.mark.parametrize(
    ("out", "err", "said"),
    [
        ("", "x\nConnectionError: no route", "audit: nothing was audited: ConnectionError: no route\n"),
        ("{}", "", "audit: nothing was audited: pip-audit wrote nothing\n"),
    ],
)
def test_no_account(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: str, err: str, said: str
) -> None:
    def failing(*words: Any, **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(words, 1, out, err)

    monkeypatch.setattr(subprocess, "run", failing)
    assert audit.main() == 0
    assert capsys.readouterr().out == said
