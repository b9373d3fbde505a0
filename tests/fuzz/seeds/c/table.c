
const struct ops t[] __attribute__((used)) = {
	[KVM_CAP_A] = { .get = get_a, .set = &set_b },
#if 0
	broken {
#endif
	[1 ... 3] = { F(3DNOW), "KVM_CAP_B" "\" /* no */", '\'' },
};
struct bits { u32 a : 1, : 3; };
