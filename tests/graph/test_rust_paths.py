"""A site in Rust is shown, and said to be followed no further."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import lay

from caplint.cli.main import main

_VM = "use kvm_ioctls::{Cap, Kvm};\nfn f(kvm: &Kvm) {\n    if kvm.check_extension(Cap::Hlt) {}\n}\n"


def test_a_site_in_rust(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path, {"src/vm.rs": _VM})
    assert main(["path", "KVM_CAP_HLT", "--tree", f"tea=vmm:{root}"]) == 0
    said = capsys.readouterr().out
    assert "KVM_CAP_HLT checked" in said
    assert "!! the call graph does not follow Rust" in said
    assert "tea:src/vm.rs:3" in said
