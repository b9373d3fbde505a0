"""Misspelt capabilities of the documentation: which name is certainly meant, and where it is put."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from bench import API, Rows, bench, edited, finding

from caplint.fixes.defined_name import propose

CAP, BASE = "cap(tree, name, number, header, alias)", "base_cap(tree, name, number, header)"
DEFINED = ["KVM_CAP_SPLIT_IRQCHIP", "KVM_CAP_DIRTY_LOG_RING", "KVM_CAP_PMU", "KVM_CAP_DISABLE_QUIRKS2"]


def _mended(
    root: Path,
    wrong: str,
    text: str | None = None,
    defined: list[str] = DEFINED,
    before: Rows = [],  # noqa: B006
) -> str | None:
    caps: Rows = [("kernel", name, number, "uapi", None) for number, name in enumerate(defined)]
    made = bench(root, {API: f"See {wrong}.\n" if text is None else text}, {CAP: caps, BASE: before})
    return edited(propose, finding(1, wrong), made)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("KVM_CAP_IRQCHIP_SPLIT", "KVM_CAP_SPLIT_IRQCHIP"),
        ("KVM_CAP_SPLITIRQ_CHIP", "KVM_CAP_SPLIT_IRQCHIP"),
        ("KVM_CAP_SPLIT_IRQCHIPS", "KVM_CAP_SPLIT_IRQCHIP"),
        ("KVM_CAP_SPLIT_IRCHIP", "KVM_CAP_SPLIT_IRQCHIP"),
        ("KVM_CAP_SPLUT_IRQCHUP", "KVM_CAP_SPLIT_IRQCHIP"),
        ("KVM_CAP_DIRTY_LOGG_RINGS", "KVM_CAP_DIRTY_LOG_RING"),
        # Three letters, another digit, a short name, or no capability
        ("KVM_CAP_SPLUT_IRQCHUPS", None),
        ("KVM_CAP_DISABLE_QUIRKS", None),
        ("KVM_CAP_DISABLE_QUIRKS3", None),
        ("KVM_CAP_PMO", None),
        ("KVM_CAP_SOMETHING_ELSE", None),
        ("KVM_SPLIT_IRQCHIPS", None),
        (f"KVM_CAP_{'A' * 5_000}", None),
    ],
)
def test_what_is_certainly_meant(tmp_path: Path, wrong: str, meant: str | None) -> None:
    assert _mended(tmp_path, wrong) == (meant and f"See {meant}.\n")


def test_two_names_that_are_as_near(tmp_path: Path) -> None:
    defined = ["KVM_CAP_DIRTY_LOG_RING", "KVM_CAP_DIRTY_LOG_RINK"]
    assert _mended(tmp_path / "a", "KVM_CAP_DIRTY_LOG_RINT", defined=defined) is None
    assert _mended(tmp_path / "b", "KVM_CAP_DIRTY_LOG_RINT", defined=defined[:1]) is not None


@pytest.mark.parametrize(("name", "near"), [("KVM_CAP_BELLRING", True), ("KVM_CAP_BELLSET", False)])
def test_a_short_name_may_be_another_word(tmp_path: Path, name: str, near: bool) -> None:
    assert (_mended(tmp_path, name.replace("BELL", "BALL"), defined=[name]) is not None) is near


def test_a_patch_that_renames_it_says_what_is_meant(tmp_path: Path) -> None:
    before: Rows = [("kernel", "KVM_CAP_OLD", 2, "uapi")]
    assert _mended(tmp_path / "a", "KVM_CAP_OLD", before=before) == "See KVM_CAP_PMU.\n"
    kept: Rows = [*before, ("kernel", "KVM_CAP_PMU", 2, "uapi")]  # its number had two names
    assert _mended(tmp_path / "b", "KVM_CAP_OLD", before=kept) is None
    other: Rows = [("kernel", "KVM_CAP_OLD", 2, "other"), ("linux", "KVM_CAP_OLD", 2, "uapi")]
    assert _mended(tmp_path / "c", "KVM_CAP_OLD", before=other) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KVM_CAP_PMUS, (KVM_CAP_PMUS)\nnone\nKVM_CAP_PMUS\n", "KVM_CAP_PMU, (KVM_CAP_PMU)\nnone\nKVM_CAP_PMU\n"),
        ("KVM_CAP_PMUS_2 and KVM_CAP_PMUS.\n", "KVM_CAP_PMUS_2 and KVM_CAP_PMU.\n"),
        ("7.1 KVM_CAP_PMUS\n----------------\n", "7.1 KVM_CAP_PMU\n---------------\n"),
        ("KVM_CAP_\n  PMUS\n", None),
        ("KVM_CAP_PMUS\n" * 50, "KVM_CAP_PMU\n" * 50),
        ("KVM_CAP_PMUS\n" * 51, None),
        ("KVM_CAP_PMUS", None),
    ],
)
def test_all_places_of_the_file(tmp_path: Path, text: str, expected: str | None) -> None:
    before: Rows = [("kernel", "KVM_CAP_PMUS", 2, "uapi")]
    assert _mended(tmp_path, "KVM_CAP_PMUS", text, before=before) == expected


def test_many_findings_and_names_take_little_time(tmp_path: Path) -> None:
    defined = [f"KVM_CAP_{'A' * 80}_{number}" for number in range(2_000)]
    caps: Rows = [("kernel", name, number, "uapi", None) for number, name in enumerate(defined)]
    made = bench(tmp_path, {API: "text\n"}, {CAP: caps, BASE: []})
    begun = time.process_time()
    assert list(propose([finding(1, f"KVM_CAP_{'B' * 80}_{number}") for number in range(1_000)], made)) == []
    assert time.process_time() - begun < 5
