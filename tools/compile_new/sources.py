"""Full sources of Linux and QEMU, beside the selection that `make corpus` keeps."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

from tools.compile_new.commands import run
from tools.corpus import HERE, downloads_directory
from tools.download import download
from tools.lockfile import read_config, read_lock
from tools.progress import Reporter

_STAMP = ".whole"


def source(name: str, work: Path, corpus: Path) -> Path:
    """Return the directory of a source package's files, fetched and unpacked whole, as the lock file has it."""
    tarball = read_lock(HERE / "corpus.lock")[name]
    place = work / f"{name}-source"
    if (place / _STAMP).is_file() and (place / _STAMP).read_text() == tarball.digest.sha256:
        return place
    archive = downloads_directory(corpus) / tarball.file
    archive.parent.mkdir(parents=True, exist_ok=True)
    mirror = read_config(HERE / "corpus.toml").mirror
    with Reporter() as reporter, reporter.meter(f"{name} fetch", tarball.digest.size) as tick:
        download(f"{mirror}/{quote(f'{tarball.path}/{tarball.file}', safe='/+~')}", archive, tarball.digest, tick)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    run(["tar", "-xf", str(archive), "-C", str(place), "--strip-components=1"], place)
    (place / _STAMP).write_text(tarball.digest.sha256)
    return place
