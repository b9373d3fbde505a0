"""`caplint matrix`: every pair as `check` has it, whatever happens to the others, and the same in any order."""

from __future__ import annotations

import json
import random
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import HEADER, QEMU_UAPI, Caplint, age, commit, git, lay, trusted
from fleets import OTHER, fleet

from caplint.matrix import cells

TABLE = """\
errors/warnings/notes  alone        qemu-1         qemu-2
alone                               clean 0/0/0    clean 0/0/0
linux-1                clean 0/0/0  agrees 0/0/0   differs 1/0/0
linux-2                clean 0/0/0  differs 1/0/0  agrees 0/0/0

findings that prevent agreement
error CAP101 KVM_CAP_NR_VCPUS: linux-1 with qemu-2 and linux-2 with qemu-1

2 of 4 pairs agree (--fail-on error)
"""


@pytest.fixture
def words(apart: Path) -> list[str]:
    return fleet(apart)


def _object(caplint: Caplint, *words: str) -> dict[str, Any]:
    data = json.loads(caplint("matrix", *words, "--output-format", "json").out)
    jsonschema.validate(data, json.loads(resources.files("caplint").joinpath("schemas/matrix.json").read_text("utf-8")))
    assert isinstance(data, dict)
    return data


def test_the_table_says_which_pairs_agree(caplint: Caplint, words: list[str]) -> None:
    run = caplint("matrix", *words)
    assert (run.status, run.out, run.err) == (1, TABLE, "")


def test_where_all_agree_the_exit_code_says_so(caplint: Caplint, words: list[str]) -> None:
    run = caplint("matrix", "--kernel", "linux-1", "--qemu", "qemu-1")
    assert run.status == 0
    assert run.out.endswith("1 of 1 pair agree (--fail-on warning)\n")
    assert caplint("matrix", *words, "--fail-on", "never").status == 0
    assert caplint("matrix", *words, "--select", "CAP102").status == 0


def test_a_cell_is_what_check_says_of_the_pair(caplint: Caplint, words: list[str]) -> None:
    found = _object(caplint, *words)["cells"]
    assert [(cell["kernel"], cell["vmm"], cell["agrees"]) for cell in found] == [
        ("linux-1", "qemu-1", True), ("linux-1", "qemu-2", False),
        ("linux-2", "qemu-1", False), ("linux-2", "qemu-2", True),
    ]  # fmt: skip
    alone = json.loads(caplint("check", "--kernel", "linux-1", "--qemu", "qemu-2", "--output-format", "json").out)
    assert [entry["fingerprint"] for entry in found[1]["findings"]] == [
        entry["fingerprint"] for entry in alone["findings"]
    ]
    assert found[1]["coverage"] == alone["coverage"]
    assert found[1]["skipped_rules"] == alone["skipped_rules"]


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_neither_order_nor_processes_show(
    caplint: Caplint, words: list[str], monkeypatch: pytest.MonkeyPatch, jobs: str
) -> None:
    plain = cells.staggered

    def shuffled(rows: int, columns: int) -> list[int]:
        return random.Random(int(jobs)).sample(plain(rows, columns), rows * columns)

    monkeypatch.setattr(cells, "staggered", shuffled)
    assert caplint("matrix", *words, "--jobs", jobs).out == TABLE


def test_every_cell_is_started_once_and_neighbours_share_no_tree() -> None:
    order = cells.staggered(3, 4)
    assert sorted(order) == list(range(12))
    for one, other in pairwise(order):
        assert one // 4 != other // 4
        assert one % 4 != other % 4


def test_a_tree_that_cannot_be_read_is_an_error_of_its_cells_alone(caplint: Caplint, words: list[str]) -> None:
    (words := [*words]).insert(3, "gone")
    run = caplint("matrix", *words)
    assert run.status == 2
    assert "linux-1                clean 0/0/0  agrees 0/0/0   differs 1/0/0\n" in run.out
    assert "gone                   not checked  not checked    not checked\n" in run.out
    assert "gone: no such directory (gone)\n" in run.out
    assert run.out.endswith("2 of 6 pairs agree (--fail-on error); 2 not checked\n")
    assert run.err == ""
    failed = [cell for cell in _object(caplint, *words)["cells"] if "error" in cell]
    assert [cell["kernel"] for cell in failed] == ["gone", "gone"]


def test_revisions_are_checked_without_being_checked_out(caplint: Caplint, words: list[str], apart: Path) -> None:
    first = commit(lay(apart / "qemu-1", {}))
    git(apart / "qemu-1", "tag", "v1")
    commit(lay(apart / "qemu-1", {QEMU_UAPI: OTHER}))
    git(apart / "qemu-1", "tag", "v2")
    found = _object(caplint, "--kernel", "linux-1", "--qemu", "qemu-1@v*")
    assert [entry["label"] for entry in found["vmms"]] == ["qemu-1@v1", "qemu-1@v2"]
    assert [cell["agrees"] for cell in found["cells"]] == [True, False]
    assert found["cells"][0]["vmm_revision"] == first


