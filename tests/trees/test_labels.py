"""Short labels of trees: as many components as tell them apart, never a whole path."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplint.trees.labels import from_root, short_labels, split


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        ([], []),
        (["/home/me/linux"], ["linux"]),
        (["/home/me/linux", "/home/me/qemu"], ["linux", "qemu"]),
        (["/a/old/linux", "/a/new/linux"], ["old/linux", "new/linux"]),
        (["/a/linux", "/a/linux"], ["linux", "linux"]),
        (["/"], ["/"]),
    ],
)
def test_labels(texts: list[str], labels: list[str]) -> None:
    assert short_labels(texts) == labels


def test_revisions_of_one_directory(tmp_path: Path) -> None:
    texts = [f"{tmp_path}@v6.1", f"{tmp_path}@v6.12"]
    assert short_labels(texts) == [f"{tmp_path.name}@v6.1", f"{tmp_path.name}@v6.12"]
    assert split(texts[0]) == (str(tmp_path), "v6.1")


def test_the_working_directory_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert short_labels(["."]) == [tmp_path.name]
    assert from_root(".") == str(tmp_path)
