"""Runs of the command as processes of their own, on a tree large enough to be read by several workers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from conftest import HEADER, age, kernel

ROOT = Path(__file__).parents[2]
ENTRY = "from caplint.cli.main import entry; entry()"
# Reads each file a little slower, so that there is a middle of a run to disturb.
SLOW = f"""
import time
from caplint.facts import workers
read = workers.extract
def slowly(*words):
    time.sleep(0.3)
    return read(*words)
workers.extract = slowly
workers._HARMLESS = workers._WORTH_MANY = 0
from caplint.facts import harvest
harvest._BATCH_BYTES = 1
{ENTRY}
"""
FILES = 12
_SOURCE = """\
int kvm_tea{0}(struct kvm *kvm, long ext)
{{
	switch (ext) {{
	case KVM_CAP_HLT:
		return {0};
	}}
	return 0;
}}
"""


def tree(root: Path) -> Path:
    """A kernel with a dozen files and one mistake, old enough for their stamps to be trusted."""
    files = {f"arch/x86/kvm/tea{number}.c": _SOURCE.format(number) for number in range(FILES)}
    made = kernel(root, {**files, "tools/include/uapi/linux/kvm.h": HEADER.replace("HLT 1", "HLT 2")})
    age(made)
    return made


@cache
def truth() -> tuple[int, str, str]:
    """What a check of such a tree gives where nothing goes wrong, in one process and without a store."""
    with tempfile.TemporaryDirectory() as place:
        found = run(tree(Path(place) / "k"), "none", "--jobs", "1")
    assert "CAP101" in found[1]
    assert found[0] == 0
    return found


def environment(cache: Path | str, **more: str) -> dict[str, str]:
    """A run's surroundings."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "CAPLINT_CACHE": str(cache), "NO_COLOR": "1", **more}


def start(tree: Path, cache: Path | str, *words: str, code: str = ENTRY, **more: str) -> subprocess.Popen[bytes]:
    """A check that goes on by itself, in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-c", code, "check", str(tree), "--output-format", "jsonl", "--fail-on", "never", *words],
        cwd=tree.parent, env=environment(cache, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def run(tree: Path, cache: Path | str, *words: str, code: str = ENTRY, **more: str) -> tuple[int, str, str]:
    """Exit code and output of a check."""
    process = start(tree, cache, *words, code=code, **more)
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def group(leader: int) -> list[int]:
    """The processes of a process group that are alive, from /proc; a zombie is none."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                state, _, of = (place / "stat").read_text().rpartition(")")[2].split()[:3]
            except (OSError, ValueError):
                continue
            if int(of) == leader and state not in "ZX":
                found.append(int(place.name))
    return found
