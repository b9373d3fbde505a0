"""Refactorings of the sources of riscv, loongarch and mips, and of those that all architectures share."""

from __future__ import annotations

from editing import ANSWERS, ENABLES_VCPU, OLD, Edit, Transform, before, both, inside, rows, swap
from real_trees import API, QEMU, TOOLS, UAPI
from refactoring import (
    ahead,
    answers_returned,
    exchanged,
    guarded,
    helper,
    in_text,
    in_turn,
    instead,
    last,
    local,
    matching,
    of_case,
    receives,
    renamed,
    scoped,
    tail_helper,
    text_of,
    without,
)

MAIN = "virt/kvm/kvm_main.c"
OBJECTS = "virt/kvm/Makefile.kvm"
RISCV = "arch/riscv/kvm/vm.c"
LOONGARCH = "arch/loongarch/kvm/vm.c"
LOONGARCH_VCPU = "arch/loongarch/kvm/vcpu.c"
MIPS = "arch/mips/kvm/mips.c"
VZ = "arch/mips/kvm/vz.c"

GENERIC_ANSWERS = "kvm_vm_ioctl_check_extension_generic"
GENERIC_ENABLES = "kvm_vm_ioctl_enable_cap_generic"
RING = "kvm_vm_ioctl_enable_dirty_log_ring"
VM = "struct kvm *kvm, struct kvm_enable_cap *cap"


def all_answers_returned(function: str) -> Transform:
    """Return every answer, and drop the local that is left over."""
    return both(
        answers_returned(function),
        inside(function, swap("\tint r;\n\n", ""), matching(r"^\t\}\n\n?\treturn r;\n", "\t}\n")),
    )


def plain_minimum(function: str) -> Transform:
    """Write `min_t` of the VCPUs as a comparison."""
    return of_case(
        function,
        "NR_VCPUS",
        instead(
            "\t\tr = KVM_MAX_VCPUS;\n\t\tif (num_online_cpus() < KVM_MAX_VCPUS)\n"
            "\t\t\tr = num_online_cpus();\n\t\tbreak;\n"
        ),
    )


def nothing_by_default(function: str) -> Transform:
    """Answer nothing from the start, and leave it at that by default."""
    return inside(
        function,
        swap("\tint r;\n", "\tint r = 0;\n"),
        swap("\tdefault:\n\t\tr = 0;\n\t\tbreak;\n", "\tdefault:\n\t\tbreak;\n"),
    )


GENERIC_HELPERS = [
    Edit("generic: a helper sets the polling time", {MAIN: tail_helper(GENERIC_ENABLES, "HALT_POLL", VM, "kvm, cap")}),
    Edit(
        "generic: a helper sets how dirty pages are logged",
        {
            MAIN: tail_helper(
                GENERIC_ENABLES,
                "MANUAL_DIRTY_LOG_PROTECT2",
                VM,
                "kvm, cap",
                under="CONFIG_KVM_GENERIC_DIRTYLOG_READ_PROTECT",
            )
        },
    ),
    Edit(
        "generic: a helper adds a bitmap to the ring",
        {MAIN: tail_helper(GENERIC_ENABLES, "DIRTY_LOG_RING_WITH_BITMAP", VM, "kvm, cap")},
    ),
    Edit(
        "generic: a helper reads the request",
        {
            MAIN: both(
                inside(
                    "kvm_vm_ioctl",
                    matching(
                        r"\tcase KVM_ENABLE_CAP: \{\n(?:.*\n)*?\t\}\n",
                        "\tcase KVM_ENABLE_CAP:\n\t\tr = kvm_vm_ioctl_enable_cap_user(kvm, argp);\n\t\tbreak;\n",
                    ),
                ),
                before(
                    "kvm_vm_ioctl",
                    "static int kvm_vm_ioctl_enable_cap_user(struct kvm *kvm, void __user *argp)\n{\n"
                    "\tstruct kvm_enable_cap cap;\n\n\tif (copy_from_user(&cap, argp, sizeof(cap)))\n"
                    f"\t\treturn -EFAULT;\n\n\treturn {GENERIC_ENABLES}(kvm, &cap);\n}}\n",
                ),
            )
        },
    ),
    Edit(
        "generic: the attributes of memory are named in place",
        {
            MAIN: of_case(
                GENERIC_ANSWERS,
                "MEMORY_ATTRIBUTES",
                instead(
                    "\t\treturn !kvm || kvm_arch_has_private_mem(kvm) ?\n\t\t\tKVM_MEMORY_ATTRIBUTE_PRIVATE : 0;\n"
                ),
            )
        },
    ),
    Edit(
        "generic: a helper says how large a ring may be",
        {
            MAIN: both(
                inside(
                    GENERIC_ANSWERS,
                    swap(
                        "return KVM_DIRTY_RING_MAX_ENTRIES * sizeof(struct kvm_dirty_gfn);",
                        "return max_ring_size();",
                        2,
                    ),
                ),
                before(
                    GENERIC_ANSWERS,
                    "static inline int max_ring_size(void)\n{\n"
                    "\treturn KVM_DIRTY_RING_MAX_ENTRIES * sizeof(struct kvm_dirty_gfn);\n}\n",
                ),
            )
        },
    ),
]