def test_the_configuration_names_a_fleet(caplint: Caplint, words: list[str], apart: Path) -> None:
    trusted(apart, '[matrix]\nkernels = ["linux-*"]\nvmms = ["qemu-1", "qemu-2"]\n')
    assert caplint("matrix", "--fail-on", "error").out == TABLE
    run = caplint("matrix", "--tree", "mine=vmm:qemu-2", "--fail-on", "error")
    assert run.out.splitlines()[:4] == [
        "errors/warnings/notes  alone        mine",
        "alone                               clean 0/0/0",
        "linux-1                clean 0/0/0  differs 1/0/0",
        "linux-2                clean 0/0/0  agrees 0/0/0",
    ]


def test_other_trees_of_the_configuration_are_no_part_of_a_pair(
    caplint: Caplint, words: list[str], apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted(apart, '[trees.more]\npath = "gone"\nrole = "manager"\n')
    monkeypatch.setenv("CAPLINT_LIBVIRT", "gone")
    assert caplint("matrix", *words).out == TABLE


def test_known_findings_are_left_out(caplint: Caplint, words: list[str]) -> None:
    caplint("baseline", "write", "known", "--kernel", "linux-1", "--qemu", "qemu-2")
    found = _object(caplint, *words, "--baseline", "known")["cells"]
    assert [cell["agrees"] for cell in found] == [True, True, True, True]
    assert found[1]["baseline"] == {"left_out": 1}


def test_findings_known_upstream_are_left_out(caplint: Caplint, words: list[str], apart: Path) -> None:
    finding = _object(caplint, *words)["cells"][1]["findings"][0]
    entry = {key: finding[key] for key in ("code", "severity", "subject")}
    entry |= {"tree": "qemu", "path": QEMU_UAPI, "state": "deliberate", "reason": "so it is"}
    known = {"version": 1, "findings": [{**entry, "fingerprints": [finding["fingerprint"]]}]}
    lay(apart, {"known.json": json.dumps(known)})
    trusted(apart, 'known = ["known.json"]\n')
    cells = _object(caplint, *words)["cells"]
    assert [(cell["agrees"], cell["known_upstream"]) for cell in cells] == [
        (True, 0), (True, 1), (True, 1), (True, 0),
    ]  # fmt: skip


def test_too_little_covered_is_said(caplint: Caplint, words: list[str], apart: Path) -> None:
    lay(apart, {"caplint.toml": "[coverage]\nfloor = 100\n", "linux-1/arch/x86/kvm/a.c": "int KVM_CAP_HLT( = {{{;;;\n"})
    run = caplint("matrix", "--kernel", "linux-1", "--qemu", "qemu-1", "--fail-on", "error")
    assert run.status == 3
    assert "coverage is below coverage.floor" in run.out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--kernel", "linux-1"], "no vmm given"),
        (["--qemu", "qemu-1"], "no kernel given"),
        (["--kernel", "l*x-9", "--qemu", "qemu-1"], "no directory matches"),
        (
            ["--kernel", "linux-1", "--qemu", "qemu-1", "--tree", "qemu-1=vmm:qemu-2"],
            "--tree qemu-1=…: another tree has this name",
        ),
        (["--kernel", "linux-1", "--qemu", "qemu-1", "--select", "CAP000"], "CAP000"),
        (["--kernel", "linux-1", "--qemu", "qemu-1", "--jobs", "0"], "must be at least 1"),
        (["--kernel", "linux-1", "--qemu", "qemu-1", "--baseline", "gone"], "gone"),
    ],
)
def test_wrong_use_is_one_line(caplint: Caplint, words: list[str], more: list[str], said: str) -> None:
    run = caplint("matrix", *more)
    assert run.status == 2
    assert run.out == ""
    assert said in run.err
    assert run.err.count("\n") == 1


def test_a_table_stays_within_a_hundred_columns(caplint: Caplint, words: list[str], apart: Path) -> None:
    names = [f"a-vmm-of-a-long-name-{number:02}" for number in range(5)]
    for name in names:
        lay(apart / name, {QEMU_UAPI: HEADER, "accel/kvm/kvm-all.c": ""})
    age(apart)
    run = caplint("matrix", "--kernel", "linux-2", "--qemu", *names, "--fail-on", "error")
    assert max(map(len, run.out.splitlines())) <= 100
    assert all(name in run.out for name in names)
    assert run.out.count("errors/warnings/notes") == 2
    assert "error CAP101 KVM_CAP_NR_VCPUS: every pair\n" in run.out


def test_names_of_trees_are_shown_not_obeyed(caplint: Caplint, words: list[str], apart: Path) -> None:
    (apart / "linux-2").rename(apart / "\x1b[31mred")
    run = caplint("matrix", "--kernel", "linux-1", "\x1b[31mred", "\x1b]0;gone\x07", "--qemu", "qemu-1")
    assert "\x1b" not in run.out
    assert r"\x1b[31mred" in run.out
