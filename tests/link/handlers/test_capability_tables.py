"""Arrays that name capabilities: their elements, the parts of one, and which array a name means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.c.formula import text
from caplint.link.handlers.capability_tables import CapabilityTables, Table, TableElement

TEXT = """\
static const u32 listed[] = { KVM_CAP_A, KVM_CAP_B, 0 };
static const int answers[] = {
	[KVM_CAP_A] = 7,
#ifdef CONFIG_B
	[KVM_CAP_B] = 8,
#endif
};
static const int numbers[] = { 1, 2 };
static const u32 twice[] = { KVM_CAP_A };
int f(void) { return listed[0]; }
"""
OTHER = """\
const u32 twice[] = { KVM_CAP_B };
const u32 elsewhere[] = { KVM_CAP_C };
const u32 several[] = { KVM_CAP_C };
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    files = {
        "arch/x86/kvm/other.c": OTHER,
        "arch/x86/kvm/third.c": "const u32 several[] = { KVM_CAP_D };\n",
        "arch/arm64/kvm/arm.c": "const u32 of_arm[] = { KVM_CAP_A };\nconst u32 elsewhere[] = { KVM_CAP_D };\n",
    }
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, files) as found:
        yield found


def _find(code: LinkedCode, name: str, arch: str = "x86") -> Table | None:
    return CapabilityTables(code.connection, "now", code.tree).find(name, code.body("f").handler.blob, arch)


@pytest.mark.parametrize(
    ("name", "arch", "capabilities"),
    [
        ("listed", "x86", ["A", "B"]), ("answers", "x86", ["A", "B"]), ("numbers", "x86", None),
        ("missing", "x86", None),
        ("twice", "x86", ["A"]), ("elsewhere", "x86", ["C"]), ("several", "x86", None), ("of_arm", "x86", None),
        ("of_arm", "arm64", ["A"]), ("elsewhere", "arm64", ["D"]),
    ],
)  # fmt: skip
def test_which_array_a_name_means(code: LinkedCode, name: str, arch: str, capabilities: list[str] | None) -> None:
    """The file's own counts first, else the only one that the architecture has."""
    table = _find(code, name, arch)
    found = table and [name.removeprefix("KVM_CAP_") for element in table.elements for name in element.capabilities]
    assert found == capabilities


def test_elements(code: LinkedCode) -> None:
    table = _find(code, "answers")
    assert table is not None
    assert [(one.designator, one.value, text(one.condition), one.line) for one in table.elements] == [
        ("[KVM_CAP_A]", "7", "1", 3), ("[KVM_CAP_B]", "8", "CONFIG_B", 5),
    ]  # fmt: skip
    assert [element.value for element in table.naming("KVM_CAP_B")] == ["8"]
    assert table.naming("KVM_CAP_C") == []
    assert table.readable


def _element(value: str) -> TableElement:
    return TableElement("", value, 1, 1, 0, True)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("KVM_CAP_A", {}), ("{ KVM_CAP_A, 3 }", {"#0": "KVM_CAP_A", "#1": "3"}),
        ("{ .cap = KVM_CAP_A, .n = f(1, 2) }", {"cap": "KVM_CAP_A", "n": "f(1, 2)"}),
        ("{ . cap =KVM_CAP_A, 4, }", {"cap": "KVM_CAP_A", "#1": "4"}), ("{ }", {}), ("{ 0 }", {"#0": "0"}),
        ("PAIR(KVM_CAP_A, 3)", {"#0": "KVM_CAP_A", "#1": "3"}), ("PAIR (1)", {"#0": "1"}), ("a == b", {}),
        ("{ .a == b }", {"#0": ".a == b"}), ("{ { 1, 2 }, 3 }", {"#0": "{ 1, 2 }", "#1": "3"}), ("", {}), ("{", {}),
    ],
)  # fmt: skip
def test_parts(value: str, parts: dict[str, str]) -> None:
    assert _element(value).parts == parts


@pytest.mark.parametrize(("length", "readable"), [(10, True), (399, True), (400, False), (10_000, False)])
def test_an_element_that_may_have_been_cut_is_not_readable(length: int, readable: bool) -> None:
    assert Table("t", 1, "a.c", (_element("x" * length),)).readable is readable
    assert Table("t", 1, "a.c", ()).readable
