"""Asks C compilers for sizes, offsets and constants, by what they put into an object file. Nothing is run or linked."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

# ABI → what clang calls the target.
TARGETS = {
    "x86_64": "x86_64-linux-gnu", "i386": "i386-linux-gnu", "arm64": "aarch64-linux-gnu",
    "arm64be": "aarch64_be-linux-gnu", "arm": "armv7-linux-gnueabihf", "s390x": "s390x-linux-gnu",
    "ppc64le": "powerpc64le-linux-gnu", "ppc64": "powerpc64-linux-gnu", "ppc": "powerpc-linux-gnu",
    "riscv64": "riscv64-linux-gnu", "riscv32": "riscv32-linux-gnu", "mips64": "mips64-linux-gnuabi64",
    "mips64el": "mips64el-linux-gnuabi64", "mips": "mips-linux-gnu", "mipsel": "mipsel-linux-gnu",
    "loongarch64": "loongarch64-linux-gnu",
}  # fmt: skip
_GCC = {"x86_64": "-m64", "i386": "-m32"}
COMPILERS = [("clang", abi) for abi in TARGETS] + [("gcc", abi) for abi in _GCC]
_FLAGS = ["-x", "c", "-std=gnu11", "-O0", "-ffreestanding", "-w"]


@dataclass(frozen=True)
class Compiler:
    """A compiler for one ABI."""

    command: tuple[str, ...]

    def object_of(self, source: str, directory: Path, options: Sequence[str] = ()) -> dict[str, bytes]:
        """Symbol → its bytes, of a translation unit's initialised data."""
        target = directory / "data.o"
        self._run([*options, "-fno-common", "-c", "-o", str(target), "-"], source)
        return symbols(target.read_bytes())

    def preprocessed(self, source: str, options: Sequence[str] = ()) -> str:
        """What the compiler's own preprocessor makes of it; with -dM the macros."""
        return self._run([*options, "-E", "-"], source)

    def constants(self, prelude: str, expressions: Sequence[str], directory: Path, options: Sequence[str]) -> list[int]:
        """The values of integer constant expressions, modulo 2³²."""
        lines = ",\n".join(f"(unsigned int)({expression})" for expression in expressions)
        data = self.object_of(f"{prelude}\nconst unsigned int values[] = {{\n{lines}\n}};\n", directory, options)
        order = "<" if self.little else ">"
        return list(struct.unpack(f"{order}{len(expressions)}I", data["values"]))

    def refused(self, source: str, options: Sequence[str] = ()) -> set[int]:
        """Lines of the source in which the compiler finds an error."""
        limit = "-ferror-limit=0" if self.command[0] == "clang" else "-fmax-errors=0"
        run = subprocess.run(
            [*self.command, *_FLAGS, *options, limit, "-fsyntax-only", "-"],
            input=source, capture_output=True, text=True, check=False,
        )  # fmt: skip
        # GCC names the header for what is wrong in an expansion, and the source for where that is.
        return {int(line) for line in re.findall(r"<stdin>:(\d+):\d+:", run.stderr)}

    @property
    def little(self) -> bool:
        """Whether it compiles for a little-endian target."""
        macros = self._run(["-dM", "-E", "-"], "")
        return "__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__" in macros

    def _run(self, options: Sequence[str], source: str) -> str:
        run = subprocess.run(
            [*self.command, *_FLAGS, *options], input=source, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr[:3000]
        return run.stdout


def compiler(name: str, abi: str) -> Compiler:
    """The compiler, or the test is skipped where this machine has none for the ABI."""
    command = (name, f"--target={TARGETS[abi]}") if name == "clang" else (name, _GCC[abi])
    if not _works(command):
        pytest.skip(f"no {name} for {abi} here; `make compilers` installs clang")
    return Compiler(command)


@cache
def _works(command: tuple[str, ...]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    run = subprocess.run(
        [*command, *_FLAGS, "-S", "-o", "/dev/null", "-"], input="int x;", capture_output=True, text=True, check=False
    )  # fmt: skip
    return run.returncode == 0


def symbols(elf: bytes) -> dict[str, bytes]:
    """Symbol → the bytes that it names, of an ELF object file (System V ABI, chapter 4)."""
    wide, order = elf[4] == 2, "<" if elf[5] == 1 else ">"
    begin, size, count = _section_headers(elf, wide, order)
    sections = [_section(elf, begin + index * size, wide, order) for index in range(count)]
    found = {}
    for kind, offset, length, link in sections:
        if kind != 2:  # SHT_SYMTAB
            continue
        step = 24 if wide else 16
        names = sections[link][1]
        for place in range(offset, offset + length, step):
            if wide:
                name, _, _, section, value, extent = struct.unpack_from(order + "IBBHQQ", elf, place)
            else:
                name, value, extent, _, _, section = struct.unpack_from(order + "IIIBBH", elf, place)
            if 0 < section < count and extent:
                text = elf[names + name : elf.index(b"\0", names + name)].decode()
                base_kind, base, *_ = sections[section]
                zero = base_kind == 8  # SHT_NOBITS
                found[text] = bytes(extent) if zero else elf[base + value : base + value + extent]
    return found


def _section_headers(elf: bytes, wide: bool, order: str) -> tuple[int, int, int]:
    begin = struct.unpack_from(order + ("Q" if wide else "I"), elf, 40 if wide else 32)[0]
    size, count = struct.unpack_from(order + "HH", elf, 58 if wide else 46)
    return begin, size, count


def _section(elf: bytes, place: int, wide: bool, order: str) -> tuple[int, int, int, int]:
    """Kind, offset, length, link."""
    if wide:
        _, kind, _, _, offset, length, link = struct.unpack_from(order + "IIQQQQI", elf, place)
    else:
        _, kind, _, _, offset, length, link = struct.unpack_from(order + "IIIIIII", elf, place)
    return kind, offset, length, link
