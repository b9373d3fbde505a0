"""Colour where a person looks, and nothing that a terminal would obey."""

from __future__ import annotations

import io

import pytest

from caplint.report.style import Style, safe, style_for


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain — ünïcödé\ttab", "plain — ünïcödé\ttab"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\nb\rc\x00", "a\\x0ab\\x0dc\\x00"),
        ("\x7f\x80\x9b\x9f", "\\x7f\\x80\\x9b\\x9f"),
        ("\u202a\u202e\u2066\u2069", "\\u202a\\u202e\\u2066\\u2069"),
        ("\u200e\u200f\u061c\u2028\u2029", "\\u200e\\u200f\\u061c\\u2028\\u2029"),
        ("", ""),
    ],
)
def test_safe(text: str, shown: str) -> None:
    assert safe(text) == shown
    assert safe(shown) == shown


@pytest.mark.parametrize(
    ("terminal", "variables", "choice", "colour"),
    [
        (True, {}, "auto", True),
        (False, {}, "auto", False),
        (True, {"NO_COLOR": "1"}, "auto", False),
        (True, {"TERM": "dumb"}, "auto", False),
        (True, {}, "never", False),
        (False, {"NO_COLOR": "1"}, "always", True),
    ],
)
def test_when_to_colour(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, variables: dict[str, str], choice: str, colour: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert style_for(_Terminal() if terminal else io.StringIO(), choice) == Style(colour, links=colour and terminal)


def test_style() -> None:
    assert Style(colour=True)("error", "x") == "\x1b[1;31mx\x1b[0m"
    assert Style(colour=False)("error", "x") == "x"
