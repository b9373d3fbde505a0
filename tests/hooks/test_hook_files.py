"""The `files` of the shipped hooks and the paths of docs/pre-commit.sh: all that caplint may read, and little else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import git, lay
from hook_repositories import ROOT, shipped

from caplint.knowledge.languages import language_of
from caplint.knowledge.load import knowledge
from caplint.knowledge.project import Project
from caplint.util.shipped_files import FIXTURES

CORPUS = ROOT / ".corpus"
PROJECTS = {project.name: project for project in knowledge().projects}
HOOKS = {"linux": "caplint-kernel", "qemu": "caplint-qemu", "libvirt": "caplint-libvirt"}


def _read(root: Path, project: Project) -> list[str]:
    """The paths of a tree that may be read."""
    paths = (file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file())
    return [path for path in paths if language_of(path) is not None and project.wants(path) is not False]


def _unmatched(root: Path, name: str) -> list[str]:
    files = re.compile(shipped()[HOOKS[name]]["files"])
    paths = _read(root, PROJECTS[name])
    assert len(paths) >= 5
    return [path for path in paths if not files.search(path)]


@pytest.mark.parametrize("name", HOOKS)
def test_what_may_be_read_of_a_mini_tree_runs_the_hook(name: str) -> None:
    assert _unmatched(FIXTURES / name, name) == []


@pytest.mark.corpus
@pytest.mark.parametrize("tree", ["linux-6.1", "linux-6.12", "qemu-7.2", "qemu-10.0", "libvirt-9.0"])
def test_what_may_be_read_of_a_real_tree_runs_the_hook(tree: str) -> None:
    assert _unmatched(CORPUS / tree, tree.partition("-")[0]) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("linux", "net/core/dev.c"),
        ("linux", "arch/x86/kernel/setup.c"),
        ("linux", "Makefile"),
        ("linux", "arch/x86/kvm/README"),
        ("linux", "Documentation/process/howto.rst"),
        ("qemu", "tests/unit/test-kvm.c"),
        ("qemu", "README.rst"),
        ("libvirt", "tests/qemuxml2argvtest.c"),
    ],
)
def test_what_cannot_matter_does_not(name: str, path: str) -> None:
    assert not re.search(shipped()[HOOKS[name]]["files"], path)
    assert PROJECTS[name].wants(path) is False or language_of(path) is None


@pytest.mark.parametrize("path", ["Documentation/virt/kvm/api.txt", "Documentation/virtual/kvm/devices/vm.txt"])
def test_the_documentation_of_older_kernels_runs_the_hook(path: str) -> None:
    assert re.search(shipped()[HOOKS["linux"]]["files"], path)
    assert PROJECTS["linux"].wants(path)
    assert language_of(path) is not None


@pytest.mark.parametrize("name", ["linux", "qemu"])
def test_the_script_sees_what_the_hook_sees(tmp_path: Path, name: str) -> None:
    script = (ROOT / "docs" / "pre-commit.sh").read_text()
    kernel, other = re.findall(r"set -- (.*?)\n(?=else|fi)", script.replace("\\\n", ""), re.DOTALL)
    patterns = [word.strip("'") for word in (kernel if name == "linux" else other).split()]
    paths = _read(FIXTURES / name, PROJECTS[name])
    lay(tmp_path, dict.fromkeys(paths, ""))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    assert set(git(tmp_path, "ls-files", "--", *patterns).splitlines()) == set(paths)
