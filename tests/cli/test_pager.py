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
    monkeypatch.setenv("TERM", "xterm")
    return canary


def _paged(monkeypatch: pytest.MonkeyPatch, path: str, *, terminal: bool = True) -> None:
    """Page the text, as on a terminal. Fixtures have another standard output than the test."""
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    pager.paged(LONG)


@pytest.mark.parametrize("path", [".", "", "here/..", f".{os.pathsep}/nonexistent"])
def test_a_relative_directory_of_path_is_not_searched(
    planted: Path, path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _paged(monkeypatch, path)
    assert not planted.exists()
    assert capsys.readouterr().out == LONG


def test_what_is_no_terminal_has_no_pager(
    planted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _paged(monkeypatch, f"{planted.parent}{os.pathsep}/usr/bin{os.pathsep}/bin", terminal=False)
    assert not planted.exists()
    assert capsys.readouterr().out == LONG


def test_an_absolute_directory_of_path_is(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _paged(monkeypatch, f".{os.pathsep}{planted.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert planted.read_text() == LONG


@pytest.mark.parametrize("pager_word", ["./less", "sub/../less", "less '", "''", "no-such-pager-here"])
def test_a_pager_that_may_not_run_is_left_out(
    planted: Path, pager_word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAGER", pager_word)
    _paged(monkeypatch, "/nonexistent")
    assert not planted.exists()
    assert capsys.readouterr().out == LONG


def test_a_dumb_terminal_has_no_pager(
    planted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    _paged(monkeypatch, f"{planted.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert not planted.exists()
    assert capsys.readouterr().out == LONG


def test_the_pager_may_have_arguments(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", f"{planted.parent}/less -R")
    _paged(monkeypatch, "/usr/bin:/bin")
    assert planted.read_text() == LONG
