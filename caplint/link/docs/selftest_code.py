"""Code of a tree's self-tests, which is not parsed: the files that are built, and the capabilities that they name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from caplint.c.byte_ranges import Spans
from caplint.c.conditions import conditionals
from caplint.c.lexer import lex
from caplint.knowledge.capability_names import mentions_in
from caplint.link.docs.selftest_builds import MAKEFILES, built_files
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError


class SelftestName(NamedTuple):
    """Capability that the code of a self-test names."""

    cap: str
    line: int
    column: int
    in_directive: bool
    """Whether a directive names it: a macro that does need not be used, and may only paste it."""


class SelftestCode:
    """Self-tests of one tree; each file is read and lexed once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.directories = tree.project.selftests
        self._contents: dict[str, bytes] = {}
        self._names: dict[str, list[SelftestName]] = {}

    def read(self, path: str) -> bytes:
        """Return a file's content; nothing of one that is missing, or cannot be read."""
        if path not in self._contents:
            try:
                self._contents[path] = self.tree.read_or_none(path) or b""
            except (OSError, CaplintError):
                self._contents[path] = b""
        return self._contents[path]

    @cached_property
    def every(self) -> dict[str, bytes]:
        """Contents of the C files below the directories of self-tests, whether they are built or not."""
        for directory in self.directories:
            self._contents |= self.tree.c_contents_under(directory)
        return self.among(self._contents)

    def among(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of those of some files that are such C files; no other file is read."""
        inside = tuple(f"{directory}/" for directory in self.directories)
        own = [path for path in sorted(paths) if path.startswith(inside) and path.endswith((".c", ".h"))]
        return {path: self.read(path) for path in own}

    @cached_property
    def built(self) -> list[str]:
        """Paths of the C files that are built, by directory and then by name."""
        return [path for directory in self.directories for path in self._built(directory)]

    def _built(self, directory: str) -> list[str]:
        makefiles = [self.tree.read_or_none(f"{directory}/{name}") for name in MAKEFILES]
        present = [content for content in makefiles if content is not None]
        return built_files(directory, self.tree.c_files_under(directory), present, self.read)

    def names(self, path: str) -> list[SelftestName]:
        """Return the capabilities that a file names outside comments, strings and disabled code, in file order."""
        if path not in self._names:
            self._names[path] = _named_in_code(self.read(path))
        return self._names[path]


def _named_in_code(content: bytes) -> list[SelftestName]:
    found = mentions_in(content)
    if not found:
        return []
    lexed = lex(content)
    presence = conditionals(lexed).presence
    directives = Spans([(directive.start, directive.end) for directive in lexed.directives])
    return [
        SelftestName(cap, lexed.line(offset), offset - content.rfind(b"\n", 0, offset), offset in directives)
        for cap, offset in found
        if offset not in lexed.comments and offset not in lexed.strings and presence(offset) is not False
    ]
