"""Summary of a series: what it touches, what it owes, and what the trees still lack."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import CHECK, HEADER, QEMU_UAPI, UAPI, X86, kernel, qemu

from caplint.config.settings import Config
from caplint.findings.finding import Finding, Location
from caplint.inventory.series_summary import SeriesSummary, TouchedCapability, summary_of
from caplint.trees.detect import directory_tree
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import PatchFile

NEW = f"{HEADER}#define KVM_CAP_NEW 10\n"
TEST = "tools/testing/selftests/kvm/x86_64/new_test.c"


def _finding(subject: str, code: str = "CAP501") -> Finding:
    return Finding(code, "a", "warning", subject, None, None, "m", Location("kernel", UAPI, 1), (), subject)


def _summary(tmp_path: Path, changes: dict[str, dict[str, str]], *findings: Finding) -> SeriesSummary:
    """Return the summary of changed files by tree."""
    trees = [
        OverlayTree(
            tree,
            {path: text.encode() for path, text in changes.get(tree.name, {}).items()},
            [PatchFile("s", 1, "p", path, "modified") for path in changes.get(tree.name, {})],
        )
        for tree in (
            directory_tree(str(kernel(tmp_path / "k")), "kernel", "kernel"),
            directory_tree(str(qemu(tmp_path / "q")), "vmm", "qemu"),
        )
    ]
    return summary_of([*trees], findings, Config(cache="none", jobs=1))


def _only(summary: SeriesSummary) -> TouchedCapability:
    (cap,) = summary.capabilities
    return cap


def test_a_number_alone_owes_the_rest(tmp_path: Path) -> None:
    cap = _only(_summary(tmp_path, {"kernel": {UAPI: NEW}}, _finding("KVM_CAP_NEW")))
    assert (cap.name, cap.number, cap.state, cap.touches) == ("KVM_CAP_NEW", 10, "new", ("number",))
    assert [found.code for found in cap.owes] == ["CAP501"]
    assert cap.absent == (
        "an answer of any architecture", "a self-test", "the number in a VMM's header", "a use by a VMM",
    )  # fmt: skip


def test_the_places_of_a_whole_series(tmp_path: Path) -> None:
    answer = CHECK.replace("\tcase KVM_CAP_HLT:", "\tcase KVM_CAP_HLT:\n\tcase KVM_CAP_NEW:")
    use = "int f(KVMState *s) { return kvm_check_extension(s, KVM_CAP_NEW); }\n"
    makefile = "TEST_GEN_PROGS_x86_64 += x86_64/new_test\n"
    test = "int main(void) { TEST_REQUIRE(kvm_has_cap(KVM_CAP_NEW)); return 0; }\n"
    cap = _only(
        _summary(
            tmp_path,
            {
                "kernel": {UAPI: NEW, X86: answer, TEST: test, "tools/testing/selftests/kvm/Makefile": makefile},
                "qemu": {QEMU_UAPI: NEW, "accel/kvm/kvm-all.c": use},
            },
        )
    )
    assert cap.touches == ("number", "number in qemu", "answer on x86", "self-test", "check in qemu")
    assert cap.absent == ("a section of api.rst",)


@pytest.mark.parametrize(
    ("files", "state", "touches"),
    [
        ({UAPI: HEADER.replace("HLT 1", "HLT 7")}, "changed", ("number",)),
        ({X86: CHECK.replace("\tcase KVM_CAP_HLT:\n", "")}, "changed", ("answer on x86 (removed)",)),
        ({X86: CHECK.replace("\tcase KVM_CAP_HLT:\n", "\tcase KVM_CAP_HLT:\n\tfallthrough;\n")}, None, ()),
    ],
)
def test_changes_of_a_known_capability(
    tmp_path: Path, files: dict[str, str], state: str | None, touches: tuple[str, ...]
) -> None:
    found = [cap for cap in _summary(tmp_path, {"kernel": files}).capabilities if cap.name == "KVM_CAP_HLT"]
    assert [(cap.state, cap.touches, cap.absent) for cap in found] == ([(state, touches, ())] if state else [])


def test_a_removed_capability(tmp_path: Path) -> None:
    files = {UAPI: HEADER.replace("#define KVM_CAP_HLT 1\n", "")}
    summary = _summary(tmp_path, {"kernel": files, "qemu": {QEMU_UAPI: files[UAPI]}})
    found = {cap.name: cap for cap in summary.capabilities}
    assert found["KVM_CAP_HLT"].state == "removed"
    assert found["KVM_CAP_HLT"].number == 1
    assert "number (removed)" in found["KVM_CAP_HLT"].touches


def test_findings_about_others_are_kept_apart(tmp_path: Path) -> None:
    changes = {"kernel": {"virt/kvm/kvm_main.c": "int x;\n"}}
    summary = _summary(tmp_path, changes, _finding("MSR_X"), _finding("KVM_CAP_Y"))
    cap = _only(summary)
    assert (cap.name, cap.number, cap.state, cap.touches, cap.absent) == ("KVM_CAP_Y", None, "changed", (), ())
    assert [found.subject for found in summary.others] == ["MSR_X"]


def test_nothing_touched(tmp_path: Path) -> None:
    assert _summary(tmp_path, {"kernel": {"virt/kvm/kvm_main.c": "int x;\n"}}) == SeriesSummary((), ())
