"""Patterns of untrusted files: matched in time proportional to pattern times text, unlike regular expressions."""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text matches a pattern, in which `*` stands for any characters."""
    first, *others = pattern.split("*")
    if not others:
        return first == text
    *middle, last = others
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, stop = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, stop)
        if found < 0:
            return False
        at = found + len(part)
    return True


def path_matches(pattern: str, path: str) -> bool:
    """Tell whether a relative path matches a pattern: `*` stays within a name, `**` is any number of whole names."""
    names = path.split("/")
    reached = {0}  # numbers of names that the pattern so far accounts for
    for part in pattern.split("/"):
        if part == "**":
            reached = set(range(min(reached), len(names) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(names) and matches(part, names[at])}
        if not reached:
            return False
    return len(names) in reached
