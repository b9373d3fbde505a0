"""Code that macros make, also when another file defines them, and code that cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, Files, ask, bare_kernel

from caplint.link.macros import expansion_plan

FUNCTIONS = "SELECT path, name, line FROM code_function ORDER BY 1, 3, 2"
CASES = """
    SELECT l.low, l.line, c.text FROM case_label l JOIN all_file f ON f.blob = l.blob
    JOIN condition c ON c.id = l.condition WHERE f.expanded ORDER BY l.line, l.start
"""
UNEXPANDED = "SELECT path, line, name, reason FROM unexpanded ORDER BY 1, 2"
HOST = "arch/x86/include/asm/kvm_host.h"
OPS = "arch/x86/include/asm/kvm-my-ops.h"

ACCESSOR = "#define ACCESSOR(f) \\\n\tstatic inline int get_##f(struct v *v) { return v->f; }\n"


def test_functions_of_a_macro_of_the_same_file(tmp_path: Path) -> None:
    files = {HOST: ACCESSOR + "ACCESSOR(one)\nACCESSOR(two)\nint last(void)\n{\n\treturn 0;\n}\n"}
    assert ask([bare_kernel(tmp_path, files)], FUNCTIONS) == [
        (HOST, "get_one", 3),
        (HOST, "get_two", 4),
        (HOST, "last", 5),
    ]


def test_functions_of_a_macro_of_a_header(tmp_path: Path) -> None:
    files = {HOST: ACCESSOR, X86: "#include <asm/kvm_host.h>\nACCESSOR(one);\n"}
    assert ask([bare_kernel(tmp_path, files)], FUNCTIONS) == [(X86, "get_one", 2)]


def test_another_architecture_is_not_asked(tmp_path: Path) -> None:
    files = {"arch/s390/include/asm/kvm_host.h": ACCESSOR, X86: "ACCESSOR(one)\nint x;\n"}
    reason = "ACCESSOR is not defined in the files that were read"
    assert ask([bare_kernel(tmp_path, files)], UNEXPANDED) == [(X86, 1, "ACCESSOR", reason)]


def test_definitions_that_contradict_each_other_are_not_chosen_from(tmp_path: Path) -> None:
    files = {HOST: ACCESSOR, "arch/x86/kvm/mine.h": "#define ACCESSOR(f) int f;\n", X86: "ACCESSOR(one)\nint x;\n"}
    assert ask([bare_kernel(tmp_path, files)], UNEXPANDED) == [(X86, 1, "ACCESSOR", "ACCESSOR is defined in 2 ways")]


def test_definitions_under_conditions_that_exclude_each_other(tmp_path: Path) -> None:
    one, other = (f"#define MAKE(n) int n##_{name}(void) {{ return 1; }}\n" for name in "ab")
    text = f"#ifdef CONFIG_A\n{one}#else\n{other}#endif\n"
    query = "SELECT d.name, c.text FROM code_function d JOIN condition c ON c.id = d.condition ORDER BY 1"
    found = ask([bare_kernel(tmp_path, {X86: text + "MAKE(f)\nint x;\n"})], query)
    assert found == [("f_a", "CONFIG_A"), ("f_b", "!CONFIG_A")]


HEAD = "#define HANDLER(name, what) int name##_##what(struct kvm *kvm, long ext)\n"
HANDLED = "{\n\tswitch (ext) {\n\tcase KVM_CAP_HLT:\n\t\treturn 1;\n\t}\n\treturn 0;\n}\n"


def test_functions_whose_head_a_macro_makes(tmp_path: Path) -> None:
    before, after = "int before(int a)\n{\n\treturn a;\n}\n", "int after(int a)\n{\n\treturn a;\n}\n"
    text = f"{before}HANDLER(kvm_vm_ioctl, check_extension)\n{HANDLED}{after}"
    tree = bare_kernel(
        tmp_path, {UAPI: "#define KVM_CAP_HLT 1\n", HOST: HEAD, X86: "#include <asm/kvm_host.h>\n" + text}
    )
    assert ask([tree], FUNCTIONS) == [
        (X86, "before", 2), (X86, "kvm_vm_ioctl_check_extension", 6), (X86, "after", 14),
    ]  # fmt: skip
    assert ask([tree], "SELECT cap, path, line, function FROM cap_check") == [
        ("KVM_CAP_HLT", X86, 9, "kvm_vm_ioctl_check_extension")
    ]


SWITCH = """\
int f(int a)
{
	switch (a) {
	CASE2(A_X):
		return 1;
#ifdef CONFIG_B
	CASE2(A_Y):
		return 2;
#endif
	case A_Z:
		return 3;
	}
	return 0;
}
"""


@pytest.mark.parametrize("where", [X86, HOST])
def test_labels(tmp_path: Path, where: str) -> None:
    define = "#define CASE2(x) case (x): case (x) + 1\n"
    files: Files = {HOST: "", X86: SWITCH}
    files = {**files, where: define + (SWITCH if where == X86 else "")}
    line = 1 if where == X86 else 0
    assert ask([bare_kernel(tmp_path, files)], CASES) == [
        ("(A_X)", 4 + line, "1"),
        ("(A_X) + 1", 4 + line, "1"),
        ("(A_Y)", 7 + line, "CONFIG_B"),
        ("(A_Y) + 1", 7 + line, "CONFIG_B"),
        ("A_Z", 10 + line, "1"),
    ]


def test_labels_of_an_unknown_macro_are_named(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {X86: SWITCH})
    reason = "CASE2 is not defined in the files that were read"
    assert ask([tree], UNEXPANDED) == [(X86, 4, "CASE2", reason)]
    assert ask([tree], "SELECT low FROM case_label l JOIN file f ON f.blob = l.blob") == [("A_Z",)]
    assert ask([tree], "SELECT * FROM blind") == []


def test_the_capability_of_a_made_label_counts(tmp_path: Path) -> None:
    handler = """\
