"""/dev/kvm, played by a function; the real one where this machine has it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from caplint.machine.kvm import ask
from caplint.util.errors import CaplintError


class Kvm:
    """Answers as a kernel does. Descriptors of VMs are real ones, since they are closed."""

    def __init__(self, system: dict[int, int], vm: dict[int, int] | None = None, *, refuses: int = 0) -> None:
        self.requests: list[tuple[int, int]] = []
        self.made: list[int] = []
        self._system, self._vm, self._refuses = system, system if vm is None else vm, refuses

    def __call__(self, descriptor: int, request: int, argument: int) -> int:
        self.requests.append((request, argument))
        match request & 0xFF:
            case 0:
                return 12
            case 1:
                if self._refuses and argument == 0:
                    raise OSError(self._refuses, os.strerror(self._refuses))
                self.made.append(os.open(os.devnull, os.O_RDONLY))
                return self.made[-1]
        answer = (self._vm if descriptor in self.made else self._system).get(argument, 0)
        if answer < 0:
            raise OSError(-answer, os.strerror(-answer))
        return answer


def _uname(machine: str = "x86_64") -> os.uname_result:
    return os.uname_result(("Linux", "box", "6.12.3-test", "#1", machine))


def test_both_descriptors_are_asked_and_the_vm_is_closed() -> None:
    kvm = Kvm({0: 1, 9: 4, 105: 1}, {9: 2, 105: 1, 130: 7})
    machine = ask({9: "KVM_CAP_NR_VCPUS"}, device=Path(os.devnull), ioctl=kvm, uname=_uname)
    assert [(entry.number, entry.name, entry.system, entry.vm) for entry in machine.answers] == [
        (0, None, 1, 0),
        (9, "KVM_CAP_NR_VCPUS", 4, 2),
        (105, None, 1, 1),
        (130, None, 0, 7),
    ]
    assert (machine.name, machine.release, machine.arch) == ("box", "6.12.3-test", "x86")
    assert (machine.first, machine.last, machine.vm_error) == (0, 1023, None)
    for descriptor in kvm.made:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


@pytest.mark.parametrize(
    ("machine", "request_"),
    # As <asm-generic/ioctl.h> has it, and as arch/{mips,powerpc}/include/uapi/asm/ioctl.h do: _IOC_NONE is 1 there.
    [("x86_64", 0xAE03), ("aarch64", 0xAE03), ("s390x", 0xAE03), ("ppc64le", 0x2000AE03), ("mips64", 0x2000AE03)],
)
def test_ioctls_are_numbered_as_the_architecture_does(machine: str, request_: int) -> None:
    kvm = Kvm({105: 1})
    ask(device=Path(os.devnull), ioctl=kvm, uname=lambda: _uname(machine))
    assert (request_, 7) in kvm.requests


def test_an_error_is_a_negative_answer() -> None:
    kvm = Kvm({3: -errno.EINVAL, 105: 1})
    machine = ask(device=Path(os.devnull), ioctl=kvm, uname=_uname)
    assert [(entry.number, entry.system) for entry in machine.answers] == [(3, -errno.EINVAL), (105, 1)]


@pytest.mark.parametrize(
    ("kvm", "reason"),
    [
        (Kvm({0: 1}), "this kernel supports queries on the system's descriptor only: KVM_CAP_CHECK_EXTENSION_VM is 0"),
        (Kvm({0: 1, 105: 1}, refuses=errno.ENOMEM), "KVM_CREATE_VM: Cannot allocate memory"),
    ],
)
def test_without_a_vm_the_system_is_asked(kvm: Kvm, reason: str) -> None:
    machine = ask(device=Path(os.devnull), ioctl=kvm, uname=_uname)
    assert machine.vm_error == reason
    assert (machine.answers[0].system, machine.answers[0].vm) == (1, None)


def test_arm_machines_with_narrow_addresses_have_another_type_of_vm() -> None:
    kvm = Kvm({105: 1, 165: 36}, refuses=errno.EINVAL)
    machine = ask(device=Path(os.devnull), ioctl=kvm, uname=lambda: _uname("aarch64"))
    assert machine.vm_error is None
    assert (0xAE01, 36) in kvm.requests


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("absent", "cannot be opened: No such file or directory; KVM is not available; load its module"),
        ("/dev/null", "is not a KVM device: KVM_GET_API_VERSION: Inappropriate ioctl for device"),
        ("/proc", "cannot be opened: Is a directory"),
    ],
)
def test_what_is_no_kvm(tmp_path: Path, device: str, message: str) -> None:
    with pytest.raises(CaplintError, match=message):
        ask(device=tmp_path / device, uname=_uname)


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.EACCES, "join the group that owns it"), (errno.ENODEV, "KVM's module is not loaded")],
)
def test_a_device_that_does_not_open(monkeypatch: pytest.MonkeyPatch, number: int, advice: str) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CaplintError, match=advice):
        ask(uname=_uname)


def test_another_version_of_the_api() -> None:
    with pytest.raises(CaplintError, match="its API has version 10, but caplint supports 12 only"):
        ask(device=Path(os.devnull), ioctl=lambda *_: 10, uname=_uname)


def test_a_machine_without_kvm_at_all() -> None:
    with pytest.raises(CaplintError, match="this machine is a sparc64"):
        ask(device=Path(os.devnull), uname=lambda: _uname("sparc64"))


def test_this_machine() -> None:
    try:
        machine = ask()
    except CaplintError as error:
        pytest.skip(str(error))
    answers = {entry.number: entry for entry in machine.answers}
    # KVM_CAP_USER_MEMORY is what no VMM can do without; it is answered on every architecture.
    assert answers[3].system > 0
    assert machine.release == os.uname().release
