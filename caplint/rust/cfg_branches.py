"""Branches of `cfg_if! { if #[cfg(…)] { … } else { … } }`, which the syntax tree shows as tokens."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from caplint.rust.cfg import ALWAYS, predicate
from caplint.rust.syntax import RustFile, parse_items

_MOST = 40


def branches(file: RustFile, node: tree_sitter.Node) -> Iterator[tuple[str, tree_sitter.Node]]:
    """Yield the condition and the syntax tree of each branch of an invocation; nothing for other macros."""
    macro = node.child_by_field_name("macro")
    tokens = next((child for child in node.named_children if child.type == "token_tree"), None)
    if macro is None or tokens is None or file.plain(macro).rpartition("::")[2] != "cfg_if":
        return
    before: list[str] = []
    condition = ALWAYS
    for child in tokens.named_children:
        text = file.plain(child) if child.type == "token_tree" else ""
        if text.startswith("["):
            inside = text[1:-1].strip()
            condition = predicate(inside.removeprefix("cfg").strip()[1:-1]) if inside.startswith("cfg") else ALWAYS
        elif text.startswith("{") and len(before) < _MOST:
            whole = " && ".join(f"({one})" for one in [*(f"!({other})" for other in before), condition])
            yield whole, parse_items(file, child.start_byte + 1, child.end_byte - 1)
            before.append(condition)
            condition = ALWAYS
