"""Which functions lead to which: every kind of edge, over trees made for one question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Caplint, Files, lay, qemu

START = "int start(void)\n{{\n    {body}\n}}\n"


def _steps(caplint: Caplint, tmp_path: Path, files: Files, *words: str) -> list[tuple[str, str, str]]:
    """Function, edge and how sure it is, from start() to goal(); nothing where there is no way."""
    trees = ("--qemu", qemu(tmp_path / "q", files))
    run = caplint("path", "--from", "start", "--to", "goal", *trees, *words, "--output-format", "json")
    assert (run.status, run.err) == (0, "")
    found: dict[str, Any] = json.loads(run.out)
    ways = [path for path, broken in zip(found["paths"], found["broken"], strict=True) if not broken]
    return [(step["function"], step["edge"], step["sure"]) for step in ways[0]] if ways else []


# What defines a board: a function whose name is pasted together, and one that stores it.
BOARD = "struct board { int (*init)(int); };\nint start(struct board *b)\n{\n    return b->init(2);\n}\n"
MACHINE = (
    "static int NAME(init, a, b)(int n) { return goal(n); } "
    "static void NAME(class, a, b)(void *o) { struct board *m = o; m->init = NAME(init, a, b); }"
)
GOAL = "int goal(int a)\n{\n    return a;\n}\n"
OPS = "struct ops { int (*run)(int); };\nstruct other { int (*run)(int); };\n"
TABLE = OPS + "static int goal(int a)\n{\n    return a;\n}\nconst struct ops ours = { .run = goal };\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"a.c": START.format(body="return goal(1);"), "b.c": GOAL}, [("goal", "direct", "exact")], id="direct"
        ),
        pytest.param(
            {
                "a.c": "#include \"m.h\"\n" + START.format(body="return GO(1);"),
                "m.h": "#define GO(x) goal(x)\n",
                "b.c": GOAL,
            },
            [("GO", "macro", "exact"), ("goal", "direct", "exact")],
            id="macro",
        ),
        pytest.param(
            {"a.c": START.format(body="return alias(1);"), "m.h": "#define alias goal\n", "b.c": GOAL},
            [("alias", "macro", "exact"), ("goal", "direct", "exact")],
            id="a name that stands for it",
        ),
        pytest.param(
            {
                "a.c": START.format(body="return each(list, goal);"),
                "b.c": GOAL,
            }, [("goal", "callback", "exact")], id="callback"
        ),
        pytest.param(
            {"a.c": OPS + "int start(struct ops *o)\n{\n    return o->run(1);\n}\n", "b.c": TABLE},
            [("goal", "table", "type")],
            id="table",
        ),
        pytest.param(
            {
                "a.c": OPS + "int start(struct other *o)\n{\n    return o->run(1);\n}\n",
                "b.c": TABLE,
            }, [], id="another structure"
        ),
        pytest.param(
            {"a.c": "int start(void *o)\n{\n    return pick(o)->run(1);\n}\n", "b.c": TABLE},
            [("goal", "table", "field")],
            id="an unknown structure",
        ),
        pytest.param(
            {
                "a.c": "int start(struct dev *d)\n{\n    return d->inner.o->run(1);\n}\n",
                "dev.h": OPS + "struct dev { struct { struct ops *o; } inner; };\n",
                "b.c": TABLE,
            },
            [("goal", "table", "field")],
            id="a structure inside without a name",
        ),
        pytest.param(
            {
                "a.c": "int start(DevPtr d)\n{\n    return d->o->run(1);\n}\n",
                "dev.h": "typedef struct _Dev Dev;\ntypedef Dev *DevPtr;\nstruct _Dev { struct ops *o; };\n" + OPS,
                "b.c": TABLE,
            },
            [("goal", "table", "type")],
            id="typedefs",
        ),
        pytest.param(
            {
                "a.c": "int start(void)\n{\n    RunClass *rc = RUN_GET_CLASS(0);\n    return rc->run(1);\n}\n",
                "b.c": "static void init(void *oc)\n{\n    RunClass *rc = RUN_CLASS(oc);\n    rc->run = goal;\n}\n"
                + GOAL,
                "run.h": "typedef struct RunClass { int (*run)(int); } RunClass;\n",
            },
            [("goal", "table", "type")],
            id="class_init",
        ),
        pytest.param(
            {
                "a.c": "int start(Object *o)\n{\n    return RUN_GET_CLASS(o)->run(1);\n}\n",
                "run.h": "struct RunClass { int (*run)(int); };\nOBJECT_DECLARE_TYPE(RunState, RunClass, RUN)\n",
                "b.c": GOAL + "static void init(RunClass *rc)\n{\n    rc->run = goal;\n}\n",
            },
            [("goal", "table", "type")],
            id="a cast of QOM",
        ),
        pytest.param(
            {
                "a.c": "int start(struct ti *t)\n{\n    return t->run(1);\n}\n",
                "b.c": "struct ti { int (*run)(int); };\nstruct info { int (*run)(int); };\n"
                "void copy(struct ti *t, struct info *i)\n{\n    t->run = i->run;\n}\n"
                "static const struct info mine = { .run = goal };\n" + GOAL,
            },
            [("goal", "table", "type")],
            id="copied from one structure to another",
        ),
        pytest.param(
            {"a.c": GOAL + "static int (*const on[])(int) = { [1] = goal };\n" + START.format(body="return on[1](2);")},
            [("goal", "table", "exact")],
            id="array",
        ),
        pytest.param(
            {
                "a.c": GOAL + "int (*hook)(int);\nvoid set(void)\n{\n    hook = goal;\n}\n"
                + START.format(body="return hook(2);"),
            },
            [("goal", "table", "exact")],
            id="variable",
        ),
        pytest.param(
            {
                "a.c": START.format(body="module_call_init(1);"),
                "b.c": "void module_call_init(int type)\n{\n}\n" + GOAL + "type_init(goal)\n",
            },
            [("module_call_init", "direct", "exact"), ("goal", "callback", "exact")],
            id="registered",
        ),
        pytest.param(
            {
                "a.c": START.format(body="return init_list__init(0);"),
                "b.c": "int init_list__init(struct kvm *kvm)\n{\n    return 0;\n}\n" + GOAL + "dev_base_init(goal);\n",
            },
            [("init_list__init", "direct", "exact"), ("goal", "callback", "exact")],
            id="registered by kvmtool's macro",
        ),
        pytest.param(
            {"a.c": BOARD, "b.c": f"#define DEFINE(a, b) {MACHINE}\nDEFINE(1, 2);\n" + GOAL},
            [("NAME(init, a, b)", "table", "type"), ("goal", "direct", "exact")],
            id="stored by the macro that defines it",
        ),
        pytest.param(
            {
                "a.c": BOARD,
                "b.c": f"#define INNER(...) {MACHINE}\n".replace("a, b", "__VA_ARGS__")
                + "#define DEFINE(a) INNER(a)\nDEFINE(1);\n" + GOAL,
            },
            [("NAME(init, __VA_ARGS__)", "table", "type"), ("goal", "direct", "exact")],
            id="stored by a macro that another one uses",
        ),
        pytest.param(
            {
                "a.c": BOARD,
                "m.h": "#define DEFINE(n, goal_) static int n ## _init(int a) { return goal(a); } "
                "static const struct board n ## _board = { .init = n ## _init, }\n",
                "b.c": "DEFINE(x, 1);\n" + GOAL,
            },
            [("n ## _init", "table", "type"), ("goal", "direct", "exact")],
            id="in an initialiser of a macro",
        ),
        pytest.param(
            {
                "a.c": START.format(body="module_call_init(1);") + "void module_call_init(int type)\n{\n}\n",
                "b.c": "#define DEFINE(n) static void n##_reg(void) { goal(1); } type_init(n##_reg)\n"
                "DEFINE(x)\n" + GOAL,
            },
            [("module_call_init", "direct", "exact"), ("n##_reg", "callback", "exact"), ("goal", "direct", "exact")],
            id="registered by the macro that defines it",
        ),
        pytest.param(
            {"a.c": BOARD, "b.c": f"#define DEFINE(a, b) {MACHINE}\n" + GOAL},
            [],
            id="a macro that is not used",
        ),
        pytest.param(
            {
                "a.c": BOARD,
                "b.c": "#define DEFINE(n) static int n##_a(int a) { return goal(a); } "
                "static int n##_b(int a) { return a; } static struct board n = { .init = n##_b }\nDEFINE(x);\n" + GOAL,
            },
            [],
            id="another function of the macro is stored",
        ),
        pytest.param(
            {
                "a.c": BOARD,
                "b.c": "#define EACH(n) for (n = 0; n < 9; n++) { goal(n); n->init = EACH; }\n" + GOAL,
            },
            [],
            id="statements are no function",
        ),
        pytest.param(
            {
                "a.c": "static int goal(int a)\n{\n    return 0;\n}\n" + START.format(body="return 0;"),
                "b.c": "int f(void)\n{\n    return goal(1);\n}\n",
            },
            [],
            id="private to another file",
        ),
        pytest.param(
            {
                "a.c": START.format(body="return goal(1);"),
                "b.c": "#define goal(x) (x)\n" + GOAL,
                "m.h": "#define goal(x) other(x)\n",
            },
            [("goal", "macro", "exact")],
            id="a macro stands in its place",
        ),
        pytest.param(
            {
                "a.c": "#ifdef WIN32\n" + START.format(body="return goal(1);")
                + "#else\n" + START.format(body="return 0;") + "#endif\n",
                "b.c": GOAL,
            },
            [],
            id="what is never compiled",
        ),
        pytest.param(
            {"hw/ppc/a.c": START.format(body="return goal(1);"), "target/i386/b.c": GOAL}, [], id="another architecture"
        ),
    ],
)  # fmt: skip
def test_edges(caplint: Caplint, tmp_path: Path, files: Files, expected: list[tuple[str, str, str]]) -> None:
    found = _steps(caplint, tmp_path, files)
    assert found[1:] == expected
    assert found[:1] == ([("start", "entry", "exact")] if expected else [])


def test_the_more_certain_way_is_the_shorter_one(caplint: Caplint, tmp_path: Path) -> None:
    files = {
        "a.c": "int start(void *o)\n{\n    pick(o)->run(1);\n    return b();\n}\n",
        "b.c": TABLE + "int c(void)\n{\n    return goal(1);\n}\nint b(void)\n{\n    return c();\n}\n",
    }
    assert [step[0] for step in _steps(caplint, tmp_path, files)] == ["start", "b", "c", "goal"]


def test_all_shows_both(caplint: Caplint, tmp_path: Path) -> None:
    files = {
        "a.c": "int start(void)\n{\n    goal(1);\n    return b();\n}\n",
        "b.c": "int b(void)\n{\n    return goal(1);\n}\n" + GOAL,
    }
    words = (
        "path",
        "--from",
        "start",
        "--to",
        "goal",
        "--qemu",
        qemu(tmp_path / "q", files),
        "--output-format",
        "json",
    )
    assert len(json.loads(caplint(*words).out)["paths"]) == 1
    found = json.loads(caplint(*words, "--all").out)["paths"]
    assert [[step["function"] for step in path] for path in found] == [["start", "goal"], ["start", "b", "goal"]]


def test_a_remote_procedure(caplint: Caplint, tmp_path: Path) -> None:
    """The client's stub names the procedure, and the daemon's public function serves it."""
    stub = "int start(int a)\n{\n    return call(conn, 0, REMOTE_PROC_DOMAIN_CREATE_XML, 0);\n}\n"
    served = "int virDomainCreateXML(int a)\n{\n    return goal(a);\n}\n" + GOAL
    files = {"src/qemu/qemu_driver.c": "", "src/libvirt-domain.c": served, "src/remote/remote_driver.c": stub}
    tree = lay(tmp_path / "l", files)
    run = caplint("path", "--from", "start", "--to", "goal", "--libvirt", tree, "--output-format", "json")
    (path,) = json.loads(run.out)["paths"]
    assert [(step["function"], step["edge"], step["note"]) for step in path] == [
        ("start", "entry", ""),
        ("virDomainCreateXML", "rpc", "REMOTE_PROC_DOMAIN_CREATE_XML"),
        ("goal", "direct", "defined at src/libvirt-domain.c:5"),
    ]


NAME_ONE = "name one capability, ioctl or MSR, or a function with --to; see caplint path --help"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("path",), NAME_ONE),
        (("path", "KVM_CAP_A", "KVM_CAP_B"), NAME_ONE),
        (("path", "--to", "nowhere"), "no tree in view defines nowhere(); name a tree that does"),
        (
            ("path", "--to", "nowhere", "--arch", "x86"),
            "no tree in view defines nowhere() for x86; name a tree that does",
        ),
        (
            ("path", "--all-functions", "--to", "f"),
            "--all-functions takes trees, --arch, and the formats text, json and dot",
        ),
    ],
)  # fmt: skip
def test_wrong_use(caplint: Caplint, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    run = caplint(*words, "--qemu", qemu(tmp_path / "q"))
    assert (run.status, run.out, run.err) == (2, "", f"caplint: {message}\n")


def test_the_whole_graph(caplint: Caplint, tmp_path: Path) -> None:
    files = {"a.c": OPS + "int start(struct ops *o)\n{\n    return o->run(1);\n}\n", "b.c": TABLE}
    tree = qemu(tmp_path / "q", files)
    found = json.loads(caplint("path", "--all-functions", "--qemu", tree, "--output-format", "json").out)
    assert [(edge["from"], edge["to"], edge["sure"]) for edge in found["trees"][0]["edges"]] == [
        ("?.run", "ops.run", "field"), ("a.c:start", "ops.run", "type"), ("ops.run", "b.c:goal", "type"),
    ]  # fmt: skip
    out = caplint("path", "--all-functions", "--qemu", tree).out
    assert out.startswith("qemu: 2 functions and macros, 2 pointers that are called through\n")
    assert caplint("path", "--all-functions", "--qemu", tree, "--output-format", "dot").out.startswith(
        "digraph calls {"
    )


def test_a_function_that_keeps_what_it_is_handed(caplint: Caplint, tmp_path: Path) -> None:
    """Who hands it on only stores it; who calls through the member runs it."""
    files = {
        "a.c": "struct dc { int (*realize)(int); };\n"
        "void set_realize(struct dc *dc, int (*fn)(int))\n{\n    dc->realize = fn;\n}\n",
        "b.c": "int start(struct dc *dc)\n{\n    return dc->realize(1);\n}\n",
        "c.c": "void init(struct dc *dc)\n{\n    set_realize(dc, goal);\n}\n" + GOAL,
    }  # fmt: skip
    assert _steps(caplint, tmp_path, files)[1:] == [("goal", "table", "type")]
    run = caplint("path", "--from", "init", "--to", "goal", "--qemu", tmp_path / "q", "--output-format", "json")
    assert json.loads(run.out)["broken"] != [""]


def test_a_function_that_is_kept_for_an_unknown_caller(caplint: Caplint, tmp_path: Path) -> None:
    """The thread's routine is called through a local variable, which is not followed."""
    files = {
        "a.c": "struct arg { void *(*run)(void *); };\n"
        "static void *first(struct arg *arg)\n{\n    void *(*run)(void *) = arg->run;\n    return run(arg);\n}\n"
        "void make_thread(struct arg *arg, void *(*run)(void *))\n"
        "{\n    arg->run = run;\n    pthread_create(first, arg);\n}\n",
        "c.c": START.format(body="make_thread(arg, goal);") + GOAL,
    }  # fmt: skip
    assert _steps(caplint, tmp_path, files)[1:] == [("goal", "registered", "exact")]


