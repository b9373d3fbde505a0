"""A home in which the commands of the documents run: repositories of mini-trees, and the files that texts name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from blocks import ROOT
from conftest import commit, git, lay

from caplint.util import shipped_files

# Capabilities that docs/history.md and the guide take as examples.
_NEW = "#define KVM_CAP_X86_GUEST_MODE 238\n#define KVM_CAP_HYPERV_SYNIC 123\n"
PATCHES = shipped_files.FIXTURES / "patches"
_PAGE = (ROOT / "rules/CAP408-dead-check.md").read_text("utf-8")


def set_up(home: Path) -> Path:
    """Lay out the home; return the working directory, a Linux checkout beside a QEMU one."""
    linux, qemu = home / "linux", home / "qemu"
    for tree in (linux, qemu):
        shutil.copytree(shipped_files.FIXTURES / tree.name, tree)
        commit(tree, "first")
    shutil.copytree(shipped_files.FIXTURES / "libvirt", home / "libvirt")
    header = linux / "include/uapi/linux/kvm.h"
    header.write_text(header.read_text().replace("#define KVM_CAP_", f"{_NEW}#define KVM_CAP_", 1))
    for tag in ("v6.1", "v6.11", "v6.12"):
        git(linux, "tag", tag)
    git(linux, "branch", "topic")
    git(linux, "update-ref", "refs/remotes/origin/master", "HEAD")
    commit(linux, "second")
    git(linux, "commit", "-q", "--allow-empty", "-m", "third")
    git(qemu, "tag", "v10.0.0")
    git(home, "clone", "-q", "--bare", str(linux), "linux.git")
    git(home / "linux.git", "branch", "-f", "topic")
    for name in ("qemu-7.2", "qemu-10.0"):
        shutil.copytree(qemu, linux / "trees" / name)
    _patches(linux)
    lay(linux, {"our-rules/CAP999-ours.md": _ours(), "caplint.toml": '[trees.qemu]\npath = "../qemu"\n'})
    shutil.copytree(ROOT / "docs", linux / "docs")
    return linux


def _patches(place: Path) -> None:
    """Lay the series, mails and packages that the guide names."""
    kernel, qemu = (PATCHES / f"{name}-ppin.patch" for name in ("kernel", "qemu"))
    for name, series in (("kernel", kernel), ("qemu", qemu)):
        text = series.read_text("utf-8")
        lay(place, {f"{name}/1.patch": text, f"{name}.mbox": text.replace("KVM_CAP_PPIN", "KVM_CAP_NEW")})
    for name in ("series.mbox", "ours.mbox", "v2/1.patch"):
        (place / name).parent.mkdir(exist_ok=True)
        shutil.copy(kernel, place / name)
    shutil.copy(PATCHES / "kernel-ppin-v2.mbox", place / "theirs.mbox")
    for name in ("debian/patches/ppin.patch", "SOURCES/ppin.patch"):
        (place / name).parent.mkdir(parents=True)
        shutil.copy(qemu, place / name)
    lay(place, {"debian/patches/series": "ppin.patch\n", "SPECS/qemu.spec": "Name: qemu\nPatch1: ppin.patch\n"})


def _ours() -> str:
    return (
        _PAGE.replace("CAP408", "CAP999").replace('name = "dead-check"', 'name = "ours"').replace("fix = ", "# fix = ")
    )


def variables(home: Path) -> dict[str, str]:
    """Return the environment: an empty home but for the trees, and caplint in PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    cache = {"CAPLINT_CACHE": str(home / "cache"), "XDG_CONFIG_HOME": str(home / ".config")}
    return {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "NO_COLOR": "1", **cache}


def run(command: str, place: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line as a shell does."""
    shell = ["bash", "-o", "pipefail", "-c", command]
    return subprocess.run(
        shell, cwd=place, env=variables(home), capture_output=True, text=True, check=False, timeout=300
    )
