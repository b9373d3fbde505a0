"""Directories as trees: which files matter, when they are read again, and what is not followed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import pytest
from conftest import UAPI, X86, age, bare_kernel, bare_qemu, lay

from caplint.facts.store.store import FactStore
from caplint.trees.directory import DirectoryTree
from caplint.trees.tree import Stamp, StampCache, Tree, object_id
from caplint.util.errors import CaplintError

KERNEL = (UAPI, "virt/kvm/kvm_main.c")
QEMU = ("accel/kvm/kvm-all.c", "linux-headers/linux/kvm.h")
INTERESTING = "int x = KVM_CAP_X;"


class Memory:
    """A stamp cache that is a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[Stamp, str, bool]] = {}
        self.directories: set[str] = set()

    def stamps(self, directory: str) -> dict[str, tuple[Stamp, str, bool]]:
        self.directories.add(directory)
        return dict(self.entries)

    def remember(self, directory: str, entries: dict[str, tuple[Stamp, str, bool]], gone: set[str]) -> None:
        self.directories.add(directory)
        self.entries |= entries
        for path in gone:
            del self.entries[path]

    def objects(self, oids: Iterable[str]) -> dict[str, tuple[int, bool]]:
        raise AssertionError(f"a directory asks for no objects: {oids}")

    def remember_objects(self, entries: dict[str, tuple[int, bool]]) -> None:
        raise AssertionError(f"a directory knows no objects: {entries}")


def _paths(tree: Tree, cache: StampCache | None = None) -> list[str]:
    return [file.path for file in tree.files(cache or Memory())]


def _reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    read = DirectoryTree.read

    def counting(self: DirectoryTree, path: str) -> bytes:
        seen.append(path)
        return read(self, path)

    monkeypatch.setattr(DirectoryTree, "read", counting)
    return seen


@pytest.mark.parametrize(
    ("path", "content", "wanted"),
    [
        ("arch/x86/kvm/x86.c", "", True),
        ("arch/x86/kvm/svm/svm.h", "", True),
        ("arch/powerpc/kvm/book3s_hv.S", INTERESTING, False),
        ("arch/x86/kvm/Kconfig", "", True),
        ("arch/x86/kvm/Makefile", "", True),
        ("arch/x86/kvm/x86.o", "", False),
        ("Documentation/virt/kvm/api.rst", "", True),
        ("Documentation/virt/kvm/x86/errata.rst", "", True),
        ("Documentation/virt/uml/howto.rst", "KVM_CAP_X", False),
        ("include/linux/kvm_host.h", "", True),
        ("include/trace/events/kvm.h", "", False),
        ("include/trace/events/kvm.h", INTERESTING, True),
        ("arch/x86/include/asm/kvm_host.h", "", True),
        ("arch/x86/include/asm/msr.h", "", False),
        ("arch/x86/include/asm/msr.h", INTERESTING, True),
        ("tools/include/uapi/linux/kvm.h", "", True),
        ("tools/testing/selftests/kvm/x86/test.c", INTERESTING, False),
        ("drivers/gpu/drm/i915/gvt/kvmgt.c", INTERESTING, False),
        ("virt/lib/irqbypass.c", "", False),
        ("virt/lib/irqbypass.c", INTERESTING, True),
        ("virt/kvm/.git/config.h", INTERESTING, False),
    ],
)
def test_files_of_a_kernel_that_matter(tmp_path: Path, path: str, content: str, wanted: bool) -> None:
    assert _paths(bare_kernel(tmp_path, {path: content})) == sorted({*KERNEL, *([path] if wanted else [])})


@pytest.mark.parametrize(
    ("path", "content", "wanted"),
    [
        ("target/i386/kvm/kvm.c", "", True),
        ("target/i386/kvm.c", "", True),
        ("linux-headers/asm-x86/kvm.h", "", True),
        ("linux-headers/linux/vfio.h", INTERESTING, False),
        ("hw/i386/kvm/apic.c", "", False),
        ("hw/i386/kvm/apic.c", "kvm_check_extension(s, x);", True),
        ("hw/meson.build", "", True),
        ("block/meson.build", "KVM_CAP_X", False),
        ("tests/unit/test.c", INTERESTING, False),
        ("build/config.h", INTERESTING, False),
        ("target/arm/common.c.inc", INTERESTING, True),
    ],
)
def test_files_of_qemu_that_matter(tmp_path: Path, path: str, content: str, wanted: bool) -> None:
    assert _paths(bare_qemu(tmp_path, {path: content})) == sorted({*QEMU, *([path] if wanted else [])})


def test_a_file_is_named_as_git_names_it(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {X86: "int x;\n"})
    found = {file.path: (file.oid, file.size) for file in tree.files(Memory())}
    assert found[X86] == (object_id(b"int x;\n"), 7)
    assert object_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert object_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_links_are_not_followed_out_of_the_tree(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path / "tree", {X86: "int x;"})
    lay(tmp_path / "elsewhere", {"secret.c": INTERESTING, "deep/more.c": INTERESTING})
    here = tmp_path / "tree/arch/x86/kvm"
    (here / "inside.c").symlink_to("x86.c")
    (here / "outside.c").symlink_to(tmp_path / "elsewhere/secret.c")
    (here / "climbing.c").symlink_to("../../../../elsewhere/secret.c")
    (here / "directory").symlink_to(tmp_path / "elsewhere/deep")
    (here / "loop").symlink_to("..")
    (here / "self.c").symlink_to("self.c")
    (here / "dangling.c").symlink_to("gone.c")
    os.mkfifo(here / "pipe.c")
    (here / "directory.c").mkdir()
    assert _paths(tree) == sorted([*KERNEL, X86, "arch/x86/kvm/inside.c"])


