"""Places and style of a new ioctl's case and function, over functions of many shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel
from written import workshop

from caplint.authoring.kernel.ioctl import write
from caplint.authoring.request import parse
from caplint.authoring.topic import Topic
from caplint.util.errors import CaplintError

X86 = "arch/x86/kvm/x86.c"
HEADER = "#define KVMIO 0xAE\n#define KVM_CAP_A 1\n#define KVM_ONE _IO(KVMIO, 0x60)\n#define KVM_TWO _IO(KVMIO, 0x61)\n"
STRUCTS = "struct kvm_arch {\n\tbool a;\n};\n\nstruct kvm_vcpu_arch {\n\tbool b;\n};\n"
CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n\treturn ext == KVM_CAP_A;\n}\n\n"
HEAD = "long kvm_arch_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)\n{\n"
VARIABLES = "\tstruct kvm *kvm = filp->private_data;\n\tvoid __user *argp = (void __user *)arg;\n"
KEEPING = """\
	int r;

	switch (ioctl) {
	case KVM_ONE:
		r = one(kvm, argp);
		break;
	case KVM_TWO:
		r = -EFAULT;
		if (copy_from_user(&two, argp, sizeof(two)))
			goto out;
		r = 0;
		break;
	default:
		r = -ENOTTY;
	}
