"""Parser of one file: limits, views that together show every line, texts of nodes, and what is not understood."""

from __future__ import annotations

import pytest

from caplint.c import MAX_BYTES
from caplint.c.bounds import MAX_BRACKETS
from caplint.c.syntax import MAX_LINE, SYNTAX_REASONS, Unit, UnreadableError, errors, folded, parse
from caplint.c.tables import tables


def _parse(source: str | bytes) -> Unit:
    return parse(source if isinstance(source, bytes) else source.encode(), tables())


def _problems(source: str) -> list[tuple[str, str]]:
    return [(source[problem.offset : problem.end], problem.reason) for problem in _parse(source).problems]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("a", "a"), ("a  b", "a b"), ("a\n\tb\n", "a b"), ("a \\\n b", "a b"), ("", ""), (" a", " a"), ("a\tb", "a\tb"),
        ("a\n", "a"),
    ],
)  # fmt: skip
def test_folded(code: str, line: str) -> None:
    assert folded(code) == line


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"int a;\0", "contains NUL bytes"),
        (b"/" * (MAX_LINE + 1), "has a line longer than 1 MiB"),
        (b"\n" * (MAX_BYTES + 1), f"larger than {MAX_BYTES >> 20} MiB"),
        (b"(" * (MAX_BRACKETS + 1), f"nests brackets deeper than {MAX_BRACKETS}"),
    ],
    ids=["NUL", "line", "file", "brackets"],
)
def test_files_that_are_refused(source: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=f"^{reason}$"):
        _parse(source)


def test_brackets_in_strings_and_comments_do_not_nest() -> None:
    assert _problems('char *a = "' + "(" * 500 + '"; /* ' + "{" * 500 + " */ int b;") == []


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("int a;", ["int a;"]),
        ("#ifdef A\nint a;\n#else\nlong b;\n#endif\nint c;", ["int a; int c;", "long b;"]),
        ("#if 0\nint a;\n#endif\nint c;", ["int c;"]),
        ("int a; // b\n/* c */ int d;", ["int a; int d;"]),
        ("", [""]),
    ],
)
def test_views_show_every_line(source: str, texts: list[str]) -> None:
    """A further one shows what the earlier ones hid, and the declaration around it; `#if 0` is never shown."""
    unit = _parse(source)
    assert [" ".join(view.text.decode().split()) for view in unit.views] == texts
    assert all(len(view.text) == len(source) for view in unit.views)


def test_texts_of_nodes_are_as_written() -> None:
    """Repair changes what the grammar reads, not what is told."""
    source = "struct x __user *f(struct y *p) { return g(p,\n\t\t/* one */ 2); }"
    (view,) = _parse(source).views
    (function,) = view.root.named_children
    assert view.plain(function) == "struct x __user *f(struct y *p) { return g(p, 2); }"
    assert view.span(source.index("g("), source.index(";")) == "g(p, 2)"
    assert b"__user" not in view.repaired.text
    assert function.start_point == (0, 0)


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("int a;", []),
        ("int f(void) { return 1 }", [("", "`;` expected")]),
        ("int f(void) { return 1 2; }", [("1", "syntax not understood")]),
        ("int a; ) int b;", [(")", "syntax not understood")]),
        ("int a; /* open", [("/* open", "unterminated comment")]),
        ("int a; /*/", [("/*/", "unterminated comment")]),
        ("int a; /**/", []),
        ("int a; // open", []),
    ],
)
def test_problems(source: str, problems: list[tuple[str, str]]) -> None:
    assert _problems(source) == problems


def test_what_is_not_understood_hides_no_more_than_itself() -> None:
    source = "int f(void) { return 1; }\nint g(void) { a b c d; }\nint h(void) { return 2; }\n"
    unit = _parse(source)
    assert unit.problems
    assert all(source.index("a b") <= problem.offset < source.index("}\nint h") for problem in unit.problems)
    assert all(SYNTAX_REASONS.match(problem.reason) for problem in unit.problems)
    assert [child.type for child in unit.views[0].root.named_children] == ["function_definition"] * 3
    assert list(errors(_parse("int a;").views[0].root)) == []


def test_a_statement_that_nests_too_deep_is_left_out() -> None:
    unit = _parse("int f(void) { x(); " + "if (a) ; else " * 400 + "; y(); }\nint g(void) { return 1; }\n")
    assert [problem.reason for problem in unit.problems] == ["nests deeper than 200"]
    assert [child.type for child in unit.views[0].root.named_children] == ["function_definition"] * 2


@pytest.mark.parametrize(
    "source", ["\xff\xfe int a;", "int \u00e9;", "#", "#if", "#endif", "'", '"', "\\", "\r\n\r", "int a\x0c;"]
)
def test_odd_bytes_are_parsed(source: str) -> None:
    raw = source.encode("latin-1", "replace")
    assert len(_parse(raw).views[0].text) == len(raw)