_QOM = (
    "typedef struct DeviceClass { void (*realize)(int); } DeviceClass;\n"
    "typedef struct BoolProperty { int (*set)(int); } BoolProperty;\n"
    "void set_parent_realize(DeviceClass *dc, void (*fn)(int))\n{\n    dc->realize = fn;\n}\n"
    "void add_bool(BoolProperty *p, int (*set)(int))\n{\n    p->set = set;\n}\n"
    "static int property_set_bool(BoolProperty *p)\n{\n    return p->set(1);\n}\n"
    "static int device_set_realized(DeviceClass *dc)\n{\n    dc->realize(1);\n    return 1;\n}\n"
    "static void device_class_init(BoolProperty *p)\n{\n    add_bool(p, device_set_realized);\n}\n"
    "static void cpu_class_init(DeviceClass *dc)\n{\n    set_parent_realize(dc, soft_cpu_realizefn);\n}\n"
    "static void soft_cpu_realizefn(int a)\n{\n    goal(a);\n}\n"
)


_REALIZED = [("soft_cpu_realizefn", "table", "type"), ("goal", "direct", "exact")]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("qdev_realize(DEVICE(cpuobj), NULL, errp)", _REALIZED),
        ("qdev_realize(DEVICE(&s->cpus[i]), NULL, errp)", _REALIZED),
        ("qdev_realize(DEVICE(timer), NULL, errp)", []),
        ("cpu_class_init(dc)", []),
        ("device_class_init(p)", []),
    ],
)  # fmt: skip
def test_an_object_is_realized_where_the_call_names_it(
    caplint: Caplint, tmp_path: Path, call: str, expected: list[tuple[str, str, str]]
) -> None:
    files = {"a.c": _QOM, "b.c": START.format(body=f"{call};") + GOAL}
    assert _steps(caplint, tmp_path, files)[1:] == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('object_property_set_bool(obj, "sve", true, errp)', ["cpu_set_sve", "goal"]),
        ('object_property_set_bool(obj, "cpu-pmu", true, errp)', []),
        ("object_property_set_bool(obj, name, true, errp)", []),
    ],
)  # fmt: skip
def test_a_property_is_set_where_the_call_names_it(
    caplint: Caplint, tmp_path: Path, call: str, expected: list[str]
) -> None:
    more = (
        "static void init(BoolProperty *p)\n{\n    add_bool(p, cpu_set_sve);\n}\n"
        "static int cpu_set_sve(int a)\n{\n    return goal(a);\n}\n"
    )
    files = {"a.c": _QOM + more, "b.c": START.format(body=f"{call};") + GOAL}
    assert [name for name, _, _ in _steps(caplint, tmp_path, files)[1:]] == expected


