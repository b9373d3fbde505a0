"""The call path from a VMM's main function goes down to the cases of a new capability."""

from __future__ import annotations

import pytest
from written import REQUESTS, contents, kernel, written

from caplint.config.settings import Config
from caplint.engine.rule_examples import mini_trees
from caplint.inventory.builder import build
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree

VMM = "target/i386/kvm/kvm.c"
HEADER = "linux-headers/linux/kvm.h"


@pytest.mark.parametrize("name", ["mask", "register"])
def test_a_path_leads_from_main_to_the_new_cases(name: str) -> None:
    before = kernel()
    cap = REQUESTS[name].name
    with written(REQUESTS[name], before) as made:
        patched: Tree = OverlayTree(before, contents(made)).without_base()
        lines = {place.reason: place.line for place in made.places if place.path == "arch/x86/kvm/x86.c"}
    qemu = mini_trees()["qemu"]
    code = qemu.read(VMM).replace(b"KVM_CAP_MSR_PLATFORM_INFO", cap.encode())
    header = qemu.read(HEADER).replace(
        b"#define KVM_CAP_HLT 1\n", f"#define KVM_CAP_HLT 1\n#define {cap} 224\n".encode()
    )
    vmm: Tree = OverlayTree(qemu, {VMM: code, HEADER: header}).without_base()
    inventory, _ = build([patched, vmm], [], Config(cache="none", jobs=1), paths=True, deep=True)
    (row,) = [entry for entry in inventory.capabilities if entry.name == cap]
    whole = [path for path in row.paths if not path.above and not path.below]
    assert {path.steps[0].function for path in whole} == {"main"}
    ends = {path.verb: path.steps[-1].line for path in whole}
    # A place is that of the first new line, which is the label of a case or of a list of them.
    assert ends["check"] == lines["answer to KVM_CHECK_EXTENSION"]
    assert ends["enable"] == lines["enables it: arguments are tested, then the state is set"]
