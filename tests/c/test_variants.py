"""Variants: together they show every line that can be compiled, each as one consistent configuration."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.c.conditions import conditionals
from caplint.c.formula import conjunction, satisfiable
from caplint.c.lexer import lex
from caplint.c.syntax import parse
from caplint.c.tables import tables
from caplint.c.variants import Variants, variants


def _variants(source: str) -> Variants:
    lexed = lex(source.encode())
    return variants(lexed, conditionals(lexed))


def _words(text: bytes) -> str:
    return " ".join(text.decode().split())


# Source; the words of each variant.
TEXTS = [
    ("int a;\n", ["int a;"]),
    ("#if A\nint a;\n#endif\nint b;\n", ["int a; int b;"]),
    ("#if A\nint a;\n#else\nint b;\n#endif\nint c;\n", ["int a; int c;", "int b;"]),
    ("#if A\na;\n#elif B\nb;\n#else\nc;\n#endif\n", ["a;", "b;", "c;"]),
    ("#if 0\nint a;\n#endif\nint b;\n", ["int b;"]),
    ("#if 0\nint a;\n#else\nint b;\n#endif\n", ["int b;"]),
    ("#ifdef __ASSEMBLY__\n.macro x\n#endif\nint b;\n", ["int b;"]),
    ("#if A\na;\n#else\nb;\n#endif\n#if A\nc;\n#else\nd;\n#endif\n", ["a; c;", "b; d;"]),
    ("#if A\n#if !A\na;\n#endif\nb;\n#endif\n", ["b;"]),
    (
        "int f(void) {\n#if A\na();\n#else\nb();\n#endif\n#if !A\nc();\n#endif\n}\nint g(void) {}\n",
        ["int f(void) { a(); } int g(void) {}", "int f(void) { b(); c(); }"],
    ),
    (
        "#if A\nint f(int a)\n#else\nint f(void)\n#endif\n{\nx();\n}\nint g(void) {}\n",
        ["int f(int a) { x(); } int g(void) {}", "int f(void) { x(); }"],
    ),
    (
        "int f(void)\n{\n#if A\nif (a) {\n#else\n{\n#endif\nx();\n\t}\n}\nint g;\n",
        ["int f(void) { if (a) { x(); } } int g;", "int f(void) { { x(); } }"],
    ),
    (
        "int f(void)\n{\n#if A\nif (a) {\n#endif\nx();\n#if A\n\t}\n#endif\n}\nint g;\n",
        ["int f(void) { if (a) { x(); } } int g;"],
    ),
    (
        "int f(void)\n{\nreturn a +\n#if A\nb\n#else\nc\n#endif\n;\n}\n",
        ["int f(void) { return a + b ; }", "int f(void) { return a + c ; }"],
    ),
    (
        "int t[] = {\nX,\n#if A\nY,\n#else\nZ,\n#endif\nW,\n};\nint u;\n",
        ["int t[] = { X, Y, W, }; int u;", "int t[] = { X, Z, W, };"],
    ),
    ('char *s = "}";\n#if A\nint a;\n#else\nint b;\n#endif\n', ['char *s = "}"; int a;', "int b;"]),
]
WHOLE = [source for source, _ in TEXTS]


@pytest.mark.parametrize(("source", "words"), TEXTS)
def test_texts(source: str, words: list[str]) -> None:
    found = _variants(source)
    assert [_words(text) for text in found.texts] == words
    assert found.unseen == []


@pytest.mark.parametrize("source", WHOLE)
def test_parses_without_error(source: str) -> None:
    assert parse(source.encode(), tables()).problems == []


def test_too_many_alternatives_are_unseen() -> None:
    source = "#if A0\nx0;\n" + "".join(f"#elif A{index}\nx{index};\n" for index in range(1, 40)) + "#endif\n"
    found = _variants(source)
    assert len(found.texts) == 24
    assert [source[branch.start : branch.end].strip() for branch in found.unseen] == [f"x{i};" for i in range(24, 40)]


def test_unseen_is_a_problem_of_the_file() -> None:
    source = "#if A0\nx0;\n" + "".join(f"#elif A{index}\nx{index};\n" for index in range(1, 26)) + "#endif\n"
    reasons = [problem.reason for problem in parse(source.encode(), tables()).problems]
    assert reasons == ["no variant shows it"] * 2


tests = st.sampled_from(["A", "!A", "B", "defined(C)", "!defined(C)", "A && B", "A && !defined(C)", "0", "1"])


@st.composite
def bodies(draw: st.DrawFn, depth: int = 3) -> str:
    """Statements `x;` under random nestings of conditionals."""
    lines = ["x;\n"]
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        lines.append(f"#if {draw(tests)}\n{draw(bodies(depth - 1))}")
        if draw(st.booleans()):
            lines.append(f"#elif {draw(tests)}\n{draw(bodies(depth - 1))}")
        if draw(st.booleans()):
            lines.append(f"#else\n{draw(bodies(depth - 1))}")
        lines.append("#endif\nx;\n")
    return "".join(lines)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(bodies(), min_size=1, max_size=2))
def test_cover_is_complete_and_consistent(functions: list[str]) -> None:
    source = "".join(f"void f(void)\n{{\n{body}}}\n" for body in functions)
    lexed = lex(source.encode())
    structure = conditionals(lexed)
    found = variants(lexed, structure)
    offsets = [match.start() for match in re.finditer("x;", source)]
    blind = [(branch.start, branch.end) for branch in found.unseen]
    assert all(len(text) == len(source) and text.count(b"\n") == source.count("\n") for text in found.texts)
    for offset in offsets:
        shown = any(text[offset : offset + 1] == b"x" for text in found.texts)
        presence = structure.presence(offset)
        if presence is False:
            assert not shown
        elif satisfiable(presence):
            assert shown or any(start <= offset < end for start, end in blind)
            assert shown or len(found.texts) == 24
    for text in found.texts:
        for head in re.finditer(r"void f.*?\n}\n", source, re.DOTALL):
            together = [
                structure.presence(offset)
                for offset in offsets
                if head.start() <= offset < head.end() and text[offset : offset + 1] == b"x"
            ]
            assert satisfiable(conjunction(together))
