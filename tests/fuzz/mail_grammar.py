"""Mails and boxes of mails with diffs of the memory trees' files."""

from __future__ import annotations

import base64
import quopri

from choices import Choices
from diff_grammar import diff
from memory_tree import KERNEL, QEMU

_TAGS = ["PATCH", "PATCH v2", "RFC PATCH", "PATCH RESEND", "", "[", "x" * 300, "PATCH 1/2 3/4"]
_NUMBERS = ["", " 1/2", " 2/2", " 0/2", " 1/1", " 3/2", " 00001/2", " 99999999999/9", " 1/", " /"]
_SUBJECTS = [
    "a",
    "[b] c",
    "KVM: x",
    "=?utf-8?q?=C3=A9?=",
    "=?x?q?=E9?=",
    "=?utf-8?b?!!!?=",
    "]" * 40,
    "[" * 40,
    "\t",
    "",
]
_HEADERS = [
    "From: A <a@b.c>", "Date: x", "Content-Type: text/plain; charset=utf-8",
    "Content-Type: text/plain; charset=nothing",
    "Content-Type: multipart/mixed; boundary=q", "Content-Type: text/html", "MIME-Version: 1.0", "X: " + "y" * 200,
    "Content-Disposition: attachment; filename=a.patch", "Content-Disposition: attachment; filename*=utf-8''%FF.diff",
    "Content-Type: message/rfc822", "Content-Transfer-Encoding: 8bit", "In-Reply-To: <x@y>",
]  # fmt: skip


def series(choices: Choices) -> bytes:
    """Return one diff, one mail, or a box of up to three."""
    if choices.seldom(6):
        return _diff(choices)
    if choices.seldom():
        return _mail(choices)
    start = b"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
    return b"".join(start + _mail(choices) + b"\n" for _ in range(choices.below(3) + 1))


def _diff(choices: Choices) -> bytes:
    return diff(choices, choices.pick([KERNEL, QEMU, {**KERNEL, **QEMU}])).text


def _mail(choices: Choices) -> bytes:
    subject = f"[{choices.pick(_TAGS)}{choices.pick(_NUMBERS)}] {choices.pick(_SUBJECTS)}"
    headers = [f"Subject: {subject}", *(choices.pick(_HEADERS) for _ in range(choices.below(4)))]
    body = b"Words.\n---\n a | 1 +\n\n" + _diff(choices) + b"-- \n2.39\n"
    match choices.below(6):
        case 1:
            headers.append("Content-Transfer-Encoding: base64")
            body = base64.encodebytes(body)
        case 2:
            headers.append("Content-Transfer-Encoding: quoted-printable")
            body = quopri.encodestring(body)
        case 3:
            body = b"--q\nContent-Type: text/plain\n\nhello\n--q\nContent-Type: text/x-diff\n\n" + body + b"\n--q--\n"
        case 4:
            body = body.replace(b"\n", b"\r\n")
        case 5:
            body = choices.rest()[:400]
        case _:
            pass
    return "\n".join(headers).encode() + b"\n\n" + body
