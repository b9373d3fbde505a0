"""The way from `virsh start` to the kernel's case, over three programs."""

from __future__ import annotations

import pytest
import real_trees
from real_trees import root

from caplint.check import open_session
from caplint.config import Config
from caplint.facts.harvest import Reading
from caplint.graph.paths import Paths
from caplint.graph.steps import Step
from caplint.trees.detect import directory_tree

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

TREES = ("linux-6.1", "qemu-7.2", "libvirt-9.0")
MANAGER = [
    "cmdStart", "virDomainCreateWithFlags", "qemuDomainCreateWithFlags", "qemuDomainObjStart", "qemuProcessStart",
    "qemuProcessLaunch", "virCommandRun", "virCommandRunAsync", "virExec",
]  # fmt: skip
VMM = [
    "main", "qemu_init", "configure_accelerators", "do_configure_accelerator", "accel_init_machine", "kvm_init",
    "kvm_irqchip_create",
]  # fmt: skip
CHECK = [
    "kvm_check_extension", "kvm_ioctl", "kvm_dev_ioctl", "kvm_vm_ioctl_check_extension_generic",
    "kvm_vm_ioctl_check_extension", "kvm_vm_ioctl_check_extension",
]  # fmt: skip
ENABLE = [
    "kvm_vm_enable_cap", "kvm_vm_ioctl", "kvm_vm_ioctl", "kvm_vm_ioctl_enable_cap_generic",
    "kvm_vm_ioctl_enable_cap", "kvm_vm_ioctl_enable_cap",
]  # fmt: skip


@pytest.fixture(scope="module")
def found(corpus: real_trees.Corpus) -> list[tuple[Step, ...]]:
    """The paths of one capability, from libvirt on."""
    config: Config = corpus.config
    session = open_session([directory_tree(str(root(name))) for name in TREES], config)
    try:
        paths = Paths(session, Reading(config.repairs, config.jobs), "cmdStart").of("KVM_CAP_S390_IRQCHIP", "s390")
    finally:
        session.store.close()
    assert all(path.whole for path in paths)
    return [path.steps for path in paths]


def test_the_functions_in_order(found: list[tuple[Step, ...]]) -> None:
    assert [[step.function for step in path] for path in found] == [[*MANAGER, *VMM, *CHECK], [*MANAGER, *VMM, *ENABLE]]


def test_every_line_names_what_it_leads_to(found: list[tuple[Step, ...]]) -> None:
    roots = dict(zip(("kernel", "qemu", "libvirt"), map(root, TREES), strict=True))
    for path in found:
        previous = ""
        for step in path:
            line = (roots[step.tree] / step.path).read_text("utf-8", "replace").splitlines()[step.line - 1]
            word = {"case": step.case, "table": step.note, "callback": step.note}.get(step.edge) or step.function
            # The wrapper's own ioctl has the place of the wrapper's call.
            assert word in line or previous in {"kvm_check_extension", "kvm_vm_enable_cap"}, (step, line)
            previous = step.function


def test_the_bridges(found: list[tuple[Step, ...]]) -> None:
    for path, request in zip(found, ("KVM_CHECK_EXTENSION", "KVM_ENABLE_CAP"), strict=True):
        assert [step.function for step in path if step.edge == "exec"] == ["main"]
        assert [step.note for step in path if step.edge == "ioctl"] == [request]
        assert [step.case for step in path if step.case] == [request, "KVM_CAP_S390_IRQCHIP"]
