"""The language that a file is read as."""

from __future__ import annotations

# Names of files without an ending, and their endings where they stand for one architecture or directory.
_BUILD_FILES = {"Kconfig": "kconfig", "Makefile": "make", "Kbuild": "make"}


EXPANDED = "expanded"
"""The language of `caplint.facts.expanded.packed`."""
OUTLINE = "outline"
"""A C file that is read for the call graph only."""
NAME_INDEX = "name_index"
"""A C file that is searched for names and not parsed."""


def language_of(path: str) -> str | None:
    """The language that a path's name stands for, None where caplint reads no such files."""
    if path.endswith((".c", ".h", ".c.inc", ".h.inc")):
        return "c"
    if path.endswith(".rst"):
        return "rst"
    name = path.rpartition("/")[2]
    return "meson" if name == "meson.build" else _BUILD_FILES.get(name.partition(".")[0])
