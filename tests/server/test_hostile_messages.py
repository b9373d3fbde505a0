"""Messages that no editor should send, and files of no tree: the server answers the next one all the same."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import CHECK, UAPI, X86, age, kernel
from editor import Editor, edited
from lsprotocol import types


@pytest.fixture
def place(apart: Path) -> Path:
    """A directory with a kernel whose repository is configured to run a program."""
    kernel(apart / "k")
    git = apart / "k/.git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(f"[core]\n\tfsmonitor = touch {apart}/ran\n\tpager = touch {apart}/ran\n")
    age(apart)
    return apart


async def _lives(editor: Editor, place: Path) -> None:
    """Edit a file of the tree, and have the finding that this brings."""
    code = editor.open(place / "k" / X86)
    editor.edit(code, CHECK.replace("\tcase KVM_CAP_HLT:\n", ""))
    await editor.checked()
    assert "CAP202" in editor.codes(types.TextDocumentIdentifier((place / "k" / UAPI).as_uri()))


def test_addresses_out_of_the_trees(place: Path) -> None:
    (place / "secret.c").write_text("int KVM_CAP_HLT;\n")

    async def work(editor: Editor) -> None:
        await editor.checked()
        for uri in (
            (place / "secret.c").as_uri(),
            (place / "k").as_uri() + "/../secret.c",
            (place / "k/.git/config").as_uri(),
            "file:///etc/passwd",
            "file://%00",
            "untitled:1",
            "file:///" + "x" * 100_000,
        ):
            item = types.TextDocumentItem(uri, "c", 1, "KVM_CAP_HLT\n")
            editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
            document = types.TextDocumentIdentifier(uri)
            assert await editor.hover(document, 0, 3) is None
            at = types.DefinitionParams(document, types.Position(0, 3))
            assert await editor.client.text_document_definition_async(at) is None
        await _lives(editor, place)
        assert not any("secret" in uri or ".git" in uri for uri in editor.diagnostics)

    edited(place, work, "k")
    assert not (place / "ran").exists()


def test_positions_that_are_none(place: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        code = editor.open(place / "k" / X86)
        for line, column in ((10**9, 0), (0, 10**9), (2**31 - 1, 2**31 - 1), (5, 6)):
            await editor.hover(code, line, column)
        # An edit by positions, although the server has asked for whole texts, changes nothing that is checked.
        start, end = types.Position(3, 10**6), types.Position(1, 0)
        part = types.TextDocumentContentChangePartial(types.Range(start, end), "garbage")
        version = types.VersionedTextDocumentIdentifier(2, code.uri)
        editor.client.text_document_did_change(types.DidChangeTextDocumentParams(version, [part]))
        await _lives(editor, place)

    edited(place, work, "k")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        b"\xff\xfe",
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {}},
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": 5}}},
        {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": None},
        {"jsonrpc": "2.0", "id": 900, "method": "textDocument/hover", "params": {"position": {"line": -1}}},
        {"jsonrpc": "2.0", "id": 901, "method": "workspace/executeCommand", "params": {"command": "rm"}},
        {"jsonrpc": "2.0", "id": 902, "method": "no/such", "params": {}},
        {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 12345}},
    ],
    ids=range(13),
)
def test_messages_that_are_none(place: Path, body: bytes | str | dict[str, object]) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        if body:
            editor.raw(body)
        await editor.status()

    async def session() -> None:
        editor = Editor(place, "k")
        await editor.start()
        await work(editor)
        status, _ = await editor.stop()
        assert status == 0

    asyncio.run(session())


def test_a_huge_buffer_is_a_blind_spot_and_costs_no_more_than_its_size(place: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        code = editor.open(place / "k" / X86)
        begun = time.monotonic()
        editor.edit(code, "int x;\n" * 2_600_000)  # 18 MB
        await editor.checked()
        assert time.monotonic() - begun < 60
        assert "not understood" in (await editor.status()).coverage
        editor.edit(code, CHECK)
        await editor.checked()
        assert "not understood" not in (await editor.status()).coverage

    edited(place, work, "k")


def test_an_edit_at_each_key_leaves_one_check(place: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.checked()
        server = editor.client._server
        assert server is not None
        server.send_signal(signal.SIGSTOP)  # however busy the machine is, no pause lies between the edits
        code = editor.open(place / "k" / X86)
        for count in range(200):
            editor.edit(code, f"/* {count} */\n{CHECK}")
        editor.edit(code, CHECK.replace("\tcase KVM_CAP_HLT:\n", ""))
        await asyncio.sleep(0.5)
        server.send_signal(signal.SIGCONT)
        await editor.checked()
        assert len(editor.messages) == 2
        assert "CAP202" in editor.codes(types.TextDocumentIdentifier((place / "k" / UAPI).as_uri()))

    edited(place, work, "k")


@pytest.mark.parametrize(
    "text",
    [
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 0\r\n\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
        b"Content-Length: 999999999\r\n\r\n{}",
        b"Content-Length: 2\r\n\r\n{}{}\r\n\r\n",
        b"X: 1\r\n\r\n{}",
        b"X: 1\r\n" * 100,
        b"\x1b[31mred\n",
        b"X: " + b"a" * 1_000_000,
    ],
    ids=range(9),
)
def test_what_is_no_sequence_of_messages_ends_the_server_with_one_line(place: Path, text: bytes) -> None:
    """The input stays open: nobody may wait for the rest of a message whose length was wrong."""
    words = [sys.executable, "-m", "caplint", "server", "k"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=place, stdin=pipe, stdout=pipe, stderr=pipe) as server:
        assert server.stdin is not None
        assert server.stderr is not None
        try:
            server.stdin.write(text)
            server.stdin.flush()
        except BrokenPipeError:
            pass
        try:
            assert server.wait(60) == 2
        finally:
            server.kill()
        lines = server.stderr.read().decode().splitlines()
    assert [line for line in lines if line.startswith("caplint: standard input: ")] == lines[-1:]
    assert not any("Traceback" in line or "\x1b" in line for line in lines)


def test_a_message_that_makes_no_sense_is_one_line_on_standard_error(place: Path) -> None:
    async def session() -> str:
        editor = Editor(place, "k")
        await editor.start()
        await editor.checked()
        editor.raw("[" * 100_000)
        editor.raw({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": [1]}})
        editor.raw({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": 5}}})
        await editor.status()
        return (await editor.stop())[1]

    lines = asyncio.run(session()).splitlines()
    assert lines
    assert all(line.startswith("caplint: ") and len(line) < 400 for line in lines)
