"""Case that a series puts into a handler of KVM_ENABLE_CAP: what it tests, what it sets, and where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, bare_kernel
from written import workshop

from caplint.authoring.kernel.enable import write
from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.topic import Topic
from caplint.util.errors import CaplintError

HOST = "arch/x86/include/asm/kvm_host.h"
HEADER = "#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n"
STRUCTS = "struct kvm_arch {\n\tbool a;\n};\n\nstruct kvm_vcpu_arch {\n\tbool b;\n};\n"
HEAD = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n"
FLAGS = "\tif (cap->flags)\n\t\treturn -EINVAL;\n\n"
PLAIN = """\
	switch (cap->cap) {
	case KVM_CAP_A:
		kvm->arch.a = true;
		r = 0;
		break;
	default:
		r = -EINVAL;
		break;
	}
	return r;
}
"""
RETURNING = """\
	switch (cap->cap) {
	case KVM_CAP_A:
		kvm->arch.a = true;
		return 0;
	default:
		return -EINVAL;
	}
}
"""


def _case(tmp_path: Path, code: str, request: CapabilityRequest | None = None) -> str:
    """The file with the new case."""
    with workshop(bare_kernel(tmp_path, {UAPI: HEADER, X86: code, HOST: STRUCTS})) as place:
        topic = Topic(place, "subject", [])
        write(request or parse("KVM_CAP_NEW", archs=["x86"]), topic)
        return place.sheet(X86).content.decode()


@pytest.mark.parametrize(
    ("above", "tested"),
    [
        (FLAGS, True),
        ("\tif (cap->flags) {\n\t\treturn -EINVAL;\n\t}\n\n", False),  # tested twice is no fault
        ("\tif (cap->flags & 1)\n\t\treturn -EINVAL;\n\n", False),
        ("\tif (!cap->flags)\n\t\treturn -EINVAL;\n\n", False),
        ("\t/* cap->flags */\n", False),
    ],
)
def test_flags_are_tested_once(tmp_path: Path, above: str, tested: bool) -> None:
    text = _case(tmp_path, HEAD + above + RETURNING)
    case = text.split("case KVM_CAP_NEW:")[1].split("default:")[0]
    assert ("cap->flags" in case) == (not tested)


@pytest.mark.parametrize(
    "shared", ["\tcase KVM_CAP_B:\n", "\tcase KVM_CAP_B: /* no more */\n", "\tcase KVM_CAP_B:\n\n"]
)
def test_a_case_does_not_cut_labels_from_the_code_of_default(tmp_path: Path, shared: str) -> None:
    text = _case(tmp_path, HEAD + FLAGS + RETURNING.replace("\tdefault:", shared + "\tdefault:"))
    assert text.index("case KVM_CAP_NEW:") < text.index("case KVM_CAP_B:")
    assert text.index("case KVM_CAP_A:") < text.index("case KVM_CAP_NEW:")


def test_the_switch_over_capabilities_is_chosen_among_others(tmp_path: Path) -> None:
    inner = "\t\tswitch (cap->args[0]) {\n\t\tcase 1:\n\t\t\treturn 0;\n\t\tdefault:\n\t\t\treturn -EINVAL;\n\t\t}\n"
    code = HEAD + FLAGS + RETURNING.replace("\t\treturn 0;\n", inner, 1)
    text = _case(tmp_path, code)
    assert text.index("case KVM_CAP_NEW: {") > text.index("\t\t}\n")
    assert "\n\tcase KVM_CAP_NEW: {\n" in text


def test_neighbours_that_guard_are_followed(tmp_path: Path) -> None:
    guarded = (
        "\t\tscoped_guard(mutex, &kvm->lock) {\n\t\t\tguard(mutex)(&kvm->lock);\n\t\t\tkvm->arch.a = true;\n\t\t}\n"
    )
    text = _case(tmp_path, HEAD + "\tint r;\n\n" + FLAGS + PLAIN.replace("\t\tkvm->arch.a = true;\n", guarded))
    case = text.split("case KVM_CAP_NEW:")[1].split("default:")[0]
    assert "scoped_guard(mutex, &kvm->lock) {" in case
    assert "mutex_lock" not in case


EVENT = '\t\tVM_EVENT(kvm, 3, "%s", "set");\n'
VCPU = "static int kvm_vcpu_ioctl_enable_cap(struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap)\n{\n"
OF_VCPU = parse("KVM_CAP_NEW", archs=["x86"], scope="vcpu", arguments="bool")


def _new(text: str) -> str:
    return text.partition("\tcase KVM_CAP_NEW:")[2].partition("\tdefault:")[0]


def test_a_vcpu_is_enabled_without_a_look_at_other_vcpus(tmp_path: Path) -> None:
    case = _new(_case(tmp_path, VCPU + FLAGS + RETURNING.replace("kvm->", "vcpu->"), OF_VCPU))
    assert "\t\tvcpu->arch.new_enabled = cap->args[0];\n\t\treturn 0;\n" in case
    assert "created_vcpus" not in case
    assert "lock" not in case


def test_all_arguments_are_tested(tmp_path: Path) -> None:
    case = _new(_case(tmp_path, VCPU + FLAGS + RETURNING, OF_VCPU))
    assert (
        "if (cap->args[0] > 1 || cap->args[1] || cap->args[2] ||\n\t\t    cap->args[3])\n\t\t\treturn -EINVAL;" in case
    )


def test_events_are_traced_where_the_neighbours_trace_them(tmp_path: Path) -> None:
    traced = PLAIN.replace("\t\tr = 0;\n", EVENT + "\t\tr = 0;\n")
    case = _new(_case(tmp_path / "a", HEAD + "\tint r;\n\n" + FLAGS + traced))
    assert '\t\tVM_EVENT(kvm, 3, "ENABLE: CAP_NEW %s",\n\t\t\t r ? "(not available)" : "(success)");\n' in case
    traced = RETURNING.replace("\t\treturn 0;\n", EVENT.replace("kvm,", "vcpu->kvm,") + "\t\treturn 0;\n")
    case = _new(_case(tmp_path / "b", VCPU + FLAGS + traced, OF_VCPU))
    assert '\t\tVM_EVENT(vcpu->kvm, 3, "%s", "ENABLE: CAP_NEW");\n\t\treturn 0;\n' in case
    assert "VM_EVENT" not in _new(_case(tmp_path / "c", HEAD + FLAGS + RETURNING))


@pytest.mark.parametrize("more", [{"scope": "none"}, {"scope": "vm", "ioctl": "KVM_SET_NEW"}])
def test_what_kvm_enable_cap_does_not_accept_has_no_case(tmp_path: Path, more: dict[str, str]) -> None:
    with workshop(bare_kernel(tmp_path, {UAPI: HEADER, X86: HEAD + RETURNING, HOST: STRUCTS})) as place:
        topic = Topic(place, "subject", [])
        write(parse("KVM_CAP_NEW", archs=["x86"], **more), topic)
        assert topic.files == {}


def test_a_descriptor_without_a_handler_lacks_the_place(tmp_path: Path) -> None:
    told = "to enable KVM_CAP_NEW: no handler of x86 that enables capabilities of a vcpu has a switch"
    with pytest.raises(CaplintError, match=told):
        _case(tmp_path, HEAD + RETURNING, OF_VCPU)
