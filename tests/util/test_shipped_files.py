"""Directories of the shipped files: those of an installed package before those of a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplint.util import shipped_files
from caplint.util.shipped_files import FIXTURES, RULES


def test_what_is_shipped_is_there() -> None:
    assert (RULES / "CAP101-number-mismatch.md").is_file()
    assert (FIXTURES / "linux/include/uapi/linux/kvm.h").is_file()


@pytest.mark.parametrize("kind", ["directory", "file", None])
def test_only_a_directory_in_the_package_counts_before_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str | None
) -> None:
    package = tmp_path / "site/caplint"
    (package / "share").mkdir(parents=True)
    if kind == "directory":
        (package / "share/rules").mkdir()
    elif kind:
        (package / "share/rules").touch()
    monkeypatch.setattr(shipped_files, "_PACKAGE", package)
    assert shipped_files._shared("rules") == (
        package / "share/rules" if kind == "directory" else tmp_path / "site/rules"
    )
