"""Reader of mails for patches: headers, parts and transfer encodings (RFC 5322, 2045 to 2047).

Python's own reader takes quadratic time for many inputs that a sender controls, and its decoders accept codecs that are
not character sets. Everything here is bounded.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator

from caplint.util.errors import CaplintError

MOST_PARTS = 200
_DEEPEST = 10
_LONGEST_HEADER = 2_000
"""Maximum length of a header that is interpreted; a subject has a few dozen characters."""
_HEADER = re.compile(rb"([!-9;-~]+):[ \t]*([^\n]*\n?(?:[ \t][^\n]*(?:\n|\Z))*)")
_PARAMETER = re.compile(r""";\s*([\w-]+)(?:\*0?\*?)?\s*=\s*(?:"([^"]*)"|([^\s";]*))""")
_READ = {"subject", "content-type", "content-disposition", "content-transfer-encoding"}
_WORD = re.compile(r"=\?([\w-]{1,40})(?:\*[\w-]{1,40})?\?([BbQq])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")
_CHARSETS = re.compile(r"(?:utf-?8|us-ascii|iso-?8859-|windows-125|koi8-|gb|big5|euc-)[a-z0-9-]{0,5}")
_HEX = re.compile(rb"_|=([0-9A-Fa-f]{2})")


class Entity:
    """Mail, or a part of one."""

    def __init__(self, content: bytes, label: str) -> None:
        self.headers: dict[str, str] = {}
        """Interpreted headers, unfolded, by name in lower case."""
        at = 0
        while header := _HEADER.match(content, at):
            at = header.end()
            name = header.group(1).decode("ascii").lower()
            if name in _READ and name not in self.headers:
                if len(header.group(2)) > _LONGEST_HEADER:
                    raise CaplintError(f"{label}: a mail's {name} has {len(header.group(2)):,} bytes; shorten it")
                self.headers[name] = " ".join(header.group(2).decode("utf-8", "replace").split())
        blank = content[at : at + 2]
        self.body = content[at + (2 if blank == b"\r\n" else blank[:1] == b"\n") :]

    def value(self, name: str) -> str:
        """Return a header without its parameters, in lower case."""
        return self.headers.get(name, "").partition(";")[0].strip().lower()

    def parameter(self, header: str, name: str) -> str:
        """Return a parameter of a header, empty if it is missing."""
        for found in _PARAMETER.finditer(self.headers.get(header, "")):
            if found.group(1).lower() == name:
                return found.group(2) or found.group(3) or ""
        return ""

    @property
    def is_patch(self) -> bool:
        """Return whether the part may contain a diff: it is text, or its file name says so."""
        names = (self.parameter("content-disposition", "filename"), self.parameter("content-type", "name"))
        kind = self.value("content-type") or "text/plain"
        return kind.startswith("text/") or any(name.endswith((".patch", ".diff")) for name in names)

    def payload(self) -> bytes:
        """Return the body with its transfer encoding decoded; the character set is kept."""
        encoding = self.value("content-transfer-encoding")
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        if encoding == "base64":
            return _base64(self.body)
        return self.body


def subject_of(mail: Entity) -> str:
    """Return the subject with encoded words decoded (RFC 2047)."""
    text = _BETWEEN_WORDS.sub("", mail.headers.get("subject", ""))
    # Some mailers split a character between two encoded words.
    pieces: list[tuple[str, bytes]] = []
    at = 0
    for word in _WORD.finditer(text):
        charset = _charset(word.group(1).lower())
        raw = word.group(3).encode()
        content = _base64(raw) if word.group(2) in "Bb" else _HEX.sub(_unhexed, raw)
        if pieces and at == word.start() and pieces[-1][0] == charset:
            content = pieces.pop()[1] + content
        elif at < word.start():
            pieces.append(("utf-8", text[at : word.start()].encode()))
        pieces.append((charset, content))
        at = word.end()
    shown = "".join(content.decode(charset, "replace") for charset, content in pieces) + text[at:]
    return " ".join(shown.split())


def _charset(name: str) -> str:
    """Return the codec of a mail's character set; Python also has codecs that are slow or not character sets."""
    try:
        return codecs.lookup(name).name if _CHARSETS.fullmatch(name) else "utf-8"
    except LookupError:
        return "utf-8"


def texts(mail: Entity, label: str) -> Iterator[bytes]:
    """Return the texts of a mail and its attachments, in order.

    Raises `CaplintError` for more parts than any mail with patches has.
    """
    left = [(mail, 0)]
    parts = 0
    while left:
        entity, depth = left.pop()
        parts += 1
        inner = _inner(entity, label)
        if parts + len(inner) + len(left) > MOST_PARTS:
            raise CaplintError(f"{label}: a mail has more than {MOST_PARTS} parts; save only its patch")
        if depth > _DEEPEST:
            raise CaplintError(f"{label}: the parts of a mail are nested deeper than {_DEEPEST}; save only its patch")
        if inner:
            left += [(part, depth + 1) for part in reversed(inner)]
        elif entity.is_patch:
            yield entity.payload()


def _inner(entity: Entity, label: str) -> list[Entity]:
    """Return the parts of a multipart entity."""
    kind = entity.value("content-type")
    if kind == "message/rfc822":
        return [Entity(entity.body, label)]
    boundary = entity.parameter("content-type", "boundary").encode()
    if not kind.startswith("multipart/") or not boundary:
        return []
    found, lines = [], re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
    start: int | None = None
    for line in lines.finditer(entity.body):
        if start is not None:
            found.append(entity.body[start : line.start()])
        start = None if line.group(1) else line.end()
        if line.group(1):
            break
    if start is not None:
        found.append(entity.body[start:])
    return [Entity(part, label) for part in found[: MOST_PARTS + 1]]


def _base64(text: bytes) -> bytes:
    """Decode base64, ignoring invalid characters and an incomplete end."""
    text = re.sub(rb"[^A-Za-z0-9+/]", b"", text)
    return binascii.a2b_base64(text[: len(text) - (len(text) % 4 == 1)] + b"=" * (-len(text) % 4))


def _unhexed(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match.group(1).decode()) if match.group(1) else b" "
