"""Diffs of the memory trees' files, made together with what they must give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from choices import Choices

_WORDS = [
    b"int x;\n",
    b"\n",
    b"-- a\n",
    b"++ b\n",
    b"@@ -1 +1 @@\n",
    b"\\ No\n",
    b"diff --git a/a b/a\n",
    b"a\r\n",
    b"\f\n",
]
_NEW = [b"virt/kvm/new.c", b"new.h", b"virt/kvm/a b.c", b"virt/kvm/\xc3\xa9.c", b'virt/kvm/q".c', b"arch/x86/kvm/t.c"]


class Edit(NamedTuple):
    """Lines that are replaced, counted from 0."""

    start: int
    stop: int
    added: list[bytes]


@dataclass
class Made:
    """A diff, and the files after it: path → content, None for none."""

    text: bytes = b""
    after: dict[str, bytes | None] = field(default_factory=dict)


def diff(choices: Choices, files: Mapping[str, bytes]) -> Made:
    """Change one to four files, each once."""
    made = Made()
    left = sorted(files)
    fresh = list(_NEW)
    for _ in range(choices.below(3) + 1):
        way = choices.below(6)
        if way == 0 and fresh:
            path = fresh.pop(choices.below(len(fresh)))
            _add(choices, made, path)
        elif left:
            old = left.pop(choices.below(len(left)))
            if way == 1:
                _remove(made, old, files[old])
            else:
                _change(choices, made, old, files[old], fresh if way == 2 else [])
    return made


def _split(content: bytes) -> list[bytes]:
    parts = content.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _marked(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + b"\n\\ No newline at end of file\n"


def _quoted(path: bytes) -> bytes:
    odd = [byte < 32 or byte > 126 or byte in b'"\\' for byte in path]
    if not any(odd):
        return path
    return b'"%s"' % b"".join(b"\\%03o" % byte if hard else b"%c" % byte for byte, hard in zip(path, odd, strict=True))


def _head(old: bytes | None, new: bytes | None, extended: bytes = b"", *, hunks: bool = True) -> bytes:
    first, second = _quoted(b"a/" + (old or new or b"")), _quoted(b"b/" + (new or old or b""))
    text = b"diff --git %s %s\n%s" % (first, second, extended)
    if hunks:
        text += b"--- %s\n+++ %s\n" % (first if old else b"/dev/null", second if new else b"/dev/null")
    return text


def _add(choices: Choices, made: Made, path: bytes) -> None:
    lines = [choices.pick(_WORDS) for _ in range(choices.below(4) + 1)]
    if choices.seldom():
        lines[-1] = b"end"
    body = b"".join(_marked(b"+", line) for line in lines)
    made.text += _head(None, path, b"new file mode 100644\n") + b"@@ -0,0 +1,%d @@\n" % len(lines) + body
    made.after[path.decode()] = b"".join(lines)


def _remove(made: Made, path: str, content: bytes) -> None:
    lines = _split(content)
    body = b"".join(_marked(b"-", line) for line in lines)
    made.text += _head(path.encode(), None, b"deleted file mode 100644\n") + b"@@ -1,%d +0,0 @@\n" % len(lines) + body
    made.after[path] = None


def _change(choices: Choices, made: Made, path: str, content: bytes, fresh: list[bytes]) -> None:
    """Edit a file, and rename it where `fresh` has a name left."""
    before = _split(content)
    edits = _edits(choices, before)
    after, hunks = list(before), b"".join(_hunks(before, edits))
    for edit in reversed(edits):
        after[edit.start : edit.stop] = edit.added
    new = fresh.pop(choices.below(len(fresh))) if fresh else path.encode()
    extended = b""
    if new != path.encode():
        extended = b"similarity index 50%%\nrename from %s\nrename to %s\n" % (path.encode(), _quoted(new))
        made.after[path] = None
    elif not hunks:
        return
    made.text += _head(path.encode(), new, extended, hunks=bool(hunks)) + hunks
    made.after[new.decode()] = b"".join(after)


def _edits(choices: Choices, before: list[bytes]) -> list[Edit]:
    found: list[Edit] = []
    at, count = 0, len(before)
    # Behind a line without an end nothing can be added.
    last = count if not before or before[-1].endswith(b"\n") else count - 1
    while len(found) < 3 and choices.below(4):
        start = at + choices.below(9)
        stop = min(count, start + choices.below(3))
        added = [choices.pick(_WORDS) for _ in range(choices.below(3))]
        if start > last:
            break
        if stop > start or added:
            found.append(Edit(start, stop, added))
            at = stop + 1
    return found


def _hunks(before: list[bytes], edits: list[Edit]) -> Iterator[bytes]:
    """Yield hunks with three lines of context; edits that are near to each other share one."""
    shift = 0
    while edits:
        group = [edits[0]]
        while len(group) < len(edits) and edits[len(group)].start - group[-1].stop <= 6:
            group.append(edits[len(group)])
        edits = edits[len(group) :]
        first, last = max(0, group[0].start - 3), min(len(before), group[-1].stop + 3)
        body, at = [], first
        for edit in group:
            body += [_marked(b" ", line) for line in before[at : edit.start]]
            body += [_marked(b"-", line) for line in before[edit.start : edit.stop]]
            body += [_marked(b"+", line) for line in edit.added]
            at = edit.stop
        body += [_marked(b" ", line) for line in before[at:last]]
        grown = sum(len(edit.added) - (edit.stop - edit.start) for edit in group)
        old, new = last - first, last - first + grown
        starts = (first + (old > 0), first + shift + (new > 0))
        yield b"@@ -%d,%d +%d,%d @@\n" % (starts[0], old, starts[1], new) + b"".join(body)
        shift += grown
