"""Paths over ioctls that functions issue whose names are not known: what they do tells who receives them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import Caplint, bare_qemu

from caplint.config.settings import Config
from caplint.graph.ioctl_receivers import IoctlReceivers
from caplint.session import open_session

FIXTURES = Path(__file__).parents[2] / "fixtures"
NAMES = re.compile(r"\bkvm_(?:vm_|vcpu_|)ioctl\b")


def _renamed(root: Path) -> Path:
    copy = root / "qemu"
    shutil.copytree(FIXTURES / "qemu", copy)
    for path in copy.rglob("*.[ch]"):
        path.write_text(NAMES.sub(lambda match: match[0].replace("ioctl", "request"), path.read_text()))
    return copy


def _steps(caplint: Caplint, qemu: Path, *words: str) -> list[list[str]]:
    trees = ("--kernel", FIXTURES / "linux", "--qemu", qemu)
    run = caplint("path", *words, *trees, "--output-format", "json")
    assert run.err == ""
    return [[step["function"] for step in path] for path in json.loads(run.out)["paths"]]


@pytest.mark.parametrize(
    "words",
    [("KVM_CAP_S390_IRQCHIP", "--arch", "s390"), ("KVM_RUN",), ("KVM_CREATE_VCPU",), ("KVM_CAP_MSR_PLATFORM_INFO",)],
)
def test_other_names_make_no_other_paths(caplint: Caplint, tmp_path: Path, words: tuple[str, ...]) -> None:
    was = _steps(caplint, FIXTURES / "qemu", *words)
    now = _steps(caplint, _renamed(tmp_path), *words)
    assert was
    assert [[name.replace("request", "ioctl") for name in path] for path in now] == was


ISSUES = "int {}(State *s, unsigned long type, void *arg)\n{{\n    {}\n}}\n"
EITHER = ["kvm_vcpu_ioctl", "kvm_vm_ioctl"]
SHAPES = {
    "the VM's": ("return ioctl(s->vmfd, type, arg);", ["kvm_vm_ioctl"]),
    "a vCPU's": ("int r = ioctl(s->cpu->kvm_fd, type, arg);\n    return r;", ["kvm_vcpu_ioctl"]),
    "the system's": ("r = ioctl(s->fd, (int)type, arg);\n    return r;", ["kvm_dev_ioctl"]),
    "one around it": ("return again(s, type, arg);", ["kvm_vm_ioctl"]),
    "either": ("return s->on ? ioctl(s->vcpu_fd, type, arg) : ioctl(s->vm_fd, type, arg);", EITHER),
    "a request of its own": ("return ioctl(s->vmfd, KVM_RUN, arg);", []),
    "its caller's descriptor": ("return ioctl(s, type, arg);", []),
    "none": ("return s->vmfd + type;", []),
    "itself": ("return issue(s, type, arg);", []),
}  # fmt: skip


@pytest.mark.parametrize(("body", "receivers"), SHAPES.values(), ids=SHAPES)
def test_what_a_function_does(tmp_path: Path, body: str, receivers: list[str]) -> None:
    code = ISSUES.format("issue", body) + ISSUES.format("again", "return ioctl(s->vmfd, type, arg);")
    tree = bare_qemu(tmp_path, {"accel/kvm/kvm-all.c": code})
    session = open_session([tree], Config(cache="none", jobs=1))
    try:
        assert IoctlReceivers(session.connection).of(tree.name, "issue", "") == receivers
    finally:
        session.store.close()
