"""What came, went and changed."""

from __future__ import annotations

from pathlib import Path

from conftest import CHECK, HEADER, UAPI, X86, Caplint, bare_kernel


def _kernels(place: Path) -> tuple[str, str]:
    later = HEADER.replace("KVM_CAP_HLT 1", "KVM_CAP_NEW 10").replace("NR_VCPUS 9", "NR_VCPUS 8")
    code = CHECK.replace("KVM_CAP_HLT", "KVM_CAP_NEW").replace("kvm && kvm->max", "MAX")
    old = bare_kernel(place / "old", {UAPI: HEADER, X86: CHECK})
    new = bare_kernel(place / "new", {UAPI: later, X86: "\n\n" + code})
    return old.location, new.location


def test_as_text(caplint: Caplint, tmp_path: Path) -> None:
    old, new = _kernels(tmp_path)
    run = caplint("inventory", new, "--compare", old)
    assert (run.status, run.err) == (0, "")
    assert run.out == (
        "new: 1 capability\n  KVM_CAP_NEW\n      number 10\n      x86 advertises: always\n"
        "gone: 1 capability\n  KVM_CAP_HLT\n      number 1\n      x86 advertises: always\n"
        "changed: 1 capability\n  KVM_CAP_NR_VCPUS\n      number 9 -> 8\n      x86 advertises: by VM -> always\n"
    )


def test_lines_that_moved_are_no_change(caplint: Caplint, tmp_path: Path) -> None:
    first = bare_kernel(tmp_path / "a", {UAPI: HEADER, X86: CHECK}).location
    second = bare_kernel(tmp_path / "b", {UAPI: "\n" + HEADER, X86: "\n\n" + CHECK}).location
    assert caplint("inventory", second, "--compare", first).out == "no capability came, went or changed\n"


def test_what_an_architecture_did_not_answer_before_has_changed(caplint: Caplint, tmp_path: Path) -> None:
    first = bare_kernel(tmp_path / "a", {UAPI: HEADER, X86: CHECK.replace("\tcase KVM_CAP_HLT:\n", "")}).location
    second = bare_kernel(tmp_path / "b", {UAPI: HEADER, X86: CHECK}).location
    run = caplint("inventory", second, "--compare", first, "--arch", "x86")
    assert run.out == "changed: 1 capability\n  KVM_CAP_HLT\n      x86 advertises: no -> always\n"
