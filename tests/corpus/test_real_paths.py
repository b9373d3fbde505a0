"""The way from `virsh start` to the kernel's case, over three programs."""

from __future__ import annotations

import pytest
import real_trees
from real_trees import root

from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings
from caplint.graph.call_graph import Programs
from caplint.graph.path_model import Step
from caplint.graph.paths import Paths
from caplint.graph.reachability import link_reaches
from caplint.session import open_session
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
        programs = Programs(session, ExtractionSettings(config.repairs, config.jobs))
        paths = Paths(programs, "cmdStart").of("KVM_CAP_S390_IRQCHIP", "s390")
    finally:
        session.store.close()
    assert all(path.whole for path in paths)
    return [path.steps for path in paths]


def test_the_functions_in_order(found: list[tuple[Step, ...]]) -> None:
    assert [[step.function for step in path] for path in found] == [[*MANAGER, *VMM, *CHECK], [*MANAGER, *VMM, *ENABLE]]


def test_every_line_names_what_it_leads_to(found: list[tuple[Step, ...]]) -> None:
    roots = dict(zip(("kernel", "qemu", "libvirt"), map(root, TREES), strict=True))
    for path in found:
        for step in path:
            line = (roots[step.tree] / step.path).read_text("utf-8", "replace").splitlines()[step.line - 1]
            word = {"case": step.case, "table": step.note.rpartition(".")[2], "callback": step.note}.get(step.edge)
            if step.function == "kvm_vm_ioctl" and step.edge == "direct":
                assert line.startswith("#define kvm_vm_enable_cap"), line
            else:
                assert (word or step.function) in line, (step, line)


def test_the_bridges(found: list[tuple[Step, ...]]) -> None:
    for path, request in zip(found, ("KVM_CHECK_EXTENSION", "KVM_ENABLE_CAP"), strict=True):
        assert [step.function for step in path if step.edge == "exec"] == ["main"]
        assert [step.note for step in path if step.edge == "ioctl"] == [request]
        assert [step.case for step in path if step.case] == [request, "KVM_CAP_S390_IRQCHIP"]


def test_why_these_definitions(found: list[tuple[Step, ...]]) -> None:
    """Of each of libvirt's two virCommandRun() one is a stub for WIN32, and many files of QEMU have a main()."""
    whys = {step.function: step.why for step in found[0]}
    assert whys["virCommandRun"].endswith("which is compiled only if defined(WIN32)")
    assert whys["main"].startswith("paths.toml's entry of QEMU; ")
    assert whys["kvm_dev_ioctl"].startswith("kvm_chardev_ops.unlocked_ioctl, virt/kvm/kvm_main.c:")


def test_every_pointer_is_told_by_its_structure(found: list[tuple[Step, ...]]) -> None:
    tables = {step.function: (step.note, step.sure) for path in found for step in path if step.edge == "table"}
    assert tables == {
        "qemuDomainCreateWithFlags": ("virHypervisorDriver.domainCreateWithFlags", "type"),
        "kvm_init": ("AccelClass.init_machine", "type"),
    }


def test_nearly_every_place_is_reached(corpus: real_trees.Corpus) -> None:
    """At least 95 of 100 places that check or enable a capability; the others say why, and no handler is left out."""
    with corpus.session("linux-6.12", "qemu-10.0") as session:
        link_reaches(session, ExtractionSettings(corpus.config.repairs, corpus.config.jobs), budget=1_000)
        rows = session.connection.execute("SELECT kind, reached, reason FROM reaches").fetchall()
    uses = [(reached, reason) for kind, reached, reason in rows if kind == "use"]
    assert len(uses) > 200
    assert sum(reached == 1 for reached, _ in uses) >= 0.95 * len(uses)
    assert all(reached or (reached is None and reason) for reached, reason in uses), uses
    assert all(reached == 1 for kind, reached, _ in rows if kind == "handler")
