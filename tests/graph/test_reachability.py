"""`check --deep`: whether anything leads to what the rules speak of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Caplint, kernel, qemu

from caplint.graph import reachability

ASK = "int ask(KVMState *s)\n{\n    return kvm_check_extension(s, KVM_CAP_HLT);\n}\n"
MAIN = "int main(void)\n{\n    return ask(0);\n}\n"
LONELY = "int main(void)\n{\n    return 0;\n}\n"


def _found(caplint: Caplint, tmp_path: Path, files: dict[str, str], *words: str) -> tuple[list[str], list[str]]:
    """Messages of CAP407, and the codes of the rules that were skipped."""
    trees = ("--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q", files))
    run = caplint("check", *trees, "--select", "CAP407", *words, "--output-format", "json")
    found = json.loads(run.out)
    return [finding["message"] for finding in found["findings"]], [rule["code"] for rule in found["skipped_rules"]]


def test_reached(caplint: Caplint, tmp_path: Path) -> None:
    assert _found(caplint, tmp_path, {"system/main.c": MAIN, "accel/kvm/kvm-all.c": ASK}, "--deep") == ([], [])


def test_not_reached(caplint: Caplint, tmp_path: Path) -> None:
    files = {"system/main.c": LONELY, "accel/kvm/kvm-all.c": ASK}
    for _ in range(2):  # the second time from memory
        messages, _ = _found(caplint, tmp_path, files, "--deep")
        assert messages == [
            "nothing leads from the program's entry to ask(); ask (accel/kvm/kvm-all.c:1): no caller found"
        ]


@pytest.mark.parametrize(
    "files",
    [
        {"accel/kvm/kvm-all.c": ASK},
        {"system/main.c": LONELY, "accel/kvm/kvm-all.c": ASK.replace("ask", "qmp_ask")},
        {"system/main.c": LONELY, "accel/kvm/kvm-all.c": ASK + "our_init(ask)\n"},
        {"system/main.c": LONELY, "accel/kvm/kvm-all.c": ASK + "struct ops ops = { .ask = ask };\n"},
    ],
)
def test_not_known(caplint: Caplint, tmp_path: Path, files: dict[str, str]) -> None:
    """No entry in view, generated callers, an unknown registration, a pointer: none of it says unreachable."""
    assert _found(caplint, tmp_path, files, "--deep")[0] == []


def test_without_deep_it_is_skipped(caplint: Caplint, tmp_path: Path) -> None:
    assert _found(caplint, tmp_path, {"system/main.c": LONELY, "accel/kvm/kvm-all.c": ASK}) == ([], ["CAP407"])


def test_the_time_is_bounded(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachability, "BUDGET", -1.0)
    trees = (
        "--kernel",
        kernel(tmp_path / "k"),
        "--qemu",
        qemu(tmp_path / "q", {"system/main.c": LONELY, "accel/kvm/kvm-all.c": ASK}),
    )
    run = caplint("check", *trees, "--select", "CAP407", "--deep", "--output-format", "json")
    assert "places were not examined within" in run.err
    assert json.loads(run.out)["findings"] == []


@pytest.mark.parametrize(
    "how",
    [
        "int (*pick(int c))(KVMState *)\n{\n    return ask;\n}\n",
        "int go(KVMState *s)\n{\n    return (ask)(s);\n}\n",
        "#define RUN (ask)\n",
        "#define MAKE(x) int made_##x(void) { return as##x(0); }\n#define PROBE(x) as_##x()\n",
        "static const struct entry table[] = { ENTRY(ask) };\n",
        "void f(void)\n{\n    __attribute__((cleanup(ask))) KVMState *s = 0;\n}\n",
    ],
)
def test_a_name_that_stands_anywhere_else_is_not_unreachable(caplint: Caplint, tmp_path: Path, how: str) -> None:
    name = "as_long" if "PROBE" in how else "ask"
    files = {"system/main.c": LONELY, "accel/kvm/kvm-all.c": ASK.replace("ask", name) + how}
    assert _found(caplint, tmp_path, files, "--deep")[0] == []


def test_a_constructor_is_not_unreachable(caplint: Caplint, tmp_path: Path) -> None:
    files = {
        "system/main.c": LONELY,
        "accel/kvm/kvm-all.c": ASK.replace("int ask", "__attribute__((constructor)) int ask"),
    }
    assert _found(caplint, tmp_path, files, "--deep")[0] == []


def test_a_prototype_and_a_comment_call_nothing(caplint: Caplint, tmp_path: Path) -> None:
    files = {"system/main.c": LONELY, "include/a.h": "/* ask() */\nint ask(KVMState *s);\n", "accel/kvm/kvm-all.c": ASK}
    assert len(_found(caplint, tmp_path, files, "--deep")[0]) == 1
