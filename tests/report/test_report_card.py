"""Cards of capabilities on terminals."""

from __future__ import annotations

from io import StringIO

import pytest

from caplint.inventory.card import Card, CardLine
from caplint.inventory.model import SourceLine
from caplint.report.card import ShownCard, write
from caplint.report.style import Style

PLACES = tuple(SourceLine("kernel", f"a{n}.c", n) for n in range(1, 6))


def _text(*lines: CardLine) -> list[str]:
    out = StringIO()
    write(ShownCard(Card("KVM_CAP_A", lines), []), out, Style())
    return out.getvalue().splitlines()


def test_a_label_stands_once_and_places_are_few() -> None:
    assert _text(CardLine("number", "9", PLACES[:1]), CardLine("used", "one"), CardLine("used", "two", PLACES)) == [
        "KVM_CAP_A",
        "  number      9",
        "              kernel:a1.c:1",
        "  used        one",
        "              two",
        "              kernel:a1.c:1",
        "              kernel:a2.c:2",
        "              kernel:a3.c:3",
        "              … and 2 more places",
        "",
        "`caplint path KVM_CAP_A` shows the call paths to it;",
        "`caplint inventory --cap A --output-format json` has all as data",
    ]


def test_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = _text(CardLine("answered", "word " * 30))[:-3]
    assert max(map(len, lines)) <= 40
    assert all(line.startswith(" " * 14) for line in lines[2:])


def test_text_of_trees_is_made_visible() -> None:
    place = SourceLine("kernel", "a\x1b[31m\u202e.c", 1)
    text = "\n".join(_text(CardLine("finding", "\x1b[31m\u202e", (place,))))
    assert "\x1b" not in text
    assert "\u202e" not in text
