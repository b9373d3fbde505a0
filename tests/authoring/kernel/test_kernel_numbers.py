"""Numbers of a new capability and of its register: free ones, and names that nothing else has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel
from written import kernel, workshop

from caplint.authoring.kernel.numbers import settled
from caplint.authoring.request import RequestedRegister, parse
from caplint.authoring.workshop import Workshop
from caplint.config.settings import Config
from caplint.util.errors import CaplintError

MSRS = "arch/x86/include/asm/msr-index.h"
DENSE = "".join(f"#define KVM_CAP_N{number} {number}\n" for number in range(4))


@pytest.fixture(scope="module")
def mini() -> Iterator[Workshop]:
    """Its numbers go from 0 to 223; it defines PPIN, and handles PLATFORM_INFO and the banks from 0x400 to 0x40f."""
    text = kernel().read(UAPI).replace(b"#define KVMIO 0xAE\n", b"#define KVMIO 0xAE\n#define KVM_BELL_LOUD 1\n")
    config = Config(cache="none", jobs=1, vendor_range=((220, 223), (1_000, 1_001)))
    with workshop(kernel({UAPI: text}), config) as place:
        yield place


def _next(root: Path, header: str, ranges: tuple[tuple[int, int], ...] = (), wish: str = "next") -> int | None:
    config = Config(cache="none", jobs=1, vendor_range=ranges)
    with workshop(bare_kernel(root, {UAPI: header}), config) as place:
        return settled(parse("KVM_CAP_BELL"), place, wish).number


@pytest.mark.parametrize(
    ("header", "ranges", "number"),
    [
        (DENSE, (), 4),
        (DENSE + "#define KVM_CAP_HIGH 30\n", (), 31),
        # A number far above the others, and those of vendors, do not count, but are not given out.
        (DENSE + "#define KVM_CAP_FAR 20000\n", (), 4),
        (DENSE + "#define KVM_CAP_OURS 4\n", ((4, 9),), 5),
        (DENSE + "#define KVM_CAP_OURS 5\n", ((5, 9),), 4),
        ("", (), 0),
    ],
)
def test_the_next_free_number(tmp_path: Path, header: str, ranges: tuple[tuple[int, int], ...], number: int) -> None:
    assert _next(tmp_path, header, ranges) == number


@pytest.mark.parametrize(
    ("taken", "ranges", "number"),
    [
        ([], ((600, 601),), 600),
        ([600], ((600, 601),), 601),
        ([600, 601], ((600, 601), (700, 800)), 700),
        ([], ((600, 2**31 - 1),), 600),
        ([600, 601, 603], ((600, 2**31 - 1),), 602),
    ],
)
def test_a_number_of_the_vendor_ranges(
    tmp_path: Path, taken: list[int], ranges: tuple[tuple[int, int], ...], number: int
) -> None:
    header = "".join(f"#define KVM_CAP_V{given} {given}\n" for given in taken)
    assert _next(tmp_path, header, ranges, "vendor") == number


def test_a_vendor_range_that_lacks_or_is_full(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="the configuration has no vendor-range"):
        _next(tmp_path / "a", DENSE, (), "vendor")
    with pytest.raises(CaplintError, match="no number of the vendor-range is free"):
        _next(tmp_path / "b", DENSE, ((0, 3),), "vendor")


@pytest.mark.parametrize("wish", ["224", "600", "2147483647"])
def test_a_number_that_is_asked_for(mini: Workshop, wish: str) -> None:
    assert settled(parse("KVM_CAP_BELL"), mini, wish).number == int(wish)


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("0", "is taken by KVM_CAP_IRQCHIP of"),
        ("223", "is taken by KVM_CAP_DIRTY_LOG_RING_ACQ_REL of"),
        *((wrong, "write next, vendor, or a number of 0 to 2147483647")
          for wrong in ("2147483648", "-1", "0x10", "010", "", "1 ", "one", "9" * 5_000)),
    ],
)  # fmt: skip
def test_a_number_that_nobody_can_have(mini: Workshop, wish: str, told: str) -> None:
    with pytest.raises(CaplintError, match=told):
        settled(parse("KVM_CAP_BELL"), mini, wish)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("KVM_CAP_HALT_POLL", "none", rf"KVM_CAP_HALT_POLL: exists already, at \w+:{UAPI}:\d+; choose another name"),
        ("KVM_CAP_GUEST_MEMFD", "none", r"is number 234 of Linux 6\.8; choose another name"),
        ("KVM_CAP_BELL", "mask:SOFT,LOUD", f"--args mask: KVM_BELL_LOUD: is defined already, at {UAPI}:"),
    ],
)
def test_a_name_that_is_taken(mini: Workshop, name: str, arguments: str, told: str) -> None:
    with pytest.raises(CaplintError, match=told):
        settled(parse(name, arguments=arguments), mini)


def _register(place: Workshop, text: str) -> RequestedRegister | None:
    return settled(parse("KVM_CAP_X86_BELL", archs=["x86"], register=text), place).register


@pytest.mark.parametrize(
    ("text", "register"),
    [
        ("PPIN", RequestedRegister("MSR_PPIN", 0x4F, writable=False, is_defined=True)),
        ("PPIN=0x4f:rw", RequestedRegister("MSR_PPIN", 0x4F, writable=True, is_defined=True)),
        ("BELL=0x1234", RequestedRegister("MSR_BELL", 0x1234, writable=False)),
        ("BELL=0x410", RequestedRegister("MSR_BELL", 0x410, writable=False)),
    ],
)
def test_registers(mini: Workshop, text: str, register: RequestedRegister) -> None:
    assert _register(mini, text) == register


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("BELL", "no header defines it; give its number: MSR_BELL=0x"),
        ("PPIN=0x50", f"--msr MSR_PPIN: has 0x4f at {MSRS}:8; leave its number out"),
        ("BELL=0x4f", f"--msr MSR_BELL: 0x4f is MSR_PPIN at {MSRS}:8; use that name"),
        ("BELL=0xce", f"--msr MSR_BELL: 0xce is MSR_PLATFORM_INFO at {MSRS}:9; use that name"),
        ("PLATFORM_INFO", "--msr MSR_PLATFORM_INFO: is handled already, at arch/x86/kvm/x86.c:"),
        ("BELL=0x404", "--msr MSR_BELL: 0x404 is handled already, at arch/x86/kvm/x86.c:"),
    ],
)
def test_registers_that_stand_for_another(mini: Workshop, text: str, told: str) -> None:
    with pytest.raises(CaplintError, match=told):
        _register(mini, text)


def test_a_register_whose_number_cannot_be_computed(tmp_path: Path) -> None:
    files = {UAPI: DENSE, MSRS: "#define MSR_BELL BELL_BASE(3)\n#define MSR_OTHER 0x100\n"}
    with workshop(bare_kernel(tmp_path, files)) as place, pytest.raises(CaplintError, match="has no number that can"):
        _register(place, "BELL=0x1")
