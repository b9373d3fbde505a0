"""Comments above definitions, held against exact rows."""

from __future__ import annotations

import pytest

from caplint.facts.extract import extract
from caplint.facts.kinds.comments import DefinitionComment

COMMENTS = [
    ("/* With KVM_A */\n#define X 1\n", [("X", "With KVM_A", 0, 2, 1)]),
    ("/* KVM_A */\n#define X \\\n\t1\n#define Y 2\n", [("X", "KVM_A", 0, 2, 1), ("Y", "KVM_A", 1, 4, 1)]),
    ("/* KVM_A */\n#define X 1 /* of\n two */\n#define Y 2\n", [("X", "KVM_A", 0, 2, 1), ("Y", "KVM_A", 1, 4, 1)]),
    ("/* KVM_A */\n#define X 1\n/* KVM_B */\n#define Y 2\n", [("X", "KVM_A", 0, 2, 1), ("Y", "KVM_B", 0, 4, 3)]),
    ("/* KVM_A */\n#define X 1\n/* other */\n#define Y 2\n", [("X", "KVM_A", 0, 2, 1)]),
    ("/*\n * one KVM_A\n *  two\n */\n#define X 1\n", [("X", "one KVM_A two", 0, 5, 1)]),
    ("/* KVM_A, or\n*  KVM_B */\n#define X 1\n", [("X", "KVM_A, or KVM_B", 0, 3, 1)]),
    ("// one\r\n// KVM_A\r\n#define X 1\r\n", [("X", "one KVM_A", 0, 3, 1)]),
    ("int a;\n/* one */\n/* KVM_A */\n#define X 1\n", [("X", "one KVM_A", 0, 4, 2)]),
    ("/* KVM_A */\n\n#define X 1\n", []),
    ("/* KVM_A */\n#define X 1\n\n#define Y 1\n", [("X", "KVM_A", 0, 2, 1)]),
    ("/* KVM_A */\n#define X 1\nint y;\n#define Y 1\n", [("X", "KVM_A", 0, 2, 1)]),
    ("/* KVM_A */\n#ifdef B\n#define X 1\n#endif\n", []),
    ("/* KVM_A */\n#define X 1\n#undef X\n#define Y 1\n", [("X", "KVM_A", 0, 2, 1)]),
    ("int a; /* KVM_A */\n#define X 1\n", []),
    ("/* KVM_A */ int a;\n#define X 1\n", []),
    ("#define W 0 /* KVM_A */\n#define X 1\n", []),
    ("/* KVM_A */\n#define\n#define X 1\n", []),
    ("/* of nothing */\n#define X 1\n", []),
    ("/* KVM_A */ #define X 1\n", []),
]


@pytest.mark.parametrize(("source", "expected"), COMMENTS, ids=[source for source, _ in COMMENTS])
def test_comments_above_definitions(source: str, expected: list[tuple[str, str, int, int, int]]) -> None:
    found = [row for row in extract(source.encode(), "c").records if isinstance(row, DefinitionComment)]
    assert found == [DefinitionComment(*row) for row in expected]
