"""Scope of the descriptor on which a VMM issues an ioctl: what the code has opened, else what its name says."""

from __future__ import annotations

import re

from caplint.knowledge.load import Wrapper, knowledge
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import CallSite
from caplint.link.functions.reaching import reaching
from caplint.link.vmm.value_text import is_number

_LAST_NAME = re.compile(r"(\w+)\W*\Z")


def scope_of(code: Code, wrapper: Wrapper, function: CodeFunction, call: CallSite, project: str) -> str:
    """Return the scope of a wrapper's call: its own, or that of the descriptor; `unknown` if nothing tells it."""
    if wrapper.scope != "unknown":
        return wrapper.scope
    text = call.arguments[0].strip()
    if opened := _opened(code, function, text, call.start):
        return opened.pop() if len(opened) == 1 else "unknown"
    names = knowledge().descriptors_of(project)
    match = _LAST_NAME.search(text)
    return names.get(text) or names.get(match.group(1) if match else "", "unknown")


def _opened(code: Code, function: CodeFunction, descriptor: str, offset: int) -> set[str]:
    """Return the scopes of the calls that may have opened a descriptor; `unknown` beside them for any other value."""
    stores = reaching(function, descriptor, offset, code.budget).stores
    values = [store.value for store in stores] or [descriptor]
    scopes = {_opens(value) for value in values if not is_number(value)}
    return scopes if scopes != {"unknown"} else set()


def _opens(value: str) -> str:
    return next((scope for scope, pattern in knowledge().opened if pattern.search(value)), "unknown")