GENERIC_STRUCTURE = [
    *(
        Edit(f"generic: {cap} is enabled in front of the switch", {MAIN: ahead(GENERIC_ENABLES, cap, "cap->cap")})
        for cap in ("HALT_POLL", "DIRTY_LOG_RING_WITH_BITMAP")
    ),
    Edit(
        "generic: NR_MEMSLOTS is answered in front of the switch", {MAIN: ahead(GENERIC_ANSWERS, "NR_MEMSLOTS", "arg")}
    ),
    Edit(
        "generic: two enablings exchange places",
        {MAIN: exchanged(GENERIC_ENABLES, "HALT_POLL", "DIRTY_LOG_RING_WITH_BITMAP")},
    ),
    Edit("generic: HALT_POLL becomes the last case", {MAIN: last(GENERIC_ENABLES, "HALT_POLL")}),
    Edit(
        "generic: the default leaves the switch",
        {
            MAIN: inside(
                GENERIC_ENABLES,
                swap(
                    "\tdefault:\n\t\treturn kvm_vm_ioctl_enable_cap(kvm, cap);\n\t}\n",
                    "\tdefault:\n\t\tbreak;\n\t}\n\n\treturn kvm_vm_ioctl_enable_cap(kvm, cap);\n",
                ),
            )
        },
    ),
    Edit(
        "generic: the architecture is asked by default",
        {
            MAIN: inside(
                GENERIC_ANSWERS,
                swap(
                    "\tdefault:\n\t\tbreak;\n\t}\n\treturn kvm_vm_ioctl_check_extension(kvm, arg);\n",
                    "\tdefault:\n\t\treturn kvm_vm_ioctl_check_extension(kvm, arg);\n\t}\n",
                ),
            )
        },
    ),
    Edit(
        "generic: two kinds of rings get a body each",
        {
            MAIN: inside(
                GENERIC_ENABLES,
                swap(
                    "\tcase KVM_CAP_DIRTY_LOG_RING:\n",
                    "\tcase KVM_CAP_DIRTY_LOG_RING:\n"
                    f"\t\tif (!{GENERIC_ANSWERS}(kvm, KVM_CAP_DIRTY_LOG_RING))\n\t\t\treturn -EINVAL;\n\n"
                    f"\t\treturn {RING}(kvm, cap->args[0]);\n",
                ),
            )
        },
        # Two places that take any flags, instead of one.
        adds=rows("note", "CAP205", "DIRTY_LOG_RING_ACQ_REL", "generic"),
    ),
    Edit(
        "generic: gotos become returns",
        {
            MAIN: inside(
                "kvm_dev_ioctl",
                swap("\t\t\tgoto out;\n", "\t\t\treturn -EINVAL;\n", 2),
                swap("out:\n\treturn r;\n", "\n\treturn r;\n"),
            )
        },
    ),
]

