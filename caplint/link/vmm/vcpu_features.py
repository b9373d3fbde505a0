"""Feature bits that a VMM sets when it creates a vCPU: `features[0] |= 1 << KVM_ARM_VCPU_SVE`, `BIT(…)`, helpers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from caplint.knowledge.load import knowledge
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction, symbols

_SET_BIT = re.compile(r"\w*set_bit\w*\Z")


class FeatureBit(NamedTuple):
    """Place that sets a feature bit."""

    function: CodeFunction
    line: int
    bit: str
    text: str


def feature_bits(code: Code) -> Iterator[FeatureBit]:
    """Yield the places of a tree that set a known feature bit, in file order, each bit once per line."""
    seen: set[tuple[str, int, str]] = set()
    for function in code.functions:
        for line, bit, text in _in(code, function):
            if (function.path, line, bit) not in seen:
                seen.add((function.path, line, bit))
                yield FeatureBit(function, line, bit, text)


def _in(code: Code, function: CodeFunction) -> Iterator[tuple[int, str, str]]:
    names = set(knowledge().vcpu_features)
    for store in function.stores:
        if store.operator in {"=", "|=", "init", "+="}:
            for bit in sorted(symbols(store.value) & names):
                if _is_shifted(store.value, bit):
                    yield store.line, bit, f"{store.target} {store.operator} {store.value}"
    for call in function.calls:
        for position, argument in enumerate(call.arguments):
            bit = argument.strip("() ")
            if bit in names and _sets(code, call.callee, position):
                yield call.line, bit, f"{call.callee}(…)"


def _is_shifted(text: str, name: str) -> bool:
    """Tell whether an expression is made of the bit with a number: `1 << NAME`, `BIT(NAME)`; not `x & ~(1 << NAME)`."""
    shifted = rf"(?<!~)\(*\s*(?:\b\w+\s*<<\s*\(*\s*{name}\b|\b\w*BIT\w*\s*\(\s*{name}\s*\))"
    return re.search(shifted, text) is not None and re.search(rf"[=!]=|[~&]\s*\(*[^()~&]*{name}\b", text) is None


def _sets(code: Code, callee: str, position: int) -> bool:
    """Tell whether a function sets the bit whose number is its parameter: one in view, or one named `set_bit`."""
    if _SET_BIT.match(callee):
        return True
    return any(
        store.operator in {"=", "|="} and _is_shifted(store.value, function.parameters[position])
        for function in code.named(callee)
        if position < len(function.parameters) and function.parameters[position].isidentifier()
        for store in function.stores
    )
