"""Parser of unified diffs, from git and other tools, into changes per file. Nothing is applied here.

Hunks are read by the line counts in their headers, so that no line of a file is mistaken for a header. Where a count is
wrong because a hunk was edited by hand, its lines are counted: see `recount.py`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from caplint.trees.diff_names import NOWHERE, both_names, dated, unquoted
from caplint.trees.foreign_diffs import BOM, foreign
from caplint.trees.names import path_text
from caplint.trees.patch_paths import refusal
from caplint.trees.recount import end_of_edited, end_of_longer
from caplint.util.errors import CaplintError

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_EXTENDED = re.compile(
    rb"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|"
    rb"similarity index|dissimilarity index|index) (.*)"
)
_BLOBS = re.compile(rb"([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})\b")
_EMPTY_BLOBS = (
    b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    b"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
"""Git's names of an empty file, by SHA-1 and SHA-256."""
# A line behind a hunk that belongs to one: `-- ` begins a signature, and a row of hyphens the footer of a list.
_MORE = re.compile(rb"\+|-(?![-=])")
_TORN = {(b"--- ", b"+++ "), (b"--- ", b"@@ -"), (b"+++ ", b"@@ -"), (b"+++ ", b"--- ")}
"""Beginnings of consecutive lines that remain of a file's two names and first hunk."""
_OTHER = {b"+": b"-", b"-": b"+"}
_LINK_MODES = (b"120000", b"160000")
_LAST_LINE = 10_000_000
"""Highest line number; no file that is read has so many lines."""


