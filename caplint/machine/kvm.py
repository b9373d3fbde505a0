"""Queries of /dev/kvm for capabilities, according to Documentation/virt/kvm/api.rst, 4.1, 4.2 and 4.4."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from caplint.abi.abis import abis_of
from caplint.knowledge.load import knowledge
from caplint.machine.record import Answer, Machine
from caplint.util.errors import CaplintError

DEVICE = Path("/dev/kvm")
LAST = 1023
"""Highest number queried by default, so that capabilities unknown to the headers in view are seen too."""

Ioctl = Callable[[int, int, int], int]
_KVMIO = 0xAE
_GET_API_VERSION, _CREATE_VM, _CHECK_EXTENSION = 0x00, 0x01, 0x03
_API_VERSION = 12
_CHECK_EXTENSION_VM = 105
"""KVM_CAP_CHECK_EXTENSION_VM: a VM's descriptor accepts KVM_CHECK_EXTENSION."""
_VM_IPA_SIZE = 165
"""KVM_CAP_ARM_VM_IPA_SIZE: its answer is a VM type, for machines whose addresses are too narrow for type 0."""


def ask(
    names: Mapping[int, str] | None = None,
    last: int = LAST,
    *,
    device: Path = DEVICE,
    ioctl: Ioctl = fcntl.ioctl,
    uname: Callable[[], os.uname_result] = os.uname,
) -> Machine:
    """Return this machine's answers on the system's descriptor and on that of a new VM, for numbers 0 to `last`.

    Raises `CaplintError` if /dev/kvm cannot be queried.
    """
    system = uname()
    arch = knowledge().architecture(system.machine)
    if arch is None:
        raise CaplintError(
            f"this machine is a {system.machine}, an architecture without a known KVM; "
            "show the record of another machine with --from FILE"
        )
    kvm = _Kvm(arch, ioctl)
    with _opened(device) as descriptor:
        kvm.expect_version(descriptor, device)
        with kvm.vm(descriptor) as (vm, reason):
            answers = list(_answers(kvm, descriptor, vm, range(last + 1), names or {}))
    return Machine(system.nodename or "localhost", system.release, arch, 0, last, tuple(answers), reason)


def _answers(kvm: _Kvm, system: int, vm: int | None, numbers: range, names: Mapping[int, str]) -> Iterator[Answer]:
    for number in numbers:
        answer = kvm.check(system, number)
        vm_answer = None if vm is None else kvm.check(vm, number)
        if answer or vm_answer:
            yield Answer(number, names.get(number), answer, vm_answer)


class _Kvm:
    """Ioctls of /dev/kvm with their numbers on an architecture."""

    def __init__(self, arch: str, ioctl: Ioctl) -> None:
        self._arch = arch
        self._ioctl = ioctl
        # All ABIs of an architecture encode ioctls without an argument in the same way.
        self._encoding = abis_of(None, arch)[0].encoding

    def _call(self, descriptor: int, number: int, argument: int) -> int:
        return self._ioctl(descriptor, self._encoding.number("none", _KVMIO, number, 0), argument)

    def expect_version(self, descriptor: int, device: Path) -> None:
        try:
            version = self._call(descriptor, _GET_API_VERSION, 0)
        except OSError as error:
            raise CaplintError(f"{device}: is not a KVM device: KVM_GET_API_VERSION: {error.strerror}") from error
        if version != _API_VERSION:
            raise CaplintError(f"{device}: its API has version {version}, but caplint supports {_API_VERSION} only")

    def check(self, descriptor: int, number: int) -> int:
        """Return the answer to KVM_CHECK_EXTENSION, or the negative errno of a failure."""
        try:
            return self._call(descriptor, _CHECK_EXTENSION, number)
        except OSError as error:
            return -(error.errno or errno.EIO)

    @contextmanager
    def vm(self, descriptor: int) -> Iterator[tuple[int | None, str | None]]:
        """Yield the descriptor of a new VM and None, or None and the reason why no VM can be queried."""
        if self.check(descriptor, _CHECK_EXTENSION_VM) <= 0:
            yield None, "this kernel supports queries on the system's descriptor only: KVM_CAP_CHECK_EXTENSION_VM is 0"
            return
        try:
            created = self._create(descriptor)
        except OSError as error:
            yield None, f"KVM_CREATE_VM: {error.strerror}"
            return
        try:
            yield created, None
        finally:
            os.close(created)

    def _create(self, descriptor: int) -> int:
        try:
            return self._call(descriptor, _CREATE_VM, 0)
        except OSError as error:
            size = self.check(descriptor, _VM_IPA_SIZE) if self._arch == "arm64" else 0
            if error.errno != errno.EINVAL or size <= 0:
                raise
            return self._call(descriptor, _CREATE_VM, size)


_ADVICE = {
    errno.ENOENT: "KVM is not available; load its module (kvm_intel, kvm_amd …), or give a probe of another machine",
    errno.ENXIO: "KVM's module is not loaded",
    errno.ENODEV: "KVM's module is not loaded",
    errno.EACCES: "run as root, or join the group that owns it (most often kvm)",
    errno.EPERM: "run as root, or join the group that owns it (most often kvm)",
}


@contextmanager
def _opened(device: Path) -> Iterator[int]:
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        advice = f"; {_ADVICE[error.errno]}" if error.errno in _ADVICE else ""
        raise CaplintError(f"{device}: cannot be opened: {error.strerror}{advice}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)
