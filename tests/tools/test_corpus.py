import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus_mirror import GPGV, POOL, Mirror, running_mirror

from tools import corpus, download
from tools.errors import StoppedError
from tools.lockfile import read_config, read_lock
from tools.progress import Reporter

CONFIG = """\
mirror = "http://unused.invalid"
keyring = "{keyring}"
[source."hello-1"]
package = "hello"
suite = "stable"
series = "1"
[source."hello-2"]
package = "hello"
suite = "stable"
series = "2"
[selection.hello]
keep = ["VERSION", "**/*.c"]
drop = ["tests/**"]
"""
INDEX = ["/dists/stable/InRelease", "/dists/stable/main/source/Sources.xz"]


@dataclass
class Corpus:
    """A project with two sources, and its mirror, which has both."""

    root: Path
    mirror: Mirror

    def run(self, *arguments: str) -> int:
        files = (self.root / "corpus.toml", self.root / "corpus.lock")
        self.mirror.requests.clear()
        return corpus.main(["--directory", str(self.root / "out"), *arguments], *files)

    def version(self, name: str) -> str:
        return (self.root / "out" / name / "VERSION").read_text()

    def locked(self, name: str) -> str:
        lock = tomllib.loads((self.root / "corpus.lock").read_text())
        return str(lock[name]["version"])

    def requested(self) -> list[str]:
        return sorted(path for path, _ in self.mirror.requests)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Corpus]:
    (tmp_path / "gpgv").write_text(GPGV)
    (tmp_path / "gpgv").chmod(0o755)
    (tmp_path / "keys.gpg").touch()
    (tmp_path / "corpus.toml").write_text(CONFIG.format(keyring=tmp_path / "keys.gpg"))
    monkeypatch.setattr(download, "RETRY_DELAYS", ())
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("CAPLINT_CORPUS_DOWNLOADS", raising=False)
    with running_mirror() as mirror:
        mirror.publish("stable", "1.0-1", "1:2.0-3")
        monkeypatch.setenv("CAPLINT_DEBIAN_MIRROR", mirror.url + "/")
        yield Corpus(tmp_path, mirror)


def test_first_run_resolves_and_locks(project: Corpus) -> None:
    assert project.run() == 0
    assert (project.version("hello-1"), project.version("hello-2")) == ("1.0", "2.0")
    assert (project.locked("hello-1"), project.locked("hello-2")) == ("1.0", "2.0")
    tree = project.root / "out/hello-1"
    names = {str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file()}
    assert names == {".caplint-corpus", "VERSION", "src/a.c"}


def test_second_run_does_nothing(project: Corpus) -> None:
    project.run()
    before = (project.root / "out/hello-1").stat()
    assert project.run() == 0
    assert project.requested() == []
    assert (project.root / "out/hello-1").stat() == before


def test_a_locked_file_needs_no_index(project: Corpus) -> None:
    project.run("--only", "hello-1")
    project.mirror.files.pop(INDEX[0])
    assert project.run("--only", "hello-1", "--directory", str(project.root / "elsewhere")) == 0
    assert project.requested() == [f"/{POOL}/hello_1.0.orig.tar.xz"]


def test_changed_globs_extract_again(project: Corpus) -> None:
    project.run()
    config = project.root / "corpus.toml"
    config.write_text(config.read_text().replace('"VERSION"', '"VERSION", "**/*.txt"'))
    assert project.run() == 0
    assert project.requested() == []
    assert (project.root / "out/hello-1/src/doc/a.txt").is_file()


def test_lock_moves_when_its_file_is_gone(project: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    project.run()
    project.mirror.publish("stable", "1.1-1", "2.0-3", "3.0-1")
    elsewhere = str(project.root / "elsewhere")
    assert project.run("--directory", elsewhere) == 0
    assert project.locked("hello-1") == "1.1"
    assert (project.root / "elsewhere/hello-1/VERSION").read_text() == "1.1"
    assert "hello-1: corpus.lock now has 1.1 instead of 1.0" in capsys.readouterr().err


def test_update_moves_the_lock(project: Corpus) -> None:
    project.run()
    project.mirror.publish("stable", "1.0-1", "1.10-1", "1.9-1", "2.0-3")
    assert project.run() == 0
    assert project.locked("hello-1") == "1.0"
    assert project.run("--update") == 0
    assert (project.version("hello-1"), project.version("hello-2")) == ("1.10", "2.0")
    assert project.requested() == [*INDEX, f"/{POOL}/hello_1.10.orig.tar.xz"]


def test_one_failure_does_not_stop_the_other(project: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    project.mirror.files[f"/{POOL}/hello_1.0.orig.tar.xz"] = b"bad"
    assert project.run() == 1
    assert project.version("hello-2") == "2.0"
    assert "error: hello-1: " in capsys.readouterr().err


def test_indexed_but_gone(project: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    del project.mirror.files[f"/{POOL}/hello_1.0.orig.tar.xz"]
    assert project.run() == 1
    assert "indexed, yet cannot be fetched" in capsys.readouterr().err


def test_without_keyring_a_new_hash_is_refused(project: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    (project.root / "keys.gpg").unlink()
    assert project.run() == 1
    assert "install gpgv and debian-archive-keyring" in capsys.readouterr().err
    assert not (project.root / "corpus.lock").exists()


def test_without_gpgv_a_locked_hash_is_accepted(
    project: Corpus, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run()
    monkeypatch.setenv("PATH", str(project.root / "empty"))
    assert project.run("--update") == 0
    assert "was not checked" in capsys.readouterr().err


def test_a_bad_signature_is_fatal(project: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    (project.root / "gpgv").write_text("#!/bin/sh\necho '[GNUPG:] BADSIG 1 hello'\n")
    assert project.run() == 1
    assert "no good signature" in capsys.readouterr().err


def test_somebodys_directory_is_not_replaced(project: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    work = project.root / "out/hello-1/work"
    work.mkdir(parents=True)
    assert project.run("--only", "hello-1") == 1
    assert work.is_dir()
    assert "move it out of the way" in capsys.readouterr().err


def test_shared_downloads(project: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPLINT_CORPUS_DOWNLOADS", str(project.root / "out"))
    assert project.run() == 0
    assert (project.root / "out/hello_1.0.orig.tar.xz").is_file()


def test_interrupt(project: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(corpus, "as_completed", interrupted)
    assert project.run() == 130


def test_a_stopped_run_ends_its_workers() -> None:
    reporter = Reporter()
    reporter.stop()
    with pytest.raises(StoppedError), reporter.meter("x", 1) as tick:
        tick(1)


def test_damaged_lock(project: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    (project.root / "corpus.lock").write_text('["hello-1"]\nversion = "1"\n')
    assert project.run() == 1
    assert "corpus.lock is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--only", "nothing"], ["--bad"]])
def test_usage(project: Corpus, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        project.run(*arguments)
    assert exit_.value.code == 2


def test_the_projects_own_files_agree() -> None:
    config = read_config(corpus.HERE / "corpus.toml")
    lock = read_lock(corpus.HERE / "corpus.lock")
    assert list(lock) == list(config.sources)
    for name, source in config.sources.items():
        assert lock[name].version.startswith(source.series)
        source.selection.patterns()
