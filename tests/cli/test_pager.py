"""The pager is a program of the user's, not one of the working directory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from caplint.cli import pager

LONG = "line\n" * 500


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that a `less` of the working directory would write."""
    canary = tmp_path / "canary"
    program = tmp_path / "less"
    program.write_text(f"#!/bin/sh\ncat > {canary}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PAGER", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    return canary


@pytest.mark.parametrize("path", [".", "", "here/..", f".{os.pathsep}/nonexistent"])
def test_a_relative_directory_of_path_is_not_searched(
    planted: Path, path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", path)
    pager.paged(LONG)
    assert not planted.exists()
    assert capsys.readouterr().out == LONG


def test_an_absolute_directory_of_path_is(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f".{os.pathsep}{planted.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    pager.paged(LONG)
    assert planted.read_text() == LONG
