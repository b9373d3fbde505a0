"""Names of the lowered text as the Rust file spells them, for messages: a reader looks for them in the file."""

from __future__ import annotations

import re
from functools import cache

from caplint.rust.words import words

_CAST = re.compile(r"\(struct \w+ \*\)")
_VARIANT = re.compile(r"\b([A-Z][A-Z0-9_]*?[a-z]\w*?)__(\w+)")
_MADE = re.compile(r"\b(\w+?)_(macro|closure)\b")
_DEFINED = re.compile(r"(?<!\w)defined\((\w+)\)")
_CFG = "CFG_"
_FEATURE = "feature_"


def as_rust(text: str) -> str:
    """Return a callee or expression of lowered text in Rust: `Cap::Hlt` of `Cap__Hlt`, `check!` of `check_macro`."""
    text = _VARIANT.sub(r"\1::\2", _CAST.sub("", text))
    return _MADE.sub(lambda made: f"{made[1]}!" if made[2] == "macro" else made[1], text)


def as_cfg(condition: str) -> str:
    """Return a condition with the predicates of `#[cfg(…)]` instead of the macros that stand for them."""
    return _DEFINED.sub(lambda found: _predicates().get(found[1], _named(found[1])), condition)


def _named(macro: str) -> str:
    if not macro.startswith(_CFG):
        return f"defined({macro})"
    name = macro.removeprefix(_CFG)
    return f'feature = "{name.removeprefix(_FEATURE)}"' if name.startswith(_FEATURE) else name


@cache
def _predicates() -> dict[str, str]:
    """Return macro of C → predicate of Rust; the first of several."""
    found: dict[str, str] = {}
    for key, values in words().targets.items():
        for value, macro in values.items():
            found.setdefault(macro, value if key == "alone" else f'{key} = "{value}"')
    return found
