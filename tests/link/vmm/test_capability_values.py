"""Which capability a call names, through constants, helpers, tables and macros; where it cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu, lay

from caplint.trees.detect import parse_tree
from caplint.trees.tree import Tree

ALL = "accel/kvm/kvm-all.c"
CAP = "kvm_vm_enable_cap(s, %s, 0);"


def _function(*lines: str, head: str = "static int f(KVMState *s, int mode)") -> str:
    return "\n".join([head, "{", *(f"\t{line}" for line in lines), "}", ""])


def _tree(root: Path, text: str) -> Tree:
    return bare_qemu(root, {ALL: text})


def _use(expression: str, *before: str) -> str:
    return _function(*before, CAP % expression)


def _named(root: Path, text: str) -> str:
    query = "SELECT group_concat(name, '') FROM (SELECT DISTINCT substr(cap, 9) AS name FROM vmm_enable ORDER BY 1)"
    return str(ask([_tree(root, text)], query)[0][0] or "")


def _unknown(root: Path, text: str) -> list[str]:
    return [expression for (expression,) in ask([_tree(root, text)], "SELECT expression FROM vmm_unresolved")]


ROWS = 'static const struct row { char *name; int cap; } rows[] = { { "a", KVM_CAP_A }, { "b", KVM_CAP_B } };\n'
FIELDS = (
    "static const struct row rows[] = { [ONE] = { .cap = KVM_CAP_A, .needs = KVM_CAP_N },"
    " [TWO] = { .needs = KVM_CAP_N, .cap = KVM_CAP_B } };\n"
)
ONE = "static const struct row one = { .cap = KVM_CAP_A };\n"
OF_MODE = "static int cap_of(int m)\n{\n\tint c = KVM_CAP_A;\n\tif (m)\n\t\tc = KVM_CAP_B;\n\treturn c;\n}\n"
FIND = (
    "static const struct row *find(int m)\n{\n\tfor (int i = 0; i < 2; i++)\n\t\tif (m == i)\n"
    "\t\t\treturn &rows[i];\n\treturn NULL;\n}\n"
)
ENABLE_ROW = _function(CAP % "r->cap", head="static int enable(KVMState *s, const struct row *r)")

CONSTANTS = {
    "define": ("#define FEATURE KVM_CAP_A\n" + _use("FEATURE"), "A"),
    "define of a define": ("#define FEATURE OTHER\n#define OTHER (KVM_CAP_A)\n" + _use("FEATURE"), "A"),
    "define under #ifdef": (
        "#ifdef X\n#define FEATURE KVM_CAP_A\n#else\n#define FEATURE KVM_CAP_B\n#endif\n" + _use("FEATURE"),
        "AB",
    ),
    "macro that pastes": ("#define CAP(x) KVM_CAP_##x\n" + _use("CAP(A)"), "A"),
    "enumerator": ("enum { FEATURE = KVM_CAP_A, OTHER };\n" + _use("FEATURE"), "A"),
    "constant of the file": ("static const unsigned feature = KVM_CAP_A;\n" + _use("feature"), "A"),
    "variable of the file": (
        "static int feature;\n" + _function("feature = KVM_CAP_A;", head="static void init(void)") + _use("feature"),
        "A",
    ),
    "member set elsewhere": (
        _function("s->ring = KVM_CAP_A;", head="static void init(KVMState *s)") + _use("s->ring"),
        "A",
    ),
    "cast": (_use("(uint32_t)KVM_CAP_A"), "A"),
    "names in a condition": (_use("mode == KVM_CAP_C ? KVM_CAP_A : KVM_CAP_B"), "AB"),
}
HELPERS = {
    "returns": (
        _function("if (m)", "return KVM_CAP_A;", "return KVM_CAP_B;", head="int of(int m)") + _use("of(1)"),
        "AB",
    ),
    "returns a variable": (OF_MODE + _use("cap", "int cap = cap_of(mode);"), "AB"),
    "returns from a switch": (
        _function("switch (m) {", "case 1:", "return KVM_CAP_A;", "}", "return -1;", head="int of(int m)")
        + _use("of(1)"),
        "A",
    ),
    "returns its argument": (_function("return c;", head="int same(int c)") + _use("same(KVM_CAP_A)"), "A"),
    "calls itself": (_function("return m ? KVM_CAP_A : of(m - 1);", head="int of(int m)") + _use("of(1)"), "A"),
    "a row": (ROWS + FIND + _use("r->cap", "const struct row *r = find(mode);"), "AB"),
}
FLOW = {
    "switch": (
        _use(
            "cap",
            "int cap;",
            "switch (mode) {",
            "case 1:",
            "cap = KVM_CAP_A;",
            "break;",
            "case 2:",
            "cap = KVM_CAP_B;",
            "break;",
            "default:",
            "return 0;",
            "}",
        ),
        "AB",
    ),
    "switch with every case": (
        _use(
            "cap",
            "int cap = KVM_CAP_C;",
            "switch (mode) {",
            "case 1:",
            "cap = KVM_CAP_A;",
            "break;",
            "default:",
            "cap = KVM_CAP_B;",
            "break;",
            "}",
        ),
        "AB",
    ),
    "switch without a default": (
        _use("cap", "int cap = KVM_CAP_C;", "switch (mode) {", "case 1:", "cap = KVM_CAP_A;", "break;", "}"),
        "AC",
    ),
    "inside a case": (
        _function("int cap = KVM_CAP_C;", "switch (mode) {", "case 1:", "cap = KVM_CAP_A;", CAP % "cap", "}"),
        "A",
    ),
    "falls through": (
        _function(
            "int cap = KVM_CAP_C;", "switch (mode) {", "case 1:", "cap = KVM_CAP_A;", "case 2:", CAP % "cap", "}"
        ),
        "AC",
    ),
    "both branches": (
        _use("cap", "int cap = KVM_CAP_C;", "if (mode) {", "cap = KVM_CAP_A;", "} else {", "cap = KVM_CAP_B;", "}"),
        "AB",
    ),
    "in a return": (_function("int cap = KVM_CAP_A;", "return " + CAP % "cap"), "A"),
    "branch that leaves": (
        _use("cap", "int cap = KVM_CAP_B;", "if (mode) {", "cap = KVM_CAP_A;", "return g(cap);", "}"),
        "B",
    ),
    "next round": (
        _function("int cap = KVM_CAP_A;", "while (mode--) {", CAP % "cap", "cap = KVM_CAP_B;", "}"),
        "AB",
    ),
}
TABLES = {
    "pointer": (ROWS + _use("r->cap", "const struct row *r = &rows[mode];"), "AB"),
    "pointer to one row": (ROWS + _use("r->cap", "const struct row *r = &rows[1];"), "B"),
    "walk": (ROWS + _function("const struct row *r;", "for (r = rows; r->name; r++)", CAP % "r->cap"), "AB"),
    "arithmetic": (ROWS + _use("r->cap", "const struct row *r = rows + mode;"), "AB"),
    "copy": (ROWS + _use("r.cap", "struct row r = rows[mode];"), "AB"),
    "number in Linux": (_use("223"), "DIRTY_LOG_RING_ACQ_REL"),
    "numbers": (
        "static const int caps[] = { KVM_CAP_A, KVM_CAP_B, 0 };\n"
        + _function("const int *p;", "for (p = caps; *p; p++)", CAP % "*p"),
        "AB",
    ),
    "constant index": (ROWS + _use("rows[1].cap"), "B"),
    "named index": (FIELDS + _use("rows[TWO].cap"), "B"),
    "members by name": (FIELDS + _use("rows[mode].cap"), "AB"),
    "members by position": (
        "struct row { int cap; int needs; };\nstatic const struct row rows[] = { { KVM_CAP_A, KVM_CAP_N } };\n"
        + _use("rows[mode].cap"),
        "A",
    ),
    "rows of a macro": (
        "#define ROW(x) { #x, KVM_CAP_##x }\nstatic struct row rows[] = { ROW(A), ROW(B) };\n" + _use("rows[mode].cap"),
        "AB",
    ),
    "constants": ("#define MY_A KVM_CAP_A\nstatic const int caps[] = { MY_A };\n" + _use("caps[mode]"), "A"),
    "one structure": (ONE + _use("one.cap"), "A"),
    "pointer in the file": (ONE + "static const struct row *const p = &one;\n" + _use("p->cap"), "A"),
    "pointers": (ONE + "static const struct row *rows[] = { &one };\n" + _use("rows[mode]->cap"), "A"),
    "row for a parameter": (ROWS + ENABLE_ROW + _function("enable(s, &rows[0]);"), "A"),
    "in the function": (
        _use("t[mode].cap", "static const struct row t[] = { { KVM_CAP_A, 1 }, { KVM_CAP_B, 2 } };"),
        "AB",
    ),
}
MACROS = {
    "expression": ("#define ENABLE(st, c) kvm_vm_enable_cap((st), (c), 0)\n" + _function("ENABLE(s, KVM_CAP_A);"), "A"),
    "statement": (
        "#define ENABLE(st, c) do { if (kvm_vm_enable_cap(st, c, 0) < 0) abort(); } while (0)\n"
        + _function("ENABLE(s, KVM_CAP_A);"),
        "A",
    ),
    "pasted": ("#define ENABLE(c) kvm_vm_enable_cap(s, KVM_CAP_ ## c, 0)\n" + _function("ENABLE(A);"), "A"),
    "pasted behind a family": (
        "#define ENABLE(c) kvm_vm_enable_cap(s, KVM_CAP_X86_##c, 0)\n" + _function("ENABLE(A);"),
        "X86_A",
    ),
    "no parameter for it": (
        "#define ENABLE_A(st) kvm_vm_enable_cap(st, KVM_CAP_A, 0)\n" + _function("ENABLE_A(s);"),
        "A",
    ),
    "in a macro": (
        "#define ENABLE(st, c) kvm_vm_enable_cap(st, c, 0)\n#define TRY(c) ENABLE(s, c)\n"
        + _function("TRY(KVM_CAP_A);"),
        "A",
    ),
    "more arguments": (
        "#define ENABLE(st, c, ...) kvm_vm_enable_cap(st, c, 0, ##__VA_ARGS__)\n"
        + _function("ENABLE(s, KVM_CAP_A, 1);", "ENABLE(s, KVM_CAP_B);"),
        "AB",
    ),
    "with the request": (
        "#define ENABLE(fd, c) ({ struct kvm_enable_cap e = { .cap = (c), }; ioctl(fd, KVM_ENABLE_CAP, &e); })\n"
        + _function("ENABLE(vmfd, KVM_CAP_A);"),
        "A",
    ),
}
REQUEST = "kvm_vm_ioctl(s, KVM_ENABLE_CAP, %s);"
REQUESTS = {
    "by position": (_function("struct kvm_enable_cap e = { KVM_CAP_A };", REQUEST % "&e"), "A"),
    "of the file": ("static struct kvm_enable_cap e = { .cap = KVM_CAP_A };\n" + _function(REQUEST % "&e"), "A"),
    "parameter": (
        _function(REQUEST % "e", head="static int g(KVMState *s, struct kvm_enable_cap *e)")
        + _function("struct kvm_enable_cap e = { .cap = KVM_CAP_A };", "g(s, &e);"),
        "A",
    ),
    "literal": (_function(REQUEST % "&(struct kvm_enable_cap){ .cap = KVM_CAP_A }"), "A"),
}
SHAPES = {
    f"{kind}: {name}": shape
    for kind, shapes in (
        ("constant", CONSTANTS),
        ("helper", HELPERS),
        ("flow", FLOW),
        ("table", TABLES),
        ("macro", MACROS),
        ("request", REQUESTS),
    )
    for name, shape in shapes.items()
}


@pytest.mark.parametrize(("text", "caps"), SHAPES.values(), ids=SHAPES)
def test_named_capabilities(tmp_path: Path, text: str, caps: str) -> None:
    assert (_named(tmp_path, text), _unknown(tmp_path / "again", text)) == (caps, [])


BLIND = {
    "function that is not in view": (_use("extern_cap(mode)"), "", ["extern_cap(mode)"]),
    "number": (_use("9223"), "", ["9223"]),
    "next enumerator": ("enum { FEATURE = KVM_CAP_A, OTHER };\n" + _use("OTHER"), "", ["OTHER"]),
    "set through its address": (_use("cap", "int cap = KVM_CAP_A;", "choose(&cap);"), "A", ["cap"]),
    "one branch only": (_use("cap", "int cap = KVM_CAP_A;", "if (mode)", "cap = extern_cap();"), "A", ["cap"]),
    "member of an argument": (
        _function(CAP % "row->cap", head="static int f(KVMState *s, struct row *row)"),
        "",
        ["row->cap"],
    ),
    "two members without names": (
        "static const struct row rows[] = { { KVM_CAP_A, KVM_CAP_N } };\n" + _use("rows[mode].cap"),
        "",
        ["rows[mode].cap"],
    ),
}


@pytest.mark.parametrize(("text", "caps", "expressions"), BLIND.values(), ids=BLIND)
def test_sites_that_cannot_be_told(tmp_path: Path, text: str, caps: str, expressions: list[str]) -> None:
    assert (_named(tmp_path, text), _unknown(tmp_path / "again", text)) == (caps, expressions)


def test_an_index_that_only_looks_like_a_number(tmp_path: Path) -> None:
    """Unicode calls a superscript a digit."""
    assert _named(tmp_path, ROWS + _use("rows[\u00b2].cap")) == "AB"


def test_site_that_cannot_be_told_is_a_blind_spot(tmp_path: Path) -> None:
    rows = ask([_tree(tmp_path, _use("extern_cap(mode)"))], "SELECT tree, path, line, stop - start, reason FROM blind")
    reason = "kvm_vm_enable_cap() enables a capability that is not known: `extern_cap(mode)`"
    assert rows == [("qemu", ALL, 3, 0, reason)]


def test_check_that_cannot_be_told_may_be_the_check(tmp_path: Path) -> None:
    text = _function("if (!kvm_check_extension(s, extern_cap(mode)))", "return 0;", CAP % "KVM_CAP_A")
    assert ask([_tree(tmp_path, text)], "SELECT cap, found_by FROM checked_before") == [("KVM_CAP_A", "unknown check")]


def test_result_of_an_own_macro(tmp_path: Path) -> None:
    macros = (
        "#define TRY(c) kvm_vm_enable_cap(s, c, 0)\n#define TRY_ON(c) do { TRY(c); } while (0)\n"
        "#define TRY_VOID(c) do { (void)TRY(c); } while (0)\n"
    )
    calls = _function(
        "TRY(KVM_CAP_A);", "if (TRY(KVM_CAP_B))", "return 1;", "TRY_ON(KVM_CAP_C);", "TRY_VOID(KVM_CAP_D);"
    )
    rows = ask([_tree(tmp_path, macros + calls)], "SELECT substr(cap, 9), callee, ignored FROM vmm_enable ORDER BY 1")
    assert rows == [("A", "TRY", "dropped"), ("B", "TRY", ""), ("C", "TRY_ON", "dropped"), ("D", "TRY_VOID", "")]


def test_part_of_a_pasted_name_is_no_name(tmp_path: Path) -> None:
    text = "#define HAS(c) kvm_check_extension(s, KVM_CAP_X86_ ## c)\n#define CAT(c) c ## KVM_CAP_ODD\n" + _function(
        "HAS(A);"
    )
    assert ask([_tree(tmp_path, text)], "SELECT cap, kind FROM cap_use") == [("KVM_CAP_X86_A", "pasted")]


def test_pasted_name_in_code_is_not_required(tmp_path: Path) -> None:
    text = "#define HAS(c) kvm_check_extension(s, KVM_CAP_##c)\n" + _function("return HAS(A);")
    assert ask([_tree(tmp_path, text)], "SELECT cap, verb FROM vmm_check") == [("KVM_CAP_A", "check")]


OWN = "static int kvm_check_extension(unsigned cap)\n{\n\treturn ioctl(kvm_fd, KVM_CHECK_EXTENSION, cap);\n}\n"


def test_functions_of_another_program_are_its_own(tmp_path: Path) -> None:
    text = OWN + "int f(void)\n{\n\treturn kvm_check_extension(KVM_CAP_A);\n}\n"
    lay(tmp_path, {"include/linux/kvm.h": "#define KVM_CAP_A 1\n", "main.c": text})
    rows = ask([parse_tree(f"mine=vmm:{tmp_path}")], "SELECT cap, scope, verb FROM vmm_check")
    assert rows == [("KVM_CAP_A", "system", "check")]
