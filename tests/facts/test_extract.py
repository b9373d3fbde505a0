"""Extraction of one file: what is not understood, and how many functions are damaged."""

from __future__ import annotations

import pytest

from caplint.facts.extract import extract
from caplint.facts.store.records import BlindSpot

BLIND = [
    ("int a;\n", []),
    ("#if A\nint a;\n", [BlindSpot(0, 13, 1, "#if without #endif")]),
    ("int a;\n#endif\n", [BlindSpot(7, 13, 2, "#endif without #if")]),
    ("int f(int a)\n{\n\treturn 1\n}\n", [BlindSpot(24, 24, 3, "`;` expected")]),
    ("int f(int a)\n{\n\tg(a, @@, b);\n}\n", [BlindSpot(21, 24, 3, "syntax not understood")]),
]


@pytest.mark.parametrize(("source", "expected"), BLIND)
def test_blind_spots(source: str, expected: list[BlindSpot]) -> None:
    records = extract(source.encode(), "c").records
    assert [record for record in records if isinstance(record, BlindSpot)] == expected


def test_damaged_functions_are_counted() -> None:
    facts = extract(b"int f(int a)\n{\n\tg(a, @@, b);\n}\nint h(int a)\n{\n\treturn 1;\n}\n", "c")
    assert (facts.functions, facts.damaged) == (2, 1)
