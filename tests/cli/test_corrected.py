"""Corrected patches replace nothing, and are written all or none, below the directory that is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplint.cli.corrected import targets, write
from caplint.trees.patch_text import PatchText
from caplint.util.errors import CaplintError

TEXTS = (PatchText("a/one.patch", b"1\n"), PatchText("two.patch", b"2\n"))


def test_only_the_name_of_a_file_counts(tmp_path: Path) -> None:
    labels = ("../../x/one.patch", "/etc/two.diff", "three.mbox.xz", "-")
    found = targets([PatchText(label, b"") for label in labels], tmp_path)
    assert list(found.values()) == [tmp_path / name for name in ("one.patch", "two.diff", "three.mbox", "stdin.mbox")]


@pytest.mark.parametrize("labels", [("a/x.patch", "b/x.patch"), ("x.patch", "x.patch.gz")])
def test_two_files_of_one_name_are_refused(tmp_path: Path, labels: tuple[str, str]) -> None:
    with pytest.raises(CaplintError, match=r"two files are named x\.patch; give each a name of its own"):
        targets([PatchText(label, b"") for label in labels], tmp_path)


@pytest.mark.parametrize("kind", ["file", "directory", "link", "dangling link"])
def test_what_exists_is_refused(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "two.patch"
    if kind == "file":
        place.write_bytes(b"mine\n")
    elif kind == "directory":
        place.mkdir()
    else:
        place.symlink_to(tmp_path if kind == "link" else "gone")
    with pytest.raises(CaplintError, match="exists already; name an empty directory with -o"):
        targets(TEXTS, tmp_path)


@pytest.mark.parametrize("kind", ["file", "dangling link", "no directory"])
def test_what_comes_meanwhile_is_not_replaced_and_none_is_left(tmp_path: Path, kind: str) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    places = targets(TEXTS, out)
    out.mkdir()
    if kind == "file":
        (out / "two.patch").write_bytes(b"mine\n")
    elif kind == "dangling link":
        (out / "two.patch").symlink_to(other)
    else:
        places["two.patch"] = out / "one.patch" / "two.patch"
    with pytest.raises(CaplintError, match=r"cannot be written: .*; nothing was written") as error:
        write(TEXTS, places)
    assert "\n" not in str(error.value)
    assert [file.name for file in out.iterdir()] == ([] if kind == "no directory" else ["two.patch"])
    assert not other.exists()
    assert kind != "file" or (out / "two.patch").read_bytes() == b"mine\n"
