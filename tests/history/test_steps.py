"""Differences between two texts of a header, as steps of single capabilities."""

from __future__ import annotations

import pytest

from caplint.history.headers import Defined, Definitions
from caplint.history.model import BROUGHT, CHANGED, REMOVED, RENAMED, RENUMBERED
from caplint.history.steps import HeaderStep, shown, steps


def _header(*lines: str) -> Definitions:
    """`A=1`, `A=1@COND`, `A=1:B` (an alias of B), `A=?`; a name may stand twice."""
    found: Definitions = {}
    for line in lines:
        name, _, rest = line.partition("=")
        rest, _, condition = rest.partition("@")
        number, _, alias = rest.partition(":")
        entry = Defined(None if number == "?" else int(number), alias or None, condition)
        found[name] = (*found.get(name, ()), entry)
    return found


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ((), (), []),
        (("A=1",), ("A=1",), []),
        ((), ("A=1",), [("A", BROUGHT, None, "1")]),
        (("A=1",), (), [("A", REMOVED, "1", None)]),
        (("A=1",), ("A=2",), [("A", RENUMBERED, "1", "2")]),
        (("A=1",), ("A=?",), [("A", RENUMBERED, "1", "unknown number")]),
        (("A=1",), ("A=1@X",), [("A", CHANGED, "1", "1 if X")]),
        (("A=1@X",), ("A=1@X", "A=1@Y"), [("A", CHANGED, "1 if X", "1 if X; 1 if Y")]),
        (("A=1@X", "A=1@Y"), ("A=1",), [("A", CHANGED, "1 if X; 1 if Y", "1")]),
        (("A=1@X", "A=2@Y"), ("A=2@X", "A=1@Y"), [("A", RENUMBERED, "1 if X; 2 if Y", "2 if X; 1 if Y")]),
        # Another name for a number whose old name is gone, or is an alias now
        (("A=1",), ("B=1",), [("B", RENAMED, "A", "B"), ("A", RENAMED, "A", "B")]),
        (("A=1",), ("B=1", "A=1:B"), [("B", RENAMED, "A", "B"), ("A", RENAMED, "A", "B")]),
        # No new name: the old one stays with its number, or the number has several names.
        (("A=1",), ("A=1", "B=1"), [("B", BROUGHT, None, "1")]),
        (("A=1",), ("B=1", "C=1"), [("B", BROUGHT, None, "1"), ("C", BROUGHT, None, "1"), ("A", REMOVED, "1", None)]),
        (("A=1", "D=1"), ("B=1",), [("B", BROUGHT, None, "1"), ("A", REMOVED, "1", None), ("D", REMOVED, "1", None)]),
        (("A=1",), ("B=2",), [("B", BROUGHT, None, "2"), ("A", REMOVED, "1", None)]),
        (("A=1",), ("A=2", "B=1"), [("A", RENUMBERED, "1", "2"), ("B", BROUGHT, None, "1")]),
        (("A=1",), ("A=1", "B=1:A"), [("B", BROUGHT, None, "1 = A")]),
        (("A=?",), ("B=?",), [("B", BROUGHT, None, "unknown number"), ("A", REMOVED, "unknown number", None)]),
        # The order of the new text; what is gone follows.
        (("A=1", "B=2", "C=3"), ("C=4", "D=5"),
         [("C", RENUMBERED, "3", "4"), ("D", BROUGHT, None, "5"),
          ("A", REMOVED, "1", None), ("B", REMOVED, "2", None)]),
    ],
)  # fmt: skip
def test_steps(
    old: tuple[str, ...], new: tuple[str, ...], found: list[tuple[str, str, str | None, str | None]]
) -> None:
    assert steps(_header(*old), _header(*new)) == [HeaderStep(*entry) for entry in found]


def test_order_of_a_header_is_no_step() -> None:
    assert steps(_header("A=1", "B=2"), _header("B=2", "A=1")) == []


@pytest.mark.parametrize(
    ("lines", "text"), [((), None), (("A=1",), "1"), (("A=1@X", "A=2:B@Y"), "1 if X; 2 = B if Y"), (("A=0",), "0")]
)
def test_definitions_as_text(lines: tuple[str, ...], text: str | None) -> None:
    assert shown(_header(*lines).get("A", ())) == text
