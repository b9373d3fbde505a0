"""enable_condition: what enabling needs of the host or the VM and the check does not ask for, in many shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

HOST = """
struct kvm_x86_ops {
	int (*tea)(struct kvm *kvm, u64 v);
	int (*both)(struct kvm *kvm);
	int (*later)(struct kvm *kvm);
	const struct kvm_x86_nested_ops *nested_ops;
};
struct kvm_x86_nested_ops { int (*brew)(struct kvm *kvm); };
struct kvm_caps { bool has_tea; u64 supported_teas; };
struct kvm_arch { bool has_tea; bool irqchip; u32 kind; };
"""
ABOVE = """
static bool enable_tea = true;
static struct kvm_x86_ops one_ops = { .tea = one_tea, .both = one_both, .later = one_later, .nested_ops = &one_nested };
static struct kvm_x86_ops two_ops = { .both = two_both, .later = two_later, .nested_ops = &two_nested };
static struct kvm_x86_nested_ops one_nested = { .brew = one_brew };
static struct kvm_x86_nested_ops two_nested = { .brew = NULL };
static void setup(void) { two_ops.later = NULL; }
static bool can_tea(struct kvm *kvm) { return kvm_x86_ops.tea != NULL; }
static bool with_tea(void) { if (kvm_caps.has_tea) return true; return enable_tea; }
static bool irqchip(struct kvm *kvm) { return kvm->arch.irqchip; }
static bool never(struct kvm *kvm) { return false; }
static int pour(struct kvm *kvm, u64 v) { if (!kvm_x86_ops.tea) return -ENOTTY; return kvm_x86_ops.tea(kvm, v); }
static int pour_if(struct kvm *kvm, u64 v) { if (kvm_x86_ops.tea) return 0; return -ENOTTY; }
static int kvm_arch_init_vm(struct kvm *kvm) { kvm->arch.has_tea = true; kvm->arch.kind = 1; return 0; }
static int kvm_set_irqchip(struct kvm *kvm) { kvm->arch.irqchip = true; return 0; }
"""
QUERY = "SELECT text, refused, kind, lacking, certain FROM enable_condition"
TEA = ("kvm_x86_ops.tea", 0, "operation", "two_ops", 1)


def _found(root: Path, enable: str, answer: str = "return 1;", above: str = "") -> list[tuple[object, ...]]:
    text = f"""{ABOVE}{above}
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{{
	switch (ext) {{
	case KVM_CAP_TEA:
		{answer}
	default:
		return 0;
	}}
}}
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{{
	int r = -EINVAL;

	if (cap->flags)
		return -EINVAL;
	switch (cap->cap) {{
	case KVM_CAP_TEA:
		{enable}
	default:
		r = -EINVAL;
	}}
	return r;
}}
"""
    return ask([bare_kernel(root, {X86: text, "arch/x86/include/asm/kvm_host.h": HOST})], QUERY)


NEEDED = [
    "if (!kvm_x86_ops.tea) break; r = 0; break;",
    "if (kvm_x86_ops.tea == NULL) return -ENOTTY; return 0;",
    "if (NULL == kvm_x86_ops.tea) return -ENOTTY; return 0;",
    "if (unlikely(!READ_ONCE(kvm_x86_ops.tea))) return -ENOTTY; return 0;",
    "if (kvm_x86_ops.tea) r = kvm_x86_ops.tea(kvm, cap->args[0]); break;",
    "if (kvm_x86_ops.tea != NULL) r = 0; else r = -ENOTTY; break;",
    "return kvm_x86_ops.tea ? 0 : -EOPNOTSUPP;",
    "r = kvm_x86_ops.tea ? kvm_x86_ops.tea(kvm, 1) : -EOPNOTSUPP; break;",
    "if (!kvm_x86_ops.tea || cap->args[0] > 3) return -EINVAL; r = 0; break;",
    "if (kvm_x86_ops.tea && cap->args[0] < 3) r = 0; break;",
    "if (!kvm_x86_ops.tea) goto out; r = 0; break; out: r = -EPERM; break;",
    "{ bool has = kvm_x86_ops.tea; if (!has) return -EINVAL; return 0; }",
    "{ bool lacks = !kvm_x86_ops.tea; if (lacks) return -EINVAL; return 0; }",
    "mutex_lock(&kvm->lock); if (kvm_x86_ops.tea) r = 0; mutex_unlock(&kvm->lock); break;",
    "return pour(kvm, cap->args[0]);",
    "r = pour(kvm, cap->args[0]); break;",
    "r = pour_if(kvm, cap->args[0]); break;",
    "if (pour(kvm, 1)) return -EINVAL; return 0;",
]


@pytest.mark.parametrize("enable", NEEDED)
def test_a_function_pointer_that_enabling_needs(tmp_path: Path, enable: str) -> None:
    assert _found(tmp_path, enable) == [TEA]


@pytest.mark.parametrize(
    ("enable", "found"),
    [
        ("if (!can_tea(kvm)) return -ENOTTY; return 0;", ("can_tea(kvm)", 0, "operation", "two_ops")),
        ("if (!with_tea()) return -ENOTTY; return 0;", ("with_tea()", 0, "host", "")),
        ("if (!kvm_x86_ops.later) break; r = 0; break;", ("kvm_x86_ops.later", 0, "operation", "two_ops")),
        (
            "if (!kvm_x86_ops.nested_ops->brew) break; r = 0; break;",
            ("kvm_x86_ops.nested_ops->brew", 0, "operation", "two_nested"),
        ),
        (
            "{ const struct kvm_x86_nested_ops *ops = kvm_x86_ops.nested_ops; if (!ops->brew) break; r = 0; break; }",
            ("ops->brew", 0, "operation", "two_nested"),
        ),
        ("if (!kvm_caps.has_tea) break; r = 0; break;", ("kvm_caps.has_tea", 0, "host", "")),
        (
            "if (!(kvm_caps.supported_teas & BIT(3))) break; r = 0; break;",
            ("kvm_caps.supported_teas & BIT(3)", 0, "host", ""),
        ),
        ("if (!enable_tea) break; r = 0; break;", ("enable_tea", 0, "host", "")),
        ("if (enable_tea) return -EINVAL; return 0;", ("enable_tea", 1, "host", "")),
        ("if (!boot_cpu_has(X86_FEATURE_TEA)) break; r = 0; break;", ("boot_cpu_has(X86_FEATURE_TEA)", 0, "host", "")),
        ("if (kvm_is_ucontrol(kvm)) return -EINVAL; return 0;", ("kvm_is_ucontrol(kvm)", 1, "vm", "")),
        ("if (!kvm->arch.has_tea) break; r = 0; break;", ("kvm->arch.has_tea", 0, "vm", "")),
        (
            "if (kvm->arch.kind == KVM_X86_TEA_VM) break; r = 0; break;",
            ("kvm->arch.kind == KVM_X86_TEA_VM", 1, "vm", ""),
        ),
    ],
)
def test_other_conditions(tmp_path: Path, enable: str, found: tuple[object, ...]) -> None:
    assert _found(tmp_path, enable) == [(*found, 1)]


@pytest.mark.parametrize(
    "enable",
    [
        "r = 0; break;",
        "if (!kvm_x86_ops.both) break; r = 0; break;",
        "if (kvm->created_vcpus) return -EBUSY; return 0;",
        "if (!irqchip(kvm)) return -EINVAL; return 0;",
        "if (kvm->arch.irqchip) return -EEXIST; return 0;",
        "if (!capable(CAP_SYS_BOOT)) return -EPERM; return 0;",
        "if (never(kvm)) return -EINVAL; return 0;",
        "if (cap->args[0] & ~kvm_caps.supported_teas) return -EINVAL; return 0;",
        "if (kvm_caps.has_tea && cap->args[0]) kvm->arch.kind = 2; r = 0; break;",
        "if (kvm_x86_ops.tea) kvm_x86_ops.tea(kvm, 1); r = 0; break;",
        "{ void *page = vmalloc(4); if (!page) return -ENOMEM; return 0; }",
        "{ struct kvm_tea tea; if (copy_from_user(&tea, p, 4)) return -EFAULT; return tea.cup ? -EINVAL : 0; }",
        "if (somebody_elses()) return -EINVAL; return 0;",
        "if (elsewhere.has_tea) return -EINVAL; return 0;",
        "if (!kvm_x86_ops.tea) return -EINVAL; return -EINVAL;",
    ],
)
def test_what_is_no_such_condition(tmp_path: Path, enable: str) -> None:
    assert not _found(tmp_path, enable)


@pytest.mark.parametrize(
    "answer",
    [
        "return kvm_x86_ops.tea != NULL;",
        "return !!kvm_x86_ops.tea;",
        "return kvm_x86_ops.tea ? 1 : 0;",
        "if (!kvm_x86_ops.tea) return 0; return 1;",
        "return can_tea(kvm);",
        "return somebody_elses();",
        "return 0;",
        "return -EINVAL;",
    ],
)
def test_a_check_that_asks_or_may_ask_is_left_alone(tmp_path: Path, answer: str) -> None:
    assert not _found(tmp_path, NEEDED[0], answer)


BESIDE = "if (!enable_tea || kvm_is_ucontrol(kvm)) return -EINVAL; return 0;"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("return enable_tea ? 1 : 0;", [("kvm_is_ucontrol(kvm)", 1, "vm", "", 1)]),
        ("if (enable_tea) return 1; return 0;", [("kvm_is_ucontrol(kvm)", 1, "vm", "", 1)]),
        ("if (enable_tea && !(kvm && kvm_is_ucontrol(kvm))) return 1; return 0;", []),
        ("if (kvm_is_ucontrol(kvm)) return 0; return 1;", [("enable_tea", 0, "host", "", 1)]),
        ("return kvm_caps.has_tea ? 1 : 0;", []),
    ],
)
def test_a_check_that_asks_for_one_of_two(tmp_path: Path, answer: str, found: list[tuple[object, ...]]) -> None:
    assert _found(tmp_path, BESIDE, answer) == found


def test_one_condition_of_the_host_may_imply_another(tmp_path: Path) -> None:
    enable = "if (!enable_tea || !kvm_caps.has_tea) return -EINVAL; return 0;"
    assert _found(tmp_path, enable, "return enable_tea ? 1 : 0;") == [("kvm_caps.has_tea", 0, "host", "", 0)]


def test_a_list_of_exceptions_that_both_ask_hides_nothing(tmp_path: Path) -> None:
    above = "static bool allowed(struct kvm *kvm, long ext) { if (ext == 1) return true; return false; }\n"
    answer = "if (kvm_is_protected(kvm) && !allowed(kvm, ext)) return 0; return 1;"
    enable = "if (kvm_is_protected(kvm) && !allowed(kvm, cap->cap)) return -EINVAL; " + NEEDED[0]
    assert _found(tmp_path, enable, answer, above) == [TEA]


def test_a_list_of_exceptions_that_both_ask_is_no_condition(tmp_path: Path) -> None:
    above = "static bool allowed(struct kvm *kvm, long ext) { if (ext == 1) return true; return false; }\n"
    answer = "if (kvm && kvm_is_protected(kvm) && !allowed(kvm, ext)) return 0; return 1;"
    enable = "if (kvm_is_protected(kvm) && !allowed(kvm, cap->cap)) return -EINVAL; return 0;"
    assert not _found(tmp_path, enable, answer, above)
