"""README and docs/findings.md: commands over the corpus run as written, and print what the README shows of them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_trees import root, stated

pytestmark = pytest.mark.corpus
_ROOT = Path(__file__).parents[2]
_PROGRAM = Path(sys.executable).with_name("caplint")


def _blocks() -> Iterator[tuple[str, str, list[str]]]:
    """Yield document, command and shown lines of each command over the corpus."""
    for document in ("README.md", "docs/findings.md"):
        text = (_ROOT / document).read_text("utf-8")
        for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            command, *lines = block.splitlines()
            yield document, command.removeprefix("$ "), lines
        for command in re.findall(r"^    (\.venv/bin/caplint .*\.corpus/.*)$", text, re.MULTILINE):
            yield document, command, []


def _holds(printed: str, lines: list[str]) -> None:
    """Demand lines in their order; one that ends in `…` need only begin so, and `…` alone stands for any lines."""
    rest = map(_told, printed.splitlines())
    for line in map(_told, lines):
        if line not in {"", "…"}:
            assert any(found.startswith(line.removesuffix("…").rstrip()) for found in rest), line


def _told(line: str) -> str:
    """Return a line without its indent; the totals of a summary grow with every rule."""
    line = line.strip()
    return re.sub(r"\d[\d,.]*", "N", line) if line.startswith(("0 errors", "coverage:")) else line


def test_both_documents_have_one() -> None:
    assert {document for document, _, _ in _blocks()} == {"README.md", "docs/findings.md"}


@pytest.mark.parametrize(("document", "command", "lines"), list(_blocks()), ids=lambda value: str(value)[:20])
def test_a_command_prints_what_is_shown(document: str, command: str, lines: list[str], tmp_path: Path) -> None:
    stated("linux-6.12", "qemu-10.0")
    program, *words = shlex.split(command)
    assert program == ".venv/bin/caplint"
    assert all((_ROOT / word).is_dir() for word in words if word.startswith(".corpus/")), root("linux-6.12")
    done = subprocess.run(
        [str(_PROGRAM), *words],
        cwd=_ROOT, capture_output=True, text=True, check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    _holds(done.stdout, lines)