@dataclass(frozen=True)
class Hunk:
    """Hunk: its line numbers, counted from 1, and its lines with their marks."""

    old: int
    new: int
    lines: tuple[bytes, ...]
    edited: bool = False
    """Whether its lines were counted anew, because its header has other numbers."""

    def side(self, mark: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield line number and text, without line end, of the lines before (`-`) or after (`+`) the change."""
        number = self.old if mark == b"-" else self.new
        for line in self.lines:
            if _mark(line) in {mark, b" "}:
                yield number, (line[1:] if line[:1] in b" +-" else line).rstrip(b"\r\n")
                number += 1

    def text(self, mark: bytes) -> list[bytes]:
        """Return the lines before (`-`) or after (`+`) the change, with line ends as in the file."""
        lines: list[bytes] = []
        ours = False
        for line in self.lines:
            if line[:1] != b"\\":
                ours = _mark(line) in {mark, b" "}
                if ours:
                    lines.append(line[1:] if line[:1] in b" +-" else line)
            elif ours:
                lines[-1] = lines[-1].removesuffix(b"\n")
        return lines

    def reversed(self) -> Hunk:
        """Return the hunk that takes this one back."""
        return Hunk(self.new, self.old, tuple(_OTHER.get(line[:1], line[:1]) + line[1:] for line in self.lines))

    def context(self) -> tuple[int, int]:
        """Return the number of context lines before the first change and after the last one."""
        marks = [mark for line in self.lines if (mark := _mark(line)) != b"\\"]
        return _run(marks), _run(marks[::-1])

    @property
    def bare(self) -> bool:
        """Whether the change has no context on either side."""
        return self.changes and self.context() == (0, 0)

    @property
    def changes(self) -> bool:
        """Whether any line is added or removed."""
        return any(line[:1] in {b"+", b"-"} for line in self.lines)


def _mark(line: bytes) -> bytes:
    """Return the mark of a hunk's line; some mailers drop the blank of an empty context line."""
    return b" " if line in {b"\n", b"\r\n"} else line[:1]


def _run(marks: list[bytes]) -> int:
    """Return the number of context lines at the beginning."""
    return next((step for step, mark in enumerate(marks) if mark != b" "), len(marks))


@dataclass(frozen=True)
class FileDiff:
    """Change of one file by a diff. Paths are relative to the tree's root; None if the file does not exist."""

    old: str | None
    new: str | None
    kind: str
    """modified, added, removed, renamed, copied."""
    hunks: tuple[Hunk, ...] = ()
    binary: bool = False
    link: bool = False
    """Whether the file is a symbolic link or a submodule."""

    @property
    def edited(self) -> list[int]:
        """Numbers, from 1, of the hunks whose lines were counted anew."""
        return [number for number, hunk in enumerate(self.hunks, 1) if hunk.edited]

    @property
    def path(self) -> str:
        """Path after the change; for a removed file, before it."""
        return self.new or self.old or ""


def reversed_diffs(files: list[FileDiff]) -> list[FileDiff]:
    """Return the diffs that take some diffs back; the copy of a file stays where it is."""
    kinds = {"added": "removed", "removed": "added", "copied": "modified"}
    return [
        FileDiff(
            file.new,
            file.new if file.kind == "copied" else file.old,
            kinds.get(file.kind, file.kind),
            tuple(hunk.reversed() for hunk in file.hunks),
        )
        for file in reversed(files)
    ]


@dataclass
class _FileSection:
    """Part of a diff for one file, while it is parsed."""

    old: bytes | None = None
    new: bytes | None = None
    facts: dict[bytes, bytes] = field(default_factory=dict)
    named: tuple[bytes, bytes] | None = None
    """Names from the line `diff --git`, with prefixes."""
    hunks: list[Hunk] = field(default_factory=list)
    binary: bool = False
    moved: int = 0
    """Number of lines that its hunks add, less those that they remove."""
    edited: bool = False

    def placed(self, hunk: Hunk) -> Hunk:
        """Return the next hunk; behind an edited one, the number of its first new line is computed."""
        old, new = (sum(1 for _ in hunk.side(mark)) for mark in (b"-", b"+"))
        if self.edited:
            hunk = replace(hunk, new=max(hunk.old + (not old) + self.moved - (not new), 0))
        self.moved += new - old
        self.edited |= hunk.edited
        return hunk


def parse(diff: bytes, label: str, strip: int | None = None) -> list[FileDiff]:
    """Parse a diff into changes per file; surrounding text, such as a mail's, is skipped.

    `label` names the diff in errors; `strip` is the number of directories to take off its names, by default one, or
    none where a file has the same name twice. Raises `CaplintError` for a malformed diff or a path out of the tree.
    """
    if said := foreign(diff):
        raise CaplintError(f"{label}: {said}")
    diff = BOM.sub(b"", diff)
    if re.search(rb"^(?:diff --git |--- )[^\n]*\r\n", diff, re.MULTILINE):
        diff = diff.replace(b"\r\n", b"\n")  # transport converted the whole diff to CRLF, not only its files
    sections = list(_DiffReader(io.BytesIO(diff).readlines(), label).sections())
    if strip is None:
        strip = 0 if any(section.old == section.new is not None for section in sections) else 1
    return [_file_diff(section, strip, label) for section in sections]


class _DiffReader:
    """Parser state: the lines of a diff and the position in them."""

    def __init__(self, lines: list[bytes], label: str) -> None:
        self._lines = lines
        self._label = label
        self._at = 0
        self._due = -1
        """Line on which a hunk must begin, if it looks like one."""

    def sections(self) -> Iterator[_FileSection]:
        section: _FileSection | None = None
        while self._at < len(self._lines):
            line = self._lines[self._at]
            git = line.startswith(b"diff --git ")
            head = not git and self._is_head()
            if git or (head and (section is None or section.old is not None)):
                if section is not None:
                    yield section
                section = _FileSection(named=both_names(line[len(b"diff --git ") :].rstrip(b"\n")) if git else None)
            if section is not None and head:
                section.old, section.new = (dated(self._lines[self._at + step][4:]) for step in (0, 1))
                self._due = self._at = self._at + 2
            elif section is not None and section.old is not None and (hunk := _HUNK.match(line)):
                section.hunks.append(self._hunk(hunk, section))
                self._due = self._at
            else:
                self._pass_over(section, line)
                self._at += 1
                if section is not None and section.named and section.old is None:
                    _note(section, line)
        if section is not None:
            yield section

    def _is_head(self) -> bool:
        """Return whether a header with two names and a hunk begins here; a mail's `---` alone is none."""
        if not self._lines[self._at].startswith(b"--- "):
            return False
        behind = self._lines[self._at + 1 : self._at + 3]
        return len(behind) == 2 and behind[0].startswith(b"+++ ") and behind[1].startswith(b"@@ ")

    def _pass_over(self, section: _FileSection | None, line: bytes) -> None:
        """Raise `CaplintError` for a line between hunks that was part of a diff before that was damaged."""
        behind = self._lines[self._at + 1][:4] if self._at + 1 < len(self._lines) else b""
        if (line[:4], behind) in _TORN or ((section is None or section.old is None) and _HUNK.match(line)):
            raise CaplintError(
                f"{self._label}: not a unified diff: the two names of a file do not stand above its first hunk "
                f"(line {self._at + 1}); the patch is truncated or hand-edited"
            )
        if section is None or self._at != self._due:
            return
        if line.startswith((b"@@", b"@ -")):
            raise self._error(section, "has a malformed @@ header", "the patch is truncated or hand-edited")
        if _MORE.match(line):
            raise self._error(
                section,
                "begins behind more lines than the header above it counts",
                "the patch is truncated or hand-edited",
            )
        if line.startswith(b" "):
            self._due += 1

    def _hunk(self, head: re.Match[bytes], section: _FileSection) -> Hunk:
        start, old, new, added = (self._number(digits, section) for digits in head.groups())
        first = self._at = self._at + 1
        counted = self._counted(first, old, added)
        end = end_of_edited(self._lines, first) if counted is None else end_of_longer(self._lines, counted)
        if end is None:
            if counted is None:
                raise self._error(section, "does not match its @@ header", "the patch is truncated or hand-edited")
            end = counted  # what stands behind it is an error of its own
        edited = end != counted
        if end < len(self._lines) and self._lines[end].startswith(b"\\"):
            end += 1
        self._at = end
        return section.placed(Hunk(start, new, tuple(self._lines[first:end]), edited))

    def _counted(self, first: int, old: int, added: int) -> int | None:
        """Return the end of as many lines as a hunk's header says; None if it says other lines than follow."""
        at = first
        while old > 0 or added > 0:
            mark = _mark(self._lines[at]) if at < len(self._lines) else b""
            if mark not in {b" ", b"-", b"+", b"\\"}:
                self._at = at
                return None
            old -= mark in {b" ", b"-"}
            added -= mark in {b" ", b"+"}
            at += 1
        if min(old, added) < 0:
            self._at = at
            return None
        return at

    def _number(self, digits: bytes | None, section: _FileSection) -> int:
        """Return a number of a hunk's header; its length is bounded, because Python refuses very long numbers."""
        digits = b"1" if digits is None else digits.lstrip(b"0")
        if len(digits) > len(str(_LAST_LINE)) or (number := int(digits or b"0")) > _LAST_LINE:
            raise self._error(
                section, f"has a line number or count above {_LAST_LINE:,}", "no readable file is that long"
            )
        return number

    def _error(self, section: _FileSection, fault: str, reason: str) -> CaplintError:
        path = (section.new if section.new != NOWHERE else section.old) or b""
        return CaplintError(
            f"{self._label}: not a unified diff: hunk {len(section.hunks) + 1} of {path_text(path)[:200]} {fault} "
            f"(line {self._at + 1}); {reason}"
        )


def _note(section: _FileSection, line: bytes) -> None:
    """Record a line between `diff --git` and the first hunk."""
    if fact := _EXTENDED.match(line):
        section.facts[fact.group(1)] = fact.group(2)
    elif line.startswith((b"GIT binary patch", b"Binary files ")):
        section.binary = True


def _file_diff(section: _FileSection, strip: int, label: str) -> FileDiff:
    old, new = section.old, section.new
    if old is None or new is None:
        old, new = section.named or (b"", b"")
        if b"new file mode" in section.facts:
            old = NOWHERE
        elif b"deleted file mode" in section.facts:
            new = NOWHERE
        strip = True
    facts = section.facts
    _refuse_incomplete(section, label)
    paths = [None if name == NOWHERE else _path(name, strip, label) for name in (old, new)]
    kind = "modified"
    for word, moved in ((b"rename", "renamed"), (b"copy", "copied")):
        if word + b" from" in facts and word + b" to" in facts:
            paths = [_path(unquoted(facts[word + end]), 0, label) for end in (b" from", b" to")]
            kind = moved
    if paths == [None, None]:
        raise CaplintError(f"{label}: a diff between /dev/null and /dev/null has no effect; remove it")
    kind = "added" if paths[0] is None else "removed" if paths[1] is None else kind
    modes = [facts.get(word, b"") for word in (b"old mode", b"new mode", b"new file mode", b"deleted file mode")]
    modes += facts.get(b"index", b"").split(b" ")[1:]
    if kind == "modified" and paths[0] != paths[1]:
        paths[0] = paths[1]  # `diff -u x.orig x`: the original has another name
    link = any(mode in _LINK_MODES for mode in modes)
    return FileDiff(paths[0], paths[1], kind, tuple(section.hunks), section.binary, link)


def _refuse_incomplete(section: _FileSection, label: str) -> None:
    """Raise `CaplintError` for a head of git's that promises other things than stand below it."""
    if section.named is None:
        return
    facts = section.facts
    names = (facts.get(b"rename from"), facts.get(b"rename to"))
    if None in names:
        names = (facts.get(b"copy from"), facts.get(b"copy to"))
    said = section.named if None in names else tuple(unquoted(name or b"") for name in names)
    shown = path_text(said[1])[:200]
    for name, wanted in zip((section.old, section.new), said, strict=True):
        if name not in {None, NOWHERE, wanted} and (name or b"").partition(b"/")[2] not in {
            wanted,
            wanted.partition(b"/")[2],
        }:
            raise CaplintError(
                f"{label}: not a unified diff: {shown} is {path_text(name or b'')[:200]} above its hunks; "
                "the patch is truncated or hand-edited"
            )
    if not section.hunks and not section.binary and _lacks_lines(facts):
        raise CaplintError(
            f"{label}: not a unified diff: the changes of {shown} are missing; the patch is truncated or hand-edited"
        )


def _lacks_lines(facts: dict[bytes, bytes]) -> bool:
    """Whether a head without hunks is of a file whose lines change, or of which it says nothing at all."""
    if blobs := _BLOBS.match(facts.get(b"index", b"")):
        old, new = ((name if name.strip(b"0") else b"") for name in blobs.groups())
        empty = [name for name in (old, new) if name and not any(blob.startswith(name) for blob in _EMPTY_BLOBS)]
        return old != new and bool(empty)
    return not facts.keys() - {b"index", b"similarity index", b"dissimilarity index"}


def _path(text: bytes, strip: int, label: str) -> str:
    """Return the path of a name. Raises `CaplintError` for a path that a patch must not use."""
    path = text if text.startswith(b"/") else b"/".join(text.split(b"/")[strip:])
    if reason := refusal(path):
        raise CaplintError(f"{label}: {path_text(path or text)[:200]!r} {reason}; refused")
    return path_text(path)
