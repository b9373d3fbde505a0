"""Topic: one patch of a series, with its files, the reasons of its places, and questions that a person must decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from caplint.authoring.sheet import comment
from caplint.authoring.workshop import Workshop
from caplint.fixes.draft import Draft

MARK = "Decision"
"""First word of a comment about a question that a person must answer."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Question that only a person can answer, and the safe default that the code has."""

    subject: str
    """Few words that are unique in the file: the comment begins with `Decision (subject):`."""
    question: str
    default: str
    path: str
    anchor: str
    """Text of the line that it is about."""


@dataclass
class Topic:
    """Patch in the making. Lines are those of the tree, whatever patches before it, or it itself, have added."""

    workshop: Workshop
    subject: str
    body: list[str]
    """Paragraphs of the mail, without line breaks."""
    files: dict[str, Draft] = field(default_factory=dict)
    """Path → the file: its original is that before this patch. A new file's original is empty."""
    decisions: list[Decision] = field(default_factory=list)

    def above(self, path: str, line: int, new: Iterable[str], reason: str) -> None:
        """Put lines above a line of the tree's file, and below lines that were put there before."""
        self.workshop.sheet(path).insert(self._draft(path), line, list(new), reason)

    def below(self, path: str, line: int, new: Iterable[str], reason: str) -> None:
        """Put lines below a line of the tree's file, and below lines that were put there before."""
        self.above(path, line + 1, new, reason)

    def replace(self, path: str, line: int, new: Iterable[str], reason: str) -> None:
        """Replace one line of the tree's file, which no patch has replaced before, by some lines."""
        self.workshop.sheet(path).replace(self._draft(path), line, list(new), reason)

    def create(self, path: str, lines: Iterable[str], reason: str) -> None:
        """Write a new file. Raises `CaplintError` if the tree has it."""
        self.workshop.create(path)
        self.above(path, 1, lines, reason)

    def decision(self, path: str, subject: str, question: str, default: str, width: int = 80) -> list[str]:
        """List a question for a person, and return the comment about it, which the caller puts to its place in a file.

        `default` says what the code does, as a sentence of its own. `width` is what white space in front leaves.
        """
        words = f"{MARK} ({subject}):"
        self.decisions.append(Decision(subject, question, default, path, words))
        return comment(f"{words} {question} {default}", width)

    def silent_decision(self, path: str, subject: str, question: str, default: str, anchor: str) -> None:
        """List a question about a line without a comment; `anchor` is a text that only this line of the file has."""
        self.decisions.append(Decision(subject, question, default, path, anchor))

    def _draft(self, path: str) -> Draft:
        if path not in self.files:
            self.files[path] = Draft(self.workshop.sheet(path).content)
        return self.files[path]

    def line_of(self, decision: Decision) -> int:
        """Return the line that a decision is about, after the patches so far."""
        lines = self.workshop.sheet(decision.path).lines
        return next((number for number, line in enumerate(lines, 1) if decision.anchor in line.text), 1)
