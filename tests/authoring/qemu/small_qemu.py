"""A QEMU of a few files, by hand, with every place of a new capability, and headers that compilers need for it."""

from __future__ import annotations

UAPI = "linux-headers/linux/kvm.h"
STATE = "include/system/kvm_int.h"
SHARED = "accel/kvm/kvm-all.c"
X86 = "target/i386/kvm/kvm.c"
CPU = "target/i386/cpu.h"
MACHINE = "target/i386/machine.c"
ARM = "target/arm/kvm.c"
S390 = "target/s390x/kvm/kvm.c"

_INCLUDES = '#include "qemu/osdep.h"\n#include "qapi/error.h"\n#include <linux/kvm.h>\n#include "system/kvm_int.h"\n'

FILES = {
    UAPI: """\
#ifndef LINUX_KVM_H
#define LINUX_KVM_H
#include <linux/types.h>
#include <linux/ioctl.h>
#define KVMIO 0xAE
#define KVM_CREATE_DEVICE _IO(KVMIO, 0xe0)
#define KVM_CAP_IRQCHIP 0
#define KVM_CAP_HLT 1
#define KVM_CAP_NR_VCPUS 9
#define KVM_GET_MSRS 0xc008ae88
#define KVM_SET_MSRS 0x4008ae89
#define KVM_GET_MSR_INDEX_LIST 0xc004ae02
struct kvm_msr_entry {
	unsigned int index;
	unsigned int reserved;
	unsigned long long data;
};
struct kvm_msrs {
	unsigned int nmsrs;
	unsigned int pad;
	struct kvm_msr_entry entries[8];
};
struct kvm_msr_list {
	unsigned int nmsrs;
	unsigned int indices[8];
};
#endif
""",
    STATE: """\
#define KVM_VCPUS(s) ((s)->nr_vcpus)  /* KVM_CAP_NR_VCPUS */

struct KVMState {
    int fd;
    int vmfd;
    int nr_vcpus;
};
""",
    SHARED: f"""\
{_INCLUDES}
static int kvm_init(MachineState *ms)
{{
    KVMState *s = KVM_STATE(ms);
    int ret;

    ret = kvm_arch_init(ms, s);
    if (ret < 0) {{
        goto err;
    }}
    s->nr_vcpus = kvm_check_extension(s, KVM_CAP_NR_VCPUS);

    return 0;

err:
    s->vmfd = -1;

    return ret;
}}

static void kvm_accel_class_init(ObjectClass *oc, void *data)
{{
    oc->start = kvm_init;
    kvm_arch_accel_class_init(oc);
}}

void start(ObjectClass *oc)
{{
    kvm_accel_class_init(oc, NULL);
}}
""",
    CPU: """\
#define MSR_TSC_ADJUST                  0x3b
#define MSR_SPEC_CTRL                   0x48
#define MSR_HWCR                        0xc0010015

typedef struct CPUArchState {
    uint64_t tsc_adjust;
    uint64_t spec_ctrl;
    uint64_t msr_hwcr;
    struct {} end_reset_fields;

    uint32_t level;
    uint64_t xss;
#if defined(CONFIG_KVM)
    void *nested_state;
#endif
} CPUX86State;

typedef struct X86CPU {
    CPUX86State env;
    struct kvm_msrs *kvm_msr_buf;
} X86CPU;
""",
    X86: f"""\
{_INCLUDES}#include "qemu/error-report.h"
#include "cpu.h"

static bool has_msr_spec_ctrl;
static bool has_msr_hwcr;

void kvm_msr_entry_add(X86CPU *cpu, uint32_t index, uint64_t value)
{{
    struct kvm_msrs *msrs = cpu->kvm_msr_buf;

    msrs->entries[msrs->nmsrs].index = index;
    msrs->entries[msrs->nmsrs].data = value;
    msrs->nmsrs++;
}}

static int kvm_get_supported_msrs(KVMState *s)
{{
    struct kvm_msr_list list;
    int i, ret;

    ret = kvm_ioctl(s, KVM_GET_MSR_INDEX_LIST, &list);
    for (i = 0; i < list.nmsrs; i++) {{
        switch (list.indices[i]) {{
        case MSR_SPEC_CTRL:
            has_msr_spec_ctrl = true;
            break;
        case MSR_HWCR:
            has_msr_hwcr = true;
            break;
        }}
    }}
    return ret;
}}

int kvm_put_msrs(X86CPU *cpu)
{{
    CPUX86State *env = &cpu->env;

    kvm_msr_entry_add(cpu, MSR_TSC_ADJUST, env->tsc_adjust);
    if (has_msr_spec_ctrl) {{
        kvm_msr_entry_add(cpu, MSR_SPEC_CTRL, env->spec_ctrl);
    }}
    if (has_msr_hwcr) {{
        kvm_msr_entry_add(cpu, MSR_HWCR, env->msr_hwcr);
    }}
    return kvm_vcpu_ioctl(CPU(cpu), KVM_SET_MSRS, cpu->kvm_msr_buf);
}}

int kvm_get_msrs(X86CPU *cpu)
{{
    CPUX86State *env = &cpu->env;
    struct kvm_msr_entry *msrs = cpu->kvm_msr_buf->entries;
    int i, ret;

    kvm_msr_entry_add(cpu, MSR_TSC_ADJUST, 0);
    if (has_msr_spec_ctrl) {{
        kvm_msr_entry_add(cpu, MSR_SPEC_CTRL, 0);
    }}
    if (has_msr_hwcr) {{
        kvm_msr_entry_add(cpu, MSR_HWCR, 0);
    }}
    ret = kvm_vcpu_ioctl(CPU(cpu), KVM_GET_MSRS, cpu->kvm_msr_buf);
    for (i = 0; i < ret; i++) {{
        switch (msrs[i].index) {{
        case MSR_TSC_ADJUST:
            env->tsc_adjust = msrs[i].data;
            break;
        case MSR_SPEC_CTRL:
            env->spec_ctrl = msrs[i].data;
            break;
        case MSR_HWCR:
            env->msr_hwcr = msrs[i].data;
            break;
        }}
    }}
    return ret;
}}

int kvm_arch_init(MachineState *ms, KVMState *s)
{{
    int ret;

    ret = kvm_get_supported_msrs(s);
    if (ret < 0) {{
        return ret;
    }}
    return 0;
}}

int kvm_arch_init_vcpu(CPUState *cs)
{{
    int i, r;

    for (i = 0; i < 2; i++) {{
        r = kvm_vcpu_ioctl(cs, i);
        if (r) {{
            goto fail;
        }}
    }}

    return 0;

 fail:
    return r;
}}

void kvm_arch_accel_class_init(ObjectClass *oc)
{{
    object_class_property_set_description(oc, "first", "Something else");
}}
""",
    MACHINE: """\
#include "qemu/osdep.h"
#include <linux/kvm.h>
#include "cpu.h"

/* Zero without KVM_CAP_HLT. */
static bool msr_hwcr_needed(void *opaque)
{
    X86CPU *cpu = opaque;

    return cpu->env.msr_hwcr != 0;
}

static const VMStateDescription vmstate_msr_hwcr = {
    .name = "cpu/msr_hwcr",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = msr_hwcr_needed,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(env.msr_hwcr, X86CPU),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_x86_cpu = {
    .name = "cpu",
    .version_id = 12,
    .subsections = (const VMStateDescription * const []) {
        &vmstate_msr_hwcr,
        NULL
    }
};
""",
    ARM: f"""\
{_INCLUDES}
int kvm_arch_init(MachineState *ms, KVMState *s)
{{
    int ret = 0;

    if (!kvm_check_extension(s, KVM_CAP_HLT)) {{
        ret = -EINVAL;
    }}

    return ret;
}}

int kvm_arch_init_vcpu(CPUState *cs)
{{
    int ret;

    ret = kvm_vcpu_ioctl(cs, 1);
    if (ret) {{
        return ret;
    }}
    return kvm_vcpu_ioctl(cs, 2);
}}

void kvm_arch_accel_class_init(ObjectClass *oc)
{{
}}
""",
    S390: f"""\
{_INCLUDES}
int kvm_arch_init(MachineState *ms, KVMState *s)
{{
    if (!kvm_check_extension(s, KVM_CAP_HLT)) {{
        return -1;
    }}
    return 0;
}}

int kvm_arch_init_vcpu(CPUState *cs)
{{
    return 0;
}}

void kvm_arch_accel_class_init(ObjectClass *oc)
{{
}}
""",
}

