import json
from pathlib import Path

import pytest

from caplint.cli.main import main
from caplint.util import shipped_files

KERNEL, QEMU = (str(shipped_files.FIXTURES / name) for name in ("linux", "qemu"))
LOG = """\
openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 8
ioctl(8, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP) = 1
ioctl(8, KVM_CHECK_EXTENSION, 0x110 /* KVM_CAP_??? */) = 0
ioctl(8, KVM_CREATE_VM, 0) = 9
ioctl(9, KVM_ENABLE_CAP, {cap=KVM_CAP_HALT_POLL, flags=0}) = 0
ioctl(9, KVM_CHECK_EXTENSION, KVM_CAP_HALT_POLL) = 1
ioctl(9, KVM_ENABLE_CAP, {cap=KVM_CAP_ARM_MTE, flags=0}) = -1 EINVAL (Invalid argument)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "qemu.log").write_text(LOG)
    return tmp_path / "qemu.log"


def rows(log: Path, capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], dict[str, object]]:
    assert main(["trace", str(log), "--kernel", KERNEL, "--qemu", QEMU, "--output-format", "json"]) == 0
    return {(row["cap"], row["verb"]): row for row in json.loads(capsys.readouterr().out)}


def test_requests_beside_their_sites(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(log, capsys)
    asked = found["KVM_CAP_IRQCHIP", "check"]
    assert (asked["scope"], asked["answers"], asked["log_line"], asked["remark"]) == ("system", "1", 2, "")
    assert "accel/kvm/kvm-all.c:" in str(asked["sites"])
    assert found["0x110", "check"]["remark"] == "no site in the source that was read"
    assert found["KVM_CAP_HALT_POLL", "enable"]["remark"] == "enabled before it is checked in line 6"
    assert found["KVM_CAP_ARM_MTE", "enable"]["remark"] == "enabled, and never checked"
    assert found["KVM_CAP_MP_STATE", "check"]["remark"] == "not traced"


def test_an_enable_whose_capability_is_hidden(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text("ioctl(9<anon_inode:kvm-vm>, KVM_ENABLE_CAP, 0x7ffc) = 0\n")
    found = rows(log, capsys)
    assert found["", "enable"]["remark"] == "strace does not show the capability"
    assert found["KVM_CAP_ARM_MTE", "enable"]["remark"] == "not seen; strace does not show what is enabled"


@pytest.mark.parametrize("content", [b"", b"\0\xff\n" * 9, b"ioctl(8, KVM_RUN, 0) = 0\n", b"x" * 200_000])
def test_a_log_without_requests(log: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    log.write_bytes(content)
    assert main(["trace", str(log), "--kernel", KERNEL]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "no request KVM_CHECK_EXTENSION or KVM_ENABLE_CAP" in error


def test_a_log_that_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(tmp_path), "--kernel", KERNEL]) == 2
    assert "not a regular file" in capsys.readouterr().err
