/* Structures of processor state that struct kvm_regs and others hold, where a tree has no asm/ptrace.h of its own. */
#ifndef _ASM_PTRACE_H
#define _ASM_PTRACE_H
#include <linux/types.h>
#if defined(__aarch64__)
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};
struct user_fpsimd_state {
	__uint128_t vregs[32];
	__u32 fpsr;
	__u32 fpcr;
	__u32 __reserved[2];
};
#elif defined(__arm__)
struct pt_regs {
	long uregs[18];
};
#elif defined(__riscv)
struct user_regs_struct {
	unsigned long pc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7;
	unsigned long s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6;
};
struct __riscv_f_ext_state {
	__u32 f[32];
	__u32 fcsr;
};
struct __riscv_d_ext_state {
	__u64 f[32];
	__u32 fcsr;
};
#endif
#endif
