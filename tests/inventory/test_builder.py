"""An inventory is built from the same session as the check that comes with it, with call paths only on request."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, kernel, qemu

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.inventory.builder import build
from caplint.rules import page as rule_pages
from caplint.rules.page import Rule
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree
from caplint.util import shipped_files

CONFIG = Config(cache="none", jobs=1)
HEADER = "#define KVM_CAP_IRQCHIP 0\n#define KVM_CAP_HLT 1\n#define KVM_CAP_NR_VCPUS 9\n#define KVM_CAP_TEA 1\n"
USE = {
    "accel/kvm/kvm-all.c": "int ask(KVMState *s)\n{\n    return kvm_check_extension(s, KVM_CAP_HLT);\n}\n",
    "system/main.c": "int main(void)\n{\n    return ask(0);\n}\n",
}


@pytest.fixture
def trees(tmp_path: Path) -> list[Tree]:
    """A kernel in which two capabilities share a number, and a VMM that asks for one of them."""
    return [directory_tree(str(kernel(tmp_path / "k", {UAPI: HEADER}))), directory_tree(str(qemu(tmp_path / "q", USE)))]


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return [rule for rule in rule_pages.load([shipped_files.RULES]) if rule.code == "CAP102"]


def test_findings_stand_with_their_capability_and_are_those_of_a_check(trees: list[Tree], rules: list[Rule]) -> None:
    inventory, outcome = build(trees, rules, CONFIG)
    assert outcome == check(trees, rules, CONFIG)
    assert [finding.code for finding in outcome.findings] == ["CAP102"]
    found = {cap.name: [each.code for each in cap.findings] for cap in inventory.capabilities if cap.findings}
    assert found == {outcome.findings[0].subject: ["CAP102"]}
    assert [name for name, *_ in inventory.trees] == ["kernel", "qemu"]


@pytest.mark.parametrize(
    ("paths", "deep", "first"), [(False, False, None), (True, False, "ask"), (True, True, "main"), (False, True, None)]
)
def test_paths_are_there_on_request(trees: list[Tree], paths: bool, deep: bool, first: str | None) -> None:
    inventory, _ = build(trees, [], CONFIG, paths=paths, deep=deep)
    firsts = {cap.name: path.steps[0].function for cap in inventory.capabilities for path in cap.paths}
    assert firsts == ({"KVM_CAP_HLT": first} if first else {})


def test_progress_is_told(trees: list[Tree]) -> None:
    told: list[tuple[int, int]] = []
    build(trees, [], CONFIG, lambda done, total: told.append((done, total)))
    assert told
    assert told[-1][0] == told[-1][1]
