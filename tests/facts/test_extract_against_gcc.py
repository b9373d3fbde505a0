"""Facts under their presence conditions, held against what a real preprocessor leaves of the file."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.c.expression import parse
from caplint.c.formula import atoms, evaluate
from caplint.facts.extract import extract
from caplint.facts.kinds.elements import Element, Enumerator
from caplint.facts.store.records import (
    Access,
    BlindSpot,
    Call,
    CaseLabel,
    Function,
    Member,
    Record,
    TableEntry,
)

GCC = shutil.which("gcc")
needs_gcc = pytest.mark.skipif(GCC is None, reason="gcc is not installed: there is nothing to compare with")

TESTS = ["A", "!A", "B", "defined(A)", "!defined(B)", "defined(C)", "A && B", "A || B", "!(A || defined(C))", "0", "1"]
SETTINGS = [names for size in range(4) for names in itertools.combinations("ABC", size)]


@dataclass
class _Writer:
    """Writes a C file with random conditionals, everything that is a fact named apart."""

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
            "static const unsigned list[] = {\n" + writer.nest("\tELEMENT@,\n", 3) + "};\n",
            "struct big {\n" + writer.nest("\tint member@;\n", 3) + "};\n",
            "enum kinds {\n" + writer.nest("\tNAME@,\n", 3) + "};\n",
            "void chained(int x)\n{\n" + writer.nest("\tp->written@ = q[p->index@].read@;\n", 3) + "}\n",
        ]
    )


def _preprocessed(source: str, defined: tuple[str, ...]) -> list[str]:
    """The numbered names that gcc leaves, in its order."""
    assert GCC
    command = [GCC, "-E", "-P", "-x", "c", *(f"-D{name}=1" for name in defined), "-"]
    text = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    kinds = "CASE|call|fun|field|ELEMENT|member|NAME|written|index|read"
    return re.findall(rf"\b(?:{kinds})\d+\b", text)


def _name(record: Record) -> str | None:
    """By which of the file's names a fact goes; None for what is not compared."""
    match record:
        case Call():
            return record.callee
        case CaseLabel():
            return record.high
        case Function() | Member() | Enumerator():
            return record.name
        case TableEntry():
            return record.field
        case Element():
            return record.value
        case Access():
            return re.split(r"->|\.", record.chain)[-1]
    return None


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
    records: list[Any] = extract(source.encode(), "c").records
    assert [record for record in records if isinstance(record, BlindSpot)] == []
    facts = [(name, record.condition) for record in records if (name := _name(record)) is not None]
    assert len(facts) == len(set(facts))
    for defined in {first, second}:
        live = {name for name, condition in facts if _holds(condition, defined)}
        left = _preprocessed(source, defined)
        assert live - {"switching", "statements", "chained"} == set(left)
        for kind, prefix in ((Element, "ELEMENT"), (Enumerator, "NAME")):
            rows = [row for row in records if isinstance(row, kind) and _holds(row.condition, defined)]
            in_order = [_name(row) for row in sorted(rows, key=lambda row: row.position)]
            assert in_order == [name for name in left if name.startswith(prefix)]
    for row in records:
        if isinstance(row, Access):
            assert row.mode == ("write" if "written" in row.chain else "read")
