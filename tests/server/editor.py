"""An editor as far as a language server notices: pygls' client, over standard input and output of the real command."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient

_Answer = TypeVar("_Answer")
_ROOT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds that a test waits for one message, on a machine with much else to do."""


class Editor:
    """A client with a server of its own, in a working directory."""

    def __init__(self, place: Path, *words: str) -> None:
        self._place, self._words = place, words
        self.client = LanguageClient("editor", "1")
        self.diagnostics: dict[str, types.PublishDiagnosticsParams] = {}
        self.messages: list[str] = []
        self.progress: list[Any] = []
        self.states: list[Any] = []
        self._ended = asyncio.Event()
        self._versions: dict[str, int] = {}
        features: dict[str, Callable[[Any], None]] = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: self._published,
            types.WINDOW_LOG_MESSAGE: self._told,
            types.WINDOW_SHOW_MESSAGE: self._told,
            types.WINDOW_WORK_DONE_PROGRESS_CREATE: lambda _: None,
            types.PROGRESS: lambda params: self.progress.append(params.value),
            "caplint/status": self.states.append,
        }
        for name, handler in features.items():
            self._listen(name, handler)

    def _listen(self, name: str, handler: Callable[[Any], None]) -> None:
        def listen(params: Any) -> None:  # pygls adds attributes, which methods do not take
            handler(params)

        self.client.feature(name)(listen)

    def _published(self, params: types.PublishDiagnosticsParams) -> None:
        self.diagnostics[params.uri] = params

    def _told(self, params: types.LogMessageParams | types.ShowMessageParams) -> None:
        self.messages.append(params.message)
        self._ended.set()

    async def start(self, *, options: object = None, encodings: list[str] | None = None) -> types.InitializeResult:
        """Start the server and say hello."""
        variables = {**os.environ, "PYTHONPATH": str(_ROOT)}
        await self.client.start_io(
            sys.executable, "-m", "caplint", "server", *self._words, cwd=self._place, env=variables
        )
        capabilities = types.ClientCapabilities(
            general=types.GeneralClientCapabilities(position_encodings=encodings),
            window=types.WindowClientCapabilities(work_done_progress=True),
            text_document=types.TextDocumentClientCapabilities(
                hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown])
            ),
        )
        params = types.InitializeParams(
            capabilities=capabilities, root_uri=self._place.as_uri(), initialization_options=options
        )
        result = await self.waited(self.client.initialize_async(params))
        self.client.initialized(types.InitializedParams())
        return result

    @staticmethod
    async def waited(answer: Awaitable[_Answer]) -> _Answer:
        """Wait for an answer, but not for ever."""
        return await asyncio.wait_for(answer, PATIENCE)

    async def checked(self) -> str:
        """Wait until a check has ended; return the message about it."""
        await self.waited(self._ended.wait())
        self._ended.clear()
        return self.messages[-1]

    def open(self, file: Path, text: str | None = None) -> types.TextDocumentIdentifier:
        """Open a file, with the text that it has or another one."""
        uri = file.as_uri()
        self._versions[uri] = 1
        item = types.TextDocumentItem(uri, "c", 1, file.read_text() if text is None else text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return types.TextDocumentIdentifier(uri)

    def edit(self, document: types.TextDocumentIdentifier, text: str) -> None:
        """Replace the whole text of a buffer."""
        self._versions[document.uri] = version = self._versions[document.uri] + 1
        changes: list[types.TextDocumentContentChangeEvent] = [types.TextDocumentContentChangeWholeDocument(text)]
        document_now = types.VersionedTextDocumentIdentifier(version, document.uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document_now, changes))

    def found(self, document: types.TextDocumentIdentifier) -> list[types.Diagnostic]:
        """Return the findings that are shown for a file."""
        params = self.diagnostics.get(document.uri)
        return list(params.diagnostics) if params else []

    def codes(self, document: types.TextDocumentIdentifier) -> list[str]:
        """Return the codes of the findings that are shown for a file."""
        return sorted(str(found.code) for found in self.found(document))

    async def hover(self, document: types.TextDocumentIdentifier, line: int, column: int) -> str | None:
        """Return what is shown for a position."""
        params = types.HoverParams(document, types.Position(line, column))
        answer = await self.waited(self.client.text_document_hover_async(params))
        if answer is None:
            return None
        assert isinstance(answer.contents, types.MarkupContent)
        return answer.contents.value

    async def status(self) -> Any:
        """Return the state of the checks."""
        return await self.waited(self.client.protocol.send_request_async("caplint/status", None))

    def raw(self, body: bytes | str | dict[str, Any], length: int | None = None) -> None:
        """Write a message as it is, perhaps with a false length."""
        text = json.dumps(body) if isinstance(body, dict) else body
        content = text.encode() if isinstance(text, str) else text
        head = b"Content-Length: %d\r\n\r\n" % (len(content) if length is None else length)
        assert self.client._server is not None
        assert self.client._server.stdin is not None
        self.client._server.stdin.write(head + content)

    @property
    def pid(self) -> int:
        """Return the process of the server."""
        assert self.client._server is not None
        return self.client._server.pid

    async def stop(self) -> tuple[int | None, str]:
        """End the server; return its exit code and what it has written to standard error."""
        await self.waited(self.client.shutdown_async(None))
        self.client.exit(None)
        await self.waited(self.client.stop())  # type: ignore[no-untyped-call]
        server = self.client._server
        assert server is not None
        assert server.stderr is not None
        return server.returncode, (await server.stderr.read()).decode()


def edited(place: Path, work: Callable[[Editor], Awaitable[None]], *words: str, **more: Any) -> None:
    """Do some work in an editor whose server runs in a directory, and end both."""

    async def session() -> None:
        editor = Editor(place, *words)
        await editor.start(**more)
        await work(editor)
        status, told = await editor.stop()
        assert (status, "Traceback" in told) == (0, False), told

    asyncio.run(session())
