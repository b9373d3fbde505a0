"""Card of a capability for a terminal: a statement per line, its places below it."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple, TextIO

from caplint.findings.finding import Location
from caplint.inventory.card import Card, CardLine
from caplint.inventory.model import SourceLine
from caplint.knowledge.capability_names import PREFIX
from caplint.report.source import Source
from caplint.report.style import Style, safe
from caplint.trees.tree import Tree

_WIDTH = 100
# Column of the statements, and number of places that a statement shows.
_INDENT = 14
_MOST = 3


class ShownCard(NamedTuple):
    """Card, with the trees that its places are in."""

    card: Card
    trees: list[Tree]


def write(shown: ShownCard, out: TextIO, style: Style) -> None:
    """Write the card."""
    source = Source(shown.trees)
    width = max(30, min(_WIDTH, shutil.get_terminal_size((_WIDTH, 0)).columns))
    out.write(style("bold", safe(shown.card.name)) + "\n")
    for label, lines in groupby(shown.card.lines, lambda line: line.label):
        for number, line in enumerate(lines):
            out.writelines(f"{text}\n" for text in _statement(line, "" if number else label, source, width, style))
    name = safe(shown.card.name)
    out.write(f"\n`caplint path {name}` shows the call paths to it;\n")
    out.write(f"`caplint inventory --cap {name.removeprefix(PREFIX)} --output-format json` has all as data\n")


def _statement(line: CardLine, label: str, source: Source, width: int, style: Style) -> Iterator[str]:
    """Yield the lines of a statement; the label stands before the first."""
    texts = textwrap.wrap(safe(line.text), width - _INDENT, break_on_hyphens=False) or [""]
    for number, text in enumerate(texts):
        head = "" if number else label
        yield f"  {style('bold', head)}{' ' * (_INDENT - 2 - len(head))}{text}"
    for place in line.places[:_MOST]:
        yield " " * _INDENT + _place(place, source, style)
    if (more := len(line.places) - _MOST) > 0:
        yield " " * _INDENT + style("dim", f"… and {more} more places")


def _place(place: SourceLine, source: Source, style: Style) -> str:
    text = f"{safe(place.tree)}:{safe(place.path)}:{place.line}"
    return style.link(source.address(Location(place.tree, place.path, place.line)), style("place", text))
