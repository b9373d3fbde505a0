"""The run of Emacs that docs/editor.md shows is what eglot and lsp-mode show with the code on that page."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from editor_page import fences, recorded

from caplint.util import shipped_files

_SETUPS = dict(zip(("eglot", "lsp-mode"), fences("elisp"), strict=True))
_LSP_MODE = {
    "M-x eglot in": "M-x lsp in",
    "M-x eldoc-doc-buffer": "M-x lsp-describe-thing-at-point",
    "M-x eglot-code-actions": "M-x lsp-execute-code-action",
    "caplint [CAP502]: ": "",
}
# Emacs opens its terminal, which it therefore needs.
_ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


@functools.cache
def _is_here(client: str) -> bool:
    if shutil.which("emacs") is None:
        return False
    command = ["emacs", "-q", "--batch", "--eval", f"(progn (package-initialize) (require '{client}))"]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("client", _SETUPS)
def test_the_run_that_the_page_shows(apart: Path, client: str) -> None:
    if not _is_here(client):
        pytest.skip(f"Emacs is not here with {client}")
    for tree in ("linux", "qemu"):
        shutil.copytree(shipped_files.FIXTURES / tree, apart / tree)
    (apart / "setup.el").write_text(_SETUPS[client])
    variables = {
        **os.environ, "HOME": str(apart), "TERM": "xterm", "CLIENT": client, "PLACE": str(apart),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "SETUP": str(apart / "setup.el"), "LOG": str(apart / "log"),
    }  # fmt: skip
    emacs = ["emacs", "-nw", "-q", "-l", str(Path(__file__).with_name("emacs.el"))]
    command = [sys.executable, "-c", _ON_A_TERMINAL, *emacs]
    done = subprocess.run(
        command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=600
    )
    text = "\n".join(recorded("What it looks like in Emacs"))
    for eglot, other in _LSP_MODE.items() if client == "lsp-mode" else ():
        assert eglot in text
        text = text.replace(eglot, other)
    assert (apart / "log").read_text().splitlines() == text.split("\n")
    assert done.returncode == 0


def test_the_code_closes_what_it_opens() -> None:
    for text in _SETUPS.values():
        bare = "\n".join(line.partition(";")[0] for line in text.split("\n")).replace('"', "")
        assert bare.count("(") == bare.count(")") > 0
