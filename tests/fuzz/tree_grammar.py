"""Pairs of small trees, a kernel and a QEMU: every kind of file that links are made from."""

from __future__ import annotations

from c_grammar import CAPS, CText
from choices import Choices

_VM_ENABLE = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)"
_VCPU_ENABLE = "static int kvm_vcpu_ioctl_enable_cap(struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap)"
_GENERIC = "static int kvm_vm_ioctl_check_extension_generic(struct kvm *kvm, long arg)"
_GENERIC_ENABLE = "static int kvm_vm_ioctl_enable_cap_generic(struct kvm *kvm, struct kvm_enable_cap *cap)"
_MSRS = "static const u32 msrs_to_save_base[] = { MSR_T0, MSR_T1, };\n"


def trees(choices: Choices) -> dict[str, str]:
    """Return path → text; paths begin with `k/` for the kernel and `q/` for QEMU."""
    c = CText(choices)
    return {
        "k/include/uapi/linux/kvm.h": header(c, "KVM_CAP_T", "kvm_s"),
        "k/arch/x86/include/uapi/asm/kvm.h": header(c, "KVM_XCAP_T", "kvm_a"),
        "k/arch/x86/include/asm/msr-index.h": "".join(f"#define MSR_T{n} {_number(c, n + 16)}\n" for n in range(4)),
        "k/arch/x86/kvm/x86.c": c.function("int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)", "ext")
        + c.function(_VM_ENABLE, "cap->cap")
        + _registers(c, "kvm_set_msr_common", "vcpu->arch.m = data;")
        + _registers(c, "kvm_get_msr_common", "msr_info->data = vcpu->arch.m;")
        + _MSRS,
        "k/virt/kvm/kvm_main.c": c.function(_GENERIC, "arg") + _helpers(c) + c.function(_GENERIC_ENABLE, "cap->cap"),
        "k/arch/s390/kvm/kvm-s390.c": c.function(_VCPU_ENABLE, "cap->cap"),
        "k/Documentation/virt/kvm/api.rst": choices.some(6, lambda: _section(c)),
        "k/virt/kvm/Kconfig": choices.some(4, lambda: _entry(choices)),
        "k/arch/x86/kvm/Makefile": choices.some(3, lambda: choices.pick(_RULES)),
        "q/linux-headers/linux/kvm.h": header(c, "KVM_CAP_T", "kvm_s"),
        "q/linux-headers/asm-x86/kvm.h": f"struct kvm_a0 {{ {c.member()} }};\n",
        "q/accel/kvm/kvm-all.c": _vmm(c),
        "q/target/i386/kvm/kvm.c": "int f(void)\n{\n"
        f"\tif (kvm_check_extension(s, {choices.pick(CAPS)}) & {c.constant()}) {{ {c.statement()} }}\n}}\n",
    }


_RULES = [
    "obj-$(CONFIG_KVM) += x86.o\n",
    "ifdef CONFIG_KVM_X\nkvm-y += x86.o\nendif\n",
    "kvm-objs := a.o \\\n x86.o\n",
    "obj-y += kvm.o\n",
]


def header(c: CText, caps: str, tag: str) -> str:
    """Return a UAPI header: capabilities, constants, structures with ioctls, an enumeration."""
    choices, pick = c.choices, c.choices.pick
    text = "#include <linux/types.h>\n#include <linux/ioctl.h>\n#define KVMIO 0xAE\n" if not choices.seldom(9) else ""
    text += "".join(f"#define {caps}{n} {_number(c, n)}\n" for n in range(6) if not choices.seldom(9))
    text += "".join(f"#define KVM_M{n} {c.constant()}\n" for n in range(3))
    for n in range(choices.below(3) + 1):
        text += f"struct {tag}{n} {{ {choices.some(4, c.member, ' ')} }}{pick(['', ' __attribute__((packed))'])};\n"
        argument = pick([f"struct {tag}{n}", "int", f"char[{c.constant()}]"])
        number = pick(["1", "2", c.constant()])
        way = pick(["_IOR", "_IOW", "_IOWR", "_IO"])
        text += f"#define KVM_I{tag[-1].upper()}{n} {way}(KVMIO, {number}, {argument})\n"
    return text + f"enum {tag}_e {{ {tag}_E0 = {c.constant()}, {tag}_E1, {tag}_E2 = {c.constant()} }};\n"


