"""caplint server"""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import add_rules, add_trees, config_of, rules_of, trees_of
from caplint.util.errors import CaplintError


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_trees(parser)
    add_rules(parser)


def run(options: argparse.Namespace) -> int:
    """Serve an editor over standard input and output until it ends."""
    if find_spec("pygls") is None:
        raise CaplintError("the language server needs pygls; install it with pip install 'caplint[server]'")
    from caplint.server.language_server import serve  # noqa: PLC0415 - the only command that needs an optional library
    from caplint.server.plan import ServerPlan  # noqa: PLC0415
    from caplint.server.planning import Planner  # noqa: PLC0415

    def chosen() -> ServerPlan:
        config = config_of(options)
        return ServerPlan(trees_of(options, config), rules_of(options, config, whole=False), config)

    given = (options.kernel, options.qemu, options.libvirt)
    # The editor may work in another directory than the one in which it starts the server.
    options.config = options.config and options.config.absolute()
    options.rules = [directory and str(Path(directory).absolute()) for directory in options.rules]
    named = bool(options.paths or options.tree) or any(word is not None for word in given)
    if named or options.config:  # what is wrong is said before the editor waits for an answer
        config = config_of(options)
        rules_of(options, config, whole=False)
        if named:
            trees_of(options, config)
    serve(Planner(chosen, named=named))
    return CLEAN
