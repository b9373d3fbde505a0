"""State of the checks for an editor, in each way that it understands, and each failure said once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from lsprotocol import types
from pygls.lsp.server import LanguageServer

from caplint.server.messages import Checked, Diagnosed, EditorPlace, ServedTree
from caplint.server.positions import Span
from caplint.server.status import Status

TREES = (ServedTree("kernel", "kernel", "k", "/k"), ServedTree("old", "reference", "k@v6.1", None))


class _Editor:
    """Editor that notes what it is told; it answers the request for a progress when the test says so."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.answers: list[Callable[..., object]] = []
        self.work_done_progress = self
        self.protocol = self

    def create(self, _token: str, answer: Callable[..., object]) -> None:
        self.answers.append(answer)

    def begin(self, token: str, value: types.WorkDoneProgressBegin) -> None:
        self.shown = token
        self.told.append(("begin", value.title))

    def end(self, token: str, value: types.WorkDoneProgressEnd) -> None:
        assert token == self.shown
        self.told.append(("end", value.message))

    def notify(self, method: str, state: dict[str, Any]) -> None:
        self.told.append((method, state["state"]))

    def window_log_message(self, params: types.LogMessageParams) -> None:
        self.told.append(("log", params.message))

    def window_show_message(self, params: types.ShowMessageParams) -> None:
        assert params.type == types.MessageType.Error
        self.told.append(("show", params.message))


def _status(*, progress: bool = False, notifications: bool = False) -> tuple[Status, _Editor]:
    editor = _Editor()
    status = Status(cast("LanguageServer", editor))
    window = types.WindowClientCapabilities(work_done_progress=progress)
    status.begin(types.ClientCapabilities(window=window), {"status": notifications})
    return status, editor


def _found(severity: str, tree: str = "kernel") -> Diagnosed:
    return Diagnosed("CAP999", severity, "m", EditorPlace(tree, "a.c", Span(0, 0, 1)), (), "f" * 16, None)


DONE = Checked([_found("error"), _found("note", "old"), _found("note")], "all read", 2, ["skipped: one"], 0.0)
LINE = "caplint: 1 error, 0 warnings, 2 notes; all read"


def test_before_the_first_check_it_waits() -> None:
    status, _ = _status()
    assert status.line == "caplint: waiting"
    assert (status.current["state"], status.current["findings"]) == ("waiting", {"error": 0, "warning": 0, "note": 0})


def test_a_check_that_is_done() -> None:
    status, editor = _status()
    status.trees = TREES
    status.begun()
    assert status.line == "caplint: checking"
    time.sleep(0.01)
    status.ended(DONE)
    assert (status.line, editor.told) == (LINE, [("log", LINE)])
    seconds = status.current.pop("seconds")
    assert 0.01 <= seconds < 5
    assert {**status.current, "seconds": 0} == {
        "state": "done",
        "reason": "",
        "trees": [
            {"name": "kernel", "role": "kernel", "location": "k"},
            {"name": "old", "role": "reference", "location": "k@v6.1"},
        ],
        "findings": {"error": 1, "warning": 0, "note": 2},
        "elsewhere": 1,
        "known": 2,
        "coverage": "all read",
        "remarks": ["skipped: one"],
        "seconds": 0,
    }


def test_a_check_that_fails_at_every_edit_is_shown_once() -> None:
    status, editor = _status()
    for reason in ("no space", "no space", "no trees"):
        status.begun()
        status.failed(reason)
    assert editor.told == [("show", "caplint: no space"), ("show", "caplint: no space"), ("show", "caplint: no trees")]


def test_the_findings_of_the_check_before_a_failure_stay() -> None:
    status, _ = _status()
    status.begun()
    status.ended(DONE)
    status.begun()
    status.failed("no space")
    assert (status.current["state"], status.current["reason"]) == ("failed", "no space")
    assert status.current["findings"]["error"] == 1
    assert status.line == "caplint: no space"
    status.begun()
    assert (status.line, status.current["reason"]) == ("caplint: checking", "")


def test_an_editor_that_knows_progress_sees_it_begin_and_end() -> None:
    status, editor = _status(progress=True)
    status.begun()
    assert editor.told == []  # it has not agreed yet
    editor.answers[0]()
    status.begun()
    assert len(editor.answers) == 1
    status.ended(DONE)
    assert editor.told == [("begin", "caplint"), ("log", LINE), ("end", LINE)]


def test_an_answer_that_comes_too_late_shows_no_progress() -> None:
    status, editor = _status(progress=True)
    status.begun()
    status.ended(DONE)
    status.begun()
    editor.answers[0]()
    assert editor.told == [("log", LINE)]
    editor.answers[1]()
    status.failed("no")
    assert editor.told[1:] == [("begin", "caplint"), ("show", "caplint: no"), ("end", "caplint: no")]


def test_an_editor_that_asks_for_it_is_notified_of_each_state() -> None:
    status, editor = _status(notifications=True)
    status.begun()
    status.ended(DONE)
    status.begun()
    status.failed("no")
    notified = [state for method, state in editor.told if method == "caplint/status"]
    assert notified == ["checking", "done", "checking", "failed"]


@pytest.mark.parametrize("options", [None, [], "status", {"status": False}, {}, {"status": 0}])
def test_options_that_ask_for_nothing(options: object) -> None:
    editor = _Editor()
    status = Status(cast("LanguageServer", editor))
    status.begin(types.ClientCapabilities(), options)
    status.begun()
    assert (editor.told, editor.answers) == ([], [])
