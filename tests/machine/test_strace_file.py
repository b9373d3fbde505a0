"""Log of strace in a file: its requests, or one line that says how to record one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from caplint.machine.strace_file import read_log
from caplint.machine.strace_log import LONGEST_LINE
from caplint.util.errors import CaplintError

CHECK = b"ioctl(8</dev/kvm>, KVM_CHECK_EXTENSION, KVM_CAP_HLT) = 1\n"
OTHER = CHECK.replace(b"HLT", b"IRQCHIP")


def _log(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "vmm.log"
    file.write_bytes(content)
    return file


def test_requests_and_lines_are_those_of_the_file(tmp_path: Path) -> None:
    log = read_log(_log(tmp_path, b"brk(NULL) = 0x55\n" + CHECK + CHECK + OTHER.rstrip(b"\n")))
    assert [(one.cap, one.first, one.times) for one in log.requests.values()] == [
        ("KVM_CAP_HLT", 2, 2), ("KVM_CAP_IRQCHIP", 4, 1),
    ]  # fmt: skip
    assert log.lines == 4


def test_bytes_that_are_no_utf8_hide_no_request(tmp_path: Path) -> None:
    log = read_log(_log(tmp_path, b'write(1, "\xff\xfe\0") = 3\n' + CHECK))
    assert [one.cap for one in log.requests.values()] == ["KVM_CAP_HLT"]


@pytest.mark.parametrize("length", [LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, 3 * LONGEST_LINE])
def test_a_line_of_any_length_is_one_line(tmp_path: Path, length: int) -> None:
    """What stands behind the part that is read looks like a request of its own, and is none."""
    log = read_log(_log(tmp_path, b"x" * length + OTHER + CHECK))
    assert (log.lines, [(one.cap, one.first) for one in log.requests.values()]) == (2, [("KVM_CAP_HLT", 2)])


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"open() = 3\nclose(3) = 0\n", 2), (b"x\n" * 1234, 1234)])
def test_a_log_without_a_request_says_how_to_record_one(tmp_path: Path, content: bytes, lines: int) -> None:
    file = _log(tmp_path, content)
    said = f"{file}: {lines:,} lines, and no request KVM_CHECK_EXTENSION or KVM_ENABLE_CAP with a result; record with"
    with pytest.raises(CaplintError, match=f"^{re.escape(said)} `strace -f -y -e trace=ioctl,openat,close -o FILE"):
        read_log(file)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, reason in (("fifo", "it is a FIFO"), ("gone", "No such file")):
        with pytest.raises(CaplintError, match=f"{name}: cannot be read: {reason}"):
            read_log(tmp_path / name)
