"""The ledger: what was read, what was not understood, and which names nothing explains."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, bare_kernel, bare_qemu

from caplint.config.settings import Config
from caplint.coverage.summary import Blind, Coverage, TreeCoverage, measure
from caplint.session import open_session
from caplint.trees.tree import Tree

HEADER = "#define KVM_CAP_A 1\n#define KVM_RUN _IO(KVMIO, 0x80)\n"
CODE = """\
/* KVM_CAP_A, KVM_RUN and KVM_FOO */
int f(long ext)
{
	switch (ext) {
	case KVM_CAP_A:
		return g(KVM_CAP_A);
	case KVM_RUN:
		return 0;
	}
	return 0;
}
"""


def _measure(*trees: Tree) -> Coverage:
    session = open_session(list(trees), Config(cache="none", jobs=1))
    try:
        return measure(session.connection)
    finally:
        session.store.close()


def test_every_watched_name_is_counted_by_what_it_is(tmp_path: Path) -> None:
    coverage = _measure(bare_kernel(tmp_path, {UAPI: HEADER, X86: CODE}))
    size = len(HEADER) + len(CODE)
    assert coverage.trees == [TreeCoverage("kernel", 3, size, 1, 0, 0, 0, 7, 0)]
    assert coverage.kinds == {"case": 2, "comment": 2, "definition": 2, "argument": 1}
    assert (coverage.blind, coverage.unaccounted, coverage.percent) == ([], [], 100.0)


def test_an_ioctl_counts_in_every_tree_once_a_header_in_view_defines_it(tmp_path: Path) -> None:
    use = "void g(void)\n{\n\tkvm_ioctl(s, KVM_RUN, 0);\n}\n"
    vmm = bare_qemu(tmp_path / "q", {"accel/kvm/use.c": use})
    assert _measure(vmm).total("tokens") == 0
    coverage = _measure(bare_kernel(tmp_path / "k", {UAPI: HEADER}), vmm)
    assert [(tree.tree, tree.tokens) for tree in coverage.trees] == [("kernel", 2), ("qemu", 1)]


def test_what_is_not_understood_is_listed_by_size(tmp_path: Path) -> None:
    coverage = _measure(
        bare_kernel(tmp_path, {"arch/x86/kvm/one.c": "#endif\n", "arch/x86/kvm/two.c": "int x;\n#else /* why */\n"})
    )
    assert [(spot.path, spot.line) for spot in coverage.blind] == [("arch/x86/kvm/two.c", 2), ("arch/x86/kvm/one.c", 1)]
    assert coverage.total("blind_files") == 2
    assert coverage.total("blind_bytes") == sum(spot.bytes for spot in coverage.blind) > 0


def test_totals_and_shares() -> None:
    rows = [TreeCoverage("a", 1, 100, 2, 1, 1, 10, 5, 0), TreeCoverage("b", 2, 300, 0, 0, 0, 0, 7, 1)]
    coverage = Coverage(rows, [Blind("a", "p", 1, 10, "why")], [], {})
    assert (coverage.total("files"), coverage.total("tokens"), coverage.total("unaccounted")) == (3, 12, 1)
    assert coverage.percent == pytest.approx(97.5)
    assert Coverage([], [], [], {}).percent == 100.0


def test_an_empty_tree(tmp_path: Path) -> None:
    assert _measure(bare_kernel(tmp_path, {})).trees == [TreeCoverage("kernel", 2, 0, 0, 0, 0, 0, 0, 0)]
