"""Values of C beyond SQLite's integers: kept exactly, and compared by value."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, X86, ask, bare_kernel, bare_qemu

from caplint.config import Config
from caplint.link.values import HIGHEST, LOWEST, bits_column, number_column, number_of, register, within

VALUES = [
    *(LOWEST, LOWEST + 1, -1, 0, 1, 2**31, 2**32, 2**53 + 1),
    *(2**63 - 1, 2**63, 2**63 + 1, 10**19 - 1, 10**19, HIGHEST),
]


@pytest.fixture
def numbers() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    register(connection)
    connection.execute("CREATE TABLE n (place INTEGER, number COLLATE number)")
    rows = [(place, number_column(value)) for place, value in enumerate(VALUES)]
    connection.executemany("INSERT INTO n VALUES (?, ?)", reversed(rows))
    return connection


def test_every_value_comes_back(numbers: sqlite3.Connection) -> None:
    found = numbers.execute("SELECT number FROM n ORDER BY place").fetchall()
    assert [number_of(column) for (column,) in found] == VALUES
    assert number_column(None) is None
    assert number_of(None) is None


def test_order_is_by_value(numbers: sqlite3.Connection) -> None:
    assert [place for (place,) in numbers.execute("SELECT place FROM n ORDER BY number")] == list(range(len(VALUES)))
    assert numbers.execute("SELECT min(number), max(number) FROM n").fetchone() == (LOWEST, str(HIGHEST))
    pairs = numbers.execute("SELECT a.place, b.place FROM n a JOIN n b ON a.number < b.number").fetchall()
    assert sorted(pairs) == list(itertools.combinations(range(len(VALUES)), 2))
    within_range = numbers.execute(
        "SELECT c.place FROM n c, n low, n high WHERE low.place = 9 AND high.place = 12"
        " AND c.number BETWEEN low.number AND high.number ORDER BY 1"
    )
    assert [place for (place,) in within_range] == [9, 10, 11, 12]


def test_a_comparison_with_any_text_ends(numbers: sqlite3.Connection) -> None:
    assert numbers.execute("SELECT count(*) FROM n WHERE number < 'text'").fetchone() == (len(VALUES),)
    assert numbers.execute("SELECT count(*) FROM n WHERE number = ?", ("9" * 100,)).fetchone() == (0,)


@pytest.mark.parametrize("value", VALUES)
def test_sums_are_exact(numbers: sqlite3.Connection, value: int) -> None:
    column = number_column(value)
    plus, minus = numbers.execute("SELECT plus(?1, 1), minus(?1, -7)", (column,)).fetchone()
    assert (number_of(plus), number_of(minus)) == (value + 1, value + 7)
    assert numbers.execute("SELECT plus(NULL, ?1), minus(?1, NULL)", (column,)).fetchone() == (None, None)


@pytest.mark.parametrize("left", [0, 1, 2**63, 2**63 | 1, HIGHEST, -1, LOWEST])
@pytest.mark.parametrize("right", [0, 2**63, 2**62, HIGHEST])
def test_sets_of_bits_are_combined_as_in_c(numbers: sqlite3.Connection, left: int, right: int) -> None:
    given = {"a": bits_column(left), "b": bits_column(right)}
    both, rest, shown, count = numbers.execute(
        "SELECT :a & :b, :a & ~:b, printf('0x%x', :a), bit_count(:a)", given
    ).fetchone()
    word = left % 2**64
    assert both == bits_column(word & right)
    assert rest == bits_column(word & ~right)
    assert (shown, count) == (hex(word), word.bit_count())


def test_bounds() -> None:
    assert [within(value) for value in (-(10**30), 5, 10**30)] == [LOWEST, 5, HIGHEST]


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("0x8000000000000000", "9223372036854775808"),
        ("(1ULL << 63)", "9223372036854775808"),
        ("~0ULL", "18446744073709551615"),
        ("0xffffffffffffffffULL", "18446744073709551615"),
        ("0x7fffffffffffffff", 2**63 - 1),
        ("(-0x7fffffffffffffffLL - 1)", -(2**63)),
        ("-1", -1),
        ("18446744073709551615ULL", "18446744073709551615"),
        ("18446744073709551616", None),  # no type holds it
        ("1 << 63", None),  # of an int
        (f"0x{'f' * 5000}", None),
        ("9" * 5000, None),
    ],
)
def test_numbers_of_capabilities(tmp_path: Path, body: str, number: int | str | None) -> None:
    tree = bare_kernel(tmp_path, {UAPI: f"#define KVM_CAP_A {body}\n"})
    assert ask([tree], "SELECT number FROM cap") == [(number,)]


def test_a_range_of_cases_by_large_numbers(tmp_path: Path) -> None:
    header = "".join(f"#define KVM_CAP_{name} {2**63 + at}ULL\n" for at, name in enumerate("ABCD"))
    check = (
        "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n"
        "\tswitch (ext) {\n\tcase KVM_CAP_B ... KVM_CAP_D:\n\t\treturn 1;\n\t}\n\treturn 0;\n}\n"
    )
    tree = bare_kernel(tmp_path, {UAPI: header, X86: check})
    assert ask([tree], "SELECT cap FROM cap_check ORDER BY 1") == [("KVM_CAP_B",), ("KVM_CAP_C",), ("KVM_CAP_D",)]


@pytest.mark.parametrize(
    ("text", "value", "bits"),
    [
        ("0xffffffffffffffff", "18446744073709551615", -1),
        ("0x8000000000000000ull", "9223372036854775808", -(2**63)),
        ("TOP", "9223372036854775808", -(2**63)),
        ("7", 7, 7),
        ("99999999999999999999999", None, None),
    ],
)
def test_arguments_of_a_vmm(tmp_path: Path, text: str, value: int | str | None, bits: int | None) -> None:
    code = f"int f(KVMState *s)\n{{\n\treturn kvm_vm_enable_cap(s, KVM_CAP_A, 0, {text});\n}}\n"
    header = "#define KVM_CAP_A 1\n#define TOP (1ULL << 63)\n"
    tree = bare_qemu(tmp_path, {QEMU_UAPI: header, "accel/kvm/kvm-all.c": code})
    assert ask([tree], "SELECT value, bits FROM vmm_argument") == [(value, bits)]


def test_a_range_of_the_vendor_may_be_any(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {UAPI: "#define KVM_CAP_A ~0ULL\n#define KVM_CAP_B 3\n"})
    config = Config(cache="none", jobs=1, vendor_range=((4, 10**400),))
    query = "SELECT name FROM cap JOIN vendor_range ON number BETWEEN low AND high"
    assert ask([tree], query, config) == [("KVM_CAP_A",)]


def test_an_argument_of_any_index(tmp_path: Path) -> None:
    code = (
        "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n\tswitch (cap->cap) {\n"
        f"\tcase KVM_CAP_A:\n\t\tuse(cap->args[1] + cap->args[{10**20}]);\n\t\tuse(cap->args[{'9' * 5000}]);\n"
        "\t\treturn 0;\n\t}\n\treturn 0;\n}\n"
    )
    tree = bare_kernel(tmp_path, {UAPI: "#define KVM_CAP_A 1\n", X86: code})
    assert ask([tree], "SELECT max_argument FROM cap_enable") == [(1,)]
    assert ask([tree], "SELECT position FROM cap_argument") == [(1,)]
