"""Log of libraries: each message is one line, with a traceback only where caplint's own code is at fault."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from caplint.server.editor_log import OneLine, to_standard_error
from caplint.util.errors import CaplintError
from caplint.util.regular_file import open_regular


def _shown(message: str, error: BaseException | None = None, *arguments: Any) -> str:
    exception = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("pygls", logging.ERROR, "x.py", 1, message, arguments, exception)
    return OneLine().format(record)


def _raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as raised:
        return raised


@pytest.mark.parametrize(
    ("message", "arguments", "expected"),
    [
        ("it is odd", (), "caplint: it is odd"),
        ("%s of %d", ("one", 2), "caplint: one of 2"),
        ("two\nlines\t and   more", (), "caplint: two lines and more"),
        ("red \x1b[31m", (), "caplint: red \\x1b[31m"),
        ("", (), "caplint: "),
    ],
)
def test_a_message_is_one_line(message: str, arguments: tuple[Any, ...], expected: str) -> None:
    assert _shown(message, None, *arguments) == expected


def test_a_traceback_in_the_message_is_left_out() -> None:
    text = 'Error: {"data": "Traceback (most recent call last):\n  File x\nKeyError: 1"}'
    assert _shown(text) == 'caplint: Error: {"data": "'


def test_the_error_of_a_library_stands_behind_the_message_without_its_traceback() -> None:
    assert _shown("it failed", _raised(KeyError("uri"))) == "caplint: it failed: KeyError: 'uri'"
    assert _shown("it failed", KeyError("never raised")) == "caplint: it failed: KeyError: 'never raised'"


def test_a_fault_of_caplint_has_its_traceback() -> None:
    with pytest.raises(CaplintError) as caught:
        open_regular(Path("/gone"))
    first, *rest = _shown("it failed", caught.value).split("\n")
    assert first == f"caplint: it failed: CaplintError: {caught.value}"
    assert any(line.startswith("Traceback (most recent call last):") for line in rest)
    assert rest[-1].endswith(f"CaplintError: {caught.value}")
    assert any("util/regular_file.py" in line for line in rest)


@pytest.mark.parametrize("length", [299, 300, 301, 5_000_000])
def test_a_long_message_is_cut(length: int) -> None:
    assert _shown("x" * length) == f"caplint: {'x' * min(length, 300)}"


@pytest.fixture
def _root_logger() -> Iterator[None]:
    """Logging that no earlier test of the process has turned off; the test's own handlers come back."""
    root = logging.getLogger()
    kept, level, off = root.handlers[:], root.level, root.manager.disable
    logging.disable(logging.NOTSET)
    yield
    logging.disable(off)
    root.handlers[:] = kept
    root.setLevel(level)


@pytest.mark.usefixtures("_root_logger")
def test_warnings_and_errors_of_all_libraries_are_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", told := StringIO())
    to_standard_error()
    to_standard_error()
    for name in ("pygls.server", "asyncio"):
        logging.getLogger(name).warning("of %s", name)
        logging.getLogger(name).info("nothing")
    assert told.getvalue() == "caplint: of pygls.server\ncaplint: of asyncio\n"
