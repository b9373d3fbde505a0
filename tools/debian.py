"""Find a package's upstream tarball, or its binary package, in a Debian archive through its signed index."""

import hashlib
import lzma
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.download import Digest, read_url
from tools.errors import ToolError

# A library in Rust is its sources, in the binary package too, which every architecture has alike.
_INDEXES = {"source": "main/source/Sources.xz", "binary": "main/binary-amd64/Packages.xz"}
_SAFE_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~_-]*")
_SAFE_PATH = re.compile(r"pool(/[A-Za-z0-9][A-Za-z0-9.+~_-]*)+")


@dataclass(frozen=True)
class Tarball:
    """One `.orig.tar.xz` or `.deb`: its upstream version and where below the mirror it is."""

    version: str
    file: str
    path: str
    digest: Digest

    def __post_init__(self) -> None:
        if not (_SAFE_FILE.fullmatch(self.file) and _SAFE_PATH.fullmatch(self.path)):
            raise ToolError(f"not a file of a Debian pool: {self.path}/{self.file}")


@dataclass(frozen=True)
class Index:
    """The text of a suite's Sources or Packages file, and whether a signature vouches for it."""

    suite: str
    text: str
    signed: bool


def read_index(mirror: str, suite: str, keyring: Path, kind: str = "source") -> Index:
    """Fetch `suite`'s list of source or binary packages, checked against its InRelease.

    Raises ToolError on a bad signature or hash. Where gpgv or `keyring` is missing the index is
    returned with `signed` false, and may be believed only about a hash that is known already.
    """
    inrelease = read_url(f"{mirror}/dists/{suite}/InRelease")
    signed = verify(inrelease, keyring)
    release = (_strip_armour(inrelease) if signed is None else signed).decode()
    if not re.search(rf"^(Suite|Codename): {re.escape(suite)}$", release, re.MULTILINE):
        raise ToolError(f"{mirror}: the InRelease of {suite} is of another suite")
    index = _INDEXES[kind]
    packed = read_url(f"{mirror}/dists/{suite}/{index}")
    if hashlib.sha256(packed).hexdigest() != _index_hash(release, suite, index):
        raise ToolError(
            f"{mirror}: {suite}'s {index} does not have the SHA-256 that InRelease states; "
            "the mirror may be updating, try again later"
        )
    return Index(suite, lzma.decompress(packed).decode(), signed is not None)


def verify(inrelease: bytes, keyring: Path) -> bytes | None:
    """Return the text that a key of `keyring` signs, or None when gpgv or `keyring` is missing.

    Raises ToolError when no good signature is found, or one of them is bad.
    """
    if not keyring.is_file():
        return None
    with tempfile.TemporaryDirectory() as directory:
        # gpgv writes out what is signed, so that text around it cannot be taken for it.
        output = Path(directory, "Release")
        command = ["gpgv", "--status-fd", "1", "--keyring", str(keyring), "--output", str(output)]
        try:
            done = subprocess.run([*command, "-"], input=inrelease, capture_output=True, check=False)
        except FileNotFoundError:
            return None
        _check_status(done)
        return output.read_bytes()


def _check_status(done: subprocess.CompletedProcess[bytes]) -> None:
    # The exit status is no help: it is 2 as soon as one of several keys is not in the keyring,
    # which is usual for a suite that is signed with the keys of two releases.
    status = set(re.findall(r"^\[GNUPG:\] (\w+)", done.stdout.decode(errors="replace"), re.MULTILINE))
    if "BADSIG" in status or not {"GOODSIG", "VALIDSIG"} <= status:
        reason = done.stderr.decode(errors="replace").strip().replace("\n", "; ")
        raise ToolError(f"InRelease has no good signature (is debian-archive-keyring up to date?): {reason}")


def _strip_armour(inrelease: bytes) -> bytes:
    signed = re.search(rb"\n\r?\n(.*?\n)-----BEGIN PGP SIGNATURE-----", inrelease, re.DOTALL)
    if not signed:
        raise ToolError("InRelease is not a signed text")
    return signed[1]


def _index_hash(release: str, suite: str, index: str) -> str:
    stated = re.search(rf"^ ([0-9a-f]{{64}}) +\d+ {re.escape(index)}$", release, re.MULTILINE)
    if not stated:
        raise ToolError(f"the InRelease of {suite} lists no {index}")
    return stated[1]


def find_tarball(index: Index, package: str, series: str) -> Tarball:
    """Return the newest `.orig.tar.xz` or (of a binary package) `.deb` of `package` whose version belongs to `series`.

    `6.1` takes 6.1, 6.1.176 and 6.1+ds, and not 6.12. Raises ToolError when there is none.
    """
    stanzas = list(_stanzas(index.text, package))
    inside = [s for s in stanzas if re.match(rf"{re.escape(series)}(?![0-9])", _upstream(s))]
    if not inside:
        has = ", ".join(map(_upstream, stanzas)) or "none"
        raise ToolError(f"{index.suite} has no {package} {series} (it has {has})")
    return _tarball(max(inside, key=lambda stanza: version_key(stanza["Version"])))


def _stanzas(text: str, package: str) -> Iterator[dict[str, str]]:
    for stanza in re.finditer(rf"^Package: {re.escape(package)}\n(.+\n)*", text, re.MULTILINE):
        yield dict(re.findall(r"^([\w-]+):[ \t]*((?:.*\n)(?: .*\n)*)", stanza[0], re.MULTILINE))


def _upstream(stanza: dict[str, str]) -> str:
    return _split(stanza["Version"])[1]


def _tarball(stanza: dict[str, str]) -> Tarball:
    if "Filename" in stanza:
        path, _, file = stanza["Filename"].strip().rpartition("/")
        digest = Digest(int(stanza["Size"]), stanza["SHA256"].strip())
        return Tarball(_upstream(stanza), file, path, digest)
    for line in stanza["Checksums-Sha256"].strip().splitlines():
        sha256, size, file = line.split()
        if file.endswith(".orig.tar.xz"):
            path = stanza["Directory"].strip()
            return Tarball(_upstream(stanza), file, path, Digest(int(size), sha256))
    raise ToolError(f"{stanza['Package'].strip()} {_upstream(stanza)} has no .orig.tar.xz")


def version_key(version: str) -> tuple[object, ...]:
    """Return a key that sorts Debian versions as deb-version(7) tells."""
    epoch, upstream, revision = _split(version)
    return epoch, _part_key(upstream), _part_key(revision)


def _split(version: str) -> tuple[int, str, str]:
    """Return the epoch, the upstream version and the Debian revision."""
    epoch, colon, rest = version.strip().rpartition(":")
    upstream, hyphen, revision = rest.rpartition("-")
    return int(epoch) if colon else 0, upstream if hyphen else revision, revision if hyphen else ""


def _part_key(part: str) -> list[tuple[list[int], int]]:
    runs = re.findall(r"(\D*)(\d*)", part)
    return [([*map(_order, text), 0], int(number or 0)) for text, number in runs]


def _order(character: str) -> int:
    """Return a tilde sorts before the end of the part, and letters before everything else."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
