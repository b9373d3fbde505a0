"""Functions that replace SQLite's own: the same results, in bounded time."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable

import pytest

from caplint.rules.sql_functions import LimitError, Text, glob, instr, like, ltrim, printf, replace, rtrim, trim

SQLITE = sqlite3.connect(":memory:")
FUNCTIONS: dict[str, tuple[Callable[..., Text], str]] = {
    "instr": (instr, "instr(?, ?)"), "replace": (replace, "replace(?, ?, ?)"), "trim": (trim, "trim(?, ?)"),
    "ltrim": (ltrim, "ltrim(?, ?)"), "rtrim": (rtrim, "rtrim(?, ?)"), "like": (like, "like(?, ?)"),
    "glob": (glob, "glob(?, ?)"),
}  # fmt: skip
VALUES: list[Text] = ["", "a", "abcabc", "é", "12", "1.5", b"ab", b"\xff", 0, 12, -3, 1.5, 1e100, None]


def _both(name: str, *given: Text) -> tuple[Text, Text]:
    function, expression = FUNCTIONS[name]
    return function(*given), SQLITE.execute(f"SELECT {expression}", given).fetchone()[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_of_every_type(name: str) -> None:
    for one in VALUES:
        for other in VALUES:
            blobs = [value for value in (one, other) if isinstance(value, bytes)]
            if b"\xff" in blobs or (blobs and name in {"like", "glob"}):
                continue  # SQLite takes the bytes of what is no text; its build decides whether patterns match blobs
            ours, own = _both(name, one, other, *(["x"] if name == "replace" else []))
            assert ours == own
            assert type(ours) in {type(own), bool}


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("like", ("aAb%_", "aAbé\n")), ("glob", ("ab*?[]^-", "aAb]^-")), ("instr", ("ab", "ab")),
        ("trim", ("ab ", "ab")),         ("ltrim", ("ab ", "ab")), ("rtrim", ("ab ", "ab")), ("replace", ("ab", "ab")),
    ],
)  # fmt: skip
def test_the_same_as_sqlite(name: str, letters: tuple[str, str]) -> None:
    chance = random.Random(11)
    for _ in range(1500):
        given = ["".join(chance.choices(some, k=chance.randrange(7))) for some in letters]
        more = [chance.choice(["", "x", "yz"])] if name == "replace" else []
        ours, own = _both(name, *given, *more)
        assert ours == own, (name, given, more)


def test_an_escape_of_like() -> None:
    chance = random.Random(13)
    for _ in range(2000):
        pattern, text = ("".join(chance.choices(some, k=chance.randrange(6))) for some in ("ab%_!", "ab%_!"))
        (own,) = SQLITE.execute("SELECT like(?, ?, '!')", (pattern, text)).fetchone()
        assert like(pattern, text, "!") == own, (pattern, text)
    with pytest.raises(LimitError, match="ESCAPE expression must be a single character"):
        like("a", "a", "!!")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((None,), None), ((), None), (("plain",), "plain"), (("%d-%s", 7, "x"), "7-x"), (("%5.1f|", 1.5), "  1.5|"),
        (("%q", "it's"), "it''s"), (("%,d", 1234567), "1,234,567"), ((12,), "12"),
    ],
)  # fmt: skip
def test_printf(arguments: tuple[Text, ...], text: str | None) -> None:
    assert printf(*arguments) == text
    marks = ", ".join("?" * len(arguments))
    assert printf(*arguments) == SQLITE.execute(f"SELECT printf({marks})", arguments).fetchone()[0]


@pytest.mark.parametrize(
    "work",
    [
        lambda: printf("%99999999d", 1),
        lambda: printf("%*d", 99_999_999, 1),
        lambda: printf("%.*d" * 200, 99_999, 1),
        lambda: printf("x" * 100_001),
        lambda: replace("a" * 1_000_000, "a", "b" * 11),
        lambda: like("a" * 10_000, "a" * 10_000),
        lambda: glob("*a" * 5_000, "a" * 10_000),
    ],
)
def test_limits(work: Callable[[], Text]) -> None:
    with pytest.raises(LimitError):
        work()


@pytest.mark.parametrize(
    ("work", "result"),
    [
        (lambda: instr("a" * 1_000_000, "a" * 500_000 + "b"), 0),
        (lambda: trim("ab" * 500_000, "".join(map(chr, range(32, 200)))), ""),
        (lambda: replace("a" * 1_000_000, "a", "bb"), "bb" * 1_000_000),
        (lambda: like("%a" * 30 + "%b", "a" * 100_000), False),
        (lambda: glob("*[ab]" * 20 + "*c", "ab" * 100_000), False),
        (lambda: glob("*" * 1000 + "b", "a" * 10_000), False),
    ],
)
def test_large_input_takes_little_time(work: Callable[[], Text], result: Text) -> None:
    begun = time.process_time()
    assert work() == result
    assert time.process_time() - begun < 2
