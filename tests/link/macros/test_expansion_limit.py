"""A tree with more macro invocations that make code than can be expanded in time."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

from caplint.link.macros import expansion_plan

MACRO = "#define F(x) int f##x(struct kvm *kvm) { return x; }\n"
INCLUDED = {
    X86: '#define F(x) int f##x(void) { return x; }\n#include "list.h"\n#include "list.h"\n',
    "arch/x86/kvm/list.h": "".join(f"F({at})\n" for at in range(15)),
}
WRITTEN = {X86: MACRO + "".join(f"F({at})\n" for at in range(30))}


@pytest.mark.parametrize("files", [WRITTEN, INCLUDED], ids=["written", "included"])
def test_what_is_not_expanded_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]
) -> None:
    tree = bare_kernel(tmp_path, files)
    query = "SELECT path, line, reason FROM unexpanded"
    assert ask([tree], query) == []
    monkeypatch.setattr(expansion_plan, "_MOST_PIECES", 20)
    ((path, line, reason),) = ask([tree], query)
    assert (path, line) == (X86, 22 if files is WRITTEN else 3)
    assert "more than 20 such invocations" in reason
