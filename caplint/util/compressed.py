"""Reading of compressed files with bounded memory: a few bytes can stand for any number of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_STREAMS = 1_000
"""Limit on streams that follow one another in a file: each may be empty, and costs a decompressor."""
_LARGEST_DICTIONARY = 128 << 20
"""Limit on the memory in bytes of one xz decompressor; `xz -9` needs half of it."""
_PIECE = 1 << 16
"""Bytes that are given to a decompressor at a time: it copies those that it does not use."""
_PADDING = re.compile(rb"\0*")
"""Zero bytes behind a stream, of files on tapes and of xz."""
_REFUSED = ((b"BZh", "bzip2"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x1f\x9d", "compress"), (b"PK\x03\x04", "zip"))


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def expanded(content: bytes, label: str, most: int) -> bytes:
    """Return the content of a gzip or xz file, recognised by its first bytes; anything else as it is.

    Raises `CaplintError` for more than `most` bytes, a damaged file, and other kinds of compression.
    """
    for mark, name in _REFUSED:
        if content.startswith(mark):
            raise CaplintError(f"{label}: is compressed with {name}, which is not read; decompress it first")
    if content.startswith(b"\x1f\x8b"):
        return _expanded(content, label, most, _gzip)
    if content.startswith(b"\xfd7zXZ\0"):
        return _expanded(content, label, most, _xz)
    return content


def _gzip() -> _Decompressor:
    import zlib  # noqa: PLC0415 - few runs read a compressed file

    return zlib.decompressobj(31)


def _xz() -> _Decompressor:
    import lzma  # noqa: PLC0415

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LARGEST_DICTIONARY)


def _expanded(content: bytes, label: str, most: int, start: Callable[[], _Decompressor]) -> bytes:
    from lzma import LZMAError  # noqa: PLC0415
    from zlib import error as ZlibError  # noqa: N812, PLC0415 - a class that is named like a function

    found = bytearray()
    at = 0
    for _ in range(_MOST_STREAMS):
        stream = start()
        while not stream.eof:
            piece = content[at : at + _PIECE]
            if not piece:
                raise CaplintError(f"{label}: cannot be decompressed: it ends early")
            try:
                found += stream.decompress(piece, most + 1 - len(found))
            except (LZMAError, ZlibError, MemoryError) as error:
                raise CaplintError(f"{label}: cannot be decompressed: {str(error) or 'not enough memory'}") from None
            if len(found) > most:
                raise CaplintError(f"{label}: more than {most:,} bytes once it is decompressed; more are not read")
            at += len(piece) - len(stream.unused_data)
        at = _PADDING.match(content, at).end()  # type: ignore[union-attr]  # it matches nothing as well
        if at == len(content):
            return bytes(found)
    raise CaplintError(f"{label}: consists of more than {_MOST_STREAMS:,} compressed parts; decompress it first")
