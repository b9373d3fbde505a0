"""Reads a model-specific register of a processor of this machine through the module msr, as rdmsr(1) does."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path

from caplint.errors import CaplintError
from caplint.util.suggest import hint, nearest

DEVICES = Path("/dev/cpu")
_HIGHEST = 2**32 - 1
_ADVICE = {
    errno.EACCES: "only root may read MSRs",
    errno.EPERM: "only root may read MSRs, and not in a locked-down kernel or a container",
    errno.ENXIO: "there is no such processor, or it is offline",
}


def number_of(word: str, names: Mapping[str, int]) -> int:
    """The register that a name or number means. Raises `CaplintError` with the nearest name that is known."""
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20}", word):
        number = int(word, 16 if word[:2] in {"0x", "0X"} else 10)
        if number > _HIGHEST:
            raise CaplintError(f"--msr {word}: is above {_HIGHEST:#x}, the highest number of a register")
        return number
    if word in names:
        return names[word]
    if not names:
        raise CaplintError(f"--msr {word}: no tree here numbers MSRs; give --kernel DIR, or a number such as 0x4f")
    raise CaplintError(f"--msr {word}: the trees number no such MSR{hint(nearest(word, sorted(names)))}")


def read(number: int, cpu: int = 0, *, devices: Path = DEVICES) -> int:
    """The register's 64 bits. Raises `CaplintError` where it cannot be read."""
    device = devices / str(cpu) / "msr"
    try:
        descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        if (devices / "0" / "msr").exists():
            raise CaplintError(f"{device}: this machine has no processor {cpu}") from error
        advice = "load the module msr (modprobe msr; x86 with CONFIG_X86_MSR only)"
        raise CaplintError(f"{device}: is not there; {advice}") from error
    except OSError as error:
        raise _error(device, error, "cannot be opened") from error
    try:
        content = os.pread(descriptor, 8, number)
    except OSError as error:
        if error.errno == errno.EIO:
            raise CaplintError(
                f"{device}: this processor has no MSR {number:#x}, or does not let it be read"
            ) from error
        raise _error(device, error, f"MSR {number:#x} cannot be read") from error
    finally:
        os.close(descriptor)
    if len(content) != 8:
        raise CaplintError(f"{device}: gives {len(content)} bytes for MSR {number:#x}; it is no MSR device")
    # rdmsr(1) and the driver agree on the machine's own order; only x86 has such a device.
    return int.from_bytes(content, "little")


def _error(device: Path, error: OSError, what: str) -> CaplintError:
    advice = f"; {_ADVICE[error.errno]}" if error.errno in _ADVICE else ""
    return CaplintError(f"{device}: {what}: {error.strerror}{advice}")
