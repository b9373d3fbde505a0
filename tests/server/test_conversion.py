"""Results of checks as an editor is given them."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from markdown_it import MarkdownIt

from caplint.findings.fix import Fix, LineEdit
from caplint.server.buffers import Buffers, Roots
from caplint.server.conversion import Converter, markup
from caplint.server.messages import Diagnosed, EditorPlace, NameCard, ServedTree
from caplint.server.positions import Span

_HOSTILE = "`` ` ![x](http://a/) <img src=x> **b** [l](command:rm) \n\n# h"


def test_nothing_of_a_card_is_markup() -> None:
    shown = markup(NameCard(_HOSTILE, [("x86", _HOSTILE), (_HOSTILE, "\n- y"), ("doc\n# h", "<b>")]), markdown=True)
    assert shown.kind == types.MarkupKind.Markdown
    html = MarkdownIt().render(shown.value)
    tags = {part.split(">")[0].split()[0] for part in html.split("<")[1:]}
    assert tags <= {"p", "/p", "strong", "/strong", "code", "/code", "ul", "/ul", "li", "/li"}


def test_plain_text_for_an_editor_without_markdown() -> None:
    shown = markup(NameCard("KVM_X = 1", [("x86", "always answered")]), markdown=False)
    assert shown == types.MarkupContent(types.MarkupKind.PlainText, "KVM_X = 1\nx86: always answered")


def _converter(tmp_path: Path, was: str, now: str) -> tuple[Converter, str]:
    (tmp_path / "a.c").write_text(was)
    buffers = Buffers()
    buffers.roots = Roots([ServedTree("kernel", "kernel", "k", str(tmp_path.resolve()))])
    uri = (tmp_path / "a.c").as_uri()
    buffers.put(uri, now, 7)
    return Converter(buffers, {("kernel", "a.c"): was}), uri


def _finding(line: int) -> Diagnosed:
    place = EditorPlace("kernel", "a.c", Span(line, 0, 1))
    elsewhere = EditorPlace("revision", "a.c", Span(0, 0, 1), "no file")
    return Diagnosed("CAP101", "note", "message", place, (place, elsewhere), "f", None)


def test_a_mark_moves_with_its_line_or_goes(tmp_path: Path) -> None:
    converter, uri = _converter(tmp_path, "a\nb\nc\n", "a\nnew\nB\nc\n")
    found = converter.diagnostics([_finding(0), _finding(1), _finding(2)])
    assert [one.range.start.line for one in found[uri]] == [0, 3]
    assert all(one.severity == types.DiagnosticSeverity.Information for one in found[uri])
    assert [len(one.related_information or ()) for one in found[uri]] == [1, 1]
    assert converter.version(uri) == 7


def test_a_repair_needs_its_lines_as_they_were(tmp_path: Path) -> None:
    fix = Fix("mend it", (LineEdit("kernel", "a.c", 2, ("b",), ("x", "y")), LineEdit("kernel", "a.c", 3, ("c",), ())))
    converter, uri = _converter(tmp_path, "a\nb\nc\n", "new\na\nb\nc\n")
    edits = converter.edits(fix)
    assert edits is not None
    shown = [(edit.range.start.line, edit.range.end.line, edit.new_text) for edit in edits[uri]]
    assert shown == [(2, 3, "x\ny\n"), (3, 4, "")]
    assert _converter(tmp_path, "a\nb\nc\n", "a\nb!\nc\n")[0].edits(fix) is None
    # The file was changed on the disk by somebody else, and the buffer holds what was read then.
    assert _converter(tmp_path, "a\nz\nc\n", "a\nz\nc\n")[0].edits(fix) is None
    assert converter.edits(Fix("no file", (LineEdit("revision", "a.c", 1, ("a",), ()),))) is None
