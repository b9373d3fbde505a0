"""Rows of what is done with members; what is a chain is tested with the scanner."""

from __future__ import annotations

from caplint.facts.extract import extract
from caplint.facts.store.records import Access


def _rows(source: str) -> list[Access]:
    return [record for record in extract(source.encode(), "c").records if isinstance(record, Access)]


def test_rows() -> None:
    source = (
        "int *p = &s.a; /* x->y */\n#define M p->q\nint f(int x)\n{\n\tx->a = y->b;\n#ifdef X\n\treturn x->c;\n"
        "#else\n\treturn x->d;\n#endif\n}\n"
    )
    assert _rows(source) == [
        Access(None, "s.a", "address", 1, 11, 10, "1"),
        Access("f", "x->a", "write", 5, 2, 57, "1"),
        Access("f", "y->b", "read", 5, 9, 64, "1"),
        Access("f", "x->c", "read", 7, 9, 87, "defined(X)"),
        Access("f", "x->d", "read", 9, 9, 107, "!defined(X)"),
    ]


def test_white_space_is_no_part_of_a_chain() -> None:
    source = 'void f(int x)\n{\n\tx = a /* b */ -> c\n\t\t[i +  1] . d;\n\tx = f("a  . b", (struct s *)p) -> e;\n}\n'
    assert [row.chain for row in _rows(source)] == ["a->c[i + 1].d", 'f("a . b", (struct s *)p)->e']


def test_equal_rows_of_a_line_are_said_once() -> None:
    source = "void f(int x)\n{\n\tif (a->b && a->b > 1) a->b = 1;\n\tx = a->b;\n}\n"
    assert [(row.chain, row.mode, row.line, row.column) for row in _rows(source)] == [
        ("a->b", "read", 3, 6),
        ("a->b", "write", 3, 24),
        ("a->b", "read", 4, 6),
    ]


def test_functions_on_one_line_have_their_own_rows() -> None:
    """As macros write them; what the second one does is not hidden by the first."""
    source = "int f(int x) { return a->b; } int g(int x) { return a->b; }\n"
    assert [(row.function, row.chain) for row in _rows(source)] == [("f", "a->b"), ("g", "a->b")]


def test_a_chain_of_two_variants_is_found_once() -> None:
    source = "#ifdef X\nint f(int a)\n#else\nint f(void)\n#endif\n{\n\ta->b(c)->d = 1;\n}\n"
    assert [(row.function, row.chain, row.mode) for row in _rows(source)] == [
        ("f", "a->b", "call"),
        ("f", "a->b(c)->d", "write"),
    ]


def test_asm_and_trace_macros_are_read() -> None:
    """The syntax tree knows neither."""
    source = 'TRACE_EVENT(x, TP_fast_assign(__entry->a = a;));\nvoid f(int x)\n{\n\tasm("" : "=r"(p->q));\n}\n'
    assert [(row.function, row.chain, row.mode) for row in _rows(source)] == [
        (None, "__entry->a", "write"),
        ("f", "p->q", "write"),
    ]


def test_long_chains_are_cut() -> None:
    (row,) = _rows("int x = a." + "b" * 500 + ";\n")
    assert row.chain == "a." + "b" * 398
