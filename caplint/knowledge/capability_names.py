"""Patterns of capability names; every search for one is built from these."""

from __future__ import annotations

import re

PREFIX = "KVM_CAP_"
NAME = r"KVM_CAP_\w+"
"""The pattern of a name, to be put into others."""
_NAME = re.compile(rf"{NAME}\Z")
_MENTION = re.compile(rf"\b{NAME}")
_MENTION_BYTES = re.compile(rf"\b{NAME}".encode())
_PASTED = re.compile(rf"\b{PREFIX}[A-Z]\w*\(\s*([A-Z]\w*)\s*\)", re.ASCII)
_PORTABLE = re.compile(rf"{PREFIX}\w{{1,100}}\Z", re.ASCII)
"""A name in a record of another machine."""


def is_capability(text: str) -> bool:
    """Whether a text is the name of a capability and nothing else."""
    return _NAME.match(text) is not None


def is_portable_name(text: str) -> bool:
    """Whether a text from elsewhere may be such a name: of ASCII letters, and no longer than a name needs to be."""
    return _PORTABLE.match(text) is not None


def capabilities_in(text: str) -> list[str]:
    """Return every mention of a capability in a text, in order, repeated ones too."""
    return _MENTION.findall(text)


def pasted_in(text: str) -> list[str]:
    """Return every name that a macro called like a capability makes of its argument: `KVM_CAP_INFO(IRQCHIP)`."""
    return [f"{PREFIX}{name}" for name in _PASTED.findall(text)]


def mentions_in(content: bytes) -> list[tuple[str, int]]:
    """Return every mention of a capability in a file, with its offset."""
    return [(match.group().decode(), match.start()) for match in _MENTION_BYTES.finditer(content)]
