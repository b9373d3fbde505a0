"""Refusal of unknown bits of an argument: which bits are known, and cases in which only people know them."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Rows, bench, edited, finding

from caplint.fixes.request_arguments import propose

FILE = "virt/kvm/a.c"
ARGUMENTS = "cap_argument(tree, path, function, cap, line, first_line, position, arch, scope, use, validated)"
BASE = "base_cap_argument(tree, cap, arch, scope, position, use, validated, mask)"
MASKS = "cap_mask(tree, cap, arch, verb, value, text)"
HEAD = "static int f(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n\tswitch (cap->cap) {\n"
END = "\tdefault:\n\t\treturn -EINVAL;\n\t}\n}\n"
A, B = "\tcase KVM_CAP_A:\n", "\tcase KVM_CAP_B:\n"
STORED = "\t\tkvm->a = cap->args[0];\n\t\treturn 0;\n"


def _argument(
    cap: str, line: int = 4, position: int = 0, use: str = "stored", validated: int = 0
) -> tuple[object, ...]:
    return cap, line, 4, position, "x86", "vm", use, validated


def _mended(
    root: Path,
    cases: str = A + STORED,
    *,
    arguments: Rows | None = None,
    before: Rows = [],  # noqa: B006
    masks: Rows = [],  # noqa: B006
    patched: int = 1,
    message: str = "args[0] is not tested",
) -> str | None:
    """The cases after the fix of the first one."""
    own: Rows = [_argument("KVM_CAP_A")] if arguments is None else arguments
    tables = {
        ARGUMENTS: [("kernel", FILE, "f", *row) for row in own],
        BASE: [("kernel", *row) for row in before],
        MASKS: [("kernel", *row) for row in masks],
        "tree(name, patched)": [("kernel", patched)],
    }
    made = bench(root, {FILE: HEAD + cases + END}, tables)
    after = edited(propose, finding(4, path=FILE, message=message), made)
    return None if after is None else after.removeprefix(HEAD).removesuffix(END)


def _former(mask: str | None, validated: int = 1, use: str = "stored", position: int = 0) -> tuple[object, ...]:
    return "KVM_CAP_A", "x86", "vm", position, use, validated, mask


def _answer(
    text: str, cap: str = "KVM_CAP_A", arch: str = "x86", verb: str = "check", value: int = 3
) -> tuple[object, ...]:
    return cap, arch, verb, value, text


def _test(mask: str, label: str = A, position: int = 0) -> str:
    return f"{label}\t\tif (cap->args[{position}] & ~{mask})\n\t\t\treturn -EINVAL;\n"


@pytest.mark.parametrize(
    ("mask", "known"),
    [
        ("KVM_BELL_VALID_MASK", "KVM_BELL_VALID_MASK"),
        ("KVM_BELL_ONE | KVM_BELL_TWO", "(KVM_BELL_ONE | KVM_BELL_TWO)"),
        ("KVM_BELL_ONE | KVM_BELL_TWO | 0", "(KVM_BELL_ONE | KVM_BELL_TWO)"),
        ("kvm_caps.supported_bells", "kvm_caps.supported_bells"),
        # Not what the whole file can name, or no set of bits
        ("KVM_BELL_MAX", None), ("valid", None), ("7", None), ("BIT(3)", None), ("KVM_ONE | 4", None), (None, None),
        ("~KVM_BELL_MASK", None),
    ],
)  # fmt: skip
def test_the_bits_that_were_tested_before(tmp_path: Path, mask: str | None, known: str | None) -> None:
    found = _mended(tmp_path, before=[_former(mask)])
    assert found == (known and _test(known) + STORED)


def test_the_bits_that_the_check_answers(tmp_path: Path) -> None:
    assert _mended(tmp_path / "a", masks=[_answer("KVM_BELL_MASK")]) == _test("KVM_BELL_MASK") + STORED
    others: Rows = [_answer("KVM_BELL_MASK", "KVM_CAP_Z"), _answer("KVM_BELL_MASK", arch="arm64")]
    others += [_answer("KVM_BELL_MASK", verb="enable"), _answer("KVM_BELL_MASK", value=0)]
    assert _mended(tmp_path / "b", masks=others) is None
    assert _mended(tmp_path / "c", masks=[_answer("KVM_BELL_MASK"), _answer("KVM_BELL_FLAGS")]) is None


def test_the_answer_is_about_the_first_argument_and_its_own_value(tmp_path: Path) -> None:
    masks: Rows = [_answer("KVM_BELL_MASK")]
    second = [_argument("KVM_CAP_A", position=1)]
    assert _mended(tmp_path / "a", arguments=second, masks=masks) is None
    assert _mended(tmp_path / "b", arguments=[_argument("KVM_CAP_A", use="passed")], masks=masks) is None


def test_an_argument_that_is_handed_on_has_the_bits_that_were_tested_there(tmp_path: Path) -> None:
    passed: Rows = [_argument("KVM_CAP_A", use="passed")]
    mask = "KVM_BELL_MASK"
    assert _mended(tmp_path / "a", arguments=passed, before=[_former(mask, use="passed")]) is not None
    assert _mended(tmp_path / "b", arguments=passed, before=[_former(mask)]) is None
    assert _mended(tmp_path / "c", before=[_former(mask, use="tested")]) is not None


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ("\t\tif (cap->args[0] & ONE)\n\t\t\tkvm->a = 1;\n\t\tif (cap->args[0] & TWO)\n\t\t\tkvm->b = 1;\n",
         "(ONE | TWO)"),
        ("\t\tkvm->a = !!(cap->args[0] & ONE);\n\t\tkvm->b = !!(cap->args[0] & ONE);\n", "ONE"),
        # It does something else with the value, or with a bit that has no name.
        ("\t\tif (cap->args[0] & ONE)\n\t\t\tkvm->a = cap->args[0];\n", None),
        ("\t\tif (cap->args[0] & 4)\n\t\t\tkvm->a = 1;\n", None),
        ("\t\tif (cap->args[0] & ONE && x)\n\t\t\tkvm->a = 1;\n", None),
        ("\t\tif (cap->args[1] & ONE)\n\t\t\tkvm->a = 1;\n", None),
    ],
)  # fmt: skip
def test_the_bits_that_the_case_takes_apart(tmp_path: Path, body: str, known: str | None) -> None:
    body += "\t\treturn 0;\n"
    found = _mended(tmp_path / "a", A + body, arguments=[_argument("KVM_CAP_A", use="tested")])
    assert found == (known and _test(known) + body)
    assert _mended(tmp_path / "b", A + body) is None, "a value that is stored is not taken apart"


def test_labels_that_share_a_case_have_the_same_bits(tmp_path: Path) -> None:
    both: Rows = [_argument("KVM_CAP_A"), _argument("KVM_CAP_B", 5)]
    same: Rows = [_answer("KVM_BELL_MASK"), _answer("KVM_BELL_MASK", "KVM_CAP_B")]
    assert _mended(tmp_path / "a", A + B + STORED, arguments=both, masks=same) == A + _test("KVM_BELL_MASK", B) + STORED
    assert _mended(tmp_path / "b", A + B + STORED, arguments=both, masks=same[:1]) is None


def test_of_several_arguments_the_message_tells_which(tmp_path: Path) -> None:
    two: Rows = [_argument("KVM_CAP_A"), _argument("KVM_CAP_A", position=1)]
    former: Rows = [_former("KVM_BELL_MASK", position=1)]
    assert _mended(tmp_path / "a", arguments=two, before=former, message="args[1] is stored") == (
        _test("KVM_BELL_MASK", position=1) + STORED
    )
    assert _mended(tmp_path / "b", arguments=two, before=former, message="something is stored") is None


def test_what_a_released_kernel_accepts_stays(tmp_path: Path) -> None:
    masks: Rows = [_answer("KVM_BELL_MASK")]
    for name, validated in (("a", 0), ("b", None)):
        before: Rows = [("KVM_CAP_A", "x86", "vm", 0, "stored", validated, None)]
        assert _mended(tmp_path / name, before=before, masks=masks) is None
    assert _mended(tmp_path / "c", masks=masks, patched=0) is None
    assert _mended(tmp_path / "d", arguments=[_argument("KVM_CAP_A", validated=1)], masks=masks) is None


def test_a_case_in_another_form_is_left(tmp_path: Path) -> None:
    assert _mended(tmp_path, "\tcase (KVM_CAP_A):\n" + STORED, masks=[_answer("KVM_BELL_MASK")]) is None
