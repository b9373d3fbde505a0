"""Where modules are looked for; `tests/reliability/test_search_path.py` starts whole runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from caplint.util import search_path

OWN = str(Path(search_path.__file__).parents[2])


def _kept(monkeypatch: pytest.MonkeyPatch, entries: list[str], variable: str | None) -> list[str]:
    """What stays of a search path, with a value of PYTHONPATH."""
    if variable is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", variable)
    monkeypatch.setattr(sys, "path", entries)
    search_path.own_modules_only()
    return sys.path


def test_the_package_itself_is_found_where_one_works_in_its_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(OWN)
    assert _kept(monkeypatch, ["", OWN, "/x"], None) == ["/x", OWN]


@pytest.mark.parametrize(
    ("variable", "entries"),
    [
        (None, ["", "{work}", "relative", "/lib", OWN]),
        ("", ["{work}", "/lib", OWN]),
        (".", ["{work}", "/lib", OWN]),
        ("sub", ["{work}/sub", "/lib", OWN]),
        ("/set:more", ["/set", "{work}/more", "/lib", OWN]),
        ("/set:", ["/set", "{work}", "/lib", OWN]),
    ],
)
def test_neither_the_working_directory_nor_the_variable_leads_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None, entries: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = _kept(monkeypatch, [entry.format(work=tmp_path) for entry in entries], variable)
    assert found == ["/lib", OWN]


def test_where_the_variable_has_led_to_the_package_its_directories_stay_behind_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    entries = ["/needed", str(tmp_path / "sub"), OWN, "/lib", "/more"]
    assert _kept(monkeypatch, entries, f"/needed:{OWN}:sub") == ["/lib", "/more", "/needed", OWN]


def test_a_working_directory_that_is_gone_is_left_out_of_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    try:
        assert _kept(monkeypatch, ["", "/set", "/lib", OWN], "/set") == ["/lib", OWN]
    finally:
        tmp_path.mkdir()
