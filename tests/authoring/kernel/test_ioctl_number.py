"""Number of a new ioctl: the next one of KVM's own, unless a name that it needs is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, bare_kernel, bare_qemu
from written import workshop

from caplint.authoring.kernel.ioctl_number import settled_ioctl
from caplint.authoring.request import parse
from caplint.authoring.workshop import Workshop
from caplint.config.settings import Config
from caplint.fixes.workbench import Workbench
from caplint.session import open_session
from caplint.util.errors import CaplintError

KVMIO = "#define KVMIO 0xAE\n"
BELL = parse("KVM_CAP_BELL", arguments="mask:LOUD,KVM_BELL=3", ioctl="KVM_SET_BELL")


def _numbered(*definitions: tuple[str, str]) -> str:
    return KVMIO + "".join(f"#define KVM_{name} {value}\n" for name, value in definitions)


def _number(root: Path, header: str) -> int | None:
    with workshop(bare_kernel(root, {UAPI: header})) as place:
        ioctl = settled_ioctl(BELL, place)
        assert ioctl is not None
        assert ioctl.name == "KVM_SET_BELL"
        return ioctl.number


ONE = ("ONE", "_IO(KVMIO, 0x60)")
DEVICES = [(f"{name}_DEVICE{attr}", f"_IO(KVMIO, {number})") for name, attr, number in (
    ("CREATE", "", "0xe0"), ("SET", "_ATTR", "0xe1"), ("GET", "_ATTR", "0xe2"), ("HAS", "_ATTR", "0xe3"))]  # fmt: skip


@pytest.mark.parametrize(
    ("definitions", "number"),
    [
        ([ONE], 0x61),
        ([("ONE", "_IO(KVMIO, 96)"), ("TWO", "_IOWR(KVMIO, 0x6a, int)"), ("THREE", "_IOR(KVMIO, 0x10, int)")], 0x6B),
        # A structure that nobody has, so that the whole number cannot be computed
        ([ONE, ("TWO", "_IOW(KVMIO, 0xd5, struct kvm_nowhere)")], 0xD6),
        ([ONE, ("TWO", "_IOW(KVMIO, 213, struct kvm_nowhere)")], 0xD6),
        ([ONE, ("TWO", "_IOW( KVMIO , 0Xd5 , struct kvm_nowhere)")], 0xD6),
        # Other groups do not count, nor do macros that only use one.
        ([ONE, ("TWO", "_IO(0xAF, 0x70)"), ("THREE", "(KVM_ONE + 9)")], 0x61),
        # The numbers of devices stand apart, and are not given out again.
        ([ONE, *DEVICES], 0x61),
        ([("ONE", "_IO(KVMIO, 0xdf)"), *DEVICES], 0xE4),
        ([("ONE", "_IO(KVMIO, 0xe4)"), *DEVICES], 0xE5),
    ],
)
def test_it_is_the_one_after_the_highest(tmp_path: Path, definitions: list[tuple[str, str]], number: int) -> None:
    assert _number(tmp_path, _numbered(*definitions)) == number


def test_a_capability_without_an_ioctl_has_no_number(tmp_path: Path) -> None:
    with workshop(bare_kernel(tmp_path, {UAPI: ""})) as place:
        assert settled_ioctl(parse("KVM_CAP_BELL"), place) is None


def test_numbers_of_a_vmm_are_taken(tmp_path: Path) -> None:
    """A VMM's header may come from a kernel that is ahead."""
    trees = [
        bare_kernel(tmp_path / "a", {UAPI: _numbered(ONE)}),
        bare_qemu(tmp_path / "b", {QEMU_UAPI: _numbered(ONE, ("TWO", "_IO(KVMIO, 0x61)"))}),
    ]
    session = open_session(trees, Config(cache="none", jobs=1))
    try:
        place = Workshop(Workbench(session.connection, {tree.name: tree for tree in trees}), trees[0])
        ioctl = settled_ioctl(BELL, place)
        assert ioctl is not None
        assert ioctl.number == 0x62
    finally:
        session.store.close()


def test_no_number_is_left(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="--ioctl KVM_SET_BELL: no number of KVM's ioctls is free above 0xff"):
        _number(tmp_path, _numbered(("ONE", "_IO(KVMIO, 0xff)")))


@pytest.mark.parametrize("header", ["", KVMIO, KVMIO + "#define OTHER _IO(0xAF, 1)\n"])
def test_a_header_without_ioctls_is_no_place(tmp_path: Path, header: str) -> None:
    with pytest.raises(CaplintError, match="lacks the place to define KVM_SET_BELL"):
        _number(tmp_path, header)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("#define KVM_SET_BELL 1\n", rf"KVM_SET_BELL: exists already, at .*{UAPI}:3; choose another"),
        ("struct kvm_set_bell {\n\tint a;\n};\n", rf"struct kvm_set_bell exists already, at .*{UAPI}:4; choose"),
    ],
)
def test_a_name_that_it_needs_is_taken(tmp_path: Path, more: str, told: str) -> None:
    with pytest.raises(CaplintError, match=told):
        _number(tmp_path, _numbered(ONE) + more)


def test_a_bit_may_not_have_its_name(tmp_path: Path) -> None:
    request = parse("KVM_CAP_BELL", arguments="mask:LOUD,KVM_BELL", ioctl="KVM_BELL")
    with (
        workshop(bare_kernel(tmp_path, {UAPI: _numbered(ONE)})) as place,
        pytest.raises(CaplintError, match="--ioctl KVM_BELL: is the name of a bit of --args, too"),
    ):
        settled_ioctl(request, place)
