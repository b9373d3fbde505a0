#include <linux/ioctl.h>
#include <linux/b.h>
#define F(x, y) x##y
#define N 3
struct kvm_a {
	__u32 a[N];
	__u64 F(b, c);
};
#ifdef __LP64__
#define KVM_A _IOR(0xAE, N, struct kvm_a)
#endif
