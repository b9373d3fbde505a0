"""The run of neovim that docs/editor.md shows is what neovim shows, and the code for it on that page is code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from editor_page import fences, recorded

from caplint.util import shipped_files

_WITH_NEOVIM = pytest.mark.skipif(shutil.which("nvim") is None, reason="neovim is not here")


@_WITH_NEOVIM
def test_the_run_that_the_page_shows(apart: Path) -> None:
    for tree in ("linux", "qemu"):
        shutil.copytree(shipped_files.FIXTURES / tree, apart / tree)
    program = Path(sys.executable).with_name("caplint")
    variables = {**os.environ, "PLACE": str(apart), "CAPLINT": str(program), "LOG": str(apart / "log")}
    script = str(Path(__file__).with_name("neovim.lua"))
    subprocess.run(["nvim", "--headless", "-u", "NONE", "-n", "-S", script], env=variables, check=True, timeout=600)
    assert (apart / "log").read_text().splitlines() == recorded("What it looks like")


@_WITH_NEOVIM
def test_the_code_for_neovim_is_lua(tmp_path: Path) -> None:
    for number, text in enumerate(fences("lua")):
        (tmp_path / f"{number}.lua").write_text(text)
        check = f"lua assert(loadfile('{tmp_path}/{number}.lua'))"
        done = subprocess.run(
            ["nvim", "--headless", "-u", "NONE", "-c", check, "-c", "qa!"], capture_output=True, check=True, timeout=60
        )
        assert done.stderr == b""
