"""Reads unified diffs, git's and others', into what is done to each file. Nothing is applied here.

Hunks are read by the line counts in their heads, so that no line of a file is taken for a head of the diff.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from caplint.errors import CaplintError
from caplint.trees.names import path_bytes, path_text

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_EXTENDED = re.compile(
    rb"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|"
    rb"similarity index|dissimilarity index|index) (.*)"
)
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abfnrtv"\\])')
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_NOWHERE = b"/dev/null"
_LINK_MODES = (b"120000", b"160000")


@dataclass(frozen=True)
class Hunk:
    """One hunk: where it stands, counted from 1, and its lines with their marks."""

    old: int
    new: int
    lines: tuple[bytes, ...]

    def side(self, mark: bytes) -> Iterator[tuple[int, bytes]]:
        """Line number and text, without a line end, of what stands before (`-`) or after (`+`) the change."""
        number = self.old if mark == b"-" else self.new
        for line in self.lines:
            if line[:1] in {mark, b" ", b"\n", b"\r"}:
                yield number, line[1:].rstrip(b"\r\n")
                number += 1

    @property
    def bare(self) -> bool:
        """Whether there is no context on either side of the change."""
        changes = [line for line in self.lines if line[:1] != b"\\"]
        return bool(changes) and changes[0][:1] in {b"+", b"-"} and changes[-1][:1] in {b"+", b"-"}


@dataclass(frozen=True)
class FileDiff:
    """What a diff does to one file. Paths are relative to the tree's root; None where there is no file."""

    old: str | None
    new: str | None
    kind: str
    """modified, added, removed, renamed, copied."""
    head: tuple[bytes, ...]
    """Lines before the first hunk, with paths below `a/` and `b/`."""
    hunks: tuple[Hunk, ...] = ()
    binary: bool = False
    link: bool = False
    """Whether it is a symbolic link or a submodule."""

    @property
    def path(self) -> str:
        """The file after the change; of a removed one before it."""
        return self.new or self.old or ""

    @property
    def text(self) -> bytes:
        """The part of the diff that is about this file."""
        parts = [*self.head]
        for hunk in self.hunks:
            old = sum(line[:1] in {b"-", b" ", b"\n", b"\r"} for line in hunk.lines)
            new = sum(line[:1] in {b"+", b" ", b"\n", b"\r"} for line in hunk.lines)
            parts += [b"@@ -%d,%d +%d,%d @@\n" % (hunk.old, old, hunk.new, new), *hunk.lines]
        return b"".join(part if part.endswith(b"\n") else part + b"\n" for part in parts)


@dataclass
class _Section:
    """A file's part of a diff while it is read."""

    old: bytes | None = None
    new: bytes | None = None
    facts: dict[bytes, bytes] = field(default_factory=dict)
    named: tuple[bytes, bytes] | None = None
    """Names from the line `diff --git`, prefixes included."""
    hunks: list[Hunk] = field(default_factory=list)
    binary: bool = False


def parse(diff: bytes, label: str) -> list[FileDiff]:
    """What a diff does, file by file; the text around it, such as a mail's, is passed over.

    `label` names the diff in errors. Raises `CaplintError` for what is malformed or leads out of the tree.
    """
    if re.search(rb"^(?:diff --git |--- )[^\n]*\r\n", diff, re.MULTILINE):
        diff = diff.replace(b"\r\n", b"\n")  # the whole diff, not the files in it, was made CRLF on its way
    sections = list(_Reader(io.BytesIO(diff).readlines(), label).sections())
    strip = not any(section.old == section.new is not None for section in sections)
    return [_file_diff(section, strip, label) for section in sections]


class _Reader:
    """Goes through the lines of a diff."""

    def __init__(self, lines: list[bytes], label: str) -> None:
        self._lines = lines
        self._label = label
        self._at = 0

    def sections(self) -> Iterator[_Section]:
        section: _Section | None = None
        while self._at < len(self._lines):
            line = self._lines[self._at]
            git = line.startswith(b"diff --git ")
            head = not git and self._is_head()
            if git or (head and (section is None or section.old is not None)):
                if section is not None:
                    yield section
                section = _Section(named=_both_names(line[len(b"diff --git ") :].rstrip(b"\n")) if git else None)
            if section is not None and head:
                section.old, section.new = (_dated(self._lines[self._at + step][4:]) for step in (0, 1))
                self._at += 2
            elif section is not None and section.old is not None and (hunk := _HUNK.match(line)):
                section.hunks.append(self._hunk(hunk, section))
            else:
                self._at += 1
                if section is not None and section.named and section.old is None:
                    _note(section, line)
        if section is not None:
            yield section

    def _is_head(self) -> bool:
        """`---` alone separates a mail's text from its diffstat: a head has two names and a hunk."""
        here = self._lines[self._at : self._at + 3]
        return (
            len(here) == 3
            and here[0].startswith(b"--- ")
            and here[1].startswith(b"+++ ")
            and here[2].startswith(b"@@ ")
        )

    def _hunk(self, head: re.Match[bytes], section: _Section) -> Hunk:
        start, old, new, added = (int(number) if number is not None else 1 for number in head.groups())
        wanted = [old, added]
        first = self._at = self._at + 1
        while wanted[0] > 0 or wanted[1] > 0:
            mark = self._lines[self._at][:1] if self._at < len(self._lines) else b""
            if mark in {b" ", b"\n", b"\r"}:
                wanted = [wanted[0] - 1, wanted[1] - 1]
            elif mark == b"-":
                wanted[0] -= 1
            elif mark == b"+":
                wanted[1] -= 1
            elif mark != b"\\":
                wanted = [-1, -1]
                break
            self._at += 1
        if min(wanted) < 0:
            name = (section.new if section.new != _NOWHERE else section.old) or b""
            raise CaplintError(
                f"{self._label}: not a unified diff: hunk {len(section.hunks) + 1} of {_text(name)} has other lines "
                f"than its head says (line {self._at + 1}); it was cut or edited"
            )
        if self._at < len(self._lines) and self._lines[self._at].startswith(b"\\"):
            self._at += 1
        return Hunk(start, new, tuple(self._lines[first : self._at]))


