"""Places and style of cases, over handlers of many shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel
from written import workshop

from caplint.authoring.kernel.enable import write
from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.style import Switch, switch
from caplint.authoring.topic import Topic

X86 = "arch/x86/kvm/x86.c"
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


def _switch(tmp_path: Path, code: str, verb: str = "enable", scope: str = "vm") -> Switch | None:
    with workshop(bare_kernel(tmp_path, {UAPI: HEADER, X86: code, HOST: STRUCTS})) as place:
        return switch(place, verb, "x86", scope)


def _case(tmp_path: Path, code: str, request: CapabilityRequest | None = None) -> str:
    """The file with the new case."""
    with workshop(bare_kernel(tmp_path, {UAPI: HEADER, X86: code, HOST: STRUCTS})) as place:
        topic = Topic(place, "subject", [])
        write(request or parse("KVM_CAP_NEW", archs=["x86"]), topic)
        return place.sheet(X86).content.decode()


def test_a_result_is_kept_where_the_function_ends_with_it(tmp_path: Path) -> None:
    found = _switch(tmp_path, HEAD + "\tint r;\n\n" + FLAGS + PLAIN)
    assert found is not None
    assert (found.result, found.flags_tested, found.guards, found.indent) == ("r", True, False, "\t")
    assert found.ends("0") == ["r = 0;", "break;"]


def test_cases_return_where_their_neighbours_do(tmp_path: Path) -> None:
    found = _switch(tmp_path, HEAD + RETURNING)
    assert found is not None
    assert (found.result, found.flags_tested) == (None, False)
    assert found.ends("0") == ["return 0;"]


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


@pytest.mark.parametrize(
    "code",
    [
        HEAD + "\treturn kvm_x86_call(enable_cap)(kvm, cap);\n}\n",
        HEAD + "\tif (cap->cap == KVM_CAP_A)\n\t\treturn 0;\n\treturn -EINVAL;\n}\n",
        HEAD + "\tswitch (cap->cap) {\n\tcase KVM_CAP_A:\n\t\treturn 0;\n\t}\n\treturn -EINVAL;\n}\n",
        HEAD + RETURNING.replace("\tdefault:", "#ifdef CONFIG_X\n\tdefault:").replace("\t}\n}", "#endif\n\t}\n}"),
        "",
    ],
)
def test_without_a_default_there_is_no_place(tmp_path: Path, code: str) -> None:
    assert _switch(tmp_path, code) is None


def test_a_switch_out_of_a_macro_is_no_place(tmp_path: Path) -> None:
    body = (HEAD + RETURNING).replace("\n", " \\\n").rstrip("\\\n ")
    assert _switch(tmp_path, f"#define HANDLER {body}\n\nHANDLER\n") is None


def test_ten_thousand_cases_take_little_time(tmp_path: Path) -> None:
    cases = "".join(f"\tcase KVM_CAP_A{number}:\n\t\treturn 1;\n" for number in range(10_000))
    found = _switch(tmp_path, HEAD + RETURNING.replace("\tdefault:", cases + "\tdefault:"))
    assert found is not None
