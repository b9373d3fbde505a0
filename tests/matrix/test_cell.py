"""The check of one pair: whatever goes wrong with it is one line of its cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplint.matrix import cell
from caplint.matrix.model import FleetMember, Job
from caplint.util.errors import SHORT_OF_MEMORY, CaplintError


def _job(place: Path, config: Path | None = None) -> Job:
    one, other = (FleetMember(name, str(place / name), role, name) for name, role in (("k", "kernel"), ("q", "vmm")))
    path = None if config is None else str(config)
    return Job(one, other, config=path, rules=(), codes=(), fail_on="error", cache="none", restricted="another")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CaplintError("a:\nb"), "a: b"),
        (OSError("no\ndisk"), "OSError: no disk"),
        (MemoryError(), SHORT_OF_MEMORY),
        (ValueError("odd"), "internal error: ValueError: odd; please report it with the lines above"),
    ],
    ids=["input", "system", "memory", "fault"],
)
def test_an_error_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    def fail(_: Job) -> None:
        raise error

    monkeypatch.setattr(cell, "checked", fail)
    assert cell._answer(_job(tmp_path)).error == said


def test_a_configuration_that_changes_meanwhile_is_not_used(tmp_path: Path) -> None:
    """Settings that the user trusted or gave are those that the run began with."""
    config = tmp_path / "caplint.toml"
    config.write_text('rules = ["more"]\n')
    said = cell._answer(_job(tmp_path, config)).error
    assert said == f"{config}: has changed since the run began; start the run again"


def test_pairs_whose_trees_are_gone_are_not_remembered(tmp_path: Path) -> None:
    assert list(cell.remembered([_job(tmp_path)])) == []
