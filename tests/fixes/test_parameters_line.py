"""`:Parameters:` of api.rst: what the code accepts in each argument, for a "none" or behind what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, Rows, bench, edited, finding

from caplint.fixes.parameters_line import propose

CAP = "KVM_CAP_A"
ARGUMENTS = "cap_argument(tree, cap, position, mask)"
DOCS, FIELDS = "doc_cap(tree, path, cap, title, heading, api)", "api_field(tree, path, title, line, name)"
TITLE = "7.1 KVM_CAP_A"
FIELD: Rows = [("kernel", API, TITLE, 1, "parameter")]


def _mended(
    root: Path,
    line: str,
    parts: tuple[str, ...] = ("args[0]",),
    *,
    masks: dict[int, str | None] | None = None,
    below: str = ":Returns: 0",
    fields: Rows = FIELD,
) -> str | None:
    """The lines that stand for the field's."""
    own: dict[int, str | None] = {0: "KVM_A_ONE | KVM_A_TWO"} if masks is None else masks
    tables: dict[str, Rows] = {
        ARGUMENTS: [("kernel", CAP, position, mask) for position, mask in own.items()],
        DOCS: [("kernel", API, CAP, TITLE, 1, 1)],
        FIELDS: fields,
    }
    text = edited(propose, finding(1, CAP, parts=parts), bench(root, {API: f"{line}\n{below}\n"}, tables))
    return None if text is None else text.removesuffix(f"{below}\n").rstrip("\n")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (":Parameters: none", ":Parameters: args[0] is a set of the bits KVM_A_ONE, KVM_A_TWO"),
        (":Parameters: None.", ":Parameters: args[0] is a set of the bits KVM_A_ONE, KVM_A_TWO"),
        (":Parameter:   n/a", ":Parameter:   args[0] is a set of the bits KVM_A_ONE, KVM_A_TWO"),
        (":Parameters: args[1] is x", ":Parameters: args[1] is x; args[0] is a set of the bits KVM_A_ONE, KVM_A_TWO"),
        (":Parameters: args[1] is x.", ":Parameters: args[1] is x; args[0] is a set of the bits KVM_A_ONE, KVM_A_TWO"),
        # Too long for one line
        (":Parameters: args[1] is a long text",
         ":Parameters: args[1] is a long text;\n             args[0] is a set of the bits KVM_A_ONE, KVM_A_TWO"),
        # No field of one line with a text
        (":Parameters:", None), (":Returns: none", None), ("Parameters: none", None), ("  :Parameters: none", None),
    ],
)  # fmt: skip
def test_texts(tmp_path: Path, line: str, expected: str | None) -> None:
    assert _mended(tmp_path, line) == expected


@pytest.mark.parametrize(("below", "mended"), [("  more", False), ("\tmore", False), ("", True), (":Returns: 0", True)])
def test_a_field_of_several_lines_is_left(tmp_path: Path, below: str, mended: bool) -> None:
    assert (_mended(tmp_path, ":Parameters: none", below=below) is not None) is mended


def test_several_arguments_are_told_together_or_not_at_all(tmp_path: Path) -> None:
    both = ("args[0]", "args[2]")
    text = _mended(tmp_path / "a", ":Parameters: none", both, masks={0: "KVM_A", 2: "KVM_B"})
    assert text == ":Parameters: args[0] is a set of bits of KVM_A; args[2] is a set of bits of KVM_B"
    assert _mended(tmp_path / "b", ":Parameters: none", both, masks={0: "KVM_A", 2: None}) is None
    assert _mended(tmp_path / "c", ":Parameters: none", both, masks={0: "KVM_A"}) is None
    assert _mended(tmp_path / "d", ":Parameters: none", ()) is None


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [("kernel", API, TITLE, 1, "type")],
        [("kernel", API, "7.2 KVM_CAP_B", 1, "parameter")],
        [("kernel", API, TITLE, 1, "parameter"), ("kernel", API, TITLE, 2, "parameter")],
    ],
)
def test_the_section_has_one_such_field(tmp_path: Path, fields: Rows) -> None:
    assert _mended(tmp_path, ":Parameters: none", fields=fields) is None
