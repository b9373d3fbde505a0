"""Findings with the stretches of lines that an editor marks."""

from __future__ import annotations

from caplint.findings.finding import Finding, Location
from caplint.report.source import Source
from caplint.report.wording import MAX_RELATED, sentence
from caplint.server.messages import Diagnosed, EditorPlace
from caplint.server.positions import Span, span_of
from caplint.util.escape import visible


class LineSpans:
    """Stretches of lines in the trees as they were checked, in columns of one encoding."""

    def __init__(self, source: Source, encoding: str) -> None:
        self.source = source
        self.encoding = encoding

    def of(self, place: Location, name: str = "") -> Span:
        """Return the stretch that a location means: the name if it stands there, else a word or the line's rest."""
        return span_of(self.source.bytes_of(place), place.line, place.column, self.encoding, name)

    def place(self, place: Location, name: str = "", text: str = "") -> EditorPlace:
        """Return a location as a place for an editor."""
        return EditorPlace(place.tree, place.path, self.of(place, name), visible(text))


def diagnosed(finding: Finding, spans: LineSpans) -> Diagnosed:
    """Return a finding for an editor."""
    return Diagnosed(
        code=finding.code,
        severity=finding.severity,
        message=sentence(finding),
        place=spans.place(finding.place, finding.subject),
        related=tuple(spans.place(entry.place, text=entry.message) for entry in finding.related[:MAX_RELATED]),
        fingerprint=finding.fingerprint,
        fix=finding.fix,
    )