out:
	kfree(two);
	return r;
}
"""
RETURNING = """\

	switch (ioctl) {
	case KVM_ONE:
		return one(kvm, argp);
	default:
		return -EINVAL;
	}
}
"""
FILES = "static const struct file_operations fops = {\n\t.compat_ioctl = kvm_arch_vm_compat_ioctl,\n};\n"
FUNCTION = "static int kvm_vm_ioctl_set_bell(struct kvm *kvm, void __user *argp)\n{\n"


def _written(tmp_path: Path, code: str, scope: str = "vm", arguments: str = "bool") -> str:
    """The file with the new case and function."""
    request = parse("KVM_CAP_X86_BELL", archs=["x86"], scope=scope, arguments=arguments, ioctl="KVM_SET_BELL")
    files = {UAPI: HEADER, X86: CHECK + code, "arch/x86/include/asm/kvm_host.h": STRUCTS}
    with workshop(bare_kernel(tmp_path, files)) as place:
        topic = Topic(place, "subject", [])
        write(request, topic)
        return place.sheet(X86).content.decode()


def test_a_result_is_kept_where_the_function_ends_with_it(tmp_path: Path) -> None:
    text = _written(tmp_path, HEAD + VARIABLES + KEEPING)
    case = "\tcase KVM_SET_BELL:\n\t\tr = kvm_vm_ioctl_set_bell(kvm, argp);\n\t\tbreak;\n\tdefault:\n\t\tr = -ENOTTY;\n"
    assert case in text
    assert text.index(FUNCTION) < text.index("}\n\nlong kvm_arch_vm_ioctl(")


def test_cases_return_where_their_neighbours_do(tmp_path: Path) -> None:
    text = _written(tmp_path, HEAD + VARIABLES + RETURNING)
    assert "\tcase KVM_SET_BELL:\n\t\treturn kvm_vm_ioctl_set_bell(kvm, argp);\n\tdefault:\n" in text


@pytest.mark.parametrize(
    "above", ["/* What a VM is asked for. */\n", "/**\n * of a VM\n *\n * It has many.\n */\n", "// A\n// B\n"]
)
def test_a_comment_stays_with_its_function(tmp_path: Path, above: str) -> None:
    text = _written(tmp_path, above + HEAD + VARIABLES + KEEPING)
    assert above + "long kvm_arch_vm_ioctl(" in text
    assert text.index(FUNCTION) < text.index(above)


def test_a_comment_behind_code_is_no_comment_of_the_function(tmp_path: Path) -> None:
    text = _written(tmp_path, "int some; /* of them */\n" + HEAD + VARIABLES + KEEPING)
    assert "int some; /* of them */\n" + FUNCTION in text


def test_without_a_pointer_the_argument_is_made_one(tmp_path: Path) -> None:
    text = _written(tmp_path, HEAD + "\tstruct kvm *kvm = filp->private_data;\n" + RETURNING)
    assert "return kvm_vm_ioctl_set_bell(kvm, (void __user *)arg);" in text


def test_without_a_value_the_argument_is_tested(tmp_path: Path) -> None:
    text = _written(tmp_path, HEAD + VARIABLES + RETURNING, arguments="none")
    assert "kvm_vm_ioctl_set_bell(struct kvm *kvm, unsigned long arg)\n" in text
    assert "\tif (arg)\n\t\treturn -EINVAL;\n" in text
    assert "return kvm_vm_ioctl_set_bell(kvm, arg);" in text


def test_a_vcpu_has_its_own_function(tmp_path: Path) -> None:
    code = (
        (HEAD + VARIABLES + KEEPING).replace("vm_ioctl", "vcpu_ioctl").replace("struct kvm *kvm", "struct kvm_vcpu *v")
    )
    text = _written(tmp_path, code, scope="vcpu")
    assert "r = kvm_vcpu_ioctl_set_bell(v, argp);" in text
    assert "\tvcpu->arch.bell_enabled = args.value;\n\treturn 0;\n}\n" in text
    assert "mutex_lock" not in text


def test_a_long_head_goes_on_behind_its_bracket(tmp_path: Path) -> None:
    request = parse("KVM_CAP_X86_BELL", archs=["x86"], arguments="bool", ioctl="KVM_SET_BELL_OF_SOME_LONGER_NAME")
    files = {UAPI: HEADER, X86: CHECK + HEAD + VARIABLES + KEEPING, "arch/x86/include/asm/kvm_host.h": STRUCTS}
    with workshop(bare_kernel(tmp_path, files)) as place:
        write(request, Topic(place, "subject", []))
        lines = place.sheet(X86).content.decode().splitlines()
    at = lines.index("static int kvm_vm_ioctl_set_bell_of_some_longer_name(struct kvm *kvm,")
    assert lines[at + 1].expandtabs(8) == " " * (lines[at].index("(") + 1) + "void __user *argp)"
    assert lines[at + 1].startswith("\t" * 6 + " " * 5 + "void")


def test_neighbours_that_guard_are_followed(tmp_path: Path) -> None:
    guarded = KEEPING.replace("\t\tr = 0;\n", "\t\tguard(mutex)(&kvm->lock);\n\t\tr = 0;\n")
    text = _written(tmp_path, HEAD + VARIABLES + guarded)
    assert "\tscoped_guard(mutex, &kvm->lock) {\n" in text


def test_labels_that_share_the_code_of_default_stay_with_it(tmp_path: Path) -> None:
    text = _written(tmp_path, HEAD + VARIABLES + KEEPING.replace("\tdefault:\n", "\tcase KVM_TWO + 1:\n\tdefault:\n"))
    assert "\t\tbreak;\n\tcase KVM_TWO + 1:\n\tdefault:\n" in text


@pytest.mark.parametrize(
    "code",
    [
        "",
        HEAD + "\treturn -EINVAL;\n}\n",
        HEAD + VARIABLES + "\tif (ioctl == KVM_ONE)\n\t\treturn one(kvm, argp);\n\treturn -ENOTTY;\n}\n",
        HEAD + VARIABLES + KEEPING.replace("\tdefault:\n\t\tr = -ENOTTY;\n", ""),
        HEAD + VARIABLES + KEEPING.replace("\treturn r;\n", "\treturn translated(kvm, r);\n"),
        (HEAD + VARIABLES + KEEPING).replace("vm_ioctl", "vm_compat_ioctl") + FILES,
        (HEAD + VARIABLES + KEEPING).replace("kvm_arch_vm_ioctl", "kvm_arch_vcpu_ioctl"),
        (HEAD + KEEPING),  # no variable of the VM
        (HEAD + VARIABLES + KEEPING).replace("\n", " \\\n").join(["#define ALL ", "\n\nALL\n"]),
    ],
)
def test_without_a_place_one_line_says_so(tmp_path: Path, code: str) -> None:
    with pytest.raises(CaplintError, match=r"lacks the place for KVM_SET_BELL: the code of x86 has no switch"):
        _written(tmp_path, code)


def test_a_function_of_that_name_is_not_defined_again(tmp_path: Path) -> None:
    taken = "static int kvm_vm_ioctl_set_bell(void)\n{\n\treturn 0;\n}\n\n"
    with pytest.raises(CaplintError, match="kvm_vm_ioctl_set_bell exists already, at arch"):
        _written(tmp_path, taken + HEAD + VARIABLES + KEEPING)


def test_ten_thousand_cases_take_little_time(tmp_path: Path) -> None:
    cases = "".join(f"\tcase KVM_A{number}:\n\t\treturn 1;\n" for number in range(10_000))
    text = _written(tmp_path, HEAD + VARIABLES + RETURNING.replace("\tdefault:", cases + "\tdefault:"))
    assert "KVM_SET_BELL" in text
