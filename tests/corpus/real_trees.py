"""The real sources below `.corpus`, read once per test session into a store of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.engine.outcome import Outcome
from caplint.rules import page as rule_pages
from caplint.rules.page import Rule
from caplint.session import Session, open_session
from caplint.trees.detect import directory_tree
from caplint.trees.directory import DirectoryTree
from caplint.trees.tree import File, StampCache, Tree
from caplint.util import shipped_files

CORPUS = Path(__file__).parents[2] / ".corpus"
# What a compiler saw of linux 6.12 and qemu 10.0, where that account is at hand.
ACCOUNT = Path(__file__).parents[3] / "shared" / "truth" / "compiler.tar.xz"
KERNELS = ("linux-6.12", "linux-6.1")
VMMS = ("qemu-10.0", "qemu-7.2")
PAIRS = [(kernel, vmm) for kernel in KERNELS for vmm in VMMS]

UAPI = "include/uapi/linux/kvm.h"
TOOLS = "tools/include/uapi/linux/kvm.h"
QEMU = "linux-headers/linux/kvm.h"
API = "Documentation/virt/kvm/api.rst"

_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


@cache
def shipped_rules() -> list[Rule]:
    """Every rule page of the project."""
    return rule_pages.load([shipped_files.RULES])


def root(name: str) -> Path:
    """Where a tree lies; the test is skipped where it has not been fetched."""
    directory = CORPUS / name
    if not directory.is_dir():
        pytest.skip(f"no .corpus/{name}; `make corpus` fetches it")
    return directory


# What exact expectations were read off; point releases move them.
_STATED = {"linux-6.12": "6.12.107", "linux-6.1": "6.1.176", "qemu-10.0": "10.0.13", "qemu-7.2": "7.2.0"}


def stated(*names: str) -> None:
    """Skip the test where a tree is of another version than the one that its expectations were read off."""
    for name in names:
        found = version(name)
        if found != _STATED[name]:
            pytest.skip(f".corpus/{name} is {found}; what is expected was read off {_STATED[name]}")


def version(name: str) -> str:
    """A tree's own version."""
    if name.startswith("qemu"):
        return (root(name) / "VERSION").read_text("utf-8").strip()
    makefile = (root(name) / "Makefile").read_text("utf-8")
    return ".".join(re.findall(r"^(?:VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", makefile, re.MULTILINE))


def source(tree: str, path: str) -> str:
    """A file's text."""
    return (root(tree) / path).read_text("utf-8", "replace")


def bare(text: str) -> str:
    """C without comments and literals; every line stays where it is."""
    return _NOISE.sub(lambda match: " " + "\n" * match.group().count("\n"), text)


class StillTree(DirectoryTree):
    """A directory that nobody changes while the tests run, so it is walked once."""

    _files: list[File] | None = None

    def files(self, cache: StampCache) -> list[File]:
        if self._files is None:
            self._files = super().files(cache)
        return self._files


@dataclass
class Corpus:
    """Runs on the real trees that share one store."""

    config: Config
    _trees: dict[str, Tree] = field(default_factory=dict)
    _pairs: dict[tuple[str, str], Outcome] = field(default_factory=dict)

    def tree(self, name: str) -> Tree:
        """A tree, with the role that it is found to have."""
        if name not in self._trees:
            found = directory_tree(str(root(name)))
            self._trees[name] = StillTree(found.name, found.role, found.project, found.root)
        return self._trees[name]

    def check(self, *trees: Tree) -> Outcome:
        """Run every rule."""
        return check(list(trees), shipped_rules(), self.config)

    def pair(self, kernel: str, vmm: str) -> Outcome:
        """What is found in an unedited pair."""
        if (kernel, vmm) not in self._pairs:
            self._pairs[kernel, vmm] = self.check(self.tree(kernel), self.tree(vmm))
        return self._pairs[kernel, vmm]

    @contextmanager
    def session(self, *names: str) -> Iterator[Session]:
        """The linked views of some trees."""
        opened = open_session([self.tree(name) for name in names], self.config)
        try:
            yield opened
        finally:
            opened.store.close()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """One store for all tests, and under xdist for all workers."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return Corpus(Config(cache=str(shared / "caplint")))
