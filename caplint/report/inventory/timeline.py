"""Histories of capabilities as data for the page."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from caplint.history.model import CapabilityHistory, Event
from caplint.report.history import MOST_CAUSES, described, release_of


def timelines(history: CapabilityHistory) -> dict[str, list[dict[str, Any]]]:
    """Return, by capability, the trees that have events of it, each with the events in the order of history."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for track in history.tracks:
        events: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in track.events:
            events[event.cap].append(_event(event))
        for cap, entries in events.items():
            found[cap].append({"tree": track.name, "events": entries})
    return dict(found)


def _event(event: Event) -> dict[str, Any]:
    commits = [
        f"{'merge ' if cause.is_merge else ''}{cause.oid[:12]} {cause.date} {cause.subject}"
        for cause in event.causes[:MOST_CAUSES]
    ]
    more = len(event.causes) - len(commits)
    return {
        "release": release_of(event),
        "place": event.place,
        "arch": event.arch,
        "text": described(event),
        "commits": [*commits, *([f"and {more} more"] if more else [])],
    }
