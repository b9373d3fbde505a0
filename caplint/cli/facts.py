"""caplint facts"""

from __future__ import annotations

import argparse
import sqlite3

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import (
    add_base,
    add_output_format,
    add_probe,
    add_trees,
    config_of,
    progress,
    trees_of,
    write_output,
)
from caplint.facts.store.schema import schema
from caplint.link.views import views
from caplint.rules.query import query_rows
from caplint.session import open_session
from caplint.util.errors import CaplintError


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "query",
        nargs="?",
        metavar="SELECT",
        help="SQL query; without it, show the tables and views",
    )
    add_trees(parser)
    add_base(parser)
    add_probe(parser)
    add_output_format(parser, "facts")


def run(options: argparse.Namespace) -> int:
    """Run the query and print its rows; without a query, print the schema."""
    if options.query is None:
        print(schema() + "\n" + views())
        return CLEAN
    if not options.query.strip():
        raise CaplintError("the query is empty; `caplint facts` without one shows the tables and views")
    config = config_of(options)
    with progress() as show:
        session = open_session(trees_of(options, config), config, show)
    try:
        columns, rows = query_rows(session.connection, options.query)
    except CaplintError as error:
        raise CaplintError(f"{error}; `caplint facts` without a query shows the tables and views") from error
    except (sqlite3.Error, UnicodeError) as error:
        where = f"; the store is damaged: remove {config.store_path}" if config.store_path else ""
        raise CaplintError(f"query: {error}{where}") from error
    finally:
        session.store.close()
    write_output((columns, rows), "facts", options)
    return CLEAN
