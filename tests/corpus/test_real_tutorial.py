"""The tutorial `docs/add-a-capability.md`: what it shows of a command is what the command prints."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import real_trees
from conftest import Caplint, git
from real_trees import Corpus, root, stated

from caplint.util import shipped_files
from tools.bench.ppin import write_pair

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus
_PAGE = Path(__file__).parents[2] / "docs" / "add-a-capability.md"
_TREES = ("linux-6.12", "qemu-10.0", "libvirt-9.0")


def _shown() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the page with the lines that the page shows of its output."""
    for block in re.findall(r"```console\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            yield command, lines


def _holds(printed: str, lines: list[str]) -> None:
    """Demand lines in their order; one that ends in `…` need only begin so, and `…` alone stands for any lines."""
    rest = iter(printed.splitlines())
    for line in lines:
        if line != "…":
            begins = line.removesuffix("…") if line.endswith("…") else None
            assert any(found.startswith(begins) if begins is not None else found == line for found in rest), line


def test_the_page_shows_what_commands_print(caplint: Caplint, apart: Path, corpus: Corpus) -> None:
    stated("linux-6.12", "qemu-10.0")
    del corpus
    first: tuple[tuple[str, ...], ...] = (("init", "-q"), ("add", "-A", "-f"), ("commit", "-q", "-m", "base"))
    for name in _TREES:
        shutil.copytree(root(name), apart / name, symlinks=True)
        for words in first:
            git(apart / name, *words)
    shutil.copytree(shipped_files.FIXTURES, apart / "fixtures")
    for command, lines in _shown():
        if "probe" in command:  # what a machine answers is its own
            continue
        if command.startswith("caplint "):
            run = caplint(*shlex.split(command)[1:])
            assert run.status in {0, 1}, run.err
            _holds(run.out if lines and not lines[0].startswith("left to you") else run.err, lines)
        elif command.startswith("git -C "):
            _, _, tree, *rest = shlex.split(command)
            files = sorted(str(path) for path in (apart / tree / rest[-1]).parent.glob(Path(rest[-1]).name))
            git(apart / tree, *rest[:-1], *files)
        else:
            _holds(subprocess.run(shlex.split(command), capture_output=True, text=True, check=True).stdout, lines)


def test_fixes_of_the_articles_pair_leave_what_a_person_must_decide(
    caplint: Caplint, apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees: list[str | Path] = ["--kernel", root("linux-6.12"), "--qemu", root("qemu-10.0")]
    monkeypatch.chdir(_PAGE.parents[1])  # where write_pair looks for the sources
    pair = [Path(file) for file in write_pair(str(apart), "PPIN")]
    monkeypatch.chdir(apart)
    for file in pair:  # as git writes it, so that fixes can be folded in
        file.write_text(re.sub(r"^--- a/(\S+)", r"diff --git a/\1 b/\1\n\g<0>", file.read_text(), flags=re.MULTILINE))
    run = caplint("patch", *pair, *trees, "--fix", "-o", apart / "fixed")
    left = re.findall(r"^(?:left to you|not fixed): (CAP\d+) (\S+) \(\S+\): (.+)$", run.err, re.MULTILINE)
    remain = set(re.findall(r"^(?:error|warning) (CAP\d+) ([^\s:]+)", run.out, re.MULTILINE))
    assert not {("CAP105", "KVM_CAP_PPIN"), ("CAP401", "KVM_CAP_PPIN")} & remain
    assert {(code, subject) for code, subject, _ in left} == remain
    assert not any(reason == "its rule has no fix" for _, _, reason in left)
