"""cap_enable.flags_checked: the shapes in which handlers test a request's flags, and those that are no test."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

VM = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)"
FAIL = "\treturn -EINVAL;"
OUT = ("out:", "return r;")


def function(head: str, *lines: str) -> str:
    return "\n".join([head, "{", *(f"\t{line}" for line in lines), "}", ""])


def handler(
    *above: str, case: tuple[str, ...] = ("kvm->arch.x = 1;", "r = 0;", "break;"), rest: tuple[str, ...] = ()
) -> str:
    body = ("int r = -EINVAL;", *above, "switch (cap->cap) {", "case KVM_CAP_A:", *case, "}", *(rest or ("return r;",)))
    return function(VM, *body)


def checked(root: Path, text: str, **files: str) -> list[tuple[int | None]]:
    tree = bare_kernel(root, {X86: text, **files})
    query = "SELECT DISTINCT flags_checked FROM cap_enable WHERE cap = 'KVM_CAP_A'"
    return ask([tree], query)


REQUEST = "struct kvm_enable_cap *req"
BAD = function(f"static bool bad({REQUEST})", "return req->flags != 0;")
CHECK = function(f"static int check({REQUEST})", "if (req->flags)", FAIL, "return 0;")
OUTER = function("static int outer(struct kvm *kvm, struct kvm_enable_cap *r)", "return check(r);")
VALUE = function("static bool known(u32 flags)", "return !(flags & ~VALID);")
FETCH = function(f"static u32 flags_of({REQUEST})", "return req->flags;")
PICKY = function("static bool takes_flags(u32 cap)", "return cap == KVM_CAP_B;")
LEAVE = "#define NO_FLAGS(c) do { if ((c)->flags) return -EINVAL; } while (0)\n"
MASKED = "#define UNKNOWN(c) ((c)->flags & ~VALID)\n"
RESERVED = "#define VALID 3u\n#define RESERVED (~VALID)\n"

TESTED = [
    handler("if (cap->flags != 0)", FAIL),
    handler("if (0 != cap->flags)", FAIL),
    handler("if (cap->flags > 0)", FAIL),
    handler("if (unlikely(cap->flags))", FAIL),
    handler("if (WARN_ON_ONCE(cap->flags))", FAIL),
    handler("if (!kvm->ready || cap->flags)", FAIL),
    handler("if ((*cap).flags)", FAIL),
    handler("if (cap->flags)", "\tgoto out;", rest=OUT),
    handler("if (cap->flags) {", "\tr = -EINVAL;", "\tgoto out;", "}", rest=OUT),
    handler("if ((cap->flags & VALID) != cap->flags)", FAIL),
    handler("if ((cap->flags | VALID) != VALID)", FAIL),
    handler("if (cap->flags >= LAST)", FAIL),
    handler("if (!cap->flags) {", rest=("}", "return r;")),
    handler("if (cap->flags == 0) {", rest=("}", "return r;")),
    handler("if (!cap->flags)", rest=("else", "\tr = -EINVAL;", "return r;")),
    handler("r = 0;", "if (cap->flags)", "\tr = -EINVAL;", "else"),
    handler("if (kvm->ready)", "\tif (!cap->flags)", rest=("return r;",)),
    f"#ifdef CONFIG_X\n{CHECK}#endif\n"
    + handler(case=("return -EINVAL;", "#ifdef CONFIG_X", "case KVM_CAP_A:", "\treturn check(cap);", "#endif")).replace(
        "KVM_CAP_A", "KVM_CAP_B", 1
    ),
    RESERVED + handler("if (cap->flags & RESERVED)", FAIL),
    handler("u32 reserved = ~VALID;", "if (cap->flags & reserved)", FAIL),
    handler("u32 unknown = cap->flags & ~VALID;", "if (unknown)", FAIL),
    handler("bool bad = cap->flags != 0;", "if (bad)", FAIL),
    handler("bool good = !cap->flags;", "if (!good)", FAIL),
    handler("int err = 0;", "if (cap->flags)", "\terr = -EINVAL;", "if (err)", "\treturn err;"),
    handler("int err = cap->flags ? -EINVAL : 0;", "if (err)", "\treturn err;"),
    handler("int err;", "err = cap->flags ? -EINVAL : 0;", "if (err < 0)", "\treturn err;"),
    handler("int err;", "if (cap->flags)", "\terr = -EINVAL;", "else", "\terr = 0;", "if (err)", "\treturn err;"),
    handler("int err = 0;", "err |= cap->flags;", "if (err)", FAIL),
    handler("int err;", "if ((err = cap->flags))", FAIL),
    handler("struct kvm_enable_cap *req = cap;", "if (req->flags)", FAIL),
    handler("struct kvm_enable_cap req = *cap;", "if (req.flags)", FAIL),
    handler("struct kvm_enable_cap req;", "memcpy(&req, cap, sizeof(req));", "if (req.flags)", FAIL),
    handler("const __u32 *flags = &cap->flags;", "if (*flags)", FAIL),
    handler("u32 flags = cap->flags;", "flags &= ~VALID;", "if (flags)", FAIL),
    handler("switch (cap->flags) {", "case 0:", "\tbreak;", "default:", FAIL, "}"),
    BAD + handler("if (bad(cap))", FAIL),
    BAD + handler("if (bad(cap) == true)", FAIL),
    BAD + handler("bool wrong = bad(cap);", "if (wrong)", FAIL),
    CHECK + handler("r = check(cap);", "if (r)", "\treturn r;"),
    CHECK + handler("r = check(cap);", "if (r < 0)", "\treturn r;"),
    CHECK + handler("if (check(cap) == -EINVAL)", FAIL),
    CHECK + handler("if ((r = check(cap)) != 0)", "\treturn r;"),
    CHECK + OUTER + handler("r = outer(kvm, cap);", "if (r)", "\tgoto out;", rest=OUT),
    CHECK + handler(case=("return check(cap);",)),
    CHECK + handler(case=("r = check(cap);", "if (r)", "\tbreak;", "kvm->arch.x = 1;", "break;")),
    CHECK + handler(case=("r = check(cap);", "if (!r)", "\tkvm->arch.x = 1;", "break;")),
    VALUE + handler("if (!known(cap->flags))", FAIL),
    FETCH + handler("if (flags_of(cap))", FAIL),
    LEAVE + handler("NO_FLAGS(cap);"),
    LEAVE + handler(case=("NO_FLAGS(cap);", "kvm->arch.x = 1;", "return 0;")),
    MASKED + handler("if (UNKNOWN(cap))", FAIL),
    MASKED + "#define BAD(c) (UNKNOWN(c) || (c)->cap > 9)\n" + handler("if (BAD(cap))", FAIL),
    handler("if (cap->cap == KVM_CAP_A && cap->flags)", FAIL),
    handler("if (cap->flags && cap->cap != KVM_CAP_B)", FAIL),
    handler(case=("if (!cap->flags) {", "\tkvm->arch.x = 1;", "\tr = 0;", "}", "break;")),
    handler(case=("r = 0;", "if (cap->flags)", FAIL, "kvm->arch.x = 1;", "break;")),
    handler(case=("r = 0;", "if (cap->flags)", "\tr = -EINVAL;", "else", "\tkvm->arch.x = 1;", "break;")),
    handler(case=("return cap->flags ? -EINVAL : set(kvm);",)),
    handler(case=("r = cap->flags ? -EINVAL : set(kvm);", "break;")),
    "#ifdef CONFIG_X\n" + handler("if (cap->flags)", FAIL) + "#endif\n",
    handler("#ifdef CONFIG_X", "if (cap->flags)", FAIL, "#else", "if (cap->flags & ~1u)", FAIL, "#endif"),
    function("static int more(struct kvm *kvm, struct kvm_enable_cap *cap)", "switch (cap->cap) {", "case KVM_CAP_A:",
             "\treturn 0;", "}", FAIL) + function(VM, "if (cap->flags)", FAIL, "return more(kvm, cap);"),
]  # fmt: skip


@pytest.mark.parametrize("text", TESTED)
def test_tests_of_the_flags(tmp_path: Path, text: str) -> None:
    assert checked(tmp_path, text) == [(1,)]


UNTESTED = [
    handler("if (cap->flags & 1)", FAIL),
    handler("if (cap->flags & VALID)", FAIL).replace("VALID", "3"),
    handler("if (cap->flags == 4)", FAIL),
    handler("if (!cap->flags)", FAIL),
    handler("if (cap->flags && cap->cap == KVM_CAP_B)", FAIL),
    handler("if (cap->flags && kvm->ready)", FAIL),
    handler("#ifdef CONFIG_X", "if (cap->flags)", FAIL, "#endif"),
    handler("if (IS_ENABLED(CONFIG_X) && cap->flags)", FAIL),
    handler("u32 flags = 0;", "if (flags)", FAIL),
    handler("u32 flags = 0;", case=("if (kvm->arch.flags)", FAIL, "return 0;")),
    handler(case=("kvm->arch.flags |= 1;", "return 0;")),
    handler("if (kvm->flags)", FAIL),
    handler("int err = 0;", "if (cap->flags)", "\terr = -EINVAL;"),
    handler("int err = -EINVAL;", "err = 0;", "if (err)", "\treturn err;"),
    handler("pr_debug(cap->flags);"),
    handler("if (cap->flags)", "\tpr_warn(\"flags\");"),
    handler("if (cap->flags)", "\tr = -EINVAL;"),
    handler(case=("if (cap->flags)", "\tr = -EINVAL;", "r = 0;", "break;")),
    handler(case=("kvm->arch.x = 1;", "return 0;", "case KVM_CAP_B:", "if (cap->flags)", FAIL, "return 0;")),
    BAD + handler("bad(cap);"),
    BAD + handler("if (bad(other))", FAIL),
    function(f"static bool bad({REQUEST})", "return req->flags & 1;") + handler("if (bad(cap))", FAIL),
    function(f"static int check({REQUEST})", "if (req->cap)", FAIL, "return 0;")
    + handler("r = check(cap);", "if (r)", "\treturn r;"),
    function(f"static int check({REQUEST})", "if (req->flags)", "\tpr_warn();", "return 0;")
    + handler("r = check(cap);", "if (r)", "\treturn r;"),
    CHECK + handler("r = check(cap);"),
    "#define NO_FLAGS(c) do { if ((c)->flags) pr_warn(); } while (0)\n" + handler("NO_FLAGS(cap);"),
    "#define SEEN(c) ((c)->flags & 1)\n" + handler("if (SEEN(cap))", FAIL),
    handler("switch (cap->flags) {", "case 0:", "\tbreak;", "default:", "\tbreak;", "}"),
]  # fmt: skip


@pytest.mark.parametrize("text", UNTESTED)
def test_what_is_no_test_of_the_flags(tmp_path: Path, text: str) -> None:
    assert checked(tmp_path, text) == [(0,)]


@pytest.mark.parametrize(
    "text",
    [
        handler("if (valid(cap))", FAIL),
        handler("r = arch_check(kvm, cap);", "if (r)", "\treturn r;"),
        handler("if (IS_ERR(look_up(cap->flags)))", FAIL),
        handler("valid(cap, &r);", "if (r)", "\treturn r;"),
        PICKY + handler("if (cap->flags && !takes_flags(cap->cap))", FAIL),
        handler("while (cap->flags > i)", "\ti++;", "if (i)", FAIL),
        handler("if (({ cap->flags; }))", FAIL),
    ],
)
def test_tests_that_cannot_be_told(tmp_path: Path, text: str) -> None:
    assert checked(tmp_path, text) == [(None,)]


IOCTL = "long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)"


@pytest.mark.parametrize(
    ("lines", "level"),
    [
        (("if (cap.flags)", "\treturn -EINVAL;"), 1),
        ((), 0),
        (("if (cap.flags)", "\tpr_warn();"), 0),
    ],
)
def test_a_test_in_the_caller(tmp_path: Path, lines: tuple[str, ...], level: int) -> None:
    caller = function(IOCTL, "struct kvm_enable_cap cap;", "switch (ioctl) {", "case KVM_ENABLE_CAP:",
                      "if (copy_from_user(&cap, argp, sizeof(cap)))", "\treturn -EFAULT;", *lines,
                      "return kvm_vm_ioctl_enable_cap(kvm, &cap);", "}", "return -ENOTTY;")  # fmt: skip
    assert checked(tmp_path, handler(), **{"virt/kvm/kvm_main.c": caller}) == [(level,)]
