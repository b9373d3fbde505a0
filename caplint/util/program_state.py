"""One name for the program itself: whatever of it could change an answer."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_DATA = (".py", ".sql", ".toml", ".h")
# As with files of trees: one that is so young may change again under the same stamp.
_RACY_NS = 2_000_000_000


def program_state() -> str | None:
    """Names the code of caplint by its files' stamps, Python, and the installed libraries with their versions.

    None while the code is being changed.
    """
    lines = [sys.version, str(_PACKAGE), *_libraries()]
    young = time.time_ns() - _RACY_NS
    for directory, _, names in sorted(os.walk(_PACKAGE)):
        for name in sorted(names):
            if name.endswith(_DATA):
                status = os.stat(f"{directory}/{name}")  # noqa: PTH116 - some hundred files
                if status.st_mtime_ns >= young:
                    return None
                lines.append(f"{directory}/{name} {status.st_size} {status.st_mtime_ns} {status.st_ino}")
    return "\n".join(lines)


def _libraries() -> list[str]:
    """Names and versions as directories say them; importlib.metadata takes longer than all the rest of a run."""
    found = []
    for place in sys.path:
        try:
            found += [name for name in os.listdir(place or ".") if name.endswith((".dist-info", ".egg-info"))]  # noqa: PTH208
        except OSError:
            continue
    return sorted(found)
