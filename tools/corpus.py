"""Fetch the real sources that caplint is tried on: `python -m tools.corpus`.

The trees come from Debian's packages and go to `.corpus/NAME`. What is fetched is said by
tools/corpus.toml, which exact file by tools/corpus.lock.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from urllib.parse import quote

from tools.debian import Index, Tarball, find_tarball, read_index
from tools.download import GoneError, download
from tools.errors import StoppedError, ToolError
from tools.lockfile import Config, Source, read_config, read_lock, write_lock
from tools.progress import Reporter
from tools.workspace import exclusive, is_current, stamp_text, unpack

HERE = Path(__file__).parent
WORKERS = 2  # decompression keeps a core busy, and the build machines have two
INTERRUPTED = 130


class Run:
    """One invocation: the lock as it stands, and what has failed so far, by source name."""

    def __init__(self, config: Config, lock_file: Path, directory: Path, reporter: Reporter):
        self.config = config
        self.lock_file = lock_file
        self.lock = read_lock(lock_file)
        self.directory = directory
        self.downloads = downloads_directory(directory)
        self.reporter = reporter
        self.failures: dict[str, str] = {}
        self._indexes: dict[tuple[str, str], Index] = {}

    def fetch(self, sources: Sequence[Source], *, update: bool) -> None:
        """Make every tree current; a failure is recorded and the others go on."""
        with exclusive((self.directory, self.downloads), self.reporter):
            self._resolve(source for source in sources if update or source.name not in self.lock)
            gone = self._build(self._locked(sources))
            self._resolve(gone)
            for source in self._build(self._locked(gone)):
                self.failures[source.name] = f"{self._url(source)} is indexed, yet cannot be fetched"

    def _locked(self, sources: Iterable[Source]) -> list[Source]:
        """Return those that can be built, the largest archive first: it decides when all end."""
        able = [s for s in sources if s.name in self.lock and s.name not in self.failures]
        return sorted(able, key=lambda s: -self.lock[s.name].digest.size)

    def _resolve(self, sources: Iterable[Source]) -> None:
        """Ask the suites' signed indexes for the newest versions, and lock them."""
        for source in sources:
            try:
                self._relock(source, self._find(source))
            except (ToolError, OSError) as error:
                self.failures[source.name] = str(error)

    def _find(self, source: Source) -> Tarball:
        key = (source.suite, source.kind)
        index = self._indexes.get(key)
        if index is None:
            self.reporter.say(f"{source.suite}: reading the index of {source.kind} packages")
            index = read_index(self.config.mirror, source.suite, self.config.keyring, source.kind)
            self._indexes[key] = index
        found = find_tarball(index, source.package, source.series)
        if not index.signed:
            self._accept_unsigned(source, found)
        return found

    def _accept_unsigned(self, source: Source, found: Tarball) -> None:
        locked = self.lock.get(source.name)
        if locked is None or locked.digest != found.digest:
            raise ToolError(
                f"the signature of {source.suite}'s index cannot be checked: "
                f"install gpgv and debian-archive-keyring (for {self.config.keyring})"
            )
        self.reporter.say(
            f"warning: {source.name}: no gpgv or keyring, so the signature of {source.suite}'s "
            f"index was not checked; {self.lock_file.name} has the same hash"
        )

    def _relock(self, source: Source, found: Tarball) -> None:
        locked = self.lock.get(source.name)
        if locked == found:
            self.reporter.say(f"{source.name}: {found.version} is the newest in {source.suite}")
            return
        self.lock[source.name] = found
        write_lock(self.lock_file, {n: self.lock[n] for n in self.config.sources if n in self.lock})
        before = f" instead of {locked.version}" if locked else ""
        self.reporter.say(f"{source.name}: {self.lock_file.name} now has {found.version}{before}")

    def _build(self, sources: Sequence[Source]) -> list[Source]:
        """Fetch and unpack; return the sources whose locked file the mirror no longer has."""
        gone: list[Source] = []
        with ThreadPoolExecutor(WORKERS) as pool:
            futures = {pool.submit(self._build_one, source): source for source in sources}
            try:
                for future in as_completed(futures):
                    gone += self._outcome(future, futures[future])
            except KeyboardInterrupt:
                self.reporter.stop()
                pool.shutdown(cancel_futures=True)
                raise
        return gone

    def _outcome(self, future: Future[None], source: Source) -> list[Source]:
        try:
            future.result()
        except GoneError as error:
            self.reporter.say(f"{source.name}: {error}")
            return [source]
        except (ToolError, OSError) as error:
            self.failures[source.name] = str(error)
        return []

    def _build_one(self, source: Source) -> None:
        tarball = self.lock[source.name]
        tree = self.directory / source.name
        stamp = stamp_text(tarball, source.selection)
        if is_current(tree, stamp):
            self.reporter.say(f"{source.name}: {tarball.version} is there")
            return
        archive = self.downloads / tarball.file
        self._download(source, archive)
        self.reporter.say(f"{source.name}: extracting {tarball.file}")
        count = unpack(archive, tree, source.selection, stamp, self.reporter)
        self.reporter.say(f"{source.name}: {tarball.version}, {count} files in {tree}")

    def _download(self, source: Source, archive: Path) -> None:
        digest = self.lock[source.name].digest
        if not archive.exists():
            self.reporter.say(f"{source.name}: fetching {archive.name} ({digest.size >> 20} MiB)")
        with self.reporter.meter(f"{source.name} fetch", digest.size) as tick:
            download(self._url(source), archive, digest, tick)

    def _url(self, source: Source) -> str:
        tarball = self.lock[source.name]
        return f"{self.config.mirror}/{quote(f'{tarball.path}/{tarball.file}', safe='/+~')}"


