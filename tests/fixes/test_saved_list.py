"""Register that a patch serves from KVM's own state: put into the list that had it, or that of emulated registers."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Rows, bench, edited, finding

from caplint.findings.finding import Finding
from caplint.fixes.saved_list import propose

FILE = "arch/x86/kvm/x86.c"
MSR = "MSR_BELL"
LIST = "static const u32 emulated_msrs_all[] = {\n\tMSR_ONE, MSR_TWO,\n\tMSR_THREE,\n};\n"
SAVED = "msr_saved(tree, path, list, line, condition, number, feature, by_vendor)"
GET = "msr_get(tree, path, msr, line, number, last, value_kind, condition)"
LAST: Rows = [(FILE, "emulated_msrs_all", 3, "1", 3, 0, 1)]


def _mended(
    root: Path,
    text: str = LIST,
    *,
    saved: Rows = LAST,
    former: Rows = [],  # noqa: B006
    get: tuple[str, str] = ("state", "1"),
    written: tuple[str, ...] = ("state",),
    facts: tuple[str, ...] = (),
    base: Rows = [],  # noqa: B006
    patched: int = 1,
    severity: str = "warning",
) -> str | None:
    kind, condition = get
    tables: dict[str, Rows] = {
        "base_msr_saved(tree, list, number, feature)": [("kernel", *row) for row in former],
        "tree(name, patched)": [("kernel", patched)],
        SAVED: [("kernel", *row) for row in saved],
        GET: [("kernel", FILE, MSR, 9, 0x1234, 0x1234, kind, condition)],
        "msr_set(tree, number, value_kind)": [("kernel", 0x1234, own) for own in written],
        "msr_fact(msr)": [(fact,) for fact in facts],
        "base_msr_get(tree, number, last)": [("kernel", *row) for row in base],
    }
    found: Finding = finding(9, MSR, FILE, severity=severity)
    return edited(propose, found, bench(root, {FILE: text}, tables))


AFTER = LIST.replace("\tMSR_THREE,\n", f"\tMSR_THREE,\n\t{MSR},\n")


def test_a_new_register_is_an_emulated_one(tmp_path: Path) -> None:
    assert _mended(tmp_path) == AFTER


@pytest.mark.parametrize(
    "changes",
    [
        {"get": ("other", "1")},  # its value is elsewhere
        {"written": ()},
        {"written": ("constant",)},
        {"facts": (MSR,)},  # saved by other means
        {"base": [(0x1234, 0x1234)]},  # served before the patch: people have left it out
        {"base": [(0x1000, 0x2000)]},
        {"patched": 0},
        {"severity": "note"},
        {"saved": [(FILE, "msr_based_features_all", 3, "1", 3, 1, 1)]},
        {"saved": [(FILE, "msrs_to_save_base", 3, "1", 3, 0, 0)]},  # of what the processor has
        {"saved": [*LAST, (FILE, "other_list", 3, "1", 3, 0, 1)]},
        {"saved": []},
    ],
    ids=str,
)
def test_a_register_that_people_have_to_decide_about(tmp_path: Path, changes: dict[str, object]) -> None:
    assert _mended(tmp_path, **changes) is None  # type: ignore[arg-type]


def test_a_register_that_a_patch_takes_out_goes_back(tmp_path: Path) -> None:
    """Into the list that had it, whichever that is, and whatever the finding is."""
    saved: Rows = [*LAST, (FILE, "msrs_to_save_base", 3, "1", 3, 0, 0)]
    former: Rows = [("msrs_to_save_base", 0x1234, 0)]
    served: Rows = [(0x1234, 0x1234)]
    text = LIST.replace("emulated_msrs_all", "msrs_to_save_base")
    back = AFTER.replace("emulated_msrs_all", "msrs_to_save_base")
    assert _mended(tmp_path / "a", text, saved=saved, former=former, base=served, severity="note") == back
    features: Rows = [("msr_based_features_all", 0x1234, 1)]
    assert _mended(tmp_path / "b", former=features, base=served) is None
    twice: Rows = [*former, ("emulated_msrs_all", 0x1234, 0)]
    assert _mended(tmp_path / "c", saved=saved, former=twice, base=served) is None


@pytest.mark.parametrize(
    ("saved", "served", "mended"),
    [("1", "1", True), ("defined(A)", "defined(A)", True), ("1", "defined(A)", False), ("defined(A)", "1", False)],
)
def test_the_conditions_are_the_same(tmp_path: Path, saved: str, served: str, mended: bool) -> None:
    rows: Rows = [(FILE, "emulated_msrs_all", 3, saved, 3, 0, 1)]
    assert (_mended(tmp_path, saved=rows, get=("state", served)) is not None) is mended


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (LIST.replace("\tMSR_THREE,", "\tMSR_TWO, MSR_THREE,"), True),
        (LIST.replace("MSR_THREE,", "MSR_THREE"), False),
        (LIST.replace("MSR_THREE,", "MSR_THREE, /* why */"), False),
        (LIST.replace("MSR_THREE,\n", "MSR_THREE,\n\n"), False),
        (LIST.replace("MSR_THREE,\n", "MSR_THREE,\n#endif\n"), False),
        (LIST.replace("\tMSR_THREE,", "\t{ MSR_THREE, 1 },"), False),
        (LIST.replace("\tMSR_THREE,", "\tBELL(3),"), False),
    ],
)
def test_the_end_of_a_list(tmp_path: Path, text: str, mended: bool) -> None:
    assert (_mended(tmp_path, text) is not None) is mended


def test_a_vmm_is_told_to_save_it(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {
        "base_msr_saved(tree, list, number, feature)": [], "tree(name, patched)": [("kernel", 1)],
        SAVED: [("kernel", *LAST[0])], GET: [("kernel", FILE, MSR, 9, 9, 9, "state", "1")],
        "msr_set(tree, number, value_kind)": [("kernel", 9, "state")], "msr_fact(msr)": [],
        "base_msr_get(tree, number, last)": [],
    }  # fmt: skip
    ((_, fix),) = propose([finding(9, MSR, FILE)], bench(tmp_path, {FILE: LIST}, tables))
    assert (fix.brings, fix.title) == (("CAP306",), "list it in emulated_msrs_all")
