"""Paths to a function, within one program or from a VMM over an ioctl into the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import bare_kernel, bare_qemu, lay
from pair import pair
from programs import programs_of

from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs
from caplint.graph.entry_paths import Starts
from caplint.graph.function_paths import Reach
from caplint.graph.path_cache import Question
from caplint.graph.path_model import Path as CallPath
from caplint.graph.rust_ways import RustWays
from caplint.trees.detect import directory_tree
from caplint.util.errors import CaplintError


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    found = pair(tmp_path_factory.mktemp("pair"))
    yield found
    found.session.store.close()


def _paths(
    programs: Programs, name: str, start: str | None = None, arch: str | None = None, most: int = 1
) -> list[CallPath]:
    question = Question(name, arch, start, most, reach=True)
    starts = (Starts(programs, start, most), RustWays(programs, start, most))
    return Reach(programs, Bridges(programs), starts, question).paths()


def _names(path: CallPath) -> list[str]:
    return [step.function for step in path.steps]


def test_within_the_vmm(programs: Programs) -> None:
    (path,) = _paths(programs, "ask")
    assert (_names(path), path.whole, path.verb) == (["main", "start", "ask"], True, "reach")
    assert path.steps[-1].note == "defined at accel/kvm/kvm-all.c:17"


def test_a_function_of_the_kernel_is_reached_over_an_ioctl(programs: Programs) -> None:
    (path,) = _paths(programs, "halt_all")
    assert _names(path) == ["main", "start", "stop", "kvm_vm_ioctl", "kvm_vm_ioctl", "stop_it", "halt_all"]
    (bridge,) = [step for step in path.steps if step.edge == "ioctl"]
    assert (bridge.tree, bridge.note) == ("kernel", "KVM_STOP")
    assert bridge.why.startswith("kvm_vm_fops.unlocked_ioctl, ")
    assert path.whole


def test_from_a_function_of_the_kernel_no_ioctl_is_needed(programs: Programs) -> None:
    (path,) = _paths(programs, "halt_all", "kvm_vm_ioctl_nowhere")
    assert not path.whole
    (path,) = _paths(programs, "halt_all", "stop_it")
    assert (_names(path), path.whole) == (["stop_it", "halt_all"], True)


def test_one_to_which_no_ioctl_leads(programs: Programs) -> None:
    (path,) = _paths(programs, "lonely")
    assert not path.whole
    assert path.above.startswith("lonely (virt/kvm/kvm_main.c:")


def test_a_namesake_that_is_reached_comes_alone(tmp_path: Path) -> None:
    code = "int main(void)\n{\n    return goal(1);\n}\nint goal(int a)\n{\n    return a;\n}\n"
    programs = programs_of([bare_kernel(tmp_path / "k", {"virt/kvm/goal.c": "int goal(int a)\n{\n\treturn a;\n}\n"}),
                            bare_qemu(tmp_path / "q", {"system/main.c": code})], "KVM_")  # fmt: skip
    paths = _paths(programs, "goal")
    assert [(_names(path), path.steps[-1].tree) for path in paths] == [(["main", "goal"], "qemu")]
    programs.session.store.close()


def test_stubs_and_weak_definitions_stand_back(tmp_path: Path) -> None:
    goal = "int goal(int a)\n{\n    return a;\n}\n"
    files = {"system/main.c": "int main(void)\n{\n    return goal(1);\n}\n", "stubs/goal.c": goal,
             "accel/stubs/kvm-stub.c": goal, "hw/goal-stub.c": goal, "util/goal.c": f"\n\n{goal}"}  # fmt: skip
    programs = programs_of([bare_qemu(tmp_path, files)], "KVM_")
    assert {path.steps[-1].note for path in _paths(programs, "goal")} == {"defined at util/goal.c:3"}
    programs.session.store.close()
    del files["util/goal.c"]
    alone = programs_of([bare_qemu(tmp_path / "other", files)], "KVM_")
    assert len(_paths(alone, "goal")) == 3
    alone.session.store.close()


def test_an_architecture_chooses_its_own_definition(tmp_path: Path) -> None:
    files = {"system/main.c": "int main(void)\n{\n    return goal(1);\n}\n"}
    files |= {f"target/{arch}/kvm/kvm.c": "int goal(int a)\n{\n    return a;\n}\n" for arch in ("i386", "arm")}
    programs = programs_of([bare_qemu(tmp_path, files)], "KVM_")
    assert sorted(str(path.arch) for path in _paths(programs, "goal")) == ["arm64", "x86"]
    (path,) = _paths(programs, "goal", arch="x86")
    assert (path.arch, path.steps[-1].note) == ("x86", "defined at target/i386/kvm/kvm.c:1")
    with pytest.raises(CaplintError, match=r"no tree in view defines goal\(\) for s390; name a tree that does"):
        _paths(programs, "goal", arch="s390")
    programs.session.store.close()


def test_a_function_that_no_tree_defines(programs: Programs) -> None:
    with pytest.raises(CaplintError, match=r"no tree in view defines nobody\(\); name a tree that does"):
        _paths(programs, "nobody")


def test_a_function_in_rust(tmp_path: Path) -> None:
    code = "// kvm_ioctls\nfn goal() {}\nfn main() {\n    goal();\n}\n"
    tree = directory_tree(str(lay(tmp_path, {"src/main.rs": code})), "vmm", "tea")
    programs = programs_of([tree], "KVM_")
    (path,) = _paths(programs, "goal")
    assert (_names(path), path.whole) == (["main", "goal"], True)
    assert path.steps[-1].note == "defined at src/main.rs:2"
    programs.session.store.close()
