"""Rows of a VMM's checks and enables: each wrapper with its scope, its arguments, and what becomes of the result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bodies import LinkedCode, linked_vmm
from conftest import ask, bare_qemu, lay

from caplint.trees.detect import directory_tree


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


TABLES = """\
static int asks(KVMState *s)
{
    int fd = 3;

    if (kvm_check_extension(s, KVM_CAP_TESTED)) {
        kvm_vm_enable_cap(s, KVM_CAP_TESTED, 0, 3);
    }
    s->bits = kvm_check_extension(s, KVM_CAP_WHOLE);
    kvm_vm_enable_cap(s, KVM_CAP_UNASKED, 0, s->bits);
    kvm_vm_ioctl(s, KVM_SET_TSS_ADDR, 0xfffbd000);
    ioctl(fd, pick(s), 1);
    ioctl(fd, pick(s), 2);
    ioctl(fd, TUNSETIFF, 3);
    return kvm_check_extension(s, which(s));
}
static int compares(KVMState *s) { return s->bits == SOME_BIT; }
static void enables_behind(KVMState *s)
{
    if (kvm_check_extension(s, which(s))) {
        kvm_vm_enable_cap(s, KVM_CAP_MAYBE, 0);
    }
}
"""


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TABLES) as found:
        yield found


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT cap, line, used, text FROM vmm_answer ORDER BY 1",
         [("KVM_CAP_TESTED", 5, "tested", None), ("KVM_CAP_WHOLE", 8, "whole", "s->bits == SOME_BIT")]),
        ("SELECT cap, only_tested FROM vmm_check ORDER BY 1", [("KVM_CAP_TESTED", 1), ("KVM_CAP_WHOLE", 0)]),
        ("SELECT cap, found_by, check_line FROM checked_before ORDER BY 1",
         [("KVM_CAP_MAYBE", "unknown check", 19), ("KVM_CAP_TESTED", "same function", 5)]),
        ("SELECT cap, text, value, bits, asked FROM vmm_argument ORDER BY 1",
         [("KVM_CAP_TESTED", "3", 3, 3, 0), ("KVM_CAP_UNASKED", "s->bits", None, None, None)]),
        ("SELECT ioctl, line, scope FROM vmm_ioctl WHERE ioctl = 'KVM_SET_TSS_ADDR'", [("KVM_SET_TSS_ADDR", 10, "vm")]),
        ("SELECT line, callee, expression FROM all_vmm_unresolved ORDER BY 1",
         [(14, "kvm_check_extension", "which(s)"), (19, "kvm_check_extension", "which(s)")]),
    ],
    ids=["answers", "only tested", "checked before", "arguments", "ioctls", "unresolved"],
)  # fmt: skip
def test_rows(vmm: LinkedCode, query: str, rows: list[object]) -> None:
    assert vmm.connection.execute(query).fetchall() == rows


def test_what_is_not_known_is_a_blind_spot(vmm: LinkedCode) -> None:
    """Ioctls of one wrapper in a file are one; another driver's request is none of KVM."""
    assert vmm.connection.execute("SELECT line, reason FROM all_cut ORDER BY line").fetchall() == [
        (11, "ioctl() issues an ioctl whose request is not known: `pick(s)`, and 1 more"),
        (14, "kvm_check_extension() checks a capability that is not known: `which(s)`"),
        (19, "kvm_check_extension() checks a capability that is not known: `which(s)`"),
    ]
