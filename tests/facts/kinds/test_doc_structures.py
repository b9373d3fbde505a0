"""Structures printed in documentation, in the shapes in which real texts print them."""

from __future__ import annotations

import json
from itertools import pairwise
from time import process_time

import pytest

from caplint.facts.extract import extract
from caplint.facts.kinds.doc_structures import DocStructure
from caplint.facts.store.records import BlindSpot


def _structures(text: str, language: str = "rst") -> dict[str, list[str]]:
    """The printed structures, with the names of their members."""
    return {row.name: [entry[0] for entry in json.loads(row.members)] for row in _rows(text, language)}


def _rows(text: str, language: str = "rst") -> list[DocStructure]:
    return [row for row in extract(text.encode(), language).records if isinstance(row, DocStructure)]


def _blind(text: str, language: str = "rst") -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in extract(text.encode(), language).records if isinstance(row, BlindSpot)]


SHAPES = [
    ("A block::\n\n  struct a {\n\t__u32 x;\n  };\n", {"a": ["x"]}),
    ("::\n\n  union a {\n    __u32 x, *y;\n    __u64 z[4];\n  };\n", {"a": ["x", "y", "z"]}),
    (".. code-block:: c\n   :linenos:\n\n   struct a\n   {\n     __u8 x:4, y:4;\n   };\n", {"a": ["x", "y"]}),
    ("- item::\n\n    struct a { int x; };\n\n  and more\n", {"a": ["x"]}),
    ("::\n\n  struct a {\n\tunion {\n\t\tstruct { int b; } c;\n\t\tint d;\n\t};\n  };\n", {"a": ["c.b", "c", "d"]}),
    ("::\n\n  typedef struct {\n\tint x;\n  } a_t;\n", {"a_t": ["x"]}),
    ("::\n\n  struct a {\n\tstruct b { int y; } inner[8];\n  };\n", {"a": ["inner"], "b": ["y"]}),
    ("::\n\n  struct a {\n  #define A_X (1 << 0)\n\tint x; /* } is no brace */\n  };\n", {"a": ["x"]}),
    ("::\n\n  struct a {\n\tint x;\n\nProse about x {.\n\n::\n\n\tint y;\n  };\n", {"a": ["x", "y"]}),
    ("::\n\n  struct a {\n\tint x;\n\nHere it is cut.\n", {"a": ["x"]}),
    ("::\n\n  struct a { int x; } __attribute__((packed));\n  struct b { int y; };\n", {"a": ["x"], "b": ["y"]}),
    ("::\n\n  struct a { int x; }\n\nProse\n\n::\n\n  struct b { int y; }\n", {"a": ["x"], "b": ["y"]}),
    ("::\n\n  struct {\n\tint x;\n  };\n", {}),
    ("::\n\n  struct a x = { 1 };\n  struct a *f(struct a *x);\n", {}),
    ("In prose there is struct a { int x; };\n", {}),
    (".. note::\n\n   struct a { int x; };\n", {}),
]


@pytest.mark.parametrize(("text", "expected"), SHAPES)
def test_shapes(text: str, expected: dict[str, list[str]]) -> None:
    assert _structures(text) == expected
    assert _blind(text) == []


def test_a_heading_without_a_number_does_not_end_a_structure_and_one_with_a_number_does() -> None:
    text = "5. Run\n======\n\n::\n\n  struct a {\n\tint x;\n\nFor arm64\n---------\n\n::\n\n\tint y;\n"
    assert _structures(text + "\n5.1 More\n--------\n\n::\n\n\tint z;\n") == {"a": ["x", "y"]}


def test_places_count_from_the_file() -> None:
    text = "1. One\n======\n\n2. Two\n======\n\n::\n\n  struct a {\n\tint x;\n\tstruct b { int y; } z;\n  };\n"
    assert [(row.name, row.line, row.column) for row in _rows(text)] == [("a", 9, 3), ("b", 11, 2)]


@pytest.mark.parametrize("mark", ["...", "/* ... */", "int y; /* \u2026 */"])
def test_an_excerpt(mark: str) -> None:
    assert [row.excerpt for row in _rows(f"::\n\n  struct a {{\n\tint x;\n\t{mark}\n  }};\n")] == [1]


def test_plain_text_needs_no_block() -> None:
    text = "4.3 KVM_GET_A\n\nstruct a {\n\t__u32 x;\n};\n\n4.4 KVM_GET_B\n\n  struct b {\n\t__u32 y;\n  };\n"
    assert _structures(text, "text") == {"a": ["x"], "b": ["y"]}
    assert _blind("struct a {\n\tint x;\n\nIt's a value, or so.\n\n\tint y;\n};\n", "text") != []


UNREADABLE = [
    ("::\n\n  struct a {\n\tint x; /* no end *\n  };\n", "does not end"),
    ("::\n\n  struct a {\n\tint ;; struct = x\n  };\n", "not understood"),
    ("::\n\n  struct a {\n\tstruct {\n\t\tint x;\n", "does not end"),
]


@pytest.mark.parametrize(("text", "reason"), UNREADABLE)
def test_what_is_not_read_is_a_blind_spot(text: str, reason: str) -> None:
    assert _structures(text) == {}
    [(line, found)] = _blind(text)
    assert (line, "a printed structure" in found) == (3, True)


def test_a_damaged_structure_costs_no_other() -> None:
    text = "::\n\n  struct a {\n\tint ;; struct = x\n  };\n\n  struct b {\n\tint y;\n  };\n"
    assert _structures(text) == {"b": ["y"]}


@pytest.mark.parametrize(
    "piece", ["  struct a {\n", "  struct a { int x; };\n", "/* ", "{ ", "} ", "\n\nx::\n\n  struct a {", '"']
)
def test_time_grows_with_size(piece: str) -> None:
    times = []
    for count in (2_000, 16_000):
        text = "::\n\n" + piece * count
        begin = process_time()
        extract(text.encode(), "rst")
        times.append(process_time() - begin)
    assert all(later < 16 * max(earlier, 0.1) for earlier, later in pairwise(times))
