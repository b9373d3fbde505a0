"""The commands of caplint with their arguments, read from the parsers; for the reference and the manual pages."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from caplint.cli.main import COMMANDS, command_parser


class Argument(NamedTuple):
    """An argument as one writes it, and its help text."""

    words: str
    text: str


class Command(NamedTuple):
    """A command, or an action of one: `check`, `baseline write`."""

    name: str
    purpose: str
    synopsis: tuple[str, ...]
    """Arguments in the order of the help text, each in brackets if it may be left out."""
    arguments: tuple[Argument, ...]
    """Positional arguments first."""


def commands() -> Iterator[Command]:
    """Yield all commands in the order of the help text; one that has actions as one command for each."""
    parser = command_parser()
    for name in COMMANDS:
        yield from _commands(name, _children(parser)[name])


def _children(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return {
        name: child
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, child in action.choices.items()
    }


def _commands(name: str, parser: argparse.ArgumentParser) -> Iterator[Command]:
    if actions := _children(parser):
        for word, child in actions.items():
            yield from _commands(f"{name} {word}", child)
        return
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS and action.dest != "help"]
    shown.sort(key=lambda action: bool(action.option_strings))
    expand = parser._get_formatter()._expand_help
    arguments = tuple(Argument(", ".join(_words(action)), expand(action)) for action in shown)
    options_last = sorted(shown, key=lambda action: not action.option_strings)
    yield Command(name, parser.description or "", tuple(map(_use, options_last)), arguments)


def _metavar(action: argparse.Action) -> str:
    """Return the name of an argument's value; empty for an option that takes none."""
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def _words(action: argparse.Action) -> list[str]:
    value = {"?": f"[{_metavar(action)}]", "+": f"{_metavar(action)}…"}.get(str(action.nargs), _metavar(action))
    if not action.option_strings:
        return [_metavar(action)]
    return [f"{option} {value}".strip() for option in action.option_strings]


def _use(action: argparse.Action) -> str:
    """Return an argument as a synopsis shows it."""
    if action.option_strings:
        word = _words(action)[-1]
        return word if action.required else f"[{word}]"
    name = _metavar(action)
    return {"*": f"[{name}…]", "+": f"{name}…", "?": f"[{name}]"}.get(str(action.nargs), name)
