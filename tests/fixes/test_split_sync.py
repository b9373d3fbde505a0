"""Mails that are split: no file changes, so that no edit is proposed, whatever a patch has updated."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import bench, finding

from caplint.findings.finding import Finding
from caplint.fixes.split_sync import propose


@pytest.mark.parametrize("findings", [[], [finding(1, path="linux-headers/linux/kvm.h", tree="qemu")]])
def test_no_edit_is_proposed(tmp_path: Path, findings: list[Finding]) -> None:
    made = bench(tmp_path, {"linux-headers/linux/kvm.h": "#define KVM_CAP_A 1\n"}, tree="qemu")
    assert list(propose(findings, made)) == []
