"""Extract chosen regular files of a source tarball or a Rust library's `.deb`, trusting none of the member names."""

import io
import lzma
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from caplint.knowledge.globs import Globs, compile_globs
from tools.errors import ToolError
from tools.progress import Tick

# Where Debian's packages of Rust libraries have the sources of a crate.
_CRATES = ("usr", "share", "cargo", "registry")
_AR, _AR_HEADER = b"!<arch>\n", 60


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

    The archive's single top-level directory is stripped; of a `.deb`, that in the directory of crates.
    Links are skipped, so nothing written can lead out of `target`. Raises ToolError on a damaged archive, on a
    member whose name is absolute or has `..`, and on devices; `target` is then incomplete.
    """
    target.mkdir(parents=True)
    try:
        with _MeteredFile(archive, tick) as file, _open(file) as tar:
            return _extract(tar, target, selection, _CRATES if archive.suffix == ".deb" else ())
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise ToolError(f"{archive.name} cannot be read: {error}") from error
    except (HostileMemberError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ToolError(f"{archive.name} is refused: {error}") from error


class HostileMemberError(Exception):
    """An archive member that no upstream release has."""


def member_path(name: str, below: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """Split a member's name into the top-level directory and the path below it ("" for itself).

    `below` is the directory in which that directory is; None is returned for what is elsewhere.
    Raises HostileMemberError for a name that is absolute, empty or climbs with `..`.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or not (parts or below) or "\0" in name:
        raise HostileMemberError(f"member name {name!r}")
    if tuple(parts[: len(below)]) != below or len(parts) == len(below):
        return None
    return parts[len(below)], "/".join(parts[len(below) + 1 :])


def _skip_to_data(source: io.FileIO) -> None:
    """Go to the data of a `.deb`, an archive of ar(5). Raises TarError for one that is damaged or not of xz."""
    if source.read(len(_AR)) != _AR:
        raise tarfile.TarError("it is no package of Debian")
    while len(header := source.read(_AR_HEADER)) == _AR_HEADER:
        name, size = header[:16].rstrip(b" /"), header[48:58].strip()
        if name == b"data.tar.xz":
            return
        if not size.isdigit():
            break
        source.seek((int(size) + 1) // 2 * 2, io.SEEK_CUR)
    raise tarfile.TarError("it has no data.tar.xz")


def _open(source: _MeteredFile) -> tarfile.TarFile:
    # A stream is decompressed once, front to back, and never as a whole in memory. tarfile copies
    # its buffer for every header it reads, so a larger one than the default makes it crawl.
    if str(source.name).endswith(".deb"):
        _skip_to_data(source)
    return tarfile.open(fileobj=source, mode="r|xz")


def _extract(tar: tarfile.TarFile, target: Path, selection: Selection, below: tuple[str, ...]) -> int:
    keep, drop = selection.patterns()
    tops: set[str] = set()
    count = 0
    for member in tar:
        location = member_path(member.name, below)
        if location is None:
            continue
        top, path = location
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
