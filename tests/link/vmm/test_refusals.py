"""Enables whose result is lost, and a VMM's conduct if the kernel refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import ask, bare_kernel, bare_qemu

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.rules import page as rule_pages
from caplint.util import shipped_files

ALL = "accel/kvm/kvm-all.c"
CALL = "kvm_vm_enable_cap(s, KVM_CAP_TEA, 0)"


def _function(*lines: str, head: str = "static int f(KVMState *s)") -> str:
    return "\n".join([head, "{", *(f"\t{line}" for line in lines), "}", ""])


def _ask(root: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    return ask([bare_qemu(root, {ALL: text})], query)


HELPER = _function(f"return {CALL};", head="static int try(KVMState *s)")
KEEPER = _function("int r;", f"r = {CALL};", "return r;", head="int try(KVMState *s)")
LOSSES = {
    "dropped": (_function(f"{CALL};"), [("f", "kvm_vm_enable_cap")]),
    "before a comma": (_function(f"return {CALL}, 0;"), [("f", "kvm_vm_enable_cap")]),
    "one of two callers": (HELPER + _function("try(s);", "return try(s);"), [("f", "try")]),
    "every caller": (HELPER + _function("try(s);", "try(s);"), [("f", "try"), ("f", "try")]),
    "returned from a variable": (KEEPER + _function("try(s);"), [("f", "try")]),
    "looked at on the way": (
        KEEPER.replace("return r", "if (r)\n\t\twarn_report(s);\n\treturn r") + _function("try(s);"),
        [],
    ),
    "through two functions": (
        HELPER + _function("return try(s);", head="int more(KVMState *s)") + _function("more(s);"),
        [("f", "more")],
    ),
    "on purpose": (HELPER + _function("(void)try(s);"), []),
}


@pytest.mark.parametrize(("text", "rows"), LOSSES.values(), ids=LOSSES)
def test_places_where_a_result_is_lost(tmp_path: Path, text: str, rows: list[tuple[str, str]]) -> None:
    assert _ask(tmp_path, text, "SELECT function, callee FROM vmm_loss ORDER BY line") == rows


READER = _function("return s->tea || s->on || has_tea ? 1 : 0;", head="int g(KVMState *s)")
RELIANCE = {
    "flag right behind": ([f"{CALL};", "s->on = true;"], "s->on = true"),
    "flag of that name": ([f"{CALL};", "more(s);", "has_tea = 1;"], "has_tea = 1"),
    "flag of another name": ([f"{CALL};", "more(s);", "s->on = true;"], None),
    "flag that nobody reads": ([f"{CALL};", "s->unread = true;"], None),
    "flag in a branch": ([f"{CALL};", "if (more(s))", "s->tea = true;"], None),
    "flag behind a return": ([f"{CALL};", "return 0;", "s->tea = true;"], None),
    "flag of the result": ([f"s->tea = !{CALL};"], None),
    "flag that is cleared": ([f"{CALL};", "s->tea = false;"], None),
    "nothing": ([f"{CALL};", "return 0;"], None),
}


@pytest.mark.parametrize(("lines", "text"), RELIANCE.values(), ids=RELIANCE)
def test_reliance_on_a_lost_result(tmp_path: Path, lines: list[str], text: str | None) -> None:
    rows = _ask(tmp_path, _function(*lines) + READER, "SELECT relied_text FROM vmm_loss")
    assert rows == ([] if lines[0].startswith("s->tea") else [(text,)])


def test_reliance_on_success(tmp_path: Path) -> None:
    turn = _function("if (!s)", "return false;", f"{CALL};", "return true;", head="static bool turn(KVMState *s)")
    looked = turn + _function("if (!turn(s))", "return -1;", "return 0;")
    query = "SELECT relied_text FROM vmm_loss"
    assert _ask(tmp_path / "a", looked, query) == [("turn() returns true",)]
    assert _ask(tmp_path / "b", turn + _function("turn(s);"), query) == [(None,)]


FAILS = {
    "returned": ([f"return {CALL};"], 1),
    "returned from a variable": ([f"int r = {CALL};", "return r;"], 1),
    "exit": ([f"if ({CALL} < 0) {{", "exit(1);", "}"], 1),
    "error through a variable": ([f"int r = {CALL};", "if (r) {", "error_setg(errp, s);", "}"], 1),
    "returns an error": ([f"if ({CALL})", "return -1;", "return 0;"], 1),
    "goes to an error": ([f"if ({CALL})", "goto out;", "out:", "return 0;"], 1),
    "warning": ([f"if ({CALL})", 'warn_report("no tea");', "return 0;"], 0),
    "flag": ([f"if ({CALL} == 0) {{", "cap_tea = 1;", "}"], 0),
    "dropped": ([f"{CALL};"], 0),
    "on purpose": ([f"(void){CALL};"], 0),
}


@pytest.mark.parametrize(("lines", "fails"), FAILS.values(), ids=FAILS)
def test_conduct_after_a_refusal(tmp_path: Path, lines: list[str], fails: int) -> None:
    assert _ask(tmp_path, _function(*lines), "SELECT fails FROM vmm_enable") == [(fails,)]


API = "4.1 KVM_POUR_TEA\n----------------\n\n:Capability: KVM_CAP_TEA\n:Architectures: all\n:Type: vm ioctl\n\nText.\n"
UAPI = "#define KVM_CAP_TEA 1\n#define KVM_POUR_TEA _IO(0xAE, 1)\n"


@pytest.mark.parametrize(
    ("lines", "severity"),
    [
        ([f"{CALL};", "kvm_vm_ioctl(s, KVM_POUR_TEA);"], "warning"),
        ([f"{CALL};", "kvm_check_extension(s, KVM_CAP_TEA);", "kvm_vm_ioctl(s, KVM_POUR_TEA);"], "note"),
        ([f"{CALL};"], "note"),
        ([f"if (kvm_check_extension(s, KVM_CAP_TEA)) {{ {CALL};", "s->on = true; }"], "note"),
        ([f"{CALL};", "s->on = true;"], "warning"),
    ],
    ids=["ioctl", "ioctl after a check", "alone", "flag after a check", "flag"],
)
def test_severity(tmp_path: Path, lines: list[str], severity: str) -> None:
    rules = [rule for rule in rule_pages.load([shipped_files.RULES]) if rule.code == "CAP401"]
    trees = [
        bare_kernel(tmp_path / "k", {"Documentation/virt/kvm/api.rst": API, "include/uapi/linux/kvm.h": UAPI}),
        bare_qemu(tmp_path / "q", {ALL: _function(*lines) + READER, "linux-headers/linux/kvm.h": UAPI}),
    ]
    findings = check(trees, rules, Config(cache="none", jobs=1)).findings
    assert [(finding.severity, finding.subject) for finding in findings] == [(severity, "KVM_CAP_TEA")]