@pytest.mark.parametrize(
    "body",
    [
        "each(list, wanted ? goal : NULL);",
        "each(list, wanted ? other : goal);",
        "each(list, (a && f(b, c)) ? &goal : other);",
    ],
)
def test_a_choice_of_two_functions_is_passed(caplint: Caplint, tmp_path: Path, body: str) -> None:
    assert _steps(caplint, tmp_path, {"a.c": START.format(body=body) + GOAL})[1:] == [("goal", "callback", "exact")]


@pytest.mark.parametrize("value", ["wanted ? goal : NULL", "a == b ? other : goal", "(a != b) ? &goal : &other"])
def test_a_choice_of_two_functions_is_stored(caplint: Caplint, tmp_path: Path, value: str) -> None:
    files = {
        "a.c": OPS + "int start(struct ops *o)\n{\n    return o->run(1);\n}\n",
        "b.c": GOAL + f"void init(struct ops *o)\n{{\n    o->run = {value};\n}}\n",
    }
    assert _steps(caplint, tmp_path, files)[1:] == [("goal", "table", "type")]
    files["b.c"] = GOAL + f"const struct ops ours = {{ .run = {value} }};\n"
    assert _steps(caplint, tmp_path, files)[1:] == [("goal", "table", "type")]


_ASK = "#define ASK(x) ({ int a = goal(x); a; })\n"


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        ("", "no caller found"),
        ("ASK(fine)\n", "a macro that expands to code outside functions, which is not expanded here"),
    ],
)
def test_a_macro_that_nothing_uses(caplint: Caplint, tmp_path: Path, use: str, reason: str) -> None:
    """Only one that stands outside functions is a part of the program that is not seen."""
    tree = qemu(tmp_path / "q", {"system/main.c": "int main(void)\n{\n}\n", "a.h": _ASK, "b.c": GOAL + use})
    run = caplint("path", "--to", "goal", "--qemu", tree, "--output-format", "json")
    assert reason in run.out


def test_an_architecture_without_kvm(caplint: Caplint, tmp_path: Path) -> None:
    files = {"target/alpha/a.c": START.format(body="return goal(1);"), "target/i386/b.c": GOAL}
    assert _steps(caplint, tmp_path, files) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", ""), "--to '' is not a function name; write an identifier of C"),
        (("--to", "goal", "--from", "a b"), "--from 'a b' is not a function name; write an identifier of C"),
        (
            ("--to", "goal", "--arch", "vax"),
            "--arch vax: unknown; known are x86, arm64, s390, powerpc, riscv, mips, loongarch",
        ),
    ],
)  # fmt: skip
def test_what_is_no_name(caplint: Caplint, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    run = caplint("path", *words, "--qemu", qemu(tmp_path / "q"))
    assert (run.status, run.out, run.err) == (2, "", f"caplint: {message}\n")


def test_an_alias_of_an_architecture(caplint: Caplint, tmp_path: Path) -> None:
    tree = qemu(tmp_path / "q", {"system/main.c": "int main(void)\n{\n    return goal(1);\n}\n", "b.c": GOAL})
    out = caplint("path", "--to", "goal", "--arch", "i386", "--qemu", tree).out
    assert out.startswith("goal reached on x86\n")