GENERIC_REST = [
    Edit(
        "generic: the argument is kept in a local",
        {MAIN: local(GENERIC_ENABLES, "u64 arg = cap->args[0];", r"cap->args\[0\]", "arg")},
    ),
    Edit(
        "generic: the flags are kept in a local",
        {MAIN: local(GENERIC_ENABLES, "const u32 flags = cap->flags;", r"cap->flags\b", "flags")},
    ),
    Edit("generic: the request gets another name", {MAIN: renamed(GENERIC_ENABLES, "cap", "req")}),
    Edit("generic: the extension gets another name", {MAIN: renamed(GENERIC_ANSWERS, "arg", "ext")}),
    Edit("generic: the extension gets another name, in 6.1", {MAIN: renamed(GENERIC_ANSWERS, "arg", "ext")}, pair=OLD),
    Edit(
        "generic: the bitmap holds the lock in a scope",
        {MAIN: of_case(GENERIC_ENABLES, "DIRTY_LOG_RING_WITH_BITMAP", scoped("&kvm->slots_lock"))},
    ),
    Edit(
        "generic: the bitmap holds the lock to its end",
        {MAIN: of_case(GENERIC_ENABLES, "DIRTY_LOG_RING_WITH_BITMAP", guarded("&kvm->slots_lock"))},
    ),
    Edit("generic: the ring holds the lock in a scope", {MAIN: inside(RING, scoped("&kvm->lock"))}),
    Edit(
        "generic: the ring holds the lock to its end, and returns",
        {
            MAIN: inside(
                RING,
                guarded("&kvm->lock"),
                matching(
                    r"\t\tr = -EINVAL;\n\t\} else \{\n((?:.*\n)*?)\t\tr = 0;\n\t\}\n\n\treturn r;\n",
                    "\t\treturn -EINVAL;\n\t}\n\n\tkvm->dirty_ring_size = size;\n\n\treturn 0;\n",
                ),
                swap("\tint r;\n\n", ""),
            )
        },
    ),
    Edit(
        "generic: the size is asked to be a power of two",
        {MAIN: inside(RING, swap("if (!size || (size & (size - 1)))", "if (!is_power_of_2(size))"))},
    ),
    Edit(
        "generic: stores of the polling time are marked",
        {
            MAIN: of_case(
                GENERIC_ENABLES,
                "HALT_POLL",
                in_turn(
                    in_text(
                        "kvm->max_halt_poll_ns = cap->args[0];", "WRITE_ONCE(kvm->max_halt_poll_ns, cap->args[0]);"
                    ),
                    in_text("kvm->override_halt_poll_ns = true;", "WRITE_ONCE(kvm->override_halt_poll_ns, true);"),
                ),
            )
        },
    ),
    Edit(
        "generic: a cast becomes a comparison",
        {
            MAIN: of_case(
                GENERIC_ENABLES,
                "HALT_POLL",
                in_text("cap->args[0] != (unsigned int)cap->args[0]", "cap->args[0] > UINT_MAX"),
            )
        },
    ),
    Edit(
        "generic: one refusal becomes two in turn",
        {
            MAIN: of_case(
                GENERIC_ENABLES,
                "HALT_POLL",
                in_text(
                    "if (cap->flags || cap->args[0] !=",
                    "if (cap->flags)\n\t\t\treturn -EINVAL;\n\n\t\tif (cap->args[0] !=",
                ),
            )
        },
    ),
    Edit(
        "generic: the allowed options become a ternary",
        {
            MAIN: of_case(
                GENERIC_ENABLES,
                "MANUAL_DIRTY_LOG_PROTECT2",
                matching(
                    r"\t\tu64 allowed_options = (\w+);\n\n\t\tif \((.*)\)\n\t\t\tallowed_options = (\w+);\n",
                    r"\t\tconst u64 allowed_options = \2 ?\n\t\t\t\3 : \1;\n",
                ),
            )
        },
    ),
    Edit(
        "generic: a configuration is asked for by the preprocessor",
        {
            MAIN: of_case(
                GENERIC_ENABLES,
                "DIRTY_LOG_RING_WITH_BITMAP",
                in_text(
                    "\t\tif (!IS_ENABLED(CONFIG_NEED_KVM_DIRTY_RING_WITH_BITMAP) ||\n\t\t    !kvm->dirty_ring_size",
                    "#ifndef CONFIG_NEED_KVM_DIRTY_RING_WITH_BITMAP\n\t\treturn r;\n#endif\n"
                    "\t\tif (!kvm->dirty_ring_size",
                ),
            )
        },
    ),
    Edit(
        "generic: configurations are asked for by the compiler",
        {
            MAIN: inside(
                GENERIC_ANSWERS,
                matching(
                    r"#ifdef (CONFIG_HAVE_KVM_DIRTY_RING_\w+)\n\t\treturn (.*);\n#else\n\t\treturn 0;\n#endif\n",
                    r"\t\tif (IS_ENABLED(\1))\n\t\t\treturn \2;\n\t\treturn 0;\n",
                ),
            )
        },
    ),
    Edit(
        "generic: an answer becomes two",
        {
            MAIN: of_case(
                GENERIC_ANSWERS,
                "GUEST_MEMFD",
                instead("\t\tif (kvm && !kvm_arch_has_private_mem(kvm))\n\t\t\treturn 0;\n\t\treturn 1;\n"),
            )
        },
    ),
    Edit(
        "generic: a choice of address spaces becomes a ternary",
        {
            MAIN: of_case(
                GENERIC_ANSWERS,
                "MULTI_ADDRESS_SPACE",
                instead("\t\treturn kvm ? kvm_arch_nr_memslot_as_ids(kvm) :\n\t\t\tKVM_MAX_NR_ADDRESS_SPACES;\n"),
            )
        },
    ),
    Edit(
        "generic: a loop over address spaces becomes a while",
        {
            MAIN: inside(
                "kvm_are_all_memslots_empty",
                swap(
                    "\tfor (i = 0; i < kvm_arch_nr_memslot_as_ids(kvm); i++) {\n",
                    "\ti = 0;\n\twhile (i < kvm_arch_nr_memslot_as_ids(kvm)) {\n",
                ),
                swap("\t\t\treturn false;\n", "\t\t\treturn false;\n\t\ti++;\n"),
            )
        },
    ),
    Edit(
        "generic: a condition is inverted",
        {
            MAIN: inside(
                "kvm_supported_mem_attributes",
                swap(
                    "if (!kvm || kvm_arch_has_private_mem(kvm))\n"
                    "\t\treturn KVM_MEMORY_ATTRIBUTE_PRIVATE;\n\n\treturn 0;",
                    "if (kvm && !kvm_arch_has_private_mem(kvm))\n\t\treturn 0;\n\n"
                    "\treturn KVM_MEMORY_ATTRIBUTE_PRIVATE;",
                ),
            )
        },
    ),
    Edit(
        "generic: a helper moves to a header",
        {
            MAIN: without("kvm_supported_mem_attributes"),
            "virt/kvm/kvm_mm.h": lambda text: receives(
                MAIN, "kvm_supported_mem_attributes", "#endif /* __KVM_MM_H__ */"
            )(text).replace("static u64 kvm_supported", "static inline u64 kvm_supported"),
        },
    ),
    Edit(
        "generic: kvm_main.c gets another name",
        {MAIN: None, "virt/kvm/main.c": text_of(MAIN), OBJECTS: swap("$(KVM)/kvm_main.o", "$(KVM)/main.o")},
    ),
    Edit(
        "generic: dirty_ring.c gets another name",
        {
            "virt/kvm/dirty_ring.c": None,
            "virt/kvm/ring.c": text_of("virt/kvm/dirty_ring.c"),
            OBJECTS: swap("$(KVM)/dirty_ring.o", "$(KVM)/ring.o"),
        },
    ),
    Edit(
        "generic: every label gets a comment",
        {MAIN: inside(GENERIC_ANSWERS, matching(r"^(\tcase KVM_CAP_\w+:)$", r"\1 /* on every architecture */"))},
    ),
    Edit(
        "generic: a paragraph of the documentation is wrapped anew",
        {
            API: swap(
                "KVM_CAP_HALT_POLL overrides the kvm.halt_poll_ns module parameter to set the\n"
                "maximum halt-polling time",
                "KVM_CAP_HALT_POLL overrides the kvm.halt_poll_ns\nmodule parameter to set the maximum\n"
                "halt-polling time",
            )
        },
    ),
]