def _note(section: _Section, line: bytes) -> None:
    """Keep what a line between `diff --git` and the first hunk says."""
    if fact := _EXTENDED.match(line):
        section.facts[fact.group(1)] = fact.group(2)
    elif line.startswith((b"GIT binary patch", b"Binary files ")):
        section.binary = True


def _file_diff(section: _Section, strip: bool, label: str) -> FileDiff:
    old, new = section.old, section.new
    if old is None or new is None:
        old, new = section.named or (b"", b"")
        if b"new file mode" in section.facts:
            old = _NOWHERE
        elif b"deleted file mode" in section.facts:
            new = _NOWHERE
        strip = True
    facts = section.facts
    paths = [None if name == _NOWHERE else _path(name, strip, label) for name in (old, new)]
    kind = "modified"
    for word, moved in ((b"rename", "renamed"), (b"copy", "copied")):
        if word + b" from" in facts and word + b" to" in facts:
            paths = [_path(_name(facts[word + end]), False, label) for end in (b" from", b" to")]
            kind = moved
    if paths == [None, None]:
        raise CaplintError(f"{label}: a diff of /dev/null against /dev/null says nothing; remove it")
    kind = "added" if paths[0] is None else "removed" if paths[1] is None else kind
    modes = [facts.get(word, b"") for word in (b"old mode", b"new mode", b"new file mode", b"deleted file mode")]
    modes += facts.get(b"index", b"").split(b" ")[1:]
    found = FileDiff(
        paths[0], paths[1], kind, (), tuple(section.hunks), section.binary, any(mode in _LINK_MODES for mode in modes)
    )
    if kind == "modified" and paths[0] != paths[1]:
        # `diff -u x.orig x`: what it is made against has another name.
        found = replace(found, old=paths[1])
    return replace(found, head=tuple(_head(found, facts)))


def _head(diff: FileDiff, facts: dict[bytes, bytes]) -> Iterator[bytes]:
    """The head as git writes it, whatever it was made by; modes say nothing that matters here."""
    old, new = diff.old or diff.new or "", diff.new or diff.old or ""
    yield b"diff --git %s %s\n" % (_quoted("a/" + old), _quoted("b/" + new))
    if diff.kind == "added":
        yield b"new file mode 100644\n"
    elif diff.kind == "removed":
        yield b"deleted file mode 100644\n"
    elif diff.kind in {"renamed", "copied"}:
        word = b"rename" if diff.kind == "renamed" else b"copy"
        yield b"similarity index %s\n" % (facts.get(b"similarity index") or b"50%")
        yield b"%s from %s\n%s to %s\n" % (word, _quoted(old), word, _quoted(new))
    if diff.hunks:
        yield b"--- %s\n" % (_quoted("a/" + old) if diff.old else _NOWHERE)
        yield b"+++ %s\n" % (_quoted("b/" + new) if diff.new else _NOWHERE)


def _both_names(text: bytes) -> tuple[bytes, bytes] | None:
    """The names of `diff --git a/X b/X`, which are only told apart by being the same but for the prefix."""
    if text.startswith(b'"') or text.endswith(b'"'):
        quoted = re.fullmatch(rb'("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)', text)
        return (_name(quoted.group(1)), _name(quoted.group(2))) if quoted else None
    for match in re.finditer(rb" ", text):
        old, new = text[: match.start()], text[match.end() :]
        if old.partition(b"/")[2] == new.partition(b"/")[2]:
            return old, new
    old, _, new = text.partition(b" ")
    return old, new


def _name(text: bytes) -> bytes:
    """A name as a head of a diff has it: quoted as in C where it is odd, with a date behind a tab."""
    text = text.rstrip(b"\r\n")
    if text.startswith(b'"') and text.endswith(b'"') and len(text) > 1:
        return _ESCAPE.sub(
            lambda match: (
                _ESCAPED.get(match.group(1))
                or (bytes([int(match.group(1), 8) & 0xFF]) if match.group(1).isdigit() else match.group(1))
            ),
            text[1:-1],
        )
    return text.partition(b"\t")[0]


def _dated(text: bytes) -> bytes:
    """A name of a head; `diff -N` gives a file that is not there the date at which Unix's time begins."""
    return _NOWHERE if re.search(rb"\t(?:1970-01-01|1969-12-31) ", text) else _name(text)


def _path(name: bytes, strip: bool, label: str) -> str:
    """The path that a name stands for. Raises `CaplintError` where it leads out of the tree."""
    path = name.partition(b"/")[2] if strip and not name.startswith(b"/") else name
    parts = path.split(b"/")
    if not path or path.startswith(b"/") or b"\0" in path or {b"..", b".", b"", b".git"} & set(parts):
        raise CaplintError(f"{label}: {_text(path or name)!r} lies outside the tree; refused")
    return path_text(path)


def _quoted(path: str) -> bytes:
    name = path_bytes(path)
    if re.search(rb'[\x00-\x1f"\\\x7f-\xff]', name) is None:
        return name
    return b'"' + re.sub(rb'[\x00-\x1f"\\\x7f-\xff]', lambda match: b"\\%03o" % match.group()[0], name) + b'"'


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
