"""Manual pages in man(7): caplint(1) with all commands, and caplint.toml(5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from caplint import HOME, __version__
from caplint.cli.exit_codes import MEANINGS
from caplint.config.keys import Key
from tools.commands import Command


def roff(text: str) -> str:
    """Return a text that means itself in roff: no escapes, no requests, hyphens that can be copied."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").split("\n")
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in lines)


def manual(commands: list[Command], environment: Mapping[str, str]) -> str:
    """Return caplint(1)."""
    return "\n".join([*_head("CAPLINT", 1), *_manual(commands, environment), ""])


def settings_manual(tables: Mapping[str, Mapping[str, Key]], restricted: Collection[str]) -> str:
    """Return caplint.toml(5)."""
    return "\n".join([*_head("CAPLINT.TOML", 5), *_settings(tables, restricted), ""])


def _head(name: str, section: int) -> Iterator[str]:
    yield '.\\" Written by `make reference`.'
    yield f'.TH {name} {section} "" "caplint {__version__}" "caplint"'
    yield ".SH NAME"


def _entry(words: str, text: str) -> str:
    return f".TP\n.B {roff(words)}\n{roff(text)}"


def _manual(commands: list[Command], environment: Mapping[str, str]) -> Iterator[str]:
    yield roff("caplint - check KVM capability definitions across Linux, QEMU and libvirt")
    yield ".SH SYNOPSIS\n.B caplint\n.I COMMAND\n[\\fIARGUMENT\\fR ...]"
    yield ".SH DESCRIPTION"
    yield roff(
        "caplint checks that a KVM capability means the same in every place that defines, documents or uses it. "
        "It reads source trees, builds nothing, and reports where they disagree."
    )
    yield ".SH COMMANDS"
    for command in commands:
        yield f".SS caplint {roff(command.name)}\n{roff(command.purpose)}"
        yield f".PP\n.B caplint {roff(command.name)}\n{roff(' '.join(command.synopsis))}"
        yield from (_entry(*argument) for argument in command.arguments)
    yield ".SH EXIT STATUS"
    yield from (_entry(str(code), meaning) for code, meaning in MEANINGS.items())
    yield ".SH ENVIRONMENT"
    yield from (_entry(*entry) for entry in environment.items())
    yield f".SH SEE ALSO\n.BR caplint.toml (5)\n.PP\n{roff(HOME)}"


def _settings(tables: Mapping[str, Mapping[str, Key]], restricted: Collection[str]) -> Iterator[str]:
    yield roff("caplint.toml - settings of caplint")
    yield ".SH DESCRIPTION"
    yield roff(
        "caplint reads caplint.toml, or [tool.caplint] of a pyproject.toml, from the working directory or the next one "
        "above it that has one. Every key is optional. A file that sets one of the following needs `caplint trust`, "
        f"unless --config names it: {', '.join(restricted)}."
    )
    for table, keys in tables.items():
        yield f".SH {roff(table or 'SETTINGS')}"
        for name, key in keys.items():
            if key.kind is not dict and key.read is not list:
                yield _entry(f"{name} = {key.words}", key.purpose)
    yield ".SH SEE ALSO\n.BR caplint (1)"
