"""One check in a process: its result, the answers to questions about it, and failures that are one line."""

from __future__ import annotations

import os
import sqlite3
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECK, UAPI, X86, kernel

from caplint.config.settings import Config
from caplint.facts.store.schema import file_name
from caplint.rules.page import load, parse
from caplint.server import job
from caplint.server.messages import Checked, EditorPlace, Failed, NameCard, NameQuestion, Order
from caplint.server.plan import ServerPlan
from caplint.server.positions import UTF16
from caplint.trees.detect import directory_tree
from caplint.util import shipped_files
from caplint.util.errors import SHORT_OF_MEMORY, CaplintError

WITHOUT_HLT = CHECK.replace("\tcase KVM_CAP_HLT:\n", "").encode()


@pytest.fixture
def plan(apart: Path) -> ServerPlan:
    """A kernel, and the rule that misses capabilities which no handler names."""
    rules = [rule for rule in load([shipped_files.RULES]) if rule.code == "CAP202"]
    parse(rules)
    return ServerPlan([directory_tree(str(kernel(apart / "k")))], rules, Config(jobs=1))


def _run(plan: ServerPlan, order: Order, *asked: NameQuestion) -> list[Any]:
    """What a job sends for an order and the questions behind it, until the server closes the connection."""
    theirs, ours = Pipe()
    for message in (order, *asked):
        theirs.send(message)
    sent: list[Any] = []
    # The server goes away behind the last question: nothing is lost that the job still sends to it.
    received = _Ends(ours, len(asked) + 1, sent)
    job.run(plan, received)  # type: ignore[arg-type]
    return sent


class _Ends:
    """Connection that ends behind a number of messages, as that of a server which has no more questions."""

    def __init__(self, connection: Any, count: int, sent: list[Any]) -> None:
        self._connection, self._left, self._sent = connection, count, sent

    def recv(self) -> Any:
        self._left -= 1
        if self._left < 0:
            raise EOFError
        return self._connection.recv()

    def send(self, message: Any) -> None:
        self._sent.append(message)


def test_a_sound_tree_has_no_finding(plan: ServerPlan) -> None:
    (found,) = _run(plan, Order({}, UTF16))
    assert isinstance(found, Checked)
    assert (found.findings, found.known) == ([], 0)
    assert found.coverage.startswith("4 files, ")


def test_buffers_are_checked_in_place_of_the_files(plan: ServerPlan) -> None:
    (found,) = _run(plan, Order({"kernel": {X86: WITHOUT_HLT}}, UTF16))
    (finding,) = found.findings
    assert (finding.code, finding.place.path, finding.place.span.line) == ("CAP202", UAPI, 1)
    assert (plan.trees[0].read(X86)) == CHECK.encode()


def test_questions_are_answered_in_their_order_from_what_was_checked(plan: ServerPlan) -> None:
    asked = [NameQuestion(kind, "KVM_CAP_HLT") for kind in ("card", "definition", "references")]
    _, card, defined, used = _run(plan, Order({"kernel": {X86: WITHOUT_HLT}}, UTF16), *asked)
    assert isinstance(card, NameCard)
    assert ("answered", "by no architecture") in card.lines
    assert [(place.path, place.span.line) for place in defined] == [(UAPI, 1)]
    assert all(isinstance(place, EditorPlace) for place in used)
    assert X86 not in {place.path for place in used}


def test_a_cache_of_its_own_is_used_and_copied(plan: ServerPlan, tmp_path: Path) -> None:
    own, copy = tmp_path / "own", tmp_path / "copy"
    own.mkdir()
    copy.mkdir()
    before = os.environ["CAPLINT_CACHE"]
    _, said = _run(plan, Order({}, UTF16, own), NameQuestion("copy", str(copy)))
    assert said == ""
    assert os.environ["CAPLINT_CACHE"] == str(own)
    assert (own / file_name()).exists()
    assert not Path(before).exists()
    with sqlite3.connect(copy / file_name()) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM blob").fetchone() == (1,)


def test_a_copy_that_cannot_be_written_says_why(plan: ServerPlan, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _, said = _run(plan, Order({}, UTF16), NameQuestion("copy", str(tmp_path / "file/below")))
    assert "Not a directory" in said


@pytest.mark.parametrize("error", [CaplintError("it is gone"), OSError("it is gone"), sqlite3.Error("it is gone")])
def test_a_question_without_an_answer_does_not_end_the_process(
    plan: ServerPlan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(job, "definitions", fail)
    asked = [NameQuestion("definition", "KVM_CAP_HLT"), NameQuestion("card", "KVM_CAP_HLT")]
    _, failed, card = _run(plan, Order({}, UTF16), *asked)
    assert failed == Failed("it is gone")
    assert isinstance(card, NameCard)
    assert capsys.readouterr().err == "caplint: KVM_CAP_HLT: it is gone\n"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CaplintError("two\n  lines"), "two lines"),
        (PermissionError(13, "Permission denied"), "PermissionError: [Errno 13] Permission denied"),
        (sqlite3.OperationalError("disk full"), "OperationalError: disk full"),
        (MemoryError(), SHORT_OF_MEMORY),
    ],
)
def test_a_check_that_fails_says_why(
    plan: ServerPlan, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(job, "with_sessions", fail)
    assert _run(plan, Order({}, UTF16)) == [Failed(reason)]


def test_a_server_that_has_ended_is_told_nothing(plan: ServerPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(job, "with_sessions", fail)
    assert _run(plan, Order({}, UTF16)) == []
