"""Files that findings may point at: those that a run reads, all that its tree and its base have, and no other path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import UAPI, X86, bare_kernel

from caplint.engine.known_files import KnownFiles
from caplint.facts.store.store import FactStore
from caplint.link.core.loaded_trees import Loaded
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import PatchFile, Tree

FILES = {X86: "int x;\n", "drivers/net/tea.c": "int tea;\n", "arch/x86/kvm/Kconfig": "config KVM\n", "README": "x\n"}


def _known(tree: Tree) -> KnownFiles:
    store = FactStore(None)
    try:
        return KnownFiles(Loaded(tree, *tree.with_base(store)))
    finally:
        store.close()


def _patched(root: Path, changes: Mapping[str, str | None], *rows: PatchFile) -> Tree:
    contents = {path: text.encode() if text is not None else None for path, text in changes.items()}
    return OverlayTree(bare_kernel(root, FILES), contents, rows)


@pytest.mark.parametrize("path", [UAPI, X86, "arch/x86/kvm/Kconfig", "drivers/net/tea.c", "virt/kvm/kvm_main.c"])
def test_a_file_of_the_tree(tmp_path: Path, path: str) -> None:
    assert _known(bare_kernel(tmp_path, FILES)).has(path)


@pytest.mark.parametrize(
    "path",
    [
        "", ".", "..", "nowhere.c", "drivers/net", "drivers/net/", "drivers/net/coffee.c", f"./{X86}", f"/{X86}",
        "drivers//net/tea.c", "drivers/net/../net/tea.c", "../k/drivers/net/tea.c", "drivers/net/tea.c\0", "\0.c",
        "drivers/net/tea.c/",
    ],
)  # fmt: skip
def test_what_is_no_file_of_it(tmp_path: Path, path: str) -> None:
    assert not _known(bare_kernel(tmp_path / "k", FILES)).has(path)


def test_a_file_beside_the_tree_is_none_of_it(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path / "k", FILES)
    (tmp_path / "out.c").write_text("int out;\n")
    assert not any(_known(tree).has(path) for path in ("../out.c", str(tmp_path / "out.c"), f"{tmp_path}/k/{X86}"))


def test_a_patch_adds_files_and_its_base_keeps_those_that_it_removes(tmp_path: Path) -> None:
    known = _known(_patched(tmp_path, {"virt/kvm/new.c": "int new;\n", X86: None}))
    assert known.has("virt/kvm/new.c")
    assert known.has(X86)
    assert not known.has("virt/kvm/newer.c")


def test_a_file_that_nobody_reads_is_known_from_the_base_that_has_it(tmp_path: Path) -> None:
    path = "arch/x86/include/asm/tea.h"
    base = bare_kernel(tmp_path, {path: "int tea;\n"})
    assert _known(OverlayTree(base, {path: None})).has(path)
    assert not _known(OverlayTree(base, {path: None}).without_base()).has(path)


def test_a_file_that_a_patch_names_is_known_whatever_it_is(tmp_path: Path) -> None:
    row = PatchFile("s", 1, "p", "scripts/tea.sh", "added")
    assert _known(_patched(tmp_path, {}, row)).has("scripts/tea.sh")
    assert not _known(_patched(tmp_path, {})).has("scripts/tea.sh")
