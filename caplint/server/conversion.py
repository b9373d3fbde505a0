"""Results of checks as types of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lsprotocol import types

from caplint.findings.fix import Fix, LineEdit
from caplint.server.buffers import Buffers
from caplint.server.messages import Diagnosed, EditorPlace, NameCard
from caplint.server.positions import Moves, Span, lines_of

SOURCE = "caplint"
_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}


class Converter:
    """Converts places of a check to positions in buffers, whose lines may have moved since."""

    def __init__(self, buffers: Buffers, texts: Mapping[tuple[str, str], str]) -> None:
        """`texts` are those of the buffers that the check has looked at, by tree and path."""
        self._buffers = buffers
        self._texts = texts
        self._moves: dict[tuple[str, str], Moves | None] = {}
        self._open = buffers.by_file()

    def line(self, tree: str, path: str, line: int) -> int | None:
        """Return the line of a buffer that was at a line when it was checked, from 0; None if it was changed."""
        file = (tree, path)
        if file not in self._moves:
            self._moves[file] = self._moved(file)
        moves = self._moves[file]
        return line if moves is None else moves.line(line)

    def _moved(self, file: tuple[str, str]) -> Moves | None:
        buffer = self._open.get(file)
        if buffer is None:
            return None
        was = self._texts.get(file)
        if was is None:  # it was opened since: what was checked is the file, or what the overlay held
            content = self._buffers.roots.on_disk(*file)
            was = None if content is None else content.decode("utf-8", "replace")
        return None if was is None or was == buffer.text else Moves.between(was, buffer.text)

    def location(self, place: EditorPlace) -> types.Location | None:
        """Return a place; None if it is in no directory, or its line was changed."""
        uri = self._uri(place.tree, place.path)
        line = self.line(place.tree, place.path, place.span.line)
        return None if uri is None or line is None else types.Location(uri, _range(place.span, line))

    def locations(self, places: Iterable[EditorPlace]) -> list[types.Location]:
        """Return the places that an editor can open."""
        return [found for found in map(self.location, places) if found is not None]

    def diagnostics(self, findings: Iterable[Diagnosed]) -> dict[str, list[types.Diagnostic]]:
        """Return the findings that an editor can show, by URI."""
        shown: dict[str, list[types.Diagnostic]] = {}
        for finding in findings:
            if (entry := self.diagnostic(finding)) is not None:
                shown.setdefault(entry[0], []).append(entry[1])
        return shown

    def diagnostic(self, found: Diagnosed) -> tuple[str, types.Diagnostic] | None:
        """Return a finding with the URI of its file; None if an editor cannot show it."""
        location = self.location(found.place)
        if location is None:
            return None
        related = [
            types.DiagnosticRelatedInformation(there, place.text)
            for place in found.related
            if (there := self.location(place)) is not None
        ]
        return location.uri, types.Diagnostic(
            range=location.range,
            message=found.message,
            severity=_SEVERITIES[found.severity],
            code=found.code,
            source=SOURCE,
            related_information=related or None,
            data=found.fingerprint,
        )

    def edits(self, fix: Fix) -> dict[str, list[types.TextEdit]] | None:
        """Return the edits of a fix by URI; None if a line that it replaces is not as it was checked."""
        edits: dict[str, list[types.TextEdit]] = {}
        for edit in fix.edits:
            uri = self._uri(edit.tree, edit.path)
            line = self.line(edit.tree, edit.path, edit.line - 1)
            if uri is None or line is None or self._lines(edit, line) != list(edit.old):
                return None
            whole = types.Range(types.Position(line, 0), types.Position(line + len(edit.old), 0))
            text = "".join(f"{new}\n" for new in edit.new)
            edits.setdefault(uri, []).append(types.TextEdit(whole, text))
        return edits

    def _uri(self, tree: str, path: str) -> str | None:
        """Return the URI under which the editor knows a file; None if it is in no directory."""
        buffer = self._open.get((tree, path))
        return self._buffers.roots.uri_of(tree, path) if buffer is None else buffer.uri

    def _lines(self, edit: LineEdit, line: int) -> list[str]:
        """Return the lines that a fix would replace, as they are now."""
        buffer = self._open.get((edit.tree, edit.path))
        content = None if buffer else self._buffers.roots.on_disk(edit.tree, edit.path)
        text = buffer.text if buffer else (content or b"").decode("utf-8", "replace")
        return lines_of(text)[line : line + len(edit.old)]

    def version(self, uri: str) -> int | None:
        """Return the version of an open document."""
        buffer = self._buffers.get(uri)
        return None if buffer is None else buffer.version


def _range(span: Span, line: int) -> types.Range:
    return types.Range(types.Position(line, span.start), types.Position(line, span.stop))


def markup(card: NameCard, *, markdown: bool) -> types.MarkupContent:
    """Return a card as Markdown, in which all text of the trees is code, or as plain text."""
    if not markdown:
        text = "\n".join([card.title, *(f"{label}: {said}" for label, said in card.lines)])
        return types.MarkupContent(types.MarkupKind.PlainText, text)
    lines = [f"{_plain(label)}: {_code(said)}" for label, said in card.lines]
    text = f"**{_code(card.title)}**\n\n" + "".join(f"- {line}\n" for line in lines)
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def _code(text: str) -> str:
    """Return a text as code, in which nothing is markup; a backtick becomes an apostrophe."""
    return f"`{' '.join(text.split()).replace('`', chr(39))}`"


def _plain(label: str) -> str:
    return label if all(char.isalnum() or char in " -" for char in label) else _code(label)
