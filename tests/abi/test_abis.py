"""ABIs: which of them a directory or an architecture selects, their macros, and numbers of ioctls."""

from __future__ import annotations

import pytest

from caplint.abi.abis import Encoding, abi_named, abi_names, abis_of, harmless_attributes


@pytest.mark.parametrize(
    ("word", "arch", "names"),
    [
        (None, "x86", ["x86_64", "i386"]), ("i386", "x86", ["x86_64", "i386"]), (None, "arm64", ["arm64", "arm64be"]),
        ("arm", "arm64", ["arm"]), ("aarch32", None, ["arm"]), (None, "s390", ["s390x"]), (None, "none", []),
        ("nothing", "x86", ["x86_64", "i386"]),
    ],
)  # fmt: skip
def test_abis_of(word: str | None, arch: str | None, names: list[str]) -> None:
    assert [abi.name for abi in abis_of(word, arch)] == names


def test_all_abis_are_those_without_directories_of_their_own() -> None:
    every = [abi.name for abi in abis_of(None, None)]
    assert "arm" not in every
    assert set(every) < set(abi_names())
    assert len(set(abi_names())) == len(abi_names())


@pytest.mark.parametrize(
    ("name", "bits", "endian"), [("x86_64", 64, "little"), ("i386", 32, "little"), ("s390x", 64, "big")]
)
def test_macros_that_a_compiler_defines(name: str, bits: int, endian: str) -> None:
    abi = abi_named(name)
    macros = abi.predefined
    assert (abi.bits, abi.endian) == (bits, endian)
    assert macros["__SIZEOF_LONG__"] == macros["__SIZEOF_POINTER__"] == str(bits // 8)
    assert ("__LP64__" in macros, "__ILP32__" in macros) == (bits == 64, bits == 32)
    assert ("__LITTLE_ENDIAN" in macros, "__BIG_ENDIAN" in macros) == (endian == "little", endian == "big")
    assert macros["__BYTE_ORDER__"] == macros[f"__ORDER_{endian.upper()}_ENDIAN__"]
    assert ("__SIZEOF_INT128__" in macros) is bool(abi.int128) is (bits == 64)
    assert macros["__GNUC__"]


def test_an_unknown_name() -> None:
    with pytest.raises(StopIteration):
        abi_named("vax")


@pytest.mark.parametrize(
    ("name", "direction", "size", "number"),
    [
        ("x86_64", "none", 0, 0xAE01), ("x86_64", "write", 4, 0x4004AE01), ("x86_64", "read", 4, 0x8004AE01),
        ("x86_64", "both", 8, 0xC008AE01), ("x86_64", "read", 0x3FFF, 0xBFFFAE01), ("ppc64le", "none", 0, 0x2000AE01),
        ("ppc64le", "write", 4, 0x8004AE01), ("ppc64le", "read", 4, 0x4004AE01), ("ppc64le", "both", 4, 0xC004AE01),
    ],
)  # fmt: skip
def test_numbers_of_ioctls(name: str, direction: str, size: int, number: int) -> None:
    """PowerPC and MIPS have three bits for the direction, of which one says that there is none."""
    assert abi_named(name).encoding.number(direction, 0xAE, 1, size) == number


def test_encoding_takes_its_parts_apart() -> None:
    encoding = Encoding(size_bits=13, none=1, write=4, read=2)
    assert encoding.number("both", 0, 0, 0) == 6 << 29
    with pytest.raises(KeyError):
        encoding.number("sideways", 0, 0, 0)


def test_models_are_equal_where_only_the_preprocessor_differs() -> None:
    assert abi_named("arm64").model == abi_named("arm64be").model
    assert abi_named("x86_64").model != abi_named("i386").model


def test_harmless_attributes() -> None:
    assert {"unused", "deprecated"} <= harmless_attributes()
    assert not harmless_attributes() & {"packed", "aligned", "mode", "vector_size"}
