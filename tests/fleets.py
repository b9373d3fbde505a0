"""A small fleet, some pairs of which agree, and what is known of the processes that check it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from conftest import HEADER, QEMU_UAPI, UAPI, age, kernel, qemu

OTHER = HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8")


def fleet(place: Path) -> list[str]:
    """Two kernels and two VMMs of which each agrees with one, as words of the command line."""
    for number, header in (("1", HEADER), ("2", OTHER)):
        kernel(place / f"linux-{number}", {UAPI: header})
        qemu(place / f"qemu-{number}", {QEMU_UAPI: header})
    age(place)
    return ["--kernel", "linux-1", "linux-2", "--qemu", "qemu-1", "qemu-2", "--fail-on", "error"]


def outcomes(cache: Path) -> dict[str, int]:
    """Every outcome that is remembered, with the time at which it was written."""
    found = {}
    with suppress(FileNotFoundError):
        for entry in os.scandir(cache / "outcomes"):
            if not entry.name.startswith("."):
                found[entry.name] = entry.stat().st_mtime_ns
    return found


def processes(place: Path) -> list[int]:
    """The processes that run in a directory, but this one."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            with suppress(OSError):
                if (process / "cwd").readlink() == place and (process / "stat").read_text().split(") ")[1][0] != "Z":
                    found.append(int(process.name))
    return found


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
