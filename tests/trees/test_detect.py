"""Which project a directory holds, and what the command line may say of trees."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Files, lay

from caplint.knowledge.load import knowledge
from caplint.trees.detect import detect, directory_tree, parse_tree
from caplint.util.errors import CaplintError

LINUX: Files = {"include/uapi/linux/kvm.h": "", "virt/kvm/kvm_main.c": ""}
QEMU: Files = {"linux-headers/linux/kvm.h": "", "accel/kvm/kvm-all.c": ""}
OLD_QEMU: Files = {"linux-headers/linux/kvm.h": "", "kvm-all.c": ""}
LIBVIRT: Files = {"src/qemu/qemu_driver.c": "", "src/libvirt-domain.c": ""}
# One of each Rust VMM, and of the C VMMs that include the system's header.
OTHERS: dict[str, Files] = {
    "crosvm": {"kvm_sys/src/lib.rs": "", "hypervisor/src/kvm/mod.rs": ""},
    "firecracker": {"src/firecracker/main.rs": "", "src/vmm/lib.rs": ""},
    "cloud-hypervisor": {"hypervisor/src/kvm/mod.rs": "", "hypervisor/src/hypervisor.rs": "", "vmm/src/lib.rs": ""},
    "libkrun": {"include/libkrun.h": "", "src/vmm/src/lib.rs": ""},
    "openvmm": {"vm/kvm/src/lib.rs": "", "vmm_core/a.rs": ""},
    "uhyve": {"src/linux/x86_64/kvm_cpu.rs": "", "uhyve-interface/src/lib.rs": ""},
    "stratovirt": {"machine_manager/src/lib.rs": "", "hypervisor/src/kvm/mod.rs": ""},
    "dragonball": {"src/dragonball/src/kvm_context.rs": ""},
    "hyperlight": {"src/hyperlight_host/src/lib.rs": ""},
    "rust-vmm": {"kvm-ioctls/src/cap.rs": "", "kvm-bindings/src/lib.rs": ""},
    "solo5": {"tenders/hvt/hvt_kvm.c": "", "tenders/common/a.c": ""},
    "dosemu2": {"src/base/emu-i386/kvm.c": "", "src/include/emu.h": ""},
    "syzkaller": {"sys/linux/dev_kvm.txt": ""},
    "strace": {"src/xlat/kvm_cap.in": ""},
    "kvm-host": {"src/vm.c": "", "src/serial.c": "", "src/virtio-blk.c": "", "src/arch/x86/vm.c": ""},
}
KVMTOOL: Files = {"include/kvm/kvm.h": "", "kvm-cpu.c": ""}

LOOKED_FOR = (
    "unknown project. Looked for Linux kernel: include/uapi/linux/kvm.h and virt/kvm; "
    "QEMU: linux-headers/linux/kvm.h and accel/kvm; libvirt: src/qemu/qemu_driver.c and src/libvirt-domain.c; "
    "kvmtool: include/kvm/kvm.h and kvm-cpu.c; and for files of crosvm, Firecracker, Cloud Hypervisor, libkrun, "
    "OpenVMM, Uhyve, StratoVirt, Dragonball (Kata Containers), Hyperlight, rust-vmm's kvm-bindings and kvm-ioctls, "
    "Solo5, dosemu2, kvm-host, syzkaller's descriptions, strace. "
    "For another VMM use --tree NAME=vmm:DIR, which reads the C and Rust files that use KVM"
)


@pytest.mark.parametrize(
    ("files", "project", "role", "name"),
    [
        (LINUX, "linux", "kernel", "kernel"),
        ({"include/uapi/linux/kvm.h": ""}, "linux", "kernel", "kernel"),
        (QEMU, "qemu", "vmm", "qemu"),
        (OLD_QEMU, "qemu", "vmm", "qemu"),
        (LIBVIRT, "libvirt", "manager", "libvirt"),
        (KVMTOOL, "kvmtool", "vmm", "kvmtool"),
        *((files, name, "vmm", name) for name, files in OTHERS.items()),
    ],
)
def test_a_tree_is_known_by_what_it_holds(tmp_path: Path, files: Files, project: str, role: str, name: str) -> None:
    tree = directory_tree(str(lay(tmp_path, files)))
    assert (tree.project.name, tree.role, tree.name, tree.location) == (project, role, name, str(tmp_path))
    assert tree.revision is None
    assert tree.base is None


@pytest.mark.parametrize("files", [{}, {"virt/kvm/kvm_main.c": ""}, {"accel/kvm/kvm-all.c": ""}])
def test_an_unknown_directory_is_an_error_that_says_what_was_looked_for(tmp_path: Path, files: Files) -> None:
    with pytest.raises(CaplintError) as error:
        detect(lay(tmp_path, files))
    assert str(error.value) == f"{tmp_path}: {LOOKED_FOR}"


def test_what_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match=r"gone: no such directory$"):
        detect(tmp_path / "gone")
    (tmp_path / "file").write_text("")
    with pytest.raises(CaplintError, match=r"file: not a directory$"):
        detect(tmp_path / "file")


@pytest.mark.parametrize(
    ("files", "role", "message"),
    [
        (QEMU, "kernel", "is QEMU (vmm), but kernel is asked for; name it as vmm"),
        (LINUX, "vmm", "is Linux kernel (kernel), but vmm is asked for; name it as kernel"),
        (LIBVIRT, "reference", "is libvirt (manager), but reference is asked for; name it as manager"),
    ],
)
def test_a_tree_of_another_role(tmp_path: Path, files: Files, role: str, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        directory_tree(str(lay(tmp_path, files)), role)
    assert str(error.value) == f"{tmp_path}: {message}"


def test_a_named_tree(tmp_path: Path) -> None:
    tree = parse_tree(f"upstream=reference:{lay(tmp_path, LINUX)}")
    assert (tree.name, tree.role, tree.location) == ("upstream", "reference", str(tmp_path))


def test_a_path_may_hold_the_separators(tmp_path: Path) -> None:
    odd = lay(tmp_path / "a:b=c", LINUX)
    assert parse_tree(f"x=kernel:{odd}").location == str(odd)


@pytest.mark.parametrize(
    "option", ["", "linux", "up=linux", "=kernel:linux", "up=:linux", "up=kernel:", "kernel:linux"]
)
def test_the_shape_of_a_tree_option(option: str) -> None:
    with pytest.raises(CaplintError) as error:
        parse_tree(option)
    assert str(error.value) == f"--tree {option}: write NAME=ROLE:PATH, such as upstream=reference:linux"


@pytest.mark.parametrize(
    ("role", "hint"),
    [
        ("kernl", "did you mean kernel?"),
        ("referense", "did you mean reference?"),
        ("zzz", "roles are kernel, vmm, manager, reference"),
    ],
)
def test_an_unknown_role(tmp_path: Path, role: str, hint: str) -> None:
    with pytest.raises(CaplintError) as error:
        parse_tree(f"up={role}:{lay(tmp_path, LINUX)}")
    assert str(error.value) == f"unknown role {role!r}; {hint}"


def test_any_program_with_the_headers_is_a_vmm(tmp_path: Path) -> None:
    root = lay(
        tmp_path, {"third_party/linux/kvm.h": "", "third_party/asm-x86/kvm.h": "", "src/vm.c": "KVM_CAP_IRQCHIP"}
    )
    tree = parse_tree(f"tea=vmm:{root}")
    assert (tree.name, tree.role, tree.project.name) == ("tea", "vmm", "program")
    assert tree.project.header_kind("third_party/asm-x86/kvm.h") == "vmm"
    assert tree.candidates() == ["src/vm.c", "third_party/asm-x86/kvm.h", "third_party/linux/kvm.h"]


def test_a_manager_with_the_headers_is_a_vmm_where_it_is_given_as_one(tmp_path: Path) -> None:
    root = lay(tmp_path, {**LIBVIRT, "include/linux/kvm.h": ""})
    assert parse_tree(f"tea=vmm:{root}").project.name == "program"
    assert directory_tree(str(root)).project.name == "libvirt"


@pytest.mark.parametrize("role", ["kernel", "reference", "manager"])
def test_only_a_vmm_may_be_any_program(tmp_path: Path, role: str) -> None:
    with pytest.raises(CaplintError, match="unknown project"):
        parse_tree(f"tea={role}:{lay(tmp_path, {'linux/kvm.h': ''})}")


def test_a_program_without_the_headers_is_none(tmp_path: Path) -> None:
    with pytest.raises(
        CaplintError, match=r"unknown program without a copy of linux/kvm\.h, and no C or Rust file in it"
    ):
        parse_tree(f"tea=vmm:{lay(tmp_path, {'main.c': 'int main;'})}")


@pytest.mark.parametrize("files", [{"main.c": "KVM_CHECK_EXTENSION"}, {"src/vm.rs": "use kvm_ioctls::Kvm;"}])
def test_a_program_that_uses_the_headers_of_the_system_is_one(tmp_path: Path, files: Files) -> None:
    tree = parse_tree(f"tea=vmm:{lay(tmp_path, files)}")
    assert (tree.project.name, tree.candidates()) == ("program", list(files))


@pytest.mark.parametrize(
    ("project", "path", "word", "arch"),
    [
        ("program", "third_party/asm-x86/kvm.h", "x86", "x86"),
        ("program", "arch/arm64/include/asm/kvm.h", "arm64", "arm64"),
        ("program", "x86_64/asm/kvm.h", "x86_64", "x86"),
        ("program", "arm/aarch64/include/asm/kvm.h", "aarch64", "arm64"),
        ("program", "include/linux/kvm.h", None, None),
        ("kvmtool", "arm/aarch64/include/asm/kvm.h", "aarch64", "arm64"),
        ("kvmtool", "arm64/include/asm/kvm.h", "arm64", "arm64"),
        ("kvmtool", "arm/kvm.c", "arm", "arm64"),
        ("qemu", "linux-headers/asm-arm/kvm.h", "arm", "arm64"),
        ("qemu", "hw/s390x/s390-virtio-ccw.c", "s390x", "s390"),
        ("qemu", "hw/intc/s390x/flic.c", None, None),
        ("linux", "arch/tea/include/uapi/asm/kvm.h", "tea", "tea"),
    ],
)
def test_which_architecture_a_path_names(project: str, path: str, word: str | None, arch: str | None) -> None:
    found = next(entry for entry in knowledge().projects if entry.name == project)
    assert knowledge().architecture_word(found, path) == word
    assert knowledge().architecture_of(found, path) == arch
