"""The graph of all functions of a program: which nodes and edges it has."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest
from conftest import Files
from programs import whole_program

from caplint.graph.full_graph import whole
from caplint.graph.path_model import Edge, ProgramFunction
from caplint.graph.receivers import Slot

F = "int fn(int a) { return a; }\n"
OPS = "struct ops { int (*run)(int); };\n"


def _name(node: ProgramFunction | Slot) -> str:
    return node.name if isinstance(node, ProgramFunction) else f"{node[0] or '?'}.{node[1]}"


def _edges(graph: nx.DiGraph) -> list[tuple[str, str, str, str]]:
    found: list[tuple[ProgramFunction | Slot, ProgramFunction | Slot, Edge]] = list(graph.edges(data="edge"))
    return sorted((_name(caller), _name(callee), edge.kind, edge.sure) for caller, callee, edge in found)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"a.c": "int g(void) { return fn(1); }\n" + F}, [("g", "fn", "direct", "exact")], id="call"),
        pytest.param(
            {"a.c": "int g(void) { return GO(1); }\n" + F, "m.h": "#define GO(x) fn(x)\n"},
            [("GO", "fn", "direct", "exact"), ("g", "GO", "macro", "exact")],
            id="macro",
        ),
        pytest.param(
            {"a.c": "int g(void) { return alias(1); }\n" + F, "m.h": "#define alias fn\n"},
            [("alias", "fn", "direct", "exact"), ("g", "alias", "macro", "exact")],
            id="alias",
        ),
        pytest.param({"a.c": "int g(void) { return nobody(1); }\n"}, [], id="defined nowhere"),
        pytest.param(
            {"a.c": "int g(void) { return each(fn); }\n" + F}, [("g", "fn", "callback", "exact")], id="callback"
        ),
        pytest.param({"a.c": F.replace("return a", "return each(fn)")}, [], id="hands itself on"),
        pytest.param(
            {"a.c": "int g(void)\n{\n#ifdef CONFIG_WIN32\n    each(fn);\n    fn(1);\n    o->run(1);\n#endif\n}\n" + F},
            [],
            id="never compiled",
        ),
        pytest.param(
            {"a.c": OPS + "int g(struct ops *o) { return o->run(1); }\n" + F + "struct ops ours = { .run = fn };\n"},
            [
                ("?.run", "ops.run", "table", "field"), ("g", "ops.run", "table", "type"),
                ("ops.run", "fn", "table", "type"),
            ],
            id="table",
        ),
        pytest.param(
            {"a.c": "int g(void *o) { return o->run(1); }\n" + OPS + F + "struct ops ours = { .run = fn };\n"},
            [
                ("?.run", "ops.run", "table", "field"), ("g", "?.run", "table", "field"),
                ("ops.run", "fn", "table", "type"),
            ],
            id="a table of an unknown type",
        ),
        pytest.param(
            {"a.c": F + "int (*hook)(int);\nvoid set(void)\n{\n    hook = fn;\n}\nint g(void) { return hook(1); }\n"},
            [("=hook.", "fn", "table", "type"), ("g", "=hook.", "table", "exact")],
            id="variable",
        ),
        pytest.param(
            {"a.c": F + "int (*on[])(int) = { fn };\nint g(void) { return on[0](1); }\n"},
            [("=on.[]", "fn", "table", "type"), ("g", "=on.[]", "table", "exact")],
            id="array",
        ),
        pytest.param(
            {"a.c": F + "void set(struct x *x, int (*fn)(int))\n{\n    x->run = fn;\n}\n"}, [], id="parameter"
        ),
        pytest.param(
            {"a.c": F + "type_init(fn)\nvoid module_call_init(int type)\n{\n}\n"},
            [("module_call_init", "fn", "callback", "exact")],
            id="registered",
        ),
        pytest.param(
            {
                "a.c": OPS + "struct info { int (*run)(int); };\nvoid copy(struct ops *o, struct info *i)\n"
                "{\n    o->run = i->run;\n}\n",
            },
            [("ops.run", "info.run", "table", "type")],
            id="copied",
        ),
    ],
)  # fmt: skip
def test_edges_of_a_program(tmp_path: Path, files: Files, expected: list[tuple[str, str, str, str]]) -> None:
    assert _edges(whole(whole_program(tmp_path, files))) == expected


def test_the_cheaper_of_two_edges(tmp_path: Path) -> None:
    for index, body in enumerate(("fn(1); each(fn);", "each(fn); fn(1);")):
        program = whole_program(tmp_path / str(index), {"a.c": "int g(void) { " + body + " }\n" + F})
        assert _edges(whole(program)) == [("g", "fn", "direct", "exact")]


FILES = {
    "target/i386/a.c": F.replace("fn", "of_x86"),
    "target/ppc/a.c": F.replace("fn", "of_ppc"),
    "a.c": F.replace("fn", "__weak of_x86") + F.replace("fn", "of_all"),
    "b.c": "#ifdef CONFIG_WIN32\n" + F.replace("fn", "of_windows") + "#endif\n",
}


@pytest.mark.parametrize(
    ("arch", "expected"),
    [
        (None, ["a.c of_all", "a.c of_x86", "target/i386/a.c of_x86", "target/ppc/a.c of_ppc"]),
        ("x86", ["a.c of_all", "target/i386/a.c of_x86"]),
        ("powerpc", ["a.c of_all", "a.c of_x86", "target/ppc/a.c of_ppc"]),
        ("s390", ["a.c of_all", "a.c of_x86"]),
    ],
)
def test_functions_of_an_architecture(tmp_path: Path, arch: str | None, expected: list[str]) -> None:
    graph = whole(whole_program(tmp_path, FILES), arch)
    assert sorted(f"{node.path} {node.name}" for node in graph) == expected
