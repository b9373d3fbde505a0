"""The faults that are put into a source."""

from __future__ import annotations

import pytest

pytest.importorskip("libcst", reason="mutmut is of the group tools: `make mutants` installs it")
pytest.importorskip("mutmut")

from tools.mutants.__main__ import draw
from tools.mutants.mutate import Mutant, Mutants

SAMPLE = '''\
"""What it is."""
from typing import TYPE_CHECKING, Any
if TYPE_CHECKING:
    HINT = 1
Pair = tuple[int, str]
Either = Pair | None
LIMIT = 10


class Box:
    size: int = 3

    @property
    def is_big(self) -> bool:
        """Whether it is."""
        def inner(by=1):
            return by
        return self.size > LIMIT


def ask(connection: "Any", name="x"):
    if len(name) == 7:
        connection.execute("SELECT a FROM b")
    return name
'''


def _all(text: str) -> list[Mutant]:
    mutants = Mutants("sample.py", text)
    return [mutants[number] for number in range(len(mutants))]


def test_what_is_put_for_what_and_where() -> None:
    found = [(mutant.place.function, mutant.line, mutant.before, mutant.after) for mutant in _all(SAMPLE)]
    assert found == [
        ("", 7, "LIMIT = 10", "LIMIT = None"),
        ("", 7, "LIMIT = 10", "LIMIT = 11"),
        ("Box.", 11, "size: int = 3", "size: int = None"),
        ("Box.", 11, "size: int = 3", "size: int = 4"),
        ("Box.is_big()", 16, "def inner(by=1):", "def inner(by=2):"),
        ("Box.is_big()", 18, "return self.size > LIMIT", "return self.size >= LIMIT"),
        ("", 21, 'def ask(connection: "Any", name="x"):', 'def ask(connection: "Any", name="XXxXX"):'),
        ("", 21, 'def ask(connection: "Any", name="x"):', 'def ask(connection: "Any", name="X"):'),
        ("ask()", 22, "if len(name) == 7:", "if len(name) != 7:"),
        ("ask()", 22, "if len(name) == 7:", "if len(name) == 8:"),
        ("ask()", 23, 'connection.execute("SELECT a FROM b")', "connection.execute(None)"),
        ("ask()", 23, 'connection.execute("SELECT a FROM b")', 'connection.execute("XXSELECT a FROM bXX")'),
    ]


def test_every_one_is_a_program_of_its_own() -> None:
    found = _all(SAMPLE)
    assert len({mutant.code for mutant in found} | {SAMPLE}) == len(found) + 1
    assert len({mutant.name for mutant in found}) == len(found)
    for mutant in found:
        compile(mutant.code, "sample.py", "exec")


def test_a_function_begins_at_its_decorator_as_its_code_does() -> None:
    (mutant,) = [mutant for mutant in _all(SAMPLE) if ">=" in mutant.after]
    assert (mutant.place.first_line, mutant.place.statement, mutant.lines) == (13, range(18, 19), range(18, 19))


def test_a_statement_is_told_from_its_body() -> None:
    (mutant, *_) = [mutant for mutant in _all(SAMPLE) if mutant.line == 22]
    assert mutant.place.statement == range(22, 23)


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    every = {name: Mutants(name, SAMPLE) for name in ("a.py", "b.py")}
    names = [mutant.name for mutant in draw(every, 8, "1")]
    assert len(set(names)) == 8
    assert [mutant.name for mutant in draw(every, 8, "1")] == names
    assert [mutant.name for mutant in draw(every, 8, "2")] != names
    assert len(list(draw(every, 0, "1"))) == len(list(draw(every, 99, "1"))) == 24
