"""vmm_check, vmm_enable and doc_cap; and the views of a patched tree before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel, bare_qemu, lay

from caplint.trees.detect import directory_tree
from caplint.trees.overlay import OverlayTree

API = "Documentation/virt/kvm/api.rst"


def _body(*lines: str) -> str:
    return "\n".join(["int f(KVMState *s)", "{", *(f"\t{line}" for line in lines), "}", ""])


USE = "cap, verb, scope, callee, function, line, result"


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("x = kvm_check_extension(s, KVM_CAP_A);", ("check", "system", "kvm_check_extension", "assigned")),
        ("return kvm_vm_check_extension(s, KVM_CAP_A);", ("check", "vm", "kvm_vm_check_extension", "returned")),
        ("if (kvm_vm_check_extension(s, KVM_CAP_A)) g();", ("check", "vm", "kvm_vm_check_extension", "tested")),
        ("kvm_vm_enable_cap(s, KVM_CAP_A, 0);", ("enable", "vm", "kvm_vm_enable_cap", "dropped")),
        ("(void)kvm_vcpu_enable_cap(cs, KVM_CAP_A, 0, 1);", ("enable", "vcpu", "kvm_vcpu_enable_cap", "void")),
        ("x = kvm_ioctl(s, KVM_CHECK_EXTENSION, KVM_CAP_A);", ("check", "system", "kvm_ioctl", "assigned")),
        ("x = kvm_vm_ioctl(s, KVM_CHECK_EXTENSION, KVM_CAP_A);", ("check", "vm", "kvm_vm_ioctl", "assigned")),
        ("g(ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_A));", ("check", "unknown", "ioctl", "argument")),
    ],
)
def test_a_wrapper(tmp_path: Path, line: str, row: tuple[str, ...]) -> None:
    verb, scope, callee, result = row
    trees = [bare_qemu(tmp_path, {"accel/kvm/kvm-all.c": _body(line)})]
    query = f"SELECT {USE} FROM %s"
    expected = [("KVM_CAP_A", verb, scope, callee, "f", 3, result)]
    assert ask(trees, query % "vmm_check") == ([] if verb == "enable" else expected)
    assert ask(trees, query % "vmm_enable") == (expected if verb == "enable" else [])


@pytest.mark.parametrize(
    "line",
    [
        "kvm_check_extension(s, cap);",
        "kvm_ioctl(s, KVM_GET_API_VERSION, KVM_CAP_A);",
        "other(s, KVM_CAP_A);",
        "kvm_check_extension(KVM_CAP_A);",
        "/* kvm_check_extension(s, KVM_CAP_A); */",
        'g("kvm_check_extension(s, KVM_CAP_A)");',
    ],
)
def test_what_asks_for_nothing(tmp_path: Path, line: str) -> None:
    trees = [bare_qemu(tmp_path, {"accel/kvm/kvm-all.c": _body(line)})]
    assert ask(trees, f"SELECT {USE} FROM vmm_check UNION ALL SELECT {USE} FROM vmm_enable") == []


def test_arguments_and_architectures(tmp_path: Path) -> None:
    text = _body("kvm_vm_enable_cap(s, KVM_CAP_A, 0, f(1, 2));")
    files = dict.fromkeys(["accel/kvm/kvm-all.c", "target/ppc/kvm.c", "target/i386/kvm/kvm.c", "hw/s390x/x.c"], text)
    assert ask([bare_qemu(tmp_path, files)], "SELECT path, arch, arguments FROM vmm_enable ORDER BY path") == [
        ("accel/kvm/kvm-all.c", None, '["s", "KVM_CAP_A", "0", "f(1, 2)"]'),
        ("hw/s390x/x.c", "s390", '["s", "KVM_CAP_A", "0", "f(1, 2)"]'),
        ("target/i386/kvm/kvm.c", "x86", '["s", "KVM_CAP_A", "0", "f(1, 2)"]'),
        ("target/ppc/kvm.c", "powerpc", '["s", "KVM_CAP_A", "0", "f(1, 2)"]'),
    ]


def test_a_pasted_name_is_a_requirement(tmp_path: Path) -> None:
    files = {
        "accel/kvm/kvm-cpus.h": '#define KVM_CAP_INFO(CAP) { "KVM_CAP_" stringify(CAP), KVM_CAP_##CAP }\n',
        "accel/kvm/kvm-all.c": (
            "const KVMCapabilityInfo kvm_required_capabilites[] = {\n"
            "\tKVM_CAP_INFO(USER_MEMORY),\n\tKVM_CAP_INFO(HLT),\n\tKVM_CAP_LAST_INFO\n};\n"
        ),
    }
    trees = [bare_qemu(tmp_path, files)]
    assert ask(trees, f"SELECT {USE} FROM vmm_check ORDER BY line") == [
        ("KVM_CAP_USER_MEMORY", "require", "system", "KVM_CAP_INFO", None, 2, "value"),
        ("KVM_CAP_HLT", "require", "system", "KVM_CAP_INFO", None, 3, "value"),
    ]


def test_kvmtool(tmp_path: Path) -> None:
    files = {
        "include/kvm/kvm.h": "",
        "kvm-cpu.c": _body("return kvm__supports_extension(kvm, KVM_CAP_A);"),
        "arm/kvm.c": _body("return kvm__supports_vm_extension(kvm, KVM_CAP_B);"),
    }
    tree = directory_tree(str(lay(tmp_path, files)))
    assert ask([tree], "SELECT cap, scope, arch, path FROM vmm_check ORDER BY cap") == [
        ("KVM_CAP_A", "system", None, "kvm-cpu.c"),
        ("KVM_CAP_B", "vm", "arm64", "arm/kvm.c"),
    ]


RST = """\
The API
=======

