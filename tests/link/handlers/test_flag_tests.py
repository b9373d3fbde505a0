"""flag_test: whether the flags of a structure, and sets of registers, are tested for unknown bits, in many shapes."""

# ruff: noqa: E501 - each shape of code is one line
from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = (
    "#define KVMIO 0xAE\nstruct kvm_tea {\n\t__u32 flags;\n};\n#define KVM_SET_TEA _IOW(KVMIO, 1, struct kvm_tea)\n"
)
API = "Documentation/virt/kvm/api.rst"


def _tested(root: Path, body: str, head: str = "int set(struct kvm_tea *tea)") -> list[tuple[object, ...]]:
    tree = bare_kernel(root, {UAPI: HEADER, X86: f"{head}\n{{\n\t{body}\n}}\n"})
    return ask([tree], "SELECT struct, arch, tested FROM flag_test WHERE member = 'flags'")


TESTS = [
    "if (tea->flags) return -EINVAL;", "if (tea->flags != 0) return -EINVAL;", "if (tea->flags & ~KVM_TEA_VALID) return -EINVAL;",
    "if (unlikely(tea->flags)) return -EINVAL;", "return tea->flags ? -EINVAL : 0;", "if (tea->flags > 3) return -EINVAL;",
    "u32 flags = tea->flags;", "return check(tea->flags);", "switch (tea->flags) { case 0: return 0; }",
    "if ((tea->flags & KVM_A) != tea->flags) return -EINVAL;", "if (tea->flags & invalid) return -EINVAL;",
    "if (get_user(flags, &tea->flags)) return -EFAULT;", "if (!tea->leaves || tea->flags) return -EINVAL;",
    "if (tea->flags == KVM_A) return 1;",
]  # fmt: skip


@pytest.mark.parametrize("body", TESTS)
def test_tests(tmp_path: Path, body: str) -> None:
    assert _tested(tmp_path, body) == [("kvm_tea", "x86", 1)]


@pytest.mark.parametrize(
    "body",
    [
        "return 0;", "if (tea->flags & KVM_A) return 1;", "tea->flags = 0;", "tea->flags |= KVM_A;", "tea->flags &= KVM_A;",
        "if (tea->flags & (KVM_A | KVM_B)) return 1;", "bool a = tea->flags & KVM_A;", "if (!(tea->flags & KVM_A)) return 1;",
        "if (other->flags) return -EINVAL;", "if (tea->flags_of_cups) return -EINVAL;",
    ],
)  # fmt: skip
def test_no_tests(tmp_path: Path, body: str) -> None:
    assert _tested(tmp_path, body) == [("kvm_tea", "x86", 0)]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("int set(struct kvm *kvm, void __user *argp)", "struct kvm_tea tea;\n\tif (tea.flags) return -EINVAL;"),
        ("int set(const struct kvm_tea __user *tea)", "if (tea->flags) return -EINVAL;"),
        ("int set(void)", "union {\n\t\tstruct kvm_tea tea;\n\t\tint x;\n\t} u;\n\tif (u.tea.flags) return -EINVAL;"),
    ],
)
def test_variables(tmp_path: Path, head: str, body: str) -> None:
    assert _tested(tmp_path, body, head) == [("kvm_tea", "x86", 1)]


def test_another_structure(tmp_path: Path) -> None:
    assert _tested(tmp_path, "return 0;", "int set(struct kvm_other *tea)") == []


@pytest.mark.parametrize(
    ("body", "tested"),
    [
        ("if (run->kvm_valid_regs & ~VALID) return -EINVAL;", 1),
        ("if ((run->kvm_valid_regs | x) & ~VALID) return -EINVAL;", 1),
        ("if (run->kvm_valid_regs & ~valid_fields(vcpu)) return -EINVAL;", 1),
        ("return check(run->kvm_valid_regs);", 1),
        ("u64 regs = vcpu->run->kvm_valid_regs;", 1),
        ("if (run->kvm_valid_regs) store(vcpu);", 0),
        ("if (run->kvm_valid_regs && likely(x)) store(vcpu);", 0),
        ("if (x && !vcpu->run->kvm_valid_regs) store(vcpu);", 0),
        ("if (run->kvm_valid_regs & KVM_SYNC_REGS) store(vcpu);\n\trun->kvm_valid_regs = 0;", 0),
    ],
)
def test_registers(tmp_path: Path, body: str, tested: int) -> None:
    tree = bare_kernel(tmp_path, {UAPI: HEADER, X86: f"int run(struct kvm_vcpu *vcpu)\n{{\n\t{body}\n}}\n"})
    query = "SELECT arch, line, tested FROM flag_test WHERE member = 'kvm_valid_regs'"
    assert ask([tree], query) == [("x86", 3, tested)]


def test_registers_that_are_only_written(tmp_path: Path) -> None:
    tree = bare_kernel(
        tmp_path, {UAPI: HEADER, X86: "void f(struct kvm_run *run)\n{\n\trun->kvm_valid_regs |= 1;\n}\n"}
    )
    assert ask([tree], "SELECT * FROM flag_test WHERE member LIKE '%regs'") == []


PROMISES = [
    "The ``flags`` field must be zero.", "No flags are specified so far, the field must be set to zero.",
    "`flags` must currently be zero.", "'flags' is not used and must be 0.", "::\n\n  __u32 flags; /* Must be 0 for now */",
    "setting any bits in flags will result in an -EINVAL.", "Unknown bits in flags fail with EINVAL.",
]  # fmt: skip
NO_PROMISES = [
    "", "The flags must be known.", "The page must be zero.", "flags: KVM_TEA_GREEN", "  __u32 flags; /* will stay unused */",
    "Flags that must be 0 are in tea.pad.", "The field flags.pad must be zero.",
]  # fmt: skip


def _promises(root: Path, text: str, title: str = "4.1 KVM_SET_TEA") -> list[tuple[object, ...]]:
    rst = f"{title}\n{'-' * len(title)}\n\n{text}\n\n4.2 KVM_GET_CUP\n---------------\n\nflags must be zero\n"
    return ask([bare_kernel(root, {UAPI: HEADER, API: rst})], "SELECT ioctl, struct FROM flag_promise")


@pytest.mark.parametrize("text", PROMISES)
def test_promises(tmp_path: Path, text: str) -> None:
    assert _promises(tmp_path, text) == [("KVM_SET_TEA", "kvm_tea")]


@pytest.mark.parametrize("text", NO_PROMISES[:5])
def test_no_promises(tmp_path: Path, text: str) -> None:
    assert _promises(tmp_path, text) == []


def test_a_capability_is_no_ioctl(tmp_path: Path) -> None:
    assert _promises(tmp_path, PROMISES[0], "4.1 KVM_CAP_TEA") == []


def test_structures_that_no_code_has_are_blind_spots(tmp_path: Path) -> None:
    title = "4.1 KVM_SET_TEA"
    code = "long kvm_vm_ioctl(unsigned int ioctl)\n{\n\tswitch (ioctl) {\n\tcase KVM_SET_TEA:\n\t\treturn 0;\n\t}\n}\n"
    files = {UAPI: HEADER, X86: code, API: f"{title}\n{'-' * len(title)}\n\n{PROMISES[0]}\n"}
    assert ask([bare_kernel(tmp_path, files)], "SELECT path, line FROM cut") == [(API, 4)]


def test_time_grows_with_the_size(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        text = "\t" + "if (tea->flags & KVM_A) f(tea);\n\t" * count
        began = time.process_time()
        _tested(tmp_path / str(count), text)
        return time.process_time() - began

    seconds(10)
    assert seconds(4000) < 12 * seconds(1000) + 1
