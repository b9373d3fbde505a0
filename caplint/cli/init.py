"""caplint init"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from caplint.cli.exit_codes import CLEAN
from caplint.config import settings, trust
from caplint.config.settings import ConfiguredTree
from caplint.config.toml_text import first_file
from caplint.trees.detect import directory_tree
from caplint.util.atomic_write import replace_file
from caplint.util.errors import CaplintError
from caplint.util.escape import visible

_NAME = "caplint.toml"
# Directories beside the working directory that are examined.
_MOST = 200


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="trees to name in the file (default: those found in the working directory, below it and beside it)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the file, and write nothing")


def run(options: argparse.Namespace) -> int:
    """Write a commented caplint.toml to the working directory, and trust it."""
    path = Path.cwd() / _NAME
    if not options.dry_run and (path.exists() or path.is_symlink()):
        raise CaplintError(f"{path}: exists already; change it by hand, or remove it first")
    trees = [_named(text) for text in options.paths] if options.paths else list(_found())
    text = first_file(trees, path.parent)
    if options.dry_run:
        sys.stdout.write(text)
        return CLEAN
    replace_file(path, text)
    if restricted := settings.read(path).restricted:
        trust.add(path, restricted)
    found = ", ".join(f"{visible(tree.name)} ({visible(tree.path)})" for tree in trees)
    print(f"{visible(str(path))}: written, with {found or 'no tree, because none was found'}")
    return CLEAN


def _named(text: str) -> ConfiguredTree:
    tree = directory_tree(text)
    return ConfiguredTree(tree.name, str(Path(text).absolute()))


def _found() -> Iterator[ConfiguredTree]:
    """Yield the first tree of each role in the working directory, below it and beside it."""
    here = Path.cwd()
    roles: set[str] = set()
    for directory in (here, *_below(here), *_below(here.parent)):
        with suppress(CaplintError, OSError):
            tree = directory_tree(str(directory))
            if tree.role not in roles:
                roles.add(tree.role)
                yield ConfiguredTree(tree.name, str(directory))


def _below(directory: Path) -> list[Path]:
    with suppress(OSError):
        names = sorted(islice((entry.name for entry in directory.iterdir() if not entry.name.startswith(".")), _MOST))
        return [directory / name for name in names if (directory / name).is_dir()]
    return []