#define ANSWER(x) case KVM_CAP_##x: return 1
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	ANSWER(HLT);
	case KVM_CAP_IRQCHIP:
		return 1;
	}
	return 0;
}
"""
    files = {UAPI: "#define KVM_CAP_IRQCHIP 0\n#define KVM_CAP_HLT 1\n", X86: handler}
    found = ask([bare_kernel(tmp_path, files)], "SELECT cap, line FROM cap_check ORDER BY line")
    assert found == [("KVM_CAP_HLT", 5), ("KVM_CAP_IRQCHIP", 6)]


LIST = """\
#if !defined(OP) || !defined(OP_OPTIONAL)
BUILD_BUG_ON(1)
#endif
OP(run)
#ifdef CONFIG_SMM
OP_OPTIONAL(smi)
#endif
#undef OP
#undef OP_OPTIONAL
"""


def test_a_list_is_read_as_each_includer_means_it(tmp_path: Path) -> None:
    text = """\
#define OP(f) int x_##f(void) { return ops.f(); }
#define OP_OPTIONAL OP
#include <asm/kvm-my-ops.h>
void update(void)
{
#define OP(f) set(ops.f);
#define OP_OPTIONAL(f) maybe(ops.f);
#include <asm/kvm-my-ops.h>
}
"""
    tree = bare_kernel(tmp_path, {OPS: LIST, X86: text})
    assert ask([tree], FUNCTIONS) == [(X86, "x_run", 3), (X86, "x_smi", 3), (X86, "update", 4)]
    calls = """SELECT k.callee, k.arguments, k.line, c.text FROM call k JOIN all_file f ON f.blob = k.blob
               JOIN condition c ON c.id = k.condition WHERE f.expanded AND k.function = 'update' ORDER BY k.start"""
    assert ask([tree], calls) == [("set", '["ops.run"]', 8, "1"), ("maybe", '["ops.smi"]', 8, "CONFIG_SMM")]
    assert ask([tree], UNEXPANDED) == []


MACRO = "#define F(x) int f##x(struct kvm *kvm) { return x; }\n"


INCLUDED = {
    X86: '#define F(x) int f##x(void) { return x; }\n#include "list.h"\n#include "list.h"\n',
    "arch/x86/kvm/list.h": "".join(f"F({at})\n" for at in range(15)),
}


WRITTEN = {X86: MACRO + "".join(f"F({at})\n" for at in range(30))}


@pytest.mark.parametrize("files", [WRITTEN, INCLUDED], ids=["written", "included"])
def test_what_is_not_expanded_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]
) -> None:
    tree = bare_kernel(tmp_path, files)
    query = "SELECT path, line, reason FROM unexpanded"
    assert ask([tree], query) == []
    monkeypatch.setattr(expansion_plan, "_MOST_PIECES", 20)
    ((path, line, reason),) = ask([tree], query)
    assert (path, line) == (X86, 22 if files is WRITTEN else 3)
    assert "more than 20 such invocations" in reason
