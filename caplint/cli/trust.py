"""caplint trust"""

from __future__ import annotations

import argparse
from pathlib import Path

from caplint import config, trust
from caplint.cli.main import CLEAN
from caplint.errors import CaplintError
from caplint.quoting import json_text, visible


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a caplint.toml or pyproject.toml (default: the one found upward from here)",
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--list", action="store_true", help="show the trusted files")
    action.add_argument("--remove", action="store_true", help="trust FILE no more")


def run(options: argparse.Namespace) -> int:
    """Show or change the list of trusted files."""
    if options.list:
        if options.file:
            raise CaplintError("--list shows all trusted files; leave FILE out")
        _show()
        return CLEAN
    path = options.file or config.nearest(Path.cwd())
    if path is None:
        raise CaplintError("no caplint.toml found upward from here; name the file")
    path = path.absolute()
    if options.remove:
        trust.remove(path)
        print(f"not trusted any more: {visible(str(path))}")
    else:
        _trust(path)
    return CLEAN


def _trust(path: Path) -> None:
    """Put a file on the list, and show the values that it is trusted with."""
    if path.name not in trust.FOUND_NAMES:
        raise CaplintError(f"{path}: only {' and '.join(trust.FOUND_NAMES)} are found; name others with --config")
    values = config.read(path).restricted
    if not values:
        print(f"{visible(str(path))}: sets nothing that needs trust")
        return
    trust.add(path, values)
    print(f"trusted: {visible(str(path))}")
    for key, value in values.items():
        print(f"  {key} = {json_text(value)}")
    print("Paths begin at the file's directory. If one of these values changes, the file must be trusted anew.")


def _show() -> None:
    for place in sorted(trust.trusted()):
        path = Path(place)
        try:
            state = trust.state(path, config.read(path).restricted)
        except CaplintError as error:
            state = str(error).removeprefix(f"{path}: ")
        print(visible(f"{place}: {state}"))
