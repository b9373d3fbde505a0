"""The inventory as a table for terminals, and its changes."""

from __future__ import annotations

import pytest
from capabilities import answer, cap, found, inventory, section, support, use

from caplint.inventory.difference import Change, InventoryDifference
from caplint.inventory.model import ALWAYS, Capability, Inventory, SourceLine
from caplint.report.inventory.table import changes, lines
from caplint.report.style import Style


def _lines(shown: Inventory, *, colour: bool = False) -> list[str]:
    return list(lines(shown, Style(colour)))


def test_a_table_of_two() -> None:
    full = cap(
        "KVM_CAP_A", 12, since="<= v4.6",
        architectures={"x86": support(ALWAYS, "vm", "vcpu")}, documentation=[section()],
        selftests=[SourceLine("kernel", "t.c", 1)], vmm=[use("check"), use("enable")], findings=[found("note")],
    )  # fmt: skip
    assert _lines(inventory(full, cap("KVM_CAP_LONG", None)))[:4] == [
        "nr capability           x86   since  doc test vmm  findings",
        "12 A                    A+m,u <=v4.6 7.1 yes  1c1e 1N",
        " ? LONG",
        "",
    ]


@pytest.mark.parametrize(
    ("scopes", "shown"), [(("vm",), "A+m"), (("vcpu",), "A+u"), (("vm", "vcpu"), "A+m,u"), ((), "A")]
)
def test_scopes_are_one_letter_each(scopes: tuple[str, ...], shown: str) -> None:
    (row,) = _lines(inventory(cap(architectures={"x86": support(ALWAYS, *scopes)})))[1:2]
    assert row.split()[2] == shown


@pytest.mark.parametrize(
    ("archs", "count", "words"),
    [
        ((), 1, "1 capability (KVM_CAP_ left out); no kernel is in view"),
        (("x86",), 2, "2 capabilities (KVM_CAP_ left out); answered by x86 2"),
        (("x86", "s390"), 1, "1 capability (KVM_CAP_ left out); answered by x86 1, s390 0"),
    ],
)
def test_totals(archs: tuple[str, ...], count: int, words: str) -> None:
    caps = [cap(f"KVM_CAP_{name}", architectures={"x86": support(), "s390": support(None)}) for name in "AB"[:count]]
    assert words in _lines(inventory(*caps, architectures=archs))


def test_nothing_to_show() -> None:
    assert _lines(inventory()) == ["no capability matches these filters"]


@pytest.mark.parametrize(
    ("capability", "coloured"),
    [
        (cap(findings=[found("note")]), False), (cap(findings=[found("warning")]), True),
        (cap(findings=[found("note"), found("error")]), True), (cap(), False),
    ],
)  # fmt: skip
def test_only_serious_findings_have_a_colour(capability: Capability, coloured: bool) -> None:
    assert ("\x1b" in _lines(inventory(capability), colour=True)[1]) is coloured


def test_a_machine_has_a_column() -> None:
    head, row = _lines(inventory(cap(machines=[answer(1, 2, "why")])))[:2]
    assert head.split()[-2:] == ["machine", "findings"]
    assert row.split()[-1] == "1/2!"
    assert "machine" not in _lines(inventory(cap()))[0]


@pytest.mark.parametrize("name", ["KVM_CAP_" + "X" * 300, "KVM_CAP_\x1b[2J\u202e"])
def test_names_fit_and_do_nothing(name: str) -> None:
    found_lines = _lines(inventory(cap(name), architectures=("x86", "arm64", "s390", "powerpc", "riscv", "mips")))
    assert max(map(len, found_lines)) <= 100
    assert "\x1b" not in "".join(found_lines)


def test_changed_capabilities() -> None:
    nothing = inventory()
    some = [Change("KVM_CAP_A", "changed", ["number 1 -> 2", "x\x1b"]), Change("KVM_CAP_B", "came", [])]
    assert list(changes(InventoryDifference(nothing, nothing, some), Style())) == [
        "new: 1 capability", "  KVM_CAP_B", "changed: 1 capability", "  KVM_CAP_A", "      number 1 -> 2",
        "      x\\x1b",
    ]  # fmt: skip
    assert list(changes(InventoryDifference(nothing, nothing, []), Style())) == ["no capability came, went or changed"]
