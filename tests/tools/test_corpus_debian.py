import itertools
import shutil
from pathlib import Path

import pytest

from tools.debian import Index, find_tarball, read_index, verify, version_key
from tools.download import Digest
from tools.errors import ToolError

STANZA = """\
Package: hello
Binary: hello,
 hello-doc
Version: {version}
Checksums-Sha256:
 {dsc} 10 hello_1.dsc
 {hash} 99 {file}
Directory: {path}
"""
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ORDER = ["6.1~rc1-1", "6.1-1~bpo1", "6.1-1", "6.1+ds-1", "6.1.9-1", "6.1.10-1", "6.12-1", "1:0-1"]


def index(*versions: str, file: str = "hello.orig.tar.xz", path: str = "pool/main/h/hello") -> Index:
    stanzas = [
        STANZA.format(version=version, dsc="0" * 64, hash="1" * 64, file=file, path=path) for version in versions
    ]
    return Index("stable", "\n".join(stanzas), True)


@pytest.mark.parametrize(("older", "newer"), list(itertools.pairwise(ORDER)))
def test_version_order(older: str, newer: str) -> None:
    assert version_key(older) < version_key(newer)


@pytest.mark.parametrize(
    ("series", "version"),
    [("6.1", "6.1.10"), ("6.12", "6.12"), ("7.2", "7.2+dfsg"), ("9", "9.1")],
)
def test_newest_of_the_series(series: str, version: str) -> None:
    suite = index("6.1.9-2", "6.1.10-1", "6.1.2-3", "6.12-1", "1:7.2+dfsg-7", "9.1")
    found = find_tarball(suite, "hello", series)
    assert (found.version, found.digest) == (version, Digest(99, "1" * 64))


def test_no_such_series() -> None:
    with pytest.raises(ToolError, match=r"stable has no hello 6\.1 \(it has 6\.12\)"):
        find_tarball(index("6.12-1"), "hello", "6.1")


def test_no_xz() -> None:
    with pytest.raises(ToolError, match=r"no \.orig\.tar\.xz"):
        find_tarball(index("1-1", file="hello.orig.tar.gz"), "hello", "1")


@pytest.mark.parametrize("where", [{"file": "../x.orig.tar.xz"}, {"path": "pool/../.."}, {"path": "/etc"}])
def test_unsafe_paths(where: dict[str, str]) -> None:
    with pytest.raises(ToolError, match="not a file of a Debian pool"):
        find_tarball(index("1-1", **where), "hello", "1")


def test_a_binary_package() -> None:
    stanza = f"Package: hello\nVersion: 1.2-3\nFilename: pool/main/h/hello_1.2-3.deb\nSize: 7\nSHA256: {'2' * 64}\n"
    found = find_tarball(Index("stable", stanza, True), "hello", "1")
    assert (found.version, found.path, found.file) == ("1.2", "pool/main/h", "hello_1.2-3.deb")
    assert found.digest == Digest(7, "2" * 64)


@pytest.mark.skipif(not (KEYRING.exists() and shutil.which("gpgv")), reason="needs Debian's gpgv")
def test_the_real_gpgv_refuses_what_is_not_signed() -> None:
    with pytest.raises(ToolError, match="no good signature"):
        verify(b"Codename: stable\n", KEYRING)


def mirror_of(tmp_path: Path, codename: str, sources: bytes) -> str:
    dists = tmp_path / "dists/stable"
    (dists / "main/source").mkdir(parents=True)
    (dists / "main/source/Sources.xz").write_bytes(sources)
    signed = f"Codename: {codename}\nSHA256:\n {'0' * 64} 4 main/source/Sources.xz\n"
    (dists / "InRelease").write_text(f"-----BEGIN PGP SIGNED MESSAGE-----\n\n{signed}-----BEGIN PGP SIGNATURE-----\n")
    return tmp_path.as_uri()


@pytest.mark.parametrize(
    ("codename", "error"),
    [("stable", "does not have the SHA-256 that InRelease states"), ("old", "of another suite")],
)
def test_an_index_that_does_not_fit(tmp_path: Path, codename: str, error: str) -> None:
    with pytest.raises(ToolError, match=error):
        read_index(mirror_of(tmp_path, codename, b"evil"), "stable", tmp_path / "no keyring")
