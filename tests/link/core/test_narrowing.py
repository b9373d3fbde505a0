"""Files that one architecture sees of a tree: its own and shared ones, while everything else stays as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import bare_kernel

from caplint.config.settings import Config
from caplint.link.core.narrowing import architectures, narrow_key, narrowed
from caplint.session import open_session

X86, S390, SHARED = "arch/x86/kvm/x86.c", "arch/s390/kvm/kvm-s390.c", "virt/kvm/kvm_main.c"
UAPI = "include/uapi/linux/kvm.h"
FILES = {
    X86: "int brew(void)\n{\n\treturn 1;\n}\n",
    S390: "int pour(void)\n{\n\treturn 1;\n}\n",
    SHARED: "int serve(void)\n{\n\treturn 1;\n}\n",
    UAPI: "#define KVM_CAP_TEA 1\n",
    "arch/s390/kvm/Makefile": "kvm-y += kvm-s390.o\n",
    "arch/x86/kvm/Makefile": "kvm-y += x86.o\n",
}


@contextmanager
def _linked(root: Path, files: dict[str, str]) -> Iterator[sqlite3.Connection]:
    root.mkdir()
    session = open_session([bare_kernel(root, files)], Config(cache="none", jobs=1))
    try:
        yield session.connection
    finally:
        session.store.close()


def _key(root: Path, files: dict[str, str], arch: str = "x86") -> str:
    with _linked(root, files) as connection:
        return narrow_key(connection, "now", "kernel", "extractor", arch)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with _linked(tmp_path / "tree", FILES) as opened:
        yield opened


def _files(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT rowid, * FROM temp.all_file ORDER BY rowid").fetchall()


def test_a_file_of_another_architecture_changes_nothing(tmp_path: Path) -> None:
    before = _key(tmp_path / "a", FILES)
    assert _key(tmp_path / "b", {**FILES, S390: "int spill(void)\n{\n\treturn 2;\n}\n"}) == before
    assert _key(tmp_path / "c", {path: text for path, text in FILES.items() if path != S390}) == before
    assert _key(tmp_path / "d", {**FILES, "arch/s390/kvm/Makefile": "kvm-$(CONFIG_TEA) += kvm-s390.o\n"}) == before


@pytest.mark.parametrize(
    "change",
    [
        {X86: "\n" + FILES[X86]},
        {SHARED: "\n" + FILES[SHARED]},
        {UAPI: FILES[UAPI] + "#define KVM_CAP_CUP 2\n"},
        {"arch/x86/kvm/Makefile": "kvm-$(CONFIG_TEA) += x86.o\n"},
        {"arch/x86/kvm/more.c": "int more;\n"},
        # Says when a shared file is built, although no architecture but this one has the directory.
        {"virt/kvm/Makefile.kvm": "kvm-$(CONFIG_TEA) += kvm_main.o\n"},
    ],
)
def test_what_it_sees_changes_the_key(tmp_path: Path, change: dict[str, str]) -> None:
    assert _key(tmp_path / "a", FILES) != _key(tmp_path / "b", {**FILES, **change})


def test_a_rule_of_another_architecture_for_a_shared_file_changes_the_key(tmp_path: Path) -> None:
    build = {"arch/x86/kvm/Makefile": "kvm-y += x86.o\nkvm-$(CONFIG_CUP) += ../../../virt/kvm/kvm_main.o\n"}
    other = {"arch/s390/kvm/Makefile": "kvm-y += kvm-s390.o\nkvm-$(CONFIG_TEA) += ../../../virt/kvm/kvm_main.o\n"}
    assert _key(tmp_path / "a", {**FILES, **build}) != _key(tmp_path / "b", {**FILES, **build, **other})


def test_a_capability_that_another_architecture_defines_changes_the_key(tmp_path: Path) -> None:
    header = {"arch/s390/include/uapi/asm/kvm.h": "#define KVM_CAP_SAUCER 77\n"}
    assert _key(tmp_path / "a", FILES) != _key(tmp_path / "b", {**FILES, **header})


def test_each_architecture_has_its_own_key(connection: sqlite3.Connection) -> None:
    keys = {narrow_key(connection, "now", "kernel", "extractor", arch) for arch in ("x86", "s390", "riscv")}
    assert len(keys) == 3
    assert architectures(connection, "now", "kernel") == ["s390", "x86"]


def test_the_other_files_are_out_of_sight_and_return(connection: sqlite3.Connection) -> None:
    before = _files(connection)
    with narrowed(connection, "now", "kernel", "x86"):
        paths = {path for (path,) in connection.execute("SELECT path FROM temp.all_file")}
        assert {X86, SHARED, UAPI} <= paths
        assert not any(path.startswith("arch/s390/") for path in paths)
        functions = {name for (name,) in connection.execute("SELECT name FROM code_function")}
        assert {"brew", "serve"} <= functions
        assert "pour" not in functions
    assert _files(connection) == before


def test_the_other_files_return_after_an_error(connection: sqlite3.Connection) -> None:
    before = _files(connection)
    with pytest.raises(ZeroDivisionError), narrowed(connection, "now", "kernel", "s390"):
        raise ZeroDivisionError
    assert _files(connection) == before


def test_only_the_side_that_is_asked_for_is_narrowed(connection: sqlite3.Connection) -> None:
    before = _files(connection)
    with narrowed(connection, "base", "kernel", "x86"):
        assert _files(connection) == before
