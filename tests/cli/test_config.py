"""Settings that count here, each as it would be written, with the file and the store behind them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Caplint, kernel

from caplint.facts.store.schema import file_name


def test_config(caplint: Caplint, apart: Path, tmp_path: Path) -> None:
    store = tmp_path / "cache" / file_name()
    first, *lines = caplint("config", "--jobs", "3").out.splitlines()
    assert first == "# no caplint.toml found here or above; these are the defaults"
    assert lines[:10] == [
        'fail-on = "warning"', "select = []", "extend-select = []", "ignore = []", "rules = []", "known = []",
        "vendor-range = []", "abis = []", 'oldest-kernel = ""', "jobs = 3",
    ]  # fmt: skip
    assert lines[-1] == f"# store: {store}"
    (apart / "caplint.toml").write_text('vendor-range = "500-599"')
    assert caplint("config").out.splitlines()[0] == f"# from {apart / 'caplint.toml'}"
    found = json.loads(caplint("config", "--output-format", "json").out)
    assert (found["source"], found["vendor_range"]) == (str(apart / "caplint.toml"), [[500, 599]])
    assert found["store"] == str(store)


def test_no_store(caplint: Caplint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CAPLINT_CACHE", "none")
    assert caplint("config").out.splitlines()[-1] == "# store: none"
    assert caplint("check", kernel(tmp_path / "k")).status == 0
    assert not (tmp_path / "work/none").exists()


def test_the_configuration_says_whether_it_is_trusted(caplint: Caplint, apart: Path) -> None:
    file = apart / "caplint.toml"
    file.write_text('cache = "here"')
    first = caplint("config").out.splitlines()[0]
    assert (
        first == f"# from {file}, not trusted: other commands refuse it; run `caplint trust`, or name it with --config"
    )
    caplint("trust")
    assert caplint("config").out.splitlines()[0] == f"# from {file}"
    found = json.loads(caplint("config", "--output-format", "json").out)
    assert (found["trust"], found["restricted"]) == ("trusted", ["cache"])
