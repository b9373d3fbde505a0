"""Writer of C text: each byte of it leads back to where it comes from."""

from __future__ import annotations

import pytest

from caplint.rust.output import MAX_TEXT, OriginMap, Output


def test_each_byte_has_the_origin_of_its_piece() -> None:
    out = Output()
    out.put("int ", 40)
    out.put("é = ")
    out.put("f()", 90)
    text, origins = out.text(), OriginMap(out.starts, out.origins)
    assert text == "int é = f()".encode()
    assert [origins.at(at) for at in range(len(text))] == [40] * 9 + [90] * 3
    assert out.size == len(text)
    # Before and behind the text: the nearest piece.
    assert (origins.at(-1), origins.at(1000)) == (40, 90)


def test_a_map_of_nothing() -> None:
    assert OriginMap([], []).at(5) == 0


def test_an_origin_of_zero_is_one() -> None:
    out = Output()
    out.put("a", 7)
    out.put("b", 0)
    assert out.origins == [7, 0]


def test_lines_begin_once() -> None:
    out = Output()
    out.line()
    out.put("a")
    out.line()
    out.line()
    out.put("b\n")
    out.line()
    out.put("c")
    assert out.text() == b"a\nb\nc"


def test_lines_inside_a_function_begin_once() -> None:
    out = Output(inside=True)
    out.put("a;\n")
    out.line()
    out.put("b;")
    assert out.text() == b"a;\n\tb;"


def test_directives_stand_on_lines_of_their_own() -> None:
    out = Output()
    out.directive("if A")
    out.put("x")
    out.directive("endif")
    out.put("y")
    assert out.text() == b"#if A\nx\n#endif\ny"


@pytest.mark.parametrize("brace", ["}\n", "{\n}\n"])
def test_no_brace_inside_a_function_is_in_the_first_column(brace: str) -> None:
    out = Output()
    out.put("int f(void)\n{")
    out.inside = True
    out.put("\n")
    out.put(brace)
    out.line()
    out.directive("if A")
    out.put("}\n")
    out.inside = False
    out.put("\n}\n")
    text = out.text().decode()
    lines = text.splitlines()
    assert [number for number, line in enumerate(lines) if line == "}"] == [len(lines) - 1]
    assert "\n\n\n" not in text
    # A directive may be indented, as C has it.
    assert "\t#if A\n" in text
    assert out.size == len(text)


def test_full_when_far_too_long() -> None:
    out = Output()
    out.put("x" * MAX_TEXT)
    assert not out.is_full
    out.put("x")
    assert out.is_full
