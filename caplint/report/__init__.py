"""Output formats of every command: a table per kind of result, format → function that writes it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

if TYPE_CHECKING:  # commands that check nothing import this package too
    from caplint.report.style import Style

Writer = Callable[[Any, TextIO, "Style"], None]
"""Function that writes a result of its kind."""


class Format(NamedTuple):
    """Writer of a format (`module:function`, imported on use) and the format's purpose for `--help`."""

    writer: str
    purpose: str = ""


TABLE: dict[str, dict[str, Format]] = {
    "check": {  # an Outcome: caplint check, patch, diff, demo
        "text": Format("text:report", "for people, with the compared source lines"),
        "concise": Format("concise:report", "path:line:column: severity CODE message, for editors"),
        "json": Format("json_object:report", "one object; its schema is in the package"),
        "jsonl": Format("json_lines:report", "one object per finding"),
        "sarif": Format("sarif:report", "SARIF 2.1.0, for code scanning"),
        "github": Format("github:report", "annotations of GitHub Actions"),
        "gitlab": Format("gitlab:report", "GitLab's Code Quality report"),
        "rdjson": Format("rdjson:report", "diagnostics for reviewdog, with suggestions"),
        "junit": Format("junit:report", "a test case per rule, for anything that reads JUnit's XML"),
        "b4": Format("b4:report", "a check of b4 review"),
    },
    "check --statistics": {"text": Format("statistics:write_text"), "json": Format("statistics:write_json")},
    "config": {"text": Format("settings:write_text"), "json": Format("settings:write_json")},
    "coverage": {"text": Format("ledger:write_text"), "json": Format("ledger:write_json")},
    "facts": {
        "text": Format("query:write_text"),
        "json": Format("query:write_json"),
        "csv": Format("query:write_csv"),
    },
    "history": {
        "text": Format("history:write_text"),
        "json": Format("history:write_json"),
        "csv": Format("history:write_csv"),
    },
    "history --needs": {
        "text": Format("needs:write_text"),
        "json": Format("needs:write_json"),
        "csv": Format("needs:write_csv"),
    },
    "inventory": {
        "text": Format("inventory.formats:write_text"),
        "json": Format("inventory.formats:write_json"),
        "csv": Format("inventory.formats:write_csv"),
        "markdown": Format("inventory.formats:write_markdown"),
        "html": Format("inventory.formats:write_html"),
    },
    "inventory --compare": {
        "text": Format("inventory.formats:write_changes_text"),
        "json": Format("inventory.formats:write_changes_json"),
        "csv": Format("inventory.formats:write_changes_csv"),
        "markdown": Format("inventory.formats:write_changes_markdown"),
        "html": Format("inventory.formats:write_changes_html"),
    },
    "matrix": {
        "text": Format("matrix:write_text"),
        "json": Format("matrix:write_json"),
        "csv": Format("matrix_page:write_csv"),
        "markdown": Format("matrix_page:write_markdown"),
        "html": Format("matrix_page:write_html"),
    },
    "patch --summary": {"text": Format("series_summary:write_text"), "b4": Format("series_summary:write_b4")},
    "path": {
        "text": Format("paths:write_text"),
        "json": Format("paths:write_json"),
        "dot": Format("paths:write_dot"),
        "svg": Format("drawing:write_svg"),
    },
    "path --all-functions": {
        "text": Format("graph:write_text"),
        "json": Format("graph:write_json"),
        "dot": Format("graph:write_dot"),
    },
    "probe": {"text": Format("machine:write_text"), "json": Format("machine:write_json")},
    "probe --msr": {"text": Format("machine:write_registers_text"), "json": Format("machine:write_registers_json")},
    "trace": {
        "text": Format("query:write_text"),
        "json": Format("query:write_json"),
        "csv": Format("query:write_csv"),
    },
    "rules": {"text": Format("rule_list:write_text"), "json": Format("rule_list:write_json")},
}
"""Command (with the option that changes its kind of result) → formats, the default first."""


def choices(kind: str) -> tuple[str, ...]:
    """Return the formats of a kind of result."""
    return tuple(TABLE[kind])


def purposes(kind: str) -> str:
    """Return the help text of a command's --output-format."""
    listing = "; ".join(f"{name}: {entry.purpose}" for name, entry in TABLE[kind].items() if entry.purpose)
    return f"default: {choices(kind)[0]}" + (f". {listing}" if listing else "")


def writer(kind: str, name: str) -> Writer:
    """Return the function that writes a kind of result in a format."""
    module, function = TABLE[kind][name].writer.split(":")
    function_object: Writer = getattr(import_module(f"caplint.report.{module}"), function)
    return function_object


FORMATS = choices("check")
