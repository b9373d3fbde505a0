"""`check --deep`: ways on which a VMM enables a capability without having asked for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Caplint, kernel, qemu

from caplint.graph import enable_ways

CAP = "KVM_CAP_MSR_PLATFORM_INFO"
# Enables, and does not care whether it worked. Its callers stand in files that say nothing of KVM.
ENABLE = f"void show(KVMState *s)\n{{\n    (void)kvm_vm_enable_cap(s, {CAP}, 0, 1);\n}}\n"
HAS = f"bool has(KVMState *s)\n{{\n    return kvm_check_extension(s, {CAP}) > 0;\n}}\n"
MAIN = "int main(void)\n{\n    start(0);\n    return 0;\n}\n"
CHECKED = "void start(void *s)\n{\n    if (has(s)) {\n        show(s);\n    }\n}\n"
BLIND = "void start(void *s)\n{\n    show(s);\n}\n"
KVM = "accel/kvm/kvm-all.c"

Found = list[tuple[str, set[str]]]


def _found(caplint: Caplint, tmp_path: Path, files: dict[str, str], *words: str) -> Found:
    """Messages of CAP402, each with the functions on the way that it names."""
    trees = ("--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q", files))
    run = caplint("check", *trees, "--select", "CAP402", *words, "--output-format", "json")
    assert run.out, run.err
    return [
        (finding["message"], {place["message"] for place in finding["related"]})
        for finding in json.loads(run.out)["findings"]
    ]


def _tree(start: str, main: str = MAIN, more: str = "") -> dict[str, str]:
    return {"system/main.c": main, "hw/core/start.c": start, KVM: ENABLE + HAS + more}


def test_a_way_without_a_check_is_named(caplint: Caplint, tmp_path: Path) -> None:
    for _ in range(2):  # the second time from memory
        assert _found(caplint, tmp_path, _tree(BLIND), "--deep") == [
            (
                "enabled without a check for it before, and without a look at the result, "
                "on the way main(), start(), show()",
                {"main()", "start()", "show()"},
            )
        ]


def test_without_deep_callers_out_of_view_are_not_looked_at(caplint: Caplint, tmp_path: Path) -> None:
    assert _found(caplint, tmp_path, _tree(BLIND)) == []


@pytest.mark.parametrize(
    ("start", "main"),
    [
        (CHECKED, MAIN),
        ("void start(void *s)\n{\n    if (!has(s))\n        return;\n    show(s);\n}\n", MAIN),
        ("void start(void *s)\n{\n    bool ok = has(s);\n\n    if (ok)\n        show(s);\n}\n", MAIN),
        (BLIND, MAIN.replace("start(0);", "if (has(0)) {\n        start(0);\n    }")),
        (
            "struct ops { void (*show)(void *); };\nstatic void late(struct ops *o)\n{\n    o->show(0);\n}\n"
            "void start(void *s)\n{\n    struct ops o;\n    if (has(s))\n        o.show = show;\n    late(&o);\n}\n",
            MAIN,
        ),
    ],
    ids=["enclosing", "early exit", "a variable", "further up", "where the pointer is set"],
)
def test_a_check_in_any_caller_counts(caplint: Caplint, tmp_path: Path, start: str, main: str) -> None:
    assert _found(caplint, tmp_path, _tree(start, main), "--deep") == []


def test_one_caller_of_two_asks(caplint: Caplint, tmp_path: Path) -> None:
    other = "void other(void *s)\n{\n    show(s);\n}\n"
    main = MAIN.replace("start(0);", "start(0);\n    other(0);")
    ((_, way),) = _found(caplint, tmp_path, _tree(CHECKED + other, main), "--deep")
    assert way == {"main()", "other()", "show()"}


def test_a_caller_in_view_asks_and_one_out_of_view_does_not(caplint: Caplint, tmp_path: Path) -> None:
    inner = "void inner(KVMState *s)\n{\n    if (has(s)) {\n        show(s);\n    }\n}\n"
    main = MAIN.replace("start(0);", "start(0);\n    inner(0);")
    files = _tree(BLIND, main, inner)
    assert _found(caplint, tmp_path, files) == []
    assert [way for _, way in _found(caplint, tmp_path, files, "--deep")] == [{"main()", "start()", "show()"}]


def test_what_is_not_known_is_judged_by_the_callers_in_view(caplint: Caplint, tmp_path: Path) -> None:
    """Nothing leads to the caller: no way, and no check either."""
    inner = "void inner(KVMState *s)\n{\n    show(s);\n}\n"
    files = _tree("void start(void *s)\n{\n}\n", more=inner)
    said = [message.rpartition("; ")[2] for message, _ in _found(caplint, tmp_path, files)]
    assert said == ["callers outside KVM's files are looked at with --deep"]
    said = [message.rpartition("; ")[2] for message, _ in _found(caplint, tmp_path, files, "--deep")]
    assert said == ["callers outside KVM's files are not all known"]


def test_the_time_is_bounded(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enable_ways, "BUDGET", -1.0)
    trees = ("--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q", _tree(BLIND)))
    run = caplint("check", *trees, "--select", "CAP402", "--deep", "--output-format", "json")
    assert "callers of 1 enables were not examined within" in run.err
    assert json.loads(run.out)["findings"] == []