RISCV_EDITS = [
    Edit("riscv: answers are returned", {RISCV: all_answers_returned(ANSWERS)}),
    Edit("riscv: answers are returned, in 6.1", {RISCV: answers_returned(ANSWERS)}, pair=OLD),
    Edit("riscv: a helper counts VCPUs", {RISCV: helper(ANSWERS, "NR_VCPUS", "void", "")}),
    Edit("riscv: IRQCHIP is answered in front of the switch", {RISCV: ahead(ANSWERS, "IRQCHIP", "ext")}),
    Edit("riscv: two answers exchange places", {RISCV: exchanged(ANSWERS, "IRQCHIP", "VM_GPA_BITS")}),
    Edit(
        "riscv: extension and result get other names",
        {RISCV: both(renamed(ANSWERS, "ext", "cap"), renamed(ANSWERS, "r", "rc"))},
    ),
    Edit("riscv: min_t becomes an if", {RISCV: plain_minimum(ANSWERS)}),
    Edit("riscv: an initial answer becomes a declaration's", {RISCV: nothing_by_default(ANSWERS)}),
    Edit("riscv: an answer becomes one or nothing explicitly",
         {RISCV: inside(ANSWERS, swap("r = kvm_riscv_aia_available();", "r = kvm_riscv_aia_available() ? 1 : 0;"))}),
    Edit(
        "riscv: the configuration of a vCPU is kept in a pointer",
        {
            "arch/riscv/kvm/vcpu.c": local(
                "kvm_arch_vcpu_ioctl_set_guest_debug",
                "struct kvm_vcpu_config *cfg = &vcpu->arch.cfg;",
                r"vcpu->arch\.cfg\.",
                "cfg->",
            )
        },
    ),
    Edit(
        "riscv: the answers move to another file",
        {RISCV: without(ANSWERS),
         "arch/riscv/kvm/main.c": receives(RISCV, ANSWERS, "long kvm_arch_dev_ioctl(struct file *filp,")},
    ),
    Edit(
        "riscv: vm.c gets another name",
        {RISCV: None, "arch/riscv/kvm/machine.c": text_of(RISCV),
         "arch/riscv/kvm/Makefile": swap("kvm-y += vm.o", "kvm-y += machine.o")},
    ),
]  # fmt: skip

