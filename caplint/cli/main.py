"""Entry point: parse the command line, run one command, and print every error in one place."""

from __future__ import annotations

import argparse
import gc
import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from caplint import __version__
from caplint.cli import interrupts, streams
from caplint.cli.exit_codes import CLEAN, INTERRUPTED, MEANINGS, WRONG
from caplint.util.errors import SHORT_OF_MEMORY, CaplintError, is_short_of_memory
from caplint.util.quiet_end import end_quietly
from caplint.util.suggest import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import SupportsWrite

# Command → what it is for. The module of a command is imported only when it runs.
COMMANDS = {
    "check": "check trees against each other",
    "patch": "show the findings that a patch or series adds and resolves",
    "matrix": "check every kernel of a fleet against every VMM, and show which pairs agree",
    "diff": "show the findings added and resolved between two revisions of a tree",
    "baseline": "write, show and prune a file of known findings for `check --baseline`",
    "facts": "query the fact store in SQL",
    "coverage": "show how much code was read, and the parts that were not understood",
    "inventory": "list every capability with all locations that mention it, as a table or an HTML page",
    "history": "show which release and commit brought, renumbered or removed each place of a capability",
    "path": "show the call path to a capability's check or enable call, down to the kernel's case label",
    "new": "write the series of patches that adds a capability to a kernel and QEMU",
    "probe": "show the answers of a machine's KVM, and its registers",
    "trace": "show which capabilities a traced VMM asked for and enabled, beside the sites in its source",
    "rules": "list the rules",
    "explain": "explain a rule, or show the card of a capability",
    "init": "write a commented caplint.toml for the trees that are found",
    "config": "show the effective configuration",
    "completions": "print a script that completes caplint's commands and options in a shell",
    "trust": "trust a configuration file to set the cache, rules and other trees",
    "server": "show findings and capabilities in an editor (a language server on standard input and output)",
    "demo": "check the shipped mini-trees with a faulty patch pair applied",
}
# Characters of a message.
_LONGEST = 2_000


def entry() -> None:
    """Return the console script."""
    gc.set_threshold(500_000)  # a run makes many rows and hardly a cycle; a collection visits all of them
    streams.prepare()
    try:
        interrupts.prepare()
        status = _ended(sys.argv[1:])
        end_quietly()
    except KeyboardInterrupt:
        end_quietly()
        status = INTERRUPTED
    sys.exit(streams.finish(status))


def _ended(arguments: list[str]) -> int:
    """Run one command, or show a help text."""
    try:
        return main(arguments)
    except SystemExit as done:  # argparse has shown a help text
        return int(done.code or CLEAN)


def main(arguments: list[str]) -> int:
    """Run one command. Returns 0 clean, 1 findings, 2 wrong use or input, 3 coverage too low, 130 interrupted."""
    try:
        options = parse(arguments)
        status: int = import_module(f"caplint.cli.{options.command}").run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - Python's own exit code would say that there are findings
        return INTERRUPTED if interrupts.received() else _explain(error)
    return INTERRUPTED if interrupts.received() else status


def _explain(error: Exception) -> int:
    """Print one line about the error that ended the run; with a traceback, if it is a fault of caplint."""
    if isinstance(error, CaplintError):
        return _fail(str(error))
    if is_short_of_memory(error):
        return _fail(SHORT_OF_MEMORY)
    if isinstance(error, OSError) or _is_database(error):
        return _fail(f"{type(error).__name__}: {error}")
    import traceback  # noqa: PLC0415 - only failing runs need it

    traceback.print_exception(error)
    return _fail(f"internal error: {type(error).__name__}: {error}; please report it with the lines above")


def _is_database(error: Exception) -> bool:
    """Return whether the error comes from SQLite, without importing sqlite3 in short runs."""
    loaded = sys.modules.get("sqlite3")
    return loaded is not None and isinstance(error, loaded.Error)


def _fail(message: str) -> int:
    from caplint.report.style import safe  # noqa: PLC0415 - only failing runs need it

    text = safe(" ".join(message.split()))
    if len(text) > _LONGEST:  # a name may have any length; what is wrong with it stands behind it
        text = f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
    sys.stderr.write(f"caplint: {text}\n")
    return WRONG


class _CommandParser(argparse.ArgumentParser):
    """Argument parser that reports errors in one line, like every other error."""

    chosen: _CommandParser | None = None
    """Subparser in use; argparse reports unknown options only on the top-level parser."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Write the help; argparse would not say that it cannot be written."""
        (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        invalid = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if invalid:
            choices = re.findall(r"'([^']*)'", invalid.group(2))
            hint = suggestion(invalid.group(1), choices, otherwise=f"known are {', '.join(choices)}")
            message = f"{invalid.group(1)!r} is unknown{hint}"
        unknown = re.fullmatch(r"unrecognized arguments: (--[\w-]+).*", message)
        if unknown and self.chosen:
            options = re.findall(r"--[\w-]+", self.chosen.format_usage())
            self.chosen.error(message + suggestion(unknown.group(1), options))
        if self.chosen and (rest := re.fullmatch(r"unrecognized arguments: (.*)", message, re.DOTALL)):
            # argparse takes the words that belong to no option in one stretch: those behind a later option are left.
            stray = not rest.group(1).startswith("-") and "PATH ...]" in self.chosen.format_usage()
            self.chosen.error(f"{message}; write trees before the options" if stray else message)
        raise CaplintError(f"{message} (see {self.prog} --help)")


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parse the command line. Raises `CaplintError` for invalid arguments."""
    # Only the options of the requested command are added, so that the other commands' modules stay unimported.
    asked = next((word for word in arguments if not word.startswith("-")), None)
    return command_parser([asked] if asked in COMMANDS else []).parse_args(arguments)


def command_parser(complete: Iterable[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """Return the parser of the command line, with the options of the commands that are to be complete."""
    parser = _CommandParser(
        prog="caplint",
        description="A consistency linter for KVM capability definitions across Linux, QEMU and libvirt.",
        epilog=f"Exit codes: {', '.join(f'{code} {meaning}' for code, meaning in MEANINGS.items())}.",
    )
    parser.add_argument("--version", action="version", version=f"caplint {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
        if name in complete:
            parser.chosen = command
            import_module(f"caplint.cli.{name}").add(command)
    return parser
