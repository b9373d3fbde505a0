"""Options of commands whose jobs run in several processes here, or on the workers of a cluster."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.matrix.tls import Scheduler


def add_scheduler(parser: argparse.ArgumentParser) -> None:
    """Add --scheduler and the files of its encryption."""
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="do the work on workers of this Dask cluster, such as tls://head:8786 (needs caplint[distributed]); "
        "the scheduler can run code here, so name only a trusted one",
    )
    for option, words in (
        ("--tls-ca-file", "CA certificates that verify the scheduler"),
        ("--tls-cert", "client certificate for the scheduler"),
        ("--tls-key", "private key of --tls-cert"),
    ):
        parser.add_argument(option, type=Path, metavar="FILE", help=f"PEM file: {words} (tls:// addresses only)")


def scheduler_of(options: argparse.Namespace) -> Scheduler | None:
    """Return the scheduler that the command line names. Raises `CaplintError` for certificates without one.

    Only the command line names a scheduler: neither the configuration nor DASK_SCHEDULER_ADDRESS does.
    """
    from caplint.matrix.tls import Scheduler, Tls  # noqa: PLC0415 - few runs need it

    tls = Tls(options.tls_ca_file, options.tls_cert, options.tls_key)
    if options.scheduler is None and tls != Tls():
        raise CaplintError("--tls-ca-file, --tls-cert and --tls-key are for --scheduler, which is missing")
    return None if options.scheduler is None else Scheduler(options.scheduler, tls)