LOONGARCH_EDITS = [
    Edit("loongarch: answers are returned", {LOONGARCH: all_answers_returned(ANSWERS)}),
    Edit(
        "loongarch: NR_MEMSLOTS is answered in front of the switch",
        {LOONGARCH: ahead(ANSWERS, "NR_MEMSLOTS", "ext")},
    ),
    Edit("loongarch: MAX_VCPUS becomes the last case", {LOONGARCH: last(ANSWERS, "MAX_VCPUS")}),
    Edit("loongarch: min_t becomes an if", {LOONGARCH: plain_minimum(ANSWERS)}),
    Edit("loongarch: an initial answer becomes a declaration's", {LOONGARCH: nothing_by_default(ANSWERS)}),
    Edit(
        "loongarch: the refusal of every request is inlined",
        {
            LOONGARCH_VCPU: both(
                without(ENABLES_VCPU),
                inside("kvm_arch_vcpu_ioctl", swap("r = kvm_vcpu_ioctl_enable_cap(vcpu, &cap);", "r = -EINVAL;")),
            )
        },
    ),
    Edit(
        "loongarch: the refusal of every request becomes a switch",
        {
            LOONGARCH_VCPU: inside(
                ENABLES_VCPU,
                swap("\treturn -EINVAL;\n", "\tswitch (cap->cap) {\n\tdefault:\n\t\treturn -EINVAL;\n\t}\n"),
            )
        },
    ),
    Edit(
        "loongarch: a choice becomes a ternary",
        {
            LOONGARCH_VCPU: inside(
                "kvm_arch_vcpu_ioctl_set_guest_debug",
                matching(
                    r"\tif \(dbg->control & KVM_GUESTDBG_ENABLE\)\n(?:.*\n){3}",
                    "\tvcpu->guest_debug = dbg->control & KVM_GUESTDBG_ENABLE ? dbg->control : 0;\n",
                ),
            )
        },
    ),
]  # fmt: skip

