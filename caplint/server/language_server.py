"""The language server: answers to an editor's requests, over standard input and output."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, BinaryIO, cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from caplint import __version__
from caplint.server.buffers import Buffers, Roots
from caplint.server.checks import Checks, RunningCheck
from caplint.server.conversion import Converter, markup
from caplint.server.editor_input import EditorInput
from caplint.server.editor_log import to_standard_error
from caplint.server.editor_output import EditorOutput
from caplint.server.job import run as run_job
from caplint.server.messages import EditorPlace
from caplint.server.nursery import Nursery
from caplint.server.planning import Planner
from caplint.server.positions import word_at
from caplint.server.scratch import Scratch
from caplint.server.status import Status

RECHECK = "caplint.recheck"
"""Command that checks again, for changes on disk that the editor did not report."""
_AtPosition = types.HoverParams | types.DefinitionParams | types.ReferenceParams
STATUS = "caplint/status"
"""Request for the state of the checks, and notification of it to an editor that has asked for these."""


def serve(planner: Planner) -> None:
    """Serve an editor until it ends."""
    root = Path(tempfile.mkdtemp(prefix="caplint-server-"))
    nursery = Nursery(planner.plan, planner.job(run_job), root)
    try:
        reader, writer = EditorInput(os.fdopen(os.dup(0), "rb")), EditorOutput(os.dup(1))
        os.dup2(2, 1)  # whatever else is printed meanwhile goes to standard error
        to_standard_error()
        Server(nursery, Scratch(root)).lsp.start_io(cast("BinaryIO", reader), cast("BinaryIO", writer))
        writer.finish()
    finally:
        nursery.close()


class Server:
    """Handlers of the editor's messages."""

    def __init__(self, nursery: Nursery, scratch: Scratch) -> None:
        # Editors send whole texts: a position that the two sides count differently can damage no text.
        self.lsp = LanguageServer(
            "caplint", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full, max_workers=2
        )
        self._nursery = nursery
        self._is_shut_down = False
        self._buffers = Buffers()
        self._checks = Checks(nursery, self._buffers, scratch, self._begun, self._ended)
        self._status = Status(self.lsp)
        self._shown: set[str] = set()
        self._options: object = None
        features: dict[str, tuple[Callable[..., Any], Any]] = {
            types.INITIALIZE: (self._initialize, None),
            types.INITIALIZED: (self._initialized, None),
            types.SHUTDOWN: (self._shutdown, None),
            types.EXIT: (self._exit, None),
            types.TEXT_DOCUMENT_DID_OPEN: (self._opened, None),
            types.TEXT_DOCUMENT_DID_CHANGE: (self._changed, None),
            types.TEXT_DOCUMENT_DID_SAVE: (self._saved, types.SaveOptions(include_text=False)),
            types.TEXT_DOCUMENT_DID_CLOSE: (self._closed, None),
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (self._watched, None),
            types.TEXT_DOCUMENT_HOVER: (self._hover, None),
            types.TEXT_DOCUMENT_DEFINITION: (self._definition, None),
            types.TEXT_DOCUMENT_REFERENCES: (self._references, None),
            types.TEXT_DOCUMENT_CODE_ACTION: (
                self._code_actions,
                types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
            ),
            STATUS: (lambda _: self._status.current, None),
        }
        for name, (handler, options) in features.items():
            self.lsp.feature(name, options)(_function(handler))
        self.lsp.command(RECHECK)(lambda: self._checks.want(0))

    def _initialize(self, params: types.InitializeParams) -> None:
        self._options = params.initialization_options

    async def _initialized(self, _: types.InitializedParams) -> None:
        self._checks.encoding = str(self.lsp.server_capabilities.position_encoding or "utf-16")
        self._status.begin(self.lsp.client_capabilities, self._options)
        planned = await self._checks.planned(self.lsp.workspace.root_path)
        if planned.error:
            await self._ended(None, planned.error)
            return
        self._buffers.roots = Roots(planned.trees)
        self._status.trees = planned.trees
        self._checks.want(0)

    def _shutdown(self, _: None) -> None:
        self._checks.close()
        self._is_shut_down = True

    def _exit(self, _: None) -> None:
        """End at once: pygls would wait for a line that the editor never sends."""
        self._nursery.leave()
        os._exit(0 if self._is_shut_down else 1)

    def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        self._buffers.put(document.uri, document.text, document.version)
        self._checks.want(anyway=False)

    def _changed(self, params: types.DidChangeTextDocumentParams) -> None:
        document = params.text_document
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangeWholeDocument):
                self._buffers.put(document.uri, change.text, document.version)
        self._checks.want(anyway=False)

    def _saved(self, _: types.DidSaveTextDocumentParams) -> None:
        self._checks.want()

    def _watched(self, _: types.DidChangeWatchedFilesParams) -> None:
        self._checks.want()

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        self._buffers.remove(params.text_document.uri)
        self._checks.want(anyway=False)

    async def _begun(self) -> None:
        self._status.begun()

    async def _ended(self, check: RunningCheck | None, reason: str) -> None:
        if check is None or check.result is None:
            self._status.failed(reason)
            return
        converter = Converter(self._buffers, check.texts)
        found = converter.diagnostics(check.result.findings)
        for uri in sorted(found.keys() | self._shown):
            self.lsp.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, found.get(uri, []), converter.version(uri))
            )
        self._shown = set(found)
        self._status.ended(check.result)

    def _word(self, params: _AtPosition) -> tuple[str, types.Range] | None:
        """Return the identifier at a position of a buffer of a tree, with its range."""
        buffer = self._buffers.get(params.text_document.uri)
        if buffer is None or self._buffers.roots.file_of(buffer.uri) is None:
            return None
        at = params.position
        if (found := word_at(buffer.text, at.line, at.character, self._checks.encoding)) is None:
            return None
        word, span = found
        return word, types.Range(types.Position(span.line, span.start), types.Position(span.line, span.stop))

    async def _hover(self, params: types.HoverParams) -> types.Hover | None:
        if (word := self._word(params)) is None or (card := await self._checks.ask("card", word[0])) is None:
            return None
        hover = self.lsp.client_capabilities.text_document and self.lsp.client_capabilities.text_document.hover
        formats = (hover and hover.content_format) or ()
        return types.Hover(markup(card, markdown=types.MarkupKind.Markdown in formats), word[1])

    async def _definition(self, params: types.DefinitionParams) -> list[types.Location] | None:
        return await self._places("definition", params)

    async def _references(self, params: types.ReferenceParams) -> list[types.Location] | None:
        found = await self._places("references", params)
        if found and not params.context.include_declaration:
            declared = await self._places("definition", params) or []
            found = [location for location in found if location not in declared]
        return found

    async def _places(self, kind: str, params: _AtPosition) -> list[types.Location] | None:
        if (word := self._word(params)) is None or (check := self._checks.done) is None:
            return None
        places: list[EditorPlace] | None = await self._checks.ask(kind, word[0])
        return Converter(self._buffers, check.texts).locations(places) if places else None

    def _code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction] | None:
        check = self._checks.done
        place = self._buffers.roots.file_of(params.text_document.uri)
        if check is None or check.result is None or place is None:
            return None
        converter = Converter(self._buffers, check.texts)
        actions = []
        for finding in check.result.findings:
            if finding.fix is None or (finding.place.tree, finding.place.path) != place:
                continue
            shown = converter.diagnostic(finding)
            if shown is None or not _overlap(shown[1].range, params.range):
                continue
            if (edits := converter.edits(finding.fix)) is not None:
                actions.append(_action(finding.fix.title, shown[1], edits))
        return actions or None


def _function(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a handler as a function, to which pygls adds attributes; methods take none."""

    def at_once(params: Any) -> Any:
        return handler(params)

    async def waiting(params: Any) -> Any:
        return await handler(params)

    return waiting if iscoroutinefunction(handler) else at_once


def _overlap(one: types.Range, other: types.Range) -> bool:
    """Return whether two ranges share a line: the mark of a finding is a word, and the cursor is seldom within it."""
    return one.start.line <= other.end.line and other.start.line <= one.end.line


def _action(title: str, diagnostic: types.Diagnostic, edits: dict[str, list[types.TextEdit]]) -> types.CodeAction:
    return types.CodeAction(
        title=f"{diagnostic.code}: {title}",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        is_preferred=True,
        edit=types.WorkspaceEdit(changes=dict(edits)),
    )
