"""Callers in files that mention no capability: read where they may drop what a function hands on from enabling."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu

TEA = """\
int tea_enable(KVMState *s)
{
    return kvm_vm_enable_cap(s, KVM_CAP_TEA, 0, 1);
}

int tea_enable_late(KVMState *s)
{
    int ret;

    ret = kvm_vm_enable_cap(s, KVM_CAP_TEA, 0, 1);
    if (ret < 0) {
        error_report("no tea");
    }
    return ret;
}

static int tea_enable_here(KVMState *s)
{
    return kvm_vm_enable_cap(s, KVM_CAP_TEA, 0, 1);
}

int tea_enable_twice(KVMState *s)
{
    return tea_enable(s);
}
"""
POT = "hw/ppc/pot.c"
# The caller's body in a file of its own; the callees whose result is lost there.
BODIES: list[tuple[str, list[str]]] = [
    ("    tea_enable(s);\n", ["tea_enable"]),
    ("    if (hot) tea_enable(s);\n", ["tea_enable"]),
    ("    if (hot)\n        wait(s);\n    else\n        tea_enable(s);\n", ["tea_enable"]),
    ("    int ret = tea_enable(s);\n    hot++;\n", ["tea_enable"]),
    ("    tea_enable_twice\n        (s);\n", ["tea_enable_twice"]),
    ("    do\n        tea_enable(s);\n    while (hot--);\n", ["tea_enable"]),
    ("    tea_enable_late(s);\n", []),
    ("    tea_enable_here(s);\n", []),
    ("    (void)tea_enable(s);\n", []),
    ("    if (tea_enable(s) < 0) {\n        exit(1);\n    }\n", []),
    ("    exit(hot ? tea_enable(s) : 0);\n", []),
    ("    int ret = tea_enable(s);\n    exit(ret);\n", []),
    ("    /* tea_enable(s); */\n", []),
]


def _lost(tmp_path: Path, files: dict[str, str]) -> list[tuple[str, str]]:
    tree = bare_qemu(
        tmp_path, {"linux-headers/linux/kvm.h": "#define KVM_CAP_TEA 10\n", "target/ppc/kvm.c": TEA, **files}
    )
    found = ask([tree], "SELECT path, callee FROM vmm_loss ORDER BY 1, 2")
    return [(path, callee) for path, callee in found]


@pytest.mark.parametrize(("body", "lost"), BODIES)
def test_a_caller_in_a_file_without_capabilities(tmp_path: Path, body: str, lost: list[str]) -> None:
    code = f"void pot_start(State *s, int hot)\n{{\n{body}}}\n"
    assert _lost(tmp_path, {POT: code}) == [(POT, callee) for callee in lost]


def test_a_result_is_handed_on_by_files_without_capabilities(tmp_path: Path) -> None:
    one = "int pot_heat(State *s)\n{\n    return tea_enable(s);\n}\n"
    other = "void cup_fill(State *s)\n{\n    pot_heat(s);\n}\n"
    assert _lost(tmp_path, {POT: one, "hw/ppc/cup.c": other}) == [("hw/ppc/cup.c", "pot_heat")]


def test_a_name_that_the_whole_program_uses_is_not_followed(tmp_path: Path) -> None:
    files = {f"hw/ppc/pot{n}.c": f"void pot{n}(State *s)\n{{\n    tea_enable(s);\n}}\n" for n in range(41)}
    assert _lost(tmp_path, files) == []
