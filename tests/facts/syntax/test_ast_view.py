"""Views of a file's syntax tree: every node once, in file order, within its function and under its condition."""

from __future__ import annotations

import json

import pytest
import tree_sitter

from caplint.c.syntax import parse
from caplint.c.tables import tables
from caplint.facts.syntax.ast_view import (
    OUTLINE_NODES,
    SHARED_NODES,
    AstView,
    FunctionScope,
    ast_views,
    declared_by,
    json_list,
    name_of,
)

VARIANTS = """\
int before;
#ifdef CONFIG_X
int f(void) { return a(1); }
#else
int f(void) { return b(2); }
#endif
int g(void) { return c(3); }
"""


def _views(source: str, nodes: str = SHARED_NODES) -> list[AstView]:
    return ast_views(parse(source.encode(), tables()), nodes)


def _view(source: str) -> AstView:
    (view,) = _views(source)
    return view


def _text(node: tree_sitter.Node | None) -> str | None:
    return None if node is None or node.text is None else node.text.decode()


def _texts(source: str, kind: str) -> list[str | None]:
    return [_text(node) for node in _view(source).fresh(kind)]


def _body(statement: str) -> str:
    return f"int f(int x)\n{{\n\t{statement}\n}}\n"


def test_views_of_both_branches_give_each_node_once() -> None:
    first, second = _views(VARIANTS)
    assert [_text(node) for node in first.fresh("call")] == ["a(1)", "c(3)"]
    assert [_text(node) for node in second.fresh("call")] == ["b(2)"]
    assert second.fresh("call") == []


def test_each_asker_and_each_kind_is_given_all() -> None:
    view = _view(_body("g(h(x));"))
    assert [len(view.fresh("call", asker)) for asker in ("", "calls", "guards", "calls")] == [2, 2, 2, 0]
    assert len(view.fresh("function")) == 1
    assert view.fresh("no such kind") == []


# Statement, kind, and the nodes of that kind in file order: the outer one before those that begin with it.
NESTED = [
    ("a(1)(2);", "call", ["a(1)(2)", "a(1)"]),
    ("g(h(1), i(2));", "call", ["g(h(1), i(2))", "h(1)", "i(2)"]),
    ("x = a == b == c;", "comparison", ["a == b == c", "a == b"]),
    ("x = a != b && c;", "comparison", ["a != b"]),
    ("x = a || b || c && d;", "logic", ["a || b || c && d", "a || b", "c && d"]),
    ("x = a & b | c << d < e;", "logic", []),
    ("x = a < b;", "comparison", []),
    ("x = y = z;", "assignment", ["x = y = z", "y = z"]),
    ("x = a ? b : c ? d : e;", "ternary", ["a ? b : c ? d : e", "c ? d : e"]),
    ("x++; --y;", "update", ["x++", "--y"]),
    ("struct s { int a; } s; struct t *t; union { int b; } u;", "aggregate",
     ["struct s { int a; }", "union { int b; }"]),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "kind", "found"), NESTED)
def test_nodes_of_a_kind(statement: str, kind: str, found: list[str]) -> None:
    assert _texts(_body(statement), kind) == found


def test_nodes_that_begin_together_are_told_apart_in_every_view() -> None:
    """`f(x)(y)` and `f(x)` begin at one byte, and neither hides the other from a later view."""
    source = "#ifdef A\nint x;\n#else\nint y;\n#endif\nint f(void) { return g(1)(2); }\n"
    views = _views(source)
    assert [[_text(node) for node in view.fresh("call")] for view in views] == [["g(1)(2)", "g(1)"], []]


def test_an_outline_asks_for_less() -> None:
    (view,) = _views(_body("if (x == 1) g((struct s){ 1 });"), OUTLINE_NODES)
    assert len(view.fresh("literal")) == len(view.fresh("call")) == 1
    assert view.fresh("if") == view.fresh("comparison") == []


def test_a_chain_of_operators_is_a_node_for_each() -> None:
    view = _view(_body("x = " + " || ".join(f"a{number}" for number in range(120)) + ";"))
    assert len(view.fresh("logic")) == 119


def _entered() -> tuple[str, AstView]:
    source = "int a;\nint f(void)\n{\n\treturn 1;\n}\n#ifdef CONFIG_X\nint g(void)\n{\n\treturn 2;\n}\n#endif\n"
    view = _view(source)
    for node in view.fresh("function"):
        name = _text(name_of(node.child_by_field_name("declarator")))
        assert name is not None
        view.enter(FunctionScope(name, node.start_byte, node.end_byte, set(), set()))
    return source, view


def test_the_function_around_an_offset() -> None:
    source, view = _entered()
    begin, end = source.index("int f"), source.index("}") + 1
    expected = [("a;", None), ("int f", "f"), ("return 1", "f"), ("#ifdef", None), ("return 2", "g"), ("#endif", None)]
    scopes = [(text, view.scope(source.index(text))) for text, _ in expected]
    assert [(text, scope.name if scope else None) for text, scope in scopes] == expected
    around = [view.scope(offset) for offset in (begin - 1, begin, end - 1, end)]
    assert [scope is not None for scope in around] == [False, True, True, False]


def test_a_place_tells_function_line_and_condition() -> None:
    source, view = _entered()
    assert view.place(source.index("return 1")) == ("f", 4, "1")
    assert view.place(source.index("return 2")) == ("g", 9, "CONFIG_X")
    assert view.place(0) == (None, 1, "1")
    for offset in range(len(source)):
        scope = view.scope(offset)
        assert view.place(offset) == (scope and scope.name, view.line(offset), view.condition(offset))


def test_lines_and_columns_begin_with_one() -> None:
    source, view = _entered()
    offset = source.index("return 1")
    assert view.position(0) == (1, 1)
    assert view.position(offset) == (4, 2)
    assert (view.line(offset), view.column(4, offset)) == (4, 2)
    assert view.column(3, offset) == 4  # as seen from the line before


# Declaration, the declared name, and the kind of the declarator directly around it.
DECLARATORS = [
    ("int a;", "a", ""),
    ("int *a;", "a", "pointer_declarator"),
    ("int a[3];", "a", "array_declarator"),
    ("int *a[3];", "a", "array_declarator"),
    ("int (*a)[3];", "a", "pointer_declarator"),
    ("int a = 1;", "a", "init_declarator"),
    ("int a[] = { 1 };", "a", "array_declarator"),
    ("int (*a)(int b);", "a", "pointer_declarator"),
    ("int (*a[2])(int b);", "a", "array_declarator"),
    ("int a(int b);", "a", "function_declarator"),
    ("int *(*a(int b))(int c);", "a", "function_declarator"),
    ("int *(a);", "a", "parenthesized_declarator"),
]


@pytest.mark.parametrize(("source", "name", "holder"), DECLARATORS)
def test_declared_names(source: str, name: str, holder: str) -> None:
    (declaration,) = _view(source).fresh("declaration")
    declarator = declaration.child_by_field_name("declarator")
    node, kind = declared_by(declarator)
    assert (_text(node), kind) == (name, holder)
    assert name_of(declarator) == node


def test_no_declarator_declares_nothing() -> None:
    assert declared_by(None) == (None, "")
    assert name_of(None) is None


@pytest.mark.parametrize(
    "texts", [[], [""], ["a", "b"], ['"\\', "\n\t\0\x7f"], ["é", "中", "\U0001f600", "\ud800"], ["]", ", "]]
)
def test_a_list_is_written_as_json(texts: list[str]) -> None:
    assert json_list(texts) == json.dumps(texts)
