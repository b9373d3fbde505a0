"""`:Architectures:` and `:Type:` of api.rst, corrected by what the code serves."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, Rows, bench, finding

from caplint.fixes.scope_line import propose

SERVED = "handled_on(tree, subject, scope)"


def _line(root: Path, text: str, parts: list[str], served: list[str] | None = None) -> str | None:
    """The line that is proposed for the first one of a text."""
    tables: dict[str, Rows] = {SERVED: [("kernel", "KVM_RUN", scope) for scope in served or []]}
    found = finding(1, "KVM_RUN", parts=tuple(f"KVM_RUN {part}" for part in parts))
    fixes = list(propose([found], bench(root, {API: text}, tables)))
    assert all(len(fix.edits) == 1 and len(fix.edits[0].new) == 1 for _, fix in fixes)
    return fixes[0][1].edits[0].new[0] if fixes else None


@pytest.mark.parametrize(
    ("line", "parts", "expected"),
    [
        (":Architectures: x86", ["arm64"], ":Architectures: x86, arm64"),
        (":Architectures: x86, arm64", ["arm64"], ":Architectures: x86"),
        (":Architectures: x86, ppc", ["powerpc", "s390"], ":Architectures: x86, s390"),
        (":Architecture: x86", ["s390", "arm64"], ":Architecture: x86, arm64, s390"),
        (":Architectures:   x86", ["s390"], ":Architectures:   x86, s390"),
        (":Architectures: all", ["s390"], None),
        (":Architectures: x86 (some)", ["s390"], None),
        (":Architectures: x86", ["vax"], None),
        (":Architectures: x86", [], None),
        (":Architectures: x86", ["x86"], None),
        ("Architectures: x86", ["s390"], None),
        (":Parameters: x86", ["s390"], None),
    ],
)
def test_architectures(tmp_path: Path, line: str, parts: list[str], expected: str | None) -> None:
    assert _line(tmp_path, f"{line}\n:Type: vm ioctl\n", parts) == expected


def test_the_words_of_the_file(tmp_path: Path) -> None:
    text = ":Architectures: x86\n\n:Architectures: ppc\n:Architectures: ppc, powerpc\n"
    assert _line(tmp_path, text, ["powerpc"]) == ":Architectures: x86, ppc"


@pytest.mark.parametrize(
    ("line", "parts", "served", "expected"),
    [
        (":Type: vm ioctl", ["vcpu"], ["vm", "vcpu"], ":Type: vm ioctl, vcpu ioctl"),
        (":Type: vm ioctl", ["vcpu"], ["vcpu"], ":Type: vcpu ioctl"),
        (":Type: vm", ["vcpu"], ["vcpu"], ":Type: vcpu"),
        (":Target: system", ["vm"], ["system", "vm"], ":Target: system, vm"),
        (":Type: vm ioctl", ["vcpu"], ["vm"], None),
        (":Type: vm ioctl", ["vm"], ["vm"], None),
        (":Type: vm ioctl, vcpu ioctl", ["device"], ["device"], None),
        (":Type: basic", ["vm"], ["vm"], None),
    ],
)
def test_descriptors(tmp_path: Path, line: str, parts: list[str], served: list[str], expected: str | None) -> None:
    assert _line(tmp_path, f"{line}\n:Parameters: none\n", parts, served) == expected


@pytest.mark.parametrize("below", ["  arm64\n", "\tarm64\n", ""])
def test_a_field_of_several_lines_or_at_the_end(tmp_path: Path, below: str) -> None:
    assert _line(tmp_path, f":Architectures: x86\n{below}", ["s390"]) is None
