"""vmm_check, vmm_enable and vmm_argument: how capabilities are named, what is passed, what becomes of results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import ask, bare_qemu, lay

from caplint.trees.detect import directory_tree

ALL = "accel/kvm/kvm-all.c"


def _function(*lines: str, head: str = "static int f(KVMState *s)") -> str:
    return "\n".join([head, "{", *(f"\t{line}" for line in lines), "}", ""])


def _ask(root: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    return ask([bare_qemu(root, {ALL: text})], query)


ENABLE = "kvm_vm_enable_cap(s, %s, 0);"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (_function(ENABLE % "KVM_CAP_A"), [("A", "direct")]),
        (_function(ENABLE % "x ? KVM_CAP_A : KVM_CAP_B"), [("A", "direct"), ("B", "direct")]),
        (_function("int c = KVM_CAP_A;", ENABLE % "c"), [("A", "variable")]),
        (_function("int c = x ? KVM_CAP_A : KVM_CAP_B;", ENABLE % "c"), [("A", "variable"), ("B", "variable")]),
        (
            _function("int c = KVM_CAP_A;", "if (x) {", "c = KVM_CAP_B;", "}", ENABLE % "c"),
            [("A", "variable"), ("B", "variable")],
        ),
        (_function("int c = KVM_CAP_A;", "c = KVM_CAP_B;", ENABLE % "c"), [("B", "variable")]),
        (
            _function("int c = KVM_CAP_A;", "if (x) {", "c = KVM_CAP_B;", ENABLE % "c", "}"),
            [("B", "variable")],
        ),
        (_function("int c;", ENABLE % "c", "c = KVM_CAP_A;"), []),
        (
            "static const int caps[] = { KVM_CAP_A, KVM_CAP_B };\n" + _function(ENABLE % "caps[i]"),
            [("A", "table"), ("B", "table")],
        ),
        (
            _function("int caps[] = { KVM_CAP_A };", "for (; i < 1; i++) {", "int c = caps[i];", ENABLE % "c", "}"),
            [("A", "variable")],
        ),
        (
            "static const struct row rows[] = { { KVM_CAP_A, 1 }, { KVM_CAP_B, 2 } };\n"
            + _function(ENABLE % "rows[i].cap"),
            [("A", "table"), ("B", "table")],
        ),
        (
            _function(ENABLE % "c", head="static int try(KVMState *s, int c)") + _function("try(s, KVM_CAP_A);"),
            [("A", "parameter")],
        ),
        (
            _function(ENABLE % "c", head="static int try(KVMState *s, int c)")
            + _function("try(s, c);", head="static int more(KVMState *s, int c)")
            + _function("more(s, KVM_CAP_A);"),
            [("A", "parameter")],
        ),
        (_function(ENABLE % "c", head="static int try(KVMState *s, int c)"), []),
    ],
    ids=[
        "direct", "choice", "variable", "variable of a choice", "set again in a branch", "set again",
        "set in its branch",
        "set afterwards", "table", "loop over a table", "table of structures", "parameter", "parameter twice",
        "parameter that nobody passes",
    ],
)  # fmt: skip
def test_how_a_capability_is_named(tmp_path: Path, text: str, rows: list[tuple[str, str]]) -> None:
    found = _ask(tmp_path, text, "SELECT cap, resolved_via FROM vmm_enable ORDER BY cap")
    assert found == [(f"KVM_CAP_{name}", how) for name, how in rows]


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    text = _function(ENABLE % "row->cap")
    query = "SELECT path, line, function, verb, callee, expression FROM vmm_unresolved"
    assert _ask(tmp_path, text, query) == [(ALL, 3, "f", "enable", "kvm_vm_enable_cap", "row->cap")]


@pytest.mark.parametrize(
    ("line", "flags", "given"),
    [
        ("kvm_vm_enable_cap(s, KVM_CAP_A, 0);", "0", "[]"),
        ("kvm_vm_enable_cap(s, KVM_CAP_A, FLAG, 1, f(2, 3));", "FLAG", '["1", "f(2, 3)"]'),
        ("kvm_vcpu_enable_cap(cs, KVM_CAP_A, 0, x);", "0", '["x"]'),
    ],
)
def test_what_is_passed(tmp_path: Path, line: str, flags: str, given: str) -> None:
    assert _ask(tmp_path, _function(line), "SELECT flags, arguments_written FROM vmm_enable") == [(flags, given)]


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        (
            ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A, .args = { 7 } };", "ioctl(vm_fd, KVM_ENABLE_CAP, &cap);"),
            ("vm", "0", '["7"]'),
        ),
        (
            ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A };", "cap.args[1] = x;", "cap.flags = 3;",
             "ioctl(self->vcpu_fd, KVM_ENABLE_CAP, &cap);"),
            ("vcpu", "3", '["0", "x"]'),
        ),
        (
            ("struct kvm_enable_cap cap = { 0 };", "cap.cap = KVM_CAP_A;", "ioctl(fd, KVM_ENABLE_CAP, &cap);"),
            ("unknown", "0", "[]"),
        ),
        (
            ("struct kvm_enable_cap cap;", "cap.cap = KVM_CAP_A;", "ioctl(fd, KVM_ENABLE_CAP, &cap);"),
            ("unknown", "0", None),
        ),
        (
            ("struct kvm_enable_cap cap = { .cap = KVM_CAP_A, .args[0] = 2 };",
             "ioctl(s->vmfd, KVM_ENABLE_CAP, &cap);"),
            ("vm", "0", '["2"]'),
        ),
    ],
)  # fmt: skip
def test_the_ioctl_itself(tmp_path: Path, lines: tuple[str, ...], row: tuple[str | None, ...]) -> None:
    files = {"include/kvm/kvm.h": "", "kvm-cpu.c": _function(*lines)}
    tree = directory_tree(str(lay(tmp_path, files)))
    assert ask([tree], "SELECT cap, scope, flags, arguments_written FROM vmm_enable") == [("KVM_CAP_A", *row)]


REQUEST = "struct kvm_enable_cap cap = { .cap = KVM_CAP_A, .args[0] = 2 };"


@pytest.mark.parametrize(
    ("lines", "scope"),
    [
        (("kvm_ioctl(s, KVM_ENABLE_CAP, &cap);",), "system"),
        (("kvm_vm_ioctl(s, KVM_ENABLE_CAP, &cap);",), "vm"),
        (("kvm_vcpu_ioctl(cs, KVM_ENABLE_CAP, (void *)&cap);",), "vcpu"),
        (("ioctl(s->fd, KVM_ENABLE_CAP, &cap);",), "system"),
        (('int kvm = qemu_open_old("/dev/kvm", O_RDWR);', "ioctl(kvm, KVM_ENABLE_CAP, &cap);"), "system"),
        (("int n = -1;", "do { n = ioctl(x, KVM_CREATE_VM, 0); } while (n < 0);", "ioctl(n, KVM_ENABLE_CAP, &cap);"),
         "vm"),
        (("p->seat = ioctl(x, KVM_CREATE_VCPU, 0);", "ioctl(p->seat, KVM_ENABLE_CAP, &cap);"), "vcpu"),
        (("int vm_fd = ioctl(x, KVM_CREATE_VCPU, 0);", "ioctl(vm_fd, KVM_ENABLE_CAP, &cap);"), "vcpu"),
        (("int vm_fd = spare(s);", "ioctl(vm_fd, KVM_ENABLE_CAP, &cap);"), "vm"),
        (("int n = ioctl(x, KVM_CREATE_VM, 0);", "if (y) {", "n = ioctl(n, KVM_CREATE_VCPU, 0);", "}",
          "ioctl(n, KVM_ENABLE_CAP, &cap);"), "unknown"),
        (("int n = ioctl(x, KVM_CREATE_VM, 0);", "if (y) {", "n = spare(s);", "}", "ioctl(n, KVM_ENABLE_CAP, &cap);"),
         "unknown"),
        (("ioctl(ioctl(x, KVM_CREATE_VM, 0), KVM_ENABLE_CAP, &cap);",), "vm"),
        (("ioctl(fd, KVM_ENABLE_CAP, &cap);",), "unknown"),
    ],
)  # fmt: skip
def test_the_descriptor_of_an_ioctl(tmp_path: Path, lines: tuple[str, ...], scope: str) -> None:
    found = _ask(tmp_path, _function(REQUEST, *lines), "SELECT cap, scope, arguments_written FROM vmm_enable")
    assert found == [("KVM_CAP_A", scope, '["2"]')]


BRANCHES = ("if (x)", "cap.cap = KVM_CAP_A;", "else", "cap.cap = KVM_CAP_B;")


@pytest.mark.parametrize(
    ("lines", "caps", "given"),
    [
        (("struct kvm_enable_cap cap = { 0 };", *BRANCHES), "AB", None),
        ((REQUEST, "if (x)", "cap.cap = KVM_CAP_B;"), "AB", None),
        ((REQUEST, "cap.cap = KVM_CAP_B;"), "B", '["2"]'),
        (("struct kvm_enable_cap cap = { KVM_CAP_A, 0, { 3 } };",), "A", None),
        (("struct kvm_enable_cap cap;", "cap = (struct kvm_enable_cap){ .cap = KVM_CAP_A };"), "A", "[]"),
        (("struct kvm_enable_cap cap = other;", "cap.cap = KVM_CAP_A;"), "A", None),
    ],
)
def test_a_request_that_depends_on_the_way(
    tmp_path: Path, lines: tuple[str, ...], caps: str, given: str | None
) -> None:
    text = _function(*lines, "kvm_vm_ioctl(s, KVM_ENABLE_CAP, &cap);")
    found = _ask(tmp_path, text, "SELECT cap, arguments_written FROM vmm_enable ORDER BY cap")
    assert found == [(f"KVM_CAP_{cap}", given) for cap in caps]


CALL = "kvm_vm_enable_cap(s, KVM_CAP_A, 0);"
HELPER = _function(f"return {CALL}", head="static int try(KVMState *s)")


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        (_function(CALL), "dropped"),
        (_function(f"(void){CALL}"), ""),
        (_function("int r;", f"r = {CALL}", "return r;"), ""),
        (_function("int r;", f"r = {CALL}", "return 0;"), "unread"),
        (_function("int r;", f"r = {CALL}", "r = g();", "return r;"), "unread"),
        (_function("int r;", f"r = {CALL}", "r = g(r);", "return r;"), ""),
        (_function("int r;", f"r = {CALL}", "if (x)", "r = 0;", "return r;"), ""),
        (_function("int r = 0;", "if (x)", f"r = {CALL}", "return r;"), ""),
        (_function("int r = 0;", "while (!r)", f"r = {CALL}", "return 0;"), ""),
        (_function("int r;", f"r = {CALL}", "goto out;", "out:", "return r;"), ""),
        (_function(f"s->result = {CALL}"), ""),
        (_function(f"if ({CALL[:-1]} < 0)", "g();"), ""),
        (_function(f"g({CALL[:-1]});"), ""),
        (_function(f"return {CALL}"), ""),
        (HELPER + _function("try(s);"), "callers"),
        (HELPER + _function("try(s);", "return try(s);"), ""),
        (HELPER.replace("static ", "") + _function("try(s);"), "callers"),
        (HELPER.replace("static ", ""), ""),
        (HELPER + _function("return try(s);", head="static int more(KVMState *s)") + _function("more(s);"), "callers"),
    ],
    ids=[
        "dropped", "void", "returned through a variable", "never read", "written over", "used in what writes over it",
        "written over sometimes", "assigned sometimes", "read by the loop", "behind a goto", "member", "tested",
        "argument",
        "returned", "all callers drop it", "one caller looks", "of a function that is not static", "no caller in view",
        "through two functions",
    ],
)  # fmt: skip
def test_what_becomes_of_a_result(tmp_path: Path, text: str, ignored: str) -> None:
    assert _ask(tmp_path, text, "SELECT ignored FROM vmm_enable") == [(ignored,)]


TABLE = "#define DEFINE_EXT(ext) .name = #ext, .code = ext\nstruct kvm_ext required[] = {{\n{}}};\n"
READER = "extern struct kvm_ext required[];\n" + _function(
    "for (int i = 0; required[i].name; i++)", "\tif (!kvm_check_extension(s, required[i].code))", "\t\treturn i;"
)


def test_a_table_that_each_architecture_defines(tmp_path: Path) -> None:
    files = {
        ALL: READER,
        "target/arm/kvm.c": TABLE.format("\t{ DEFINE_EXT(KVM_CAP_A) },\n\t{ DEFINE_EXT(KVM_CAP_B) },\n"),
        "target/s390x/kvm.c": TABLE.format('\t{ DEFINE_EXT(KVM_CAP_B) },\n\t{ "c", KVM_CAP_C },\n'),
    }
    tree = bare_qemu(tmp_path, files)
    assert ask([tree], "SELECT cap, arch, path, resolved_via FROM vmm_check ORDER BY cap, arch") == [
        ("KVM_CAP_A", "arm64", ALL, "table"),
        ("KVM_CAP_B", "arm64", ALL, "table"),
        ("KVM_CAP_B", "s390", ALL, "table"),
        ("KVM_CAP_C", "s390", ALL, "table"),
    ]
    assert ask([tree], "SELECT * FROM all_vmm_unresolved") == []


@pytest.mark.parametrize(
    ("reader", "rows"),
    [
        (READER.replace("int f(KVMState *s)", "int f(KVMState *s, struct kvm_ext *required)"), []),
        (READER.replace("required[i].code", "required"), []),
        (READER.replace("for (int", "struct kvm_ext *required = other(); for (int"), []),
    ],
    ids=["a parameter", "the table itself", "a variable"],
)
def test_another_variable_of_the_name_is_not_the_table(tmp_path: Path, reader: str, rows: list[object]) -> None:
    files = {ALL: reader, "target/arm/kvm.c": TABLE.format("\t{ DEFINE_EXT(KVM_CAP_A) },\n")}
    assert ask([bare_qemu(tmp_path, files)], "SELECT cap FROM vmm_check") == rows


def test_a_file_of_an_architecture_reads_its_own_table(tmp_path: Path) -> None:
    files = {
        "target/arm/cpu.c": READER,
        "target/arm/kvm.c": TABLE.format("\t{ DEFINE_EXT(KVM_CAP_A) },\n"),
        "target/s390x/kvm.c": TABLE.format("\t{ DEFINE_EXT(KVM_CAP_B) },\n"),
    }
    assert ask([bare_qemu(tmp_path, files)], "SELECT cap, arch FROM vmm_check") == [("KVM_CAP_A", "arm64")]
