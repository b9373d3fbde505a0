"""Section of api.rst about a new capability: what the code tells of it, at the end of the chapter of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, Rows, Tables, bench, edited, finding

from caplint.findings.finding import Finding
from caplint.fixes.new_section import propose

CAP = "KVM_CAP_A"
LINES = [
    "7. Capabilities of a VM", "=======================", "", "7.1 KVM_CAP_OLD", "---------------", "", "Old.", "",
    "8. Others", "=========", "", "8.1 KVM_CAP_PLAIN", "-----------------", "", "Plain.",
]  # fmt: skip
VM: Rows = [("x86", "vm", 0, 1)]


def _tables(
    enables: Rows = [],  # noqa: B006
    *,
    arguments: Rows = [],  # noqa: B006
    answers: tuple[str, ...] = ("1",),
    masks: Rows = [],  # noqa: B006
    base: Rows = [],  # noqa: B006
    pending: tuple[str, ...] = (),
    caps: tuple[str, ...] = (CAP,),
    patched: int = 1,
    alias: str | None = None,
) -> Tables:
    each = [(cap, number) for number, cap in enumerate(caps, 100)]
    return {
        "cap(tree, name, header, alias, number)": [("kernel", cap, "uapi", alias, number) for cap, number in each],
        "tree(name, patched)": [("kernel", patched)],
        "base_cap(tree, name, number)": base,
        "pending_section(section)": [(section,) for section in pending],
        "cap_enable(tree, cap, arch, scope, hands_on, flags_checked)": [
            ("kernel", "KVM_CAP_OLD", "x86", "vm", 0, 1),
            *(("kernel", cap, *row) for cap in caps for row in enables),
        ],
        "cap_check(tree, cap, answer)": [("kernel", cap, answer) for cap in caps for answer in answers],
        "cap_mask(tree, cap, text, verb, value)": [("kernel", CAP, *row) for row in masks],
        "cap_answer(tree, cap, arch)": [("kernel", cap, "x86") for cap in caps],
        "handler(tree, verb, arch, understood)": [("kernel", "check", "x86", 1), ("kernel", "check", "s390", 1)],
        "cap_argument(tree, cap, position, mask)": [("kernel", CAP, *row) for row in arguments],
        "api_section(tree, path, line, number, chapter, ordinal)": [
            ("kernel", API, 1, "7", "", None), ("kernel", API, 4, "7.1", "7", 1), ("kernel", API, 9, "8", "", None),
            ("kernel", API, 12, "8.1", "8", 1),
        ],
        "doc_cap(tree, path, line, heading, api, pattern, cap)": [
            ("kernel", API, 4, 1, 1, 0, "KVM_CAP_OLD"), ("kernel", API, 12, 1, 1, 0, "KVM_CAP_PLAIN"),
        ],
    }  # fmt: skip


FOUND = finding(1, CAP)


def _added(root: Path, tables: Tables, found: Finding = FOUND) -> tuple[int, list[str]] | None:
    """How many lines stand above the section, and its lines with the empty one in front."""
    text = "".join(f"{line}\n" for line in LINES)
    after = edited(propose, found, bench(root, {API: text}, tables))
    if after is None:
        return None
    lines = after.splitlines()
    above = next(at for at, line in enumerate(lines) if at >= len(LINES) or line != LINES[at])
    count = len(lines) - len(LINES)
    at = next(at for at in range(above, -1, -1) if [*lines[:at], *lines[at + count :]] == LINES)
    # An empty line in front of the section, not behind it
    while at and lines[at - 1] == "" and lines[at + count - 1] == "":
        at -= 1
    return at, lines[at : at + count]


def test_a_section_of_what_a_vm_enables(tmp_path: Path) -> None:
    assert _added(tmp_path, _tables(VM)) == (7, [
        "", "7.2 KVM_CAP_A", "-------------", "",
        ":Architectures: x86", ":Type: vm", ":Parameters: none", ":Returns: 0 on success, -EINVAL if flags are set", "",
        "KVM_CHECK_EXTENSION returns 1 if the capability is available. KVM_ENABLE_CAP on",
        "the file descriptor of the VM enables the capability.",
    ])  # fmt: skip


def test_a_section_of_what_is_only_answered(tmp_path: Path) -> None:
    assert _added(tmp_path, _tables()) == (15, [
        "", "8.2 KVM_CAP_A", "-------------", "", ":Architectures: x86", "",
        "KVM_CHECK_EXTENSION returns 1 if the capability is available.",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "masks", "words"),
    [
        (("1",), [], "returns 1 if"),
        (("kvm->max",), [], "returns a positive number if"),
        (("1", "2"), [], "returns a positive number if"),
        (("mask",), [("KVM_A_ONE | KVM_A_TWO", "check", 3)], "returns a set of the bits KVM_A_ONE, KVM_A_TWO if"),
        (("mask",), [("KVM_A_ONE", "check", 3), ("KVM_A_TWO", "check", 3)], "returns a positive number if"),
        (("mask",), [("KVM_A_ONE", "enable", 3)], "returns a positive number if"),
        (("mask",), [("KVM_A_ONE", "check", 0)], "returns a positive number if"),
        (("mask",), [("1 << 3", "check", 8)], "returns a positive number if"),
    ],
)
def test_the_answer(tmp_path: Path, answers: tuple[str, ...], masks: Rows, words: str) -> None:
    found = _added(tmp_path, _tables(answers=answers, masks=masks))
    assert found is not None
    assert f"KVM_CHECK_EXTENSION {words} the capability is available." in " ".join(found[1])


def test_flags_that_are_not_refused_are_not_told_to_be(tmp_path: Path) -> None:
    found = _added(tmp_path, _tables([("x86", "vm", 0, 0)]))
    assert found is not None
    assert ":Returns: 0 on success" in found[1]


def test_bits_of_an_argument_are_told_and_other_arguments_leave_it_to_people(tmp_path: Path) -> None:
    found = _added(tmp_path / "a", _tables(VM, arguments=[(0, "KVM_A_ONE")]))
    assert found is not None
    assert ":Parameters: args[0] is a set of bits of KVM_A_ONE" in found[1]
    assert _added(tmp_path / "b", _tables(VM, arguments=[(0, None)])) is None
    assert _added(tmp_path / "c", _tables([("x86", "vm", 1, 1)])) is None


@pytest.mark.parametrize(
    "tables",
    [
        _tables(patched=0),
        _tables(alias="KVM_CAP_OLD"),
        _tables(base=[("kernel", CAP, 100)]),
        _tables(base=[("kernel", "KVM_CAP_FORMER", 100)]),  # renamed
        _tables(caps=()),
        _tables(answers=()),  # nobody answers
        _tables([("x86", "vcpu", 0, 1)]),  # no chapter of its kind
        _tables([("x86", "vm", 0, 1), ("x86", "vcpu", 0, 1)]),
    ],
)
def test_only_a_new_capability_of_which_enough_is_known(tmp_path: Path, tables: Tables) -> None:
    assert _added(tmp_path, tables) is None


def test_numbers_that_wait_elsewhere_are_left_out(tmp_path: Path) -> None:
    found = _added(tmp_path, _tables(VM, pending=("7.2", "7.3", "8.4")))
    assert found is not None
    assert found[1][1] == "7.4 KVM_CAP_A"


def test_each_of_several_gets_a_number_of_its_own(tmp_path: Path) -> None:
    caps = tuple(f"KVM_CAP_N{number}" for number in range(30))
    text = "".join(f"{line}\n" for line in LINES)
    made = bench(tmp_path, {API: text}, _tables(caps=caps))
    fixes = list(propose([finding(1, cap) for cap in caps], made))
    assert [fix.title.partition(" with")[0] for _, fix in fixes] == [f"add section 8.{2 + at}" for at in range(20)]
