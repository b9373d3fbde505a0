"""Log of strace in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from caplint.machine.strace_log import LONGEST_LINE, StraceLog
from caplint.util.errors import CaplintError
from caplint.util.regular_file import open_regular


def read_log(path: Path) -> StraceLog:
    """Return the requests to KVM of a log. Raises `CaplintError` for a file without any."""
    log = StraceLog()
    with open_regular(path) as file:
        log.read(_lines(iter(lambda: file.readline(LONGEST_LINE), b"")))
    if not log.requests:
        raise CaplintError(
            f"{path}: {log.lines:,} lines, and no request KVM_CHECK_EXTENSION or KVM_ENABLE_CAP with a result; "
            "record with `strace -f -y -e trace=ioctl,openat,close -o FILE COMMAND`"
        )
    return log


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """Yield each line; of one that is too long the beginning."""
    whole = True
    for piece in pieces:
        if whole:
            yield piece.decode("utf-8", "replace")
        whole = piece.endswith(b"\n")