def _number(c: CText, usual: int) -> str:
    return c.choices.pick([str(usual), hex(usual), c.constant()]) if c.choices.seldom() else str(usual)


def _registers(c: CText, name: str, action: str) -> str:
    labels = ["MSR_T0", "MSR_T1", "MSR_T0 ... MSR_T3", "MSR_T9", c.constant()]
    cases = c.choices.some(
        3, lambda: f"\tcase {c.choices.pick(labels)}:\n\t\t{c.choices.pick([action, c.statement()])}\n\t\tbreak;\n"
    )
    head = f"int {name}(struct kvm_vcpu *vcpu, struct msr_data *msr_info)"
    body = f"\tswitch (msr_info->index) {{\n{cases}\tdefault:\n\t\treturn 1;\n\t}}\n\treturn 0;\n"
    return f"{head}\n{{\n\tu64 data = msr_info->data;\n{body}}}\n"


def _helpers(c: CText) -> str:
    first = f"static int h(struct kvm *kvm)\n{{\n\t{c.statement()}\n\treturn {c.expression()};\n}}\n"
    return f"{first}int h2(u64 x)\n{{\n\treturn {c.expression()};\n}}\n"


def _section(c: CText) -> str:
    pick = c.choices.pick
    number = f"{pick(['4', '7', '8', c.constant()])}.{pick(['1', '2', '3', '99999999999999999999'])}"
    fields = {
        "Capability": pick(CAPS),
        "Architectures": pick(["x86", "all", "s390, x86", "x86 (except 32-bit)", "none"]),
        "Type": pick(["vm", "vcpu", "VM ioctl"]),
        "Parameters": pick(["args[0] is x", "none", "struct kvm_s0 (in)", f"args[{c.constant()}]"]),
        "Returns": pick(["0 on success", "-EINVAL if args[0]"]),
    }
    head = f"{number} {pick([*CAPS, 'KVM_IS0', 'X'])}\n{'-' * 14}\n\n"
    listed = "".join(f":{name}: {value}\n" for name, value in fields.items())
    return f"{head}{listed}\n{pick(CAPS)} text :ref:`{pick(CAPS)}`\n\n"


def _entry(choices: Choices) -> str:
    depends = choices.pick(["A && !B", "KVM_X", "(B || C) && KVM_Y = y", "!", "KVM_X != n"])
    name, selected = choices.pick("XYZ"), choices.pick("XYZ")
    return f"config KVM_{name}\n\tbool\n\tdepends on {depends}\n\tselect KVM_{selected} if B\n\tdefault y if A\n"


def _vmm(c: CText) -> str:
    asked = c.choices.some(6, lambda: _asked(c), " ")
    first = f"int r = kvm_check_extension(s, {c.choices.pick(CAPS)});"
    return f"int kvm_init(KVMState *s)\n{{\n\t{first}\n\t{asked}\n\treturn r;\n}}\n"


def _asked(c: CText) -> str:
    cap = c.choices.pick(CAPS)
    match c.choices.below(7):
        case 0:
            return f"kvm_vm_enable_cap(s, {cap}, {c.constant()}, {c.expression()});"
        case 1:
            return f"r = kvm_vm_check_extension(s, {cap});"
        case 2:
            return f"kvm_vcpu_enable_cap(cs, {cap}, 0);"
        case 3:
            given = f".args[0] = {c.constant()}, .args = {{ {c.constant()} }}"
            return f"struct kvm_enable_cap cap = {{ .cap = {cap}, {given} }};"
        case 4:
            return "kvm_vm_ioctl(s, KVM_ENABLE_CAP, &cap);"
        case 5:
            return f"kvm_ioctl(s, KVM_CHECK_EXTENSION, {c.constant()});"
        case _:
            return c.statement()
