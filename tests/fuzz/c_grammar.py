"""C as KVM's sources have it, and as they never would: expressions, statements and declarations by decisions."""

from __future__ import annotations

from choices import Choices

CAPS = [f"KVM_CAP_T{number}" for number in range(6)]
_DEEPEST = 4
_NUMBERS = [
    "0", "1", "2", "-1", "31", "32", "63", "64", "010", "08", "0b11", "0x", "1e3", "'a'", "1ULL", "0x7fffffff",
    "0x80000000", "0xffffffff",
    "4294967296", "0x7fffffffffffffff", "0x8000000000000000", "9223372036854775808ULL", "18446744073709551615",
    "0xffffffffffffffffULL",
    "99999999999999999999999",
]  # fmt: skip
_NAMES = [*CAPS, "KVM_M0", "KVM_M1", "KVM_M2", "INT_MAX", "U64_MAX", "PAGE_SIZE"]
_CASTS = ["u64", "int", "__u32", "unsigned long", "struct kvm *", "long long", "__s8"]
_VARIABLES = [
    "r", "cap->args[0]", "cap->args[1]", "cap->args[9]", "cap->args[i]", "cap->flags", "cap->cap", "cap->pad[0]",
    "kvm", "ext", "*p",
    "kvm->arch.a", "kvm->arch.b.c", "kvm->max", "vcpu->arch.x", "vcpu->kvm->arch.a", "kvm_caps.x", "h(kvm)",
    "h2(cap->args[0])", "enable_x",
    "kvm_x86_ops.f",
]  # fmt: skip
_CALLED = [
    "h", "h2", "kvm_test", "copy_from_user", "test_bit", "min", "WARN_ON", "static_call(kvm_x86_f)", "call->f",
    "kvm_check_extension",
]  # fmt: skip
_LEAVING = ["break;", "return r;", "return -EINVAL;", "goto out;", "return 0;", "continue;", "return 1;"]
_CONDITIONS = [
    "#ifdef CONFIG_A",
    "#ifndef CONFIG_KVM_X",
    "#if defined(CONFIG_B)",
    "#if IS_ENABLED(CONFIG_B) && X > 1",
    "#if 0",
    "#if 1",
]


