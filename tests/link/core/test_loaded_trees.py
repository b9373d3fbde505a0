"""Lines that a patch adds or changes in the files of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel

from caplint.link.core.loaded_trees import Loaded, changed_lines
from caplint.trees.tree import File


def _loaded(root: Path, before: dict[str, str], after: dict[str, str]) -> Loaded:
    base, tree = bare_kernel(root / "before", before), bare_kernel(root / "after", after)
    tree.base = base
    return Loaded(
        tree, *([File(path, str(hash(text)), len(text)) for path, text in files.items()] for files in (after, before))
    )


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({UAPI: "a\nb\n"}, {UAPI: "a\nb\n"}, []),
        ({UAPI: "a\nb\n"}, {UAPI: "a\nX\nb\n"}, [(UAPI, 2)]),
        ({UAPI: "a\nb\n"}, {UAPI: "X\nb\n"}, [(UAPI, 1)]),
        ({UAPI: "a\nb\n"}, {UAPI: "b\n"}, []),
        # A new file is new as a whole, one that is gone has no line, another file is compared with itself alone.
        ({}, {UAPI: "a\nb\n"}, [(UAPI, 1), (UAPI, 2)]),
        ({UAPI: "a\n"}, {}, []),
        ({UAPI: "a\n", "b.h": "b\n"}, {UAPI: "b\n", "b.h": "b\n"}, [(UAPI, 1)]),
        ({"a.h": "a\n"}, {"b.h": "a\n"}, [("b.h", 1)]),
        ({UAPI: "a\n"}, {UAPI: "a"}, []),
    ],
)
def test_changed_lines(
    tmp_path: Path, before: dict[str, str], after: dict[str, str], lines: list[tuple[str, int]]
) -> None:
    loaded = _loaded(tmp_path, before, after)
    assert list(changed_lines(loaded)) == [(loaded.tree.name, path, line) for path, line in lines]


def test_a_tree_without_a_base_has_no_changed_lines(tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, {}, {UAPI: "a\n"})
    loaded.tree.base = None
    assert list(changed_lines(loaded)) == []


def test_files_of_the_same_content_are_not_read(tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, {UAPI: "a\n"}, {UAPI: "a\n"})
    (tmp_path / "after" / UAPI).write_text("other\n")
    assert list(changed_lines(loaded)) == []
