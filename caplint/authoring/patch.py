"""Patch: one entry of a project's plan, a title with the authors that write its places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from caplint.authoring.request import CapabilityRequest
from caplint.authoring.topic import Topic

Author = Callable[[CapabilityRequest, Topic], None]
"""Function that writes one place. It finds the place in the linked tables, or raises `Workshop.lacks`; a capability
that does not need the place gets nothing."""


@dataclass(frozen=True)
class PlannedPatch:
    """One patch of a series."""

    subject: str
    """First line of its message: `KVM: x86: Add KVM_CAP_X`."""
    body: tuple[str, ...]
    """Paragraphs of its message, without line breaks."""
    authors: tuple[Author, ...]
