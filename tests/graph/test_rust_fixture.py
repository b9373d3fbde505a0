"""The miniature VMM in Rust: nothing is wrong with it, and each of its paths is whole."""

from __future__ import annotations

import json

import pytest
from conftest import Caplint

from caplint.util.shipped_files import FIXTURES

_TREES = ("--kernel", FIXTURES / "linux", "--tree", f"teapot=vmm:{FIXTURES / 'teapot'}")


def test_nothing_is_wrong_with_it(caplint: Caplint) -> None:
    run = caplint("check", *_TREES)
    assert "0 errors, 0 warnings, 0 notes" in run.out
    assert "all accounted for; teapot:Cargo.lock:5 names kvm-bindings 0.14.0" in run.out


@pytest.mark.parametrize("cap", ["KVM_CAP_SPLIT_IRQCHIP", "KVM_CAP_USER_MEMORY", "KVM_CAP_MP_STATE"])
def test_its_paths_are_whole(caplint: Caplint, cap: str) -> None:
    found = json.loads(caplint("path", cap, *_TREES, "--arch", "x86", "--output-format", "json").out)
    assert found["paths"]
    assert not any(found["broken"])
    for steps in found["paths"]:
        names = [step["function"] for step in steps]
        assert names[:3] == ["main", "run", "Machine::start"]
        assert next(step["note"] for step in steps if step["edge"] == "trait").startswith("Backend::")
        assert (steps[-1]["edge"], steps[-1]["case"]) == ("case", cap)


def test_another_architecture_has_another_method(caplint: Caplint) -> None:
    out = caplint("path", "--to", "split_irqchip", *_TREES, "--arch", "arm64").out
    assert "teapot:src/kvm/mod.rs:53  (defined at src/kvm/mod.rs:42" in out
