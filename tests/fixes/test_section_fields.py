"""Fields that a section of api.rst lacks: put among the others in their order, if the code tells all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, Rows, Tables, bench, edited, finding

from caplint.fixes.section_fields import propose

CAP, TITLE = "KVM_CAP_A", "7.1 KVM_CAP_A"
HEAD = [TITLE, "-" * len(TITLE), ""]
ALL = (":Architectures:", ":Parameters:", ":Type:")


def _tables(sections: Rows | None = None, hands_on: int = 0) -> Tables:
    return {
        "doc_cap(tree, path, cap, title, line, heading, pattern)": (
            [("kernel", API, CAP, TITLE, 1, 1, 0)] if sections is None else [("kernel", API, *row) for row in sections]
        ),
        "cap_enable(tree, cap, arch, scope, hands_on)": [("kernel", CAP, "x86", "vm", hands_on)],
        "handler(tree, verb, arch, understood)": [],
        "cap_argument(tree, cap, position, mask)": [],
    }


def _mended(
    root: Path, lines: list[str], parts: tuple[str, ...] = ALL, tables: Tables | None = None, head: list[str] = HEAD
) -> list[str] | None:
    """The lines below the title."""
    text = "".join(f"{line}\n" for line in [*head, *lines])
    after = edited(propose, finding(1, CAP, parts=parts), bench(root, {API: text}, tables or _tables()))
    return None if after is None else after.splitlines()[len(head) :]


ARCHS, TYPE, PARAMETERS = ":Architectures: x86", ":Type: vm", ":Parameters: none"


@pytest.mark.parametrize(
    ("lines", "parts", "expected"),
    [
        (["It rings."], ALL, [ARCHS, TYPE, PARAMETERS, "", "It rings."]),
        ([":Returns: 0", "", "It rings."], ALL, [ARCHS, TYPE, PARAMETERS, ":Returns: 0", "", "It rings."]),
        ([ARCHS, ":Returns: 0", "", "It rings."], (":Type:",), [ARCHS, TYPE, ":Returns: 0", "", "It rings."]),
        ([TYPE, PARAMETERS, "", "x"], (":Architectures:",), [ARCHS, TYPE, PARAMETERS, "", "x"]),
        ([":Capability: basic", TYPE, "", "x"], (":Architectures:",), [":Capability: basic", ARCHS, TYPE, "", "x"]),
        # A field of several lines is not cut.
        ([":Architectures: x86,", "  arm64", ":Returns: 0", "", "x"], (":Type:",),
         [":Architectures: x86,", "  arm64", TYPE, ":Returns: 0", "", "x"]),
        ([":Own field: x", "", "x"], (":Type:",), [TYPE, ":Own field: x", "", "x"]),
        # Text follows the fields at once, or there is no end.
        ([ARCHS, "It rings."], (":Type:",), None),
        ([":Returns: 0"] * 40, (":Type:",), None),
        ([], ALL, [ARCHS, TYPE, PARAMETERS, ""]),
    ],
)  # fmt: skip
def test_fields_are_put_in_order(
    tmp_path: Path, lines: list[str], parts: tuple[str, ...], expected: list[str] | None
) -> None:
    assert _mended(tmp_path, lines, parts) == expected


@pytest.mark.parametrize(
    "head", [[TITLE, ""], [TITLE, "---"], [TITLE, "--=--", ""], [TITLE, "text", ""], [TITLE, "-" * 13, "text"]]
)
def test_a_title_without_an_underline_and_an_empty_line(tmp_path: Path, head: list[str]) -> None:
    assert _mended(tmp_path, [":Returns: 0", "", "x"], (":Type:",), head=head) is None


@pytest.mark.parametrize(
    "sections",
    [
        [],
        [(CAP, TITLE, 1, 1, 0), (CAP, "7.2 KVM_CAP_A", 9, 1, 0)],  # two sections
        [(CAP, TITLE, 1, 1, 0), ("KVM_CAP_B", TITLE, 1, 1, 0)],  # of two capabilities
        [("KVM_CAP_B", TITLE, 1, 1, 0)],
        [(CAP, TITLE, 1, 0, 0)],  # only mentioned
        [(CAP, TITLE, 1, 1, 1)],  # a name that stands for many
    ],
)
def test_the_section_is_the_capabilitys_own(tmp_path: Path, sections: Rows) -> None:
    assert _mended(tmp_path, ["x"], tables=_tables(sections)) is None


def test_all_that_lack_are_told_or_none(tmp_path: Path) -> None:
    """What a case does with its arguments where it hands them on is not told; nor is what is returned."""
    handed = _tables(hands_on=1)
    assert _mended(tmp_path / "a", ["x"], tables=handed) is None
    assert _mended(tmp_path / "b", ["x"], (":Type:",), tables=handed) == [TYPE, "", "x"]
    assert _mended(tmp_path / "c", ["x"], (":Returns:",)) is None
    assert _mended(tmp_path / "d", ["x"], ()) is None