MIPS_EDITS = [
    Edit("mips: a helper answers for MSA", {MIPS: helper(ANSWERS, "MIPS_MSA", "void", "")}),
    Edit("mips: answers are returned", {MIPS: answers_returned(ANSWERS)}),
    Edit("mips: FPU is answered in front of the switch", {MIPS: ahead(ANSWERS, "MIPS_FPU", "ext")}),
    Edit("mips: MSA is enabled in front of the switch", {MIPS: ahead(ENABLES_VCPU, "MIPS_MSA", "cap->cap")}),
    Edit("mips: two enablings exchange places", {MIPS: exchanged(ENABLES_VCPU, "MIPS_FPU", "MIPS_MSA")}),
    Edit(
        "mips: two refusals become one",
        {MIPS: inside(ENABLES_VCPU, swap("if (cap->flags)\n\t\treturn -EINVAL;\n\tif (cap->args[0])",
                                         "if (cap->flags || cap->args[0])"))},
    ),
    Edit(
        "mips: refusals go to a label",
        {MIPS: inside(
            ENABLES_VCPU,
            swap("\tint r = 0;\n", "\tint r = -EINVAL;\n"),
            swap("\t\treturn -EINVAL;\n", "\t\tgoto out;\n", 3),
            swap("\tswitch (cap->cap) {\n", "\tr = 0;\n\tswitch (cap->cap) {\n"),
            swap("\t}\n\n\treturn r;\n", "\t}\n\nout:\n\treturn r;\n"))},
    ),
    Edit(
        "mips: enablings are returned",
        {MIPS: inside(
            ENABLES_VCPU,
            matching(r"(_enabled = true;)\n\t\tbreak;", r"\1\n\t\treturn 0;"),
            swap("\t\tr = -EINVAL;\n\t\tbreak;\n", "\t\treturn -EINVAL;\n"),
            swap("\n\treturn r;\n", ""), swap("\tint r = 0;\n\n", ""))},
    ),
    Edit(
        "mips: a switch becomes a chain of ifs",
        {MIPS: inside(
            ENABLES_VCPU,
            matching(r"\tswitch \(cap->cap\) \{\n(?:.*\n)*?\t\}\n",
                     "\tif (cap->cap == KVM_CAP_MIPS_FPU)\n\t\tvcpu->arch.fpu_enabled = true;\n"
                     "\telse if (cap->cap == KVM_CAP_MIPS_MSA)\n\t\tvcpu->arch.msa_enabled = true;\n"
                     "\telse\n\t\tr = -EINVAL;\n"))},
    ),
    Edit("mips: the request gets another name", {MIPS: renamed(ENABLES_VCPU, "cap", "request")}),
    Edit(
        "mips: a conjunction becomes nested",
        {MIPS: of_case(ANSWERS, "MIPS_MSA", matching(
            r"\t\tr = cpu_has_msa && (.*);\n", r"\t\tr = 0;\n\t\tif (cpu_has_msa) {\n\t\t\tif (\1)\n"
            r"\t\t\t\tr = 1;\n\t\t}\n"))},
    ),
    Edit(
        "mips: the configuration is asked for by the compiler",
        {VZ: inside("kvm_vz_check_extension", swap("#ifdef CONFIG_64BIT\n", ""), swap("#endif\n", ""),
                    swap("r = 2;", "r = IS_ENABLED(CONFIG_64BIT) ? 2 : 0;"))},
    ),
    Edit(
        "mips: the callback's switch becomes ifs",
        {VZ: inside(
            "kvm_vz_check_extension",
            matching(r"\tint r;\n\n(?:.*\n)*\treturn r;\n",
                     "\tif (ext == KVM_CAP_MIPS_VZ)\n\t\treturn 1;\n#ifdef CONFIG_64BIT\n"
                     "\tif (ext == KVM_CAP_MIPS_64BIT)\n\t\treturn 2;\n#endif\n"
                     "\tif (ext == KVM_CAP_IOEVENTFD)\n\t\treturn 1;\n\n\treturn 0;\n"))},
    ),
    Edit(
        "mips: two callbacks change places in their structure",
        {VZ: swap("\t.check_extension = kvm_vz_check_extension,\n\t.vcpu_init = kvm_vz_vcpu_init,\n",
                  "\t.vcpu_init = kvm_vz_vcpu_init,\n\t.check_extension = kvm_vz_check_extension,\n")},
    ),
    Edit(
        "mips: mips.c gets another name",
        {MIPS: None, "arch/mips/kvm/main.c": text_of(MIPS),
         "arch/mips/kvm/Makefile": swap("kvm-y +=    mips.o", "kvm-y +=    main.o")},
    ),
]  # fmt: skip

