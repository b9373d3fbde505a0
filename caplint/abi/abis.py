"""abis.toml, read once: data models, encodings of ioctls, attributes without a meaning for layouts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Encoding:
    """How an ioctl's number holds direction and size."""

    size_bits: int
    none: int
    write: int
    read: int

    def number(self, direction: str, kind: int, number: int, size: int) -> int:
        """The encoded number. `direction` is none, read, write or both."""
        bits = {"none": self.none, "read": self.read, "write": self.write, "both": self.read | self.write}[direction]
        return bits << (16 + self.size_bits) | size << 16 | kind << 8 | number


@dataclass(frozen=True)
class Abi:
    """A data model; alignments in bytes."""

    name: str
    arch: str
    bits: int
    """Of `long` and of pointers."""
    endian: str
    encoding: Encoding
    words: tuple[str, ...] = ()
    wide_alignment: int = 8
    int128: int = 0
    """Alignment of `__int128`; 0 where there is none."""
    anonymous_bit_fields: bool = False
    macros: tuple[tuple[str, str], ...] = ()

    @property
    def model(self) -> tuple[object, ...]:
        """All that layouts and numbers depend on but for what the preprocessor sees."""
        return self.bits, self.encoding, self.wide_alignment, self.int128, self.anonymous_bit_fields

    @property
    def predefined(self) -> dict[str, str]:
        """Macros that a compiler for this ABI defines."""
        order = {"little": "1234", "big": "4321"}[self.endian]
        own = {
            "__SIZEOF_LONG__": str(self.bits // 8),
            "__SIZEOF_POINTER__": str(self.bits // 8),
            "__BYTE_ORDER__": order,
            "__BYTE_ORDER": order,
            f"__{self.endian.upper()}_ENDIAN": order,
        }
        wide = {"__LP64__": "1", "_LP64": "1"} if self.bits == 64 else {"__ILP32__": "1", "_ILP32": "1"}
        int128 = {"__SIZEOF_INT128__": "16"} if self.int128 else {}
        return _COMMON | own | wide | int128 | dict(self.macros)


# What does not differ between ABIs.
_COMMON = {
    "__GNUC__": "12", "__STDC__": "1", "__STDC_VERSION__": "201112L", "__CHAR_BIT__": "8", "__linux__": "1",
    "__SIZEOF_INT__": "4", "__SIZEOF_LONG_LONG__": "8",
    "__ORDER_LITTLE_ENDIAN__": "1234", "__ORDER_BIG_ENDIAN__": "4321",
}  # fmt: skip


def abis_of(word: str | None, arch: str | None) -> list[Abi]:
    """The ABIs that a directory name stands for, else all those of a canonical architecture, else all.

    ABIs that have names of their own are left out unless it is theirs.
    """
    named = [abi for abi in _abis() if word in abi.words]
    return named or [abi for abi in _abis() if arch in {abi.arch, None} and not abi.words]


def abi_named(name: str) -> Abi:
    """An ABI by its name."""
    return next(abi for abi in _abis() if abi.name == name)


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
    """Attributes that change no layout."""
    return frozenset(_data()["attributes"]["harmless"])


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("abis.toml").read_text("utf-8"))
