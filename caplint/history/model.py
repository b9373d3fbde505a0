"""Data model of a history: per tree the states that were compared, and the events between them."""

from __future__ import annotations

from dataclasses import dataclass

PRESENT, BROUGHT, CHANGED = "present", "brought", "changed"
RENUMBERED, RENAMED, REMOVED = "renumbered", "renamed", "removed"
KINDS = (PRESENT, BROUGHT, CHANGED, RENUMBERED, RENAMED, REMOVED)
"""Kinds of events; `present`: in the first state that was read, so that nothing is known of its beginning."""
HEADER = "header"
"""Name of the place that holds a capability's number."""


@dataclass(frozen=True, slots=True)
class EventCause:
    """Commit that brought an event about."""

    oid: str
    date: str
    subject: str
    is_merge: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Change of a capability in one place."""

    cap: str
    place: str
    """`header`, `check`, `enable`, `documentation`, `self-test`, `MSR list`, `VMM check` or `VMM enable`."""
    arch: str | None
    kind: str
    before: str | None
    after: str | None
    release: str | None
    """Label of the first state that has it; None for a commit after the last tag, or without tags."""
    causes: tuple[EventCause, ...] = ()
    """Commits that brought it; several if they cannot be told apart, none if no commit names the capability."""
    sync: str | None = None
    """Release of Linux whose headers the commit copied, as its subject says."""


@dataclass(frozen=True, slots=True)
class Point:
    """State of a tree."""

    label: str
    commit: str | None
    """None for a directory."""
    location: str


@dataclass(frozen=True, slots=True)
class Track:
    """History of one tree."""

    name: str
    role: str
    location: str
    points: tuple[Point, ...]
    """States whose code and documentation were compared, oldest first."""
    events: tuple[Event, ...]
    """Events by capability in the order of their numbers, each in the order of history."""
    remarks: tuple[str, ...] = ()
    """Reasons why something is not shown."""
    known: tuple[str, ...] = ()
    """Capabilities that the header has ever defined."""


@dataclass(frozen=True, slots=True)
class CapabilityHistory:
    """Histories of several trees, kernels first."""

    tracks: tuple[Track, ...]
