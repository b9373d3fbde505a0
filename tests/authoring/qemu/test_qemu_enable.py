"""Check of a capability in QEMU, and its enable or its ioctl: in which order, and how a refusal reaches the user."""

from __future__ import annotations

from pathlib import Path

import pytest
from qemu_series import IOCTL, REQUESTS, Changes, body, contents, small, written
from small_qemu import ARM, S390, SHARED, STATE, UAPI, X86

from caplint.authoring.qemu.enable import flag, write
from caplint.authoring.request import parse
from caplint.authoring.topic import Topic
from caplint.util.errors import CaplintError


def test_a_mask_is_asked_for_before_it_is_enabled(tmp_path: Path) -> None:
    whole = contents(written(tmp_path, REQUESTS["mask"]))[X86]
    text = body(whole, "kvm_vm_enable_new")
    order = ["!s->cap_new", "kvm_vm_check_extension(s, KVM_CAP_X86_NEW)", "known <= 0", "-ENOTSUP",
             "(known & bits) != bits", "kvm_vm_enable_cap(s, KVM_CAP_X86_NEW, 0, bits)", "error_report"]  # fmt: skip
    places = [text.index(words) for words in order[:-1]] + [text.rindex(order[-1])]
    assert places == sorted(places)
    assert "ret = kvm_vm_enable_new(s);\n    if (ret < 0) {\n        return ret;" in body(whole, "kvm_arch_init")


def test_bits_are_not_tested_in_an_answer_that_is_a_yes(tmp_path: Path) -> None:
    text = body(contents(written(tmp_path, REQUESTS["high bits"]))[X86], "kvm_vm_enable_new")
    assert "(known & bits)" not in text
    assert "kvm_vm_enable_cap(s, KVM_CAP_X86_NEW, 0, bits)" in text


def test_a_size_is_compared_with_the_answer(tmp_path: Path) -> None:
    text = contents(written(tmp_path, REQUESTS["size"]))[SHARED]
    assert "s->cap_new_size > known" in body(text, "kvm_vm_enable_new_size")
    assert "uint64_t cap_new_size;" in contents(written(tmp_path / "again", REQUESTS["size"]))[STATE]


def test_errors_leave_as_the_function_leaves(tmp_path: Path) -> None:
    shared = contents(written(tmp_path / "a", REQUESTS["descriptor"]))[SHARED]
    assert "    if (ret < 0) {\n        goto err;\n    }\n\n    return 0;\n\nerr:" in body(shared, "kvm_init")
    vcpu = body(contents(written(tmp_path / "b", REQUESTS["vcpu on x86"]))[X86], "kvm_arch_init_vcpu")
    assert "    r = kvm_vcpu_enable_new(cs);\n    if (r < 0) {\n        goto fail;\n    }\n\n    return 0;" in vcpu
    s390 = contents(written(tmp_path / "c", REQUESTS["vcpu on s390"]))[S390]
    assert "    return kvm_vcpu_enable_new(cs);" in body(s390, "kvm_arch_init_vcpu")
    arm = contents(written(tmp_path / "d", REQUESTS["bool on arm64"]))[ARM]
    assert "    if (ret >= 0) {\n        ret = kvm_vm_enable_new(s);\n    }\n\n    return ret;" in body(
        arm, "kvm_arch_init"
    )
    arm = contents(written(tmp_path / "e", REQUESTS["vcpu on arm64"]))[ARM]
    assert "        return ret;\n    }\n\n    return kvm_vcpu_ioctl(cs, 2);" in body(arm, "kvm_arch_init_vcpu")


def test_an_ioctl_is_issued_where_its_capability_is_there(tmp_path: Path) -> None:
    files = contents(written(tmp_path / "a", REQUESTS["ioctl"]))
    text = body(files[X86], "kvm_vm_set_new")
    order = ["!s->cap_new", "kvm_vm_check_extension(s, KVM_CAP_X86_NEW)", "known <= 0", "-ENOTSUP",
             "(known & bits) != bits", "kvm_vm_ioctl(s, KVM_SET_NEW, &args)", "ret < 0", "strerror(-ret)"]  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert f"#define KVM_SET_NEW _IOW(KVMIO, {IOCTL:#x}, struct kvm_set_new)\n" in files[UAPI]
    s390 = contents(written(tmp_path / "b", REQUESTS["ioctl of a vcpu"]))[S390]
    assert "ret = kvm_vcpu_ioctl(cs, KVM_S390_NEW, NULL);" in body(s390, "kvm_vcpu_s390_new")


def test_only_asking_keeps_the_answer(tmp_path: Path) -> None:
    files = contents(written(tmp_path, REQUESTS["query"]))
    assert "    s->cap_new = kvm_vm_check_extension(s, KVM_CAP_NEW);\n" in body(files[SHARED], "kvm_init")
    assert "    int cap_new;\n};\n" in files[STATE]


def test_a_number_that_nobody_gives_is_not_compared(tmp_path: Path) -> None:
    request = parse("KVM_CAP_NEW", answer="count")
    text = body(contents(written(tmp_path, request))[SHARED], "kvm_vm_enable_new")
    assert "> known" not in text
    assert "kvm_vm_enable_cap(s, KVM_CAP_NEW, 0);" in text


def test_the_flag_of_a_register_is_set_once_the_kernel_has_enabled_it(tmp_path: Path) -> None:
    assert (flag(REQUESTS["register"]), flag(REQUESTS["mask"])) == ("has_msr_ppin", "")
    text = body(contents(written(tmp_path, REQUESTS["register"]))[X86], "kvm_vm_enable_ppin")
    assert "    } else {\n        has_msr_ppin = true;\n    }\n\n    return ret;\n" in text


def test_each_architecture_has_its_own_helper(tmp_path: Path) -> None:
    files = contents(written(tmp_path, REQUESTS["two"]))
    for path in (X86, ARM):
        assert "kvm_vm_enable_cap(s, KVM_CAP_NEW, 0, 1);" in body(files[path], "kvm_vm_enable_new")
        assert files[path].count('#include "qemu/error-report.h"') == 1


@pytest.mark.parametrize(
    ("kind", "changes", "told"),
    [
        ("vcpu on s390", {S390: ("kvm_arch_init_vcpu(CPUState *cs)", "kvm_arch_init_vcpu(void *cs)")},
         "kvm_arch_init_vcpu() has no CPUState"),
        ("size on s390", {S390: ("MachineState *ms, KVMState *s", "MachineState *ms, void *s")},
         "kvm_arch_init() has no KVMState"),
        ("query of x86", {X86: ("int kvm_arch_init(MachineState *ms, KVMState *s)", "int kvm_arch_init(void *s)")},
         "kvm_arch_init() has no KVMState"),
        ("size on s390", {S390: ("return -1;\n    }\n    return 0;", "return -1;\n    }\n    return -ms;")},
         "kvm_arch_init() keeps no result to return"),
    ],
)  # fmt: skip
def test_a_function_that_lacks_what_is_needed(tmp_path: Path, kind: str, changes: Changes, told: str) -> None:
    with small(tmp_path, changes) as place, pytest.raises(CaplintError) as caught:
        write(REQUESTS[kind], Topic(place, "subject", []))
    assert told in str(caught.value)


def test_what_qemu_does_with_an_answer_is_for_people(tmp_path: Path) -> None:
    with small(tmp_path) as place:
        topic = Topic(place, "subject", [])
        write(parse("KVM_CAP_NEW", scope="none"), topic)
        assert [found.subject for found in topic.decisions] == ["use of KVM_CAP_NEW"]
        assert set(topic.files) == {SHARED}
