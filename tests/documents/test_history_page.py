"""docs/history.md: every command runs as it is written, on repositories that a test makes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HEADER, UAPI, commit, git, kernel, lay, qemu

from caplint.cli.main import parse

_PAGE = (Path(__file__).parents[2] / "docs" / "history.md").read_text("utf-8")
_COMMANDS = re.findall(r"^    (caplint .*)$", _PAGE, re.MULTILINE)

ASKS = "void start(KVMState *s)\n{\n    s->halts = kvm_check_extension(s, KVM_CAP_HLT);\n}\n"


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_command_runs_as_written(apart: Path, command: str) -> None:
    home = apart / "home"
    linux, vmm = kernel(home / "linux"), qemu(home / "qemu", {"accel/kvm/kvm-all.c": ASKS})
    for number, tag in ((1, "v6.1"), (2, "v6.12")):
        more = "#define KVM_CAP_X86_GUEST_MODE 238\n" * (number - 1)
        for root in (linux, kernel(apart / f"linux-{tag[1:]}")):
            lay(root, {UAPI: HEADER + more, "Makefile": f"# {number}\n"})
        commit(linux, tag)
        git(linux, "tag", tag)
    commit(vmm)
    if "--scheduler" in command:  # tests/history/test_state_jobs.py starts a cluster
        assert parse(shlex.split(command)[1:]).scheduler
        return
    program = f'caplint() {{ {shlex.quote(sys.executable)} -m caplint "$@"; }}\n'
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "CAPLINT_CACHE": str(apart / "cache")}
    done = subprocess.run(
        ["bash", "-c", program + command], cwd=apart, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = [file.read_text("utf-8") for file in apart.glob("*.csv")]
    assert "KVM_CAP_" in "".join([done.stdout, *written])
