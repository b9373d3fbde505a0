struct kvm_b {
	union { __u8 a:3, b:5; long c; } __attribute__((aligned(16)));
	enum { P = 1, Q = P << 2 } q;
	char d[sizeof(int) * 2];
} __attribute__((packed));
