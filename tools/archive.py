"""Extract chosen regular files of a source tarball, trusting none of its member names."""

import io
import lzma
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from caplint.knowledge.globs import Globs, compile_globs
from tools.errors import ToolError
from tools.progress import Tick


@dataclass(frozen=True)
class Selection:
    """Which files are taken: those that a `keep` glob matches and no `drop` glob does."""

    keep: tuple[str, ...]
    drop: tuple[str, ...] = ()

    def patterns(self) -> tuple[Globs, Globs]:
        """Return both sides compiled. Raises ValueError on a malformed glob."""
        return compile_globs(self.keep), compile_globs(self.drop)


class _MeteredFile(io.FileIO):
    """An archive that tells `tick` how far it is read: a bar moves, an interrupt is noticed."""

    def __init__(self, path: Path, tick: Tick) -> None:
        super().__init__(path)
        self._tick = tick

    def read(self, size: int | None = -1, /) -> bytes:
        self._tick(self.tell())
        return super().read(size)


def extract(archive: Path, target: Path, selection: Selection, tick: Tick) -> int:
    """Fill the new directory `target` with the selected files; return how many there are.

    The archive's single top-level directory is stripped. Links are skipped, so nothing written
    can lead out of `target`. Raises ToolError on a damaged archive, on a member whose name is
    absolute or has `..`, and on devices; `target` is then incomplete.
    """
    target.mkdir(parents=True)
    try:
        with _MeteredFile(archive, tick) as file, _open(file) as tar:
            return _extract(tar, target, selection)
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise ToolError(f"{archive.name} cannot be read: {error}") from error
    except (HostileMemberError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ToolError(f"{archive.name} is refused: {error}") from error


class HostileMemberError(Exception):
    """An archive member that no upstream release has."""


def member_path(name: str) -> tuple[str, str]:
    """Split a member's name into the top-level directory and the path below it ("" for itself).

    Raises HostileMemberError for a name that is absolute, empty or climbs with `..`.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or not parts or "\0" in name:
        raise HostileMemberError(f"member name {name!r}")
    return parts[0], "/".join(parts[1:])


def _open(source: _MeteredFile) -> tarfile.TarFile:
    # A stream is decompressed once, front to back, and never as a whole in memory. tarfile copies
    # its buffer for every header it reads, so a larger one than the default makes it crawl.
    return tarfile.open(fileobj=source, mode="r|xz")


def _extract(tar: tarfile.TarFile, target: Path, selection: Selection) -> int:
    keep, drop = selection.patterns()
    tops: set[str] = set()
    count = 0
    for member in tar:
        top, path = member_path(member.name)
        tops.add(top)
        if len(tops) > 1:
            raise HostileMemberError(f"more than one top-level directory: {sorted(tops)}")
        if _is_file(member) and keep.fullmatch(path) and not drop.fullmatch(path):
            _write(tar, member, target / path)
            count += 1
    if not count:
        raise HostileMemberError("it has none of the selected files")
    return count


def _is_file(member: tarfile.TarInfo) -> bool:
    if not (member.isreg() or member.isdir() or member.islnk() or member.issym()):
        raise HostileMemberError(f"{member.name!r} is a device or of an unknown type")
    return member.isreg()


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = tar.extractfile(member)
    assert source is not None, "a regular file has contents"
    path.parent.mkdir(parents=True, exist_ok=True)
    with source, path.open("wb") as sink:
        shutil.copyfileobj(source, sink)