KVM_CAP_A comes first.

7.2 KVM_CAP_B
-------------

:Architectures: x86
:Parameters: args[0] - what

KVM_CAP_A and KVM_CAP_B, and KVM_CAP_A again; KVM_CAP_S390_*.
"""


def test_documentation(tmp_path: Path) -> None:
    trees = [bare_kernel(tmp_path, {API: RST, "Documentation/virt/kvm/x86/hypercalls.rst": "KVM_CAP_C\n"})]
    columns = "cap, api, section, title, heading, pattern, line, architectures"
    assert ask(trees, f"SELECT {columns} FROM doc_cap ORDER BY path, line, column") == [
        ("KVM_CAP_A", 1, None, "The API", 0, 0, 4, None),
        ("KVM_CAP_B", 1, "7.2", "KVM_CAP_B", 1, 0, 6, "x86"),
        ("KVM_CAP_A", 1, "7.2", "KVM_CAP_B", 0, 0, 12, "x86"),
        ("KVM_CAP_S390_*", 1, "7.2", "KVM_CAP_B", 0, 1, 12, "x86"),
        ("KVM_CAP_C", 0, None, None, 0, 0, 1, None),
    ]


BEFORE = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n\treturn ext == KVM_CAP_A;\n}\n"
AFTER = BEFORE.replace("KVM_CAP_A", "KVM_CAP_B") + "int tail;\n"
BOTH = [
    ("cap", "name", [("KVM_CAP_A",)], [("KVM_CAP_A",), ("KVM_CAP_B",)]),
    ("cap_check", "cap, line", [("KVM_CAP_A", 3)], [("KVM_CAP_B", 3)]),
    ("handler", "path", [(X86,)], [(X86,)]),
    ("cap_use", "cap", [("KVM_CAP_A",)], [("KVM_CAP_B",)]),
    ("doc_cap", "cap", [("KVM_CAP_A",)], []),
    ("file", "path", [(API,), (X86,), (UAPI,), ("virt/kvm/kvm_main.c",)], [(X86,), (UAPI,), ("virt/kvm/kvm_main.c",)]),
]


def _patched(root: Path) -> OverlayTree:
    base = bare_kernel(root, {UAPI: "#define KVM_CAP_A 1\n", X86: BEFORE, API: "KVM_CAP_A\n"})
    changes = {UAPI: b"#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n", X86: AFTER.encode(), API: None}
    return OverlayTree(base, changes)


@pytest.mark.parametrize(("view", "columns", "before", "after"), BOTH, ids=[entry[0] for entry in BOTH])
def test_a_patched_tree_shows_both_sides(
    tmp_path: Path, view: str, columns: str, before: list[Any], after: list[Any]
) -> None:
    tree = _patched(tmp_path)
    assert ask([tree], f"SELECT {columns} FROM base_{view} ORDER BY 1") == before
    assert ask([tree], f"SELECT {columns} FROM {view} ORDER BY 1") == after


def test_lines_that_a_patch_changes(tmp_path: Path) -> None:
    assert ask([_patched(tmp_path)], "SELECT path, line FROM changed_line ORDER BY 1, 2") == [
        (X86, 3),
        (X86, 5),
        (UAPI, 2),
    ]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a\nb\n", "a\nb\n", []),
        ("a\nb\n", "b\n", []),
        ("a\nb\n", "a\nx\nb\n", [2]),
        ("a\nb\nc\n", "x\nb\ny\n", [1, 3]),
        ("", "a\nb\n", [1, 2]),
        ("a\na\n", "a\na\na\n", [3]),
        ("a\nb\nc\nd\n", "d\nc\nb\na\n", [1, 2, 3]),
    ],
)
def test_which_lines_are_new(tmp_path: Path, before: str, after: str, lines: list[int]) -> None:
    tree = OverlayTree(bare_kernel(tmp_path, {X86: before}), {X86: after.encode()})
    found = [line for (line,) in ask([tree], "SELECT line FROM changed_line ORDER BY 1")]
    assert found == lines


def test_a_new_file_is_all_new_and_without_a_patch_there_is_no_base(tmp_path: Path) -> None:
    base = bare_kernel(tmp_path, {})
    assert ask([OverlayTree(base, {X86: b"a\nb\n"})], "SELECT path, line FROM changed_line") == [(X86, 1), (X86, 2)]
    assert ask([base], "SELECT count(*) FROM base_file UNION ALL SELECT count(*) FROM changed_line") == [(0,), (0,)]
    assert ask([base], "SELECT name, role, project, patched FROM tree") == [("kernel", "kernel", "linux", 0)]
