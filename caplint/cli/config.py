"""caplint config"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from caplint.cli.main import CLEAN
from caplint.cli.options import add_config, add_output_format, config_of, write_output
from caplint.config import Config


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_config(parser)
    add_output_format(parser, "config")


def run(options: argparse.Namespace) -> int:
    """Show every setting, where it comes from, and whether that file is trusted."""
    config = config_of(options, trusting=True)
    values = asdict(config)
    values["source"] = str(config.source) if config.source else None
    values["store"] = str(config.store_path) if config.store_path else None
    values["restricted"] = list(config.restricted)
    values["trust"] = _trust(options, config)
    write_output(values, "config", options)
    return CLEAN


def _trust(options: argparse.Namespace, config: Config) -> str:
    """How the file stands with the list of trusted files; one that is given needs no trust."""
    if config.source is None or options.config is not None:
        return "no need"
    from caplint import trust  # noqa: PLC0415 - only where there is such a file

    return trust.state(config.source, config.restricted)
