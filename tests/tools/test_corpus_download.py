from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_mirror import Mirror, running_mirror, sha256

from tools import download as module
from tools.download import Digest, GoneError, download, read_url
from tools.errors import StoppedError, ToolError

CONTENT = bytes(range(256)) * 40
DIGEST = Digest(len(CONTENT), sha256(CONTENT))


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setattr(module, "RETRY_DELAYS", (0.0,))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_mirror() as running:
        running.files["/f"] = CONTENT
        yield running


def fetch(mirror: Mirror, tmp_path: Path, digest: Digest = DIGEST) -> bytes:
    download(f"{mirror.url}/f", tmp_path / "f", digest, lambda _: None)
    assert not (tmp_path / "f.part").exists()
    return (tmp_path / "f").read_bytes()


def test_fetches_once(mirror: Mirror, tmp_path: Path) -> None:
    assert fetch(mirror, tmp_path) == fetch(mirror, tmp_path) == CONTENT
    assert mirror.requests == [("/f", None)]


def test_continues_what_an_earlier_run_left(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT[:1000])
    assert fetch(mirror, tmp_path) == CONTENT
    assert mirror.requests == [("/f", "bytes=1000-")]


def test_continues_after_a_lost_connection(mirror: Mirror, tmp_path: Path) -> None:
    mirror.cut = 500
    assert fetch(mirror, tmp_path) == CONTENT
    assert mirror.requests == [("/f", None), ("/f", "bytes=500-")]


def test_an_interrupt_keeps_the_part(mirror: Mirror, tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        download(f"{mirror.url}/f", tmp_path / "f", DIGEST, stop)
    assert (tmp_path / "f.part").read_bytes() == CONTENT
    assert fetch(mirror, tmp_path) == CONTENT
    assert len(mirror.requests) == 1


def test_a_server_without_ranges_starts_over(mirror: Mirror, tmp_path: Path) -> None:
    mirror.ranges = False
    (tmp_path / "f.part").write_bytes(b"x" * 1000)
    assert fetch(mirror, tmp_path) == CONTENT


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * len(CONTENT), b"x" * 99999])
def test_a_part_of_another_file_is_dropped(mirror: Mirror, tmp_path: Path, left: bytes) -> None:
    (tmp_path / "f.part").write_bytes(left)
    assert fetch(mirror, tmp_path) == CONTENT


def test_a_damaged_download_is_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * len(CONTENT))
    assert fetch(mirror, tmp_path) == CONTENT


def test_wrong_hash(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="does not have the SHA-256 0000"):
        fetch(mirror, tmp_path, Digest(len(CONTENT), "0" * 64))
    assert not list(tmp_path.iterdir())


def test_wrong_length_is_refused_unread(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="has 10240 bytes, not the expected 5"):
        fetch(mirror, tmp_path, Digest(5, DIGEST.sha256))
    assert not list(tmp_path.iterdir())


def test_gives_up_on_a_connection_that_keeps_breaking(mirror: Mirror, tmp_path: Path) -> None:
    def cut_again(_: int) -> None:
        mirror.cut = 10

    mirror.cut = 10
    with pytest.raises(ToolError, match="only 20 of 10240 bytes arrived"):
        download(f"{mirror.url}/f", tmp_path / "f", DIGEST, cut_again)
    assert (tmp_path / "f.part").read_bytes() == CONTENT[:20]


def test_gone(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(GoneError, match="404"):
        read_url(f"{mirror.url}/none")
    with pytest.raises(GoneError):
        read_url((tmp_path / "none").as_uri())


def test_a_directory_can_be_a_mirror(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(CONTENT)
    download((tmp_path / "source").as_uri(), tmp_path / "f", DIGEST, lambda _: None)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_DELAYS", (0.0,))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(ToolError, match="refused"):
        read_url("http://127.0.0.1:1/f")