@pytest.mark.parametrize("path", ["arch/x86/kvm/out.c", "arch/x86/kvm/away/secret.c", "../elsewhere/secret.c"])
def test_a_file_out_of_the_tree_is_none_by_name(tmp_path: Path, path: str) -> None:
    """Names come from includes, `api.rst` and diffs too, not only from the listing."""
    tree = bare_kernel(tmp_path / "tree", {X86: "int x;"})
    lay(tmp_path / "elsewhere", {"secret.c": INTERESTING})
    here = tmp_path / "tree/arch/x86/kvm"
    (here / "out.c").symlink_to(tmp_path / "elsewhere/secret.c")
    (here / "away").symlink_to(tmp_path / "elsewhere")
    assert (tmp_path / "tree" / path).exists()
    assert (tree.exists(path), tree.is_file(path), tree.read_or_none(path)) == (False, False, None)
    assert tree.c_files_under(path.rpartition("/")[0]) in ([], [X86])


def test_a_tree_may_itself_be_reached_through_a_link(tmp_path: Path) -> None:
    bare_kernel(tmp_path / "real", {X86: "int x;"})
    (tmp_path / "link").symlink_to("real")
    tree = bare_kernel(tmp_path / "link", {})
    assert _paths(tree) == sorted([*KERNEL, X86])
    assert tree.location == str(tmp_path / "link")


def test_an_untouched_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boring = "include/linux/boring.h"
    tree = bare_kernel(tmp_path, {X86: "int x;", boring: "int y;"})
    age(tmp_path)
    reads, cache = _reads(monkeypatch), Memory()
    first = tree.files(cache)
    assert sorted(reads) == sorted([*KERNEL, X86, boring])
    reads.clear()
    assert tree.files(cache) == first
    assert reads == []


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_touched_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    tree = bare_kernel(tmp_path, {X86: "int x;"})
    age(tmp_path)
    cache = Memory()
    tree.files(cache)
    file = tmp_path / X86
    before = file.stat()
    match change:
        case "size":
            file.write_text("int xy;")
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        case "time":
            file.write_text("int y;")
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
        case _:
            other = file.with_name("other")
            other.write_text("int y;")
            os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
            other.rename(file)
    reads = _reads(monkeypatch)
    found = {entry.path: entry.oid for entry in tree.files(cache)}
    assert reads == [X86]
    assert found[X86] == object_id(file.read_bytes())


def test_a_file_that_did_not_matter_is_named_once_it_does(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {X86: "int x;"})
    age(tmp_path)
    cache = Memory()
    tree.files(cache)
    cache.entries = {path: (stamp, "", False) for path, (stamp, _, _) in cache.entries.items()}
    assert {file.path: file.oid for file in tree.files(cache)}[X86] == object_id(b"int x;")


def test_a_young_file_is_read_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = bare_kernel(tmp_path, {X86: "int x;"})
    age(tmp_path)
    os.utime(tmp_path / X86)
    reads, cache = _reads(monkeypatch), Memory()
    tree.files(cache)
    tree.files(cache)
    assert cache.directories == {str(tmp_path)}
    assert X86 not in cache.entries
    assert reads.count(X86) == 2
    assert reads.count(UAPI) == 1


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {X86: "int x;"})
    age(tmp_path)
    cache = Memory()
    tree.files(cache)
    (tmp_path / X86).unlink()
    assert _paths(tree, cache) == list(KERNEL)
    assert set(cache.entries) == set(KERNEL)


def test_the_store_is_such_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = bare_kernel(tmp_path / "tree", {X86: INTERESTING})
    age(tmp_path)
    first = FactStore(tmp_path / "store" / "facts.db")
    found = tree.files(first)
    first.close()
    reads = _reads(monkeypatch)
    second = FactStore(tmp_path / "store" / "facts.db")
    assert tree.files(second) == found
    assert reads == []
    (tmp_path / "tree" / X86).unlink()
    assert _paths(tree, second) == list(KERNEL)
    assert set(second.stamps(str(tmp_path / "tree"))) == set(KERNEL)
    second.close()


def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = bare_kernel(tmp_path, {X86: "int x;"})

    def refusing(path: str, mode: str, **_: object) -> IO[Any]:
        if path.endswith("x86.c"):
            raise PermissionError(13, "Permission denied", path)
        return Path(path).open(mode)

    monkeypatch.setattr("caplint.trees.directory.open", refusing, raising=False)
    with pytest.raises(CaplintError) as error:
        tree.files(Memory())
    assert str(error.value) == f"kernel: cannot read {X86}: Permission denied; make it readable or exclude the tree"


def test_a_directory_that_cannot_be_listed_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = bare_kernel(tmp_path, {X86: "int x;"})
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("arch/x86"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(
        CaplintError, match=r"^kernel: cannot list arch/x86: Permission denied; make it readable or exclude the tree$"
    ):
        tree.files(Memory())


def test_a_file_that_does_not_exist_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match=r"cannot read gone\.c: No such file or directory"):
        bare_kernel(tmp_path, {}).read("gone.c")
