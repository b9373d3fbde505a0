"""Extraction of patches from a diff, a `git format-patch` file, a mail or a mbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.trees.foreign_diffs import BOM, foreign
from caplint.trees.mime import Entity, subject_of, texts
from caplint.util.errors import CaplintError

LARGEST = 64_000_000
"""Maximum size of a patch file in bytes; a whole release of the kernel's KVM is a tenth of it."""
FROM_LINE = b"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
"""First line of each mail that is written, as format-patch writes it."""
# First line of each mail in a mbox; format-patch writes it too (git-format-patch(1)).
_FROM = re.compile(rb"^From [^\n]*\d{4}\r?\n(?=[A-Za-z][A-Za-z0-9-]*:)", re.MULTILINE)
_HEADERS = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+\r?\n")
_NUMBER = re.compile(r"\b([0-9]{1,6})/([0-9]{1,6})\s*\Z")
_COUNT = re.compile(r"(?<!\d)\d+/\d+")
_TAGS = re.compile(r"^(?:\s*\[[^\]]*\])+\s*")
_DIFF = re.compile(rb"^(?:diff --git |--- [^\n]*\n\+\+\+ )", re.MULTILINE)
# Answers quote hunks without the names of their files; what calls itself a patch does not.
_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@", re.MULTILINE)
_ANSWER = re.compile(r"\s*re:", re.IGNORECASE)


@dataclass(frozen=True)
class Mail:
    """One patch as it was sent: its subject, and the text with its diff."""

    subject: str
    """Subject without its tags; may be empty."""
    number: tuple[int, int] | None
    """Number and total of the series, if the subject has them."""
    version: str
    """Tags of the subject without the number, such as `PATCH v2`."""
    text: bytes
    head: bytes | None = b""
    """Headers, with the empty line behind them; None if the text is encoded or in several parts."""


def mails(content: bytes, label: str, *, talk: bool = False) -> list[Mail]:
    """Return the patches in a file, in the order of application. `talk`: it may be any mail, also one without patch.

    Cover letters and replies, which contain no diff, are left out; a file of nothing else gives no patch. Raises
    `CaplintError` for any other file without a patch.
    """
    if len(content) > LARGEST:
        raise CaplintError(f"{label}: {len(content):,} bytes; more than {LARGEST:,} are not read. Split it")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CaplintError(f"{label}: is UTF-16; a diff keeps the bytes of its files, so save it as it was sent")
    content = BOM.sub(b"", content.removeprefix(b"\xef\xbb\xbf"))
    starts = [match.start() for match in _FROM.finditer(content)]
    if starts:
        found = [_mail(content[start:stop].partition(b"\n")[2], label) for start, stop in _spans(starts, len(content))]
    elif _HEADERS.match(content):
        found = [_mail(content, label)]
    else:
        found = [Mail("", None, "", content)]
    patches = [mail for mail in found if _holds_diff(mail)]
    if not patches and not talk and not all(map(_is_talk, found)):
        raise CaplintError(f"{label}: contains no diff; name the file of a patch, or the whole mail")
    return [patches[number] for number in sequence(patches)]


def sequence(patches: list[Mail]) -> list[int]:
    """Return the indices of mails in the order of their numbers, as the mails of a mbox are in order of arrival.

    Without a number for each, they stay in order.
    """
    numbers = [mail.number[0] for mail in patches if mail.number]
    order = list(range(len(patches)))
    numbered = len(numbers) == len(patches) == len(set(numbers))
    return sorted(order, key=numbers.__getitem__) if numbered else order


def _is_talk(mail: Mail) -> bool:
    """Return whether a mail without a diff is a cover letter or an answer."""
    return (mail.number is not None and mail.number[0] == 0) or _ANSWER.match(mail.subject) is not None


def _holds_diff(mail: Mail) -> bool:
    """Return whether a text contains a diff or remains of one, which are read or refused but never skipped."""
    if _DIFF.search(mail.text) or foreign(mail.text):
        return True
    return not _ANSWER.match(mail.subject) and _HUNK.search(mail.text) is not None


def _spans(starts: list[int], end: int) -> Iterator[tuple[int, int]]:
    return zip(starts, [*starts[1:], end], strict=True)


def _mail(content: bytes, label: str) -> Mail:
    mail = Entity(content, label)
    subject = subject_of(mail)
    tags = _TAGS.match(subject)
    text = b"\n".join(texts(mail, label))
    is_plain = mail.value("content-transfer-encoding") in {"", "7bit", "8bit", "binary"}
    return Mail(
        subject[tags.end() :] if tags else subject,
        _number(subject),
        _COUNT.sub("", tags.group()) if tags else "",
        text,
        content[: len(content) - len(text)] if is_plain and text == mail.body else None,
    )


def _number(subject: str) -> tuple[int, int] | None:
    """Return number and total from the first tag that ends in `N/M`."""
    for part in subject.split("]")[:-1]:
        _, opened, tag = part.partition("[")
        if opened and (number := _NUMBER.search(tag)):
            return int(number.group(1)), int(number.group(2))
    return None
