"""Output formats of a check: one file and one function each."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:  # commands that check nothing import this package too
    from caplint.engine.outcome import Outcome
    from caplint.report.style import Style

Reporter = Callable[["Outcome", TextIO, "Style"], None]


class Format(NamedTuple):
    """How a format is made and whom it serves. Its module is imported when it is asked for."""

    module: str
    purpose: str


_FORMATS = {
    "text": Format("text", "for people, with the source lines that are compared"),
    "concise": Format("concise", "path:line:column: CODE message, for editors"),
    "json": Format("json_object", "one object, with a schema in the package"),
    "jsonl": Format("json_lines", "one object per finding"),
    "sarif": Format("sarif", "SARIF 2.1.0, for code scanning"),
    "github": Format("github", "annotations of GitHub Actions"),
    "gitlab": Format("gitlab", "GitLab's Code Quality report"),
    "junit": Format("junit", "a test case per rule, for anything that reads JUnit's XML"),
    "b4": Format("b4", "a check of b4 review"),
}
FORMATS = tuple(_FORMATS)
HELP = "; ".join(f"{name}: {entry.purpose}" for name, entry in _FORMATS.items())


def reporter(name: str) -> Reporter:
    """The function that writes an outcome in a format."""
    report: Reporter = import_module(f"caplint.report.{_FORMATS[name].module}").report
    return report
