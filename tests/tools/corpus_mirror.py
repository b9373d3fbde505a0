"""A Debian mirror of a few hundred bytes on 127.0.0.1, for the tests of tools/corpus."""

import hashlib
import io
import lzma
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POOL = "pool/main/h/hello"
GPGV = """\
#!/bin/sh
while [ $# -gt 1 ]; do
    [ "$1" = --output ] && output=$2
    shift
done
sed -e 1,3d -e '/BEGIN PGP SIGNATURE/,$d' > "$output"
echo '[GNUPG:] GOODSIG 1 hello'; echo '[GNUPG:] NO_PUBKEY 2'; echo '[GNUPG:] VALIDSIG 1'
exit 2
"""


def member(name: str, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def tar_xz(files: Mapping[str, bytes], *special: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as tar:
        for name, content in files.items():
            tar.addfile(member(name, size=len(content)), io.BytesIO(content))
        for info in special:
            tar.addfile(info)
    return buffer.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Mirror:
    """`files` maps paths to contents; `cut` ends the next answer after that many bytes."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    cut: int | None = None
    ranges: bool = True

    def publish(self, suite: str, *versions: str) -> None:
        """Put tarballs of hello into the pool, and a signed index that lists them."""
        self.files.clear()
        stanzas = [self._package(version) for version in versions]
        sources = lzma.compress("\n".join(["Package: other\nVersion: 9\n", *stanzas]).encode())
        self.files[f"/dists/{suite}/main/source/Sources.xz"] = sources
        self.files[f"/dists/{suite}/InRelease"] = (
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
            f"Origin: Debian\nCodename: {suite}\nSHA256:\n"
            f" {sha256(sources)} {len(sources)} main/source/Sources.xz\n"
            "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"
        ).encode()

    def _package(self, version: str) -> str:
        upstream = version.rpartition("-")[0].rpartition(":")[2]
        content = tar_xz(hello_files(upstream))
        file = f"hello_{upstream}.orig.tar.xz"
        self.files[f"/{POOL}/{file}"] = content
        return (
            f"Package: hello\nVersion: {version}\nDirectory: {POOL}\n"
            f"Checksums-Sha256:\n {'0' * 64} 7 hello.dsc\n"
            f" {sha256(content)} {len(content)} {file}\n"
        )


def hello_files(version: str) -> dict[str, bytes]:
    top = f"hello-{version}"
    return {
        f"{top}/VERSION": version.encode(),
        f"{top}/src/a.c": b"int a;\n",
        f"{top}/src/doc/a.txt": b"no\n",
        f"{top}/tests/t.c": b"no\n",
    }


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def do_GET(self) -> None:
        mirror, wanted = self.mirror, self.headers.get("Range")
        mirror.requests.append((self.path, wanted))
        content = mirror.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = int(wanted[len("bytes=") : -1]) if wanted and mirror.ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut, mirror.cut = mirror.cut, None
        self.wfile.write(content[start:][:cut])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
        pass


@contextmanager
def running_mirror() -> Iterator[Mirror]:
    class Handler(_Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.mirror = Mirror(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Handler.mirror
        server.shutdown()
