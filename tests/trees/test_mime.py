"""Mails are read in time proportional to their size, whatever their senders make of them."""

from __future__ import annotations

import time
from contextlib import suppress
from email.header import Header

import pytest

from caplint.trees.mail import mails
from caplint.trees.mime import Entity
from caplint.util.errors import CaplintError

DIFF = b"--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"
NESTED = b"".join(b"content-type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000))
RFC822 = b"Content-Type: message/rfc822\n\n" * 5000
SLOW = {
    "subject of brackets": b"Subject: " + b"[" * 50_000 + b"\n\n" + DIFF,
    "brackets over many lines": b"Subject: x\n" + b" [[[[[[[[\n" * 5000 + b"\n" + DIFF,
    "subject of digits": b"Subject: [PATCH " + b"9" * 50_000 + b"]\n\n" + DIFF,
    "encoded words that do not end": b"Subject: " + b"=?a?q?" * 8_000 + b"\n\n" + DIFF,
    "nested parts": b"Subject: x\n" + NESTED + DIFF,
    "nested mails": b"Subject: x\n" + RFC822 + DIFF,
    "parameters": b"Subject: x\nContent-Type: text/plain; x=" + b'";' * 100_000 + b"\n\n" + DIFF,
    "many headers": b"x:y\n" * 250_000 + b"\n" + DIFF,
    "headers without an end": b"a" * 1_000_000 + b"\n" + DIFF,
    "beginnings of mails": b"From 0000\n" * 100_000 + DIFF,
    "years": b"From " + b"0" * 1_000_000 + b"\n" + DIFF,
    "parts without headers": b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\na\n" * 100_000,
    "mails of slow subjects": (b"From x 2000\nSubject: " + b"=?a?q?" * 300 + b"\n\n" + DIFF) * 500,
}


@pytest.mark.parametrize("content", SLOW.values(), ids=list(SLOW))
def test_time(content: bytes) -> None:
    begun = time.process_time()
    with suppress(CaplintError):
        assert mails(content, "p")
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    "number", ["9" * 5000, "9" * 5000 + "/3", "1/" + "9" * 5000, "\u0661/\u0662", "1/", "/2", "x1/2"]
)
def test_numbers_that_are_none(number: str) -> None:
    head = b"Subject: [PATCH " + number[:900].encode() + b"] x\n\n"
    (found,) = mails(head + DIFF, "p")
    assert found.number is None


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("[PATCH 1/2] x", (1, 2)), ("Re: [PATCH v3 07/12 ] x", (7, 12)), ("[a] [RFC PATCH 2/3] x", (2, 3)),
        ("x [PATCH 1/2]", (1, 2)), ("[1/2] [3/4]", (1, 2)), ("[PATCH 1/2 x] y", None), ("1/2] x", None),
    ],
)  # fmt: skip
def test_numbers(subject: str, expected: tuple[int, int] | None) -> None:
    assert mails(b"Subject: " + subject.encode() + b"\n\n" + DIFF, "p")[0].number == expected


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"])
def test_encoded_subjects(charset: str) -> None:
    text = "KVM: x86: grüße an alle, die so lange Betreffe schreiben, daß sie gefaltet werden müssen"
    head = Header(text, charset, header_name="Subject", maxlinelen=76).encode()
    assert mails(b"Subject: " + head.encode() + b"\n\n" + DIFF, "p")[0].subject == text


@pytest.mark.parametrize(
    "charset", ["nonsense", "idna", "punycode", "unicode_escape", "rot13", "zlib", "undefined", "utf-7", "iso-8859-99"]
)
def test_charsets_that_are_none(charset: str) -> None:
    """They are Python's codecs, some of them slow; a patch keeps its bytes, and a subject what can be read of it."""
    head = f"Subject: =?{charset}?b?QUJD?= x\nContent-Type: text/plain; charset={charset}\n\n".encode()
    (found,) = mails(head + DIFF, "p")
    assert (found.subject, found.text) == ("ABC x", DIFF)


def test_a_header_that_is_too_long() -> None:
    with pytest.raises(CaplintError) as error:
        mails(SLOW["subject of brackets"], "p")
    assert str(error.value) == "p: a mail's subject has 50,001 bytes; shorten it"


@pytest.mark.parametrize("inner", [b"Content-Type: message/rfc822\n\n" * 12, NESTED[:1200]], ids=["mails", "parts"])
def test_parts_that_are_nested_too_deeply(inner: bytes) -> None:
    with pytest.raises(CaplintError, match=r"^p: the parts of a mail are nested deeper than 10; save only its patch$"):
        mails(b"Subject: x\n" + inner + DIFF, "p")


@pytest.mark.parametrize("length", range(4, 9))
def test_an_encoded_word_that_is_cut(length: int) -> None:
    """A single letter at the end holds no whole byte; Python's decoder refuses it."""
    (found,) = mails(b"Subject: =?utf-8?b?" + b"QUJDREVG"[:length] + b"?=\n\n" + DIFF, "p")
    assert found.subject == "ABCDEF"[: length * 3 // 4]


@pytest.mark.parametrize("body", [b"aGVs\nbG8=\n", b"aGVsb\nG8", b"aGVs!b*G8", b"aGVsbG8=\n=\n", b"aGVsbG8g"[:7]])
def test_damaged_base64_is_read_as_far_as_it_goes(body: bytes) -> None:
    part = Entity(b"Content-Transfer-Encoding: base64\n\n" + body, "p")
    assert part.payload() == b"hello"


def test_a_subject_that_no_character_set_has() -> None:
    for word in (b"=?utf-8?B?/w==?=", b"=?utf-8?Q?=FF?=", b"=?idna?B?/w==?=", b"=?koi8-z?B?/w==?="):
        (mail,) = mails(b"Subject: " + word + b" x\n\n" + DIFF, "p")
        assert mail.subject == "\N{REPLACEMENT CHARACTER} x"


def test_the_first_of_two_headers_counts() -> None:
    """As for git: what another program has shown is what is read."""
    mail = Entity(b"Subject: one\nContent-Type: text/plain\nSUBJECT: two\ncontent-type: multipart/mixed\n\n", "p")
    assert mail.headers == {"subject": "one", "content-type": "text/plain"}


def test_nothing_behind_the_last_part_is_read() -> None:
    head = b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
    (mail,) = mails(head + DIFF + b"--b--\n--b\n\n" + DIFF.replace(b"x.c", b"y.c"), "p")
    assert b"x.c" in mail.text
    assert b"y.c" not in mail.text
