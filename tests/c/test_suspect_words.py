"""Which word is held responsible for what the parser did not understand."""

from __future__ import annotations

import pytest

from caplint.c.lexer import lex
from caplint.c.suspect_words import code_of, heads_statement, is_ordinary, suspects
from caplint.c.syntax import parse
from caplint.c.tables import tables

# Source; per blind spot the words in the order in which they are suspected.
SUSPECTED = [
    ("__odd static int f(void)\n{\n}\n", [["__odd", "f"]]),
    ("static int odd f(void)\n{\n}\n", [["odd", "f"]]),
    ("static int f(void) odd;\n", [["odd", "f"]]),
    ("struct s {\n\tstruct t a ODD_ALIGN;\n};\n", [["ODD_ALIGN", "a"]]),
    ("static int __odd(3) f(void)\n{\n}\n", [["__odd", "f"]]),
    ("void f(int a)\n{\n\tg(a);\n\todd_walk(b, c) h(b);\n}\n", [["odd_walk", "c", "b", "h"]]),
    ('/* __no */ static __user int ODD f(int a) // __neither\n{\n\treturn "__nor";\n}\n', [["ODD", "a", "f"]]),
]


@pytest.mark.parametrize(("source", "words"), SUSPECTED, ids=[source[:30] for source, _ in SUSPECTED])
def test_suspects(source: str, words: list[list[str]]) -> None:
    unit = parse(source.encode(), tables())
    code = code_of(unit.lexed)
    found = [[suspect.word for suspect in suspects(code, spot.offset, spot.end, tables())] for spot in unit.problems]
    assert found == words


def test_words_of_the_tables_are_not_suspected() -> None:
    code = b"static int __odd f(void) { }"
    assert [entry.word for entry in suspects(code, 11, 16, tables(("__odd",)))] == ["f"]


def test_suspects_are_looked_for_nearby() -> None:
    code = b"FAR_AWAY " + b" " * 400 + b"int x" + b" " * 400 + b"FAR_BEHIND"
    assert [entry.word for entry in suspects(code, 414, 415, tables())] == ["x"]


@pytest.mark.parametrize(
    ("code", "heads"),
    [
        (b"; walk(a, b) c();", True),
        (b"{ walk(a(b, c), d) *e = 1;", True),
        (b"; walk(a);", False),
        (b"= walk(a) c", False),
        (b"; walk;", False),
    ],
)
def test_heads_statement(code: bytes, heads: bool) -> None:
    start = code.index(b"walk")
    assert heads_statement(code, start, start + 4) is heads


@pytest.mark.parametrize(
    ("code", "ordinary"),
    [
        ("int X f(void);", False),
        ("static X struct s *f(void);", False),
        ("struct t a X;", False),
        ("int f(void) X;", False),
        ("struct s { int a; } X;", False),
        ("int f(int a X, int *X b);", False),
        ("int a = X;", True),
        ("X = 1;", True),
        ("a = b; X;", True),
        ("f(X, 1);", True),
        ("f(a, X);", True),
        ("return X;", True),
        ("switch (a) { case X: }", True),
        ("a->X;", True),
        ("X->a = 1;", True),
        ("X[1] = 2;", True),
        ("int X;", True),
        ("int *X = a;", True),
        ("a + X;", True),
        ("int X (*a)(void);", False),
        ("int X(int a);", True),
    ],
)
def test_a_word_that_is_used_as_a_name_is_no_attribute(code: str, ordinary: bool) -> None:
    assert is_ordinary(code.encode(), "X", called=False) is ordinary


@pytest.mark.parametrize(
    ("code", "ordinary"),
    [
        ("int a X(4);", False),
        ("int X(4) f(void);", False),
        ("struct s *a X(kfree) = f();", False),
        ("X(1);", True),
        ("a = X(1);", True),
        ("f(X(1), 2);", True),
        ("if (X(1) == 2) a();", True),
        ("int X;", True),
    ],
)
def test_a_word_that_is_called_is_no_attribute(code: str, ordinary: bool) -> None:
    assert is_ordinary(code.encode(), "X", called=True) is ordinary


def test_only_code_counts() -> None:
    text = b'int a; /* X = 1 */ char *b = "X";\n#define X\n'
    assert b"X" not in code_of(lex(text))
    assert len(code_of(lex(text))) == len(text)
