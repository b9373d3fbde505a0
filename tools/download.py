"""Download a file of known size and SHA-256, continuing where an earlier attempt stopped."""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError
from tools.progress import Tick

BLOCK = 1 << 18
TIMEOUT = 30.0
RETRY_DELAYS = (1.0, 3.0)
_GONE = (404, 410)
_WORTH_A_RETRY = (408, 429)


class GoneError(ToolError):
    """The server answers, and does not have the file."""


class _TransientError(Exception):
    """A failure that another attempt may not meet."""


@dataclass(frozen=True)
class Digest:
    """What a file must be: its size in bytes and its SHA-256 in lower-case hexadecimal."""

    size: int
    sha256: str

    def matches(self, path: Path) -> bool:
        """Tell whether `path` is a file with this size and hash."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


def read_url(url: str) -> bytes:
    """Return the body at `url`. Raises GoneError when it is not there, ToolError otherwise."""
    for delay in (*RETRY_DELAYS, None):
        try:
            with _open(url, 0) as response:
                return response.read()
        except (_TransientError, http.client.HTTPException, OSError) as error:
            _wait_or_fail(url, error, delay)
    raise AssertionError("the last attempt returns or raises")


def download(url: str, target: Path, expected: Digest, tick: Tick) -> None:
    """Make `target` the file at `url`; a `target` that is already as expected is left alone.

    An incomplete download stays beside it as `.part`, and the next call continues it. Raises
    GoneError when the server has no such file, ToolError when it cannot be had or is not as
    expected, and whatever `tick` raises.
    """
    if expected.matches(target):
        return
    part = target.with_name(target.name + ".part")
    # What was kept may be of another file, so only a download in one piece can be blamed.
    for _ in range(2 if _size(part) else 1):
        _complete(url, part, expected, tick)
        if expected.matches(part):
            part.replace(target)
            return
        part.unlink()
    raise ToolError(f"{url} does not have the SHA-256 {expected.sha256}; nothing was kept")


def _complete(url: str, part: Path, expected: Digest, tick: Tick) -> None:
    if _size(part) > expected.size:
        part.unlink()
    for delay in (*RETRY_DELAYS, None):
        if _size(part) == expected.size:
            return
        try:
            _append(url, part, expected.size, tick)
        except (_TransientError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            _wait_or_fail(url, error, delay)


def _append(url: str, part: Path, size: int, tick: Tick) -> None:
    offset = _size(part)
    with _open(url, offset) as response:
        start = _check_range(url, response, offset, size)
        with part.open("r+b" if start else "wb") as sink:
            sink.seek(start)
            while block := response.read(BLOCK):
                sink.write(block)
                tick(sink.tell())
                if sink.tell() > size:
                    raise ToolError(f"{url} is longer than the expected {size} bytes")
    if _size(part) < size:
        raise _TransientError(f"only {_size(part)} of {size} bytes arrived")


def _check_range(url: str, response: http.client.HTTPResponse, offset: int, size: int) -> int:
    """Return where the body starts in the file; a body of the wrong length is refused unread."""
    start = 0
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        start = offset
        content = response.headers.get("Content-Range", "")
        if not content.startswith(f"bytes {start}-"):
            raise ToolError(f"{url}: asked for byte {start} onwards, got {content!r}")
    length = response.headers.get("Content-Length")
    if length is not None and start + int(length) != size:
        raise ToolError(f"{url} has {start + int(length)} bytes, not the expected {size}")
    return start


def _open(url: str, offset: int) -> http.client.HTTPResponse:
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - file: serves mirrors
    try:
        # A file: URL gives a look-alike whose status is None, which reads as "the whole file".
        return urllib.request.urlopen(request, timeout=TIMEOUT)  # type: ignore[no-any-return]  # noqa: S310
    except urllib.error.HTTPError as error:
        with error:
            raise _http_failure(url, error.code, error.reason) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, FileNotFoundError):
            raise GoneError(f"{url} does not exist") from error
        raise _TransientError(str(error.reason)) from error


def _http_failure(url: str, code: int, reason: str) -> Exception:
    if code in _GONE:
        return GoneError(f"{url} is gone ({code} {reason})")
    if code >= http.HTTPStatus.INTERNAL_SERVER_ERROR or code in _WORTH_A_RETRY:
        return _TransientError(f"{code} {reason}")
    return ToolError(f"{url}: the server answers {code} {reason}")


def _wait_or_fail(url: str, error: Exception, delay: float | None) -> None:
    if delay is None:
        raise ToolError(f"{url}: {error or type(error).__name__}") from error
    time.sleep(delay)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
