"""caplint completions"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caplint.cli.exit_codes import CLEAN

if TYPE_CHECKING:
    from caplint.rules.page import Rule

# Shell → file that it reads by itself, if the directory is there.
_FILES = {
    "bash": "~/.local/share/bash-completion/completions/caplint",
    "zsh": "a file _caplint in a directory of $fpath",
    "fish": "~/.config/fish/completions/caplint.fish",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    files = "; ".join(f"{shell}: {file}" for shell, file in _FILES.items())
    parser.add_argument(
        "shell", choices=tuple(_FILES), metavar="SHELL", help=f"shell, and where its script goes: {files}"
    )


def run(options: argparse.Namespace) -> int:
    """Print the script, which knows the options of this version and the codes of the shipped rules."""
    from shtab import complete  # noqa: PLC0415 - only this command needs it

    from caplint.cli.main import command_parser  # noqa: PLC0415 - it imports the module of every command
    from caplint.rules import page  # noqa: PLC0415
    from caplint.util import shipped_files  # noqa: PLC0415

    parser = command_parser()
    rules = page.load([shipped_files.RULES])
    for action in actions(parser):
        _describe(action, rules)
    sys.stdout.write(complete(parser, options.shell))
    return CLEAN


def actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of all of its subcommands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from actions(child)


def _describe(action: argparse.Action, rules: list[Rule]) -> None:
    """Tell shtab the kind of an argument: a rule's code, a file or a directory."""
    from shtab import DIRECTORY, FILE  # noqa: PLC0415 - only this command needs it

    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if metavar.startswith("CODE"):
        action.choices = [rule.code for rule in rules]
    elif metavar.startswith(("DIR", "REPO")):
        vars(action)["complete"] = DIRECTORY
    elif metavar.endswith(("FILE", "PATH")):
        vars(action)["complete"] = FILE
