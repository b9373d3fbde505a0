"""Standard input from an editor, as pygls reads it: headers and contents, or one line that says what is wrong."""

from __future__ import annotations

from io import BytesIO

import pytest

from caplint.server.editor_input import LARGEST_MESSAGE, EditorInput
from caplint.util.errors import CaplintError


def _read(text: bytes) -> list[bytes]:
    """Contents of the messages in a text, read as pygls does."""
    reader = EditorInput(BytesIO(text))
    found = []
    length = 0
    while line := reader.readline():
        if line.startswith(b"Content-Length: "):
            length = int(line.removeprefix(b"Content-Length: "))
            assert line.endswith(b"\r\n")
        elif not line.strip():
            if not (content := reader.read(length)):
                break
            found.append(content)
    return found


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 2\r\n",
        b"content-length:2\n",
        b"CONTENT-LENGTH: \t 02\t\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n",
        b"Content-Length: 2\r\nX: \xff\r\n",
        b"X: y\r\n" * 19 + b"Content-Length: 2\r\n",
    ],
)
def test_messages_one_after_the_other(head: bytes) -> None:
    assert _read((head + b"\r\n{}" + head + b"\n[]") * 20) == [b"{}", b"[]"] * 20


def test_what_is_in_a_message_is_no_header() -> None:
    inner = b"\r\n\r\nno header\r\nContent-Length: 9\r\n"
    assert _read(b"Content-Length: %d\r\n\r\n" % len(inner) + inner) == [inner]


@pytest.mark.parametrize(
    "text", [b"", b"Content-Length: 5\r\n\r\n{}", b"Content-Length: 2\r\n\r\n{}Content-Length: 2\r\n"]
)
def test_an_input_that_ends_is_no_error(text: bytes) -> None:
    assert _read(text) == ([b"{}"] if text.count(b"{}Content") else [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"no header\r\n", "no header of a message: 'no header'"),
        (b"Content-Length", "no header of a message: 'Content-Length'"),
        (b"X: " + b"y" * 10_000 + b"\r\n", f"no header of a message: '{'X: ' + 'y' * 57}'"),
        (b"X: 1\r\n" * 21, "no header of a message: 'X: 1'"),
        (b"\r\n{}", "a message has no Content-Length: ''"),
        (b"X: 1\r\n\r\n", "a message has no Content-Length: ''"),
        (b"Content-Length: 2\r\n\r\n{}\r\n", "a message has no Content-Length: ''"),
        (b"Content-Length: 0\r\n", "not a length from 1 to 256,000,000: 'Content-Length: 0'"),
        (b"Content-Length: -1\r\n", "not a length from 1 to 256,000,000: 'Content-Length: -1'"),
        (b"Content-Length: 0x10\r\n", "not a length from 1 to 256,000,000: 'Content-Length: 0x10'"),
        (b"Content-Length: 1 2\r\n", "not a length from 1 to 256,000,000: 'Content-Length: 1 2'"),
        (b"Content-Length:\r\n", "not a length from 1 to 256,000,000: 'Content-Length:'"),
        (b"Content-Length: %d\r\n" % (LARGEST_MESSAGE + 1), "not a length from 1 to 256,000,000: 'Content-"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n", "not a length from 1 to 256,000,000: 'Content-Length: 999"),
        (b"\x1b[31m\xff\r\n", "no header of a message: '\\\\x1b[31m\N{REPLACEMENT CHARACTER}'"),
    ],
)
def test_what_is_no_message_is_one_line(text: bytes, fault: str) -> None:
    with pytest.raises(CaplintError) as error:
        _read(text)
    said = str(error.value)
    assert said.startswith(f"standard input: {fault}")
    assert "; the length before may be wrong: it counts bytes. The server speaks the Language Server Protocol" in said
    assert said.isprintable()
    assert len(said) < 400


def test_the_largest_message_is_announced_as_it_is() -> None:
    line = b"Content-Length: %d\r\n" % LARGEST_MESSAGE
    assert EditorInput(BytesIO(line)).readline() == line


def test_headers_are_counted_anew_for_each_message() -> None:
    message = b"X: y\r\n" * 15 + b"Content-Length: 1\r\n\r\n0"
    assert _read(message * 3) == [b"0"] * 3
