"""cap_argument.validated: uses of an untested argument, of a tested one, and those that need no test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import X86, ask, bare_kernel
from test_request_flags import FAIL, function, handler

HOST = {"arch/x86/include/asm/kvm_host.h": "struct kvm_arch { u64 x; bool truth; u64 table[8]; unsigned long map; };\n"}


def case(*lines: str, above: tuple[str, ...] = ()) -> str:
    return handler("if (cap->flags)", FAIL, *above, case=(*lines, "r = 0;", "break;"))


def arguments(root: Path, text: str, columns: str = "position, validated") -> list[tuple[Any, ...]]:
    tree = bare_kernel(root, {X86: text, **HOST})
    return ask([tree], f"SELECT DISTINCT {columns} FROM cap_argument WHERE cap = 'KVM_CAP_A' ORDER BY position")


STORE = "kvm->arch.x = cap->args[0];"
WHOLE = "struct kvm *kvm, struct kvm_enable_cap *req"
SET = function(f"static int set({WHOLE})", "kvm->arch.x = req->args[0];", "return 0;")
SAFE = function(f"static int set({WHOLE})", "if (req->args[0] > 7)", FAIL, "kvm->arch.x = req->args[0];", "return 0;")
BAD = function("static bool bad(u64 v)", "return v & ~VALID;")
CHECK = function(f"static int check({WHOLE})", "if (req->args[0] & ~VALID)", FAIL, "return 0;")
BITS = function("static u64 valid_bits(void)", "return 3;")
BOOL = function("static int set(struct kvm *kvm, bool on)", "kvm->arch.x = on;", "return 0;")
TAKE = function("static int set(struct kvm *kvm, u64 *args)", "kvm->arch.x = args[0];", "return 0;")
LEAVE = "#define CHECK_ARG(c, i) do { if ((c)->args[i] & ~VALID) return -EINVAL; } while (0)\n"

MISSED = [
    SET + case("set(kvm, cap);"),
    TAKE + case("set(kvm, cap->args);"),
    function("static int set(struct kvm *kvm, u64 *arg)", "kvm->arch.x = *arg;", "return 0;")
    + case("set(kvm, &cap->args[0]);"),
    case("WRITE_ONCE(kvm->arch.x, cap->args[0]);"),
    case("atomic64_set(&kvm->arch.x, cap->args[0]);"),
    case("kvm->arch.table[cap->args[0]] = 1;"),
    case("r = kvm->arch.table[cap->args[0]];"),
    case("if (kvm->arch.table[cap->args[0]])", FAIL),
    case("u64 *args = cap->args;", "kvm->arch.x = args[0];"),
    case("__u64 *arg = &cap->args[0];", "kvm->arch.x = *arg;"),
    case("struct kvm_enable_cap copy = *cap;", "kvm->arch.x = copy.args[0];"),
    case(STORE, "if (cap->args[0] > 7)", FAIL),
    case(STORE, "if (cap->args[0] & ~VALID) {", "\tr = -EINVAL;", "\tbreak;", "}"),
    case("set_bit(cap->args[0], &kvm->arch.map);"),
    case("kvm->arch.map |= BIT(cap->args[0]);"),
    case("kvm->arch.map |= 1ul << cap->args[0];"),
    case("if (!cap->args[0])", FAIL, "set_bit(cap->args[0], &kvm->arch.map);"),
    case("if (cap->args[0] < 2)", FAIL, "kvm->arch.table[cap->args[0]] = 1;"),
    case("if (kvm->ready && cap->args[0] > 7)", FAIL, STORE),
    case("if (cap->args[0] > 7)", "\tpr_warn();", STORE),
    case("if (cap->args[1] > 7)", FAIL, STORE, "x = cap->args[1];"),
    case("u64 v = cap->args[0];", "if (v & ~VALID)", "\tpr_warn();", "kvm->arch.x = v;"),
    case("kvm->arch.x = cap->args[0] >> 4;"),
    case("if (cap->args[0] & 1)", FAIL, STORE),
    case("if (cap->args[0] & 1)", "\tkvm->arch.truth = true;"),
    BAD + case("bad(cap->args[0]);", STORE),
    CHECK + case("check(kvm, cap);", STORE),
    case("switch (cap->args[0]) {", "case 1:", "\tkvm->arch.truth = true;", "\tbreak;", "default:", f"\t{STORE}",
         "\tbreak;", "}"),
]  # fmt: skip


@pytest.mark.parametrize("text", MISSED)
def test_uses_without_a_test(tmp_path: Path, text: str) -> None:
    assert (0, 0) in arguments(tmp_path, text)


GOOD = [
    SAFE + case("r = set(kvm, cap);", "if (r)", "\treturn r;"),
    BOOL + case("set(kvm, cap->args[0]);"),
    CHECK + case("r = check(kvm, cap);", "if (r)", "\tbreak;", STORE),
    BAD + case("if (bad(cap->args[0]))", FAIL, STORE),
    BAD + case("if (!bad(cap->args[0]))", f"\t{STORE}"),
    LEAVE + case("CHECK_ARG(cap, 0);", STORE),
    case("if (!(cap->args[0] & ~VALID)) {", f"\t{STORE}", "}"),
    case("if ((cap->args[0] & ~VALID) == 0)", f"\t{STORE}"),
    case("if ((cap->args[0] & VALID) != cap->args[0])", FAIL, STORE),
    case("u64 a = cap->args[0];", "if ((a & VALID) != a)", FAIL, "kvm->arch.x = a;"),
    case("if (cap->args[0] != (u32)cap->args[0])", FAIL, STORE),
    case("if (cap->args[0] >> 32)", FAIL, STORE),
    case("const u64 valid = A | B;", "if (cap->args[0] & ~valid)", FAIL, STORE),
    case("u64 reserved = ~VALID;", "if (cap->args[0] & reserved)", FAIL, STORE),
    "#define VALID 3ull\n#define RESERVED (~VALID)\n" + case("if (cap->args[0] & RESERVED)", FAIL, STORE),
    BITS + case("if (cap->args[0] & ~valid_bits())", FAIL, STORE),
    case("switch (cap->args[0]) {", "case 0:", "case 1:", f"\t{STORE}", "\tbreak;", "default:", FAIL, "}"),
    case("switch (cap->args[0]) {", "case 0 ... 3:", "\tbreak;", "default:", FAIL, "}", STORE),
    case("int err = 0;", "switch (cap->args[0]) {", "case 1:", "\tbreak;", "default:", "\terr = -EINVAL;", "}",
         "if (err)", "\treturn err;", STORE),
    case("kvm->arch.x = FIELD_GET(MASK, cap->args[0]);"),
    case("kvm->arch.x = min_t(u64, cap->args[0], 7);"),
    case("kvm->arch.x = clamp(cap->args[0], 1, 7);"),
    case("kvm->arch.table[min(cap->args[0], 7)] = 1;"),
    case("kvm->arch.table[cap->args[0] & 7] = 1;"),
    case("kvm->arch.table[cap->args[0] % 8] = 1;"),
    case("kvm->arch.table[!!cap->args[0]] = 1;"),
    case("if (cap->args[0] >= 8)", FAIL, "kvm->arch.table[cap->args[0]] = 1;"),
    case("if (cap->args[0] < 8 && kvm->arch.table[cap->args[0]])", FAIL),
    case("if (cap->args[0] >= 8 || kvm->arch.table[cap->args[0]])", FAIL),
    case("if (cap->args[0] > 63)", FAIL, "set_bit(cap->args[0], &kvm->arch.map);"),
    case("bool on = cap->args[0];", "kvm->arch.x = on;"),
    case("kvm->arch.x = (bool)cap->args[0];"),
    case("u64 v = cap->args[0];", "v &= VALID;", "kvm->arch.x = v;"),
    case("u64 v = cap->args[0];", "if (v > 7)", "\tv = 7;", "kvm->arch.x = v;"),
    case("u64 v = cap->args[0];", "v = min(v, 7);", "kvm->arch.x = v;"),
    case("u64 *args = cap->args;", "if (args[0] > 7)", FAIL, "kvm->arch.x = args[0];"),
    case("int err = 0;", "if (cap->args[0] > 7)", "\terr = -EINVAL;", "if (!err)", f"\t{STORE}"),
    case("bool ok = cap->args[0] <= 7;", "if (ok)", f"\t{STORE}"),
    case("bool ok = cap->args[0] <= 7 && kvm->ready;", "if (!ok)", FAIL, STORE),
    case("if (cap->args[0] > 7) {", "\tr = -EINVAL;", "} else {", f"\t{STORE}", "}"),
    case("kvm->arch.x = cap->args[0] > 7 ? 0 : cap->args[0];"),
    case(STORE, above=("if (cap->args[0] > 7)", FAIL)),
    case(STORE, above=("if (cap->cap == KVM_CAP_A && cap->args[0] > 7)", FAIL)),
    case("if (cap->args[0])", "\tset_bit(3, &kvm->arch.map);"),
    case("if (cap->args[0] & ~3)", FAIL, "if (cap->args[0] & 1)", "\tkvm->arch.truth = true;"),
    case("if (copy_from_user(&x, u64_to_user_ptr(cap->args[0]), 8))", FAIL),
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_uses_behind_a_test_and_uses_of_any_value(tmp_path: Path, text: str) -> None:
    assert arguments(tmp_path, text) == [(0, 1)]


@pytest.mark.parametrize(
    "text",
    [
        case("if (unknown(cap->args[0]))", FAIL, STORE),
        case("if (unknown(cap))", FAIL, STORE),
        case("r = unknown(kvm, cap->args[0]);"),
        case("if (cap->args[0] & kvm_caps.reserved)", FAIL, STORE),
        case("for (i = 0; i < 4; i++)", "\tif (valid[i] == cap->args[0])", "\t\tbreak;", "if (i == 4)", FAIL, STORE),
    ],
)
def test_what_cannot_be_told(tmp_path: Path, text: str) -> None:
    assert arguments(tmp_path, text) == [(0, None)]


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        (case("if ((cap->args[0] & VALID) != cap->args[0])", FAIL, STORE), "VALID"),
        (case("if (*cap->args & ~VALID)", FAIL, "kvm->arch.x = *cap->args;"), "VALID"),
        (case("if ((cap->args[0] | VALID) != VALID)", FAIL, STORE), "VALID"),
        (case("if (!(cap->args[0] & ~VALID))", f"\t{STORE}"), "VALID"),
        (case("int err = cap->args[0] & ~VALID ? -EINVAL : 0;", "if (err)", "\treturn err;", STORE), "VALID"),
        (BAD + case("if (bad(cap->args[0]))", FAIL, STORE), "VALID"),
        (CHECK + case("r = check(kvm, cap);", "if (r)", "\tbreak;", STORE), "VALID"),
        (BITS + case("if (cap->args[0] & ~valid_bits())", FAIL, STORE), "3"),
        ("#define VALID 3ull\n#define RESERVED (~VALID)\n" + case("if (cap->args[0] & RESERVED)", FAIL, STORE),
         "~(RESERVED)"),
        (function("static bool bad(u64 v)", "const u64 known = A | B;", "return v & ~known;")
         + case("if (bad(cap->args[0]))", FAIL, STORE), "A | B"),
        (case("if (cap->args[0] & ~VALID)", "\tpr_warn();"), None),
    ],
)  # fmt: skip
def test_the_bits_that_a_test_accepts(tmp_path: Path, text: str, mask: str | None) -> None:
    assert arguments(tmp_path, text, "mask") == [(mask,)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SET + case("set(kvm, cap);"), [0]),
        (TAKE + case("set(kvm, cap->args);"), [0]),
        (case("u64 *args = cap->args;", "x = args[2];", "y = *(&cap->args[1]);"), [1, 2]),
        (case("__u64 *second = &cap->args[1];", "x = second[1];"), [1, 2]),
        (case("x = *cap->args;"), [0]),
        (case("x = (u32)*cap->args;", "y = *(cap->args + 1);"), [0, 1]),
        (case("u64 *args = cap->args;", "if (*args || *(2 + args))", FAIL), [0, 2]),
        (case("__u64 *second = &cap->args[1];", "x = *second + *(second + 0x1);"), [1, 2]),
        (case("kvm->arch.table[*cap->args] = *&cap->args[3];"), [0, 3]),
    ],
)
def test_the_arguments_that_are_read(tmp_path: Path, text: str, found: list[int]) -> None:
    assert [position for position, _ in arguments(tmp_path, text)] == found
