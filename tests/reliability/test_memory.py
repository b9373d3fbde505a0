"""Runs with less memory than they would like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import kernel
from runs import environment

CODE = """
import resource, sys
limit = int(sys.argv.pop(1)) << 10
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    from caplint.cli.main import entry
    entry()
except MemoryError:  # before there was anything that could have said so
    sys.exit("caplint: MemoryError")
"""


@pytest.mark.parametrize("kilobytes", [60_000, 100_000, 150_000, 200_000, 256_000, 400_000])
def test_short_memory_is_one_line(tmp_path: Path, kilobytes: int) -> None:
    """Either it suffices, or one line says that it does not; nothing is waited for."""
    tree = kernel(tmp_path / "k")
    with (tree / "virt/kvm/big.c").open("wb") as file:
        file.truncate(50 << 20)
    with (tree / "virt/kvm/less.c").open("wb") as file:
        file.truncate(15 << 20)
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(kilobytes), "check", str(tree), "--fail-on", "never"],
        env=environment(tmp_path / "cache"), capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    if done.returncode:
        assert len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith("caplint: ")
    assert done.returncode in ({2} if kilobytes <= 60_000 else {0, 2})
