"""What a file is read as, and by which extractors. To know that, none of them is loaded."""

from __future__ import annotations

import hashlib
from functools import lru_cache

# Names of files without an ending, and their endings where they stand for one architecture or directory.
_BUILD_FILES = {"Kconfig": "kconfig", "Makefile": "make", "Kbuild": "make"}


MADE = "made"
"""The language of `caplint.facts.made.packed`."""
OUTLINE = "outline"
"""A C file that is read for the call graph only."""
WORDS = "words"
"""A C file that is searched for names and not parsed."""


def language_of(path: str) -> str | None:
    """The language that a path's name stands for, None where caplint reads no such files."""
    if path.endswith((".c", ".h", ".c.inc", ".h.inc")):
        return "c"
    if path.endswith(".rst"):
        return "rst"
    name = path.rpartition("/")[2]
    return "meson" if name == "meson.build" else _BUILD_FILES.get(name.partition(".")[0])


@lru_cache(maxsize=8)
def identity(tables_identity: str) -> str:
    """Name everything that decides what `extract` answers: code, libraries, the repair tables."""
    from caplint.code_identity import FACTS, code_identity  # noqa: PLC0415 - who only asks for languages needs none

    return hashlib.sha256(f"{tables_identity} {code_identity(*FACTS)}".encode()).hexdigest()[:20]
