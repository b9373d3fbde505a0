"""Only a directory of the user's and caplint's own is used as a cache, and only caplint's files in it are touched."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from conftest import Caplint, commit, git, kernel

from caplint.engine import kept_outcomes
from caplint.facts.store.schema import file_name
from caplint.facts.store.store import FactStore
from caplint.util.cache_directory import MARK, MARK_NAME, OUTCOMES, RefusedError, opened

NAME = "a" * 64


def _listed(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


def _names(directory: Path) -> set[str]:
    return {file.name for file in directory.iterdir()}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Files of the user's own that are no cache: old ones, one that looks like an outcome, and a database."""
    (root := tmp_path / "victim").mkdir()
    for name in ("precious", NAME, file_name() + ".mine", ".old"):
        (root / name).write_text("mine")
    with sqlite3.connect(root / file_name()) as connection:
        connection.execute("CREATE TABLE precious (a)")
    connection.close()
    for file in root.iterdir():
        os.utime(file, (5, 5))
    return root


def _wrong(cache: Path) -> str:
    with pytest.raises(RefusedError) as error, opened(cache, create=True):
        pass
    return str(error.value.strerror)


def test_a_new_one_is_the_users_alone(cache: Path) -> None:
    old = os.umask(0)
    try:
        FactStore(cache / "below" / file_name()).close()
        kept_outcomes.keep(cache / "below" / "outcomes" / NAME, "x", 100, 0)
    finally:
        os.umask(old)
    modes = {file.name: file.stat().st_mode & 0o777 for file in (cache / "below").rglob("*")}
    assert modes == {MARK_NAME: 0o600, file_name(): 0o600, f"{file_name()}-seal": 0o600, "outcomes": 0o700, NAME: 0o600}
    assert (cache / "below").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("below", ["", "outcomes", file_name(), f"{file_name()}-wal", f"{file_name()}-shm"])
def test_a_link_is_not_followed(cache: Path, victim: Path, below: str, capsys: pytest.CaptureFixture[str]) -> None:
    if below:
        cache.mkdir()
        (cache / MARK_NAME).write_bytes(MARK)
    before = _listed(victim)
    target = victim if below in {"", "outcomes"} else victim / file_name()
    (cache / below).symlink_to(target)
    store = FactStore(cache / file_name())
    store.connection.execute("SELECT count(*) FROM blob")
    store.close()
    with pytest.raises(RefusedError, match="is a link") if below in {"", "outcomes"} else nullcontext():
        kept_outcomes.keep(cache / "outcomes" / NAME, "x", 0, time.time())
    assert _listed(victim) == before
    assert "is a link" in capsys.readouterr().err or below == "outcomes"


