"""caplint config"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from caplint.cli.main import CLEAN
from caplint.cli.options import add_config, config_of
from caplint.config import Config
from caplint.quoting import visible


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_config(parser)
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Show every setting, where it comes from, and whether that file is trusted."""
    config = config_of(options, trusting=True)
    values = asdict(config)
    del values["machines"]  # no setting: the command line alone gives them
    values["source"] = str(config.source) if config.source else None
    values["store"] = str(config.store_path) if config.store_path else None
    values["restricted"] = list(config.restricted)
    values["trust"] = _trust(options, config)
    if options.output_format == "json":
        json.dump(values, sys.stdout, indent=2)
        print()
        return CLEAN
    print(
        f"# from {visible(str(config.source))}{_REMARKS.get(values['trust'], '')}"
        if config.source
        else "# no caplint.toml found upward from here; these are the defaults"
    )
    for key, value in values.items():
        if key not in {"source", "restricted", "trust"}:
            print(f"{key.replace('_', '-')} = {json.dumps(value)}")
    return CLEAN


_REMARKS = {
    state: f", {state}: other commands refuse it; `caplint trust` trusts it, and --config names it"
    for state in ("not trusted", "changed since it was trusted")
}


def _trust(options: argparse.Namespace, config: Config) -> str:
    """How the file stands with the list of trusted files; one that is given needs no trust."""
    if config.source is None or options.config is not None:
        return "no need"
    from caplint import trust  # noqa: PLC0415 - only where there is such a file

    return trust.state(config.source, config.restricted)
