"""patch --fix on a pair that does almost everything wrong: what it cannot repair it leaves with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Caplint

from caplint.rules import page
from caplint.util.shipped_files import FIXTURES, RULES

_LEFT = re.compile(r"^(?:left to you|not fixed): (CAP\d+) (\S+) \(\S+\): (.+)$", re.MULTILINE)
_REMAINS = re.compile(r"^(?:error|warning) (CAP\d+) ([^\s:]+)", re.MULTILINE)


def test_what_fixes_leave_is_said_with_the_reason(caplint: Caplint, tmp_path: Path) -> None:
    patches: list[Path] = [FIXTURES / "patches" / name for name in ("kernel-ppin.patch", "qemu-ppin.patch")]
    trees: list[str | Path] = ["--kernel", FIXTURES / "linux", "--qemu", FIXTURES / "qemu"]
    run = caplint("patch", *patches, *trees, "--fix", "-o", tmp_path / "fixed")
    left = {(code, subject): reason for code, subject, reason in _LEFT.findall(run.err)}
    remain = set(_REMAINS.findall(run.out))
    assert remain == set(left)
    assert not any(reason == "its rule has no fix" for reason in left.values())
    assert ("CAP302", "MSR_PPIN") in remain
    again = caplint("patch", *sorted((tmp_path / "fixed").iterdir()), *trees)
    assert set(_REMAINS.findall(again.out)) == remain


@pytest.mark.parametrize("rule", page.load([RULES]), ids=lambda rule: str(rule.code))
def test_reasons_are_clauses_that_fit_behind_a_colon(rule: page.Rule) -> None:
    assert rule.decide is None or re.fullmatch(r"[a-z][^\n]{20,160}[^.]", rule.decide)
