"""Working trees that a series may be written for: those of which HEAD has every file that was read or is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, commit, git, lay

from caplint.authoring.committed import want_committed
from caplint.trees.detect import directory_tree
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import File, Tree, object_id
from caplint.util.errors import CaplintError

MAIN, BELLS, CHIMES = "virt/kvm/kvm_main.c", "virt/kvm/bells.c", "virt/kvm/chimes.c"
FILES = {UAPI: "", MAIN: "one\n", BELLS: "two\n", CHIMES: "three\n"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which two files differ from HEAD, and one is not in it."""
    place = lay(tmp_path_factory.mktemp("tree"), FILES)
    commit(place)
    lay(place, {BELLS: "TWO\n", CHIMES: "THREE\n", "virt/kvm/new.c": "new\n"})
    return place


def _tree(root: Path) -> Tree:
    return directory_tree(str(root))


def _read(root: Path, *paths: str) -> list[File]:
    return [File(path, object_id((root / path).read_bytes()), 1) for path in paths]


def test_what_head_has_is_committed(root: Path) -> None:
    want_committed(_tree(root), _read(root, MAIN, UAPI), [MAIN])


def test_other_files_may_differ(root: Path) -> None:
    want_committed(_tree(root), [], [])
    want_committed(_tree(root), _read(root, "virt/kvm/new.c"), ["virt/kvm/new.c", "virt/kvm/not_yet.c"])


@pytest.mark.parametrize(("read", "paths"), [((BELLS,), ()), ((), (BELLS,)), ((MAIN, BELLS), (BELLS, MAIN))])
def test_a_file_that_was_read_or_is_changed_differs(root: Path, read: tuple[str, ...], paths: tuple[str, ...]) -> None:
    with pytest.raises(CaplintError, match=rf"{BELLS} has changes that are not committed; .*DIR@HEAD"):
        want_committed(_tree(root), _read(root, *read), paths)


def test_the_first_of_several_is_named_and_the_others_are_counted(root: Path) -> None:
    with pytest.raises(CaplintError, match=rf"{BELLS} and 1 more have changes"):
        want_committed(_tree(root), _read(root, CHIMES, BELLS, MAIN), [])


def test_of_a_large_tree_every_file_is_compared(root: Path) -> None:
    many = [File(f"virt/kvm/gone/{number}.c", "0" * 40, 1) for number in range(2_001)]
    want_committed(_tree(root), [*_read(root, MAIN), *many], [])
    with pytest.raises(CaplintError, match=f"{CHIMES} has changes"):
        want_committed(_tree(root), [*_read(root, CHIMES), *many], [])


def test_a_file_that_a_series_would_write_again_is_missing_on_disk(tmp_path: Path) -> None:
    """`git am` would find it in HEAD, and not create it."""
    root = lay(tmp_path, FILES)
    commit(root)
    (root / BELLS).unlink()
    with pytest.raises(CaplintError, match=f"{BELLS} has changes"):
        want_committed(_tree(root), _read(root, MAIN), [BELLS])


def test_a_path_with_controls_is_told_without_them(tmp_path: Path) -> None:
    path = "virt/kvm/\x1b[31m.c"
    root = lay(tmp_path, {**FILES, path: "one\n"})
    commit(root)
    lay(root, {path: "two\n"})
    with pytest.raises(CaplintError) as caught:
        want_committed(_tree(root), [], [path])
    assert "\x1b" not in str(caught.value)


def test_without_a_commit_there_is_nothing_to_differ_from(tmp_path: Path) -> None:
    root = lay(tmp_path, FILES)
    want_committed(_tree(root), _read(root, MAIN), [BELLS])
    git(root, "init", "-q")
    want_committed(_tree(root), _read(root, MAIN), [BELLS])


def test_a_tree_that_is_no_directory_is_committed(root: Path) -> None:
    """An overlay, for one, stands for what somebody else has written."""
    want_committed(OverlayTree(_tree(root), {}), _read(root, BELLS), [BELLS])
