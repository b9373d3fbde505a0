"""Words of the command line that name histories: repositories with or without a revision, directories with a label."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import commit, git, kernel, lay

from caplint.history.sources import repository_of, state_of
from caplint.util.errors import CaplintError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a tag, and a directory of its own within it."""
    root = kernel(tmp_path / "k")
    commit(root)
    git(root, "tag", "v1.0")
    return root


def _plain(tmp_path: Path) -> Path:
    return kernel(tmp_path / "plain")


def test_a_repository_and_its_revision(root: Path) -> None:
    assert repository_of(str(root)) == (str(root), "HEAD")
    assert repository_of(f"{root}@v1.0") == (str(root), "v1.0")
    assert repository_of(f"{root}@no-such") == (str(root), "no-such")  # whoever reads it says so


def test_a_directory_with_a_label_is_none(tmp_path: Path) -> None:
    assert repository_of(f"{_plain(tmp_path)}@v6.1") is None


def test_a_directory_that_a_repository_above_tracks(root: Path) -> None:
    assert repository_of(str(root / "virt")) == (str(root / "virt"), "HEAD")
    assert repository_of(f"{root / 'virt'}@v1.0") is None


def test_a_directory_that_no_repository_tracks(tmp_path: Path, root: Path) -> None:
    with pytest.raises(CaplintError):
        repository_of(str(_plain(tmp_path)))
    lay(root, {"build/kvm.c": ""})
    git(root, "init", "-q", str(tmp_path / "empty"))
    lay(tmp_path / "empty", {"virt/kvm.c": ""})
    with pytest.raises(CaplintError, match="no repository of its own; give states instead, as DIR@LABEL"):
        repository_of(str(tmp_path / "empty" / "virt"))


def test_states_are_labelled(tmp_path: Path, root: Path) -> None:
    plain = _plain(tmp_path)
    assert state_of(str(plain)) == (str(plain), "plain")
    assert state_of(f"{plain}@v6.1") == (str(plain), "v6.1")
    assert state_of(f"{root}@v1.0") == (f"{root}@v1.0", "v1.0")
    assert state_of(f"{root}@ours") == (str(root), "ours")
    assert state_of(f"{root / 'virt'}@v1.0") == (str(root / "virt"), "v1.0")


def test_a_state_here_has_the_name_of_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(_plain(tmp_path))
    assert state_of(".") == (".", "plain")


def test_an_existing_directory_with_an_at_in_its_name(tmp_path: Path) -> None:
    odd = kernel(tmp_path / "linux@v6.1")
    assert state_of(str(odd)) == (str(odd), "linux@v6.1")
    assert state_of(f"{odd}@new") == (str(odd), "new")
