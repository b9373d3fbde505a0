"""The choice of a server's trees, in the process from which its checks are forked."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

import pytest
from conftest import KERNEL_FILES, lay, made_up_rule

from caplint.config.settings import Config
from caplint.rules.page import Rule
from caplint.server.messages import Planned
from caplint.server.plan import ServerPlan
from caplint.server.planning import Planner
from caplint.trees.detect import directory_tree
from caplint.util.errors import CaplintError


def _asked(planner: Planner, root: str | None) -> Planned:
    ours, theirs = Pipe()
    with ours, theirs:
        ours.send(root)
        planner.plan(theirs)
        found: Planned = ours.recv()
        return found


def _empty(*rules: Rule) -> ServerPlan:
    return ServerPlan([], list(rules), Config())


def _plan(place: Path) -> ServerPlan:
    lay(place / "k", KERNEL_FILES)
    return ServerPlan([directory_tree(str(place / "k"))], [made_up_rule()], Config(known=("a.json", "b/c.json")))


@pytest.mark.parametrize(
    ("root", "named", "moves"), [("work", False, True), ("work", True, False), (None, False, False), ("", False, False)]
)
def test_trees_are_looked_for_where_the_editor_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str | None, *, named: bool, moves: bool
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path)
    seen: list[Path] = []

    def choose() -> ServerPlan:
        seen.append(Path.cwd())
        return _empty()

    assert _asked(Planner(choose, named=named), root and str(tmp_path / root)) == Planned()
    assert seen == [tmp_path / "work" if moves else tmp_path]


@pytest.mark.parametrize("root", ["gone", "file", "x" * 5000])
def test_a_directory_that_is_none_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    assert _asked(Planner(_empty, named=False), str(tmp_path / root)) == Planned()
    assert Path.cwd() == tmp_path


def _fails(error: Exception) -> Callable[[], ServerPlan]:
    def choose() -> ServerPlan:
        raise error

    return choose


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CaplintError("no tree\n  here"), "no tree here"),
        (PermissionError(13, "Permission denied"), "PermissionError: [Errno 13] Permission denied"),
    ],
)
def test_the_reason_why_there_are_none_is_one_line(error: Exception, said: str) -> None:
    assert _asked(Planner(_fails(error), named=True), None) == Planned(error=said)


def test_a_rule_that_cannot_be_read_is_said_at_once() -> None:
    page = "# It has no query\n"
    rule = Rule("CAP999", "made-up", "warning", ("kernel",), "0.1.0", (), Path("CAP999.md"), page)
    error = _asked(Planner(lambda: _empty(rule), named=True), None).error
    assert "CAP999.md" in error


def test_a_job_has_the_last_plan(tmp_path: Path) -> None:
    plans = iter([_plan(tmp_path), _empty()])
    planner = Planner(lambda: next(plans), named=True)
    seen: list[int] = []

    def run(plan: ServerPlan, connection: Connection) -> None:
        seen.append(len(plan.trees))
        connection.send("run")

    work = planner.job(run)  # before there is a plan, as the server does
    ours, theirs = Pipe()
    with ours, theirs:
        work(theirs)
        assert not ours.poll()
        for _ in range(2):
            _asked(planner, None)
            work(theirs)
            assert ours.recv() == "run"
    assert seen == [1, 0]
