"""caplint config"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from caplint.cli.main import CLEAN
from caplint.cli.options import add_config, add_output_format, config_of, write_output


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_config(parser)
    add_output_format(parser, "config")


def run(options: argparse.Namespace) -> int:
    """Show every setting and where it comes from."""
    config = config_of(options)
    values = asdict(config)
    values["source"] = str(config.source) if config.source else None
    values["store"] = str(config.store_path) if config.store_path else None
    write_output(values, "config", options)
    return CLEAN
