"""Release of a descriptor with the VM that holds it: behind its vCPUs, in each architecture's own code."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, bare_kernel
from written import MAIN, kernel, new_lines, text, workshop

from caplint.authoring.kernel.release import write
from caplint.authoring.request import parse
from caplint.authoring.topic import Topic
from caplint.util.errors import CaplintError

HOST = "arch/x86/include/asm/kvm_host.h"
STRUCTS = "struct kvm_arch {\n\tbool a;\n};\n"
INCLUDES = "#include <linux/kvm_host.h>\n#include <linux/slab.h>\n#include <asm/msr.h>\n\n"
DESTROY = "void kvm_arch_destroy_vm(struct kvm *k)\n{\n\tstop(k);\n\tkvm_destroy_vcpus(k);\n\tkvm_free(k);\n}\n"
HEADER = "#define KVM_CAP_A 1\n"
ENABLE = """\
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_A:
		return 0;
	default:
		return -EINVAL;
	}
}
"""
DECLARED = "declares the functions"


def _written(root: Path, code: str, arguments: str = "fd", more: dict[str, str] | None = None) -> tuple[str, list[str]]:
    """The file, and the paths that include the header anew."""
    with workshop(bare_kernel(root, {UAPI: HEADER, X86: code, HOST: STRUCTS, **(more or {})})) as place:
        topic = Topic(place, "subject", [])
        write(parse("KVM_CAP_BELL", archs=["x86"], arguments=arguments), topic)
        lines = {path: place.sheet(path).lines for path in topic.files}
        return text(topic, X86), [path for path in lines if any(DECLARED in line.reason for line in lines[path])]


def test_it_is_released_once_the_vcpus_are_gone(tmp_path: Path) -> None:
    found, _ = _written(tmp_path, INCLUDES + DESTROY + ENABLE)
    assert (
        "\tkvm_destroy_vcpus(k);\n\tif (k->arch.bell_eventfd)\n\t\teventfd_ctx_put(k->arch.bell_eventfd);\n"
        "\tkvm_free(k);\n"
    ) in found


@pytest.mark.parametrize("arguments", ["none", "bool", "size", "mask:A"])
def test_other_values_need_no_release(tmp_path: Path, arguments: str) -> None:
    assert _written(tmp_path, INCLUDES, arguments) == (INCLUDES, [])


def test_shared_code_releases_it_behind_the_architectures() -> None:
    with workshop(kernel()) as place:
        topic = Topic(place, "subject", [])
        write(parse("KVM_CAP_BELL", arguments="fd"), topic)
        held = "\tif (kvm->bell_eventfd)\n\t\teventfd_ctx_put(kvm->bell_eventfd);\n"
        assert f"\tkvm_arch_destroy_vm(kvm);\n{held}\tkvm_arch_free_vm(kvm);\n" in text(topic, MAIN)
        assert new_lines(topic, DECLARED) == ["#include <linux/eventfd.h>"]


@pytest.mark.parametrize(
    ("includes", "expected"),
    [
        (INCLUDES, "#include <linux/eventfd.h>\n" + INCLUDES),
        ("#include <linux/cpu.h>\n" + INCLUDES, "#include <linux/cpu.h>\n#include <linux/eventfd.h>\n" + INCLUDES),
        ("#include <linux/cpu.h>\n#include <asm/msr.h>\n",
         "#include <linux/cpu.h>\n#include <linux/eventfd.h>\n#include <asm/msr.h>\n"),
        ("#include <linux/eventfd.h>\n" + INCLUDES, "#include <linux/eventfd.h>\n" + INCLUDES),
        # Only where the header is always included
        ("#include <linux/cpu.h>\n#ifdef CONFIG_X\n#include <linux/eventfd.h>\n#endif\n",
         "#include <linux/cpu.h>\n#include <linux/eventfd.h>\n#ifdef CONFIG_X\n#include <linux/eventfd.h>\n#endif\n"),
    ],
)  # fmt: skip
def test_the_header_is_included_once_and_in_its_order(tmp_path: Path, includes: str, expected: str) -> None:
    found, _ = _written(tmp_path, includes + DESTROY + ENABLE)
    assert found.startswith(expected + DESTROY.partition("\tkvm_free")[0])


def test_a_file_that_takes_the_descriptor_includes_it_too(tmp_path: Path) -> None:
    other = "arch/x86/kvm/enable.c"
    _, included = _written(tmp_path, INCLUDES + DESTROY, more={other: INCLUDES + ENABLE})
    assert included == [X86, other]


def test_the_file_with_the_function_of_an_ioctl_includes_it_too(tmp_path: Path) -> None:
    other = "arch/x86/kvm/ioctl.c"
    code = """\
long kvm_arch_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	struct kvm *kvm = filp->private_data;

	switch (ioctl) {
	case KVM_ONE:
		return one(kvm);
	default:
		return -EINVAL;
	}
}
"""
    header = HEADER + "#define KVMIO 0xAE\n#define KVM_ONE _IO(KVMIO, 0x60)\n"
    files = {UAPI: header, X86: INCLUDES + DESTROY + ENABLE, HOST: STRUCTS, other: INCLUDES + code}
    with workshop(bare_kernel(tmp_path, files)) as place:
        topic = Topic(place, "subject", [])
        write(parse("KVM_CAP_BELL", archs=["x86"], arguments="fd", ioctl="KVM_SET_BELL"), topic)
        assert set(topic.files) == {X86, other}
        assert text(topic, other).startswith("#include <linux/eventfd.h>\n")


@pytest.mark.parametrize(
    "destroy",
    [
        "",
        DESTROY.replace("kvm_destroy_vcpus(k);", "other(k);"),
        DESTROY.replace("kvm_destroy_vcpus(k);", "if (k) kvm_destroy_vcpus(k);"),
        DESTROY.replace("kvm_arch_destroy_vm", "kvm_arch_pre_destroy_vm"),
        DESTROY.replace("\tkvm_destroy_vcpus(k);\n", "#ifdef CONFIG_X\n\tkvm_destroy_vcpus(k);\n#endif\n"),
    ],
)
def test_a_vm_whose_end_is_not_seen_lacks_the_place(tmp_path: Path, destroy: str) -> None:
    told = r"to release the descriptor: kvm_arch_destroy_vm\(\) of x86 does not call kvm_destroy_vcpus\(\)"
    with pytest.raises(CaplintError, match=told):
        _written(tmp_path, INCLUDES + destroy + ENABLE)


def test_a_file_without_headers_of_linux_lacks_the_place(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match=rf"to include linux/eventfd\.h: {X86} includes no header of linux/"):
        _written(tmp_path, '#include "x86.h"\n' + DESTROY + ENABLE)