HEADERS = (UAPI, TOOLS, QEMU)
NUMBER = r"^(#define KVM_CAP_SREGS2) 200$"

STATE = [
    Edit(
        "generic: a member gets another name",
        {
            path: matching(r"(?<=->)dirty_ring_with_bitmap\b|(?<=bool )dirty_ring_with_bitmap\b", "ring_has_bitmap")
            for path in (MAIN, "virt/kvm/dirty_ring.c", "include/linux/kvm_host.h")
        },
    ),
    Edit(
        "generic: a helper reads whether dirty pages are cleared by hand",
        {
            MAIN: inside(
                "kvm_get_dirty_log_protect", swap("if (kvm->manual_dirty_log_protect) {", "if (cleared_by_hand(kvm)) {")
            ),
            "virt/kvm/kvm_mm.h": swap(
                "#endif /* __KVM_MM_H__ */",
                "static inline bool cleared_by_hand(struct kvm *kvm)\n{\n"
                "\treturn kvm->manual_dirty_log_protect != 0;\n}\n\n"
                "#endif /* __KVM_MM_H__ */",
            ),
        },
    ),
    Edit(
        "generic: a number is written in parentheses",
        {path: matching(NUMBER, r"\1 (200)") for path in HEADERS},
    ),
    Edit(
        "generic: a number is written in hexadecimal",
        {path: matching(NUMBER, r"\1 0xc8") for path in HEADERS},
    ),
    Edit(
        "generic: a number gets a comment and tabs",
        {path: matching(NUMBER, r"\1\t\t200\t/* since 5.14 */") for path in HEADERS},
    ),
    Edit(
        "generic: two numbers change places",
        {
            path: matching(r"^(#define KVM_CAP_SREGS2 200\n)(#define KVM_CAP_EXIT_HYPERCALL 201\n)", r"\2\1")
            for path in HEADERS
        },
    ),
    Edit(
        "mips: a member gets another name",
        {
            path: matching(r"(?<=arch\.)fpu_enabled\b|(?<=vcpu->)fpu_enabled\b|(?<=u8 )fpu_enabled\b", "may_use_fpu")
            for path in (MIPS, "arch/mips/include/asm/kvm_host.h")
        },
    ),
    Edit(
        "loongarch: selected options change places",
        {
            "arch/loongarch/kvm/Kconfig": swap(
                "\tselect HAVE_KVM_DIRTY_RING_ACQ_REL\n\tselect HAVE_KVM_VCPU_ASYNC_IOCTL\n",
                "\tselect HAVE_KVM_VCPU_ASYNC_IOCTL\n\tselect HAVE_KVM_DIRTY_RING_ACQ_REL\n",
            )
        },
    ),
    Edit(
        "loongarch: a helper reads a vCPU's request",
        {
            LOONGARCH_VCPU: both(
                inside(
                    "kvm_arch_vcpu_ioctl",
                    matching(
                        r"\tcase KVM_ENABLE_CAP: \{\n(?:.*\n)*?\t\}\n",
                        "\tcase KVM_ENABLE_CAP:\n\t\tr = kvm_vcpu_enable_cap_user(vcpu, argp);\n\t\tbreak;\n",
                    ),
                ),
                before(
                    "kvm_arch_vcpu_ioctl",
                    "static int kvm_vcpu_enable_cap_user(struct kvm_vcpu *vcpu, void __user *argp)\n{\n"
                    "\tstruct kvm_enable_cap cap;\n\n\tif (copy_from_user(&cap, argp, sizeof(cap)))\n"
                    "\t\treturn -EFAULT;\n\n\treturn kvm_vcpu_ioctl_enable_cap(vcpu, &cap);\n}\n",
                ),
            )
        },
    ),
]

EDITS = [*GENERIC_HELPERS, *GENERIC_STRUCTURE, *GENERIC_REST, *RISCV_EDITS, *LOONGARCH_EDITS, *MIPS_EDITS, *STATE]
