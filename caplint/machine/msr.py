"""Reading of a model-specific register of this machine through the module msr, like rdmsr(1)."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path

from caplint.util.errors import CaplintError
from caplint.util.suggest import hint, nearest

DEVICES = Path("/dev/cpu")
_HIGHEST = 2**32 - 1
_ADVICE = {
    errno.EACCES: "only root may read MSRs",
    errno.EPERM: "only root may read MSRs, and not in a locked-down kernel or a container",
    errno.ENXIO: "the processor does not exist or is offline",
}


def number_of(word: str, names: Mapping[str, int]) -> int:
    """Return the number of a register given by name or number. Raises `CaplintError` with the nearest known name."""
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20}", word):
        number = int(word, 16 if word[:2] in {"0x", "0X"} else 10)
        if number > _HIGHEST:
            raise CaplintError(f"--msr {word}: is above {_HIGHEST:#x}, the highest number of a register")
        return number
    if word in names:
        return names[word]
    if not names:
        raise CaplintError(f"--msr {word}: no tree here defines MSRs; give --kernel DIR, or a number such as 0x4f")
    raise CaplintError(f"--msr {word}: the trees do not define this MSR{hint(nearest(word, sorted(names)))}")


def read(number: int, cpu: int = 0, *, devices: Path = DEVICES) -> int:
    """Return the register's 64-bit value. Raises `CaplintError` if it cannot be read."""
    device = devices / str(cpu) / "msr"
    try:
        descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        if (devices / "0" / "msr").exists():
            raise CaplintError(
                f"{device}: this machine has no processor {cpu}; /sys/devices/system/cpu/online lists those that it has"
            ) from error
        advice = "load the module msr (modprobe msr; x86 with CONFIG_X86_MSR only)"
        raise CaplintError(f"{device}: does not exist; {advice}") from error
    except OSError as error:
        raise _error(device, error, "cannot be opened") from error
    try:
        content = os.pread(descriptor, 8, number)
    except OSError as error:
        if error.errno == errno.EIO:
            raise CaplintError(
                f"{device}: this processor does not have MSR {number:#x}, or does not allow reading it"
            ) from error
        raise _error(device, error, f"MSR {number:#x} cannot be read") from error
    finally:
        os.close(descriptor)
    if len(content) != 8:
        raise CaplintError(f"{device}: returns {len(content)} bytes for MSR {number:#x}; it is not an MSR device")
    # The driver uses the machine's byte order, as rdmsr(1) expects; only x86 has this device.
    return int.from_bytes(content, "little")


def _error(device: Path, error: OSError, failure: str) -> CaplintError:
    advice = f"; {_ADVICE[error.errno]}" if error.errno in _ADVICE else ""
    return CaplintError(f"{device}: {failure}: {error.strerror}{advice}")
