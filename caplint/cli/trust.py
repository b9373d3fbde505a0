"""caplint trust"""

from __future__ import annotations

import argparse
from pathlib import Path

from caplint.cli.exit_codes import CLEAN
from caplint.config import settings, trust
from caplint.util.errors import CaplintError
from caplint.util.escape import json_text, visible


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a caplint.toml or pyproject.toml (default: the nearest one here or above)",
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--list", action="store_true", help="show the trusted files")
    action.add_argument("--remove", action="store_true", help="stop trusting FILE")


def run(options: argparse.Namespace) -> int:
    """Show or change the list of trusted files."""
    if options.list:
        if options.file:
            raise CaplintError("--list shows all trusted files; leave FILE out")
        _show()
        return CLEAN
    path = options.file or settings.nearest(Path.cwd())
    if path is None:
        raise CaplintError("no caplint.toml found here or above; name the file")
    path = path.absolute()
    if options.remove:
        trust.remove(path)
        print(f"no longer trusted: {visible(str(path))}")
    else:
        _trust(path)
    return CLEAN


def _trust(path: Path) -> None:
    """Add a file to the list, and show the values that it is trusted with."""
    if path.name not in trust.FOUND_NAMES:
        raise CaplintError(
            f"{path}: only files named {' or '.join(trust.FOUND_NAMES)} are trusted; use --config for others"
        )
    values = settings.read(path).restricted
    if not values:
        print(f"{visible(str(path))}: has no setting that needs trust")
        return
    trust.add(path, values)
    print(f"trusted: {visible(str(path))}")
    for key, value in values.items():
        print(f"  {key} = {json_text(value)}")
    print("Paths are relative to the file's directory. Run caplint trust again after changing any of these values.")


def _show() -> None:
    for location in sorted(trust.trusted()):
        path = Path(location)
        try:
            state = trust.state(path, settings.read(path).restricted)
        except CaplintError as error:
            state = str(error).removeprefix(f"{path}: ")
        print(visible(f"{location}: {state}"))
