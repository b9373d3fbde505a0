
DEFINE_MUTEX(lock);
KVM_OP(first)
SYSCALL_DEFINE2(name, int, a, char __user *, b)
{
	for_each_thing(a, b)
		if (a++ && b) {
			goto out;
		} else if (c)
			return -EINVAL;
again:
	asm volatile("nop" : : "r" (a));
	while (a)
		goto again;
out:
	do { f(a)(b); } while (0);
	return a == KVM_CAP_X;
}
EXPORT_SYMBOL_GPL(name);
