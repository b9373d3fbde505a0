"""State of one run of the links: which results it needs."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from caplint.c.tables import Repairs
from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore
from caplint.link.linking import Linking, RunScope

_READING = ExtractionSettings(Repairs(), 1)


@pytest.mark.parametrize(
    ("results", "asked", "needed"),
    [
        (None, ("all_cap",), True), (None, (), True), (frozenset({"all_cap"}), ("all_cap",), True),
        (frozenset({"all_cap", "all_use"}), ("all_handler", "all_use"), True),
        (frozenset({"all_cap"}), ("all_handler",), False), (frozenset({"all_cap"}), (), False),
        (frozenset[str](), ("all_cap",), False),
    ],
)  # fmt: skip
def test_needs(results: frozenset[str] | None, asked: tuple[str, ...], needed: bool) -> None:
    """A run that names no results needs all."""
    with ExitStack() as stack:
        run = Linking(FactStore(None), [], {}, _READING, RunScope(), stack, results=results)
        assert run.needs(*asked) is needed
        run.store.close()


def test_a_run_reads_and_writes_in_the_stores_connection() -> None:
    with ExitStack() as stack:
        run = Linking(FactStore(None), [], {}, _READING, RunScope(), stack)
        run.connection.execute("CREATE TEMP TABLE tea (leaves)")
        assert run.store.connection.execute("SELECT count(*) FROM tea").fetchone() == (0,)
        assert run.configurations.possible("x86", "CONFIG_TEA") == 1
        run.store.close()
