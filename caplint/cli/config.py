"""caplint config"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import add_config, add_output_format, config_of, write_output
from caplint.config.settings import Config
from caplint.config.toml_text import settings


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_config(parser)
    add_output_format(parser, "config")


def run(options: argparse.Namespace) -> int:
    """Show every setting, its source file, and whether that file is trusted."""
    config = config_of(options, trusting=True)
    values = asdict(config)
    values["source"] = str(config.source) if config.source else None
    values["store"] = str(config.store_path) if config.store_path else None
    values["restricted"] = list(config.restricted)
    values["trust"] = _trust(options, config)
    values["lines"] = list(settings(config))
    write_output(values, "config", options)
    return CLEAN


def _trust(options: argparse.Namespace, config: Config) -> str:
    """Return the trust state of the configuration file; a file given with --config needs no trust."""
    if config.source is None or options.config is not None:
        return "no need"
    from caplint.config import trust  # noqa: PLC0415 - only needed for a file that was found

    return trust.state(config.source, config.restricted)
