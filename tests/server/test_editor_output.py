"""A server whose standard output is closed or full, or whose editor leaves, ends as every command does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import kernel

_ROOT = Path(__file__).parents[2]
_HELLO = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})


@pytest.mark.parametrize(
    ("streams", "status", "told"),
    [
        (">&-", 2, "caplint: standard output: cannot be written: Bad file descriptor\n"),
        (">/dev/full", 2, "caplint: standard output: cannot be written: No space left on device\n"),
        ("| true", 0, ""),
        (">/dev/null", 0, ""),
        (">/dev/null 2>&-", 0, ""),
    ],
)
def test_output_that_cannot_be_written(apart: Path, streams: str, status: int, told: str) -> None:
    kernel(apart / "k")
    (apart / "hello").write_text(f"Content-Length: {len(_HELLO)}\r\n\r\n{_HELLO}")
    line = f"set -o pipefail; (sleep 0.3; cat hello) | {sys.executable} -m caplint server k {streams}"
    variables = {**os.environ, "PYTHONPATH": str(_ROOT)}
    done = subprocess.run(
        ["bash", "-c", line], cwd=apart, env=variables, capture_output=True, check=False, timeout=300, text=True
    )
    assert (done.returncode, done.stderr) == (status, told)
