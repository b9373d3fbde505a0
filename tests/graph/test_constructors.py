"""Functions that run before a program's entry begin paths as the entry does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import QEMU_UAPI, Caplint, lay

ASK = "int ask(KVMState *s)\n{\n    return kvm_check_extension(s, KVM_CAP_IRQCHIP);\n}\n"
MAIN = "int main(void)\n{\n    return 0;\n}\n"


def _broken(caplint: Caplint, root: Path, text: str, *words: str) -> tuple[list[str], str]:
    """The functions of the one path, and why it does not begin at an entry."""
    files = {
        QEMU_UAPI: "#define KVM_CAP_IRQCHIP 0\n", "accel/kvm/kvm-all.c": ASK + text, "system/main.c": MAIN,
    }  # fmt: skip
    run = caplint("path", "KVM_CAP_IRQCHIP", "--qemu", lay(root, files), *words, "--output-format", "json")
    found = json.loads(run.out)
    (path,), (broken,) = found["paths"], found["broken"]
    return [step["function"] for step in path], " ".join(broken)


@pytest.mark.parametrize(
    "head",
    [
        "static void __attribute__((constructor)) early(void)",
        "__attribute__((__constructor__(101)))\nstatic void early(void)",
        "static void early(void) __attribute__((constructor));\nstatic void early(void)",
    ],
)
def test_a_constructor_begins_a_path(caplint: Caplint, tmp_path: Path, head: str) -> None:
    functions, broken = _broken(caplint, tmp_path, f"{head}\n{{\n    ask(0);\n}}\n")
    assert functions[:2] == ["early", "ask"]
    assert "early" not in broken


def test_any_other_function_without_a_caller_does_not(caplint: Caplint, tmp_path: Path) -> None:
    other = "static void __attribute__((constructor)) other(void)\n{\n}\n"
    _, broken = _broken(caplint, tmp_path, f"{other}static void late(void)\n{{\n    ask(0);\n}}\n")
    assert "late (accel/kvm/kvm-all.c" in broken


def test_a_constructor_does_not_come_from_a_start_that_the_user_names(caplint: Caplint, tmp_path: Path) -> None:
    early = "static void __attribute__((constructor)) early(void)\n{\n    ask(0);\n}\n"
    _, broken = _broken(caplint, tmp_path, early, "--from", "main")
    assert "not reached from main" in broken
