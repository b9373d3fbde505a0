"""Numbers with all of their letters, as pcpp is to see them."""

from __future__ import annotations

import io

import pytest

from caplint.c.pcpp_tokens import Preprocessor


def _becomes(text: str) -> list[str]:
    preprocessor, out = Preprocessor(), io.StringIO()
    preprocessor.parse(text)
    preprocessor.write(out)
    assert preprocessor.return_code == 0
    return out.getvalue().split()


NUMBERS = ["1ULL", "1ull", "1LLU", "1llu", "0x1fULL", "0X1fll", "1UL", "1LU", "1u", "1L", "1"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", ["L", "l", "U", "u", "LU", "Lu"])
def test_a_numbers_letters_are_no_macros_name(name: str, number: str) -> None:
    assert _becomes(f"#define {name} never\n{number} {name}\n") == [number, "never"]


@pytest.mark.parametrize("number", NUMBERS)
def test_nor_a_macros_parameter(number: str) -> None:
    assert _becomes(f"#define M(L, l) {number} L l\nM(3, 4)\n") == [number, "3", "4"]


@pytest.mark.parametrize("number", NUMBERS)
def test_conditions_know_such_numbers(number: str) -> None:
    assert _becomes(f"#define N {number}\n#if {number} << 1 == N * 2 && N\nyes\n#endif\n") == ["yes"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("1 L", ["1", ";"]), ("1UL L", ["1UL", ";"]), ("a1L", ["a1L"]), ("(1)L", ["(1);"]), ("1.5 L", ["1.5", ";"])],
)
def test_what_stands_apart_stays_apart(text: str, words: list[str]) -> None:
    assert _becomes(f"#define L ;\n{text}\n") == words
