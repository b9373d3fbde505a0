"""Function-like macros in the conditions of a function: their text with the arguments in place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.callees import FunctionMacro
from caplint.values.expression_text import closing
from caplint.values.expression_tree import Node, text_of

_LEAVES = re.compile(r"\s*(?:\{[^{}]*)?\b(?:return|goto)\b")
_IF = re.compile(r"\bif\s*\(")


def expanded(macro: FunctionMacro, given: tuple[Node, ...]) -> str | None:
    """Return a macro's body with the arguments in place of its parameters; None if their number differs."""
    if len(macro.parameters) != len(given):
        return None
    texts = {name: text_of(node) for name, node in zip(macro.parameters, given, strict=True)}
    if not texts:
        return kernel_idioms().seen_through(macro.body)
    names = re.compile(rf"\b(?:{'|'.join(map(re.escape, texts))})\b")
    return kernel_idioms().seen_through(names.sub(lambda match: texts[match.group()], macro.body))


def leaving_conditions(body: str) -> Iterator[str]:
    """Yield the conditions under which a macro's body returns or jumps."""
    for match in _IF.finditer(body):
        end = closing(body, match.end() - 1)
        if end > 0 and _LEAVES.match(body, end + 1):
            yield body[match.end() : end]
