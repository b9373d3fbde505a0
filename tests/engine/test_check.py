"""One run of rules: which are skipped and why, which places are refused, and how a damaged store is met."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import KERNEL_FILES, QEMU_FILES, UAPI, X86, bare_kernel, bare_qemu

from caplint.config.settings import Config, Suppression
from caplint.coverage.summary import Coverage
from caplint.engine import check as module
from caplint.engine.check import check, collect_findings, listed, partial, with_sessions
from caplint.engine.outcome import Outcome
from caplint.facts.store.store import FactStore
from caplint.rules.page import Rule
from caplint.session import Session, no_progress, open_session
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

CONFIG = Config(cache="none", jobs=1)
ROW = (
    "SELECT {tree} AS tree, {path} AS path, 2 AS line, NULL AS column, 'KVM_CAP_HLT' AS subject, NULL AS arch, "
    "NULL AS function, NULL AS severity, 'it is' AS message, NULL AS related"
)
GOOD = ROW.format(tree="'kernel'", path=f"'{UAPI}'")


def _rule(query: str = GOOD, code: str = "CAP901", **more: Any) -> Rule:
    page = f"# It is made up\n\nSo.\n\n```sql\n{query}\n```\n"
    rule = Rule(
        code, code.lower().replace("cap", "rule-"), "warning", ("kernel",), "0.1.0", (), Path(f"{code}.md"), page
    )
    return replace(rule, **more)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    root = tmp_path_factory.mktemp("check")
    trees = [bare_kernel(root / "k", dict(KERNEL_FILES)), bare_qemu(root / "q", dict(QEMU_FILES))]
    opened = open_session(trees, CONFIG)
    yield opened
    opened.store.close()


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        ((), ""),
        (("kernel",), ""),
        (("kernel", "vmm", "code", "documentation"), ""),
        (("manager",), "needs a libvirt tree (--libvirt or CAPLINT_LIBVIRT)"),
        (("patch",), "needs a patch"),
        (("patch", "series"), "needs a patch"),
        (("patch", "rival"), "needs a patch"),
        (("series",), "needs a series of patches or commits"),
        (("machine", "deep"), "needs a machine's answers (--probe) and the call graph, which --deep builds"),
    ],
)
def test_what_a_rule_needs(session: Session, needs: tuple[str, ...], reason: str) -> None:
    findings, skipped = collect_findings(session, [_rule(needs=needs)], CONFIG)
    assert [entry.reason for entry in skipped] == ([reason] if reason else [])
    assert len(findings) == (not reason)


@pytest.mark.parametrize(
    ("config", "runs"),
    [
        ({}, True),
        ({"ignore": ("CAP901",)}, False),
        ({"select": ("CAP102",)}, False),
        ({"select": ("CAP901",)}, True),
        ({"select": ("CAP9",), "ignore": ("CAP901",)}, False),
    ],
)
def test_what_the_configuration_leaves_out(session: Session, config: dict[str, Any], *, runs: bool) -> None:
    rules = [_rule(), _rule(code="CAP902", needs=("patch",))]
    found, skipped = collect_findings(session, rules, replace(CONFIG, **config))
    assert [finding.code for finding in found] == (["CAP901"] if runs else [])
    assert len(skipped) == 2 - runs


def test_what_is_left_out_is_said_before_what_is_missing(session: Session) -> None:
    rule = _rule(needs=("patch",))
    (entry,) = collect_findings(session, [rule], replace(CONFIG, ignore=("CAP901",)))[1]
    assert "needs" not in entry.reason


def test_a_comparison_that_lacks_something_says_why(session: Session) -> None:
    lacking = Session(session.store, session.loaded, session.configurations, lacks={"series": "the clone is shallow"})
    rules = [_rule(needs=("series",)), _rule(code="CAP902", needs=("series", "deep"))]
    first, second = (entry.reason for entry in collect_findings(lacking, rules, CONFIG)[1])
    assert first == "the clone is shallow"
    assert second.startswith("needs a series of patches")


@pytest.mark.parametrize(
    ("tree", "path", "said"),
    [
        ("'qemu'", f"'{UAPI}'", "is not a file of qemu"),
        ("'other'", f"'{UAPI}'", "'other', which is not a tree of this run"),
        ("'kernel'", "'gone.c'", "'gone.c', which is not a file of kernel"),
        ("'kernel'", "'../k/virt/kvm/kvm_main.c'", "is not a file of kernel"),
        ("'kernel'", "'/etc/passwd'", "is not a file of kernel"),
        ("'kernel'", f"'{'x' * 5000}'", "is not a file of kernel"),
    ],
)
def test_a_row_that_names_no_file_of_the_run(session: Session, tree: str, path: str, said: str) -> None:
    with pytest.raises(CaplintError) as caught:
        collect_findings(session, [_rule(ROW.format(tree=tree, path=path))], CONFIG)
    assert str(caught.value).startswith("CAP901.md: query: a row names ")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_invalid_query_is_an_error_even_of_a_rule_that_is_skipped(session: Session) -> None:
    broken = _rule("SELECT 1 AS subject FROM no_such_view", needs=("patch",))
    with pytest.raises(CaplintError, match="CAP901"):
        collect_findings(session, [broken], CONFIG)
    assert collect_findings(session, [broken], CONFIG, valid=True)[0] == []


def test_a_rule_takes_the_place_of_another(session: Session) -> None:
    rules = [_rule(), _rule(code="CAP902", supersedes=("CAP901",))]
    assert [finding.code for finding in collect_findings(session, rules, CONFIG)[0]] == ["CAP902"]


def test_an_outcome(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, dict(KERNEL_FILES))
    unused = Suppression("CAP901", "KVM_CAP_OTHER", "why")
    idle = Suppression("CAP902", "", "why")
    used = Suppression("rule-903", "KVM_CAP_HLT", "why")
    rules = [_rule(), _rule(code="CAP902", needs=("vmm",)), _rule(code="CAP903")]
    outcome = check([tree], rules, replace(CONFIG, suppress=(unused, idle, used)))
    assert [(finding.code, finding.severity, finding.place.path) for finding in outcome.findings] == [
        ("CAP901", "warning", UAPI)
    ]
    assert outcome.findings[0].fingerprint
    assert (outcome.suppressed, outcome.unused_suppressions) == (1, [unused])
    assert [entry.code for entry in outcome.skipped] == ["CAP902"]
    files, size = outcome.sizes["kernel"]
    assert (files, size) == (4, sum((tmp_path / path).stat().st_size for path in KERNEL_FILES))
    assert outcome.seconds > 0
    assert not outcome.passing


def test_parts_of_files_are_for_rules_that_are_right_about_them(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, dict(KERNEL_FILES))
    tree.complete = False
    assert partial([tree]) == "needs whole files; only the hunks of a diff are known of kernel"
    session = open_session([tree], CONFIG)
    found, skipped = collect_findings(session, [_rule(), _rule(code="CAP902", excerpts=True)], CONFIG)
    session.store.close()
    assert [finding.code for finding in found] == ["CAP902"]
    assert [(entry.code, entry.reason) for entry in skipped] == [("CAP901", partial([tree]))]


@pytest.mark.parametrize(
    ("absent", "said"),
    [
        ([], ""),
        (["drivers/a.c"], ""),
        ([X86], f"needs whole files; kernel is of a partial clone, which lacks {X86}: get them"),
        (["drivers/a.c", UAPI, X86], f"{X86} and 1 other file: get them"),
    ],
)
def test_a_partial_clone(tmp_path: Path, absent: list[str], said: str) -> None:
    tree: Tree = directory_tree(str(bare_kernel(tmp_path, {}).location))
    tree.absent, tree.remedy = frozenset(absent), "get them"
    assert partial([tree]).endswith(said)
    assert bool(partial([tree])) == bool(said)


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "f0"), (2, "f0 and 1 other file"), (3, "f0 and 2 other files"), (1002, "f0 and 1,001 other files")],
)
def test_some_paths_as_text(count: int, text: str) -> None:
    assert listed([f"f{number}" for number in range(count)]) == text


@dataclass
class _Opened:
    """A session of which only the end is looked at."""

    closed: list[int]
    number: int
    store: Any = field(init=False)

    def __post_init__(self) -> None:
        self.store = self

    def close(self) -> None:
        self.closed.append(self.number)


OUTCOME = Outcome(
    trees=[], sizes={}, findings=[], suppressed=0, unused_suppressions=[], skipped=[],
    coverage=Coverage([], [], [], {}), rules=[],
)  # fmt: skip
DAMAGED = sqlite3.DatabaseError("database disk image is malformed")
DAMAGED.sqlite_errorcode = sqlite3.SQLITE_CORRUPT


class _Runs:
    """Sessions that are opened and closed, with errors of the first runs."""

    def __init__(self, *errors: Exception) -> None:
        self.opened, self.runs = 0, 0
        self.closed: list[int] = []
        self.discarded: list[Path] = []
        self._errors = list(errors)

    def open(self, *_: object) -> Session:
        self.opened += 1
        return cast("Session", _Opened(self.closed, self.opened))

    def run(self, sessions: list[Session]) -> list[Outcome]:
        self.runs += 1
        if self._errors:
            raise self._errors.pop(0)
        return [OUTCOME for _ in sessions]


def _with(runs: _Runs, monkeypatch: pytest.MonkeyPatch, cache: str) -> list[Outcome]:
    monkeypatch.setattr(module, "open_session", runs.open)
    monkeypatch.setattr(FactStore, "discard", lambda path, _error: runs.discarded.append(path))
    return with_sessions([[], []], Config(cache=cache, jobs=1), no_progress, runs.run)


@pytest.mark.parametrize("error", [None, DAMAGED, UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")])
def test_a_damaged_store_is_made_anew_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    runs = _Runs(*([error] if error else []))
    assert len(_with(runs, monkeypatch, str(tmp_path))) == 2
    assert (runs.runs, runs.opened, len(runs.discarded)) == ((2, 4, 1) if error else (1, 2, 0))
    assert sorted(runs.closed) == list(range(1, runs.opened + 1))


@pytest.mark.parametrize(
    ("errors", "cache", "discarded"),
    [
        ([DAMAGED], "none", 0),
        ([DAMAGED, DAMAGED], "kept", 1),
        ([sqlite3.OperationalError("no such table: x")], "kept", 0),
        ([CaplintError("said")], "kept", 0),
        ([OSError("gone")], "kept", 0),
    ],
)
def test_all_else_is_an_error_and_closes_what_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: list[Exception], cache: str, discarded: int
) -> None:
    runs = _Runs(*errors)
    with pytest.raises(type(errors[-1])):
        _with(runs, monkeypatch, str(tmp_path) if cache == "kept" else cache)
    assert len(runs.discarded) == discarded
    assert sorted(runs.closed) == list(range(1, runs.opened + 1))
