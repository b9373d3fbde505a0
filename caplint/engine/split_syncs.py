"""Splits a mail that updates QEMU's copies of the kernel's headers together with code into two patches."""

from __future__ import annotations

import re
from collections.abc import Iterable

from caplint.findings.finding import Finding
from caplint.fixes.rewrite import sections
from caplint.knowledge.project import HeaderSync
from caplint.trees.mail import FROM_LINE
from caplint.trees.names import path_bytes
from caplint.trees.patch_text import PatchText
from caplint.trees.series import Patch, PatchedTrees

_MIXED = "CAP601"
_SUBJECT = re.compile(rb"^Subject:[^\n]*\n(?:[ \t][^\n]*\n)*", re.MULTILINE | re.IGNORECASE)
_TAG = re.compile(rb"\[([^\]\n]*PATCH[^\]\n]*)\]")
_OF_ONE_MAIL = re.compile(
    rb"^(?:Message-ID|Content-Length|Lines):[^\n]*\n(?:[ \t][^\n]*\n)*", re.MULTILINE | re.IGNORECASE
)


def split_syncs(
    texts: tuple[PatchText, ...], patched: PatchedTrees, findings: Iterable[Finding]
) -> tuple[tuple[PatchText, ...], list[Finding]]:
    """Return files of patches in which the mails of findings are split, and these findings.

    The first mail has the headers, by the name that the project gives to such patches while the kernel's side is not
    merged; the second is the one that was sent, without them. A mail with a number is left alone, as its series would
    have to be numbered anew, and so is one that is encoded, or whose diffs are not git's. No sign-off is added.
    """
    done: list[Finding] = []
    made = list(texts)
    syncs = {tree.name: tree.project.sync for tree in patched.trees}
    for finding in findings:
        patches = [patch for series in patched.series for patch in series.patches if _is_meant(patch, finding)]
        alone = len(patches) == 1 and sum(patch.source == patches[0].source for patch in _all(patched)) == 1
        sync = syncs.get(finding.place.tree)
        split = _split(patches[0], sync) if alone and sync else None
        if split is not None:
            done.append(finding)
            made = [text._replace(content=split) if text.label == patches[0].source else text for text in made]
    return tuple(made), done


def _all(patched: PatchedTrees) -> Iterable[Patch]:
    return (patch for series in patched.series for patch in series.patches)


def _is_meant(patch: Patch, finding: Finding) -> bool:
    paths = {file.path for file in patch.files}
    return finding.code == _MIXED and finding.severity != "note" and finding.place.path in paths


def _split(patch: Patch, sync: HeaderSync) -> bytes | None:
    """Return the two mails of a patch; None if it cannot be split."""
    mail = patch.mail
    if mail is None or not mail.head or mail.number is not None or b"\r\n" in mail.head + mail.text:
        return None
    found = sections(mail.text)
    subject = _SUBJECT.search(mail.head)
    if subject is None or len(found) != len(patch.files):
        return None
    paths = [path_bytes(file.path) for file in patch.files]
    if any(path != section.path for path, section in zip(paths, found, strict=True)):
        return None
    synced = [section for file, section in zip(patch.files, found, strict=True) if sync.files.fullmatch(file.path)]
    if not synced or len(synced) == len(found):
        return None
    rest = mail.text
    for section in reversed(synced):
        rest = rest[: section.start] + rest[section.stop :]
    tag = _TAG.search(subject.group())
    name = tag[1] if tag else b"PATCH"
    title = b"Subject: [%s 1/2] %s\n" % (name, sync.subject.encode())
    old = subject.group()
    numbered = (
        _TAG.sub(b"[%s 2/2]" % name.replace(b"\\", b"\\\\"), old, count=1)
        if tag
        else old.replace(b":", b": [PATCH 2/2]", 1)
    )
    first = _OF_ONE_MAIL.sub(b"", mail.head.replace(old, title, 1))
    diffs = b"".join(mail.text[section.start : section.stop] for section in synced)
    message = b"%s\n---\n\n" % sync.message.encode()
    return b"".join([FROM_LINE, first, message, diffs, b"\n", FROM_LINE, mail.head.replace(old, numbered, 1), rest])