class CText:
    """Texts of C by the decisions of one input."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def constant(self, depth: int = 0) -> str:
        """Return what a compiler could evaluate, and at times what none would."""
        pick, inner = self.choices.pick, depth + 1
        way = self.choices.below(10) if depth < _DEEPEST else 0
        match way:
            case 4:
                name = pick(["BIT", "BIT_ULL", "_BITUL", "_BITULL", "ARRAY_SIZE", "sizeof", "ilog2"])
                return f"{name}({self.constant(inner)})"
            case 5:
                return f"{pick(['GENMASK', 'GENMASK_ULL'])}({self.constant(inner)}, {self.constant(inner)})"
            case 6:
                return f"({pick(_CASTS)}){self.constant(inner)}"
            case 7:
                return f"{pick('-~!+')}{self.constant(inner)}"
            case 8:
                return f"({self.constant(inner)} ? {self.constant(inner)} : {self.constant(inner)})"
            case 9:
                return f"({self.constant(inner)} {pick(_OPERATORS)} {self.constant(inner)})"
            case _:
                return pick(_NUMBERS) if way < 3 else pick(_NAMES)

    def expression(self, depth: int = 0) -> str:
        """Return an expression over the variables of a handler."""
        pick, inner = self.choices.pick, depth + 1
        match self.choices.below(10) if depth < _DEEPEST else 0:
            case 4 | 5:
                return self.constant(inner)
            case 6:
                return f"{pick('!~-&*')}{self.expression(inner)}"
            case 7:
                return f"({self.expression(inner)} ? {self.expression(inner)} : {self.expression(inner)})"
            case 8:
                return f"{pick(_CALLED)}({self.choices.some(3, lambda: self.expression(inner), ', ')})"
            case 9:
                return f"({self.expression(inner)} {pick(_OPERATORS)} {self.expression(inner)})"
            case _:
                return pick(_VARIABLES)

    def statement(self, depth: int = 0) -> str:  # noqa: C901 - a row for each kind
        """Return a statement; below a depth a plain one."""
        pick, inner = self.choices.pick, depth + 1
        match self.choices.below(14 if depth < _DEEPEST else 8):
            case 0 | 1:
                return pick(_LEAVING)
            case 2:
                return f"r = {pick(['0', '-EINVAL', self.constant()])};"
            case 3 | 4:
                return f"{pick(_VARIABLES)} {pick(['=', '|=', '&=', '+='])} {self.expression()};"
            case 5:
                return f"mutex_{pick(['lock', 'unlock'])}(&kvm->{pick(['lock', 'slots_lock'])});"
            case 6:
                return f"return {self.expression()};"
            case 7:
                return f"{self.expression()};"
            case 8 | 9:
                other = f" else {self.statement(inner)}" if self.choices.seldom() else ""
                return f"if ({self.expression()}) {self.statement(inner)}{other}"
            case 10:
                head = pick(["while", "switch"])
                cases = f"case {self.constant()}: {self.statement(inner)} default: {self.statement(inner)}"
                return f"{head} ({self.expression()}) {{ {cases} }}"
            case 11:
                return f"{{ {self.choices.some(3, lambda: self.statement(inner), ' ')} }}"
            case 12:
                return f"\n{pick(_CONDITIONS)}\n{self.statement(inner)}\n#endif\n"
            case _:
                return f"for (i = 0; i < {self.expression()}; i++) {self.statement(inner)}"

    def cases(self) -> str:
        """Return some cases of a handler's switch."""
        return "".join(self._case() for _ in range(self.choices.below(5) + 1))

    def _case(self) -> str:
        labels = self.choices.some(2, lambda: f"\tcase {self._label()}:\n")
        ending = self.choices.pick(["\tbreak;\n", "", "\treturn r;\n", "\tfallthrough;\n"])
        return f"\tcase {self.choices.pick(CAPS)}:\n{labels}\t{self.choices.some(3, self.statement, ' ')}\n{ending}"

    def _label(self) -> str:
        wide = f"{self.constant()} ... {self.constant()}"
        return self.choices.pick([*CAPS, "KVM_CAP_UNKNOWN", self.constant(), "KVM_CAP_T0 ... KVM_CAP_T4", wide])

    def function(self, head: str, what: str) -> str:
        """Return a function that switches over something."""
        return (
            f"{head}\n{{\n\tint r = {self.choices.pick(['0', '-EINVAL', '1'])};\n\t{self.statement()}\n"
            f"\tswitch ({what}) {{\n{self.cases()}\tdefault:\n\t\t{self.statement()}\n\t}}\n"
            f"\t{self.statement()}\nout:\n\treturn r;\n}}\n"
        )

    def member(self, depth: int = 0) -> str:
        """Return a member of a structure."""
        pick = self.choices.pick
        if self.choices.below(4) < 3 or depth > 2:
            kind = pick(
                [
                    "__u8",
                    "__u16",
                    "__u32",
                    "__u64",
                    "int",
                    "long",
                    "char *",
                    "struct kvm_s0",
                    "unsigned",
                    "_Bool",
                    "__s64",
                    "void (*f)(int)",
                ]
            )
            size = self.constant() if self.choices.seldom() else "2"
            return f"{kind} {pick('abcdefg')}{pick(['', '', f'[{size}]', '[]', '[0]', ':3', ':0', f':{size}'])};"
        members = self.choices.some(3, lambda: self.member(depth + 1), " ")
        tail = pick(["", "", "__attribute__((packed))", f"__attribute__((aligned({self.constant()})))"])
        return f"{pick(['struct', 'union'])} {{ {members} }} {pick(['', 'x', 'y[2]'])} {tail};"


_OPERATORS = ["+", "-", "*", "/", "%", "<<", ">>", "|", "&", "^", "&&", "||", "==", "!=", "<", ">", ">="]
