"""Names of files as text: no two have one text, and each text leads back to its name."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest
from conftest import Caplint, bare_kernel, commit, kernel

from caplint.facts.store.store import FactStore
from caplint.trees.apply import changes
from caplint.trees.detect import directory_tree, staged_tree, tree_of
from caplint.trees.names import on_disk, path_bytes, path_text, shown
from caplint.util.errors import CaplintError

BYTE, ESCAPE = b"virt/kvm/\xff.c", b"virt/kvm/\\xff.c"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"a.c", "a.c"),
        ("ä.c".encode(), "ä.c"),
        (b"\xff.c", "\\xff.c"),
        (b"\\xff.c", "\\x5cxff.c"),
        (b"\\x5cxff.c", "\\x5cx5cxff.c"),
        (b"\\\xff", "\\\\xff"),
        (b"\\xFF\\x41\\n", "\\xFF\\x41\\n"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
    ],
)
def test_how_a_name_is_written(name: bytes, text: str) -> None:
    assert (path_text(name), path_bytes(text)) == (text, name)
    assert (shown(os.fsdecode(name)), os.fsencode(on_disk(text))) == (text, name)


def test_no_two_names_have_one_text() -> None:
    pieces = (b"\\", b"x", b"5", b"c", b"\xff", b"f", b"\\xff")
    names = {b"".join(chosen) for length in range(6) for chosen in product(pieces, repeat=length)}
    texts = {path_text(name) for name in names}
    assert len(texts) == len(names)
    assert {path_bytes(text) for text in texts} == names


@pytest.mark.parametrize("text", ["\udcff", "\ud800\udcff", "\\x00", "a\0b"])
def test_text_that_stands_for_no_name_is_no_error(tmp_path: Path, text: str) -> None:
    tree = bare_kernel(tmp_path, {})
    assert not tree.exists(text)
    assert tree.read_or_none(text) is None
    shown(text).encode()


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """A kernel with two files whose names Python's escape makes equal, committed."""
    root = kernel(tmp_path / "k")
    for name, content in ((BYTE, "int a;\n"), (ESCAPE, "int bb;\n")):
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_text(content)
    commit(root)
    return root


def test_names_that_look_alike_are_two_files_of_every_kind_of_tree(twins: Path) -> None:
    store = FactStore(None)
    trees = [directory_tree(str(twins)), tree_of(f"{twins}@HEAD"), staged_tree(directory_tree(str(twins)))]
    for tree in trees:
        found = {file.path: tree.read(file.path) for file in tree.files(store) if "xff" in file.path}
        assert found == {path_text(BYTE): b"int a;\n", path_text(ESCAPE): b"int bb;\n"}
        assert tree.c_files_under("virt/kvm") == sorted(["virt/kvm/kvm_main.c", *found])
        assert all(tree.exists(path) and tree.read_or_none(path) == content for path, content in found.items())
    store.close()


@pytest.mark.parametrize("words", [("{}",), ("{}@HEAD",), ("--staged", "{}"), ("--base", "HEAD", "{}")])
def test_names_that_look_alike_are_checked(caplint: Caplint, twins: Path, words: tuple[str, ...]) -> None:
    run = caplint("check", *(word.format(twins) for word in words))
    assert (run.status, run.err) == (0, "")


def test_a_patch_finds_the_file_that_it_names(twins: Path) -> None:
    head = b'--- "a/virt/kvm/%s.c"\n+++ "b/virt/kvm/%s.c"\n@@ -1 +1 @@\n-int %s;\n+int c;\n'
    tree = directory_tree(str(twins))
    assert changes(tree, head % (rb"\377", rb"\377", b"a"), "p") == {path_text(BYTE): b"int c;\n"}
    with pytest.raises(CaplintError, match="backslash"):  # in no path of a patch
        changes(tree, head % (rb"\\xff", rb"\\xff", b"bb"), "p")


@pytest.mark.parametrize("where", ["directory", "revision", "index", "base", "report"])
def test_a_repository_whose_own_path_is_no_utf8(caplint: Caplint, tmp_path: Path, where: str) -> None:
    root = kernel(tmp_path / "k\udcff\\xff")
    commit(root)
    words: list[str] = {
        "directory": [str(root)], "revision": [f"{root}@HEAD"], "index": ["--staged", str(root)],
        "base": ["--base", "HEAD", str(root)], "report": [str(root), "--output-format", "sarif"],
    }[where]  # fmt: skip
    run = caplint("check", *words)
    assert run.status == 0, run.err
    run.out.encode()  # what reports hold is text


@pytest.mark.parametrize("revision", ["\udcff", "HEAD~\udcff", "a" * 5000, "a\nb", "\\xff"])
def test_a_revision_that_is_no_name(caplint: Caplint, tmp_path: Path, revision: str) -> None:
    root = kernel(tmp_path / "k")
    commit(root)
    run = caplint("check", f"{root}@{revision}")
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
