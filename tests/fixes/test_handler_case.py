"""Places in an enable handler for a test of the request: cases that are reached by their own labels only."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from bench import bench

from caplint.fixes.handler_case import HandlerCase, above_switch, handler_case, hands_on, in_case, statements
from caplint.fixes.workbench import Workbench

FILE = "virt/kvm/a.c"
PLACE = ("kernel", FILE)
HEAD = ["static int enable(struct kvm *kvm, struct kvm_enable_cap *cap)", "{", "\tint r;", ""]
SWITCH = "\tswitch (cap->cap) {"
A, B = "\tcase KVM_CAP_A:", "\tcase KVM_CAP_B:"
BODY = ["\t\tr = f(kvm);", "\t\tbreak;"]
DEFAULT = ["\tdefault:", "\t\tr = -EINVAL;", "\t}", "\treturn r;", "}"]


def _case(
    root: Path, cases: list[str], label: str = A, *, above: list[str] = HEAD, end: list[str] = DEFAULT, more: int = 0
) -> tuple[Workbench, HandlerCase | None]:
    """The case of a label, of which another one may stand some lines below."""
    lines = [*above, SWITCH, *cases, *end]
    made = bench(root, {FILE: "".join(f"{line}\n" for line in lines)})
    at = lines.index(label) + 1 if label in lines else 0
    return made, handler_case(made, PLACE, at, at + more)


def test_a_plain_case(tmp_path: Path) -> None:
    _, case = _case(tmp_path, [A, *BODY])
    assert case == HandlerCase(PLACE, "cap->", switch=5, last_label=6, start=6, indent="\t\t")


def test_labels_that_share_a_case(tmp_path: Path) -> None:
    _, case = _case(tmp_path, [A, B, *BODY], more=1)
    assert case is not None
    assert (case.last_label, case.start) == (7, 7)
    assert _case(tmp_path / "b", [A, *BODY, B, *BODY], more=3)[1] is None


@pytest.mark.parametrize(
    ("cases", "start"),
    [
        (["\tcase KVM_CAP_A: {", "\t\tu64 a = 1;", "\t\tstruct x *b;", "", *BODY, "\t}"], 9),
        (["\tcase KVM_CAP_A: {", "\t\tu64 a[4];", *BODY, "\t}"], 7),
        (["\tcase KVM_CAP_A: {", *BODY, "\t}"], 6),
        (["\tcase KVM_CAP_A: /* why */", *BODY], 6),
        # Without braces a declaration is no declaration of the case.
        (["\tcase KVM_CAP_A:", "\t\tu64 a;", *BODY], 6),
        # Behind a test of the flags that there is already
        ([A, "\t\tif (cap->flags)", "\t\t\treturn -EINVAL;", *BODY], 8),
        ([A, "\t\tif (cap->flags & 1)", "\t\t\treturn -EINVAL;", *BODY], 6),
    ],
)
def test_the_start_is_in_front_of_the_first_statement(tmp_path: Path, cases: list[str], start: int) -> None:
    _, case = _case(tmp_path, cases, cases[0])
    assert case is not None
    assert case.start == start


@pytest.mark.parametrize(
    ("before", "entered"),
    [
        (["\t\tbreak;"], True),
        (["\t\treturn 0;"], True),
        (["\t\tgoto out;"], True),
        (["\t\tbreak;", "", "\t\t/* why */", "#endif", "#ifdef CONFIG_A"], True),
        (["\t\tbreak;", "\t}"], True),
        # A case may fall through into this one.
        (["\t\tr = 1;"], False),
        (["\t\tfallthrough;"], False),
        (["\t\tr = 1;", "\t}"], False),
        (["\t\tif (r) {", "\t\t\tbreak;", "\t\t}"], False),
        (["\t\tif (r)", "\t\t\tr = 1;", "#endif"], False),
        (["\t\tif (r)", "\t\t\tbreak;"], False),
        (["\t\tif (r)", "\t\t\tbreak;", "\t}"], False),
    ],
)
def test_a_case_that_others_fall_into_is_none(tmp_path: Path, before: list[str], entered: bool) -> None:
    _, case = _case(tmp_path, [B, *before, A, *BODY])
    assert (case is not None) is entered


@pytest.mark.parametrize(
    ("above", "plain"),
    [
        ([*HEAD[:3], "\tu64 a = cap->args[0];", "", "\tif (cap->flags)", "\t\treturn -EINVAL;", ""], True),
        ([*HEAD[:3], "\tr = -EINVAL;", "\t/* why */"], True),
        # Something may have to be undone before a return.
        ([*HEAD, "\tmutex_lock(&kvm->lock);"], False),
        ([*HEAD, "\tr = get(kvm);"], False),
        ([*HEAD, "\tif (r) {", "\t\tget(kvm);", "\t}"], False),
        ([*HEAD, "\tguard(mutex)(&kvm->lock);"], False),
        ([*HEAD, *["\tint a;"] * 60], False),
    ],
)
def test_nothing_may_be_held_above_the_switch(tmp_path: Path, above: list[str], plain: bool) -> None:
    _, case = _case(tmp_path, [A, *BODY], above=above)
    assert (case is not None) is plain


@pytest.mark.parametrize(
    "cases",
    [
        ["\tcase (KVM_CAP_A):", *BODY],
        ["\tcase KVM_CAP_A: r = 1; break;"],
        ["\t\tcase KVM_CAP_A:", *BODY, B],
        [B, "\t\tswitch (x) {", "\t\tcase KVM_CAP_A:", "\t\t\tbreak;", "\t\t}", *BODY],
    ],
)
def test_other_labels_are_none(tmp_path: Path, cases: list[str]) -> None:
    label = next(line for line in cases if "KVM_CAP_A" in line)
    if label == "\t\tcase KVM_CAP_A:" and cases[0] == label:
        cases = [B, *BODY[:1], *cases]
    assert _case(tmp_path, cases, label)[1] is None


def test_a_switch_over_something_else_is_none(tmp_path: Path) -> None:
    lines = [*HEAD, "\tswitch (kvm->arch.mode) {", A, *BODY, *DEFAULT]
    made = bench(tmp_path, {FILE: "".join(f"{line}\n" for line in lines)})
    assert handler_case(made, PLACE, 6, 6) is None


def test_a_request_that_is_no_pointer(tmp_path: Path) -> None:
    lines = [*HEAD, "\tswitch (cap.cap) {", A, *BODY, *DEFAULT]
    made = bench(tmp_path, {FILE: "".join(f"{line}\n" for line in lines)})
    case = handler_case(made, PLACE, 6, 6)
    assert case is not None
    assert case.request == "cap."


def _edited(made: Workbench, edit: object) -> str:
    assert edit is not None
    lines = made.lines(*PLACE)
    at, old, new = (getattr(edit, name) for name in ("line", "old", "new"))
    return "\n".join([*lines[: at - 1], *new, *lines[at - 1 + len(old) :]])


def test_a_test_in_a_case(tmp_path: Path) -> None:
    made, case = _case(tmp_path, [A, *BODY])
    assert case is not None
    text = _edited(made, in_case(made, case, "cap->args[1]"))
    assert f"{A}\n\t\tif (cap->args[1])\n\t\t\treturn -EINVAL;\n{BODY[0]}\n" in text


def test_a_case_that_sets_its_result_first_leaves_by_break(tmp_path: Path) -> None:
    made, case = _case(tmp_path, [A, "\t\tr = -EINVAL;", *BODY])
    assert case is not None
    text = _edited(made, in_case(made, case, "cap->args[1]"))
    assert f"{A}\n\t\tr = -EINVAL;\n\t\tif (cap->args[1])\n\t\t\tbreak;\n{BODY[0]}\n" in text


def test_bits_of_a_long_mask_stand_below_each_other(tmp_path: Path) -> None:
    made, case = _case(tmp_path, [A, *BODY])
    assert case is not None
    names = ["KVM_BELL_RINGS_AT_NOON", "KVM_BELL_RINGS_AT_NIGHT", "KVM_BELL_RINGS_NEVER"]
    text = _edited(made, in_case(made, case, f"cap->args[0] & ~({' | '.join(names)})"))
    space = "\t" * 4 + " " * 5
    assert (
        f"\t\tif (cap->args[0] & ~({names[0]} |\n{space}{names[1]} |\n{space}{names[2]}))\n\t\t\treturn -EINVAL;"
        in text
    )
    column = len("\t\tif (cap->args[0] & ~(".expandtabs(8))
    assert len(space.expandtabs(8)) == column
    short = _edited(made, in_case(made, case, "cap->args[0] & ~(A | B)"))
    assert "\t\tif (cap->args[0] & ~(A | B))\n" in short


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        (HEAD, "\tint r;\n\n\tif (cap->flags)\n\t\treturn -EINVAL;\n\n\tswitch"),
        (HEAD[:3], "\tint r;\n\n\tif (cap->flags)\n\t\treturn -EINVAL;\n\n\tswitch"),
        (HEAD[:2], "{\n\tif (cap->flags)\n\t\treturn -EINVAL;\n\n\tswitch"),
    ],
)
def test_a_test_above_the_switch(tmp_path: Path, above: list[str], expected: str) -> None:
    made, case = _case(tmp_path, [A, *BODY], above=above)
    assert case is not None
    assert expected in _edited(made, above_switch(made, case, "cap->flags"))


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (DEFAULT, False),
        (["\tdefault:", "\t\treturn other(kvm, cap);", "\t}", "}"], True),
        (["\tdefault:", "\t\tbreak;", "\t}", "\treturn other(kvm, cap);", "}"], True),
        (["\tdefault:", "\t\treturn other(kvm, capability);", "\t}", "}"], False),
        (["\t}", "\treturn r;", "}"], True),  # no default: what comes is not told
    ],
)
def test_others_may_decide_about_the_request(tmp_path: Path, end: list[str], told: bool) -> None:
    made, case = _case(tmp_path, [A, *BODY], end=end)
    assert case is not None
    assert hands_on(made, case) is told


def test_the_next_function_decides_about_its_own_request(tmp_path: Path) -> None:
    made, case = _case(tmp_path, [A, *BODY], end=[*DEFAULT, "", "int g(struct x *cap)", "{", "\treturn cap->a;", "}"])
    assert case is not None
    assert not hands_on(made, case)


def test_statements_end_with_the_next_label(tmp_path: Path) -> None:
    inner = ["\t\tswitch (x) {", "\t\tcase 1:", "\t\t\tbreak;", "\t\t}"]
    made, case = _case(tmp_path, [A, *inner, *BODY, B, "\t\treturn 1;"])
    assert case is not None
    assert statements(made, case) == [*inner, *BODY]
    made, case = _case(tmp_path / "b", [A, *BODY])
    assert case is not None
    assert statements(made, case) == BODY


def test_ten_thousand_labels_take_little_time(tmp_path: Path) -> None:
    made, _ = _case(tmp_path, [A, *[f"\tcase KVM_CAP_{number}:" for number in range(10_000)], *BODY])
    begun = time.process_time()
    assert handler_case(made, PLACE, 6, 6) is None
    assert time.process_time() - begun < 1
