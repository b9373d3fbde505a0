"""Summary of a series as mail text, at most ten lines for each capability, and as a check of b4."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple, TextIO

from caplint.engine.outcome import Outcome
from caplint.inventory.series_summary import SeriesSummary, TouchedCapability
from caplint.report import b4
from caplint.report.style import Style, safe
from caplint.report.wording import plural

# Mails quote: 72 columns leave room for it.
_WIDTH = 72
_LINES = 10
# Names that one entry has in its head and of architectures, and lines of its first part.
_NAMES = 3
_TOUCHED = 3


class SummarisedSeries(NamedTuple):
    """Outcome of all series together, and for each its label and summary."""

    outcome: Outcome
    series: list[tuple[str, SeriesSummary]]


def write_text(result: SummarisedSeries, out: TextIO, _: Style) -> None:
    """Write the summaries as text for a reply."""
    out.writelines(f"{line}\n" for line in lines(result))


def write_b4(result: SummarisedSeries, out: TextIO, style: Style) -> None:
    """Write a check of b4 whose details begin with the summaries."""
    b4.report(result.outcome, out, style, list(lines(result)))


def lines(result: SummarisedSeries) -> Iterator[str]:
    """Yield the summary of each series."""
    for number, (label, summary) in enumerate(result.series):
        if len(result.series) > 1:
            yield from (("",) if number else ())
            yield f"{safe(label)}:"
        if not summary.capabilities:
            yield "the series touches no place of a capability that caplint reads"
        for index, group in enumerate(_groups(summary.capabilities)):
            yield from (("",) if index else ())
            yield from _entry(group)
        if summary.others:
            codes = ", ".join(sorted({found.code for found in summary.others}))
            text = f"{plural(len(summary.others), 'finding')} about other subjects: {codes}"
            yield from ("", *textwrap.wrap(text, _WIDTH))


def _groups(capabilities: tuple[TouchedCapability, ...]) -> list[list[TouchedCapability]]:
    """Return capabilities that a series treats alike as one group: a header sync brings dozens."""
    groups: dict[tuple[object, ...], list[TouchedCapability]] = {}
    for cap in capabilities:
        said = tuple((found.code, found.severity, found.message) for found in cap.owes)
        groups.setdefault((cap.state, cap.touches, said, cap.absent), []).append(cap)
    return list(groups.values())


def _entry(group: list[TouchedCapability]) -> list[str]:
    """Return at most `_LINES` lines about capabilities that are treated alike."""
    cap = group[0]
    names = ", ".join(f"{safe(one.name)} ({'?' if one.number is None else one.number})" for one in group[:_NAMES])
    more = f" and {len(group) - _NAMES} more" if len(group) > _NAMES else ""
    head = textwrap.wrap(f"{names}{more}, {cap.state}", _WIDTH, break_on_hyphens=False)
    touches = _part("touches", _joined(cap.touches) or "nothing")
    if len(touches) > _TOUCHED:
        touches = [*touches[: _TOUCHED - 1], " " * 11 + "…"]
    absent = _part("absent", ", ".join(cap.absent)) if cap.absent else []
    room = max(1, _LINES - len(head) - len(touches) - len(absent))
    return [*head, *touches, *_owed(cap, room), *absent]


def _owed(cap: TouchedCapability, room: int) -> list[str]:
    """Return the findings within a number of lines: one for each at least, more while there is room."""
    texts = [
        f"{found.code} {found.severity}: " + (f"{found.subject}: " if found.subject != cap.name else "") + found.message
        for found in cap.owes
    ]
    if len(texts) > room:
        texts[room - 1 :] = [f"… and {plural(len(texts) - room + 1, 'more finding')}"]
    spare = room - len(texts)
    shown = []
    for number, text in enumerate(texts):
        first = f"  {'' if number else 'owes':<9}"
        whole = textwrap.wrap(f"{first}{safe(text)}", _WIDTH, subsequent_indent=" " * 13, break_on_hyphens=False)
        taken = min(len(whole), 1 + spare)
        spare -= taken - 1
        shown += whole[:taken]
        if taken < len(whole):
            shown[-1] = _cut(f"{shown[-1]} {whole[taken].strip()}", _WIDTH)
    return shown


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _part(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"  {label:<9}", subsequent_indent=" " * 11, break_on_hyphens=False
    )


def _joined(touches: tuple[str, ...]) -> str:
    """Return places as a list in which those that differ by a last word share their first."""
    groups: dict[str, list[str]] = {}
    for place in touches:
        match = re.fullmatch(r"(answer on|enable \(\w+\) on|mention in) (.*)", place)
        first, rest = (match[1], match[2]) if match else (place, "")
        groups.setdefault(first, []).append(rest)
    return "; ".join(safe(f"{first} {_listed(rest)}".rstrip()) for first, rest in groups.items())


def _listed(words: list[str]) -> str:
    return (
        ", ".join(words) if len(words) <= _NAMES + 1 else f"{', '.join(words[:_NAMES])} and {len(words) - _NAMES} more"
    )
