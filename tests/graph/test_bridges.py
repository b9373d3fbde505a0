"""The bridge over the ioctl boundary: from a VMM's call into the kernel and down to the case that serves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pair import pair, site, trees

from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs, Way


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    found = pair(tmp_path_factory.mktemp("pair"))
    yield found
    found.session.store.close()


@pytest.fixture(scope="module")
def bridges(programs: Programs) -> Bridges:
    return Bridges(programs)


def _steps(way: Way) -> list[tuple[str, str, str]]:
    return [(step.function, step.edge, step.note) for step in way.steps]


def _into(programs: Programs, bridges: Bridges, name: str, verb: str, arch: str = "x86") -> Way:
    return bridges.into_kernel(site(programs, name, verb), trees(programs)[0], arch, name)


@pytest.mark.parametrize(
    ("name", "verb", "steps"),
    [
        (
            "KVM_CAP_HLT", "check",
            [("kvm_ioctl", "direct", "KVM_CHECK_EXTENSION"), ("kvm_dev_ioctl", "ioctl", "KVM_CHECK_EXTENSION"),
             ("kvm_vm_ioctl_check_extension", "direct", ""), ("kvm_vm_ioctl_check_extension", "case", "returns 1")],
        ),
        (
            "KVM_CAP_HLT", "enable",
            [("kvm_vm_ioctl", "direct", "KVM_ENABLE_CAP"), ("kvm_vm_ioctl", "ioctl", "KVM_ENABLE_CAP"),
             ("kvm_vm_ioctl_enable_cap", "direct", ""), ("kvm_vm_ioctl_enable_cap", "case", "")],
        ),
        ("KVM_STOP", "issue", [("kvm_vm_ioctl", "ioctl", "KVM_STOP"), ("kvm_vm_ioctl", "case", "")]),
    ],
)  # fmt: skip
def test_from_the_call_to_the_case(
    programs: Programs, bridges: Bridges, name: str, verb: str, steps: list[tuple[str, str, str]]
) -> None:
    way = _into(programs, bridges, name, verb)
    assert (_steps(way), way.broken) == (steps, "")
    assert way.steps[-1].case == name
    (ioctl,) = [step for step in way.steps if step.edge == "ioctl"]
    assert (ioctl.tree, ioctl.path) == ("kernel", "virt/kvm/kvm_main.c")


def test_of_several_labels_only_the_one_that_decides_is_shown(programs: Programs, bridges: Bridges) -> None:
    cases = [step.case for step in _into(programs, bridges, "KVM_CAP_HLT", "enable").steps]
    assert cases == [None, None, "KVM_ENABLE_CAP", "KVM_CAP_HLT"]


@pytest.mark.parametrize(
    ("asked", "broken"),
    [
        (("KVM_CAP_HLT", "check", "arm64"), "no code of arm64 has a case for it in its check handlers"),
        (("KVM_CAP_HLT", "enable", "s390"), "no code of s390 has a case for it in its enable handlers"),
        (("KVM_CAP_NONE", "check", "x86"), "no code of x86 has a case for it in its check handlers"),
    ],
)
def test_code_that_is_not_there(programs: Programs, bridges: Bridges, asked: tuple[str, str, str], broken: str) -> None:
    assert _into(programs, bridges, *asked) == Way((), broken)


def test_an_ioctl_that_no_kernel_code_handles(programs: Programs, bridges: Bridges) -> None:
    use = site(programs, "KVM_STOP", "issue")
    assert bridges.into_kernel(use, trees(programs)[0], "x86", "KVM_UNKNOWN").broken == "no code of x86 handles it"


def test_a_call_that_issues_nothing(programs: Programs, bridges: Bridges) -> None:
    use = replace(site(programs, "KVM_CAP_HLT", "check"), callee="alone")
    way = bridges.into_kernel(use, trees(programs)[0], "x86", "KVM_CAP_HLT")
    assert way == Way((), "alone: no ioctl call found in it")


@pytest.mark.parametrize(
    ("name", "verb", "archs"),
    [
        ("KVM_CAP_HLT", "check", ["x86"]),
        ("KVM_CAP_HLT", "require", ["x86"]),
        ("KVM_CAP_HLT", "enable", ["x86"]),
        ("KVM_CAP_IRQCHIP", "enable", []),
        ("KVM_CAP_NONE", "check", []),
        ("KVM_STOP", "issue", ["x86"]),
    ],
)
def test_architectures_that_serve_it(bridges: Bridges, name: str, verb: str, archs: list[str]) -> None:
    assert bridges.architectures(name, verb, "qemu") == archs
    assert bridges.serving(verb, name) == (["generic"] if verb == "issue" else archs)


@pytest.mark.parametrize(
    ("verb", "name", "scope"),
    [
        ("check", "KVM_CAP_HLT", ""),
        ("check", "KVM_CAP_HLT", "vm"),
        ("enable", "KVM_CAP_HLT", ""),
        ("enable", "KVM_CAP_HLT", "vm"),
        ("issue", "KVM_STOP", ""),
    ],
)
def test_without_a_vmm_the_way_begins_at_the_receiver(
    programs: Programs, bridges: Bridges, verb: str, name: str, scope: str
) -> None:
    (way,) = bridges.from_ioctl(verb, trees(programs)[0], "x86", name, scope)
    assert (way.steps[0].edge, way.steps[-1].case, way.broken) == ("ioctl", name, "")
    if scope:
        assert way.steps[0].function == "kvm_vm_ioctl"


@pytest.mark.parametrize(("verb", "name"), [("issue", "KVM_UNKNOWN"), ("check", "KVM_CAP_NONE")])
def test_what_has_no_case_has_no_way(programs: Programs, bridges: Bridges, verb: str, name: str) -> None:
    assert list(bridges.from_ioctl(verb, trees(programs)[0], "x86", name)) == []


def test_a_descriptor_on_which_nothing_leads_there(programs: Programs, bridges: Bridges) -> None:
    (way,) = bridges.from_ioctl("enable", trees(programs)[0], "x86", "KVM_CAP_HLT", "vcpu")
    assert way.broken == "no path from an ioctl to its case found"
    assert [(step.function, step.edge) for step in way.steps] == [("kvm_vm_ioctl_enable_cap", "case")]


def test_the_table_through_which_the_kernel_calls_a_receiver(programs: Programs, bridges: Bridges) -> None:
    kernel, _ = trees(programs)
    programs.find(kernel, ["kvm_vm_ioctl", "kvm_dev_ioctl"])
    assert bridges.operations(kernel, "kvm_vm_ioctl") == "kvm_vm_fops.unlocked_ioctl, virt/kvm/kvm_main.c:23"
    assert bridges.operations(kernel, "kvm_dev_ioctl") == ""
