"""Content of one file of patches."""

from __future__ import annotations

from typing import NamedTuple


class PatchText(NamedTuple):
    """Content of one file, with all that tells how it belongs to the others."""

    label: str
    """Name of the file, to show to users."""
    content: bytes
    group: str = ""
    """Directory whose files make one series; empty for a file of its own."""
    mailbox: bool = False
    """Whether the group is a maildir: its mails are in order of arrival, and some are no patches."""
    strip: int | None = None
    """Number of directories to take off the names in its diffs; None where the diff tells it."""
