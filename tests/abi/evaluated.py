"""Headers of a tree in memory, evaluated for one ABI."""

from __future__ import annotations

from caplint.abi.sources import HeaderSet, gather
from caplint.abi.unit import AbiUnit, evaluate

GOOD = "struct kvm_good { int a; };\n"
"""A structure that every evaluation must find."""
DOUBLED = "#define B0 1\n" + "".join(f"#define B{i} (B{i - 1} + B{i - 1})\n" for i in range(1, 40))
"""Macros of which the last one is 2 ** 39 terms."""
BOMB = "#define B0 B1 B1 B1 B1\n" + "".join(f"#define B{i} {f'B{i + 1} ' * 4}\n" for i in range(1, 30)) + "B0\n"
"""A text of 4 ** 30 words."""


def unit(text: str, **others: str) -> AbiUnit:
    """Return what linux/kvm.h declares on x86_64; `others` are further headers below include/linux, by name."""
    files = {"include/linux/kvm.h": text.encode()} | {f"include/linux/{k}.h": v.encode() for k, v in others.items()}
    return evaluate(gather(HeaderSet("include/linux/kvm.h", ""), files.get), ["x86_64"])["x86_64"]
