"""Mails of a series, as `git format-patch --cover-letter` writes them and `git am` takes them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.charset import SHORTEST, Charset
from email.header import Header
from email.utils import format_datetime

from caplint import __version__
from caplint.authoring.series.compose import NewSeries
from caplint.authoring.topic import Topic
from caplint.fixes.draft import Draft
from caplint.trees.mail import FROM_LINE
from caplint.trees.names import path_bytes
from caplint.trees.tree import object_id
from caplint.util.escape import visible

_WIDTH = 72
_LONGEST_NAME = 52
_ABBREVIATED = 12
"""Digits of an object id, as Linux abbreviates them."""


@dataclass(frozen=True)
class Sender:
    """Author and time of the mails."""

    author: str
    """`Name <mail>`."""
    seconds: int
    """Seconds since 1970."""


def mails(series: NewSeries, sender: Sender) -> dict[str, bytes]:
    """Return name of the file → mail, the cover letter first; none of a series without patches."""
    if not series.topics:
        return {}
    count = len(series.topics)
    prefix = "PATCH" if series.workshop.tree.project.name == "linux" else f"PATCH {series.workshop.tree.project.name}"
    title = f"Add {series.request.name}"
    title = next((topic.subject for topic in series.topics if topic.subject.endswith(title)), title)
    found = {"0000-cover-letter.patch": _mail(sender, f"[{prefix} 0/{count}] {title}", _cover(series))}
    for number, topic in enumerate(series.topics, 1):
        name = f"{number:04}-{_file_name(topic.subject)}.patch"
        found[name] = _mail(sender, f"[{prefix} {number}/{count}] {topic.subject}", _message(topic))
    return found


def _mail(sender: Sender, subject: str, body: bytes) -> bytes:
    when = format_datetime(datetime.fromtimestamp(sender.seconds, UTC))
    name, _, address = sender.author.rpartition(" <")
    letters = Charset("utf-8")
    letters.header_encoding = SHORTEST  # whatever another library of the process has set for all
    author = f"{Header(name, letters).encode() if not name.isascii() else name} <{address}"
    head = [f"From: {author}", f"Date: {when}", f"Subject: {subject}"]
    if not body.isascii():
        head += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit"]
    return FROM_LINE + "\n".join([*head, "", ""]).encode() + body + f"-- \ncaplint {__version__}\n\n".encode()


def _file_name(subject: str) -> str:
    """Return the name that format-patch makes of a subject."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", subject).strip("-.")[:_LONGEST_NAME].rstrip("-.")


def _message(topic: Topic) -> bytes:
    """Return the message and the diffs of a patch."""
    diffs = {path: _diff(topic, path, draft) for path, draft in sorted(topic.files.items())}
    text = "\n".join([*_paragraphs(topic.body), "---", *_statistics(diffs), "", ""])
    return text.encode() + b"".join(diffs.values())


def _paragraphs(body: list[str]) -> Iterator[str]:
    for paragraph in body:
        yield from textwrap.wrap(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
        yield ""


def _diff(topic: Topic, path: str, draft: Draft) -> bytes:
    """Return the diff of a file with the ids of its contents, so that `git am -3` can use them."""
    name = path_bytes(path)
    is_new = not draft.before and topic.workshop.is_new(path)
    before = "0" * _ABBREVIATED if is_new else object_id(draft.before)[:_ABBREVIATED]
    ids = f"index {before}..{object_id(draft.content)[:_ABBREVIATED]}"
    command, _, rest = draft.diff(name).partition(b"\n")
    if is_new:
        rest = b"--- /dev/null\n" + rest.partition(b"\n")[2]
    return b"\n".join([command, f"new file mode 100644\n{ids}".encode() if is_new else f"{ids} 100644".encode(), rest])


def _statistics(diffs: dict[str, bytes]) -> Iterator[str]:
    """Yield the summary of changes by file."""
    added = removed = 0
    width = max(map(len, diffs), default=0)
    for path, diff in diffs.items():
        lines = diff.partition(b"\n@@ ")[2].split(b"\n")[1:]
        plus = sum(line.startswith(b"+") for line in lines)
        minus = sum(line.startswith(b"-") for line in lines)
        added, removed = added + plus, removed + minus
        yield f" {visible(path):{width}} | {plus + minus}"
    yield f" {len(diffs)} file{'s' * (len(diffs) > 1)} changed, {added} insertions(+), {removed} deletions(-)"


def _cover(series: NewSeries) -> bytes:
    """Return the cover letter's text: a summary, each place with its reason, and questions for a person to decide."""
    request = series.request
    words = (
        f"These patches add {request.name} ({request.number}). caplint has written them into the places of this tree."
    )
    text = [*_paragraphs([words])]
    text += ["Patches:", *(f"  {number}. {topic.subject}" for number, topic in enumerate(series.topics, 1)), ""]
    text += ["Places, after the last patch, and why each is needed:"]
    text += [f"  {visible(place.path)}:{place.line}: {place.reason}" for place in series.places]
    if series.decisions:
        text += ["", "Decisions that only a person can make; the code has the safe default:"]
        for number, (decision, line) in enumerate(series.decisions, 1):
            where = f"{visible(decision.path)}:{line}"
            words = f"{number}. {decision.subject} ({where}): {decision.question} {decision.default}"
            text += textwrap.wrap(words, _WIDTH, initial_indent="  ", subsequent_indent="     ",
                                  break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return "\n".join([*text, "", ""]).encode()
