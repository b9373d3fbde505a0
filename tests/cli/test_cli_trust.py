"""Command that trusts configuration files, forgets them and lists them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Caplint

from caplint.config import trust


def test_the_command(caplint: Caplint, apart: Path) -> None:
    file = apart / "caplint.toml"
    file.write_text('# seen\ncache = "a\\u001b[2J"\n[trees.x]\npath = "../x"\n')
    assert caplint("check").status == 2
    run = caplint("trust")
    assert (run.status, run.err) == (0, "")
    assert run.out.splitlines()[:3] == [
        f"trusted: {file}",
        '  cache = "a\\u001b[2J"',
        '  trees = {"x": {"path": "../x"}}',
    ]
    assert caplint("trust", "--list").out == f"{file}: trusted\n"
    assert "../x: no such directory" in caplint("check").err
    file.write_text('cache = "b"')
    assert caplint("trust", "--list").out == f"{file}: changed since it was trusted\n"
    file.unlink()
    assert caplint("trust", "--list").out == f"{file}: cannot be read: No such file or directory\n"
    assert caplint("trust", "--remove", "caplint.toml").out == f"no longer trusted: {file}\n"
    assert caplint("trust", "--list").out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no caplint.toml found here or above; name the file"),
        (["other.toml"], "only files named caplint.toml or pyproject.toml are trusted; use --config for others"),
        (["gone/caplint.toml"], "cannot be read: No such file"),
        (["--remove", "caplint.toml"], "is not on the list of trusted files"),
        (["--list", "caplint.toml"], "--list shows all trusted files"),
    ],
)
def test_wrong_use_is_one_line(caplint: Caplint, words: list[str], said: str) -> None:
    run = caplint("trust", *words)
    assert (run.status, run.out) == (2, "")
    assert said in run.err
    assert run.err.count("\n") == 1


def test_a_file_that_needs_no_trust_is_put_on_no_list(caplint: Caplint, apart: Path) -> None:
    file = apart / "caplint.toml"
    file.write_text('fail-on = "error"\njobs = 2\n[coverage]\nfloor = 1\n')
    assert caplint("trust").out == f"{file}: has no setting that needs trust\n"
    assert not trust.list_path().exists()
