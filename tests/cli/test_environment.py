"""CAPLINT_KERNEL, CAPLINT_QEMU and CAPLINT_LIBVIRT: trees for those who cannot type them, as hooks."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HEADER, QEMU_UAPI, Caplint, commit, kernel, lay, qemu, trusted

WORDS = ("check", "--select", "CAP101", "--output-format", "concise")
STALE = HEADER.replace("HLT 1", "HLT 2")


@pytest.fixture
def trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: Path) -> Path:
    """A kernel k, named by the environment, a QEMU q that differs from it, and one that does not, same."""
    monkeypatch.setenv("CAPLINT_KERNEL", str(kernel(tmp_path / "k")))
    qemu(tmp_path / "q", {QEMU_UAPI: STALE})
    qemu(tmp_path / "same")
    return tmp_path


def test_it_names_a_tree(caplint: Caplint, trees: Path) -> None:
    assert "CAP101 KVM_CAP_HLT" in caplint(*WORDS, trees / "q").out
    assert caplint(*WORDS, trees / "same").status == 0


def test_a_relative_path_is_from_here(caplint: Caplint, trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPLINT_KERNEL", "../k")
    assert caplint(*WORDS, "../q").status == 1


def test_stronger_than_the_configuration(caplint: Caplint, trees: Path, apart: Path) -> None:
    trusted(apart, '[trees.other]\npath = "../q"\n[trees.linux]\npath = "../gone"')
    assert caplint(*WORDS).status == 2
    trusted(apart, '[trees.other]\npath = "../q"\n[trees.linux]\npath = "../gone"\nrole = "kernel"')
    assert caplint(*WORDS).status == 1


def test_weaker_than_the_command_line(caplint: Caplint, trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPLINT_QEMU", str(trees / "gone"))
    monkeypatch.setenv("CAPLINT_LIBVIRT", "")
    assert caplint(*WORDS, "--qemu", trees / "same").status == 0
    assert caplint(*WORDS, trees / "same").status == 0


def test_a_revision(caplint: Caplint, trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(trees / "k")
    lay(trees / "k", {"include/uapi/linux/kvm.h": STALE})
    monkeypatch.setenv("CAPLINT_KERNEL", f"{trees / 'k'}@HEAD")
    assert caplint(*WORDS, trees / "q").status == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{}/gone", "CAPLINT_KERNEL: {}/gone: no such directory"),
        ("{}/gone@v6.1", "CAPLINT_KERNEL: {}/gone@v6.1: no such directory"),
        ("{}/q", "CAPLINT_KERNEL: {}/q: is QEMU (vmm), but kernel is asked for; name it as vmm"),
        ("{}/k@v6.1", "CAPLINT_KERNEL: {}/k: not in a git repository"),
        ("{}/work", "CAPLINT_KERNEL: {}/work: unknown project"),
        ("~nobody/linux", "CAPLINT_KERNEL: ~nobody/linux: no such directory"),
    ],
)
def test_one_clear_line(
    caplint: Caplint, trees: Path, monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    monkeypatch.setenv("CAPLINT_KERNEL", value.format(trees))
    run = caplint(*WORDS, trees / "q")
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith(f"caplint: {message.format(trees)}")
    assert run.err.count("\n") == 1


def test_the_configuration_is_named_where_it_leads_nowhere(caplint: Caplint, trees: Path, apart: Path) -> None:
    trusted(apart, '[trees.qemu]\npath = "../gone"')
    run = caplint(*WORDS)
    assert run.err == f"caplint: {apart}/caplint.toml: trees.qemu: {apart}/../gone: no such directory\n"


def test_the_settings_say_where_a_tree_comes_from(caplint: Caplint, trees: Path) -> None:
    assert "# from CAPLINT_KERNEL\n# [trees.kernel]\n" in caplint("config").out
