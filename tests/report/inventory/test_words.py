"""Short texts for the entries of an inventory."""

from __future__ import annotations

import pytest
from capabilities import answer, argument, cap, found, section, support, use

from caplint.inventory.model import ALWAYS, BY_VM, CONDITIONALLY, MachineAnswer, Section, Support
from caplint.report.inventory.words import answered, arguments, cell, documented, findings, uses


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (None, ""), (support(), "A"), (support(CONDITIONALLY), "c"), (support(BY_VM), "v"), (support(None), "."),
        (support(ALWAYS, "vm"), "A+vm"), (support(None, "vcpu"), ".+vcpu"),
        (support(BY_VM, "vcpu", "vm", "vm"), "v+vm+vcpu"),
    ],
)  # fmt: skip
def test_cells(known: Support | None, text: str) -> None:
    assert cell(known) == text


def test_an_unknown_answer_is_an_error() -> None:
    with pytest.raises(KeyError):
        cell(support("perhaps"))


@pytest.mark.parametrize(
    ("verbs", "text"),
    [
        ([], ""), (["check"], "1c"), (["enable"], "1e"), (["require"], "1c"),
        (["enable", "check", "require", "check"], "3c 1e"), (["check"] * 12, "12c"),
    ],
)  # fmt: skip
def test_uses(verbs: list[str], text: str) -> None:
    assert uses(cap(vmm=[use(verb) for verb in verbs])) == text


@pytest.mark.parametrize(
    ("severities", "text"),
    [([], ""), (["note"], "1N"), (["note", "error", "note"], "1E 2N"), (["warning", "error"], "1E 1W")],
)
def test_findings(severities: list[str], text: str) -> None:
    assert findings(cap(findings=[found(severity) for severity in severities])) == text


@pytest.mark.parametrize(
    ("sections", "text"),
    [
        ([], ""), ([section()], "7.1"), ([section(None)], "yes"), ([section("4.2", heading=False)], "~"),
        ([section("4.2", heading=False), section("8.3")], "8.3"), ([section("1"), section("2")], "1"),
    ],
)  # fmt: skip
def test_documentation(sections: list[Section], text: str) -> None:
    assert documented(cap(documentation=sections)) == text


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ([], ""), ([answer(1)], "1"), ([answer(1, 1)], "1"), ([answer(0, 3)], "0/3"), ([answer(0, 0)], "0"),
        ([answer(-22, None, "why")], "-22!"), ([answer(1, 2, "why"), answer(4)], "1/2! 4"),
    ],
)  # fmt: skip
def test_answers_of_machines(answers: list[MachineAnswer], text: str) -> None:
    assert answered(cap(machines=answers)) == text


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (support(), ""),
        (support(None, "vm"), "vm: no arguments"),
        (support(None, "vm", "vm"), "vm: no arguments"),
        (support(None, "vm", "vcpu"), "vm: no arguments; vcpu: no arguments"),
        (support(None, "vm", arguments=(argument(0, "KVM_X"), argument(1))), "vm: args[0] (KVM_X), args[1]"),
    ],
)
def test_arguments(known: Support, text: str) -> None:
    assert arguments(known) == text
