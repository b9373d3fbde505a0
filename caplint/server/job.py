"""One check, in a process of its own, which then answers questions about the state that it has checked."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from caplint.engine import upstream
from caplint.engine.check import run_rules, with_sessions
from caplint.engine.outcome import Outcome
from caplint.facts.store.private_copy import copy_store
from caplint.facts.store.schema import file_name
from caplint.report.source import Source
from caplint.report.wording import coverage_line, remarks
from caplint.server.cards import Cards
from caplint.server.diagnosed import LineSpans, diagnosed
from caplint.server.messages import Checked, Failed, NameQuestion, Order
from caplint.server.occurrences import definitions, references
from caplint.server.plan import ServerPlan, laid_over
from caplint.session import Session, no_progress
from caplint.util.errors import SHORT_OF_MEMORY, CaplintError, is_short_of_memory


def run(plan: ServerPlan, connection: Connection) -> None:
    """Take an order, check, send the result, and answer questions until the server closes the connection."""
    order: Order = connection.recv()
    if order.cache is not None:
        os.environ["CAPLINT_CACHE"] = str(order.cache)
    try:
        _check(plan, order, connection)
    except (EOFError, BrokenPipeError):  # the server has no more questions, or has ended
        return
    except CaplintError as error:
        connection.send(Failed(" ".join(str(error).split())))
    except (OSError, sqlite3.Error, MemoryError) as error:
        text = SHORT_OF_MEMORY if is_short_of_memory(error) else f"{type(error).__name__}: {error}"
        connection.send(Failed(text))


def _check(plan: ServerPlan, order: Order, connection: Connection) -> None:
    trees = laid_over(plan.trees, order.overlays)

    def checked(sessions: list[Session]) -> list[Outcome]:
        session = sessions[0]
        outcome = replace(run_rules(session, plan.rules, plan.config), configuration=plan.config.source)
        outcome = upstream.without_known(outcome, plan.known, shown=False)
        spans = LineSpans(Source(trees), order.encoding)
        connection.send(_result(outcome, spans))
        _answer(session, outcome, spans, connection)
        return [outcome]

    with_sessions([trees], plan.config, no_progress, checked)


def _result(outcome: Outcome, spans: LineSpans) -> Checked:
    return Checked(
        findings=[diagnosed(finding, spans) for finding in outcome.findings],
        coverage=coverage_line(outcome.coverage),
        known=len(outcome.known),
        remarks=list(remarks(outcome)),
        seconds=0.0,
    )


def _answer(session: Session, outcome: Outcome, spans: LineSpans, connection: Connection) -> None:
    cards = Cards(session, outcome.findings)
    answers: dict[str, Callable[[str], Any]] = {
        "card": cards.card,
        "definition": lambda name: definitions(session, spans, name),
        "references": lambda name: references(session, spans, name),
        "copy": lambda directory: _copied(session, Path(directory)),
    }
    while True:
        try:
            asked: NameQuestion = connection.recv()
        except EOFError:
            return
        connection.send(_answered(answers[asked.kind], asked.name))


def _answered(answer: Callable[[str], Any], name: str) -> Any:
    """Return an answer; a question that cannot be answered does not end the process."""
    try:
        return answer(name)
    except (CaplintError, OSError, sqlite3.Error) as error:
        sys.stderr.write(f"caplint: {name}: {error}\n")
        return Failed(str(error))


def _copied(session: Session, directory: Path) -> str:
    """Write a copy of the store; return the reason if that failed, else ''."""
    try:
        copy_store(session.store, directory / file_name())
    except (OSError, sqlite3.Error) as error:
        return str(error)
    return ""
