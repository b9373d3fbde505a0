"""Contents of abis.toml: data models, ioctl encodings, and attributes that do not affect layouts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Encoding:
    """Encoding of an ioctl's direction and size in its number."""

    size_bits: int
    none: int
    write: int
    read: int

    def number(self, direction: str, kind: int, number: int, size: int) -> int:
        """Return the encoded number; `direction` is none, read, write or both."""
        bits = {"none": self.none, "read": self.read, "write": self.write, "both": self.read | self.write}[direction]
        return bits << (16 + self.size_bits) | size << 16 | kind << 8 | number


@dataclass(frozen=True)
class Abi:
    """Data model of a target; alignments are in bytes."""

    name: str
    arch: str
    bits: int
    """Width of `long` and of pointers."""
    endian: str
    encoding: Encoding
    words: tuple[str, ...] = ()
    wide_alignment: int = 8
    int128: int = 0
    """Alignment of `__int128`; 0 if the ABI does not have it."""
    anonymous_bit_fields: bool = False
    macros: tuple[tuple[str, str], ...] = ()

    @property
    def model(self) -> tuple[object, ...]:
        """Properties that layouts and numbers depend on, apart from the preprocessor's output."""
        return self.bits, self.encoding, self.wide_alignment, self.int128, self.anonymous_bit_fields

    @property
    def predefined(self) -> dict[str, str]:
        """Macros that a compiler for this ABI defines."""
        order = {"little": "1234", "big": "4321"}[self.endian]
        sizes_and_order = {
            "__SIZEOF_LONG__": str(self.bits // 8),
            "__SIZEOF_POINTER__": str(self.bits // 8),
            "__BYTE_ORDER__": order,
            "__BYTE_ORDER": order,
            f"__{self.endian.upper()}_ENDIAN": order,
        }
        wide = {"__LP64__": "1", "_LP64": "1"} if self.bits == 64 else {"__ILP32__": "1", "_ILP32": "1"}
        int128 = {"__SIZEOF_INT128__": "16"} if self.int128 else {}
        return _COMMON | sizes_and_order | wide | int128 | dict(self.macros)


# Predefined macros that are the same for all ABIs.
_COMMON = {
    "__GNUC__": "12", "__STDC__": "1", "__STDC_VERSION__": "201112L", "__CHAR_BIT__": "8", "__linux__": "1",
    "__SIZEOF_INT__": "4", "__SIZEOF_LONG_LONG__": "8",
    "__ORDER_LITTLE_ENDIAN__": "1234", "__ORDER_BIG_ENDIAN__": "4321",
}  # fmt: skip


def abis_of(word: str | None, arch: str | None) -> list[Abi]:
    """Return the ABIs that a directory name selects, else those of the architecture, else (arch None) all.

    An ABI with its own directory names (`words`) is returned only for these names.
    """
    named = [abi for abi in _abis() if word in abi.words]
    return named or [abi for abi in _abis() if arch in {abi.arch, None} and not abi.words]


def abi_named(name: str) -> Abi:
    """Return the ABI of a name. Raises `StopIteration` for an unknown name."""
    return next(abi for abi in _abis() if abi.name == name)


def abi_names() -> list[str]:
    """Return the names of all ABIs, in the order of abis.toml."""
    return [abi.name for abi in _abis()]


@cache
def _abis() -> list[Abi]:
    encodings = {name: Encoding(**entry) for name, entry in _data()["ioctl"].items()}
    return [_abi(name, dict(entry), encodings) for name, entry in _data()["abi"].items()]


def _abi(name: str, entry: dict[str, Any], encodings: dict[str, Encoding]) -> Abi:
    encoding = encodings[entry.pop("ioctl", "two_bits")]
    macros = tuple(entry.pop("macros").items())
    words = tuple(entry.pop("words", ()))
    return Abi(name=name, encoding=encoding, macros=macros, words=words, **entry)


@cache
def harmless_attributes() -> frozenset[str]:
    """Return the attributes that do not affect layouts."""
    return frozenset(_data()["attributes"]["harmless"])


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("abis.toml").read_text("utf-8"))
