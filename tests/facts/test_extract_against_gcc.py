"""Facts under their presence conditions, held against what a real preprocessor leaves of the file."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.c.expression import parse
from caplint.c.formula import atoms, evaluate
from caplint.facts.extract import extract
from caplint.facts.records import BlindSpot, Call, CaseLabel, Function, TableEntry

GCC = shutil.which("gcc")
needs_gcc = pytest.mark.skipif(GCC is None, reason="gcc is not installed: there is nothing to compare with")

TESTS = ["A", "!A", "B", "defined(A)", "!defined(B)", "defined(C)", "A && B", "A || B", "!(A || defined(C))", "0", "1"]
SETTINGS = [names for size in range(4) for names in itertools.combinations("ABC", size)]


@dataclass
class _Writer:
    """Writes a C file with random conditionals, every case, call, entry and function named apart."""

    draw: st.DrawFn
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def nest(self, shape: str, depth: int) -> str:
        """Lines made from the shape, `@` standing for a number of its own, under random conditionals."""
        lines = [self.line(shape)]
        for _ in range(self.draw(st.integers(0, 2)) if depth else 0):
            lines.append(f"#if {self.draw(st.sampled_from(TESTS))}\n{self.nest(shape, depth - 1)}")
            if self.draw(st.booleans()):
                lines.append(f"#elif {self.draw(st.sampled_from(TESTS))}\n{self.nest(shape, depth - 1)}")
            if self.draw(st.booleans()):
                lines.append(f"#else\n{self.nest(shape, depth - 1)}")
            lines.append(f"#endif\n{self.line(shape)}")
        return "".join(lines)

    def line(self, shape: str) -> str:
        return shape.replace("@", str(next(self.counter)))


@st.composite
def files(draw: st.DrawFn) -> str:
    writer = _Writer(draw)
    return "".join(
        [
            "struct s t = {\n" + writer.nest("\t.field@ = v@,\n", 2) + "};\n",
            "int switching(int x)\n{\n\tswitch (x) {\n" + writer.nest("\tcase CASE@:\n\t\tcall@();\n", 2) + "\t}\n}\n",
            writer.nest("static int fun@(int a)\n{\n\treturn call@(a);\n}\n", 2),
            "void statements(int x)\n{\n" + writer.nest("\tint local@ = call@(x);\n", 3) + "}\n",
        ]
    )


def _preprocessed(source: str, defined: tuple[str, ...]) -> set[str]:
    assert GCC
    command = [GCC, "-E", "-P", "-x", "c", *(f"-D{name}=1" for name in defined), "-"]
    text = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"\b(?:CASE|call|fun|field)\d+\b", text))


def _holds(condition: str, defined: tuple[str, ...]) -> bool:
    formula = parse(condition)
    known = {atom: re.sub(r"defined\((\w+)\)", r"\1", atom) in defined for atom in atoms(formula)}
    value = evaluate(formula, known)
    assert value is not None
    return value


@needs_gcc
@settings(max_examples=40, deadline=None, derandomize=True)
@given(files(), st.sampled_from(SETTINGS), st.sampled_from(SETTINGS))
def test_facts_are_what_the_preprocessor_leaves(source: str, first: tuple[str, ...], second: tuple[str, ...]) -> None:
    records = extract(source.encode(), "c").records
    assert [record for record in records if isinstance(record, BlindSpot)] == []
    facts: list[tuple[str, str]] = []
    for record in records:
        match record:
            case Call():
                facts.append((record.callee, record.condition))
            case CaseLabel():
                facts.append((record.high, record.condition))
            case Function():
                facts.append((record.name, record.condition))
            case TableEntry():
                facts.append((record.field, record.condition))
    assert len(facts) == len(set(facts))
    for defined in {first, second}:
        live = {name for name, condition in facts if _holds(condition, defined)}
        assert live - {"switching", "statements"} == _preprocessed(source, defined)