def test_the_tree_of_a_stranger_deletes_nothing(
    caplint: Caplint, apart: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where the user names its configuration, nor where the user has trusted it."""
    monkeypatch.delenv("CAPLINT_CACHE")
    tree = kernel(apart / "k", {"caplint.toml": 'cache = "cache"', "cache/x": ""})
    (tree / "cache" / "x").unlink()
    (tree / "cache" / "outcomes").symlink_to(victim)
    (tree / "cache" / file_name()).symlink_to(victim / file_name())
    commit(tree)
    git(apart, "clone", "-q", "k", "clone")
    monkeypatch.chdir(apart / "clone")
    before = _listed(victim)
    run = caplint("check", ".")
    assert (run.status, run.out, _listed(victim)) == (2, "", before)
    assert caplint("check", ".", "--config", "caplint.toml").status == 0
    assert caplint("trust").status == 0
    (apart / "clone" / "virt/kvm/kvm_main.c").write_text("int a;")
    run = caplint("check", ".")
    assert "continuing without it" in run.err
    assert _listed(victim) == before
    assert sorted(_names(apart / "clone/cache")) == [file_name(), "outcomes"]


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "group-writable": (lambda cache: cache.chmod(0o770), "others can write to"),
    "world-writable": (lambda cache: cache.chmod(0o1777), "others can write to"),
    "not empty": (lambda cache: (cache / "mine").write_text(""), "holds mine, which is not caplint's; choose an empty"),
    "outcomes is a file": (lambda cache: (cache / "outcomes").write_text(""), "holds outcomes, which is not caplint's"),
    "outcomes is a link": (
        lambda cache: (cache / "outcomes").symlink_to(cache.parent),
        "outcomes is a link; remove it",
    ),
    "an earlier store is a link": (lambda cache: (cache / "facts.db").symlink_to("/dev/zero"), "facts.db is a link"),
    "another mark": (lambda cache: (cache / MARK_NAME).write_bytes(MARK[:44]), "is another program's cache"),
    "more than the mark": (lambda cache: (cache / MARK_NAME).write_bytes(MARK + b"x"), "is another program's cache"),
    "a linked mark": (lambda cache: (cache / MARK_NAME).symlink_to("/dev/zero"), f"{MARK_NAME} is a link"),
    "a FIFO": (lambda cache: os.mkfifo(cache / MARK_NAME), "is not a regular file"),
    "above": (lambda cache: cache.parent.chmod(0o777), "everybody can write to"),
}


@pytest.mark.parametrize(("spoil", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_used(
    cache: Path, spoil: Callable[[Path], object], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.mkdir(0o700)
    spoil(cache)
    before = _names(cache)
    assert reason in _wrong(cache)
    store = FactStore(cache / file_name())
    assert store.recall("x") is None
    store.close()
    err = capsys.readouterr().err
    assert reason in err
    assert err.endswith("; continuing without it\n")
    assert err.count("\n") == 1
    assert _names(cache) == before
    cache.parent.chmod(0o700)


@pytest.mark.parametrize("linked", [False, True])
def test_none_below_a_directory_of_everybody_is_used(tmp_path: Path, linked: bool) -> None:
    """However far above it is, and also where only a link shows the way."""
    (tmp_path / "open" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("open/inner")
    (tmp_path / "open").chmod(0o777)
    reason = _wrong(tmp_path / ("link" if linked else "open/inner") / "cache")
    assert reason.startswith(f"everybody can write to {os.path.realpath(tmp_path / 'open')}, which is above it")


def test_an_outcome_that_is_a_fifo_is_not_waited_for(cache: Path) -> None:
    kept_outcomes.keep(cache / OUTCOMES / NAME, "x", 1000, 0)
    (cache / OUTCOMES / NAME).unlink()
    os.mkfifo(cache / OUTCOMES / NAME)
    signal.alarm(10)
    try:
        with pytest.raises(RefusedError) as error:
            kept_outcomes.read(cache / OUTCOMES / NAME, 0)
    finally:
        signal.alarm(0)
    assert error.value.strerror == f"{NAME} is not a regular file; remove it"


def test_another_users_is_not_used(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FactStore(cache / file_name()).close()
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert "belongs to user" in _wrong(cache)


def test_a_sticky_directory_above_is_like_tmp(cache: Path) -> None:
    cache.parent.chmod(0o1777)
    with opened(cache, create=True):
        pass
    cache.parent.chmod(0o700)


def test_one_of_an_earlier_version_goes_on(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cache / "outcomes").mkdir(parents=True)
    cache.chmod(0o755)
    for name in ("facts-0000abcd.db", "facts.db", f"{file_name()}-wal"):
        (cache / name).write_text("")
    (cache / "outcomes" / NAME).write_text("earlier")
    FactStore(cache / file_name()).close()
    assert capsys.readouterr().err == ""
    assert (cache / MARK_NAME).read_bytes() == MARK


def test_a_store_with_another_name_is_not_used(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    FactStore(cache / file_name()).close()
    os.link(cache / file_name(), cache.parent / "elsewhere")
    FactStore(cache / file_name()).close()
    assert "has more than one hard link; remove it; continuing without it" in capsys.readouterr().err


def test_only_outcomes_with_a_mark_are_forgotten(cache: Path, victim: Path) -> None:
    directory = cache / "outcomes"
    kept_outcomes.keep(directory / NAME, "x", 1000, 0)
    (directory / ("b" * 64)).write_text("mine")
    (directory / "notes.txt").write_bytes((directory / NAME).read_bytes())
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"  # of "x", as earlier versions had it
    (directory / ("c" * 64)).write_text(f"{digest}\nx")
    (directory / ("d" * 64)).write_text(f"{digest}\ny")
    (directory / f".{'e' * 64}.17").write_text("")
    (directory / ".profile").write_text("")
    (directory / ("f" * 64)).symlink_to(victim / "precious")
    for file in directory.iterdir():
        os.utime(file, (5, 5), follow_symlinks=False)
    kept_outcomes.keep(directory / ("0" * 64), "y", 1000, time.time() - 60)
    left = {"b" * 64, "notes.txt", "d" * 64, ".profile", "f" * 64, "0" * 64}
    assert _names(directory) == left
    assert (victim / "precious").read_text() == "mine"


def test_an_outcome_that_is_a_link_is_not_read(cache: Path, victim: Path) -> None:
    kept_outcomes.keep(cache / "outcomes" / NAME, "x", 1000, 0)
    (cache / "outcomes" / NAME).rename(victim / "outcome")
    (cache / "outcomes" / NAME).symlink_to(victim / "outcome")
    with pytest.raises(OSError, match="symbolic links"):
        kept_outcomes.read(cache / "outcomes" / NAME, 0)
    kept_outcomes.keep(cache / "outcomes" / NAME, "y", 1000, 0)
    assert kept_outcomes.read(cache / "outcomes" / NAME, 0) == "y"
    assert (victim / "outcome").read_text().endswith("\nx")


@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-seal", ""])
def test_a_file_of_the_store_that_others_can_write_is_not_used(
    cache: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    FactStore(cache / file_name()).close()
    (cache / f"{file_name()}{suffix}").touch()
    (cache / f"{file_name()}{suffix}").chmod(0o666)
    FactStore(cache / file_name()).close()
    assert "others can write to" in capsys.readouterr().err


def test_an_outcome_that_others_can_write_is_not_read(cache: Path) -> None:
    file = cache / OUTCOMES / ("0" * 64)
    kept_outcomes.keep(file, "text", 1 << 20, 0)
    assert kept_outcomes.read(file, 0) == "text"
    file.chmod(0o666)
    with pytest.raises(OSError, match="others can write to"):
        kept_outcomes.read(file, 0)
