
static long answer(struct vm *vm, unsigned int which)
{
	long r = -1;

	switch (which) {
#ifdef CONFIG_A
	case KVM_CAP_ONE:
#endif
	case KVM_CAP_TWO ... KVM_CAP_FIVE:
		r = vm->ready ? 1 : 0;
		break;
	case MSR_A:
		if (!vm || vm->a == KVM_CAP_SIX)
			return 2;
		fallthrough;
	default:
		r = ask(vm, KVM_CAP_SEVEN, sizeof(struct vm), min_t(unsigned int, a, b));
	}
	return r;
}
