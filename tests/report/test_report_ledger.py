"""The coverage ledger for a terminal and as data, from a ledger made by hand."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from caplint.c.tables import Repairs
from caplint.coverage.causes import Spot, causes
from caplint.coverage.ledger import FamilyCoverage, KindCoverage, Ledger, UnexpandedUse, UnknownLayout, Unnumbered
from caplint.coverage.pasted_names import Pasted
from caplint.coverage.proposals import Proposals
from caplint.coverage.summary import Coverage, TreeCoverage, Unaccounted
from caplint.report.ledger import LedgerReport, as_object, lines, write_json, write_text
from caplint.report.style import Style

TREE = TreeCoverage("linux", 3, 1000, 5, 0, 0, 0, 7, 0)
KIND = KindCoverage("linux", "c", 2, 900, 5, 0, 0, 0)
EMPTY = Ledger(Coverage([TREE], [], [], {}), [KIND], [], [], [], [], [], [])


def _lines(ledger: Ledger) -> list[str]:
    return list(lines(ledger, Style()))


def _spot(start: int = 0, stop: int = 10, line: int = 1, path: str = "a.c", token: str | None = None) -> Spot:
    return Spot("linux", path, line, start, stop, "no C", token)


def _blind(*spots: Spot, blind: int = 10) -> Ledger:
    tree = TREE._replace(blind_files=1, blind_bytes=blind)
    return replace(EMPTY, coverage=Coverage([tree], [], [], {}), spots=list(spots), causes=causes(spots))


def test_everything_understood() -> None:
    found = _lines(EMPTY)
    assert found[:3] == [
        "3 files, 1,000 bytes, 5 functions read", "7 capability, ioctl and MSR names, all accounted for", "",
    ]  # fmt: skip
    assert found[3].split() == ["tree", "kind", "of", "file", "files", "bytes", "functions", "damaged", "blind",
                                "spots", "blind", "bytes"]  # fmt: skip
    assert found[4].split() == ["linux", "c", "2", "900", "5", "0", "0", "0"]
    assert not any("understood" in line for line in found)


def test_several_kinds_of_files_have_a_sum() -> None:
    found = _lines(replace(EMPTY, kinds=[KIND, KIND._replace(kind="rst", files=40), KIND._replace(tree="other")]))
    assert [line.split() for line in found[4:7]] == [
        ["linux", "c", "2", "900", "5", "0", "0", "0"], ["rst", "40", "900", "5", "0", "0", "0"],
        ["all", "42", "1,800", "10", "0", "0", "0"],
    ]  # fmt: skip


def test_a_tree_without_files() -> None:
    assert _lines(replace(EMPTY, kinds=[]))[4].split() == ["linux", "all", *"000000"]


def test_a_share_is_rounded_down() -> None:
    ledger = _blind(_spot(), blind=1)
    tree = ledger.coverage.trees[0]._replace(bytes=10**9)
    found = _lines(replace(ledger, coverage=Coverage([tree], [], [], {})))
    assert "99.9999 % of the bytes understood" in found


def test_families_of_names() -> None:
    kinds = {f"kind {number}": 1000 * number for number in range(1, 20)}
    found = _lines(replace(EMPTY, families=[FamilyCoverage("MSR", 12345, 12344, 1, kinds)]))
    begin = next(index for index, line in enumerate(found) if line.startswith("MSR"))
    assert found[begin].startswith("MSR           12,345     12,344            1  1,000 kind 1, 2,000 kind 2")
    assert all(len(line) <= 100 and "\N{NO-BREAK SPACE}" not in line for line in found[begin:])
    assert "19,000 kind 19" in found[-1]


def test_names_that_macros_paste() -> None:
    one = Pasted("linux", "a.c", 3, 1, "INFO", "KVM_CAP_A", ("m\x1b.h", 9))
    coverage = replace(EMPTY.coverage, pasted=[one, one._replace(line=4), one._replace(macro="LOST", defined=None)])
    found = _lines(replace(EMPTY, coverage=coverage))
    begin = found.index("names that a macro pastes together, which text search misses")
    assert found[begin + 1 :] == [
        "       2  INFO(), first in linux:a.c:3", "          defined in linux:m\\x1b.h:9",
        "       1  LOST(), first in linux:a.c:3", "          no definition in the files that were read",
    ]  # fmt: skip


def test_macros_that_are_not_expanded_are_cut() -> None:
    uses = [UnexpandedUse("linux", None if number == 1 else f"M{number}", "why", number, "a.c", 1) for number in
            range(1, 13)]  # fmt: skip
    found = _lines(replace(EMPTY, unexpanded=uses))
    assert "macros outside expressions that are not expanded (78 uses; the JSON has all)" in found
    assert "       1  an expansion, first in linux:a.c:1" in found
    assert any("M10," in line for line in found)
    assert not any("M11," in line for line in found)


def test_layouts_that_are_not_known_are_cut() -> None:
    layouts = [UnknownLayout("linux", "k.h", number, f"s{number}\x1b", "why", ["a", "b"]) for number in range(42)]
    found = _lines(replace(EMPTY, layouts=layouts))
    assert "  linux:k.h:0: s0\\x1b (a, b): why" in found
    assert found[-1] == "    … and 2 more; --output-format json lists all"


def test_names_without_a_number() -> None:
    entry = Unnumbered("linux", "a.c", 1, 1, "MSR_A")
    entries = [entry, entry._replace(line=2), entry._replace(line=3), entry._replace(name="MSR_B")]
    found = _lines(replace(EMPTY, unnumbered=entries))
    assert found[-2:] == ["  MSR_A: linux:a.c:1 and 2 more places", "  MSR_B: linux:a.c:1"]


def test_causes_and_spots() -> None:
    found = _lines(_blind(_spot(), _spot(20, 50, 7), _spot(0, 5, 2, "b\x1b.c", "__ours")))
    begin = next(index for index, line in enumerate(found) if "worst causes" in line)
    assert [line.split() for line in found[begin + 1 : begin + 5]] == [
        ["40", "2", "1", "no", "C"], ["linux:a.c:1"], ["5", "1", "1", "__ours:", "no", "C"], ["linux:b\\x1b.c:2"],
    ]  # fmt: skip
    assert found[begin + 5].strip() == "caplint coverage --propose searches for words that repair them"
    assert found[-2:] == ["      40  linux:a.c:1, 7: no C", "       5  linux:b\\x1b.c:2: no C"]


def test_many_spots_of_one_file_are_cut() -> None:
    found = _lines(_blind(*(_spot(number, number + 1, number) for number in range(1, 9))))
    assert found[-1] == "       8  linux:a.c:1, 2, 3, 4, 5 and 3 more lines: no C"
    assert not any("--propose" in line for line in found)
    many = _lines(_blind(*(_spot(path=f"{number}.c") for number in range(42))))
    assert many[-1] == "          … and 2 more; --output-format json lists all"


def test_names_that_nothing_explains() -> None:
    coverage = replace(EMPTY.coverage, unaccounted=[Unaccounted("linux", "a.c", 3, 9, "KVM_CAP_\x1b")])
    assert _lines(replace(EMPTY, coverage=coverage))[-2:] == ["unexplained names", "  linux:a.c:3:9: KVM_CAP_\\x1b"]


def test_data_lists_the_largest_spots_first() -> None:
    pasted = [Pasted("linux", "a.c", 3, 1, "INFO", "KVM_CAP_A", ("m.h", 9)),
              Pasted("linux", "a.c", 3, 1, "LOST", None, None)]  # fmt: skip
    ledger = _blind(_spot(0, 5), _spot(10, 30, 2, token="__ours"))
    found = as_object(replace(ledger, coverage=replace(ledger.coverage, pasted=pasted)))
    assert [(spot["bytes"], spot["token"]) for spot in found["blind"]] == [(20, "__ours"), (5, None)]
    assert found["causes"][0]["example"] == {"tree": "linux", "path": "a.c", "line": 2}
    assert [entry["defined"] for entry in found["pasted"]] == [{"tree": "linux", "path": "m.h", "line": 9}, None]
    assert found["percent"] == pytest.approx(99.0)


def _written(report: LedgerReport) -> tuple[str, dict[str, object]]:
    text, data = io.StringIO(), io.StringIO()
    write_text(report, text, Style())
    write_json(report, data, Style())
    return text.getvalue(), json.loads(data.getvalue())


def test_proposals_take_the_place_of_the_text_only() -> None:
    text, data = _written(LedgerReport(EMPTY, None, Repairs()))
    assert text.startswith("3 files")
    assert "proposals" not in data
    text, data = _written(LedgerReport(EMPTY, Proposals([], [], 0), Repairs()))
    assert text == "# Nothing to propose: all C was understood.\n"
    assert data["proposals"] == {"entries": [], "remaining_spots": 0, "remaining_bytes": 0, "untried_files": 0}
    assert data["version"] == 1
