"""Page of a rule, or card of a capability; anything else is one line that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Caplint, kernel


@pytest.mark.parametrize("code", ["CAP101", "cap101", "number-mismatch"])
def test_explain(caplint: Caplint, code: str) -> None:
    head, empty, *page = caplint("explain", code).out.splitlines()
    assert head == "CAP101 number-mismatch · error · since 0.1.0 · needs kernel"
    assert (empty, page[0]) == ("", "# A capability has different numbers in two headers")
    assert "```sql" not in page
    assert "```sql" in caplint("explain", code, "--query").out.splitlines()


@pytest.mark.parametrize("name", ["KVM_CAP_HLT", "kvm_cap_hlt"])
def test_explain_a_capability(caplint: Caplint, tmp_path: Path, name: str) -> None:
    run = caplint("explain", name, kernel(tmp_path / "k"))
    assert (run.status, run.err) == (0, "")
    first, number, place, *rest = run.out.splitlines()
    assert (first, number.split()) == ("KVM_CAP_HLT", ["number", "1"])
    assert place.split() == ["kernel:include/uapi/linux/kvm.h:2"]
    assert "  used        unknown: no VMM is in view" in rest


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("KVM_CAP_HTL",), "KVM_CAP_HTL: no header in view defines it; did you mean KVM_CAP_HLT?"),
        (("KVM_CAP_" + "Q" * 300,), "Q: no header in view defines it; `caplint inventory` lists all capabilities"),
        (("--query", "KVM_CAP_HLT"), "--query shows the query of a rule, but KVM_CAP_HLT is a capability"),
        (("CAP101",), "a rule needs no trees; only KVM_CAP_X is looked up in them"),
    ],
)
def test_what_cannot_be_explained(caplint: Caplint, tmp_path: Path, words: tuple[str, ...], error: str) -> None:
    run = caplint("explain", *words, kernel(tmp_path / "k"))
    assert (run.status, run.out) == (2, "")
    assert run.err.endswith(f"{error}\n")
    assert run.err.count("\n") == 1