def downloads_directory(directory: Path) -> Path:
    """Return where archives are kept: CAPLINT_CORPUS_DOWNLOADS, or `downloads` in `directory`."""
    shared = os.environ.get("CAPLINT_CORPUS_DOWNLOADS")
    return Path(shared) if shared else directory / "downloads"


def parse_arguments(arguments: Sequence[str] | None, names: Iterable[str]) -> argparse.Namespace:
    """Parse the command line; exits with 2 on a wrong one."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.corpus",
        description="Fetch the real sources of Linux, QEMU, libvirt, rust-vmm's crates and strace from Debian.",
        epilog="CAPLINT_DEBIAN_MIRROR names another mirror, CAPLINT_CORPUS_DOWNLOADS another "
        "directory for the archives. An interrupted run is continued by the next one.",
    )
    parser.add_argument(
        "--only", action="append", choices=list(names), metavar="NAME",
        help="fetch this tree only, may be repeated: %(choices)s",
    )  # fmt: skip
    parser.add_argument("--update", action="store_true", help="lock the newest version of each series first")
    parser.add_argument("--directory", type=Path, default=Path(".corpus"), help="where the trees go (%(default)s)")
    return parser.parse_args(arguments)


def main(
    arguments: Sequence[str] | None = None,
    config_file: Path = HERE / "corpus.toml",
    lock_file: Path = HERE / "corpus.lock",
) -> int:
    """Run the command; returns 0, 1 when a tree could not be made, or 130 when interrupted."""
    try:
        config = read_config(config_file)
        options = parse_arguments(arguments, config.sources)
        wanted = [config.sources[name] for name in options.only or config.sources]
        with Reporter() as reporter:
            run = Run(config, lock_file, options.directory, reporter)
            run.fetch(wanted, update=options.update)
    except (KeyboardInterrupt, StoppedError):
        print("\ninterrupted; the next run continues here", file=sys.stderr)
        return INTERRUPTED
    except (ToolError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for name, reason in run.failures.items():
        print(f"error: {name}: {reason}", file=sys.stderr)
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
