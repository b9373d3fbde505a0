"""What the call graph needs of one file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caplint.facts.extract import extract
from caplint.knowledge.languages import OUTLINE


def _tables(text: str) -> dict[str, list[Any]]:
    (record,) = extract(text.encode(), OUTLINE).records
    tables: dict[str, list[Any]] = json.loads(record[0])
    return tables


def _texts(tables: dict[str, list[Any]], table: str, *columns: int) -> list[str]:
    return [tables["texts"][row[column]] for row in tables[table] for column in columns]


def test_functions_with_their_linkage_and_type() -> None:
    tables = _tables(
        "static struct vcpu_vmx *to_vmx(struct kvm_vcpu *vcpu)\n{\n}\n"
        "int __weak arch_init(void)\n{\n}\nint __attribute__((weak)) arch_exit(void)\n{\n}\n"
        "int run(int a, int b)\n{\n}\n"
    )
    assert [(row[0], row[1], row[2], row[4], row[5]) for row in tables["functions"]] == [
        ("to_vmx", 1, 1, ["vcpu"], "struct vcpu_vmx"),
        ("arch_init", 4, 2, [], "int"),
        ("arch_exit", 7, 2, [], "int"),
        ("run", 10, 0, ["a", "b"], "int"),
    ]


@pytest.mark.parametrize(
    ("head", "linkage"),
    [
        ("__weak void", 2), ("__weak\nvoid", 2), ("__attribute__((weak)) void", 2),
        ("__attribute__((__weak__)) s *", 2),
        ("static void", 1), ("__init static void", 1), ("/* __weak */ void", 0), ("#define W __weak\nvoid", 0),
        ("int weak;\nvoid", 0), ("int __weak a(void)\n{\n}\nvoid", 0), ("__init void", 0),
    ],
)  # fmt: skip
def test_attributes_that_stand_before_the_type(head: str, linkage: int) -> None:
    functions = _tables(f"{head} run(int a)\n{{\n}}\n")["functions"]
    assert [row[2] for row in functions if row[0] == "run"] == [linkage]


def test_a_name_that_a_macro_makes_is_the_invocation() -> None:
    tables = _tables("int glue(load, SUFFIX)(int a)\n{\n    return f(a);\n}\n")
    assert [row[0] for row in tables["functions"]] == ["glue(load, SUFFIX)"]


def test_calls_stand_under_their_labels() -> None:
    tables = _tables(
        "int f(int r)\n{\n    before();\n    switch (r) {\n    case KVM_RUN:\n    case KVM_GET_REGS:\n        both();\n"
        "        break;\n    case KVM_SET_REGS: {\n        one();\n        return 0;\n    }\n"
        "    default:\n        other();\n    }\n"
        "    return after();\n}\n"
    )
    called = {row[1]: tables["texts"][row[4]] for row in tables["calls"]}
    assert called == {
        "before": "", "both": "KVM_RUN KVM_GET_REGS", "one": "KVM_SET_REGS", "other": "", "after": "",
    }  # fmt: skip


def test_calls_have_their_conditions() -> None:
    tables = _tables("int f(void)\n{\n#ifdef CONFIG_A\n    a();\n#else\n    b();\n#endif\n}\n")
    assert {row[1]: tables["texts"][row[3]] for row in tables["calls"]} == {"a": "CONFIG_A", "b": "!CONFIG_A"}


def test_what_is_handed_on_may_be_a_function() -> None:
    tables = _tables(
        "int f(int local)\n{\n    int mine = 0;\n"
        "    each(list, local, mine, &callback, other, NULL, FLAG, 3, g(inner));\n}\n"
    )
    assert {row[1]: row[5] for row in tables["calls"]} == {
        "each": [[0, "list"], [3, "callback"], [4, "other"]],
        "g": [[0, "inner"]],
    }


def test_a_remote_procedure_is_handed_on() -> None:
    tables = _tables("int f(void)\n{\n    return call(conn, 0, REMOTE_PROC_DOMAIN_CREATE, NULL);\n}\n")
    assert [2, "REMOTE_PROC_DOMAIN_CREATE"] in tables["calls"][0][5]


def test_a_pointer_that_was_handed_in_is_no_function() -> None:
    assert _tables("int f(int (*cb)(int))\n{\n    return cb(1);\n}\n")["calls"] == []


def test_initialisers_by_member() -> None:
    tables = _tables(
        "static const struct ops our_ops = { .get = do_get, .inner = { .set = &do_set }, .count = 3, .flag = FLAG };\n"
        "static int (*const table[])(int) = { [EXIT_A] = on_a, on_b };\n"
        'static const Command commands[] = {\n    { .name = "a, {b}", .run = run_a },\n    { "b", run_b },\n};\n'
    )
    assert [(row[1], row[2], row[3], row[4]) for row in tables["entries"]] == [
        ("our_ops", "struct ops", ".get", "do_get"),
        ("our_ops", "struct ops", ".inner.set", "do_set"),
        ("table", "int", "[]", "on_a"),
        ("table", "int", "#1", "on_b"),
        ("commands", "Command", "#0.run", "run_a"),
        ("commands", "Command", "#1#1", "run_b"),
    ]


def test_assignments_of_what_may_be_a_function() -> None:
    tables = _tables(
        "void f(AccelClass *ac, struct info *info, int n)\n{\n    ac->init_machine = kvm_init;\n    hook = &our_hook;\n"
        "    ac->class_init = info->class_init;\n    ac->count = n;\n    ac->other = info->else_where;\n    n = 3;\n}\n"
    )
    assert [(row[1], row[2]) for row in tables["stores"]] == [
        ("ac->init_machine", "kvm_init"),
        ("hook", "&our_hook"),
        ("ac->class_init", "info->class_init"),
        ("ac->count", "n"),  # handed in, so it may be a function
    ]
    assert sorted((row[1], row[2]) for row in tables["variables"]) == [("ac", "AccelClass"), ("info", "struct info")]


def test_types_of_what_calls_go_through() -> None:
    tables = _tables(
        "extern struct ops global_ops;\nstruct s { struct ops *ops; int n; int (*run)(int); };\n"
        "typedef struct _s s_t;\ntypedef s_t *s_ptr;\n"
        "int f(struct s *s)\n{\n    const struct dev *dev = 0, *unused;\n    dev->read(dev);\n"
        "    return s->ops->get(s);\n}\n"
    )
    assert sorted((row[0], row[1], row[2]) for row in tables["variables"]) == [
        (-1, "global_ops", "struct ops"), (0, "dev", "struct dev"), (0, "s", "struct s"),
    ]  # fmt: skip
    assert [(row[0], row[1], row[3]) for row in tables["members"]] == [("s", "ops", 0), ("s", "run", 2)]
    assert tables["typedefs"] == [["s_t", "_s"], ["s_ptr", "s_t"]]


def test_macros_and_what_is_registered() -> None:
    tables = _tables(
        "#define enable(s, cap) ioctl_wrapper(s, cap)\n#define ALIAS do_it\n#define NUMBER 3\n"
        "#define field(x) ((x)->y)\n"
        "type_init(register_types)\n"
    )
    assert [(row[0], row[1], row[2]) for row in tables["macros"]] == [
        ("enable", ["s", "cap"], "ioctl_wrapper(s, cap)"), ("ALIAS", None, "do_it"), ("field", ["x"], ""),
    ]  # fmt: skip
    assert tables["uses"] == [["type_init", "register_types", 5]]


def test_what_cannot_be_read_is_a_blind_spot() -> None:
    (record,) = extract(b"int f(void)\0{", OUTLINE).records
    assert type(record).__name__ == "BlindSpot"
