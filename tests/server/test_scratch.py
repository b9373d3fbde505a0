"""Caches of one server: each check adds to one, which begins anew from the copy when it has become too large."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from caplint.server import scratch as module
from caplint.server.scratch import Scratch


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    """Caches that may grow by ten bytes."""
    monkeypatch.setattr(module, "LIMIT", 10)
    return Scratch(tmp_path / "scratch")


def _copied(scratch: Scratch, size: int = 100) -> None:
    """Do what the first check does: copy the user's cache."""
    scratch.pristine.mkdir(parents=True)
    (scratch.pristine / "facts.db").write_bytes(b"x" * size)


def test_without_a_copy_it_begins_empty_and_is_the_users_alone(scratch: Scratch) -> None:
    place = scratch.cache()
    assert list(place.iterdir()) == []
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert not scratch.pristine.exists()


def test_checks_add_to_one_cache_that_began_as_the_copy(scratch: Scratch) -> None:
    _copied(scratch)
    first = scratch.cache()
    assert [(file.name, file.stat().st_size) for file in first.iterdir()] == [("facts.db", 100)]
    (first / "more").write_bytes(b"")
    assert scratch.cache() == first
    assert (first / "more").exists()


@pytest.mark.parametrize(("added", "anew"), [(10, False), (11, True)])
@pytest.mark.parametrize("copied", [True, False])
def test_too_much_begins_anew(scratch: Scratch, added: int, *, anew: bool, copied: bool) -> None:
    if copied:
        _copied(scratch)
    first = scratch.cache()
    (first / "more").write_bytes(b"y" * added)
    second = scratch.cache()
    assert (second != first, first.exists()) == (anew, not anew)
    assert {file.name for file in second.iterdir()} == ({"facts.db"} if copied else set()) | (
        set() if anew else {"more"}
    )
    assert (scratch.pristine / "facts.db").exists() is copied


def test_what_cannot_be_removed_is_not_used_again(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed check may still hold its files."""
    first = scratch.cache()
    (first / "more").write_bytes(b"y" * 11)
    monkeypatch.setattr("shutil.rmtree", lambda *_, **_named: None)
    second = scratch.cache()
    assert second != first
    assert list(second.iterdir()) == []
    assert scratch.cache() == second
