"""Kernels of which only a part is there: headers alone, some architectures, no documentation."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import API, CHECK, HEADER, UAPI, Caplint, lay, qemu

ARM = "arch/arm64/kvm/arm.c"
X86 = "arch/x86/kvm/x86.c"
API_PATH = "Documentation/virt/kvm/api.rst"
NAMES = "KVM_CAP_S390_LATE KVM_CAP_ARM_LATE KVM_CAP_LATE"
# Each capability is documented, so that CAP202 would be a warning.
ALL = HEADER + "".join(f"#define {name} {number}\n" for number, name in enumerate(NAMES.split(), 20))


def _check(caplint: Caplint, *words: str | Path) -> dict[str, Any]:
    run = caplint("check", *words, "--output-format", "json")
    assert run.status in {0, 1}
    found: dict[str, Any] = json.loads(run.out)
    jsonschema.validate(found, json.loads(resources.files("caplint").joinpath("schemas/check.json").read_text("utf-8")))
    return found


def _skipped(found: dict[str, Any], part: str) -> set[str]:
    return {entry["code"] for entry in found["skipped_rules"] if part in entry["reason"]}


def _subjects(found: dict[str, Any], code: str) -> list[str]:
    return [finding["subject"] for finding in found["findings"] if finding["code"] == code]


def test_a_tree_of_headers_runs_the_rules_of_headers(caplint: Caplint, tmp_path: Path) -> None:
    headers = lay(tmp_path / "k", {UAPI: HEADER + "#define KVM_CAP_AGAIN 9\n"})
    found = _check(caplint, "--kernel", headers, "--qemu", qemu(tmp_path / "q"))
    assert _subjects(found, "CAP102") == ["KVM_CAP_AGAIN"]
    assert {"CAP201", "CAP202", "CAP210", "CAP304", "CAP404", "CAP408"} <= _skipped(found, "the kernel's code")
    assert {"CAP501", "CAP504", "CAP208"} <= _skipped(found, "api.rst")
    ran = {"CAP101", "CAP102", "CAP103", "CAP104", "CAP105", "CAP107", "CAP401"}
    assert not ran & {entry["code"] for entry in found["skipped_rules"]}
    assert "absent_architectures" not in found


def test_without_any_kernel_no_part_of_it_is_missed(caplint: Caplint, tmp_path: Path) -> None:
    found = _check(caplint, "--qemu", qemu(tmp_path / "q"))
    assert _skipped(found, "the kernel's code") == _skipped(found, "api.rst") == set()


def test_headers_are_a_reference(caplint: Caplint, tmp_path: Path) -> None:
    headers = lay(tmp_path / "u", {UAPI: HEADER.replace("NR_VCPUS 9", "NR_VCPUS 10")})
    kernel = lay(tmp_path / "k", {UAPI: HEADER, X86: CHECK, API_PATH: API})
    found = _check(caplint, "--kernel", kernel, "--tree", f"upstream=reference:{headers}")
    assert _subjects(found, "CAP101") == ["KVM_CAP_NR_VCPUS"]


def test_a_kernel_without_documentation(caplint: Caplint, tmp_path: Path) -> None:
    found = _check(caplint, "--kernel", lay(tmp_path, {UAPI: HEADER, X86: CHECK}))
    assert _skipped(found, "the kernel's code") == set()
    assert {"CAP501", "CAP502", "CAP503", "CAP504", "CAP505", "CAP507", "CAP604"} <= _skipped(found, "api.rst")


def _partial(root: Path, *paths: str) -> Path:
    text = API + f"\n{NAMES}\n"
    return lay(root, {UAPI: ALL, "virt/kvm/kvm_main.c": "", API_PATH: text, **dict.fromkeys(paths, CHECK)})


def test_only_names_of_architectures_in_view_are_judged(caplint: Caplint, tmp_path: Path) -> None:
    found = _check(caplint, "--kernel", _partial(tmp_path, ARM))
    assert _subjects(found, "CAP202") == ["KVM_CAP_ARM_LATE"]
    assert found["absent_architectures"] == [{"tree": "kernel", "arch": "s390"}]


def test_every_name_is_judged_where_every_architecture_is_in_view(caplint: Caplint, tmp_path: Path) -> None:
    found = _check(caplint, "--kernel", _partial(tmp_path, ARM, "arch/s390/kvm/kvm-s390.c"))
    assert sorted(_subjects(found, "CAP202")) == sorted(NAMES.split())
    assert "absent_architectures" not in found


def test_headers_of_an_architecture_are_not_its_code(caplint: Caplint, tmp_path: Path) -> None:
    root = _partial(tmp_path, ARM)
    lay(root, {"arch/s390/include/uapi/asm/kvm.h": "", "arch/s390/kvm/Kconfig": ""})
    assert _subjects(_check(caplint, "--kernel", root), "CAP202") == ["KVM_CAP_ARM_LATE"]


@pytest.mark.parametrize(("path", "asked"), [("accel/kvm/kvm-all.c", []), ("target/arm/kvm.c", ["KVM_CAP_LATE"])])
def test_a_check_is_dead_only_where_the_answers_are_known(
    caplint: Caplint, tmp_path: Path, path: str, asked: list[str]
) -> None:
    ask = "int f(KVMState *s)\n{\n\treturn kvm_check_extension(s, KVM_CAP_LATE);\n}\n"
    vmm = qemu(tmp_path / "q", {"linux-headers/linux/kvm.h": ALL, path: ask})
    found = _check(caplint, "--kernel", _partial(tmp_path / "k", ARM), "--qemu", vmm)
    assert _subjects(found, "CAP408") == asked


def test_what_is_absent_is_said_in_words_again_and_again(caplint: Caplint, tmp_path: Path) -> None:
    root = _partial(tmp_path, ARM)
    words = "kernel lacks the code of s390: what these may answer is not judged"
    first, second = (caplint("check", "--kernel", root).out for _ in range(2))
    assert words in first
    assert words in second


def test_the_documented_descriptor_may_be_that_of_an_absent_architecture(caplint: Caplint, tmp_path: Path) -> None:
    switch = "\tswitch (ioctl) {\n\tcase KVM_LATE:\n\t\treturn 0;\n\t}\n"
    case = f"long kvm_vm_ioctl(struct file *f, unsigned ioctl)\n{{\n{switch}}}\n"
    section = "\n4.1 KVM_LATE\n============\n\n:Capability: basic\n:Type: vcpu ioctl\n"
    header = ALL + "#define KVM_LATE _IO(KVMIO, 0x10)\n"
    root = lay(_partial(tmp_path, ARM), {UAPI: header, API_PATH: API + section, "virt/kvm/kvm_main.c": case})
    assert _subjects(_check(caplint, "--kernel", root), "CAP504") == []
    lay(root, {"arch/s390/kvm/kvm-s390.c": CHECK})
    assert _subjects(_check(caplint, "--kernel", root), "CAP504") == ["KVM_LATE"]
