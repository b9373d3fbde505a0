"""The table of formats: every command has its choices from it, every writer exists, and the README names them."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from pathlib import Path

import pytest

from caplint.cli.main import COMMANDS
from caplint.report import FORMATS, TABLE, choices, purposes, writer

_ROOT = Path(__file__).parents[2]
# Commands that show the findings of a check.
CHECKING = {"check", "patch", "diff", "demo"}


def _formats_of(command: str) -> tuple[str, ...] | None:
    parser = argparse.ArgumentParser()
    import_module(f"caplint.cli.{command}").add(parser)
    found = [action for action in parser._actions if action.dest == "output_format"]
    return tuple(found[0].choices or ()) if found else None


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_choices_are_the_tables(command: str) -> None:
    kind = "check" if command in CHECKING else command
    assert _formats_of(command) == (choices(kind) if kind in TABLE else None)


def test_every_kind_belongs_to_a_command() -> None:
    assert {kind.split()[0] for kind in TABLE} <= COMMANDS.keys()


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, formats in TABLE.items() for name in formats])
def test_every_writer_exists(kind: str, name: str) -> None:
    assert callable(writer(kind, name))


def test_what_help_says() -> None:
    assert purposes("config") == "default: text"
    assert purposes("check").startswith("default: text. text: for people")
    assert all(f"{name}: {entry.purpose}" in purposes("check") for name, entry in TABLE["check"].items())


def test_the_readme_names_every_format_of_a_check() -> None:
    (paragraph,) = re.findall(r"^Formats: .*?\n\n", (_ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`([\w.-]+)`", paragraph))
    assert set(FORMATS) <= named


@pytest.mark.parametrize("name", ["json", "csv", "markdown", "html"])
def test_the_readme_names_the_formats_of_the_inventory(name: str) -> None:
    assert name in choices("inventory")
    (line,) = (line for line in (_ROOT / "README.md").read_text("utf-8").splitlines() if "`caplint inventory" in line)
    assert f"`{name}`" in line
