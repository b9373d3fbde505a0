"""Start of the language server: what is wrong is said before an editor waits, and what it names stays what it is."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Caplint, kernel, qemu

from caplint.cli import server
from caplint.server.plan import ServerPlan

PAGE = """\
+++
code = "HSE001"
name = "house"
severity = "note"
needs = ["kernel"]
since = "1.0"
+++
# It is ours

```sql
SELECT 1
```
"""


class _Served:
    """Stands for the server that would speak with an editor: keeps what it was given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.named: list[bool] = []
        monkeypatch.setattr("caplint.server.planning.Planner", self._planner)
        monkeypatch.setattr("caplint.server.language_server.serve", lambda _planner: None)

    def _planner(self, choose: Callable[[], ServerPlan], *, named: bool) -> None:
        self.choose = choose
        self.named.append(named)

    @property
    def trees(self) -> list[str]:
        """Names of the trees that are chosen, from where the process is now."""
        return [tree.name for tree in self.choose().trees]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> _Served:
    return _Served(monkeypatch)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), False),
        (("--select", "CAP101"), False),
        (("k",), True),
        (("--kernel", "k"), True),
        (("--qemu", "q"), True),
        (("--tree", "any=kernel:k"), True),
    ],
)
def test_trees_are_named_or_looked_for_where_the_editor_works(
    caplint: Caplint, served: _Served, apart: Path, words: tuple[str, ...], named: bool
) -> None:
    kernel(apart / "k")
    qemu(apart / "q")
    run = caplint("server", *words)
    assert (run.status, run.out, run.err, served.named) == (0, "", "", [named])


def test_an_editor_that_works_elsewhere_changes_no_file_that_was_named(
    caplint: Caplint, served: _Served, apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("here", "there"):
        kernel(apart / place)
    (apart / "there/caplint.toml").write_text('ignore = ["CAP102"]\n')
    (apart / "mine.toml").write_text('ignore = ["CAP101"]\n')
    (apart / "pages").mkdir()
    (apart / "pages/HSE001-house.md").write_text(PAGE)
    words = ("--config", "mine.toml", "--rules", "pages", "--select", "HSE001")
    assert caplint("server", *words).status == 0
    monkeypatch.chdir(apart / "there")
    plan = served.choose()
    assert [rule.code for rule in plan.rules] == ["HSE001"]
    assert plan.config.ignore == ("CAP101",)
    assert [tree.location for tree in plan.trees] == [str(apart / "there")]


def test_without_a_named_file_the_configuration_is_that_of_the_editors_directory(
    caplint: Caplint, served: _Served, apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel(apart / "there")
    (apart / "there/caplint.toml").write_text('ignore = ["CAP102"]\n')
    assert caplint("server").status == 0
    monkeypatch.chdir(apart / "there")
    assert served.choose().config.ignore == ("CAP102",)
    assert served.trees == ["kernel"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gone",), "gone: no such directory"),
        (("--config", "gone.toml"), "gone.toml: cannot be read"),
        (("--kernel", "k", "--select", "CAP000"), "CAP000: unknown rule"),
        (("--config", "caplint.toml", "--rules", "gone"), "gone"),
    ],
)
def test_what_is_wrong_with_what_was_named_is_said_at_once(
    caplint: Caplint, served: _Served, apart: Path, words: tuple[str, ...], said: str
) -> None:
    kernel(apart / "k")
    (apart / "caplint.toml").write_text("")
    run = caplint("server", *words)
    assert (run.status, run.out, run.err.count("\n"), served.named) == (2, "", 1, [])
    assert said in run.err


def test_what_may_be_other_where_the_editor_works_is_not_judged_yet(
    caplint: Caplint, served: _Served, apart: Path
) -> None:
    (apart / "caplint.toml").write_text("nonsense = 1\n")
    assert caplint("server").status == 0
    assert served.named == [False]


def test_without_its_library_it_says_how_to_get_it(caplint: Caplint, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(server, "find_spec", lambda name: None if name == "pygls" else real(name))
    run = caplint("server")
    assert run.status == 2
    assert run.err == "caplint: the language server needs pygls; install it with pip install 'caplint[server]'\n"
