"""caplint patch --fix: corrected files of patches, in a directory of their own."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from caplint.report.style import safe
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.trees.patch_text import PatchText


def targets(texts: Iterable[PatchText], directory: Path) -> dict[str, Path]:
    """Return label → new file for files of patches. Raises `CaplintError` if a file would be replaced."""
    found: dict[str, Path] = {}
    for text in texts:
        name = PurePath(text.label).name.removesuffix(".gz").removesuffix(".xz") or "-"
        name = "stdin.mbox" if name == "-" else name
        place = directory / name
        if place in found.values():
            raise CaplintError(f"{safe(text.label)}: two files are named {safe(name)}; give each a name of its own")
        if place.exists() or place.is_symlink():
            raise CaplintError(f"{safe(str(place))}: exists already; name an empty directory with -o")
        found[text.label] = place
    return found


def write(texts: Iterable[PatchText], places: dict[str, Path]) -> None:
    """Write corrected files, all or none. Nothing that exists is replaced."""
    done: list[Path] = []
    try:
        for text in texts:
            place = places[text.label]
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file:
                done.append(place)
                file.write(text.content)
    except OSError as error:
        for place in done:
            with suppress(OSError):
                place.unlink()
        raise CaplintError(
            f"{safe(str(error.filename))}: cannot be written: {error.strerror}; nothing was written"
        ) from error
    for place in done:
        sys.stderr.write(f"wrote {safe(str(place))}\n")
