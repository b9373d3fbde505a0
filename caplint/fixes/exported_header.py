"""The text of a UAPI header as user space gets it.

Source of the steps: scripts/headers_install.sh of Linux, without those that no header of KVM needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(?P<word>if|ifdef|ifndef|elif|else|endif)\b[ \t]*(?P<rest>.*)")
_KERNEL = {
    "ifdef __KERNEL__": False,
    "if defined(__KERNEL__)": False,
    "ifndef __KERNEL__": True,
    "if !defined(__KERNEL__)": True,
}
"""Condition → its value in user space."""
_COMMENT = re.compile(r"/\*.*?\*/|//.*")
_ANNOTATION = re.compile(r"(?<=[ \t(])(?:__user|__force|__iomem)[ \t]+")
_PACKED = re.compile(r"(?<![A-Za-z0-9_])__packed(?![A-Za-z0-9_])")
_INTERNAL = re.compile(r"[ \t]*#[ \t]*include[ \t]*<linux/compiler(?:_types)?\.h>")


def exported(lines: Iterable[str]) -> list[str] | None:
    """Return the lines without the kernel's own parts and annotations.

    None if __KERNEL__ is tested in another way than by itself, or a group of #if does not end.
    """
    kept: list[str] = []
    groups: list[bool | None] = []
    for line in lines:
        match = _DIRECTIVE.match(line)
        if match and (keep := _entered(match["word"], match["rest"], groups)) is not True:
            if keep is None:
                return None
            continue
        if not match and "__KERNEL__" in _COMMENT.sub("", line):
            return None
        if False not in groups:
            kept.append("" if _INTERNAL.match(line) else _plain(line))
    return kept if not groups else None


def _entered(word: str, rest: str, groups: list[bool | None]) -> bool | None:
    """Follow a directive: `groups` holds for each open group the value of what is read, None for one that stays.

    Return whether its line belongs to the text where that is kept; None if the directive is not understood.
    """
    rest = _COMMENT.sub("", rest).strip()
    if word in ("if", "ifdef", "ifndef"):
        value = _KERNEL.get(f"{word} {rest}")
        groups.append(value)
        return None if value is None and "__KERNEL__" in rest else value is None
    if not groups or (word == "elif" and (groups[-1] is not None or "__KERNEL__" in rest)):
        return None
    own = groups[-1]
    if word == "endif":
        groups.pop()
    elif own is not None:
        groups[-1] = not own
    return own is None


def _plain(line: str) -> str:
    return _PACKED.sub("__attribute__((packed))", _ANNOTATION.sub("", line))
