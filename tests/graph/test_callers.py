"""Who calls a function: what is read to know it, and by which edge."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Files
from programs import only, unread, whole_program

from caplint.graph.callers import Callers, fits, namesakes
from caplint.graph.program_index import Program
from caplint.graph.search_work import Work

F = "int fn(int a)\n{\n    return a;\n}\n"
OPS = "struct ops { int (*run)(int); };\n"


def _found(program: Program, name: str = "fn", path: str = "") -> list[tuple[str, str, str, str]]:
    """Name, edge, way and certainty of each caller of a function."""
    program.look([name])
    functions = [found.function for found in program.definitions[name] if path in ("", found.function.path)]
    callers = Callers(program, Work())
    callers.prepare(functions)
    return [(caller.name, edge.kind, edge.via, edge.sure) for caller, edge in callers.of(functions[0])]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"a.c": F}, [], id="nobody"),
        pytest.param({"a.c": F.replace("return a", "return fn(1)")}, [], id="itself"),
        pytest.param(
            {"a.c": F, "b.c": "int g(void) { return fn(1); }\n", "c.c": "int h(void) { return fn(1); }\n"},
            [("g", "direct", "", "exact"), ("h", "direct", "", "exact")],
            id="two",
        ),
        pytest.param(
            {"a.c": F, "b.c": "int g(void)\n{\n    each(fn);\n    return fn(1);\n}\n"},
            [("g", "direct", "", "exact")],
            id="the cheaper edge",
        ),
        pytest.param(
            {"a.c": F, "b.c": "int g(void)\n{\n#ifdef WIN32\n    each(fn);\n    fn(1);\n#endif\n}\n"}, [], id="dead"
        ),
        pytest.param(
            {"a.c": F, "m.h": "#define alias fn\n", "b.c": "int g(void) { return alias(1); }\n"},
            [("alias", "direct", "", "exact")],
            id="alias",
        ),
        pytest.param(
            {"a.c": F, "m.h": "#ifdef WIN32\n#define alias fn\n#endif\n"}, [], id="an alias of another system"
        ),
        pytest.param(
            {"a.c": F, "b.c": "int g(void) { return each(fn); }\n"}, [("g", "callback", "each", "exact")], id="callback"
        ),
        pytest.param(
            {
                "a.c": F + "static struct ops ours = { .run = fn };\n", "ops.h": OPS,
                "b.c": "int g(struct ops *o) { return o->run(1); }\n",
            },
            [("g", "table", "ops.run", "type")],
            id="table",
        ),
        pytest.param(
            {
                "a.c": F + "static struct ops ours = { .run = fn };\n", "ops.h": OPS,
                "b.c": "struct other { int (*run)(int); };\nint g(struct other *o) { return o->run(1); }\n",
            },
            [],
            id="another table",
        ),
        pytest.param(
            {
                "a.c": F + "static struct ops ours = { .run = fn };\n", "ops.h": OPS,
                "b.c": "int g(void) { return pick()->run(1); }\n",
            },
            [("g", "table", "run", "field")],
            id="an unknown table",
        ),
        pytest.param(
            {
                "a.c": F + "struct kvm_x86_ops ours = { .run = fn };\n",
                "k.h": "struct kvm_x86_ops { int (*run)(int); };\n",
                "b.c": "int g(void) { return static_call(kvm_x86_run)(1); }\n",
            },
            [("g", "table", "kvm_x86_ops.run", "exact")],
            id="a static call",
        ),
        pytest.param(
            {"a.c": F + "int (*on[])(int) = { fn };\nint g(void) { return on[1](1); }\n"},
            [("g", "table", "on", "exact")],
            id="array",
        ),
        pytest.param(
            {"a.c": F + "void set(void)\n{\n    hook = fn;\n}\n", "b.c": "int g(void) { return hook(1); }\n"},
            [("g", "table", "hook", "exact")],
            id="variable",
        ),
        pytest.param(
            {
                "a.c": F + "void init(struct ops *o)\n{\n    keep(o, fn);\n}\n",
                "k.c": OPS + "void keep(struct ops *o, int (*run)(int))\n{\n    o->run = run;\n}\n",
            },
            [("init", "registered", "keep", "exact")],
            id="kept for a call that is not seen",
        ),
        pytest.param(
            {
                "a.c": F + "void init(struct ops *o)\n{\n    keep(o, fn);\n}\n",
                "k.c": OPS + "void keep(struct ops *o, int (*run)(int))\n{\n    o->run = run;\n}\n",
                "b.c": "int g(struct ops *o) { return o->run(1); }\n",
            },
            [("g", "table", "ops.run", "type")],
            id="kept for a call",
        ),
        pytest.param(
            {"a.c": F + "type_init(fn)\n", "m.c": "void module_call_init(int type)\n{\n}\n"},
            [("module_call_init", "callback", "type_init", "exact")],
            id="registered by a macro",
        ),
        pytest.param(
            {"a.c": F, "b.c": "void set(struct ops *o, int (*fn)(int))\n{\n    o->run = fn;\n}\n", "ops.h": OPS,
             "c.c": "int g(struct ops *o) { return o->run(1); }\n"},
            [],
            id="a parameter of that name",
        ),
    ],
)  # fmt: skip
def test_callers(tmp_path: Path, files: Files, expected: list[tuple[str, str, str, str]]) -> None:
    assert _found(unread(tmp_path, files)) == expected


def test_only_the_definition_that_is_meant(tmp_path: Path) -> None:
    static = "static " + F
    files = {"a.c": static + "int g(void) { return fn(1); }\n", "b.c": static + "int h(void) { return fn(1); }\n"}
    program = unread(tmp_path, files)
    assert [name for name, *_ in _found(program, path="a.c")] == ["g"]
    assert [name for name, *_ in _found(program, path="b.c")] == ["h"]


def test_a_remote_procedure_is_called_by_its_client(tmp_path: Path) -> None:
    served = F.replace("fn", "virDomainGetXMLDesc")
    client = "int g(void) { return call(conn, 0, REMOTE_PROC_DOMAIN_GET_XML_DESC, 0); }\n"
    program = unread(tmp_path, {"a.c": served, "b.c": client})
    assert _found(program, "virDomainGetXMLDesc") == [("g", "rpc", "REMOTE_PROC_DOMAIN_GET_XML_DESC", "exact")]
    other = unread(tmp_path / "other", {"a.c": F.replace("fn", "virtual"), "b.c": client})
    assert _found(other, "virtual") == []


def test_a_name_that_is_registered(tmp_path: Path) -> None:
    static = "static " + F
    program = whole_program(tmp_path, {"a.c": static + "our_init(fn)\n", "b.c": static, "c.c": "int g(void) { }\n"})
    callers = Callers(program, Work())
    macros = {found.function.path: callers.registered(found.function) for found in program.definitions["fn"]}
    assert macros == {"a.c": "our_init", "b.c": ""}
    assert callers.registered(only(program, "g")) == ""


def test_a_method_of_any_object(tmp_path: Path) -> None:
    files = {
        "q.h": "struct DeviceClass { void (*realize)(int); };\n",
        "a.c": F
        + "void init(struct DeviceClass *dc)\n{\n    dc->realize = fn;\n    dc->other = g;\n}\nint g(void) { }\n",
    }
    program = whole_program(tmp_path, files)
    callers = Callers(program, Work())
    functions = [only(program, name) for name in ("fn", "g", "init")]
    callers.prepare(functions)
    assert [callers.made_through(function) for function in functions] == ["DeviceClass.realize", "", ""]


@pytest.mark.parametrize(
    ("path", "arch", "expected"),
    [
        ("a.c", "x86", True), ("a.c", None, True), ("target/i386/a.c", "x86", True), ("target/i386/a.c", None, True),
        ("target/i386/a.c", "generic", True), ("target/i386/a.c", "arm64", False),
    ],
)  # fmt: skip
def test_calls_and_architectures(tmp_path: Path, path: str, arch: str | None, expected: bool) -> None:
    program = whole_program(tmp_path, {path: "int g(void) { return fn(1); }\n"})
    assert fits(program.calls["fn"][0], arch) is expected


def test_namesakes(tmp_path: Path) -> None:
    program = whole_program(tmp_path, {"a.c": F, "b.c": F, "m.h": "#define fn(x) g(x)\n"})
    every = {found.function.path: found for found in program.definitions["fn"]}
    assert [found.function.path for found in namesakes(program, every["a.c"])] == ["b.c"]
    assert namesakes(program, every["m.h"]) == []
