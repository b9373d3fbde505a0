"""Open buffers of an editor, and which file of which tree each of them is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from caplint.server.messages import ServedTree
from caplint.trees.names import on_disk, path_text
from caplint.trees.patch_paths import refusal
from caplint.util.errors import CaplintError
from caplint.util.regular_file import read_regular

LONGEST_ADDRESS = 20_000
"""Characters of a URI that may be a file's."""


@dataclass
class Buffer:
    """Text of a file in an editor."""

    uri: str
    text: str
    version: int | None


class Roots:
    """Directories of the trees, and the addresses of their files."""

    def __init__(self, trees: Iterable[ServedTree]) -> None:
        directories = [(tree.root, tree.name) for tree in trees if tree.root is not None]
        # A tree within another one comes first.
        self._trees = sorted(directories, key=lambda entry: -len(entry[0]))
        self._roots = {name: root for root, name in directories}

    def file_of(self, uri: str) -> tuple[str, str] | None:
        """Return tree and path of a URI; None if it is not a file of a tree, as in a repository's `.git`."""
        if len(uri) > LONGEST_ADDRESS:
            return None
        try:
            parts = urlsplit(uri)
            if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
                return None
            name = unquote_to_bytes(parts.path)
            real = os.path.realpath(name) if name.startswith(b"/") and b"\0" not in name else b""
        except (OSError, ValueError):
            return None
        for root, tree in self._trees:
            beginning = os.fsencode(root).rstrip(b"/") + b"/"
            if real.startswith(beginning):
                path = real[len(beginning) :]
                return None if refusal(path) else (tree, path_text(path))
        return None

    def uri_of(self, tree: str, path: str) -> str | None:
        """Return the URI of a file; None if its tree is no directory."""
        root = self._roots.get(tree)
        return None if root is None else Path(root, on_disk(path)).as_uri()

    def on_disk(self, tree: str, path: str) -> bytes | None:
        """Return the content of a file; None if it cannot be read."""
        root = self._roots.get(tree)
        if root is None:
            return None
        try:
            return read_regular(Path(root, on_disk(path)))
        except (CaplintError, OSError, ValueError):
            return None


class Buffers:
    """Open buffers, by URI. Those of files outside of the trees are kept too, since a tree may be found later."""

    def __init__(self) -> None:
        self._buffers: dict[str, Buffer] = {}
        self.roots = Roots(())

    def put(self, uri: str, text: str, version: int | None) -> None:
        """Take the text of a buffer."""
        self._buffers[uri] = Buffer(uri, text, version)

    def remove(self, uri: str) -> None:
        """Forget a buffer that was closed."""
        self._buffers.pop(uri, None)

    def get(self, uri: str) -> Buffer | None:
        """Return a buffer; None if it is not open."""
        return self._buffers.get(uri)

    def by_file(self) -> dict[tuple[str, str], Buffer]:
        """Return the buffers of files of the trees, by tree and path."""
        found = ((self.roots.file_of(uri), buffer) for uri, buffer in self._buffers.items())
        return {place: buffer for place, buffer in found if place is not None}

    def overlays(self) -> dict[str, dict[str, bytes]]:
        """Return the contents that differ from the files, by tree and path."""
        changed: dict[str, dict[str, bytes]] = {}
        for (tree, path), buffer in self.by_file().items():
            content = self.roots.on_disk(tree, path)
            if content is None or content.decode("utf-8", "replace") != buffer.text:
                changed.setdefault(tree, {})[path] = buffer.text.encode("utf-8", "replace")
        return changed
