"""Ways to a VMM's functions: from its entry, from a function that the user names, or from a manager's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pair import defined, pair, trees
from programs import programs_of

from caplint.graph.call_graph import Programs, Way
from caplint.graph.entry_paths import Starts
from caplint.trees.detect import directory_tree
from caplint.util.shipped_files import FIXTURES


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    found = pair(tmp_path_factory.mktemp("pair"))
    yield found
    found.session.store.close()


def _ways(programs: Programs, name: str, start: str | None = None, most: int = 1) -> list[Way]:
    _, vmm = trees(programs)
    return Starts(programs, start, most).ways(vmm, defined(programs, vmm, name), None)


def _names(way: Way) -> list[str]:
    return [step.function for step in way.steps]


@pytest.mark.parametrize(
    ("name", "start", "names"),
    [
        ("ask", None, ["main", "start", "ask"]),
        ("main", None, ["main"]),
        ("ask", "start", ["start", "ask"]),
        ("kvm_ioctl", "ask", ["ask", "kvm_check_extension", "kvm_ioctl"]),
        ("ask", "ask", ["ask"]),
    ],
)
def test_a_way_from_the_start(programs: Programs, name: str, start: str | None, names: list[str]) -> None:
    (way,) = _ways(programs, name, start)
    assert (_names(way), way.broken, way.steps[0].edge) == (names, "", "entry")


def test_several_ways_are_the_shortest_first(programs: Programs) -> None:
    ways = _ways(programs, "kvm_vm_ioctl", "start", 5)
    assert [_names(way) for way in ways] == [
        ["start", "stop", "kvm_vm_ioctl"], ["start", "on", "kvm_vm_enable_cap", "kvm_vm_ioctl"],
    ]  # fmt: skip


def test_a_function_without_callers_says_so(programs: Programs) -> None:
    (way,) = _ways(programs, "alone")
    assert (_names(way), way.broken) == (["alone"], "alone (accel/kvm/kvm-all.c:33): no caller found")


def test_what_the_named_start_does_not_reach_says_so_first(programs: Programs) -> None:
    (way,) = _ways(programs, "alone", "start")
    assert way.broken.startswith("not reached from start; ")


def test_a_start_that_is_nowhere(programs: Programs) -> None:
    (way,) = _ways(programs, "ask", "nobody")
    assert _names(way) == ["ask"]
    assert way.broken == "not reached from nobody; nobody: not in view"


def test_answers_are_kept(programs: Programs) -> None:
    _, vmm = trees(programs)
    starts, target = Starts(programs, None, 1), defined(programs, vmm, "ask")
    assert starts.ways(vmm, target, None) is starts.ways(vmm, target, None)
    assert starts.ways(vmm, target, "x86") == starts.ways(vmm, target, None)


def test_without_a_manager_there_is_none(programs: Programs) -> None:
    assert Starts(programs, None, 1).manager() is None
    assert Starts(programs, "main", 1).manager() is None


@pytest.fixture(scope="module")
def managed() -> Iterator[Programs]:
    """QEMU and libvirt, in miniature."""
    found = programs_of([directory_tree(str(FIXTURES / name)) for name in ("qemu", "libvirt")], "KVM_")
    yield found
    found.session.store.close()


def test_a_managers_start_leads_through_the_program_that_it_executes(managed: Programs) -> None:
    vmm = managed.of_role("vmm")[0]
    starts = Starts(managed, "cmdStart", 1)
    (way,) = starts.ways(vmm, defined(managed, vmm, "kvm_init"), None)
    names, edges = _names(way), [step.edge for step in way.steps]
    assert (names[0], names[-1], way.broken) == ("cmdStart", "kvm_init", "")
    assert (edges.count("exec"), len(set(names))) == (1, len(names))
    at = edges.index("exec")
    assert (names[at - 1], names[at], way.steps[at].note) == ("virExec", "main", "executes the VMM")
    assert {step.tree for step in way.steps[:at]} == {"libvirt"}
    assert {step.tree for step in way.steps[at:]} == {"qemu"}
    manager = starts.manager()
    assert manager is not None
    assert manager.name == "libvirt"


def test_a_start_that_the_manager_does_not_define_is_the_vmms(managed: Programs) -> None:
    starts = Starts(managed, "qemu_init", 1)
    assert starts.manager() is None
    vmm = managed.of_role("vmm")[0]
    (way,) = starts.ways(vmm, defined(managed, vmm, "kvm_init"), None)
    assert (way.steps[0].function, way.broken) == ("qemu_init", "")
