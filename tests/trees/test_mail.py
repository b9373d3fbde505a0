"""Patches come out of mails as the sender's git wrote them."""

from __future__ import annotations

import base64
import quopri

import pytest

from caplint.trees import mail
from caplint.trees.mail import mails
from caplint.util.errors import CaplintError

DIFF = "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a = b\n+ä = ü\n".encode()
HEAD = b"From: A <a@example.org>\nSubject: [PATCH v2 %d/2] KVM: x86:\n a thing\n"
MBOX = b"From 0123 Mon Sep 17 00:00:00 2001\n"


def _mail(number: int, body: bytes = DIFF, extra: bytes = b"") -> bytes:
    return MBOX + HEAD % number + extra + b"\nText.\n---\n x.c | 2\n\n" + body + b"-- \n2.39\n\n"


def test_a_plain_diff() -> None:
    (found,) = mails(DIFF, "p")
    assert (found.subject, found.number, found.text) == ("", None, DIFF)


def test_a_format_patch_file() -> None:
    (found,) = mails(_mail(1), "p")
    assert (found.subject, found.number, found.version) == ("KVM: x86: a thing", (1, 2), "[PATCH v2 ] ")
    assert DIFF in found.text


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        (b"8bit", bytes),
        (b"quoted-printable", quopri.encodestring),
        (b"base64", base64.encodebytes),
    ],
)
def test_transfer_encodings(encoding: bytes, encode: object) -> None:
    assert callable(encode)
    head = HEAD % 1 + b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: " + encoding + b"\n\n"
    (found,) = mails(head + encode(b"Text.\n" + DIFF), "p")
    assert found.text == b"Text.\n" + DIFF


def test_an_attached_patch() -> None:
    parts = (
        b"--xx\nContent-Type: text/plain\n\nsee below\n"
        b"--xx\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=a.patch\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(DIFF) + b"--xx--\n"
    )
    (found,) = mails(HEAD % 1 + b"Content-Type: multipart/mixed; boundary=xx\n\n" + parts, "p")
    assert DIFF in found.text


def test_a_mbox_is_put_in_order_and_covers_are_left_out() -> None:
    cover = MBOX + HEAD % 0 + b"\nThis series.\n\n"
    reply = MBOX + b"From: B <b@example.org>\nSubject: Re: [PATCH v2 1/2] KVM\n\n> --- a/x.c\n> +++ b/x.c\nno\n\n"
    found = mails(_mail(2) + reply + cover + _mail(1), "p")
    assert [entry.number for entry in found] == [(1, 2), (2, 2)]


def test_without_numbers_the_order_is_kept() -> None:
    head = b"From: A <a@example.org>\nSubject: %s\n\n"
    found = mails(b"".join(MBOX + head % name + DIFF + b"\n" for name in (b"two", b"one")), "p")
    assert [entry.subject for entry in found] == ["two", "one"]


def test_an_encoded_subject() -> None:
    (found,) = mails(b"From: a\nSubject: =?utf-8?q?=5BPATCH_1/1=5D_=C3=A4?=\n\n" + DIFF, "p")
    assert (found.subject, found.number) == ("ä", (1, 1))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "p: contains no diff; name the file of a patch, or the whole mail"),
        (HEAD % 1 + b"\nno diff\n", "p: contains no diff; name the file of a patch, or the whole mail"),
        (DIFF.decode().encode("utf-16"), "p: is UTF-16; a diff keeps the bytes of its files"),
        (
            HEAD % 1
            + b"Content-Type: multipart/mixed; boundary=x\n\n"
            + b"--x\nContent-Type: text/plain\n\na\n" * 10_000,
            "p: a mail has more than 200 parts; save only its patch",
        ),
    ],
)
def test_what_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        mails(content, "p")
    assert str(error.value).startswith(message)


def test_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "LARGEST", 10)
    with pytest.raises(CaplintError, match=r"p: \d+ bytes; more than 10 are not read. Split it"):
        mails(DIFF, "p")


def test_parts_within_parts() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(190))
    with pytest.raises(CaplintError, match="p: "):
        mails(b"Subject: x\n" + nested + b"Content-Type: text/plain\n\nnothing\n", "p")


def test_an_unknown_encoding_keeps_the_bytes() -> None:
    head = HEAD % 1 + b"Content-Type: text/plain; charset=no-such\nContent-Transfer-Encoding: 8bit\n\n"
    (found,) = mails(head + DIFF, "p")
    assert found.text == DIFF
