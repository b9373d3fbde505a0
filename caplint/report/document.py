"""Frame of the HTML pages: one file each that needs no network, in the reader's colours."""

from __future__ import annotations

from html import escape
from pathlib import Path

from caplint import __version__
from caplint.util.escape import visible

ASSETS = Path(__file__).resolve().parent / "html"
"""Directory of the style sheets, scripts and templates of pages."""


def asset(name: str) -> str:
    """Return a style sheet or script of the package."""
    return (ASSETS / name).read_text("utf-8")


def document(title: str, about: str, body: str, *, style: str = "", script: str = "") -> str:
    """Return a page with a heading, a paragraph about it, and a body. All but the title are markup."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    run = f"<script>\n{script}</script>\n" if script else ""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="generator" content="caplint {escape(__version__)}">\n<title>{safe(title)}</title>\n'
        f"<style>\n{asset('base.css')}{style}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{safe(title)}</h1>\n{about}</header>\n<main>\n{body}</main>\n{run}</body>\n</html>\n"
    )


def safe(text: str) -> str:
    """Return text from a tree as markup that shows it, every control character made visible."""
    return escape(visible(text))
