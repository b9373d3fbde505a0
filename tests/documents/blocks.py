"""Blocks of the documents, as CommonMark sees them, and the commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *sorted(f"docs/{f.name}" for f in (ROOT / "docs").glob("*.md")),
)
"""Documents for users; the changelog shows no commands, and rule pages have tests of their own."""
# Programs with which a line of an indented block begins if it is a command.
_PROGRAMS = re.compile(
    r"(caplint|\.venv/bin/\w+|make|git|pip|pipx|uvx|podman|b4|pre-commit|cp|export|eval|python3?|gh|taplo|mkdir)( |$)"
)
_REASON = re.compile(r"<!-- not run: (.+?) -->\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced or indented block."""

    document: str
    line: int
    language: str
    """That of the fence; empty for an indented block."""
    text: str
    reason: str
    """Why its commands are not run, from the comment right before it; empty: they are."""

    @property
    def commands(self) -> tuple[str, ...]:
        """Its command lines: after `$ ` in a console, else all lines of an indented block that begins with one."""
        lines = self.text.splitlines()
        if self.language == "console":
            return tuple(line.removeprefix("$ ") for line in lines if line.startswith("$ "))
        if self.language or not lines or not _PROGRAMS.match(lines[0]):
            return ()
        return tuple(filter(None, lines))


def blocks(document: str) -> Iterator[Block]:
    """Yield the blocks of a document."""
    reason = ""
    for token in MarkdownIt("commonmark").enable("table").parse((ROOT / document).read_text("utf-8")):
        if token.type in {"fence", "code_block"} and token.map:
            yield Block(document, token.map[0] + 1, token.info.split(" ")[0], token.content, reason)
        if token.type in {"fence", "code_block", "html_block", "paragraph_open", "heading_open"}:
            match = _REASON.search(token.content) if token.type == "html_block" else None
            reason = match.group(1) if match else ""


def spans(document: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every piece of code in the running text and the tables of a document."""
    for token in MarkdownIt("commonmark").enable("table").parse((ROOT / document).read_text("utf-8")):
        for child in token.children or ():
            if child.type == "code_inline":
                yield (token.map or [0])[0] + 1, child.content
