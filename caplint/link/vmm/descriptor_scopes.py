"""Scope of the descriptor on which a VMM issues an ioctl: the only module that decides it.

The function that is called tells it, else what the code has opened, else the descriptor's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from caplint.knowledge.languages import RUST_SUFFIX
from caplint.knowledge.load import Wrapper, knowledge
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import CallSite
from caplint.link.functions.reaching import reaching
from caplint.link.vmm.value_text import is_number

UNKNOWN = "unknown"
# Receiver of a method whose type the file tells.
_TYPED = re.compile(r"\(struct (\w+) \*\)\s*&?")
_LAST_NAME = re.compile(r"(\w+)\W*\Z")


class DescriptorScopes:
    """Judge of the descriptors of one program: system, vm, vcpu or unknown."""

    def __init__(self, code: Code, project: str, wrappers: Iterable[Wrapper]) -> None:
        self._code = code
        self._by_callee = {wrapper.callee: wrapper.scope for wrapper in wrappers}
        self._by_name = knowledge().descriptors_of(project)

    @property
    def callees(self) -> frozenset[str]:
        """Functions that are known to get a descriptor, or an object that stands for one."""
        return frozenset(self._by_callee)

    def knows(self, callee: str) -> bool:
        """Tell whether a function always issues its ioctls on the same descriptor."""
        return self._by_callee.get(callee, UNKNOWN) != UNKNOWN

    def of(self, function: CodeFunction, call: CallSite) -> str:
        """Return the scope of a call in a function; its first argument is the descriptor."""
        if self.knows(call.callee):
            return self._by_callee[call.callee]
        text = call.arguments[0].strip()
        if typed := _TYPED.match(text):
            if scope := knowledge().receivers.get(typed.group(1)):
                return scope
            text = text[typed.end() :]
        if opened := self._opened(function, text, call.start):
            return opened.pop() if len(opened) == 1 else UNKNOWN
        match = _LAST_NAME.search(text)
        if function.path.endswith(RUST_SUFFIX) and (
            scope := knowledge().receiver_names.get(match.group(1) if match else "")
        ):
            return scope
        return self._by_name.get(text) or self._by_name.get(match.group(1) if match else "", UNKNOWN)

    def _opened(self, function: CodeFunction, descriptor: str, offset: int) -> set[str]:
        """Return the scopes of the calls that may have opened a descriptor; unknown beside them for any other value."""
        stores = reaching(function, descriptor, offset, self._code.budget).stores
        values = [store.value for store in stores] or [descriptor]
        scopes = {_opens(value) for value in values if not is_number(value)}
        return scopes if scopes != {UNKNOWN} else set()


def _opens(value: str) -> str:
    return next((scope for scope, pattern in knowledge().opened if pattern.search(value)), UNKNOWN)
