"""Directories that are made to harm: what is no file, what is too large, too deep, too many or oddly named."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from conftest import X86, Caplint, bare_kernel, commit, git, kernel, lay
from hostile_repositories import KINDS

from caplint.facts.store.store import FactStore
from caplint.trees.detect import directory_tree, tree_of
from caplint.trees.tree import LARGEST, oversize_id
from caplint.util.errors import CaplintError

HUGE = 2_000_000_000


def _sparse(file: Path, size: int) -> None:
    with file.open("wb") as opened:
        opened.truncate(size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["pipe.c", "Makefile", "Kconfig", "pipe.h"])
def test_what_is_no_file_is_none_of_the_tree(caplint: Caplint, tmp_path: Path, kind: str, name: str) -> None:
    root = kernel(tmp_path / "k")
    KINDS[kind](root / "virt/kvm" / name)
    start = time.monotonic()
    assert caplint("check", root).status == 0
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_replaced_while_it_is_read(tmp_path: Path, kind: str) -> None:
    tree = bare_kernel(tmp_path, {X86: "int x;"})
    (tmp_path / X86).unlink()
    KINDS[kind](tmp_path / X86)
    with pytest.raises(CaplintError, match=rf"^kernel: cannot read {X86}: [\w ]+; make it readable"):
        tree.read(X86)


@pytest.mark.parametrize("name", ["virt/kvm/huge.c", "virt/kvm/Makefile", "Documentation/virt/kvm/huge.rst"])
def test_a_file_that_is_too_large_is_a_blind_spot_and_not_read(
    caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    root = kernel(tmp_path / "k")
    _sparse(root / name, HUGE)
    seen: list[int] = []
    real = os.fstat
    monkeypatch.setattr(os, "fstat", lambda file: seen.append(file) or real(file))  # type: ignore[func-returns-value]
    store = FactStore(None)
    found = {file.path: (file.oid, file.size) for file in directory_tree(str(root)).files(store)}
    store.close()
    assert found[name] == (oversize_id(), HUGE)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAPLINT_CACHE", str(tmp_path / "cache"))
    for _ in range(2):  # what is remembered says the same
        start = time.monotonic()
        run = caplint("check", root)
        assert (run.status, time.monotonic() - start < 20) == (0, True)
        assert "in 1 file not understood" in run.out
    assert "larger than 16 MiB" in caplint("coverage", root).out


def test_an_object_that_is_too_large_is_a_blind_spot(tmp_path: Path) -> None:
    root = kernel(tmp_path / "k")
    for name in ("a", "b", "c"):
        _sparse(root / f"virt/kvm/{name}.c", LARGEST + 2)
    _sparse(root / "virt/kvm/d.c", LARGEST)
    git(root, "init", "-q", "-b", "master")
    git(root, "config", "core.compression", "1")
    commit(root)
    store = FactStore(None)
    for _ in range(2):
        tree = tree_of(f"{root}@HEAD")
        found = {file.path: file.oid for file in tree.files(store)}
        assert [path for path, oid in found.items() if oid == oversize_id()] == [f"virt/kvm/{x}.c" for x in "abc"]
        assert tree.read("virt/kvm/a.c") == tree_of(str(root)).read("virt/kvm/a.c")
        assert len(tree.read("virt/kvm/d.c")) == LARGEST
        assert tree.read(X86) == (root / X86).read_bytes()
    store.close()


@pytest.mark.parametrize("name", ["a\nb.c", "a\x1b[31m.c", "a\u202eb.c", "-rf.c", " .c", "'\".c", "$(x).c", "\udcff.c"])
def test_odd_names(caplint: Caplint, tmp_path: Path, name: str) -> None:
    root = kernel(tmp_path / "k", {f"virt/kvm/{name}": "int kvm_x(void) { return KVM_CAP_TEA; }\n"})
    commit(root)
    for words in ((str(root),), (f"{root}@HEAD",), ("--staged", str(root))):
        run = caplint("check", *words, "--fail-on", "never")
        assert (run.status, run.err) == (0, "")
        assert not {"\x1b", "\u202e", "a\nb"} & set(run.out)
        assert "a\nb" not in run.out


def test_a_path_that_is_longer_than_the_system_takes(caplint: Caplint, tmp_path: Path) -> None:
    root = kernel(tmp_path / "k")
    here = os.open(root / "virt/kvm", os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    run = caplint("check", root)
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert "File name too long" in run.err


def test_many_entries_take_time_in_proportion(tmp_path: Path) -> None:
    root = lay(kernel(tmp_path / "k"), {"virt/kvm/many/0.txt": ""})
    for number in range(100_000):
        os.close(os.open(root / f"virt/kvm/many/{number}.txt", os.O_CREAT | os.O_WRONLY))
    tree, start = directory_tree(str(root)), time.monotonic()
    assert len(tree.candidates()) == 4
    assert time.monotonic() - start < 10


def test_a_directory_that_nobody_may_list_is_one_line(caplint: Caplint, tmp_path: Path) -> None:
    root = kernel(tmp_path / "k", {"virt/kvm/closed/a.c": ""})
    (root / "virt/kvm/closed").chmod(0)
    run = caplint("check", root)
    if os.getuid():
        assert (run.status, run.err.count("\n")) == (2, 1)
    else:
        assert run.status == 0


def test_links_that_lead_to_each_other(caplint: Caplint, tmp_path: Path) -> None:
    root = kernel(tmp_path / "k")
    (root / "virt/kvm/up").symlink_to("..")
    (root / "virt/kvm/here").symlink_to(".")
    (root / "virt/kvm/a.c").symlink_to("b.c")
    (root / "virt/kvm/b.c").symlink_to("a.c")
    (root / "virt/kvm/root.c").symlink_to("/")
    assert caplint("check", root).status == 0
    assert directory_tree(str(root)).c_files_under("virt") == ["virt/kvm/kvm_main.c"]


def test_what_is_no_file_is_none_below_a_directory(tmp_path: Path) -> None:
    tree = directory_tree(str(kernel(tmp_path / "k", {"lib/a.c": "int a;\n"})))
    os.mkfifo(tmp_path / "k/lib/fifo.c")
    (tmp_path / "k/lib/directory.c").mkdir()
    (tmp_path / "k/lib/link.c").symlink_to("a.c")
    assert tree.c_files_under("lib") == ["lib/a.c"]
