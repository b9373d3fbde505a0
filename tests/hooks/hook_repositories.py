"""Scratch repositories made from the mini-trees, and the hooks that run in them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import commit
from ruamel.yaml import YAML

from caplint.util.shipped_files import FIXTURES

ROOT = Path(__file__).parents[2]
CONFIG = ".pre-commit-config.yaml"
HEADER = "linux-headers/linux/kvm.h"
ACCEL = "accel/kvm/kvm-all.c"
_PAGE = (ROOT / "docs" / "hooks.md").read_text("utf-8")


def shipped() -> dict[str, dict[str, Any]]:
    """The hooks that .pre-commit-hooks.yaml describes, by id."""
    return {hook["id"]: hook for hook in YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")}


def examples() -> list[dict[str, Any]]:
    """The configurations that docs/hooks.md shows: of a kernel, of QEMU."""
    return [
        YAML(typ="safe").load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", _PAGE, re.DOTALL | re.MULTILINE)
    ]


def local(example: dict[str, Any]) -> dict[str, Any]:
    """An example whose hooks are the shipped ones with the environment of these tests: nothing is installed."""
    (entry,) = example["repos"]
    hooks = [{**shipped()[hook["id"]], **hook, "language": "system"} for hook in entry["hooks"]]
    return {"repos": [{"repo": "local", "hooks": hooks}]}


def repository(root: Path, name: str, config: dict[str, Any] | None = None, *, committed: bool = True) -> Path:
    """A git repository with a mini-tree in it."""
    shutil.copytree(FIXTURES / name, root)
    if config is not None:
        with (root / CONFIG).open("w") as file:
            YAML(typ="safe").dump(config, file)
    if committed:
        commit(root)
    return root


def renumber(file: Path, name: str = "KVM_CAP_HLT") -> None:
    """Give a capability of a header another number."""
    text, count = re.subn(rf"(?m)^(#define\s+{name}\s+)\d+", r"\g<1>777", file.read_text())
    assert count == 1
    file.write_text(text)


def run(place: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program as somebody in whose PATH caplint is, whose configuration says nothing."""
    who = {f"GIT_{role}_{what}": "t@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {
        **os.environ,
        **who,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **variables,
    }
    return subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, check=False)


def git_commit(place: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`git commit`, hooks included."""
    return run(place, "git", "commit", "-m", "change", *words, **variables)
