"""Histories for a terminal, as one JSON object with the schema schemas/history.json, and as CSV."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any, TextIO

from caplint import __version__
from caplint.history.model import BROUGHT, HEADER, PRESENT, REMOVED, RENAMED, CapabilityHistory, Event, Track
from caplint.report.style import Style, safe, spreadsheet_text
from caplint.report.wording import plural
from caplint.util.escape import json_text

_WIDTH = 100
_SHORT = 12
MOST_CAUSES = 3
"""Number of commits of an event that are shown."""


def write_text(history: CapabilityHistory, out: TextIO, style: Style) -> None:
    """Write the events by tree and capability."""
    for number, track in enumerate(history.tracks):
        if number:
            out.write("\n")
        out.writelines(f"{line}\n" for line in _lines(track, style))


def _lines(track: Track, style: Style) -> Iterator[str]:
    labels = [safe(point.label) for point in track.points]
    span = f"{labels[0]} to {labels[-1]}" if len(labels) > 1 else "".join(labels)
    states = f"{plural(len(labels), 'state')}{', ' if span else ''}{span}"
    yield style("bold", f"{safe(track.name)} ({safe(track.location)}): {states}")
    width = max((len(release_of(event)) for event in track.events), default=0)
    for cap, events in groupby(track.events, key=lambda event: event.cap):
        yield safe(cap)
        for event in events:
            yield from _event(event, width, style)
    if not track.events:
        yield "  no event"
    for remark in track.remarks:
        yield from textwrap.wrap(f"note: {safe(remark)}", _WIDTH, subsequent_indent="  ")


def _event(event: Event, width: int, style: Style) -> Iterator[str]:
    place = event.place + (f" on {safe(event.arch)}" if event.arch else "")
    yield f"  {style('place', release_of(event).ljust(width))}  {place}: {safe(described(event))}"
    for cause in event.causes[:MOST_CAUSES]:
        merge = "merge " if cause.is_merge else ""
        yield style("dim", f"  {'':{width}}    {merge}{cause.oid[:_SHORT]} {cause.date} {safe(cause.subject)}")
    if (more := len(event.causes) - MOST_CAUSES) > 0:
        yield style("dim", f"  {'':{width}}    and {plural(more, 'further commit')} that may have changed it")


def release_of(event: Event) -> str:
    """Return the label, or the day of a commit without one."""
    if event.release is not None:
        return safe(event.release)
    return event.causes[0].date if event.causes else "unreleased"


def described(event: Event) -> str:
    """Return the event in words, such as `renumbered 125 -> 126`."""
    if event.kind == RENAMED:
        return f"renamed {event.before} -> {event.after}"
    if event.kind == PRESENT:
        return f"{event.after} (already there)"
    if event.kind in {BROUGHT, REMOVED}:
        return f"{event.kind}, {'number ' if event.place == HEADER else ''}{event.after or event.before}"
    return f"{event.kind} {event.before} -> {event.after}"


def write_json(history: CapabilityHistory, out: TextIO, _: Style) -> None:
    """Write everything as one object."""
    out.write(json_text(as_object(history), indent=2) + "\n")


def as_object(history: CapabilityHistory) -> dict[str, Any]:
    """Return the histories as plain data."""
    return {"version": 1, "caplint": __version__, "trees": [_track(track) for track in history.tracks]}


def _track(track: Track) -> dict[str, Any]:
    return {
        "name": track.name,
        "role": track.role,
        "path": track.location,
        "states": [{"label": point.label, "commit": point.commit} for point in track.points],
        "events": [_event_object(event) for event in track.events],
        "remarks": list(track.remarks),
    }


def _event_object(event: Event) -> dict[str, Any]:
    plain = asdict(event)
    plain["copied_from"] = plain.pop("sync")
    plain["commits"] = [
        {"id": cause["oid"], "date": cause["date"], "subject": cause["subject"], "merge": cause["is_merge"]}
        for cause in plain.pop("causes")
    ]
    return plain


def write_csv(history: CapabilityHistory, out: TextIO, _: Style) -> None:
    """Write a row per event; several commits in one cell are separated by blanks."""
    table = csv.writer(out, lineterminator="\n")
    table.writerow(
        ["capability", "tree", "role", "place", "arch", "event", "before", "after", "release", "copied_from",
         "commits", "date", "subject"]
    )  # fmt: skip
    for track in history.tracks:
        for event in track.events:
            first = event.causes[0] if event.causes else None
            row = (
                event.cap, track.name, track.role, event.place, event.arch, event.kind, event.before, event.after,
                event.release, event.sync, " ".join(cause.oid for cause in event.causes),
                first.date if first else "", first.subject if first else "",
            )  # fmt: skip
            table.writerow([spreadsheet_text(cell or "") for cell in row])
