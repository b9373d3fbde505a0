"""caplint config"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import add_config, config_of


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_config(parser)
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Show every setting and where it comes from."""
    config = config_of(options)
    values = asdict(config)
    del values["machines"]  # no setting: the command line alone gives them
    values["source"] = str(config.source) if config.source else None
    values["store"] = str(config.store_path) if config.store_path else None
    if options.output_format == "json":
        json.dump(values, sys.stdout, indent=2)
        print()
        return CLEAN
    print(
        f"# from {config.source}"
        if config.source
        else "# no caplint.toml found upward from here; these are the defaults"
    )
    for key, value in values.items():
        if key != "source":
            print(f"{key.replace('_', '-')} = {json.dumps(value)}")
    return CLEAN
