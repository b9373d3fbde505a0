"""Paths over the mini-trees and over trees made for one question."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import QEMU_UAPI, UAPI, Caplint, kernel, lay, qemu

FIXTURES = Path(__file__).parents[2] / "fixtures"
TREES = [
    word
    for name in ("linux", "qemu", "libvirt")
    for word in (f"--{'kernel' if name == 'linux' else name}", str(FIXTURES / name))
]

PAIR = TREES[:4]

VIRSH = [
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
    "kvm_vm_enable_cap", "kvm_vm_ioctl", "kvm_vm_ioctl", "kvm_vm_ioctl_enable_cap_generic", "kvm_vm_ioctl_enable_cap",
    "kvm_vm_ioctl_enable_cap",
]  # fmt: skip


def _paths(caplint: Caplint, *words: str | Path) -> dict[str, object]:
    run = caplint("path", *words, "--output-format", "json")
    assert (run.status, run.err) == (0, "")
    found: dict[str, object] = json.loads(run.out)
    jsonschema.validate(found, json.loads(resources.files("caplint").joinpath("schemas/path.json").read_text("utf-8")))
    return found


def test_from_virsh_to_the_case(caplint: Caplint) -> None:
    found = _paths(caplint, "KVM_CAP_S390_IRQCHIP", "--from", "cmdStart", "--arch", "s390", *TREES)
    assert (found["cap"], found["arch"], found["broken"]) == ("KVM_CAP_S390_IRQCHIP", "s390", [[], []])
    paths = found["paths"]
    assert isinstance(paths, list)
    names = [[step["function"] for step in path] for path in paths]
    assert names == [[*VIRSH, *VMM, *CHECK], [*VIRSH, *VMM, *ENABLE]]
    for path in paths:
        edges = [step["edge"] for step in path]
        assert edges[0] == "entry"
        assert edges[2] == "table"
        assert edges[len(VIRSH)] == "exec"
        assert edges.count("ioctl") == 1
        assert path[-1]["case"] == "KVM_CAP_S390_IRQCHIP"
        assert path[-1]["edge"] == "case"


def test_every_step_stands_where_it_says(caplint: Caplint) -> None:
    """Each line names what it leads to: the function, the field that it is called through, or its definition."""
    roots = {"kernel": FIXTURES / "linux", "qemu": FIXTURES / "qemu", "libvirt": FIXTURES / "libvirt"}
    found = _paths(caplint, "KVM_CAP_S390_IRQCHIP", "--from", "cmdStart", *TREES)
    paths = found["paths"]
    assert isinstance(paths, list)
    for path in paths:
        for before, step in zip([None, *path], path, strict=False):
            text = (roots[step["tree"]] / step["path"]).read_text().splitlines()[step["line"] - 1]
            word = {"case": step["case"], "table": step["note"].rpartition(".")[2], "callback": step["note"]}.get(
                step["edge"]
            )
            inner = before is not None and before["edge"] == "macro"
            assert (before["function"] if inner else word or step["function"]) in text, step


def test_the_same_bytes_twice(caplint: Caplint) -> None:
    words = ("path", "KVM_CAP_MSR_PLATFORM_INFO", *TREES)
    assert caplint(*words).out == caplint(*words).out


def test_text(caplint: Caplint) -> None:
    out = caplint("path", "KVM_CAP_S390_IRQCHIP", *PAIR).out.splitlines()
    assert out[0] == "KVM_CAP_S390_IRQCHIP checked on s390"
    assert out[1] == "  main  qemu:softmmu/main.c:6  (paths.toml's entry of QEMU; 1 other file mentions main())"
    assert [line.strip() for line in out if "=> KVM" in line] == [
        "=> KVM_CHECK_EXTENSION kvm_dev_ioctl  kernel:virt/kvm/kvm_main.c:120"
        "  (kvm_chardev_ops.unlocked_ioctl, virt/kvm/kvm_main.c:135)",
        "=> KVM_ENABLE_CAP kvm_vm_ioctl  kernel:virt/kvm/kvm_main.c:94"
        "  (kvm_vm_fops.unlocked_ioctl, virt/kvm/kvm_main.c:117)",
    ]


def test_dot_is_a_graph(caplint: Caplint) -> None:
    out = caplint("path", "KVM_CAP_S390_IRQCHIP", *PAIR, "--output-format", "dot").out
    assert out.startswith("digraph paths {")
    assert out.count("{") == out.count("}")
    bridge = next(line for line in out.splitlines() if "style=bold" in line)
    assert '"qemu kvm_ioctl ' in bridge.partition(" -> ")[0]
    assert '"kernel kvm_dev_ioctl virt/kvm/kvm_main.c:120"' in bridge
    assert 'label="KVM_CHECK_EXTENSION"' in bridge


def test_an_unknown_capability(caplint: Caplint) -> None:
    run = caplint("path", "KVM_CAP_S390_IRQCHOP", *TREES)
    assert (run.status, run.out) == (2, "")
    assert run.err == "caplint: no tree defines KVM_CAP_S390_IRQCHOP; did you mean KVM_CAP_S390_IRQCHIP?\n"


def test_a_capability_that_no_vmm_uses(caplint: Caplint) -> None:
    out = caplint("path", "KVM_CAP_HLT", *TREES).out.splitlines()
    assert out[:2] == ["KVM_CAP_HLT checked on x86", "  !! no VMM in view checks or enables it"]
    assert out[2].startswith("  => KVM_CHECK_EXTENSION kvm_dev_ioctl")


CIRCLE = "void b(void)\n{\n    a(0);\n    c();\n}\nvoid c(void)\n{\n    b();\n}\n"
CHECKED = "int {name}(KVMState *s)\n{{\n    return kvm_check_extension(s, KVM_CAP_HLT);\n}}\n"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"accel/kvm/kvm-all.c": CHECKED.format(name="lonely")}, "lonely (accel/kvm/kvm-all.c:1): no caller found"),
        (
            {"accel/kvm/kvm-all.c": CHECKED.format(name="registered") + "our_init(registered)\n"},
            "registered (accel/kvm/kvm-all.c:1): registered by our_init()",
        ),
        (
            {"accel/kvm/kvm-all.c": CHECKED.format(name="a") + CIRCLE},
            "a: its callers form a cycle",
        ),
    ],
)  # fmt: skip
def test_where_a_path_breaks(caplint: Caplint, tmp_path: Path, files: dict[str, str], reason: str) -> None:
    vmm = qemu(tmp_path / "q", {"system/main.c": "int main(void)\n{\n    return 0;\n}\n", **files})
    found = _paths(caplint, "KVM_CAP_HLT", "--kernel", kernel(tmp_path / "k"), "--qemu", vmm)
    broken = found["broken"]
    assert isinstance(broken, list)
    assert reason in broken[0]


def test_a_private_namesake_is_not_called(caplint: Caplint, tmp_path: Path) -> None:
    files = {
        "system/main.c": "static int ask(int a)\n{\n    return a;\n}\nint main(void)\n{\n    return ask(1);\n}\n",
        "accel/kvm/kvm-all.c": CHECKED.format(name="ask"),
    }
    found = _paths(caplint, "KVM_CAP_HLT", "--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q", files))
    assert found["broken"] != [[]]
    paths = found["paths"]
    assert isinstance(paths, list)
    assert all(step["function"] != "main" for path in paths for step in path)
    assert paths[0][0]["why"] == "not the one at system/main.c:1, which is private to its file"


def test_another_architecture_is_not_called(caplint: Caplint, tmp_path: Path) -> None:
    files = {
        "system/main.c": "int main(void)\n{\n    return start();\n}\n",
        "accel/kvm/kvm-all.c": "",
        "target/i386/kvm/kvm.c": CHECKED.format(name="kvm_arch_init"),
        "target/s390x/kvm/kvm.c": CHECKED.format(name="kvm_arch_init"),
        "target/s390x/start.c": "int start(void)\n{\n    return kvm_arch_init(0);\n}\n",
    }
    trees = ("--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q", files))
    paths = _paths(caplint, "KVM_CAP_HLT", *trees)["paths"]
    assert isinstance(paths, list)
    assert [path[0]["function"] for path in paths if any(step["path"].startswith("target/s390x") for step in path)] == [
        "main"
    ]
    assert all(
        path[0]["function"] != "main" for path in paths if any(step["path"].startswith("target/i386") for step in path)
    )


def test_shared_code_counts_for_architectures_that_the_vmm_has(caplint: Caplint, tmp_path: Path) -> None:
    files = {
        "system/main.c": "int main(void)\n{\n    return ask(0);\n}\n",
        "accel/kvm/kvm-all.c": CHECKED.format(name="ask").replace("KVM_CAP_HLT", "KVM_CAP_MAX_VCPUS")
        + "int kvm_check_extension(KVMState *s, int cap)\n{\n    return kvm_ioctl(s, KVM_CHECK_EXTENSION, cap);\n}\n",
    }
    own = {"target/arm/kvm.c": "int kvm_arm(void)\n{\n    return KVM_CAP_HLT;\n}\n"}
    ends = []
    for name, more in (("q", {}), ("r", own)):
        vmm = lay(tmp_path / name, {QEMU_UAPI: "#define KVM_CAP_MAX_VCPUS 66\n", **files, **more})
        paths = _paths(caplint, "KVM_CAP_MAX_VCPUS", "--kernel", FIXTURES / "linux", "--qemu", vmm)["paths"]
        assert isinstance(paths, list)
        ends.append({path[-1]["path"].split("/")[1] for path in paths})
    assert ends == [{"arm64", "mips", "s390", "x86"}, {"arm64"}]


def test_no_kernel(caplint: Caplint, tmp_path: Path) -> None:
    files = {
        "system/main.c": "int main(void)\n{\n    return ask(0);\n}\n",
        "accel/kvm/kvm-all.c": CHECKED.format(name="ask"),
    }
    found = _paths(caplint, "KVM_CAP_HLT", "--qemu", qemu(tmp_path / "q", files))
    assert found["broken"] == [["no kernel is in view"]]


def test_trees_without_sources(caplint: Caplint, tmp_path: Path) -> None:
    tree = lay(tmp_path / "k", {UAPI: "#define KVM_CAP_HLT 1\n", "virt/kvm/kvm_main.c": ""})
    vmm = lay(tmp_path / "q", {QEMU_UAPI: "#define KVM_CAP_HLT 1\n", "accel/kvm/kvm-all.c": "\0"})
    assert caplint("path", "KVM_CAP_HLT", "--kernel", tree, "--qemu", vmm).status == 0