STAND_INS = {
    "qemu/osdep.h": """\
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
typedef struct Object { int kind; } Object;
typedef struct Error Error;
typedef struct Visitor Visitor;
typedef struct MachineState { Object parent; } MachineState;
typedef struct KVMState KVMState;
typedef struct CPUState { KVMState *kvm_state; } CPUState;
typedef struct ObjectClass { int (*start)(MachineState *ms); } ObjectClass;
typedef struct VMStateField { const char *name; size_t offset; } VMStateField;
typedef struct VMStateDescription {
    const char *name;
    int version_id, minimum_version_id;
    bool (*needed)(void *opaque);
    const VMStateField *fields;
    const struct VMStateDescription * const *subsections;
} VMStateDescription;
#define VMSTATE_UINT64(member, type) { #member, offsetof(type, member) + 0 * sizeof(((type *)0)->member) }
#define VMSTATE_END_OF_LIST() { NULL, 0 }
#define KVM_STATE(object) ((KVMState *)(object))
#define CPU(cpu) ((CPUState *)(cpu))
int kvm_check_extension(KVMState *s, unsigned int extension);
int kvm_vm_check_extension(KVMState *s, unsigned int extension);
int kvm_ioctl(KVMState *s, unsigned long type, ...);
int kvm_vm_ioctl(KVMState *s, unsigned long type, ...);
int kvm_vcpu_ioctl(CPUState *cpu, unsigned long type, ...);
int kvm_arch_init(MachineState *ms, KVMState *s);
int kvm_arch_init_vcpu(CPUState *cs);
void kvm_arch_accel_class_init(ObjectClass *oc);
int enable(void *target, unsigned int capability, int flags, unsigned long long *args);
#define kvm_vm_enable_cap(s, cap, flags, ...) enable(s, cap, flags, (unsigned long long[]){ 0, ##__VA_ARGS__ })
#define kvm_vcpu_enable_cap(cs, cap, flags, ...) enable(cs, cap, flags, (unsigned long long[]){ 0, ##__VA_ARGS__ })
void object_class_property_set_description(ObjectClass *oc, const char *name, const char *text);
void object_class_property_add_bool(ObjectClass *oc, const char *name, bool (*get)(Object *, Error **),
                                    void (*set)(Object *, bool, Error **));
void object_class_property_add(ObjectClass *oc, const char *name, const char *type,
                               void (*get)(Object *, Visitor *, const char *, void *, Error **),
                               void (*set)(Object *, Visitor *, const char *, void *, Error **),
                               void (*release)(Object *, const char *, void *), void *opaque);
""",
    "qapi/error.h": "void error_setg(Error **errp, const char *format, ...) __attribute__((format(printf, 2, 3)));\n",
    "qapi/visitor.h": """\
bool visit_type_size(Visitor *v, const char *name, uint64_t *value, Error **errp);
bool visit_type_uint32(Visitor *v, const char *name, uint32_t *value, Error **errp);
""",
    "qemu/error-report.h": "void error_report(const char *format, ...) __attribute__((format(printf, 1, 2)));\n",
}
"""Declarations of what the files use of the rest of QEMU."""
